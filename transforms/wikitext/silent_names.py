"""Templates that are not missed in a sentence: notes, complaints, icons, anchors, layout. They give nothing, and are no holes.

ours: names (in lower case) and beginnings of names, as the English and the other 19 Wikipedias use them in lines of text.
"""

from __future__ import annotations

from transforms.wikitext.language_names import ENGLISH


def _names(text: str) -> frozenset[str]:
    return frozenset(" ".join(name.split()) for name in text.split(","))


_NOTES = """sfn, sfnm, sfnp, sfnref, harvnb, harv, harvp, harvid, harvs, efn, efn-ua, efn-lr, efn-la, notetag, refn, ref, note, note label, ref label,
cref, cnote, r, rp, nfm, odn, przypis, lábj, cite, citation, vcite, webarchive, wayback, cbignore, inflation-fn, inflation/fn, subscription required,
registration required, subscription, closed access, open access, free access, paywall, webarquivo, internetquelle, literatur, webarchiv, bron?,
forrás, dodaj izvor, citiraj, izvor, ouvrage, article, lien web, lien archive, msapi, книга, статья, публикация, литература, ref-en, ref-de, ref-fr,
ref-ru, ref-es, ref-uk, ref-la, autorité"""

_COMPLAINTS = """cn, fact, citation needed, cn span, cns, page needed, pn, clarify, clarify span, vague, when, who, which, whom, by whom, where, why,
how, what, according to whom, dubious, dead link, broken link, failed verification, verification needed, verify source, verify credibility, unreliable
source, better source, better source needed, bsn, weasel inline, peacock inline, pov-inline, pov statement, original research inline, or, or inline,
synthesis inline, relevance inline, ambiguous, specify, full citation needed, volume needed, year needed, time needed, elucidate, jargon inline, tone
inline, primary source inline, primary source-inline, primary inline, self-published inline, self-published source, third-party inline, non-primary
source needed, contradict-inline, contradictory inline, inconsistent citations, discuss, disputed inline, disputed-inline, update inline, update
after, obsolete source, imagefact, lead extra info, undue inline, excessive citations inline, нет аи, аи, источник?, нет в источнике, уточнить,
когда?, кто?, какой?, référence nécessaire, refnec, référence souhaitée, réf. nécessaire, référence insuffisante, quoi, qui, quand, lien brisé, pas
clair, lien mort, ref nec, cita requerida, enlace roto, ¿quién?, ¿cuándo?, actualizar, carece de fontes, carece de fontes2, toter link, dode link,
senza fonte, citazione necessaria, fakt, źródło, dr, doplňte zdroj, zdroj?, chybí zdroj, citation requise, halott link, чињеница, мртва веза,
tveksamt, källa behövs, död länk, mangler kilde, kilde mangler, ej kildehenvisning, факт, джерело, немає джерел, needs update, zukunft"""

_LAYOUT = """anchor, anchors, якорь, ancre, ancla, anker, âncora, clear, -, clr, flagicon, flag icon, flagdeco, bandera, drapeau, flaga, zászló, vlag,
флаг, флагче, зас, застава, zastava, flagge, prononciation, fb icon, increase, decrease, steady, up, down, profit, loss, augmentation, augmentation
négative, diminution, nochange, 0, ntsh, hs, shy, wbr, zwj, zwnj, zwsp, nowrap begin, nowrap end, wrap, nobr begin, nobr end, audio, listen, en icon,
fr icon, de icon, es icon, it icon, ru icon, ja icon, ca icon, in lang, languageicon, icon, link language, pdf, refbegin, refend, div col, div col
end, div col begin, end, main, toc limit, toc, use dmy dates, use mdy dates, featured article, good article, link fa, link ga, coords, координаты,
void, nbhsp, pagename, fullpagename, sort key, de, en, fr, es, it, ru, ″, commonscat, maplink, official website, official, official url, imdb name,
imdb title, dmoz, find a grave, youtube, sister-inline, portal-inline, wikisource-inline"""

SILENT = _names(_NOTES) | _names(_COMPLAINTS) | _names(_LAYOUT) | {","}

PREFIXES = (
    *(
        "cite ",
        "cite-",
        "citation ",
        "cita ",
        "citace ",
        "citácia ",
        "citar ",
        "citat ",
        "cytuj",
        "citer ",
        "citeer",
        "citaĵo",
        "vcite",
        "цитат ",
        "harv",
        "sfn",
        "efn",
    ),
    *(
        "pp-",
        "#",
        "флаг ",
        "flagicon",
        "ref-",
        "lien ",
        "wikisource",
        "commons",
        "infobox",
        "coord",
        "col-",
        "toc",
        "displaytitle:",
        "defaultsort:",
    ),
    *("user ", "osmrelation"),
)
"""What the names of whole families of such templates begin with."""

SUFFIXES = ("-inline", " inline", " icon", " needed", "-needed", "?")
"""What the names of whole families of such templates end with."""


def is_silent(name: str) -> bool:
    """Whether a template that gives nothing is not missed; a language's code as a name, `{{fr}}`, is a sign behind a link."""
    return name in SILENT or name in ENGLISH or name.startswith(PREFIXES) or name.endswith(SUFFIXES)
