"""How templates that carry text give it: each renderer turns a template's arguments into pieces, or into None where they are not as it expects."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from transforms.scripts import SUBSCRIPTS, SUPERSCRIPTS
from transforms.wikitext.arguments import Arguments, Piece, Span
from transforms.wikitext.marks import BREAK

Renderer = Callable[[Arguments], Sequence[Piece] | None]

_NUMBER = re.compile(r"[+\-−±~]?[\d.,/+\s⁄½¼¾]*\d[\d.,]*(?:[eE][+\-−]?\d+)?|[+\-−]?[½¼¾]")
_WORD_OF_RANGE = {"to": " to ", "and": " and ", "or": " or ", "by": " by ", "x": " × ", "×": " × ", "xx": " × ", "*": " × "}
_WORD_OF_RANGE |= {
    "-": "–",
    "–": "–",
    "to(-)": " to ",
    "+/-": " ± ",
    "±": " ± ",
    "+": " + ",
    "&": " & ",
    ",": ", ",
    "and(-)": " and ",
    "by(x)": " by ",
}
_UNITS = {
    "c": "°C",
    "f": "°F",
    "sqmi": "sq mi",
    "sqft": "sq ft",
    "sqkm": "km²",
    "cuft": "cu ft",
    "cuin": "cu in",
    "cumi": "cu mi",
    "impgal": "imp gal",
}
_UNITS |= {
    "usgal": "US gal",
    "lbf": "lbf",
    "nmi": "nmi",
    "km/h": "km/h",
    "kph": "km/h",
    "kn": "knots",
    "lt": "long tons",
    "st": "short tons",
    "mt": "t",
}
_POWER = re.compile(r"(?<=[A-Za-z])(-?\d)(?![\d])")
_SMALLER = {
    "ft": ("in",),
    "yd": ("ft",),
    "mi": ("yd", "ft", "ch", "furlong"),
    "lb": ("oz",),
    "st": ("lb",),
    "stone": ("lb",),
    "foot": ("in",),
}


def literal(text: str) -> Renderer:
    """Always the same text."""
    return lambda arguments: (text,)


def written(arguments: Arguments) -> Sequence[Piece]:
    """The template's own name."""
    return (arguments.written,)


def argument(*keys: int | str, before: str = "", after: str = "") -> Renderer:
    """The first of these arguments that is there."""

    def render(arguments: Arguments) -> Sequence[Piece] | None:
        place = next((place for key in keys if (place := arguments[key])), None)
        return (before, place, after) if place else None

    return render


def joined(separator: str, first: int = 1, before: str = "", after: str = "") -> Renderer:
    """All numbered arguments from `first` on."""

    def render(arguments: Arguments) -> Sequence[Piece] | None:
        places = arguments.numbered()[first - 1 :]
        return (before, *between(places, separator), after) if places else None

    return render


def between(places: Sequence[Span], separator: str) -> list[Piece]:
    """The places with a separator between each two."""
    pieces: list[Piece] = []
    for place in places:
        pieces += (separator, place) if pieces else (place,)
    return pieces


def last(arguments: Arguments) -> Sequence[Piece] | None:
    """The last numbered argument."""
    places = arguments.numbered()
    return (places[-1],) if places else None


def block(*keys: int | str, source: Sequence[int | str] = ()) -> Renderer:
    """Prose on lines of its own, a quotation, and who said it."""

    def render(arguments: Arguments) -> Sequence[Piece] | None:
        place = next((place for key in keys if (place := arguments[key])), None)
        if not place:
            return None
        said = [by for key in source if (by := arguments[key]) and by != place]
        return (BREAK, place, *((BREAK, "— ", *between(said, ", ")) if said else ()), BREAK)

    return render


def convert(arguments: Arguments) -> Sequence[Piece] | None:
    """`{{convert|5|to|6|km2|...}}`: the quantity as it was given, `5 to 6 km²`; what it is in other units is for a calculator."""
    pieces: list[Piece] = []
    place, key, unit = arguments[1], 1, ""
    while place:
        pieces.append(place)
        unit = arguments.plain(key + 1)
        word = _WORD_OF_RANGE.get(unit)
        if word and arguments[key + 2]:
            pieces.append(word)
            place, key = arguments[key + 2], key + 2
            continue
        if unit:
            pieces.append("" if unit == "%" else "\u00a0")
            pieces.append(unit_name(unit))
        following = arguments.plain(key + 3)
        if following not in _SMALLER.get(unit, ()):
            break
        pieces.append(" ")
        place, key = arguments[key + 2], key + 2
    return pieces or None


