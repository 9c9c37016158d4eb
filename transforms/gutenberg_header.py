"""What Project Gutenberg's header says of a book: title, author, language, number, encoding. Spec section 7.1.

Three generations of it: fields (`Title: ...`) since 2002, newer ones with other spellings and order, and the prose of the 1990s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD = 1 << 16
"""ours: characters in which a header ends; the longest, of the 1990s, have some 15,000, with the donations of 2001 20,000."""
ABOVE = 8_000
"""ours: characters in which a header without START marker says what the book is; what the small print behind it says is of no book."""
PROJECT = re.compile(r"(?i)\bProject\s+Gutenberg|\bGutenberg[- ]Projekt|\bProjekt\s+Gutenberg")
FIELD = re.compile(
    r"(?im)^(title|author|language|cha[rt]acter\ set\ encoding|character\ encoding):[ \t]*"
    r"([^\n]*(?:\n(?![\w ]{2,30}:)[^\S\n]*[^\s*][^\n]*){0,8})"
)
"""A field and the lines that it wraps onto, up to a blank line or the next field. `Chatacter`: so in hundreds of files of 2003."""
NUMBER = re.compile(r"(?i)\[(?:e-?text|e-?book) ?#?(\d{1,6})\]")
NAMED = re.compile(
    r"(?im)^[ \t*]*(?:This is )?(?:The )?Project Gutenberg(?:['’]s (?:E-?text of )?|,? ?E-?(?:text|book)(?: of|,|(?= \"))) *"
    r"(\"?)(.{1,200}?)\1(?:(?:,? by|, (?:von|par|door|di|de)) (.{1,100}?))?[,. \t*]*$"
)
"""The line that names a book where no field does: `The Project Gutenberg Etext of X, by Y`."""
BEGINS = re.compile(r"(?im)^[ \t\[]*\*+[ \t]*START OF (?:THE |THIS )?(?:COPYRIGHTED )?PROJECT GUTENBERG\b")
PROSE_LANGUAGE = re.compile(r"(?i)\bThis (?:E-?text|E-?book) is (?:written )?in (\w+)")

# code: the languages that Project Gutenberg's catalogue names, by ISO 639; the shortest code that there is
_TABLE = """af Afrikaans, ale Aleut, ang Old English, ang Anglo-Saxon, ar Arabic, arp Arapaho, bg Bulgarian, bn Bengali, bo Tibetan, br Breton, brx Bodo,
ca Catalan, ceb Cebuano, cs Czech, csb Kashubian, cy Welsh, da Danish, de German, el Greek, en English, enm Middle English, eo Esperanto, es Spanish,
et Estonian, fa Farsi, fa Persian, fi Finnish, fr French, fur Friulian, fy Frisian, ga Irish, ga Gaelic, gd Scots Gaelic, gl Galician, gla Scottish Gaelic,
grc Ancient Greek, haw Hawaiian, he Hebrew, hi Hindi, hr Croatian, hu Hungarian, ia Interlingua, ilo Iloko, is Icelandic, it Italian, iu Inuktitut,
ja Japanese, kha Khasi, kld Gamilaraay, ko Korean, la Latin, lt Lithuanian, lv Latvian, mi Maori, nah Nahuatl, nap Neapolitan, nap Napoletano,
nav Navajo, nl Dutch, nl Flemish, no Norwegian, oc Occitan, oji Ojibwa, pl Polish, pt Portuguese, rmq Caló, ro Romanian, ru Russian, sa Sanskrit,
sco Scots, sk Slovak, sl Slovenian, sr Serbian, sv Swedish, ta Tamil, te Telugu, tl Tagalog, tr Turkish, uk Ukrainian, yi Yiddish, zh Chinese"""
LANGUAGES = {name.lower(): code for code, name in (entry.split(maxsplit=1) for entry in _TABLE.split(","))}


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says, None where it says nothing. `language`: an ISO 639 code, the first where there are several; `encoding`: as written."""

    title: str | None = None
    author: str | None = None
    language: str | None = None
    number: str | None = None
    encoding: str | None = None


NOTHING = Header()


def parse(text: str) -> Header:
    """The header of a text that begins with one; nothing where what may be a header does not name the project.

    That is what stands above the START marker or, where there is none, the first 8000 characters.
    """
    head = text[:HEAD].replace("\r\n", "\n").replace("\r", "\n")
    begins = BEGINS.search(head)
    head = head[: begins.end() if begins else ABOVE]
    if not PROJECT.search(head):
        return NOTHING
    fields: dict[str, str] = {}
    for field in FIELD.finditer(head):
        fields.setdefault(field[1][:5].lower(), " ".join(field[2].split()))
    named, number, prose = NAMED.search(head), NUMBER.search(head), PROSE_LANGUAGE.search(head)
    language = fields.get("langu") or (prose[1] if prose else "")
    return Header(
        title=fields.get("title") or (" ".join(named[2].split()) if named else None),
        author=fields.get("autho") or (named[3].strip() if named and named[3] and not fields.get("title") else None),
        language=language_code(language),
        number=number[1] if number else None,
        encoding=fields.get("chara") or fields.get("chata") or None,
    )


def language_code(name: str) -> str | None:
    """`English` -> en; of several (`French and English`, `German, Latin`) the first; None for what the table has not."""
    for candidate in (name, *re.split(r"(?i)\s*(?:[,;/&(]|\band\b|\bwith\b)\s*", name)[:1]):
        code = LANGUAGES.get(" ".join(candidate.lower().split()))
        if code:
            return code
    return name.lower() if name.lower() in LANGUAGES.values() else None
