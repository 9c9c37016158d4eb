"""The embedded sample: its texts hold what they promise, and it packs into sound crawl files, always the same."""

import gzip
import html
import itertools
import re
import zlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator  # type: ignore[import-untyped]
from warcio.recordloader import ArcWarcRecord  # type: ignore[import-untyped]

from pipeline.samples import crawl_files
from pipeline.samples.crawl_files import Page, pack, read_pages

TEXTS = Path(crawl_files.__file__).parent / "texts" / "commoncrawl"


def pages_of(name: str) -> list[Page]:
    return read_pages((TEXTS / name).read_text(encoding="utf-8"), name)


def body(page: Page) -> str:
    return "\n".join(page.lines)


def normalized(line: str) -> str:
    """Enough of the line deduplication's rule for the sample's lines: case and digits do not distinguish."""
    return re.sub(r"\d", "0", line.strip().lower())


def documents_with(pages: list[Page]) -> Counter[str]:
    return Counter(line for page in pages for line in {normalized(line) for line in page.lines})


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return pack(tmp_path_factory.mktemp("sample"))


def records(path: Path) -> list[tuple[ArcWarcRecord, bytes]]:
    """Each record with its content, for HTTP its body; warcio raises where a digest or a length does not match."""
    with path.open("rb") as stream:
        return [(record, record.raw_stream.read()) for record in ArchiveIterator(stream, check_digests="raise")]


def uri(record: ArcWarcRecord) -> str:
    return str(record.rec_headers.get_header("WARC-Target-URI"))


def test_there_are_enough_pages_of_each_kind() -> None:
    assert len(pages_of("cited.txt")) >= 100
    assert len(pages_of("random.txt")) >= 120
    assert len(pages_of("languages.txt")) >= 40
    assert len({page.language.split(",")[0] for page in pages_of("languages.txt")}) >= 12
    assert len({page.url.split("/")[2] for page in pages_of("random.txt")}) >= 20


def test_poor_pages_are_thirty_long_eight_short_and_four_of_boilerplate_alone() -> None:
    poor = pages_of("poor.txt")
    found_in = documents_with([page for name in crawl_files.TEXTS for page in pages_of(name)])
    short = [page for page in poor if len(body(page)) < 300]
    boilerplate = [page for page in poor if all(found_in[normalized(line)] >= 2 for line in page.lines)]
    assert (len(poor), len(short), len(boilerplate)) == (42, 8, 4)
    assert all(len(body(page)) >= 330 for page in poor if page not in short)


def test_pages_that_should_be_kept_keep_300_characters_when_repeated_lines_go() -> None:
    found_in = documents_with([page for name in crawl_files.TEXTS for page in pages_of(name)])
    for page in pages_of("random.txt") + pages_of("cited.txt"):
        unique = "\n".join(line for line in page.lines if found_in[normalized(line)] < 2)
        assert len(unique) >= 300, page.url
    for page in pages_of("random.txt"):
        assert 330 <= len(body(page)) <= 700, page.url


def test_hosts_of_random_pages_repeat_their_boilerplate() -> None:
    hosts: dict[str, list[Page]] = {}
    for page in pages_of("random.txt"):
        hosts.setdefault(page.url.split("/")[2], []).append(page)
    repeating = [host for host, pages in hosts.items() if any(count >= 3 for count in documents_with(pages).values())]
    assert len(repeating) >= 20


def test_every_address_is_invented_and_occurs_once_in_february_2019() -> None:
    pages = [page for name in crawl_files.TEXTS for page in pages_of(name)]
    assert all(page.url.split("/")[2].endswith(".example") for page in pages)
    assert len({page.url for page in pages}) == len(pages)
    assert all(page.date.startswith("2019-02-") for page in pages)
    assert len({page.date for page in pages}) > len(pages) * 0.95


