"""What the rows of a Stack Exchange dump become."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """A question (PostTypeId 1).

    `body`: HTML; `title`: plain text, "" where there is none, which is noted. `accepted`: id of the answer, `answers`: how many there were; None: not
    said. `created`, `active` (LastActivityDate): as written, "" where missing; `deleted`, `closed`: None where it is neither. `license`: None
    in dumps before 2020. `offset`: of the row in the file, or of its compressed member, then `inner`: in the expanded bytes (of UTF-8). `notes`:
    stable labels of what was odd.
    """

    site: str
    id: int
    title: str
    body: str
    score: int
    accepted: int | None
    answers: int | None
    tags: list[str]
    created: str
    active: str
    deleted: str | None
    closed: str | None
    license: str | None
    offset: int
    inner: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer (PostTypeId 2) to the question of that id; else as a Question."""

    site: str
    id: int
    question: int
    score: int
    body: str
    created: str
    active: str
    deleted: str | None
    license: str | None
    offset: int
    inner: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """What a part comes to: questions and answers that were read, and the newest date among them ("" where none has one)."""

    site: str
    posts: int
    newest: str
