"""Which wiki a dump is of: from its `<siteinfo>`, from the name of the file where that is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree import ElementTree

_NAME = re.compile(r"(?:^|/)([a-z][a-z0-9_]*?)(wiki|wiktionary|wikibooks|wikinews|wikiquote|wikisource|wikiversity|wikivoyage)(?=[-.])")
_CODE = re.compile(r"[a-z]{2,3}(?:_[a-z_]+)?|simple")  # what codes of wikis look like: `smallwiki-` is a name that somebody gave
_ROOT = re.compile(rb"<mediawiki\b[^>]*")
_LANGUAGE = re.compile(rb"xml:lang\s*=\s*[\"']([^\"'<>]*)")
_SITEINFO = re.compile(rb"<siteinfo\b[^>]*>")
_END = b"</siteinfo>"


@dataclass(frozen=True)
class Site:
    """`dbname`: such as `enwiki`; `language`: `xml:lang` of the dump; `namespaces`: their names by key.

    `base`: address of the main page; from the file's name, that below which the pages lie (it ends with a slash).

    What neither the dump nor its name tells is empty. `disputed`: the file's name is that of another wiki than siteinfo's; then the name counts,
    since a siteinfo that was copied tells nothing of the pages.
    """

    dbname: str
    language: str
    base: str
    sitename: str
    namespaces: Mapping[int, str] = field(hash=False)
    disputed: bool = False

    def namespace(self, title: str) -> int:
        """The key of a title's namespace, by its prefix, as exports before version 0.5 do not give it; 0 where no namespace is so called."""
        prefix, colon, _ = title.partition(":")
        return next((key for key, name in self.namespaces.items() if name == prefix), 0) if colon else 0


def site(head: bytes, name: str) -> tuple[Site, bool]:
    """The site that the bytes before a dump's first page tell, or the name of its file; and whether its siteinfo, if it has one, was read."""
    told = _siteinfo(head)
    values, namespaces = told or ({}, {})
    named = _NAME.search(name)
    base = values.get("base", "")
    if not base and named:
        base = f"https://{named[1].replace('_', '-')}.{'wikipedia' if named[2] == 'wiki' else named[2]}.org/wiki/"
    if named and _CODE.fullmatch(named[1]) and values.get("dbname") not in (None, "", "".join(named.groups())):
        own, _ = site(b"", name)
        return Site(own.dbname, own.language, own.base, "", namespaces, disputed=True), told is not None
    dbname = values.get("dbname") or ("".join(named.groups()) if named else _of_host(base))
    return Site(dbname, _language(head, dbname), base, values.get("sitename", ""), namespaces), told is not None


def _language(head: bytes, dbname: str) -> str:
    root = _ROOT.search(head)
    told = _LANGUAGE.search(root[0]) if root else None
    if told:
        return told[1].decode("utf-8", "replace")
    wiki = _NAME.search(f"{dbname}-")
    return wiki[1].replace("_", "-") if wiki else ""


def _of_host(base: str) -> str:
    """`enwiki` of `https://en.wikipedia.org/wiki/Main_Page`: exports before version 0.10 do not name it."""
    match = re.fullmatch(r"([a-z][a-z0-9-]*)\.(wikipedia|wikt?[a-z]+)\.org", urlsplit(base).hostname or "")
    if match is None:
        return ""
    return match[1].replace("-", "_") + ("wiki" if match[2] == "wikipedia" else match[2])


def _siteinfo(head: bytes) -> tuple[dict[str, str], dict[int, str]] | None:
    """Its fields, and the names of the namespaces by key; none where there is no siteinfo; None where it cannot be read."""
    begin = _SITEINFO.search(head)
    if begin is None or begin[0].endswith(b"/>"):
        return {}, {}
    end = head.find(_END, begin.end())
    try:
        root = ElementTree.fromstring(head[begin.start() : end + len(_END)])
        spaces = {int(each.get("key", "")): each.text or "" for each in root.iter("namespace")}
    except (ElementTree.ParseError, ValueError):
        return None
    return {name: (root.findtext(name) or "").strip() for name in ("dbname", "base", "sitename")}, spaces
