"""Removing licence headers: of the comments at a file's start, the paragraphs that state a copyright or a licence (spec 5.5).

LLaMA removes "boilerplate, such as headers, with the use of regular expressions" and shows none. RedPajama cuts the first C comment of the file, wherever it
stands, or every leading line that starts with //, # or -- (so #include, #!, Markdown titles). Here:

- Looked at are the comments before the first code, in the marks of the file's language (`licence_comments`), one after the other, with blank lines between.
- One that does not speak of copyright or licence stays. Of one that does, the paragraphs that state it go, and other paragraphs stay: what a module
  does is often told in the same block. Where nothing else is left, the whole comment goes, with its line ends.
- A paragraph is cut off from the text before it where a line starts like a notice ("Copyright (C) 1995", "Licensed under"); tags (@license) are their own.
- Byte order mark, #!, encoding and modelines, pragmas of tools, <?php, <?xml, DOCTYPE and "use strict" stay.

Everything works on UTF-8 bytes, of which the words looked for are ASCII; what is cut is whole characters. Linear: each byte of the leading comments is looked
at a fixed number of times, and what follows them not at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from transforms.licence_comments import Syntax, syntax
from transforms.texts import Texts

Cut = tuple[int, int]

HEAD = 65_536
"""Bytes at the start of a file that a header is looked for in; what is beyond stays. ours: GPL-3, the longest licence pasted whole, takes 35,000."""

_BOM = b"\xef\xbb\xbf"
_SPACE = re.compile(rb"[ \t\r\n\f\v]*+")
_INDENT = re.compile(rb"[ \t]*+")
_REST_OF_LINE = re.compile(rb"[ \t]*+(?:\r\n|\r|\n|\Z)")
_BLANK_LINES = re.compile(rb"(?:[ \t]*+(?:\r\n|\r|\n))*+")
_LINE = re.compile(rb"[^\r\n]*+(?:\r\n|\r|\n|\Z)")
_SCRIPT = re.compile(rb"#!(?!\[)[^\r\n]*+")
_PROLOGUE = re.compile(  # ours: what a language wants before the first comment may stand
    rb"<\?(?:php|hh)(?=\s)|<\?xml[^>]*+>|<!doctype[^>]*+>|(?:'use strict'|\"use strict\");?|@echo off|---(?=[ \t]*[\r\n])|%yaml[^\r\n]*+"
    rb"|@charset [^;\r\n]*+;|<%@[^%]*+%>|#lang [^\r\n]*+|;(?=[ \t]*[\r\n])",
    re.I,
)

_SPEAKS = re.compile(
    rb"copyright|licen[sc]e|all rights reserved|spdx-license-identifier"  # spec 5.5
    rb"|\(c\) ?\d{4}|\xc2\xa9 ?\d{4}",  # ours: notices without the word
    re.I,
)
_STATES = re.compile(  # ours: what else the paragraphs of the usual licences' headers speak of
    _SPEAKS.pattern
    + rb"|warrant[yi]|redistribut|permission (?:is|to use)|[\"'`]as[ -]is[\"'`]|liab(?:le|ility)|free software|public domain"
    rb"|gnu (?:general|lesser|library|affero)|gnu\.org|\bl?gpl\b|applicable law|agreed to in writing|you should have received|neither the name"
    rb"|damages|misrepresent|conditions? of (?:use|distribution)|\bpatents?\b|intellectual property|proprietary|confidential",
    re.I,
)
_NOTICE = re.compile(  # ours: how the line starts that begins a notice
    rb"(?:portions |parts )?(?:copyright|\(c\)|\xc2\xa9)[ :]*(?:\(c\)|\xc2\xa9|\d|by\b|the\b)|\(c\)|\xc2\xa9|copyright\b[^a-z]|spdx-|all rights reserved"
    rb"|licensed (?:under|to)|permission (?:is|to use)|redistribution and use|distributed under|released under|(?:the )?[\w-]* ?licen[sc]e:"
    rb"|this (?:\w+ ){1,3}(?:is|are|may be) (?:free|part|licen[sc]ed|distributed|released|provided|subject|made available|copyright|available|in the public)"
    rb"|use of this source code|for (?:conditions|terms|licen[sc]e)|see (?:the )?(?:file )?(?:licen[sc]e|copying|copyright)",
    re.I,
)
_TOOL = re.compile(  # ours: lines for compilers, editors and linters, which stay
    rb"-\*-.*-\*-|\b(?:vim?|ex|emacs):|\bcoding[:=]|frozen_string_literal|warn_indent|shareable_constant_value|\b(?:cython|distutils|mypy|typed|isort|ruff):"
    rb"|\bpylint|\bnoqa|\bflake8|type: ?ignore|shellcheck|eslint|tslint|jshint|jslint|jscs|stylelint|rubocop|\bphpcs|prettier-|biome-|istanbul|c8 ignore"
    rb"|@flow|@ts-|@jsx|@format|//go:|// ?\+build |nolint|# ?(?:syntax|escape) ?=|yaml-language-server|<reference |clang-format|spell-?checker",
)
_TAG = re.compile(rb"[@\\][a-z]+", re.I)
_MARK = re.compile(rb"(?:(?:rem|dnl|c)(?=[ \t])|\.\\\"|[^\w@\\(\x80-\xff])*+", re.I)
"""What stands before the first word of a comment's line. Whatever is not ASCII counts as a word."""


