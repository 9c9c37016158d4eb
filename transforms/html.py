"""A web page to its title and text, as CommonCrawl's WET files have it: the whole page in document order, a line a block.

LLaMA takes WET files; pages that come as WARC responses go through this, so that the steps behind see lines of the same kind. Checked on
a capture that is at hand in both forms: the same lines but for the labels of buttons and for what is hidden.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5
from resiliparse.parse.html import HTMLTree

PRESCAN = 1024  # HTML standard, 13.2.3.2: bytes in which a declaration is looked for
BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
DECLARED = re.compile(rb"""<meta[^>]*?charset\s*=\s*["']?\s*([\w.:+-]+)|<\?xml[^>]*?encoding\s*=\s*["']([\w.:+-]+)""", re.IGNORECASE)
MISLABELLED = 0.5  # ours: a page most of whose characters beyond ASCII are invalid is in another charset than the one declared


@dataclass(frozen=True, slots=True)
class Extracted:
    """`title`: of the head, white space collapsed, "" where there is none. `text`: lines without blank ones. `notes`: stable labels."""

    title: str
    text: str
    notes: tuple[str, ...]


def extract(html: bytes, charset: str | None) -> Extracted:
    """Title and text of a page; `charset` as HTTP declares it. Any bytes give a result; what had to be guessed or replaced is noted.

    Formatting is kept, so that blocks, list items, table rows and <br> end lines. Bullets and the alternative texts of images are left out,
    as in WET files, form fields since resiliparse puts brackets around them; scripts, styles and <noscript> are not shown by a browser.
    White space in a line is collapsed and blank lines are dropped, as in WET files: in HTML neither means anything.
    """
    text, notes = decode(html, charset)
    tree = HTMLTree.parse(text)
    body = extract_plain_text(tree, preserve_formatting=True, main_content=False, list_bullets=False, alt_texts=False)
    lines = (" ".join(line.split()) for line in body.split("\n"))
    return Extracted(" ".join((tree.title or "").split()), "\n".join(line for line in lines if line), notes)


def decode(html: bytes, charset: str | None) -> tuple[str, tuple[str, ...]]:
    """The page's characters, by its byte order mark, HTTP, <meta> or the XML declaration, in this order (HTML standard, 13.2.3.2).

    Ours: bytes beyond ASCII that are valid UTF-8 are UTF-8, whatever is declared, since text in other charsets hardly ever looks like it;
    and where most of what is beyond ASCII does not fit the declared charset, it is detected, as where none is declared. Names are read as
    browsers do (latin-1 is windows-1252); unknown ones count as not declared.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if html.startswith(mark):
            return _replacing(html[len(mark) :], encoding)
    declared, notes = _declared(html, charset)
    utf8 = _strict(html, "utf-8")
    if utf8 is not None and (declared in (None, "utf-8") or not utf8.isascii()):
        return utf8, notes if utf8.isascii() or declared == "utf-8" else (*notes, "charset guessed")
    if declared:
        text, replaced = _replacing(html, declared)
        if not replaced or text.count("\ufffd") <= MISLABELLED * sum(not character.isascii() for character in text):
            return text, notes + replaced
    text, replaced = _replacing(html, _detected(html))
    return text, (*notes, "charset guessed", *replaced)


def _detected(html: bytes) -> str:
    """windows-1252, browsers' default, where detection gives nothing (HTML standard, 13.2.3.2)."""
    found = detect_encoding(html, html5_compatible=False)
    encoding: str | None = map_encoding_to_html5(found, fallback_utf8=False) if found else None
    return encoding or "windows-1252"


def _declared(html: bytes, charset: str | None) -> tuple[str | None, tuple[str, ...]]:
    """The first known charset that is declared."""
    found = DECLARED.search(html, 0, PRESCAN)
    names = [charset] if charset else []
    if found:
        names.append((found[1] or found[2]).decode("ascii", "replace"))
    notes: tuple[str, ...] = ()
    for name in names:
        label = name.strip().strip("\"'").encode("ascii", "replace").decode()
        encoding: str | None = map_encoding_to_html5(label, fallback_utf8=False)
        if encoding and encoding.startswith("utf-16") and b"\0" not in html[:PRESCAN]:
            encoding = "utf-8"  # HTML standard: what can be read as ASCII is not in UTF-16
        if encoding:
            return encoding, notes
        notes = ("unknown charset",)
    return None, notes


def _strict(html: bytes, encoding: str) -> str | None:
    try:
        return html.decode(encoding)
    except UnicodeDecodeError:
        return None


def _replacing(html: bytes, encoding: str) -> tuple[str, tuple[str, ...]]:
    strict = _strict(html, encoding)
    if strict is not None:
        return strict, ()
    return html.decode(encoding, "replace"), ("invalid UTF-8 replaced" if encoding == "utf-8" else "invalid bytes replaced",)
