"""What `--dump` may say for each source, lists of digests, and what is said of a name that fits none."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest
import test_dumps_c4 as on_hub
import test_dumps_wikipedia as of_wikis
from faulty_server import Server

from pipeline.dumps import listing
from pipeline.dumps_fetch import DigestMismatch, fetch
from pipeline.dumps_list import described
from pipeline.files import InputError
from pipeline.transfer import Transfer

QUICK = Transfer(timeout_seconds=0.2, attempts=4, first_wait_seconds=0.001, longest_wait_seconds=0.004)


@dataclass(frozen=True)
class Config:
    languages: tuple[str, ...] | None


@pytest.mark.parametrize("source", ["commoncrawl", "c4"])
def test_commoncrawls_files_are_streamed_also_to_rebuild_c4(server: Server, source: str) -> None:
    paths = [f"crawl-data/CC-MAIN-2019-18/wet/{name}.warc.wet.gz" for name in ("b", "a", "c")]
    server.put("crawl-data/CC-MAIN-2019-18/wet.paths.gz", gzip.compress("\n".join(paths).encode()))
    for path in paths:
        server.put(path, b"12345")
    listed = listing(source, "CC-MAIN-2019-18", 2, server.url, transfer=QUICK)
    assert [(file.name, file.size, file.tag) for file in listed] == [("a.warc.wet.gz", 5, '"one"'), ("b.warc.wet.gz", 5, '"one"')]
    assert fetch(listed, "nowhere") == listed


def test_wikipedias_languages_are_the_configurations(server: Server) -> None:
    for wiki in ("enwiki", "bgwiki"):
        of_wikis.publish(server, wiki, {of_wikis.MULTISTREAM: of_wikis.job(wiki, [of_wikis.WHOLE])})
    for dump in (of_wikis.DATE, "latest"):
        listed = listing("wikipedia", dump, None, server.url, Config(("en", "bg")), QUICK)
        assert [file.name.split("/")[:2] for file in listed] == [["bgwiki", of_wikis.DATE], ["enwiki", of_wikis.DATE]]
    assert [file.name[:6] for file in listing("wikipedia", "latest", 1, server.url, Config(("en", "bg")), QUICK)] == ["enwiki"]
    with pytest.raises(InputError, match="languages=any names no dump"):
        listing("wikipedia", of_wikis.DATE, None, server.url, Config(None))


def test_c4s_variants(server: Server) -> None:
    on_hub.publish(server, "en", [*on_hub.EN, *on_hub.EN_VALIDATION])
    on_hub.publish(server, "multilingual", on_hub.FRENCH)
    base = on_hub.base(server)
    assert [file.name for file in listing("c4", "en", 2, base, transfer=QUICK)] == on_hub.EN[:2]
    assert [file.name for file in listing("c4", "en+validation", None, base, transfer=QUICK)] == on_hub.EN + on_hub.EN_VALIDATION
    assert [file.name for file in listing("c4", "multilingual/fr", None, base, transfer=QUICK)] == on_hub.FRENCH


@pytest.mark.parametrize(
    ("source", "dump", "message"),
    [
        ("wikipedia", "CC-MAIN-2019-09", "wikipedia takes a date, YYYYMMDD, or latest; did you mean --source=commoncrawl"),
        ("wikipedia", "realnewslike", "did you mean --source=c4"),
        ("wikipedia", "2022-06-20", "did you mean 20220620"),
        ("wikipedia", "lastest", "did you mean latest"),
        ("wikipedia", "", "wikipedia takes a date"),
        ("commoncrawl", "20220620", "commoncrawl takes CC-MAIN-YEAR-WEEK, such as CC-MAIN-2019-09; did you mean --source=wikipedia"),
        ("commoncrawl", "en", "did you mean --source=c4"),
        ("commoncrawl", "CC-MAIN-2019-9", "expected the name of a dump, CC-MAIN-YEAR-WEEK"),
        ("commoncrawl", "2019-09", "expected the name of a dump, CC-MAIN-YEAR-WEEK"),
        ("c4", "20220620", "c4 takes one of en, .*did you mean --source=wikipedia"),
        ("c4", "en.nocleen", "did you mean en.noclean"),
        ("c4", "en.nocleen+validation", "did you mean en.noclean"),
        ("c4", "multilingual", "expected one of en"),
        ("github", "20220620", "github has no dump that can be named: BigQuery exports it, see docs/github-bigquery.md"),
        ("books", "11", "books has no dump that can be named: Gutenberg's come by a list, --dump=@LIST"),
        ("arxiv", "202306", "arxiv takes a month, YYMM, a range of months such as 2301-2306, or all; did you mean 2306"),
        ("arxiv", "2023-06", "did you mean 2306"),
        ("arxiv", "al", "did you mean all"),
        ("arxiv", "20240630", "arxiv takes a month.* did you mean --source=wikipedia"),
        ("arxiv", "2306-2301", "expected the earlier month first"),
        ("wikipedia", "2301-2306", "did you mean --source=arxiv"),
        ("wikipedia", "all", "wikipedia takes a date"),
        ("stackexchange", "stackexchange-2024-06-30", "stackexchange takes an item .* did you mean stackexchange_20240630"),
        ("stackexchange", "stackexchnage", "did you mean stackexchange"),
        ("c4", "stackexchange", "did you mean --source=stackexchange"),
    ],
)
def test_a_name_that_makes_no_sense_is_named_with_what_would(source: str, dump: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        listing(source, dump)


def line(algorithm: str, data: bytes, name: str) -> str:
    return f"{hashlib.new(algorithm, data).hexdigest()}  {name}\n"


def test_a_list_of_digests_beside_its_files(tmp_path: Path) -> None:
    for name, data in (("b", b"bb"), ("a b", b"ab"), ("c", b"c")):
        (tmp_path / name).write_bytes(data)
    text = (
        line("sha1", b"bb", "b")
        + "\n"
        + line("sha256", b"ab", "a b").upper().replace("A B", "a b")
        + line("sha1", b"c", "*c").replace("  *", " *")
    )
    (tmp_path / "sums").write_text(text)
    listed = listing("books", f"@{tmp_path}/sums")
    assert [(file.name, file.size, file.tag.partition(":")[0]) for file in listed] == [
        ("a b", 2, "sha256"),
        ("b", 2, "sha1"),
        ("c", 1, "sha1"),
    ]
    assert fetch(listed, str(tmp_path / "folder")) == listed
    assert [file.name for file in listing("books", f"@{tmp_path}/sums", 1)] == ["b"]
    (tmp_path / "c").write_bytes(b"d")
    with pytest.raises(DigestMismatch, match="/c: expected sha1"):
        fetch(listed, str(tmp_path / "folder"))


def test_a_list_of_digests_on_a_server(server: Server, tmp_path: Path) -> None:
    server.put("dump/one", b"1" * 1000, cuts=1, cut_after=500)
    server.put("other/two", b"22")
    sums = server.put(
        "dump/sha1sums.txt", (line("sha1", b"1" * 1000, "one") + line("sha256", b"22", server.url + "other/two")).encode(), refusals=1
    )
    got = fetch(listing("c4", f"@{sums}", transfer=QUICK), str(tmp_path), QUICK)
    assert {file.name: Path(file.path).read_bytes() for file in got} == {"dump/one": b"1" * 1000, "other/two": b"22"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected some files, it names 0"),
        (
            "https://example.org/a\n",
            "expected an MD5, SHA-1 or SHA-256 and a file .*found 'https://example.org/a'; without digests: --input=@",
        ),
        ("0" * 39 + "  a\n", "expected an MD5, SHA-1 or SHA-256"),
        ("0" * 40 + "  a\n" + "1" * 40 + "  ./a\n", "expected each file once, found .*/a twice"),
        ("0" * 40 + "  a\n" + "1" * 40 + "  link\n", "expected each file once, found .* under two names"),
        ("0" * 40 + "  missing\n", "has no 'missing'"),
        ("0" * 40 + "  caf\udce9\n", "in UTF-8"),
    ],
    ids=["empty", "no digest", "short digest", "twice", "two names", "missing", "not text"],
)
def test_a_list_that_will_not_do_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "sums").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=message):
        listing("c4", f"@{tmp_path}/sums")


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="sums: expected a list of digests"):
        listing("c4", f"@{tmp_path}/sums")


def test_what_an_xml_listing_says_of_its_files(tmp_path: Path) -> None:
    text = (
        "<files>here<file name='a' size='0'>and<size> 1\n</size><sha1/>there</file><group><file name='b'/></group><file name='c'/></files>"
    )
    (tmp_path / "files.xml").write_text(text)
    assert described(f"{tmp_path}/files.xml", "files") == [{"name": "a", "size": "1", "sha1": ""}, {"name": "c"}]