@dataclass(frozen=True)
class _Comment:
    start: int
    """Place of its first byte; before it on its line is only white space."""
    opened: int
    """Place after what opens a block; `start` for a run of line comments."""
    closed: int
    """Place of what closes a block; `end` for a run."""
    end: int
    """Place after its last byte; the end of the last line is outside."""


@dataclass
class _Paragraph:
    first: int
    """Number of its first line."""
    last: int
    """Number of the line after it."""
    states: bool
    """Whether it states a copyright or a licence."""


def remove(text: str, path: str) -> str:
    """`text` without its licence header. `path` tells the language."""
    data = text.encode("utf-8", "surrogatepass")
    cuts = _cuts(data, 0, len(data), path)
    return _without(data, 0, len(data), cuts).decode("utf-8", "surrogatepass") if cuts else text


def remove_all(texts: Texts, paths: Sequence[str]) -> pa.StringArray:
    """The documents without their licence headers, in one new column; the same column where none has one.

    `paths` has one path a document, else ValueError.
    """
    if len(paths) != len(texts):
        raise ValueError(f"expected a path for each of {len(texts)} documents, found {len(paths)}")
    data, places = texts.buffer.data, texts.offsets.tolist()
    pieces: list[bytes | memoryview] = []
    sizes = np.diff(texts.offsets)
    kept = 0
    for number, path in enumerate(paths):
        cuts = _cuts(data, places[number], places[number + 1], path)
        for start, end in cuts:
            pieces.append(data[kept:start])
            sizes[number] -= end - start
            kept = end
    if not kept:
        return texts.array
    pieces.append(data[kept:])
    offsets = np.append(0, np.cumsum(sizes)).astype(np.int32)
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(b"".join(pieces)))


def _without(data: bytes, start: int, end: int, cuts: list[Cut]) -> bytes:
    starts, ends = [start, *(cut[1] for cut in cuts)], [*(cut[0] for cut in cuts), end]
    return b"".join(data[first:last] for first, last in zip(starts, ends, strict=True))


def _cuts(data: bytes | memoryview, start: int, end: int, path: str) -> list[Cut]:
    """What to cut out of the document in [start, end), in order, none touching another's inside."""
    cuts: list[Cut] = []
    begin = place = start + 3 * (bytes(data[start : min(start + 3, end)]) == _BOM)
    script = _SCRIPT.match(data, place, end)
    place = script.end() if script else place
    marks = syntax(path, script is not None)
    while True:
        space = _SPACE.match(data, place, end)
        place = space.end() if space else place
        if place >= begin + HEAD:
            return cuts
        comment = _comment(data, place, end, marks)
        if comment is not None:
            limit = min(comment.closed, begin + HEAD)
            found = _cuts_of_comment(data, comment, limit) if _SPEAKS.search(data, comment.opened, limit) else []
            if found == [(comment.start, comment.end)]:
                found = [_with_line_ends(data, comment, begin, end, cuts[-1] if cuts else (begin, begin))]
                place = found[0][1]
            else:
                place = comment.end
            if cuts and found and cuts[-1][1] == found[0][0]:
                found[0] = (cuts.pop()[0], found[0][1])
            cuts += found
        elif prologue := _PROLOGUE.match(data, place, end):
            place = prologue.end()
        else:
            return cuts


def _comment(data: bytes | memoryview, place: int, end: int, marks: Syntax) -> _Comment | None:
    """The comment that starts at `place`. None, too, where a block is not closed, or holds another: it is left as it is."""
    for opening, closing, nests in marks.blocks:
        opened = opening.match(data, place, end)
        if opened is None:
            continue
        close = closing.search(data, opened.end(), end)
        if close is None or (nests and opening.search(data, opened.end(), close.start())):
            return None
        return _Comment(place, opened.end(), close.start(), close.end())
    run = marks.line.match(data, place, end) if marks.line else None
    if run is None:
        return None
    last = run.end()
    if data[last - 1] == 0x0A:
        last -= 1
    if data[last - 1] == 0x0D:
        last -= 1
    return _Comment(place, place, last, last)


