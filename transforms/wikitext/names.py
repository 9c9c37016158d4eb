"""Which templates carry text, and how: names in lower case with single spaces, to renderers.

ours: the names are those of the English and the other 19 Wikipedias' most used inline templates, with their redirects. What is named neither here nor in
`silent_names` vanishes, and is counted as a hole where it stood in a line of text.
"""

from __future__ import annotations

import re

from transforms.scripts import SUBSCRIPTS, SUPERSCRIPTS
from transforms.wikitext import inline, phrases
from transforms.wikitext.inline import Renderer, argument, block, joined, literal

_FIRST = """nowrap, nobr, nobreak, j, small, smaller, big, bigger, larger, em, strong, bold, italic, italics, nobold, noitalic, normal, abbr, abbrv,
abbreviation, abbrlink, tooltip, afkorting, abréviation, abr, abrev, zkratka, ipalink, ipablink, ipaslink, ipa link, mvar, math, tmath, bigmath,
unicode, polytonic, overline, overbar, underline, underlined, strike, strikethrough, kbd, mono, monospace, code, codes, samp, var, tt, vanchor,
visible anchor, vanc, not a typo, notatypo, typo, proper name, as written, as is, smallcaps, sc, smcap, small-caps, versaleta, maiuscoletto, caps,
lsj, green, red, blue, gray, grey, flag, flagu, flagcountry, flagg, flaglist, flaglink, fb, fbw, nft, columns-list, columns list, flatlist, plainlist,
plain list, indented plainlist, blist, nihongo2, iast, hebrew, arabic, cuneiform, grc, marriage, equationref, equationnote, eqnref, track gauge,
railgauge, rail gauge, legend inline, nts, число, formatnum, fmtn, szám, num, formnum, api, ipa3, afi, мфа, lautschrift, noprint, screen reader-only,
inline quote, annotated link, defn, chem2, ce, sronly, wikt, wiktionary, korr, ударение, подст, comment, комментарий, hint, подсказка, большой,
крупно, мелкий, dfn"""

_BLOCKS = """quote, quotation, blockquote, block quote, bquote, cquote, qb, poem quote, poemquote, poem, quote poem, centered pull quote, pull quote,
zitat, zitat-de, citaat, citat, citatblok, citatram, cytat, citát, idézet, idézet2, citação, citation bloc, bloc citation, citat bloc, cita, cita
destacada, citazione, цитата, цитат, цитирање, навод, citatno, vers, poème"""

_SECOND = """color, colour, font color, fontcolor, colored link, script, rtl-lang, rtl-para, ltr-lang, native name, native phrase, wikt-lang, sort,
legend, legend0, farblegende, cizojazyčně, vjazyce2, v jazyku, en langue, langue, palabra estranxeira, lingua straniera, hintergrundfarbe, фон, цвет,
bg, background color, font, langx, url, uri, website, weblink"""

