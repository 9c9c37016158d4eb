"""From text with marks to the page's text: apostrophes, what removals left behind, lines, items, sections, blank lines."""

from __future__ import annotations

import re

from transforms.wikitext.marks import BOLD, BREAK, HEADING, HEADING_END, HOLE, ITALIC, ITEM
from transforms.wikitext.rules import Rules

_EMPTY_ITEM = re.compile(rf"\n{ITEM}[ \t]*+(?=\n|\Z)")
_HEADING = re.compile(rf"{HEADING}(\d)([^{HEADING_END}]*+){HEADING_END}")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*+\n){2,}")
_OPENING, _CLOSING = "(（", ")）"
_SEPARATORS = ",;"
_STOPS = (".", ",", ";", ":")
_PUNCTUATION = ".,;:!?)）]"
_SPACELESS = "\u2e80"  # from here on, Chinese and Japanese, which set no blanks between words
_LINE_EDGES = f"\n{BREAK}{ITEM}{HEADING_END}"


def finished(marked: str, rules: Rules) -> str:
    """The page's text: no mark is left, at most one blank line stands between two lines, none at the ends."""
    text = without_quotes(marked)
    if HOLE in text:
        text = without_holes(text)
    if BREAK in text:
        text = with_breaks(text)
    if ITEM in text:
        text = _EMPTY_ITEM.sub("", text).replace(ITEM, "")
    if HEADING in text:
        text = with_sections(text, rules.keep_headings)
    return _BLANK_LINES.sub("\n\n", text).strip()


def without_quotes(text: str) -> str:
    """The text without bold and italic marks. A line with an odd number of both has an apostrophe before italics: `L'''Iliade''` is L'Iliade."""
    out: list[str] = []
    done = 0
    position = text.find(BOLD)
    while position >= 0:
        start, end = text.rfind("\n", done, position) + 1 or done, text.find("\n", position)
        end = end if end >= 0 else len(text)
        out += (text[done:start], _apostrophe(text[start:end]))
        done = end
        position = text.find(BOLD, end)
    return "".join((*out, text[done:])).replace(BOLD, "").replace(ITALIC, "")


def _apostrophe(line: str) -> str:
    """code: MediaWiki's doQuotes: the first bold mark behind a word of one letter, else behind a longer one, else behind a blank, is an apostrophe."""
    if line.count(BOLD) % 2 == 0 or line.count(ITALIC) % 2 == 0:
        return line
    chosen: dict[int, int] = {}
    position = line.find(BOLD)
    while position >= 0:
        if line[position + 1 : position + 2] != ITALIC:
            rank = 2 if line[position - 1 : position] in ("", " ") else 0 if position > 1 and line[position - 2] == " " else 1
            chosen.setdefault(rank, position)
        position = line.find(BOLD, position + 1)
    if not chosen:
        return line
    position = chosen[min(chosen)]
    return f"{line[:position]}'{line[position + 1 :]}"


def without_holes(text: str) -> str:
    """The text without hole marks: one blank where there were two, none before punctuation or at a line's edge, no brackets around nothing."""
    first, *rest = text.split(HOLE)
    out = [first]
    for right in rest:
        left = out.pop()
        while not left and out:  # nothing between two holes
            left = out.pop()
        left, right = _closed_up(left, right)
        out += (left, right) if right or not left else (left,)
    return "".join(out)


def _closed_up(left: str, right: str) -> tuple[str, str]:
    """What stands on both sides of a hole, less what only served what was in it."""
    before, after = left.rstrip(" \t"), right.lstrip(" \t")
    if not before or before[-1] in _LINE_EDGES:
        if after[:1] in _STOPS and after[1:2] in ("", " ", "\n"):
            after = after[1:].lstrip(" \t")  # what followed it belonged to it
        return before if before else left, after
    if not after:
        return (before + " ", "") if len(before) < len(left) or len(after) < len(right) else (left, "")
    if after[0] in _LINE_EDGES:
        return before, after
    if before[-1] in _OPENING:
        after = after.lstrip(" \t,;:")
        if after[:1] and after[0] in _CLOSING:
            return before[:-1].rstrip(" \t"), after[1:]
        return before, after
    if after[0] in _CLOSING:
        before = before.rstrip(" \t,;:")
        if before and before[-1] in _OPENING:
            return before[:-1].rstrip(" \t"), after[1:]
        return before, after
    if before[-1] in _SEPARATORS and after[0] in _SEPARATORS + ".":
        return before[:-1].rstrip(" \t"), after
    if right[0] in _PUNCTUATION:
        return before, right
    if len(before) < len(left) or len(after) < len(right):
        return before + " ", after
    glued = left[-1].isalnum() and right[0].isalnum() and max(left[-1], right[0]) < _SPACELESS
    return (left + " ", right) if glued else (left, right)


def with_breaks(text: str) -> str:
    """The text with line ends for break marks, where the line has not just ended; within a heading, a blank."""
    first, *rest = text.split(BREAK)
    out = [first]
    last = first.rstrip(" \t")[-1:]
    heading = first.rfind(HEADING) > first.rfind(HEADING_END)
    for right in rest:
        right = right.lstrip(" \t")
        if heading:
            out.append(" ")
        elif last not in ("", "\n", ITEM) and right[:1] != "\n":
            out[-1] = out[-1].rstrip(" \t")
            out.append("\n")
            last = "\n"
        out.append(right)
        last = right.rstrip(" \t")[-1:] or last
        if HEADING in right or HEADING_END in right:
            heading = right.rfind(HEADING) > right.rfind(HEADING_END)
    return "".join(out)


def with_sections(text: str, keep_headings: bool) -> str:
    """The text with its headings as lines, a blank line before each; a section without text goes, heading and all."""
    pieces = _HEADING.split(text)
    lead, kept, below = pieces[0], [], 0
    for level, title, body in zip(reversed(pieces[1::3]), reversed(pieces[2::3]), reversed(pieces[3::3]), strict=True):
        heading, body = " ".join(title.split()), body.strip("\n")
        if not body.strip() and below <= int(level):
            continue
        below = int(level)
        kept.append(f"{heading}\n{body}" if heading and keep_headings else body)
    return "\n\n".join([lead.rstrip("\n"), *reversed(kept)])