def unit_name(code: str) -> str:
    """A unit's code as it is printed: `km2` is `km²`, `sqmi` is `sq mi`."""
    return _UNITS.get(
        code.lower() if len(code) > 2 else code.lower() if code in "CF" else code,
        _POWER.sub(lambda found: found[1].translate(SUPERSCRIPTS), code),
    )


def value(arguments: Arguments) -> Sequence[Piece] | None:
    """`{{val|1.5|0.2|e=6|u=m}}`: 1.5±0.2×10⁶ m."""
    pieces: list[Piece] = []
    if prefix := arguments["p"]:
        pieces.append(prefix)
    if not (number := arguments[1]):
        return None
    pieces.append(number)
    if up := arguments[2]:
        down = arguments[3]
        pieces += ("+", up, "−", (down[0] + (arguments.text[down[0]] in "-−"), down[1])) if down else ("±", up)
    if power := arguments.plain("e"):
        pieces.append("×10" + power.translate(SUPERSCRIPTS))
    if unit := (arguments["u"] or arguments["ul"]):
        pieces += ("\u00a0", unit)
    if per := (arguments["up"] or arguments["upl"]):
        pieces += ("/", per)
    if suffix := arguments["s"]:
        pieces.append(suffix)
    return pieces


def quantity(arguments: Arguments) -> Sequence[Piece] | None:
    """French `{{unité|100|km|2}}` and its like: number and units, exponents raised."""
    pieces: list[Piece] = []
    for place in arguments.numbered():
        written = arguments.text[place[0] : place[1]]
        if pieces and re.fullmatch(r"[-−]?[1-9]", written):
            pieces.append(written.translate(SUPERSCRIPTS))
        else:
            pieces += ("\u00a0", place) if pieces else (place,)
    if power := arguments.plain("e"):
        pieces.insert(1, "×10" + power.translate(SUPERSCRIPTS))
    if unit := (arguments["ul"] or arguments["u"]):
        pieces += ("\u00a0", unit)
    return pieces or None


def fraction(arguments: Arguments) -> Sequence[Piece] | None:
    """`{{frac|3|1|2}}`: 3 1/2; `{{frac|2}}`: 1/2."""
    places = arguments.numbered()[:3]
    if not places:
        return None
    if len(places) == 1:
        return ("1/", places[0])
    return (*((places[0], " ") if len(places) == 3 else ()), places[-2], "/", places[-1])


def scripted(table: Mapping[int, int], outside: str) -> Renderer:
    """A super- or subscript: digits and signs as such characters, all else as it is, behind `outside` where digits would run together."""

    def render(arguments: Arguments) -> Sequence[Piece] | None:
        place = arguments[1]
        if not place:
            return None
        written = arguments.plain(1)
        return (outside + written.translate(table),) if _SCRIPT.fullmatch(written) else (place,)

    return render


_SCRIPT = re.compile(r"[-0-9+−–=()]+")


def chemical(arguments: Arguments) -> Sequence[Piece] | None:
    """`{{chem|SO|4|2-}}`: SO₄²⁻."""
    pieces: list[Piece] = []
    for place in arguments.numbered():
        written = arguments.text[place[0] : place[1]]
        charge = re.fullmatch(r"\d*[+\-−]", written)
        number = pieces and written.isdigit()
        pieces.append(written.translate(SUPERSCRIPTS) if charge else written.translate(SUBSCRIPTS) if number else place)
    return pieces or None


def circa(word: str) -> Renderer:
    """`{{circa|1900|1910}}`: c. 1900 – c. 1910."""

    def render(arguments: Arguments) -> Sequence[Piece]:
        places = arguments.numbered()[:2]
        if not places:
            return (word,)
        return (word, "\u00a0", places[0], *((" – ", word, "\u00a0", places[1]) if len(places) > 1 else ()))

    return render
