"""Which template is which: names, in lower case with single spaces, of those that carry text, and of those that say nothing in a sentence.

ours: the names are those of the English and the other 19 Wikipedias' most used inline templates, with their redirects; what is not named here vanishes, and is
counted as a hole where it stood in a line of text.
"""

from __future__ import annotations

from collections.abc import Iterable

from transforms.wikitext import inline, inline_phrases
from transforms.wikitext.inline import Renderer, argument, block, joined, literal


def _named(renderer: Renderer, names: str) -> Iterable[tuple[str, Renderer]]:
    return ((name.strip(), renderer) for name in names.split(","))


_FIRST = """nowrap, nobr, nobreak, nowiki, j, small, smaller, big, bigger, larger, em, strong, bold, italic, italics, nobold, noitalic, normal, abbr, abbrv,
abbreviation, abbrlink, tooltip, afkorting, abréviation, abr, abrev, zkratka, ipalink, ipablink, ipaslink, mvar, math, tmath, bigmath, mathcal, nums, unicode,
polytonic, poly, music note, overline, overbar, underline, underlined, strike, strikethrough, key, keypress1, kbd, mono, monospace, code, codes, samp,
var, tt, pre, deletedtext, vanchor, visible anchor, vanc, not a typo, notatypo, typo, proper name, as written, as is, smallcaps, sc, smcap, versaleta, caps,
petit, minor, pequeno, gras, it, lsj, green, red, blue, gray, grey, white, black, flag, flagu, flagcountry, flagg, flaglist, flaglink, fb, fbw, nft, ru-nt,
columns-list, columns list, div col list, flatlist, plainlist, plain list, multicol, indented plainlist, blist, endplainlist, nihongo2, iast, hebrew, he,
hebrew text, arabic, ar, cuneiform, gr, grc, script/arabic, script/hebrew, script/greek, script/latin, script/armenian, script/slavonic,
script/nastaliq, script/cuneiform, script/coptic, script/ethiopic, script/georgian, script/gothic, script/phoenician, script/egyptian, iso15924,
marriage, equationref, equationnote, eqnref, eqref, track gauge, railgauge, rail gauge, legend inline, nts, number, формат, число, formatnum, fmtn,
szám, num, šk, formnum, api, ipa3, afi, мфа, ipacs, transcr, lautschrift, noprint, screen reader-only, hidden text, ws, spanning, inline quote,
bibleref2, bible verse, bibleref, bibleverse, collapse top, annotated link, ordered list item, defn, chem2, ce, hydrate, sronly, pprime, lang-one, wikt, wiktionary, q, cqd, rom, small-caps, maiuscoletto, korr,
ударение, прим, подст, comment, комментарий, нет иконки, hint, подсказка, большой, крупно, мелкий, latin"""

_BLOCKS = """quote, quotation, blockquote, block quote, bquote, cquote, qb, poem quote, poemquote, poem, quote poem, centered pull quote, pull quote, imagequote2,
zitat, zitat-de, citaat, citat, citatblok, citatram, cytat, citát, idézet, idézet2, citação, citation bloc, bloc citation, début citation bloc,
citat bloc, cita, cita destacada, citazione, цитата, цитат, цитирање, навод, citatno, quadro, vers, poème, chant"""

_AFTER_ONE = """color, colour, font color, fontcolor, colored link, script, rtl-lang, rtl-para, native name, native phrase, wikt-lang, sort, legend, legend0,
farblegende, smallsup, ltr-lang, cizojazyčně, vjazyce2, v jazyku, en langue, langue, palabra estranxeira, lingua straniera, hintergrundfarbe, фон, цвет, hidden,
bg, background color, font, style, span, langx"""

