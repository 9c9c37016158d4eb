"""More templates that carry text: dates, foreign words, pronunciations, ships; see `inline` for what a renderer is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transforms.wikitext.arguments import Arguments, Piece
from transforms.wikitext.inline import Renderer, argument, between
from transforms.wikitext.language_names import ENGLISH
from transforms.wikitext.marks import BREAK

_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9-]{2,12})?|[a-z]{2,3}_[A-Za-z]+")
_SPOKEN = {
    "lang",
    "pron",
    "also",
    "us",
    "uk",
    "local",
    "ipa",
    "small",
    "locally",
    "generally",
    "label",
    "ausa",
    "usalso",
    "ukalso",
    "audio",
    "-",
    "then",
}
_SPOKEN |= {
    "uklang",
    "uslang",
    "ukpron",
    "uspron",
    "ukalsous",
    "us also",
    "uk also",
    "usually",
    "or",
    "former",
    "formerly",
    "ipa-all",
    "pronunciation",
}
_CHINESE = {
    "t": "traditional Chinese: ",
    "s": "simplified Chinese: ",
    "c": "Chinese: ",
    "p": "pinyin: ",
    "hp": "pinyin: ",
    "w": "Wade–Giles: ",
}
_CHINESE |= {
    "j": "Jyutping: ",
    "cy": "Cantonese Yale: ",
    "poj": "Pe̍h-ōe-jī: ",
    "l": "literally: ",
    "tp": "Tongyong Pinyin: ",
    "sl": "Sidney Lau: ",
}
_ACCIDENTALS = {"flat": "♭", "b": "♭", "sharp": "♯", "#": "♯", "natural": "♮", "n": "♮", "doubleflat": "𝄫", "doublesharp": "𝄪"}


def date(arguments: Arguments) -> Sequence[Piece] | None:
    """`{{start date|1999|3|31}}`: 31 March 1999."""
    places = [place for key in (1, 2, 3) if (place := arguments[key])]
    written = [arguments.text[start:end] for start, end in places]
    if not places or not all(word.isdigit() and len(word) < 5 for word in written):
        year_first = len(written) > 1 and re.fullmatch(r"\d{3,4}", written[0])  # `{{as of|2012|December}}`
        return between(places[::-1] if year_first else places, " ") or None
    if len(written) == 1 or not 1 <= int(written[1]) <= 12:
        return (written[0],)
    day = str(int(written[2])) + " " if len(written) == 3 else ""
    return (f"{day}{_MONTHS[int(written[1]) - 1]} {written[0]}",)


def as_of(arguments: Arguments) -> Sequence[Piece] | None:
    """`{{as of|2010|1|lc=y}}`: as of January 2010."""
    if alternative := arguments["alt"]:
        return (alternative,)
    when = date(arguments)
    if not when:
        return None
    words = "Since " if arguments["since"] else "As of "
    return (words.lower() if arguments["lc"] else words, *when)


def foreign(arguments: Arguments) -> Sequence[Piece] | None:
    """`{{lang|fr|mot}}`, `{{transl|ar|DIN|word}}`: the word, behind the language's code (and a standard's name)."""
    places = arguments.numbered()
    if len(places) < 2:
        return (places[0],) if places else arguments["text"] and (arguments["text"],)
    return (places[2] if len(places) > 2 and arguments.name.startswith("trans") else places[1],)


def named_language(code: str) -> Renderer:
    """English `{{lang-fr|mot}}`: French: mot; the word alone of a language without a name here."""
    return argument(1, before=f"{ENGLISH[code]}: " if code in ENGLISH else "")


def with_language(arguments: Arguments) -> Sequence[Piece] | None:
    """English `{{langx|fr|mot}}`: French: mot."""
    word = arguments[2]
    language = ENGLISH.get(arguments.plain(1)) if arguments.plain("label") != "none" else None
    return (f"{language}: " if language else "", word) if word else None


def pronunciation(arguments: Arguments) -> Sequence[Piece] | None:
    """`{{IPA|/x/}}`, `{{IPA|fr|x}}`, `{{IPA-fr|x|lang}}`: the sounds, in brackets where a language is said."""
    first, second = arguments[1], arguments[2]
    if not first:
        return None
    if arguments.name != "ipa":
        return ("[", first, "]")
    return ("[", second, "]") if second and _LANGUAGE.fullmatch(arguments.plain(1)) else (first,)


def phonemes(arguments: Arguments) -> Sequence[Piece] | None:
    """`{{IPAc-en|h|ə|ˈ|l|oʊ}}`: /həˈloʊ/."""
    places = arguments.numbered()
    sounds = [place for place in places if arguments.text[place[0] : place[1]].lower() not in _SPOKEN]
    if not sounds:
        return None
    pieces: list[Piece] = ["/"]
    for start, end in sounds:
        pieces.append(" " if arguments.text[start:end] == "_" else (start, end))
    return (*pieces, "/")


def respelling(arguments: Arguments) -> Sequence[Piece] | None:
    """`{{respell|hə|LOH}}`: hə-LOH."""
    words = "-".join(arguments.text[start:end] for start, end in arguments.numbered()).replace("-_-", " ")
    return (words,) if words and not re.search(r"[\[{<&']", words) else None


def japanese(arguments: Arguments) -> Sequence[Piece] | None:
    """`{{nihongo|English|kanji|romaji|more}}`: English (kanji, romaji, more)."""
    places = [place for key in (2, 3, "extra", 4) if (place := arguments[key])]
    first = arguments[1]
    if not first:
        return between(places, ", ") or None
    return (first, " (", *between(places, ", "), ")") if places else (first,)


def chinese(arguments: Arguments) -> Sequence[Piece] | None:
    """`{{zh|t=...|p=...}}`: each form behind its name."""
    pieces: list[Piece] = []
    for name, place in arguments.named.items():
        if name in _CHINESE and place[0] < place[1]:
            pieces += ("; " if pieces else "", _CHINESE[name], place)
    return pieces or (arguments.positional[:1] or None)


def ship(prefix: str = "") -> Renderer:
    """`{{USS|Enterprise|CV-6}}`: USS Enterprise (CV-6); a form of display as third argument is not obeyed."""

    def render(arguments: Arguments) -> Sequence[Piece] | None:
        places = arguments.numbered()
        if not places:
            return None
        if prefix:
            return (prefix, places[0], *((" (", places[1], ")") if len(places) > 1 else ()))
        return (*between(places[:2], " "), *((" (", places[2], ")") if len(places) > 2 else ()))

    return render


def ship_class(arguments: Arguments) -> Sequence[Piece] | None:
    """`{{sclass|Iowa|battleship}}`: Iowa-class battleship."""
    first, second = arguments[1], arguments[2]
    return (first, "-class ", second) if first and second else None


def accidental(arguments: Arguments) -> Sequence[Piece] | None:
    """`{{music|flat}}`: ♭."""
    found = _ACCIDENTALS.get(arguments.plain(1))
    return (found,) if found else None


def century(word: str) -> Renderer:
    """French `{{s-|XIX|e}}`: XIXe siècle; `{{sp|XVI|e|et|XVII|e}}`: XVIe et XVIIe siècle."""

    def render(arguments: Arguments) -> Sequence[Piece] | None:
        places = arguments.numbered()
        if len(places) > 3:
            return (places[0], places[1], " ", places[2], " ", *places[3:5], word)
        return (*places[:2], word) if places else None

    return render


def lines(arguments: Arguments) -> Sequence[Piece] | None:
    """`{{unbulleted list|a|b}}`: a line each."""
    places = arguments.numbered()
    return (BREAK, *between(places, BREAK), BREAK) if places else None


def equation(arguments: Arguments) -> Sequence[Piece] | None:
    """`{{NumBlk|:|formula|number}}`: the formula, then its number in brackets."""
    formula, number = arguments[2], arguments[3]
    return (BREAK, formula, *((" (", number, ")") if number else ()), BREAK) if formula else None


def sic(arguments: Arguments) -> Sequence[Piece]:
    """`{{sic|wrnog}}`: wrnog [sic]."""
    places = arguments.numbered()
    if arguments["hide"]:
        return tuple(places[:2])
    return (*places[:1], " [sic]" if places else "[sic]")