def test_wet_files_parse_and_their_digests_verify(packed: list[Path]) -> None:
    assert [path.name for path in packed] == [*(f"sample-{number:05d}.warc.wet.gz" for number in range(5)), "sample-00005.warc.gz"]
    texts = {page.url: page.text for name in crawl_files.TEXTS for page in pages_of(name)}
    texts[crawl_files.TWIN] = texts[crawl_files.TWIN_OF]
    seen: list[str] = []
    for path in packed[:5]:
        (info, _), *rest = records(path)
        assert info.rec_type == "warcinfo"
        assert info.rec_headers.get_header("WARC-Filename") == path.name
        for record, content in rest:
            assert record.rec_type == "conversion"
            assert record.rec_headers.get_header("Content-Type") == "text/plain"
            assert content.decode() == texts[uri(record)] + "\n"
            assert int(record.rec_headers.get_header("Content-Length")) == len(content)
            seen.append(uri(record))
    in_warc = {uri(record) for record, _ in records(packed[5]) if record.rec_type == "response"}
    assert set(seen) | in_warc == set(texts) | {crawl_files.MISSING, crawl_files.PDF}
    assert not set(seen) & in_warc
    assert 20 <= len(in_warc) <= 35


def test_pages_of_boilerplate_alone_are_in_wet_files(packed: list[Path]) -> None:
    """As HTML they would keep a line, their heading, and dedup would leave something."""
    in_wet = {uri(record) for path in packed[:5] for record, _ in records(path)}
    assert {page.url for page in pages_of("poor.txt")[-4:]} <= in_wet


def test_every_wet_file_is_mixed(packed: list[Path]) -> None:
    kinds = {page.url: name for name in crawl_files.TEXTS for page in pages_of(name)}
    for path in packed[:5]:
        order = [kinds.get(uri(record), "") for record, _ in records(path)[1:]]
        assert set(order) >= set(crawl_files.TEXTS)
        assert sum(one != other for one, other in itertools.pairwise(order)) > len(order) / 3


def test_each_record_is_one_gzip_member_with_crlf_headers(packed: list[Path]) -> None:
    for path in packed:
        content, members = path.read_bytes(), []
        while content:
            member = zlib.decompressobj(31)
            members.append(member.decompress(content) + member.flush())
            content = member.unused_data
        assert len(members) == len(records(path))
        for member_content in members:
            head = member_content.split(b"\r\n\r\n")[0]
            assert head.startswith(b"WARC/1.0\r\nWARC-Type: ")
            assert b"\n" not in head.replace(b"\r\n", b"")
            assert member_content.endswith(b"\r\n\r\n")


def test_record_ids_repeat_only_for_the_repeat_and_digests_only_for_repeat_and_twin(packed: list[Path]) -> None:
    found = [(record, number) for number, path in enumerate(packed[:5]) for record, _ in records(path)[1:]]
    ids, digests = Counter[str](), Counter[str]()
    for record, _ in found:
        ids[record.rec_headers.get_header("WARC-Record-ID")] += 1
        digests[record.rec_headers.get_header("WARC-Block-Digest")] += 1
    repeats = [number for record, number in found if uri(record) == crawl_files.REPEATED]
    assert len(set(repeats)) == 2
    assert sorted(ids.values())[-2:] == [1, 2]
    assert sorted(digests.values())[-3:] == [1, 2, 2]
    twins = {record.rec_headers.get_header("WARC-Block-Digest") for record, _ in found if "shop-of-ropes.example/offers/3" in uri(record)}
    assert len(twins) == 1


def test_the_warc_file_holds_the_odd_records(packed: list[Path]) -> None:
    found = records(packed[5])
    kinds = Counter(record.rec_type for record, _ in found)
    assert (kinds["warcinfo"], kinds["request"], kinds["revisit"]) == (1, 1, 1)
    responses = {uri(record): (record.http_headers, content) for record, content in found if record.rec_type == "response"}
    assert responses[crawl_files.MISSING][0].get_statuscode() == "404"
    head, content = responses[crawl_files.PDF]
    assert head.get_header("Content-Type") == "application/pdf"
    assert content.startswith(b"%PDF-1.4\n")
    head, content = responses[crawl_files.LATIN_1]
    assert head.get_header("Content-Type") == "text/html; charset=ISO-8859-1"
    assert "Nos chambres d&#x27;hôtes" in content.decode("iso-8859-1")
    head, content = responses[crawl_files.CYRILLIC]
    assert head.get_header("Content-Type") == "text/html"
    assert b"charset=windows-1251" in content
    assert "Рассада помидоров на подоконнике" in content.decode("windows-1251")
    assert all(int(head.get_header("Content-Length")) == len(content) for head, content in responses.values())


def test_the_revisit_refers_to_a_response_with_the_same_payload(packed: list[Path]) -> None:
    found = [record for record, _ in records(packed[5])]
    (revisit,) = [record.rec_headers for record in found if record.rec_type == "revisit"]
    (response,) = [
        record.rec_headers for record in found if record.rec_headers.get_header("WARC-Record-ID") == revisit.get_header("WARC-Refers-To")
    ]
    for name in ("WARC-Target-URI", "WARC-Payload-Digest"):
        assert revisit.get_header(name) == response.get_header(name)