RENDERERS: dict[str, Renderer] = dict(
    [
        *_named(argument(1, "text", "content"), _FIRST),
        *_named(block("text", "quote", 1, "texte", "2", source=("author", "sign", "source", "auteur", "автор", "autor", 2, 3)), _BLOCKS),
        *_named(block("quote", "text", 1, source=("author", "source")), "quote box, quotebox, quote frame"),
        *_named(block(2, source=(3, 4)), "rquote, talkquote, cita2"),
        *_named(block(1, 2), "verse translation, text and translation"),
        *_named(block("content", 1), "glossary item, term, intro, box, fictitious, indent, block indent, blockindent, pre2"),
        *_named(argument(2, 1), _AFTER_ONE),
        *_named(inline_phrases.foreign, "lang, language, transl, transliteration, xlang, språk, sprache, wlang, jęz, w języku, język"),
        *_named(inline.last, "resize, nbsp text, font size, fontsize, small text, plain link, angle quote"),
        *_named(inline.convert, "convert, cvt, conv, converter, convertir, converti, convert/2, конвертировать"),
        *_named(inline.value, "val, ренге, valor"),
        *_named(inline.quantity, "unité, unite, nombre, unidad, ud, unidade, misura, m, grandeur, число с единицами, километр"),
        *_named(
            inline.fraction,
            "frac, sfrac, fraction, bruch, дробь, frazione, fracció, fração, breuk, tfrac, dfrac, zlomek, ułamek, tört, brøk",
        ),
        *_named(inline.scripted(inline.SUPERSCRIPTS, ""), "sup, super, superscript, exp, exposant, smallsup, esp, up"),
        *_named(inline.scripted(inline.SUBSCRIPTS, ""), "sub, subscript, indice"),
        *_named(inline.scripted(inline.SUPERSCRIPTS, "×10"), "e, esp10, e-sp"),
        *_named(inline.chemical, "chem, chem/atom"),
        *_named(argument(1, before="√"), "sqrt, radic, root"),
        *_named(argument(1, before="|", after="|"), "abs"),
        *_named(joined(""), "gaps, shy text"),
        *_named(joined("+"), "keypress, key press, button, клавиша, touche"),
        *_named(joined(" "), "linktext, sortname, bibleverse long, date-, date, fecha, data, datum, дата, uss designation, lt, spell, hab"),
        *_named(joined(" · "), "hlist, flat list, hlijst, cslist"),
        *_named(inline_phrases.lines, "unbulleted list, ubl, ublist, vunblist, bulleted list, ordered list, unordered list"),
        *_named(joined(":", first=2, before="Quran "), "cite quran one"),
        *_named(joined(" "), "bibleverse, bibleref, bible, bijbel"),
        *_named(joined(":"), "cite quran, qref, quran-usc, коран"),
        *_named(argument(1, before="⟨", after="⟩"), "angbr, angle bracket, angbr ipa, grapheme, angle brackets"),
        *_named(argument(1, before="‘", after="’"), "gloss, single quote, singlequote"),
        *_named(argument(1, before='"', after='"'), "double quote, doublequote, title quote"),
        *_named(argument(1, before='lit. "', after='"'), "lit, literally, literal translation"),
        *_named(argument(1, before="ISBN "), "isbn, isbnt, isbn13"),
        *_named(argument(1, before="ISSN "), "issn"),
        *_named(argument(1, before="doi:"), "doi"),
        *_named(argument(1, before="OCLC "), "oclc"),
        *_named(argument(1, before="U+"), "unichar"),
        *_named(joined(", ", before="U.S. Patent "), "us patent, uspatent"),
        *_named(argument(1, before="p.\u00a0"), "p., p"),
        *_named(argument(1, before="vol.\u00a0"), "vol., vol"),
        *_named(argument(2, 1), "url, uri, website, weblink"),
        *_named(joined("-"), "simplenuclide, simplenuclide2, nuclide, nuclide2"),
        *_named(
            inline_phrases.date,
            "start date, start date and age, end date, end date and age, release date, release date and age, film date, birth date, bda",
        ),
        *_named(
            inline_phrases.date,
            "birth date and age, death date, death date and age, dts, format date, date de naissance, date de décès, dob, birth-date",
        ),
        *_named(inline_phrases.as_of, "as of"),
        *_named(inline.circa("c."), "circa, c., ca, ca., circa2"),
        *_named(inline.circa("fl."), "floruit, fl., fl"),
        *_named(joined("–", before="r.\u00a0"), "reign, r., rei"),
        *_named(inline_phrases.pronunciation, "ipa"),
        *_named(inline_phrases.phonemes, "ipac-en, ipac-pl, ipac-cmn, ipac-yue"),
        *_named(inline_phrases.respelling, "respell, pronunciation respelling"),
        *_named(inline_phrases.japanese, "nihongo, nihongo3, nihongo krt, japonais, korean, 日本語"),
        *_named(inline_phrases.chinese, "zh, lang-zh, zh-cn, chinese"),
        *_named(inline_phrases.ship(), "ship, navire, schiff"),
        *_named(inline_phrases.ship_class, "sclass, sclass-, sclass2, sclass2-"),
        *_named(inline_phrases.accidental, "music"),
        *_named(
            inline_phrases.link_elsewhere,
            "ill, illm, interlanguage link, interlanguage link multi, ill-wd, lien, red link, redlink, link, enlace, interlink",
        ),
        *_named(inline_phrases.translated_link, "нп, нп1, нп2, нп3, нп4, нп5, не переведено, не переведено 5, iw, нпи"),
        *_named(inline_phrases.equation, "numblk, numbered block"),
        *_named(inline_phrases.sic, "sic, [sic]"),
        *_named(literal(" – "), "snd, snds, spnd, sndash, spaced ndash, spaced en dash, spaced n-dash, ndash spaced, –, s-nd"),
        *_named(literal(" — "), "spaced mdash, spaced em dash, —, тире"),
        *_named(literal("–"), "ndash, en dash, nd"),
        *_named(literal("—"), "mdash, em dash, emdash"),
        *_named(
            literal("\u00a0"),
            "nbsp, space, spaces, thinsp, thin space, hair space, hairsp, nnbsp, ensp, emsp, en space, em space, figure space, spc, шпация, esp.",
        ),
        *_named(literal(" · "), "·, dot, middot, •, bullet, bull, point"),
        *_named(literal("'"), "', apostrophe, apos, `"),
        *_named(literal("'s"), "'s"),
        *_named(literal("|"), "!, pipe, bar"),
        *_named(literal("||"), "!!"),
        *_named(literal("="), "=, equals"),
        *_named(literal("{"), "(, lbrace"),
        *_named(literal("}"), "), rbrace"),
        *_named(literal("["), "bracket, ls"),
        *_named(literal("*"), "asterisk, *"),
        *_named(literal("#"), "hash"),
        *_named(literal("†"), "dagger, extinct, †, kia"),
        *_named(literal("‡"), "double dagger, ‡, ddagger"),
        *_named(literal("π"), "pi"),
        *_named(literal("\n"), "break, br, crlf, clear line"),
        *_named(literal("BCE"), "bce"),
        *_named(literal("CE"), "ce."),
        *_named(literal("av. J.-C."), "av jc, av. j.-c., avjc"),
        *_named(literal("apr. J.-C."), "ap jc, apr. j.-c., apjc"),
        *_named(argument(1, before="AD "), "ad"),
        *_named(argument(1, before="£"), "gbp, £, pound sterling"),
        *_named(argument(1, before="US$"), "usd, us$, us dollar"),
        *_named(argument(1, before="₹"), "inr, indian rupee, rupee"),
        *_named(argument(1, before="€"), "eur, €"),
        *_named(argument(1, before="A$"), "aud, a$"),
        *_named(argument(1, before="¥"), "jpy, cny, ¥"),
    ]
)
RENDERERS |= {
    name: inline_phrases.ship(name.upper() + " ")
    for name in "uss hms ss rms ms mv mts hmas hmcs ins usns uscgc usat rfa rv sms hmnzs hmt gts ps ts sv orp hnlms hdms hmy mt".split()
}

