"""The HTML of a Stack Exchange post to text: blocks kept apart, code and formulas kept.

paper: "We removed the HTML tags from text" (LLaMA section 2.1); it says no more. The rest is ours, and follows the HTML standard where it rules:

* Tags, comments and references are told from text as its tokenizer does (13.2.5). Text that the tokenizer would lose, behind a tag, a quote, a comment
  or a script without an end, is kept, and noted. References are decoded once.
* Blocks that have margins in its style sheet (15.3) stand apart by a blank line, other blocks end a line, and lists in lists have no margins there.
  ours: tables stand apart too. Elements that it does not style as blocks leave nothing and part no words.
* White space is one blank, but in <pre>, which keeps all but the blank lines at its edges.
* Items begin with `* ` (code: RedPajama) or their number, four blanks deeper a list (ours: as their authors wrote them, in Markdown); empty ones go.
* Cells of a row are parted by ` | `, as their authors wrote them; a line break in a row is a blank, so that a row is a line.
* Formulas are text, and those of lines ($$..$$, \\[..\\], environments) keep their lines.
* <sup> and <sub> of digits and signs become such characters, as in wikitext: without their tags, 10<sup>6</sup> would be 106. Others lose their tags.
* Pictures, scripts, style sheets and comments are dropped; the words of links stay; quotes have no marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transforms.entities import FOLDED, SYMBOLS, prefix_tree, references
from transforms.kernels import post_html, post_tokens
from transforms.scripts import SUBSCRIPTS, SUPERSCRIPTS
from transforms.texts import Texts

TAGS = {
    post_tokens.APART: "p blockquote h1 h2 h3 h4 h5 h6 hr dl figure listing plaintext xmp",
    post_tokens.LINE: """address article aside caption center dd details dialog div dt fieldset figcaption footer form header hgroup legend main nav
        optgroup option search section summary tbody tfoot thead""",
    post_tokens.UNORDERED: "ul dir menu",
    post_tokens.ORDERED: "ol",
    post_tokens.ITEM: "li",
    post_tokens.TABLE: "table",
    post_tokens.ROW: "tr",
    post_tokens.CELL: "td th",
    post_tokens.BREAK: "br",
    post_tokens.PREFORMATTED: "pre",
    post_tokens.SCRIPT: "script",
    post_tokens.STYLE: "style",
    post_tokens.SUPERSCRIPT: "sup",
    post_tokens.SUBSCRIPT: "sub",
}
"""The elements that ask for something, by what they ask for."""

NOTES = {
    post_tokens.TAG: "tag without an end",
    post_tokens.QUOTE: "quote without an end",
    post_tokens.COMMENT: "comment without an end",
    post_tokens.OPEN_SCRIPT: "script without an end",
    post_tokens.ENTITY: "unknown entity",
    post_tokens.CODE_POINT: "invalid code point",
}
"""What is noted: read all the same. An unknown entity stays as it is, an invalid code point becomes U+FFFD."""

SMALLEST_TOKEN = 3
"""Bytes: `<p>`, `&lt`."""


@dataclass(frozen=True, slots=True)
class Converted:
    """`text` [bodies]: lines end in "\\n", blank ones are single but in code and formulas, none at the edges. `noted`: how often, by name of the note."""

    text: pa.StringArray
    noted: Mapping[str, int]


def convert(bodies: pa.StringArray) -> Converted:
    """The texts of HTML bodies. Any string gives a string, in linear time.

    Raises:
        ValueError: for nulls, and where the texts might take 2 GiB: their offsets have 32 bits.
        pa.ArrowInvalid: for bytes that are not UTF-8.
    """
    texts = Texts(bodies)
    buffer, offsets = texts.buffer, texts.offsets
    names, forms = _tables()
    tokens = np.empty((len(buffer) // SMALLEST_TOKEN + 1, 4), np.int64)
    counts = np.zeros(len(offsets), np.int64)
    noted = np.zeros(len(NOTES), np.int64)
    post_tokens.find_tokens(buffer, offsets, names, counts, tokens, noted)

    size = len(buffer) + int(counts[-1]) * post_html.GROWTH_OF_TOKEN + post_html.GROWTH
    out = np.empty(size, np.uint8)
    out_offsets = np.zeros(len(offsets), np.int64)
    numbers = np.empty(int(counts[-1]) + 1, np.int64)
    _, starts, characters = references()
    post_html.write_texts(buffer, offsets, counts, tokens, (starts, characters), forms, numbers, out, out_offsets)
    if out_offsets[-1] > np.iinfo(np.int32).max:
        raise ValueError(f"expected texts of less than 2 GiB in all, found {out_offsets[-1]:,} bytes: give fewer bodies at once")
    text = pa.StringArray.from_buffers(len(texts), pa.py_buffer(out_offsets.astype(np.int32)), pa.py_buffer(out[: out_offsets[-1]].copy()))
    return Converted(text, {NOTES[note]: int(count) for note, count in enumerate(noted) if count})


@cache
def _tables() -> tuple[object, npt.NDArray[np.uint32]]:
    """What the kernels look up: the names of tags and of references; super- and subscripts."""
    kinds = {name: kind for kind, names in TAGS.items() for name in names.split()}
    tree = prefix_tree([name.encode() for name in kinds])
    forms = np.zeros((2, 128), np.uint32)
    for row, script in enumerate((SUPERSCRIPTS, SUBSCRIPTS)):
        for code, form in script.items():
            if code < 128:
                forms[row, code] = int.from_bytes(form.encode() if isinstance(form, str) else chr(form).encode(), "little")
    return (tree, FOLDED, np.array(list(kinds.values()), np.int8), references()[0], SYMBOLS), forms
