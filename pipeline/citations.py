"""The web addresses that a MediaWiki XML dump cites as references: one pass, in the memory of one page's newest revision.

Rules: spec, "Wikipedia-reference classifier" (better than RedPajama's, which takes `<ref>` without attributes within one line). A
reference is what stands in `<ref>...</ref>`, or in a citation template elsewhere in an article. Two spellings of an address: `match_key`.
"""

import bz2
import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast
from xml.etree import ElementTree

from pipeline import files

# Names of templates, lower case. ours: what the twenty languages' Wikipedias call them most.
CITATION = ("cit", "#tag:ref", "internetquelle", "lien web", "webref", "web kaynağı")  # cite web, citation, cita web, citar, citace
# fmt: off
DEAD = frozenset([
    "dead link", "deadlink", "dead", "broken link", "404", "toter link", "lien brisé", "lien mort", "enlace roto",
    "collegamento interrotto", "ligação inativa", "dode link", "мёртвая ссылка", "недоступная ссылка", "död länk", "mrtav link",
    "martwy link", "enllaç no actiu",
])
# fmt: on
ARTICLES = "0"  # ours: the namespace of articles; templates, portals and talk pages cite nothing that a reader sees as a reference


class BrokenDump(ValueError):
    """A dump that cannot be read to its end: which, where, what was found."""


def cited_urls(path: str | Path) -> Iterator[str]:
    """The http and https addresses that the articles of a dump cite, as written, in order, repeated as often as they are cited.

    The dump is XML, plain or in gzip or bzip2 (of many streams too), of any version of the export format and any encoding that expat reads.
    Of a page with several revisions the newest counts. Raises OSError where the file cannot be opened, BrokenDump where it is no dump or
    breaks off; what came before has then been yielded.
    """
    with files.open_read(str(path)) as stored:
        try:
            for wikitext in _articles(_expanded(stored)):
                yield from references(wikitext)
        except ElementTree.ParseError as error:
            raise BrokenDump(
                f"{path}: expected a MediaWiki XML dump (plain, .gz or .bz2), found XML that is not well-formed: {error}"
            ) from error
        except (EOFError, OSError, zlib.error) as error:
            raise BrokenDump(f"{path}: is damaged or cut: {error}; fetch it again") from error
        except BrokenDump as error:
            raise BrokenDump(f"{path}: {error}") from None


def _expanded(stored: BinaryIO) -> BinaryIO:
    """By the first bytes, not the name."""
    head = stored.read(4)
    stored.seek(0)
    if head.startswith(b"BZh"):
        return cast(BinaryIO, bz2.open(stored))
    return cast(BinaryIO, gzip.open(stored)) if head.startswith(b"\x1f\x8b") else stored


def _articles(stream: BinaryIO) -> Iterator[str]:
    """The wikitext of the newest revision of each article."""
    events = ElementTree.iterparse(stream, ("start", "end"))
    _, root = next(events)
    if _local(root) != "mediawiki":
        raise BrokenDump(f"expected a MediaWiki XML dump, whose root is <mediawiki>, found <{_local(root)}>")
    other_namespaces: set[str] = set()
    newest = wikitext = ""
    for event, element in events:
        name = _local(element)
        if event == "start":
            continue
        if name == "namespace" and element.get("key") != ARTICLES:
            other_namespaces.add(element.text or "")
        elif name == "revision":
            parts = _children(element)
            if parts.get("timestamp", "") >= newest:
                newest, wikitext = parts.get("timestamp", ""), parts.get("text", "")
            element.clear()
        elif name == "page":
            if _is_article(_children(element), other_namespaces):
                yield wikitext
            root.clear()
            newest = wikitext = ""


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(element: ElementTree.Element) -> dict[str, str]:
    return {_local(child): child.text or "" for child in element}


def _is_article(page: dict[str, str], other_namespaces: set[str]) -> bool:
    """By `<ns>`; exports before version 0.5 have none: by the prefix of the title."""
    if "ns" in page:
        return page["ns"].strip() == ARTICLES
    prefix, colon, _ = page.get("title", "").partition(":")
    return not (colon and prefix in other_namespaces)


# Each alternative is bounded, or stops where the next could begin and gives nothing back (possessive): linear in the text's length. Each
# begins with a plain character, which lets the search skip: five times as fast as with groups around them.
_TOKEN = re.compile(
    r"<(?:(?P<comment>!--)|(?P<verbatim>nowiki|pre)\b[^<>]*+>|ref\b(?P<ref>[^<>]*+)>|(?P<end>/ref\s{0,9}>))"
    r"|\{\{\s{0,9}(?P<template>[^|{}<>\[\]\n]{0,40})"
    r"|\}(?P<close>\})"
    r"|:(?P<link>//[^\s\[\]<>\"|{}\x00-\x20\x7f]++)",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"(?<![^\W_])https?\Z", re.IGNORECASE)
_VERBATIM_END = {name: re.compile(rf"</{name}\s{{0,9}}>", re.IGNORECASE) for name in ("nowiki", "pre")}


def references(wikitext: str) -> list[str]:
    """The addresses cited in one page's wikitext, in order. Time and memory are linear in its length, whatever is left unclosed.

    A `<ref>` or template that is never closed cites nothing, as MediaWiki shows none. `{{dead link}}` takes back the link or the template
    just before it, in the same reference or directly behind it. Comments and `<nowiki>` count for nothing.
    """
    scan, position, unclosed = _Scan(wikitext), 0, set[str]()
    while token := _TOKEN.search(wikitext, position):
        kind, position = token.lastgroup, token.end()
        if kind == "comment":
            position = wikitext.find("-->", position)
            if position < 0:
                break  # as MediaWiki: a comment that is not closed goes on to the end
        elif kind == "verbatim":
            name = token["verbatim"].lower()
            if name not in unclosed and not token[0].endswith("/>"):
                end = _VERBATIM_END[name].search(wikitext, position)
                position = end.end() if end else position
                unclosed |= set() if end else {name}
        elif kind == "ref":
            if not token["ref"].endswith("/"):
                scan.open_reference()
        elif kind == "end":
            scan.close_reference(position)
        elif kind == "template":
            scan.open_template(" ".join(token["template"].replace("_", " ").lower().split()), token.start())
        elif kind == "close":
            scan.close_template(position)
        else:
            scan.link(token.start(), position)
    return scan.cited