LANGUAGE_RENDERERS: dict[str, dict[str, Renderer]] = {
    "de": dict([*_named(block("text", 1, source=("autor", "quelle", 2)), "zitat"), *_named(argument(1, before="„", after="“"), '"')]),
    "fr": dict(
        [
            *_named(inline_phrases.century(" siècle", " siècles"), "s, sp"),
            *_named(inline_phrases.century(" siècle", " siècles"), "s-, sp-, siècle, s mini, s2, s2-"),
            *_named(inline_phrases.century(" siècle av. J.-C.", " siècles av. J.-C."), "-s, -sp, -s-, -sp-"),
            *_named(argument(1, before="«\u00a0", after="\u00a0»"), "citation, cit"),
            *_named(argument(1, before="–\u00a0", after="\u00a0–"), "incise, tiret"),
            *_named(literal("er"), "er, ier, {{er}}"),
            *_named(literal("1er"), "1er"),
            *_named(literal("Ier"), "ier."),
            *_named(literal("re"), "re, ire"),
            *_named(literal("e"), "e, ème, ième"),
            *_named(literal("no\u00a0"), "n°, no, numéro"),
            *_named(literal("€"), "euro"),
            *_named(joined("\u00a0h\u00a0"), "heure"),
            *_named(argument("texte", "fr", 1, "trad"), "lien"),
            *_named(argument(1, before="M.\u00a0"), "m., monsieur"),
            *_named(argument(1, before="Mme\u00a0"), "mme"),
            *_named(argument(1, before="Dr\u00a0"), "dr"),
            *_named(argument(1, before="St\u00a0"), "st"),
        ]
    ),
    "es": dict([*_named(joined(" ", before="siglo "), "siglo"), *_named(literal("\u00a0"), "esd")]),
    "pt": dict([*_named(joined(" ", before="século "), "séc, século"), *_named(argument(2, 1), "link")]),
    "ca": dict(_named(joined(" ", before="segle "), "segle")),
    "ru": dict([*_named(argument(1), "s, м, ё"), *_named(literal("\u00a0тыс."), "тыс., тыс"), *_named(literal("\u00a0млн"), "млн")]),
    "it": dict([*_named(inline.quantity, "m, misura"), *_named(joined(" "), "calendario")]),
    "cs": dict(_named(argument(1), "nts, ntsh")),
}

