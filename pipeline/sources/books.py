"""Books, 4.5 % of the mixture. LLaMA section 2.1, Gutenberg and Books3.

"We include two book corpora in our training dataset: the Gutenberg Project, which contains books that are in the public domain, and the Books3 section
of ThePile (Gao et al., 2020), a publicly available dataset for training large language models. We perform deduplication at the book level, removing
books with more than 90% content overlap."

Books3 was withdrawn: its format is read, the books are the user's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from pipeline import book_files, settings
from pipeline.documents import Batch
from pipeline.part import Part
from pipeline.reading import PLACE
from pipeline.recipe import DropContained, Keep, Measure, Recipe, Rewrite, Rewritten, Step, at_least, one_of
from pipeline.records import Read
from pipeline.settings import setting
from transforms import gutenberg, word_counts

NAME = "books"
READ_AS = "read the file as a book"


@dataclass(frozen=True)
class Books:
    """What LLaMA did to books. It says what share of overlap is too much, and not of what: ours is of word n-grams."""

    remove_headers: bool = setting(
        True, "ours: LLaMA says nothing; Gutenberg's licence stands in every file, and PG-19, which RedPajama takes, is without it"
    )
    languages: tuple[str, ...] | None = setting(
        None, "paper: none is named (the model card has 20 languages in books); en: books whose header says so, and none that says nothing"
    )
    max_overlap: float = setting(0.9, "paper: removing books with more than 90% content overlap")
    words: int = setting(
        13, "ours: words of an n-gram by which content is compared; 1 % of words changed leaves 0.875 of 13-grams, and 0.954 of 5-grams"
    )
    deduplicate: bool = setting(True, "paper: deduplication at the book level")
    min_words: int = setting(1, "ours: a book of which nothing is left is none; LLaMA names no least length")
    max_document_bytes: int = setting(64 * 2**20, "ours: text of a book that is held; the longest known novels have some 15 MB")
    max_member_bytes: int = setting(256 * 2**30, "ours: expanded size at which a compressed file is a bomb; Books3 has 108 GB")
    rejected_text: bool = setting(False, "ours: rejects name the book; its text is in the input")

    def __post_init__(self) -> None:
        if not 0 < self.max_overlap < 1:
            raise settings.SettingError(
                f"max_overlap is above 0 and below 1, not {self.max_overlap:g}: it is a share of a book's {self.words}-grams"
            )
        for name in ("words", "min_words", "max_document_bytes", "max_member_bytes"):
            if getattr(self, name) < 1:
                raise settings.SettingError(f"{name} is at least 1, not {getattr(self, name)}")


LLAMA = Books()
PRESETS = {"llama": LLAMA}

READ = pa.schema([(name, pa.string()) for name in ("url", "title", "author", "language", "number")])
"""The columns that the reader gives beside id, source, text, notes and origin. `number`: Gutenberg's."""

CLEAN = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("url", pa.string()),
        ("title", pa.string()),
        ("author", pa.string()),
        ("language", pa.string()),
        ("text", pa.string()),
        ("words", pa.int64()),
        ("characters", pa.int64()),
        ("original_characters", pa.int64()),
        ("header", pa.string()),
        ("footer", pa.string()),
        *PLACE,
    ]
)
"""A book. `words` are parted by ASCII white space; `header` and `footer` say how the start and the end of the book were found."""

PASSED = pa.schema([("document", pa.uint32()), *CLEAN])

MEASURES = (("language", "languages", "one of"), ("words", "min_words", "at least"))
"""(column of a clean shard, setting that bounds it, how), for `explain`."""

folders = book_files.folders


def read(part: Part, config: Books) -> Iterator[Read]:
    """Every book of a file or an archive."""
    return book_files.read(part, book_files.Bounds(document_bytes=config.max_document_bytes, member_bytes=config.max_member_bytes))


# ---- the recipe


def recipe(config: Books, models: object) -> Recipe:
    """LLaMA section 2.1, the paragraph on Gutenberg and Books3, clause by clause."""
    steps: list[Step | None] = [
        Measure("the file", lambda batch: {"original_characters": pa.array(batch.texts.characters), "language": batch["language"]}),
        Rewrite("Gutenberg's header and footer off", _without_header) if config.remove_headers else None,
        Measure("the book", _measures),
        Keep("something is left", "words", at_least(config.min_words)),
        Keep("languages", "language", one_of(config.languages)) if config.languages else None,
        DropContained("more than 90% content overlap" if config.max_overlap == 0.9 else "content overlap", config.words, config.max_overlap)
        if config.deduplicate
        else None,
    ]
    return [step for step in steps if step is not None]


def _without_header(batch: Batch) -> Rewritten:
    stripped = [gutenberg.strip(text) for text in batch["text"].to_pylist()]
    return Rewritten(
        pa.array([book.text for book in stripped], pa.string()),
        {
            "header": pa.array([book.header for book in stripped], pa.string()),
            "footer": pa.array([book.footer for book in stripped], pa.string()),
        },
    )


def _measures(batch: Batch) -> dict[str, pa.Array]:
    return {"words": pa.array(word_counts.count(batch.texts)), "characters": pa.array(batch.texts.characters)}
