"""Wikipedia's sample as MediaWiki dumps of five invented wikis, each in a form that dumps come in; written at run time from the committed texts."""

from __future__ import annotations

import bz2
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from pipeline.samples import stored_files
from pipeline.samples.case_files import TEXTS, Case, read

FOLDER = TEXTS / "wikipedia"
PAGES_PER_STREAM = 3  # ours: Wikimedia has 100; here several streams hold pages
FILE, MEDIA, CATEGORY, TALK, TEMPLATE = 6, -2, 14, 1, 10
TIME = "2022-07-{:02d}T12:00:00Z"


@dataclass(frozen=True)
class WikiDump:
    """A wiki: its language, the name of its dump, the namespaces' names, and how its pages become the stored bytes."""

    language: str
    name: str
    namespaces: dict[int, str]
    packed: Callable[[WikiDump], dict[str, bytes]]

    @property
    def database(self) -> str:
        """What ids begin with."""
        return f"{self.language}wiki"

    @property
    def cases(self) -> list[Case]:
        """Its pages. Raises ValueError where the text is malformed."""
        return read(FOLDER / f"{self.language}.txt")


def pack(folder: Path) -> list[Path]:
    """The dumps, and the index of the one that has one, under `folder`. Raises ValueError where a text is malformed."""
    return [stored_files.write(folder / name, content) for wiki in WIKIS for name, content in wiki.packed(wiki).items()]


def _head(wiki: WikiDump) -> str:
    spaces = "".join(
        f'      <namespace key="{key}" case="first-letter">{name}</namespace>\n' for key, name in sorted(wiki.namespaces.items())
    )
    return (
        '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'version="0.10" xml:lang="{wiki.language}">\n  <siteinfo>\n    <sitename>Invented wiki</sitename>\n    <dbname>{wiki.database}</dbname>\n'
        f"    <base>https://{wiki.language}.wiki.example/wiki/Main_Page</base>\n    <generator>Cria</generator>\n    <case>first-letter</case>\n"
        f'    <namespaces>\n{spaces}      <namespace key="0" case="first-letter" />\n    </namespaces>\n  </siteinfo>\n'
    )


TAIL = "</mediawiki>\n"


def _page(case: Case) -> str:
    redirect = f"    <redirect title={quoteattr(case.values['redirect'])} />\n" if "redirect" in case.values else ""
    older = int(case.values.get("older", 0))
    text = "".join(_revision(case, number, number == older) for number in range(older + 1))
    place = f"    <ns>{case.values.get('ns', 0)}</ns>\n    <id>{case.value('id')}</id>\n"
    return f"  <page>\n    <title>{escape(case.name)}</title>\n{place}{redirect}{text}  </page>\n"


def _revision(case: Case, number: int, newest: bool) -> str:
    model, identifier = case.values.get("model", "wikitext"), 100 * int(case.value("id")) + number
    shown = _text(case) if newest else '      <text bytes="12" xml:space="preserve">An older one</text>\n'
    by = "      <contributor><username>Cria</username></contributor>\n"
    fields = f"      <id>{identifier}</id>\n      <timestamp>{TIME.format(number + 1)}</timestamp>\n{by}"
    return f"    <revision>\n{fields}      <model>{model}</model>\n      <format>text/x-wiki</format>\n{shown}    </revision>\n"


def _text(case: Case) -> str:
    kind = case.values.get("text")
    if kind is not None:
        return {"none": "", "deleted": '      <text deleted="deleted" />\n', "stub": '      <text id="77" bytes="4100" />\n'}[kind]
    text = case.section("wikitext").decode()
    return (
        f'      <text bytes="{len(text.encode())}" xml:space="preserve">{escape(text)}</text>\n' if text else '      <text bytes="0" />\n'
    )


def _whole(wiki: WikiDump) -> bytes:
    return (_head(wiki) + "".join(map(_page, wiki.cases)) + TAIL).encode()


def _plain(wiki: WikiDump) -> dict[str, bytes]:
    return {wiki.name: _whole(wiki)}


def _gzip(wiki: WikiDump) -> dict[str, bytes]:
    return {wiki.name: stored_files.gzip_member(_whole(wiki))}


def _one_stream(wiki: WikiDump) -> dict[str, bytes]:
    return {wiki.name: bz2.compress(_whole(wiki))}


def _multistream(wiki: WikiDump) -> dict[str, bytes]:
    """Streams of a few pages each between one of the head and one of the tail; and the index, OFFSET:PAGE ID:TITLE."""
    stored, lines = bz2.compress(_head(wiki).encode()), []
    cases = wiki.cases
    for begin in range(0, len(cases), PAGES_PER_STREAM):
        dealt = cases[begin : begin + PAGES_PER_STREAM]
        lines += [f"{len(stored)}:{case.value('id')}:{escape(case.name)}\n" for case in dealt]
        stored += bz2.compress("".join(map(_page, dealt)).encode())
    index = wiki.name.replace(".xml.bz2", "-index.txt.bz2")
    return {wiki.name: stored + bz2.compress(TAIL.encode()), index: bz2.compress("".join(lines).encode())}


def _seven_zip(wiki: WikiDump) -> dict[str, bytes]:
    """An archive of the one file; its time and its mode, which the archive holds, are fixed."""
    import lzma

    import py7zr

    with tempfile.TemporaryDirectory() as folder:
        path, archive = Path(folder, wiki.name.removesuffix(".7z")), Path(folder, "archive.7z")
        path.write_bytes(_whole(wiki))
        path.chmod(0o644)
        os.utime(path, (stored_files.FILE_TIME, stored_files.FILE_TIME))
        with py7zr.SevenZipFile(archive, "w", filters=[{"id": lzma.FILTER_LZMA2, "preset": 6}]) as packing:
            packing.write(path, path.name)
        return {wiki.name: archive.read_bytes()}


WIKIS = (
    WikiDump(
        "en",
        "enwiki-20220801-pages-articles-multistream.xml.bz2",
        {FILE: "File", MEDIA: "Media", CATEGORY: "Category", TALK: "Talk", TEMPLATE: "Template"},
        _multistream,
    ),
    WikiDump(
        "de",
        "dewiki-20220801-pages-articles.xml",
        {FILE: "Datei", MEDIA: "Medium", CATEGORY: "Kategorie", TALK: "Diskussion", TEMPLATE: "Vorlage"},
        _plain,
    ),
    WikiDump(
        "ru",
        "ruwiki-20220801-pages-articles.xml.7z",
        {FILE: "Файл", MEDIA: "Медиа", CATEGORY: "Категория", TALK: "Обсуждение", TEMPLATE: "Шаблон"},
        _seven_zip,
    ),
    WikiDump(
        "sl",
        "slwiki-20220801-pages-meta-history.xml.gz",
        {FILE: "Slika", MEDIA: "Datoteka", CATEGORY: "Kategorija", TALK: "Pogovor", TEMPLATE: "Predloga"},
        _gzip,
    ),
    WikiDump("fi", "fiwiki-20220801-pages-articles.xml.bz2", {FILE: "Tiedosto", CATEGORY: "Luokka"}, _one_stream),
)
"""Four of LLaMA's twenty languages, in both scripts, and one that is not among them."""