_TABLE: tuple[tuple[Renderer, str], ...] = (
    (argument(1, "text", "content"), _FIRST),
    (block("text", "quote", 1, "texte", source=("author", "sign", "source", "auteur", "автор", "autor", 2, 3)), _BLOCKS),
    (block("quote", "text", 1, source=("author", "source")), "quote box, quotebox, quote frame"),
    (block(2, source=(3, 4)), "rquote, talkquote"),
    (block(1), "verse translation, term, glossary term, indent, block indent, blockindent"),
    (argument(2, 1), _SECOND),
    (phrases.foreign, "lang, language, transl, transliteration, språk, sprache, wlang, jęz, w języku, język"),
    (inline.last, "resize, font size, fontsize, small text, angle quote"),
    (inline.convert, "convert, cvt, conv, converter, convertir, converti, конвертировать"),
    (inline.value, "val"),
    (inline.quantity, "unité, unite, nombre, unidad, ud, unidade, misura, grandeur"),
    (inline.fraction, "frac, sfrac, fraction, bruch, дробь, frazione, fracció, fração, breuk, tfrac, dfrac, zlomek, ułamek, tört, brøk"),
    (inline.scripted(SUPERSCRIPTS, ""), "sup, super, superscript, exp, exposant, esp"),
    (inline.scripted(SUBSCRIPTS, ""), "sub, subscript, indice"),
    (inline.scripted(SUPERSCRIPTS, "×10"), "e"),
    (inline.chemical, "chem"),
    (argument(1, before="√"), "sqrt, radic, root"),
    (argument(1, before="|", after="|"), "abs"),
    (joined(""), "gaps"),
    (joined("+"), "keypress, key press, key, button, клавиша, touche"),
    (
        joined(" "),
        "tmp, linktext, sortname, date-, date, fecha, data, datum, дата, bibleverse, bibleref, bible, bijbel, harvtxt, harvcoltxt",
    ),
    (joined(" · "), "hlist, flat list, hlijst, cslist"),
    (phrases.lines, "unbulleted list, ubl, ublist, vunblist, bulleted list, ordered list, unordered list"),
    (joined(":", before="Quran "), "cite quran, qref, quran-usc"),
    (argument(1, before="⟨", after="⟩"), "angbr, angle bracket, angbr ipa, grapheme, angle brackets"),
    (argument(1, before="‘", after="’"), "gloss, single quote, singlequote"),
    (argument(1, before='"', after='"'), "double quote, doublequote"),
    (argument(1, before='lit. "', after='"'), "lit, literally, literal translation"),
    (argument(1, before="ISBN "), "isbn, isbnt, isbn13"),
    (argument(1, before="ISSN "), "issn"),
    (argument(1, before="doi:"), "doi"),
    (argument(1, before="OCLC "), "oclc"),
    (argument(1, before="U+"), "unichar"),
    (joined(", ", before="U.S. Patent "), "us patent, uspatent"),
    (argument(1, before="p.\u00a0"), "p., p"),
    (argument(1, before="vol.\u00a0"), "vol., vol"),
    (joined("-"), "simplenuclide, simplenuclide2, nuclide, nuclide2"),
    (
        phrases.date,
        "start date, start date and age, end date, end date and age, release date, release date and age, film date, birth date, bda, dts, format date",
    ),
    (phrases.date, "birth date and age, death date, death date and age, date de naissance, date de décès, dob"),
    (phrases.as_of, "as of, asof"),
    (inline.circa("c."), "circa, c., ca, ca."),
    (inline.circa("fl."), "floruit, fl., fl"),
    (joined("–", before="r.\u00a0"), "reign, r."),
    (phrases.pronunciation, "ipa"),
    (phrases.respelling, "respell, pronunciation respelling"),
    (phrases.japanese, "nihongo, nihongo3, nihongo krt, japonais, korean"),
    (phrases.chinese, "zh, lang-zh, chinese"),
    (phrases.ship(), "ship, navire, schiff"),
    (phrases.ship_class, "sclass, sclass-, sclass2, sclass2-"),
    (phrases.accidental, "music"),
    (
        argument("lt", "texte", "text", "label", 1, "fr"),
        "ill, illm, interlanguage link, interlanguage link multi, ill-wd, lien, red link, redlink, link, enlace, interlink",
    ),
    (argument(2, 1), "нп, нп1, нп2, нп3, нп4, нп5, не переведено, не переведено 5, iw, нпи"),
    (phrases.equation, "numblk, numbered block"),
    (phrases.sic, "sic"),
    (literal(" – "), "dash, snd, snds, spnd, sndash, spaced ndash, spaced en dash, spaced n-dash, –"),
    (literal(" — "), "spaced mdash, spaced em dash, —, тире"),
    (literal("–"), "ndash, en dash, nd"),
    (literal("—"), "mdash, em dash, emdash, mdashb, --"),
    (
        literal("\u00a0"),
        "nbsp, space, spaces, thinsp, thin space, hair space, hairsp, nnbsp, ensp, emsp, en space, em space, figure space, esp.",
    ),
    (literal(" · "), "·, dot, middot, •, bullet, bull"),
    (literal("'"), "', apostrophe, apos, `"),
    (literal("'s"), "'s"),
    (literal('"'), '-"'),
    (literal("' \""), "' \""),
    (literal("'\""), "'\""),
    (literal("\"'"), "\"'"),
    (argument(1, before="<", after=">"), "tag"),
    (argument(1, before="[", after="]"), "closed-closed"),
    (argument(1, before="[", after=")"), "closed-open"),
    (argument(1, before="(", after="]"), "open-closed"),
    (argument(1, before="(", after=")"), "open-open"),
    (literal("|"), "!, pipe, bar"),
    (literal("||"), "!!"),
    (literal("="), "=, equals"),
    (literal("{"), "(, lbrace"),
    (literal("}"), "), rbrace"),
    (literal("*"), "asterisk, *"),
    (literal("#"), "hash"),
    (literal("†"), "dagger, extinct, †, kia"),
    (literal("‡"), "double dagger, ‡, ddagger"),
    (literal("π"), "pi"),
    (literal("\n"), "break, br, crlf"),
    (literal("BCE"), "bce"),
    (literal("av. J.-C."), "av jc, av. j.-c., avjc"),
    (literal("apr. J.-C."), "ap jc, apr. j.-c., apjc"),
    (argument(1, before="£"), "gbp, £, pound sterling"),
    (argument(1, before="US$"), "usd, us$, us dollar"),
    (argument(1, before="₹"), "inr, indian rupee, rupee"),
    (argument(1, before="€"), "eur, €"),
    (argument(1, before="A$"), "aud, a$"),
    (argument(1, before="¥"), "jpy, cny, ¥"),
)
_SHIPS = "uss, hms, ss, rms, ms, mv, mts, hmas, hmcs, ins, usns, uscgc, usat, rfa, sms, hmnzs, hmt, orp, hnlms, hdms, hmy"

