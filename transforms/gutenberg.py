"""A book of Project Gutenberg without what the project put around it: header, licence, and the credits of those who made the text.

Spec section 7.2: markers by regular expression first, the heuristics of Krugel's strip_headers as ported by c-w/gutenberg after them, without
their traps: here a short book loses its footer too, a phrase in the body ends no book, and credits that stand behind a preface take nothing away.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from transforms.gutenberg_header import BEGINS, HEAD, PROJECT, Header, parse

TAIL = 40_000
"""ours: characters in which a footer lies; the licence has some 18,700, that of 2002 with its small print 15,000."""
LICENCE_NEAR = 4_000
"""ours: characters behind an END marker in which the licence shows itself."""
LITTLE = 2_000
"""ours: characters that may follow an END marker that no licence follows: a note, a mail address."""
FURTHER = 25_000
"""ours: characters between a START marker and a second header under it, that of an older edition."""
OLDER_HEADERS = 4
"""ours: headers one under another; two have been seen."""
NAMED_OFTEN = 3
"""ours: times that an older header names the project; a book's preface does not."""
CREDIT = 2_000
"""ours: characters of a paragraph of credits; the longest seen have some 600. A paragraph of a book that is longer is none."""

PROJECT_NAME = r"(?:PROJECT|PROJEKT|PROJETO?|PROYECTO|PROGETTO|PROJET)[ \t]+GUTENBERG"
START = re.compile(BEGINS.pattern + r"(?:(?!\n[ \t]*\n)[\s\S]){0,800}?(?:\*{3}[\s\]]*?$|(?=\n[ \t]*\n)|\Z)")
"""The title may wrap onto further lines, up to the closing asterisks or a blank line."""
SMALL_PRINT_END = re.compile(
    r"(?im)^[ \t\[]*(?:\*+[ \t]*END[ *]*(?:OF )?(?:THE )?SMALL PRINT\b|\*+[ \t]*SMALL PRINT! Ver|\*{4}[ \t]+SMALL PRINT!|\"Small Print\" V\.).*$"
)
SMALL_PRINT = re.compile(r"(?im)^[ \t]*\*+[ \t]*START[ *]+(?:OF )?(?:THE )?SMALL PRINT\b")
END = re.compile(r"(?im)^[ \t\[]*\*+[ \t]*END OF (?:THE |THIS )?(?:COPYRIGHTED )?PROJECT GUTENBERG\b")
END_LINE = re.compile(
    r"(?im)^[ \t*_\[(]*(?:"
    r"(?:end|ende|einde|fine?|fim|final|slut|slutt|loppu|konec|koniec|kraj|v[ée]ge|sf[âa]r[sșş]it|край|конец|кінець)\b(?!,)"
    r"[^\n]{0,60}?\b" + PROJECT_NAME + r"|ende (?:dieses|des) e-?(?:textes|book)|ce document f[uû]t pr[eé]sent[eé] en lecture"
    r"|(?:end of )?this is a copyrighted project gutenberg|end of this e-?(?:text|book)\b[\s\*]*$)"
)
"""The line by which many books end above or instead of the marker: `End of the Project Gutenberg EBook of X, by Y`, in many languages."""
FULL_LICENCE = re.compile(r"(?im)^[ \t]*(?:\*+[ \t]*START: FULL LICENSE|THE FULL PROJECT GUTENBERG LICENSE)")
LICENCE_SIGNS = (
    "START: FULL LICENSE",
    "FULL PROJECT GUTENBERG",
    "This file should be named",
    "Updated editions will replace the previous",
    "SMALL PRINT!",
    "Corrected EDITIONS of our",
    "ll associated files of various formats",
    "Information about Project Gutenberg",
)
"""What stands in the licences of all years, each in the one spelling that it has; found as they are, which takes a fiftieth of a regular expression."""
HEADER_LINE = re.compile(
    r"(?im)^[ \t*\[]*(?:(?:this is )?(?:the )?Project Gutenberg(?:['’]s\b|,? E-?(?:text|book)\b)|(?:These )?E-?(?:texts|books) (?:Were )?Prepared By"
    r"|We need your donations more than ever|This file should be named|Please take a look at the important information in this header"
    r"|Copyright laws are changing all over|This E-?book is for the use of anyone|(?:Release Date|Posting Date):|Cha[rt]acter set encoding:"
    r"|This header should be the first thing seen|Beginning of this Project Gutenberg).*$"
)
"""Lines that only Project Gutenberg's own headers have, for files in which neither marker nor small print ends the header."""
CHAIN = 6_000
"""ours: characters between two such lines of one header."""
MADE = r"(?:prepared|produced|created|scanned|typed|transcribed|entered|converted|re-?formatted|proof-?read|proofed|digiti[sz]ed|donated|keyed)"
CREDIT_BEGINS = re.compile(
    r"(?i)[\s\[(*_\-]*(?:(?:produced|transcribed|scanned|typed|entered|proof-?read|proofed|digiti[sz]ed|html version|ocr)\b"
    r"[^\n]{0,100}?(?:\n[^\n]{0,100}?){0,3}?\bby\b"
    r"|(?:this |the )?(?:project gutenberg )?(?:e-?text|e-?book|electronic text|html version|text file)\b[^.]{0,60}?\b"
    + MADE
    + r"\b[^.]{0,60}?\bby\b)"
)
CREDIT_NAMES = re.compile(
    PROJECT.pattern + r"|gutenberg\.(?:org|net|aol|spiegel)|gutenberg2000|pgdp\.net|pglaf\.org|Distributed\s+Proofread|archive\.org"
    r"|The\s+Internet\s+Archive|gallica\.bnf|Million\s+Book\s+Project|Google\s+Print|Project\s+Runeberg|freeliterature\.org"
    r"|images\s+generously\s+made\s+available|\b[78][- ]bit\s+(?:version|ASCII)|[\w.\-]+@[\w\-]+\.\w"
)
"""Who makes Gutenberg's texts and lends the pages, and mail addresses: what a book of its age does not name."""
SPACE = re.compile(r"\s*\n|")
INK = re.compile(r"\S")
BLANK_LINE = re.compile(r"\n[^\S\n]*(?=\n)")
LEGALESE = re.compile(r"<<THIS ELECTRONIC VERSION OF[^<>]{0,3000}>>\s*")
"""Stands a hundred times in the body of number 100, Shakespeare's works."""