FIRST_OF_PREFIX = ("lang-", "јез-", "jez-", "script/", "sw-", "lang/")
"""Names that begin so give their first argument: `lang-fr`."""

SILENT = frozenset(
    name.strip()
    for name in """sfn, sfnm, sfnp, sfnref, harvnb, harv, harvp, harvid, harvs, efn, efn-ua, efn-lr, notetag, refn, ref, note, note label, ref label, cref, cnote, r, rp,
    cn, fact, citation needed, cn span, cns, page needed, pn, clarify, clarify span, vague, when, who, which, whom, by whom, where, why, how, what, according to whom,
    dubious, dead link, broken link, failed verification, verification needed, verify source, verify credibility, unreliable source, better source needed, bsn,
    better source, weasel inline, peacock inline, pov-inline, pov statement, original research inline, or, or inline, synthesis inline, relevance inline, ambiguous,
    specify, full citation needed, volume needed, year needed, time needed, elucidate, jargon inline, tone inline, primary source inline, primary source-inline,
    primary inline, self-published inline, self-published source, third-party inline, non-primary source needed, contradict-inline, contradictory inline,
    inconsistent citations, discuss, disputed inline, disputed-inline, update inline, update after, obsolete source, imagefact, lead extra info, undue inline,
    excessive citations inline, subscription required, registration required, subscription, closed access, open access, free access, paywall, webarchive, wayback,
    cbignore, anchor, anchors, якорь, ancre, ancla, anker, âncora, clear, -, clr, clarify, flagicon, flag icon, flagicon image, flagdeco, bandera, drapeau, flaga,
    zászló, vlag, флаг, флагче, зас, застава, zastava, flagge, increase, decrease, steady, up, down, profit, loss, augmentation, diminution, nochange, 0, ntsh, hs,
    shy, wbr, zwj, zwnj, zwsp, nowrap begin, nowrap end, wrap, nobr begin, nobr end, audio, listen, en icon, fr icon, de icon, es icon, it icon,
    ru icon, in lang, languageicon, icon, link language, pdf, refbegin, refend, div col, div col end, div col begin, end, col-begin, col-2, col-break, col-end, main,
    toc limit, toc, use dmy dates, use mdy dates, pp-protected, featured article, good article, link fa, link ga, coord, coords, coordinate, координаты, efn-la, nfm,
    нет аи, аи, источник?, нет в источнике, уточнить, когда?, кто?, какой?, ref-en, ref-de, ref-fr, ref-ru, ref-es, ref-uk, ref-la, référence nécessaire, refnec,
    référence souhaitée, réf. nécessaire, référence insuffisante, quoi, qui, quand, lien brisé, pas clair, lien mort, ref nec, cita requerida, cr, enlace roto, ¿quién?,
    ¿cuándo?, carece de fontes, carece de fontes2, citar web, cita web, cita libro, webarquivo, internetquelle, literatur, toter link, webarchiv, bron?, dode link,
    citeer web, senza fonte, citazione necessaria, fakt, źródło, dr, przypis, odn, doplňte zdroj, zdroj?, chybí zdroj, citation requise, forrás, halott link, lábj,
    чињеница, мртва веза, dodaj izvor, citiraj, izvor, tveksamt, källa behövs, död länk, mangler kilde, kilde mangler, ej kildehenvisning, de, en, fr, es, it, ru,
    пр, факт, джерело, немає джерел, ae, цитат уеб, ouvrage, article, lien web, lien archive, книга, статья, публикация, cite, citation, vcite, литература, autorité,
    dl, inflation-fn, inflation/fn, void, nbhsp, pagename, fullpagename, currentyear, sort key, defaultsort, displaytitle, ',', ″, commons, commonscat""".split(
        ","
    )
)
"""Templates that are not missed in a sentence: notes, complaints, icons, anchors, layout. They are no holes."""