_LANGUAGE_TABLES: dict[str, tuple[tuple[Renderer, str], ...]] = {
    "en": ((phrases.with_language, "langx"),),
    "de": (
        (argument(1, before="„", after="“"), '"'),
        (argument(1, after="\u00a0m"), "höhe"),
    ),
    "fr": (
        (phrases.century(" siècle"), "s, s-, siècle, s mini, s2, s2-, sp, sp-"),
        (phrases.century(" siècle av. J.-C."), "-s, -sp, -s-, -sp-"),
        (argument(1, before="«\u00a0", after="\u00a0»"), "citation, cit"),
        (argument(1, before="–\u00a0", after="\u00a0–"), "incise, tiret"),
        (literal("er"), "er"),
        (literal("etc."), "etc."),
        (literal("Ier"), "ier"),
        (literal("re"), "re, ire"),
        (literal("e"), "e, ème, ième"),
        (literal("no\u00a0"), "n°, no, numéro"),
        (literal("€"), "euro"),
        (joined("\u00a0h\u00a0"), "heure"),
        (argument(1, before="M.\u00a0"), "m., monsieur"),
        (argument(1, before="Mme\u00a0"), "mme"),
        (argument(1, before="Dr\u00a0"), "dr"),
        (argument(1, before="St\u00a0"), "st"),
    ),
    "es": ((joined(" ", before="siglo "), "siglo"), (literal("\u00a0"), "esd")),
    "pt": ((joined(" ", before="século "), "séc, século"), (argument(2, 1), "link")),
    "ca": ((joined(" ", before="segle "), "segle"),),
    "ru": ((argument(1), "s, м"), (literal("\u00a0тыс."), "тыс., тыс"), (literal("\u00a0млн"), "млн")),
    "it": ((inline.quantity, "m"),),
}


def _read(table: tuple[tuple[Renderer, str], ...]) -> dict[str, Renderer]:
    return {" ".join(name.split()): renderer for renderer, names in table for name in names.split(",")}


_RENDERERS = _read(_TABLE) | {name.strip(): phrases.ship(name.strip().upper() + " ") for name in _SHIPS.split(",")}
_LANGUAGE_RENDERERS = {language: _read(table) for language, table in _LANGUAGE_TABLES.items()}
_NAMED_LANGUAGE = ("lang-", "јез-", "jez-", "vol-", "script/", "lang/")
_FRENCH_ORDINAL = re.compile(r"\d+(?:e|er|re)|[ivxl]+e siècle")  # `{{84e}}`, `{{XIXe siècle}}` say what they are called
_GERMAN_LANGUAGE = re.compile(r"[a-z]{2,3}s")  # German `{{enS|word}}`


def renderer(name: str, language: str) -> Renderer | None:
    """What gives a template's text in this wiki; None where it has none. `name` is in lower case."""
    found = _LANGUAGE_RENDERERS.get(language, {}).get(name) or _RENDERERS.get(name)
    if found:
        return found
    if name.startswith(_NAMED_LANGUAGE):
        return phrases.named_language(name.removeprefix("lang-")) if language == "en" else argument(1)
    if name.startswith("ipa-"):
        return phrases.pronunciation
    if name.startswith("ipac-"):
        return phrases.phonemes
    if language == "fr" and _FRENCH_ORDINAL.fullmatch(name):
        return inline.written
    return argument(1) if language == "de" and _GERMAN_LANGUAGE.fullmatch(name) else None