def _cuts_of_comment(data: bytes | memoryview, comment: _Comment, limit: int) -> list[Cut]:
    """What to cut out of a comment that speaks of a licence: lines of paragraphs, or the whole. What is beyond `limit` stays."""
    lines = [match.span() for match in _LINE.finditer(data, comment.opened, limit) if match.end() > match.start()]
    if limit < comment.closed:
        lines.pop()  # it may be cut in two
    paragraphs = _paragraphs(data, lines)
    if limit < comment.closed:
        paragraphs.append(_Paragraph(len(lines), len(lines), False))
    stays = [number for number, paragraph in enumerate(paragraphs) if not paragraph.states]
    if not stays:
        return [(comment.start, comment.end)]
    cuts: list[Cut] = []
    for before, after in pairwise([-1, *stays, len(paragraphs)]):
        if after - before == 1:
            continue
        if after < len(paragraphs):  # with the blank lines behind
            first, last = paragraphs[before + 1].first, paragraphs[after].first
        else:  # nothing follows: with the blank lines in front
            first, last = paragraphs[before].last, paragraphs[-1].last
        start, stop = lines[first][0], lines[last - 1][1]
        if first == 0 and comment.opened > comment.start:  # the end of the line of /* stays
            stop -= len(_line_end(data, start, stop))
        elif last == len(lines) and comment.closed < comment.end:  # and the space before */
            text = bytes(data[start:stop])
            stop -= len(text) - len(text.rstrip(b" \t"))
        elif last == len(lines) and limit == comment.closed:  # of a run, its last line has no end, so that of the line before goes
            start -= len(_line_end(data, comment.start, start))
        cuts.append((start, stop))
    return cuts


def _paragraphs(data: bytes | memoryview, lines: list[Cut]) -> list[_Paragraph]:
    """The paragraphs of a comment: lines that hold a word, parted by lines that hold none, by tags, by lines for tools and by the start of a notice."""
    paragraphs: list[_Paragraph] = []
    has_tools = bool(lines) and _TOOL.search(data, lines[0][0], lines[-1][1]) is not None
    joined = False
    for number, (start, end) in enumerate(lines):
        mark = _MARK.match(data, start, end)
        first = mark.end() if mark else start
        if first == end:
            joined = False
            continue
        tool = has_tools and _TOOL.search(data, start, end) is not None
        begins = tool or (data[first] in b"@\\" and _TAG.match(data, first, end) is not None)
        if joined and not begins and (paragraphs[-1].states or not _NOTICE.match(data, first, end)):
            paragraphs[-1].last = number + 1
            paragraphs[-1].states = paragraphs[-1].states or _STATES.search(data, first, end) is not None
        else:
            paragraphs.append(_Paragraph(number, number + 1, not tool and _STATES.search(data, first, end) is not None))
        joined = not tool
    return paragraphs


def _with_line_ends(data: bytes | memoryview, comment: _Comment, begin: int, end: int, cut: Cut) -> Cut:
    """A whole comment with what is white on its lines; with the blank lines after it, where what is before it ends with one or is nothing.
    `cut`: the last one before it."""
    start = comment.start
    while start > begin and data[start - 1] in b" \t":
        start -= 1
    rest = _REST_OF_LINE.match(data, comment.end, end)
    alone = start == begin or data[start - 1] in b"\r\n"
    if rest is None:  # code follows on the line
        space = _INDENT.match(data, comment.end, end)
        return comment.start, space.end() if space else comment.end
    if not alone:  # code or <?php stands before it
        return start, comment.end
    blank = _BLANK_LINES.match(data, rest.end(), end)
    last = blank.end() if blank and _is_after_blank(data, cut[0] if cut[1] == start else start, begin) else rest.end()
    return start, last


def _is_after_blank(data: bytes | memoryview, place: int, begin: int) -> bool:
    """Whether the line before the one that starts at `place` is blank, or there is none."""
    if place == begin:
        return True
    place -= len(_line_end(data, begin, place))
    while place > begin and data[place - 1] in b" \t":
        place -= 1
    return place == begin or data[place - 1] in b"\r\n"


def _line_end(data: bytes | memoryview, start: int, end: int) -> bytes:
    """The end of a line that the bytes [start, end) end with, or none."""
    tail = bytes(data[max(start, end - 2) : end])
    return tail if tail == b"\r\n" else tail[-1:] if tail[-1:] in (b"\r", b"\n") else b""