@dataclass
class _DeadLink:
    """An open `{{dead link}}`. Some languages' hold the address themselves: it is dead, and what stands before is not."""

    opened: int
    """How many templates were open before it."""
    start: int
    holds_address: bool = False


@dataclass
class _Scope:
    """One `<ref>`, or all that stands outside of them. A source is the addresses of one link or one template."""

    is_reference: bool
    sources: list[list[str]] = field(default_factory=list)
    templates: int = 0
    """How many are open."""
    citation: int | None = None
    """How many were open before the outermost citation template; outside of references only."""
    dead: _DeadLink | None = None


class _Scan:
    """Where in the markup the reader is, and what was cited so far."""

    def __init__(self, wikitext: str) -> None:
        self.cited: list[str] = []
        self._text = wikitext
        self._outside = self._scope = _Scope(is_reference=False)
        self._ended, self._last = 0, 0  # where the last reference ended, and how many addresses its last source has

    def open_reference(self) -> None:
        if not self._scope.is_reference:  # a <ref> within a <ref> is text
            self._scope = _Scope(is_reference=True)

    def close_reference(self, position: int) -> None:
        if self._scope.is_reference:
            self._finish(position)
            self._scope = self._outside

    def open_template(self, name: str, start: int) -> None:
        scope = self._scope
        if scope.dead is None and name in DEAD:
            scope.dead = _DeadLink(scope.templates, start)
        elif scope.is_reference and not scope.templates:
            scope.sources.append([])
        elif not scope.is_reference and scope.citation is None and name.startswith(CITATION):
            scope.citation, scope.sources = scope.templates, [[]]
        scope.templates += 1

    def close_template(self, position: int) -> None:
        scope = self._scope
        scope.templates = max(0, scope.templates - 1)
        if scope.dead and scope.dead.opened == scope.templates:
            if not scope.dead.holds_address:
                self._take_back(scope.dead.start)
            scope.dead = None
        if scope.citation == scope.templates:
            self._finish(position)
            scope.citation = None

    def link(self, colon: int, end: int) -> None:
        scope = self._scope
        if scope.dead:
            scope.dead.holds_address = True
            return
        if not scope.is_reference and scope.citation is None:
            return
        scheme = _SCHEME.search(self._text, max(0, colon - 6), colon)
        if scheme is None:
            return
        url = _trimmed(self._text[scheme.start() : end])
        if scope.is_reference and not scope.templates:
            scope.sources.append([url])
        else:
            scope.sources[-1].append(url)

    def _take_back(self, start: int) -> None:
        scope = self._scope
        if scope.is_reference and not scope.templates:
            del scope.sources[-1:]
        elif scope.is_reference or scope.citation is not None:
            del scope.sources[-1][-1:]
        elif self._last:
            if not self._text[self._ended : start].strip():
                del self.cited[-self._last :]
            self._last = 0  # also where it is too far off, so that the text between is looked at once

    def _finish(self, position: int) -> None:
        self.cited += [url for source in self._scope.sources for url in source]
        self._ended, self._last = position, len(self._scope.sources[-1]) if self._scope.sources else 0


def _trimmed(url: str) -> str:
    """As MediaWiki ends a bare address: before a quotation in italics, and before marks of punctuation."""
    url = url.partition("''")[0].replace("&amp;", "&")
    return url.rstrip(",;.:!?" if "(" in url else ",;.:!?)")


_PARTS = re.compile(r"\s*(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?", re.IGNORECASE)
_ESCAPED = re.compile(r"%[0-9a-fA-F]{2}|[^!-~]")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_DEFAULT_PORT = {"http": "80", "https": "443"}


def match_key(url: str) -> str:
    """Equal for the addresses of one page: scheme, `www.`, default port, case of the host, slashes at the end and fragment do not count.

    Escapes are compared as RFC 3986 (6.2.2) says: case does not matter, nor whether an unreserved character is escaped; what is not ASCII
    is escaped as UTF-8. Another scheme's address is its own key.

    >>> match_key("https://www.Example.org:443/a%c3%a9/#top"), match_key("http://example.org/aé")
    ('example.org/a%C3%A9', 'example.org/a%C3%A9')
    """
    parts = _PARTS.match(url)
    if parts is None:
        return url.strip()
    scheme, authority, path, query = parts.groups()
    host, colon, port = authority.rpartition(":")
    if not colon or (port and not port.isdecimal()):
        host, port = authority, ""
    if port == _DEFAULT_PORT[scheme.lower()]:
        port = ""
    host = _host(host).removeprefix("www.")
    rest = path.rstrip("/") if query in (None, "?") else path + query
    return f"{host}{':' if port else ''}{port}{_ESCAPED.sub(_escape, rest.strip())}"


def _host(host: str) -> str:
    host = host.lower().rstrip(".")
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _escape(found: re.Match[str]) -> str:
    if found[0].startswith("%"):
        value = int(found[0][1:], 16)
        return chr(value) if value in _UNRESERVED else found[0].upper()
    return "".join(f"%{value:02X}" for value in found[0].encode("utf-8", "surrogatepass"))