@dataclass(frozen=True, slots=True)
class Stripped:
    """A book without header and footer, its lines ended by LF.

    `header`: how its end was found (marker, small print, credits, none); `footer`: how its beginning was (marker, end line, licence, none).
    `fields`: what the header said.
    """

    text: str
    header: str
    footer: str
    fields: Header

    @property
    def title(self) -> str | None:
        """The header's title."""
        return self.fields.title

    @property
    def author(self) -> str | None:
        """The header's author."""
        return self.fields.author

    @property
    def language(self) -> str | None:
        """The header's language, an ISO 639 code."""
        return self.fields.language

    @property
    def number(self) -> str | None:
        """The book's number at Project Gutenberg."""
        return self.fields.number

    @property
    def encoding(self) -> str | None:
        """The character set as the header writes it."""
        return self.fields.encoding


def strip(text: str) -> Stripped:
    """The book between header and footer, without blank lines at its ends; a text that has neither stays, and `header` and `footer` say so.

    Credits directly under the header go (Produced by, E-text prepared by, notes that name the project or the library that lent the pages);
    transcribers' notes on the text stay, as in c-w/gutenberg's cleaned files. Looks at 64 Ki characters of the head and 40,000 of the tail.
    """
    text = with_line_feeds(text).rstrip()
    end, footer = _end(text)
    start, header = _start(text, end)
    fields = parse(text)
    past = _past_credits(text, start, end, header != "none")
    if past > start and header == "none":
        header = "credits"
    body = text[past:end]
    if "<<THIS ELECTRONIC VERSION OF" in body:
        body = LEGALESE.sub("", body)
    return Stripped(_without_blank_ends(body), header, footer, fields)


def with_line_feeds(text: str) -> str:
    """Without byte order mark; CR LF, CR CR LF and CR are line feeds; form feeds are line ends, and none beside one."""
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    if "\f" in text:
        text = re.sub(r"\n?\f+\n?", "\n", text)
    return text


def _without_blank_ends(text: str) -> str:
    begin = re.match(r"\s*\n", text)
    return text[begin.end() if begin else 0 :].rstrip()


