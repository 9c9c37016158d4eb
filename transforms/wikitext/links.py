"""What a link shows: nothing for files, categories and other languages, its label or its target for the rest."""

from __future__ import annotations

import re

from transforms.wikitext.wiki import Wiki, folded

_LANGUAGE = re.compile(r"(?:[a-z]{2,3}|simple|tokipona|[a-z]{2,3}(?:-[a-z]{2,5}){1,2}) ?")
_NOT_A_LANGUAGE = frozenset("mw wmf voy doi rfc iso irc wp hdl osm bug rev oeis utc c2 km mi cd dvd".split())
"""ours: interwiki prefixes of two and three letters that name no language; links to them show text."""
_BRACKETED = re.compile(r"\s*[(（][^()（）]*[)）]\s*$")


def vanishes(target: str, wiki: Wiki) -> bool:
    """Whether a link to this target is none that a reader sees in the text: a file, a category, the page in another language.

    A leading colon makes it a link like any other, as in MediaWiki. A prefix counts as a language by its form, in lower case: `fr`, `zh-yue`, `be-x-old`.
    """
    prefix, colon, _ = target.partition(":")
    if not colon or not prefix.strip():
        return False
    name = folded(prefix)
    if name in wiki.media or name in wiki.category:
        return True
    prefix = prefix.strip()
    return bool(_LANGUAGE.fullmatch(prefix)) and prefix not in _NOT_A_LANGUAGE and prefix != wiki.language and name not in wiki.namespaces


def shown(target: str) -> str:
    """What a link without a label shows: its target, less the colon in front."""
    return target.strip().removeprefix(":").strip()


def pipe_trick(target: str, wiki: Wiki) -> str:
    """What `[[target|]]` shows: no namespace, no bracket at the end, else nothing behind a comma."""
    name = shown(target)
    prefix, colon, rest = name.partition(":")
    if colon and (folded(prefix) in wiki.namespaces or _LANGUAGE.fullmatch(prefix)):
        name = rest
    without = _BRACKETED.sub("", name)
    return without if without != name else name.partition(", ")[0]
