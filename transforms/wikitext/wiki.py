"""What of a wiki shapes the stripping: its language, what its namespaces are called, and how its redirects begin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LANGUAGES = ("bg", "ca", "cs", "da", "de", "en", "es", "fr", "hr", "hu", "it", "nl", "pl", "pt", "ro", "ru", "sl", "sr", "sv", "uk")
"""paper: LLaMA section 2.1, the 20 languages in Latin or Cyrillic script."""

ENGLISH_MEDIA = ("File", "Image", "Media")
MEDIA = {
    "bg": "Медия,Файл,Картинка",
    "ca": "Fitxer,Imatge",
    "cs": "Soubor,Média,Obrázok",
    "da": "Billede,Fil",
    "de": "Medium,Datei,Bild",
    "es": "Medio,Archivo,Imagen",
    "fr": "Média,Fichier",
    "hr": "Mediji,DT,Slika,F,Datoteka",
    "hu": "Kép,Fájl,Média",
    "it": "Immagine",
    "nl": "Bestand,Afbeelding",
    "pl": "Plik,Grafika",
    "pt": "Multimédia,Ficheiro,Arquivo,Imagem",
    "ro": "Fişier,Imagine,Fișier",
    "ru": "Медиа,Файл,Изображение",
    "sl": "Slika,Datoteka",
    "sr": "Датотека,Medij,Slika,Медија,Datoteka,Медиј,Medija,Слика",
    "sv": "Fil,Bild",
    "uk": "Медіа,Медиа,Файл,Изображение,Зображення",
}
"""code: the aliases of Hugging Face's script, which RedPajama uses; the English names hold in every wiki."""

CATEGORY = {
    "bg": "Категория",
    "ca": "Categoria",
    "cs": "Kategorie",
    "da": "Kategori",
    "de": "Kategorie",
    "es": "CAT,Categoría",
    "fr": "Catégorie",
    "hr": "CT,KT,Kategorija",
    "hu": "Kategória",
    "it": "CAT,Categoria",
    "nl": "Categorie",
    "pl": "Kategoria",
    "pt": "Categoria",
    "ro": "Categorie",
    "ru": "Категория,К",
    "sl": "Kategorija",
    "sr": "Kategorija,Категорија",
    "sv": "Kategori",
    "uk": "Категория,Категорія",
}
"""code: as MEDIA."""

REDIRECT = {
    "bg": "пренасочване,виж",
    "ca": "redirecció",
    "cs": "přesměruj",
    "da": "omdirigering",
    "de": "weiterleitung",
    "es": "redirección,redireccion",
    "fr": "redirection",
    "hr": "preusmjeri",
    "hu": "átirányítás",
    "it": "rinvia,rinvio,rimando",
    "nl": "doorverwijzing",
    "pl": "patrz,przekieruj,tam",
    "pt": "redirecionamento,redirecionar",
    "ro": "redirecteaza",
    "ru": "перенаправление,перенапр",
    "sl": "preusmeritev",
    "sr": "преусмери,преусмјери,preusmeri,preusmjeri",
    "sv": "omdirigering",
    "uk": "перенаправлення,перенапр,перенаправление",
}
"""code: the magic word `redirect` of MediaWiki's message files; `redirect` itself holds in every wiki. Case never counts."""

NAMESPACE_MEDIA = (6, -2)
NAMESPACE_CATEGORY = 14
_REDIRECT_LINK = re.compile(r"\s*#([^\s:\[]{1,40})\s*:?\s*\[\[")


def folded(name: str) -> str:
    """A namespace's name as it is compared: case and underscores never count."""
    return " ".join(name.replace("_", " ").split()).casefold()


@dataclass(frozen=True)
class Wiki:
    """One wiki's names.

    Attributes:
        language: its code, `en` of `enwiki`.
        media: folded prefixes of links to files, without colon; such links go, captions and all.
        category: folded prefixes of category links.
        redirect: casefolded keywords that begin a redirect, without `#`.
        namespaces: folded names of all namespaces known; the pipe trick and interlanguage links ask it.
    """

    language: str
    media: frozenset[str]
    category: frozenset[str]
    redirect: frozenset[str]
    namespaces: frozenset[str]


def wiki_of(language: str, namespaces: Mapping[int, Iterable[str]] | None = None) -> Wiki:
    """The wiki of a language: alias tables of the 20 languages, English names, and what the dump's siteinfo adds.

    Args:
        language: a code; one that is not of the 20 has the English names and those of `namespaces`.
        namespaces: number to names, from siteinfo; 6 (files), -2 (media) and 14 (categories) count as such.
    """
    known = {number: list(names) for number, names in (namespaces or {}).items()}
    media = [*ENGLISH_MEDIA, *_split(MEDIA, language), *(name for number in NAMESPACE_MEDIA for name in known.get(number, ()))]
    category = ["Category", *_split(CATEGORY, language), *known.get(NAMESPACE_CATEGORY, ())]
    names = [*media, *category, *(name for each in known.values() for name in each)]
    return Wiki(
        language=language,
        media=frozenset(map(folded, media)) - {""},
        category=frozenset(map(folded, category)) - {""},
        redirect=frozenset({"redirect", *_split(REDIRECT, language)}),
        namespaces=frozenset(map(folded, names)) - {""},
    )


def is_redirect(wikitext: str, wiki: Wiki) -> bool:
    """Whether the page does nothing but point to another: `#REDIRECT [[...]]`, in the wiki's language or in English."""
    found = _REDIRECT_LINK.match(wikitext)
    return found is not None and found[1].casefold() in wiki.redirect


def _split(table: Mapping[str, str], language: str) -> list[str]:
    return [name for name in table.get(language, "").split(",") if name]