def test_paragraphs_are_the_page_s_lines_escaped(packed: list[Path]) -> None:
    pages = {page.url: page for name in crawl_files.TEXTS for page in pages_of(name)}
    charsets = {crawl_files.LATIN_1: "iso-8859-1", crawl_files.CYRILLIC: "windows-1251"}
    responses = [(uri(record), content) for record, content in records(packed[5]) if record.rec_type == "response"]
    for url, content in responses:
        if url in pages:
            text = content.decode(charsets.get(url, "utf-8"))
            assert re.findall(r"<p>(.*)</p>", text) == [html.escape(line) for line in pages[url].lines]
            assert f"<title>{html.escape(pages[url].title)}</title>" in text


def test_two_packs_are_equal(packed: list[Path], tmp_path: Path) -> None:
    again = pack(tmp_path / "deeper" / "still")
    assert [(path.name, path.read_bytes()) for path in again] == [(path.name, path.read_bytes()) for path in packed]
    assert gzip.decompress(again[0].read_bytes()).startswith(b"WARC/1.0\r\n")


def test_a_second_pack_leaves_files_and_restores_a_changed_one(tmp_path: Path) -> None:
    paths = pack(tmp_path)
    before = [(path.stat().st_ino, path.stat().st_mtime_ns) for path in paths]
    content = paths[2].read_bytes()
    assert pack(tmp_path) == paths
    assert [(path.stat().st_ino, path.stat().st_mtime_ns) for path in paths] == before
    assert {mtime for _, mtime in before} == {crawl_files.FILE_TIME * 10**9}
    paths[2].write_bytes(content[:-9])
    pack(tmp_path)
    assert paths[2].read_bytes() == content
    assert paths[2].stat().st_mtime_ns == before[2][1]
    assert sorted(tmp_path.iterdir()) == sorted(paths)


GOOD = "=== https://a.example/ 2019-02-15T20:03:40Z\nTitle\nline\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("Title\nline\n", 1, "expected a page head"),
        (GOOD + "\n\n=== https://b.example/ yesterday\nTitle\nline\n", 6, "expected a page head"),
        (GOOD + "\n=== ftp://b.example/ 2019-02-15T20:03:40Z\nTitle\nline\n", 5, "expected a page head"),
        (GOOD + "\n=== https://b.example/ 2019-02-31T20:03:40Z\nTitle\nline\n", 5, "date and time that exist"),
        (GOOD + "\n=== https://b.example/ 2019-02-15T20:03:40Z\nTitle\n", 5, "a title and at least one line"),
        (GOOD + "=== https://b.example/ 2019-02-15T20:03:40Z\nTitle\nline\n", 4, "a blank line before the next page head"),
        (GOOD + "\n" + GOOD, 5, "a URL that no earlier page has"),
        (GOOD + "\nline after a blank one\n", 5, "expected a page head"),
    ],
)
def test_a_malformed_text_is_named_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ValueError, match=rf"^odd\.txt, line {line}: .*{words}.*; found "):
        read_pages(text, "odd.txt")


def test_a_picked_page_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(crawl_files, "REPEATED", "https://gone.example/")
    with pytest.raises(ValueError, match=r"not found: https://gone\.example/"):
        pack(tmp_path)


line_texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1).filter(
    lambda line: bool(line.strip()) and not line.startswith("=== ")
)
some_pages = st.lists(
    st.builds(
        Page,
        url=st.integers(0, 10**6).map(lambda number: f"https://host.example/{number}"),
        date=st.datetimes().map(lambda time: f"{time:%Y}".zfill(4) + f"{time:-%m-%dT%H:%M:%SZ}"),
        title=line_texts,
        lines=st.lists(line_texts, min_size=1).map(tuple),
        language=st.sampled_from(["eng", "fra", "deu,eng"]),
    ),
    unique_by=lambda page: page.url,
)


@given(some_pages, st.integers(1, 3))
def test_reading_gives_back_what_was_written(pages: list[Page], blank_lines: int) -> None:
    written = [f"=== {page.url} {page.date} {page.language}\n{page.text}\n" for page in pages]
    assert read_pages(("\n" * blank_lines).join(written), "made.txt") == pages
