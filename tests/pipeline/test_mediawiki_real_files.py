"""Every real dump that is at hand gives what a plain iterparse gives."""

import bz2
import gzip
import io
import lzma
from xml.etree import ElementTree

import py7zr
import pytest
from made_mediawiki import read_all, real
from shared_data import SHARED

from pipeline.mediawiki_between import UNFINISHED

UNSOUND = {"enwiki-wp2txt-testdata_en.xml.bz2": [UNFINISHED], "article-pyrus.xml.lzma": ["not a MediaWiki dump"]}
OTHER = {"es-article.txt": "not a MediaWiki dump", "article-pyrus.xml_invalid.7z": "7z archive is cut or corrupt"}
FILES = sorted(path.relative_to(SHARED).as_posix() for path in (SHARED / "wikipedia").rglob("*") if path.is_file())


def expanded(path):
    data = path.read_bytes()
    if path.suffix == ".7z":
        factory = py7zr.io.BytesIOFactory(1 << 30)
        with py7zr.SevenZipFile(path) as archive:
            archive.extractall(factory=factory)
        (product,) = factory.products.values()
        product.seek(0)
        return product.read()
    return {".bz2": bz2.decompress, ".gz": gzip.decompress, ".xz": lzma.decompress, ".lzma": lzma.decompress}.get(path.suffix, bytes)(data)


def local(element):
    return element.tag.rpartition("}")[2]


def by_iterparse(data):
    """(title, ns, id, text, revisions) of each page, of its newest revision."""
    if not data.rstrip().endswith((b"</mediawiki>", b">\0", b"\0>", b"\n\0")):
        data += b"</mediawiki>"
    for _, element in ElementTree.iterparse(io.BytesIO(data)):
        if local(element) == "page":
            fields = {local(child): child.text for child in element}
            revisions = [{local(child): child.text or "" for child in each} for each in element if local(each) == "revision"]
            newest = max(enumerate(revisions), key=lambda each: (each[1].get("timestamp", ""), each[0]))[1]
            yield fields["title"], fields.get("ns"), int(fields["id"]), newest["text"], len(revisions)
            element.clear()


@pytest.mark.parametrize("name", FILES or ["none"])
def test_a_real_dump_gives_what_iterparse_gives(name):
    path = real().parent / name
    pages, broken = read_all(path.read_bytes(), path.name)
    reasons = [each.reason for each in broken]
    if path.name in OTHER:
        assert (pages, reasons) == ([], [OTHER[path.name]])
        return
    if path.suffix == ".lzma":
        assert (pages, reasons) == ([], UNSOUND[path.name])
        return
    assert reasons == UNSOUND.get(path.name, [])
    expected = list(by_iterparse(expanded(path)))
    assert expected
    assert [(page.title, page.id, page.text, page.older + 1) for page in pages] == [(title, *rest) for title, _, *rest in expected]
    assert all(ns is None or page.ns == int(ns) for page, (_, ns, *_) in zip(pages, expected, strict=True))
    assert {page.site.dbname for page in pages} == {page.site.dbname or "" for page in pages[:1]}


def test_history_and_current_pages_of_one_wiki_are_the_same_texts():
    current, history = (
        read_all((real() / f"aawiki-20260101-pages-meta-{kind}").read_bytes())[0] for kind in ("current.xml.bz2", "history.xml.7z")
    )
    assert [(page.id, page.revision, page.text) for page in current] == [(page.id, page.revision, page.text) for page in history]
    assert sum(page.older for page in history) == 800
    assert sum(page.older for page in current) == 0


def test_a_namespace_is_told_where_an_old_export_gives_none():
    pages, _ = read_all((real() / "parse-mediawikidump/pages_test.xml").read_bytes())
    assert {page.title: page.ns for page in pages if ":" in page.title} == {
        page.title: {"Talk": 1, "Image": 6, "Category": 14, "User": 2, "Template": 10}.get(page.title.partition(":")[0], 0)
        for page in pages
        if ":" in page.title
    }