SILENT_PREFIXES = (
    "cite ",
    "citation ",
    "cita ",
    "citace ",
    "citácia ",
    "citar ",
    "cytuj",
    "citer ",
    "citeer",
    "vcite",
    "harv",
    "sfn",
    "efn",
    "pp-",
    "#",
    "флаг ",
    "flagicon",
)
SILENT_PREFIXES += (
    "ref-",
    "cite-",
    "lien ",
    "wikisource",
    "commons",
    "infobox",
    "coord",
    "col-",
    "toc",
    "displaytitle:",
    "defaultsort:",
    "cit. ",
    "citat ",
    "cite",
)


def renderer(name: str, language: str) -> Renderer | None:
    """What gives a template's text in this wiki; None where it has none. `name` is in lower case."""
    found = LANGUAGE_RENDERERS.get(language, {}).get(name) or RENDERERS.get(name)
    if found or "-" not in name[:8]:
        return found or (inline_phrases.named_language if name.startswith(FIRST_OF_PREFIX) else None)
    if name.startswith(("ipa-", "ipac-")):
        return inline_phrases.pronunciation if name[3] == "-" else inline_phrases.phonemes
    return inline_phrases.named_language if name.startswith(FIRST_OF_PREFIX) else None


def is_silent(name: str) -> bool:
    """Whether a template that gave nothing is not missed."""
    return name in SILENT or name.startswith(SILENT_PREFIXES)