# ---- the footer


def _end(text: str) -> tuple[int, str]:
    """Where the footer begins, and how that was found."""
    low = max(0, len(text) - TAIL)
    signs = _licence_signs(text, low)
    for pattern, label in ((END, "marker"), (END_LINE, "end line")):
        found = [match.start() for match in pattern.finditer(text, low) if _ends_book(text, match.end(), signs)]
        if found:
            return _above_end_lines(text, found[-1]), label
    found = [match.start() for match in FULL_LICENCE.finditer(text, low)]
    if found and not START.search(text, found[0]):
        return _above_end_lines(text, found[0]), "licence"
    small = list(SMALL_PRINT.finditer(text, low))
    closes = SMALL_PRINT_END.search(text, small[-1].end()) if small else None
    if closes and not text[closes.end() :].strip():  # else it is a header's, and what follows is the book
        return _above_end_lines(text, small[-1].start()), "licence"
    return len(text), "none"


def _licence_signs(text: str, low: int) -> list[int]:
    """The places from `low` on, sorted."""
    places = []
    for sign in LICENCE_SIGNS:
        at = text.find(sign, low)
        while at >= 0:
            places.append(at)
            at = text.find(sign, at + len(sign))
    return sorted(places)


def _ends_book(text: str, at: int, signs: list[int]) -> bool:
    """Whether what follows is the footer: the licence, or next to nothing. A phrase that only looks like a marker is followed by the book.

    `signs`: places where the licence shows itself.
    """
    following = bisect_left(signs, at)
    return (following < len(signs) and signs[following] <= at + LICENCE_NEAR) or len(text) - at <= LITTLE


def _above_end_lines(text: str, end: int) -> int:
    """The paragraphs directly above that say the same go too."""
    while True:
        low = max(0, end - CREDIT)
        above = text[low:end].rstrip()
        begin = max((match.end() + 1 for match in BLANK_LINE.finditer(above)), default=0)
        if not END_LINE.match(above, begin) or (begin == 0 and low):
            return end
        end = low + begin


# ---- the header


def _start(text: str, end: int) -> tuple[int, str]:
    """Where the header ends, and how that was found; credits under it are not yet taken."""
    high = min(end, HEAD)
    marker = START.search(text, 0, high)
    if marker and (marker.start() <= LITTLE or PROJECT.search(text, 0, marker.start())):
        return _past_older_header(text, marker.end(), end), "marker"
    project = PROJECT.search(text, 0, high)
    for small in SMALL_PRINT_END.finditer(text, project.end(), high) if project else ():
        if INK.search(text, small.end(), end):
            return small.end(), "small print"
    chain = 0
    for line in HEADER_LINE.finditer(text, 0, high):
        if line.start() - chain > (CHAIN if chain else LITTLE):
            break
        chain = _paragraph_end(text, line.end(), min(end, line.end() + CREDIT))
    return (chain, "credits") if chain else (0, "none")


def _past_older_header(text: str, start: int, end: int) -> int:
    """Under a new header an older edition's may still stand, which its own marker or small print ends."""
    for _ in range(OLDER_HEADERS):
        high = min(end, start + FURTHER)
        further = SMALL_PRINT_END.search(text, start, high) or START.search(text, start, high)
        if further is None or not (
            SMALL_PRINT.search(text, start, further.start()) or len(PROJECT.findall(text, start, further.start())) >= NAMED_OFTEN
        ):
            break
        start = further.end()
    return start


def _paragraph_end(text: str, at: int, end: int) -> int:
    blank = BLANK_LINE.search(text, at, end)
    return blank.start() if blank else end


def _past_credits(text: str, start: int, end: int, headed: bool) -> int:
    """Behind the paragraphs of credits that come first. Without a header only those count that begin as credits do: the book may be anyone's."""
    while True:
        begin = SPACE.match(text, start, end).end()  # type: ignore[union-attr]
        stop = _paragraph_end(text, begin, min(end, begin + CREDIT + 1))
        if stop - begin > CREDIT or begin == end:
            return start
        if not CREDIT_BEGINS.match(text, begin, stop) and not (headed and CREDIT_NAMES.search(text, begin, stop)):
            return start
        start = stop
