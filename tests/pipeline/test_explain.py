"""explain: what became of pages of a made-up crawl, told after the work folder is gone."""

import itertools
import json
import shutil

import made_crawl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import explain, explain_words, shards
from pipeline.lookup import Shards
from pipeline.reading import REJECTED

S = made_crawl.SENTENCES
GERMAN = "Der Bäcker und seine Nachbarn gingen am späten Abend zum Fluss hinunter, weil sie gehört hatten, dass das alte Boot wieder nach Hause kommt."
HOSTILE = "http://evil.example/" + chr(0x202E) + "gnp.exe"
ID = "commoncrawl/00000000-0000-0000-0000-{:012d}"


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """Two files: every kind of outcome, a URL fetched twice, an id given twice, and a record that is cut off."""
    folder = tmp_path_factory.mktemp("explain")
    made_crawl.identifier()
    first = [
        made_crawl.page("kept", "AB", 1),
        made_crawl.page("short", ["too short"], 2),
        made_crawl.page("emptied", "C", 3),
        made_crawl.page("lines", "DCEE", 4),
        made_crawl.page("german", [GERMAN, GERMAN + " Ja."], 5),
        made_crawl.record("http://made.example/folder/", ("Title\n" + S["F"]).encode(), 6),
    ]
    second = [
        made_crawl.page("copy", "C", 7),
        made_crawl.page("short", ["still short"], 8),
        made_crawl.record(HOSTILE, ("Title\n" + S["G"]).encode(), 9),
        made_crawl.page("again", "H", 1),
        made_crawl.page("german/", "Z", 10),
        made_crawl.record("http://made.example/gone", b"", 11, "revisit"),
        made_crawl.page("cut", "XYZ", 12)[:-400],
    ]
    from pipeline.sources.commoncrawl import DuplicateLines

    made_crawl.write(folder / "a.warc.wet.gz", first)
    (folder / "b.warc.wet").write_bytes(b"".join(second))
    config = made_crawl.open_config(languages=("en",), min_characters=100, min_language_score=0.5, lines=DuplicateLines(scope="corpus"))
    made_crawl.run([folder / "a.warc.wet.gz", folder / "b.warc.wet"], folder / "out", config)
    shutil.rmtree(folder / "out" / "work")
    return str(folder / "out")


def ask(capsys, output, page, *flags):
    """(exit code, standard output)."""
    code = explain.main([page, f"--output={output}", *flags])
    return code, capsys.readouterr().out


def url(name):
    return f"http://made.example/{name}"


def test_a_kept_page(capsys, output):
    code, said = ask(capsys, output, ID.format(6))
    assert code == 0
    assert "http://made.example/folder/" in said
    assert "kept: row 2 of clean/00000.parquet" in said
    assert f"original_characters {len(S['F'])} (min_characters: at least 100)" in said
    assert "language en (languages: en)" in said
    assert "perplexity not measured (no bound: max_perplexity is off)" in said
    assert "no line of it was removed" in said


def test_the_row_that_is_named_is_the_page(capsys, output):
    told = json.loads(ask(capsys, output, url("lines"), "--json")[1])["matches"][0]
    row = made_crawl.rows(output, "clean")[told["row"]]
    assert row["id"] == told["id"] == ID.format(4)


def test_a_page_that_lost_lines_names_whom_they_duplicate(capsys, output):
    code, said = ask(capsys, output, url("lines"))
    assert code == 0
    assert "2 of its 4 lines were removed as duplicates" in said
    assert f"line 2: in another document: {ID.format(3)} (http://made.example/emptied, dropped)" in said
    assert "line 4: repeated within\n" in said + "\n"
    told = json.loads(ask(capsys, output, url("lines"), "--json")[1])["matches"][0]
    assert [(row["line"], row["reason"]) for row in told["removed_lines"]] == [(1, "in another document"), (3, "repeated within")]
    assert told["partners"] == {ID.format(3): {"url": url("emptied"), "outcome": "dropped"}}


def test_a_page_of_which_no_line_is_left(capsys, output):
    code, said = ask(capsys, output, url("copy"))
    assert code == 0
    assert "dropped at the step 'deduplicate at the line level': every line also stands in another document" in said
    assert f"line 1: in another document: {ID.format(3)} (http://made.example/emptied, dropped)" in said
    assert f"line 1: in another document: {ID.format(4)} (http://made.example/lines, kept)" in ask(capsys, output, url("emptied"))[1]


def test_every_fetch_of_a_short_page(capsys, output):
    code, said = ask(capsys, output, url("short"))
    assert code == 0
    assert said.startswith("2 records match:")
    for length, place in [(len("too short"), "a.warc.wet.gz"), (len("still short"), "b.warc.wet")]:
        assert f"dropped at the step 'at least 300 characters': original_characters below 100 (it is {length})" in said
        assert place in said


def test_a_page_in_another_language(capsys, output):
    """And the page whose URL has a slash more is another page."""
    said = ask(capsys, output, url("german"))[1]
    assert "dropped at the step 'remove non-English pages': language not en (it is de)" in said
    assert "match" not in said
    assert "kept: row" in ask(capsys, output, url("german/"))[1]


def test_a_record_that_is_no_page(capsys, output):
    assert "dropped at the step 'revisit record': the record names a page that was stored before" in ask(capsys, output, url("gone"))[1]


@pytest.mark.parametrize(
    "page",
    [
        "http://made.example/folder",
        "made.example/folder/",
        ID.format(6),
        ID.format(6).removeprefix("commoncrawl/"),
        "urn:uuid:" + ID.format(6).removeprefix("commoncrawl/"),
    ],
)
def test_other_ways_to_name_a_page(capsys, output, page):
    code, said = ask(capsys, output, page)
    assert code == 0
    assert ID.format(6) in said
    assert ("nothing is called exactly" in said) == ("made.example" in page)


def test_an_id_that_two_records_have(capsys, output):
    code, said = ask(capsys, output, ID.format(1))
    assert code == 0
    assert "2 records match" in said
    assert url("kept") in said
    assert url("again") in said
    assert "~00001.3" in said
    assert "match" not in ask(capsys, output, ID.format(1) + "~00001.3")[1]


def test_a_broken_record_that_names_the_page(capsys, output):
    code, said = ask(capsys, output, url("cut"))
    assert code == 0
    assert said.startswith("broken: a record that names it could not be read: record is cut (b.warc.wet, offset ")


def test_an_unknown_page(capsys, output):
    code, said = ask(capsys, output, url("kepd"))
    assert code == 1
    assert said.startswith("unknown: ")
    assert f"did you mean\n  {url('kept')}\n" in said
    assert "1 record could not be read, so it may be among them: 1 in b.warc.wet" in said
    assert ID.format(3) in ask(capsys, output, ID.format(3)[:-1])[1]
    assert json.loads(ask(capsys, output, "zzz", "--json")[1]) == {
        "page": "zzz",
        "found": False,
        "matches": [],
        "near": [],
        "broken": {"b.warc.wet": 1},
        "quarantined": [],
    }


@given(st.sets(st.integers(1, 40)))
def test_line_numbers_in_words_are_the_lines(numbers):
    said = explain_words._spans(numbers)
    spans = [span.split("-") for span in said.split(", ")] if said else []
    assert {number for span in spans for number in range(int(span[0]), int(span[-1]) + 1)} == numbers
    assert all(int(after[0]) > int(before[-1]) + 1 for before, after in itertools.pairwise(spans))


def test_a_terminal_is_not_obeyed(capsys, output):
    code, said = ask(capsys, output, HOSTILE)
    assert code == 0
    assert "http://evil.example/[U+202E]gnp.exe" in said
    assert chr(0x202E) not in said
    assert chr(27) not in ask(capsys, output, "\x1b[31m")[1]


def test_quarantined_inputs_are_named(capsys, output, tmp_path):
    shutil.copytree(output, tmp_path / "out")
    manifest = tmp_path / "out" / "commoncrawl" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "quarantined": [{"name": "c.warc", "unit": 2, "why": "killed"}]}))
    code, said = ask(capsys, tmp_path / "out", url("nowhere"))
    assert code == 1
    assert "pages of quarantined inputs are in no shard: c.warc" in said


def test_a_document_that_equals_another(tmp_path):
    """Documents dropped as wholes name their partner in the rejects."""
    import pyarrow as pa

    origin = [REJECTED.field(name) for name in ("origin_file", "origin_offset", "origin_inner", "notes")]
    clean = pa.schema([("id", pa.string()), ("url", pa.string()), ("text", pa.string()), *origin])
    place = {"url": "http://made.example/b", "origin_file": "a", "origin_offset": 0, "origin_inner": 0, "notes": []}
    row = {**place, "id": "commoncrawl/b", "step": "keep one", "reason": "another document is equal", "partner": "commoncrawl/a"}
    first = {**place, "id": "commoncrawl/a", "url": "http://made.example/a", "text": "t"}
    for kind, schema, rows in [
        ("clean", clean, [first]),
        ("rejected", REJECTED.remove(0), [row]),
    ]:
        with shards.Shard(str(tmp_path / "commoncrawl" / kind / "00000.parquet"), schema, {}) as shard:
            shard.write(pa.RecordBatch.from_pylist(rows, schema=schema))
    told = {"source": "commoncrawl", "settings": {"min_characters": {"value": 3}}, "quarantined": []}
    (tmp_path / "commoncrawl" / "manifest.json").write_text(json.dumps(told))
    (told,) = explain.explain("http://made.example/b", str(tmp_path))["matches"]
    assert told["partners"] == {"commoncrawl/a": {"url": "http://made.example/a", "outcome": "kept"}}
    (kept,) = explain.explain("http://made.example/a", str(tmp_path))["matches"]
    assert kept["measures"] == []  # columns and settings that a source does not have are passed over
    said = explain_words.tell(explain.explain("http://made.example/b", str(tmp_path)))
    assert "that is commoncrawl/a (http://made.example/a, kept)" in said


def test_texts_are_never_read(output, monkeypatch):
    """Memory: the text of a shard is the one wide column."""
    read = []
    groups = Shards.groups

    def watched(self, kind, shard, columns):
        for opened, group, table in groups(self, kind, shard, columns):

            class Watched:
                num_row_groups, schema_arrow = opened.num_row_groups, opened.schema_arrow

                def read_row_group(self, number, columns, opened=opened):
                    read.extend(columns)
                    return opened.read_row_group(number, columns=columns)

            read.extend(columns)
            yield Watched(), group, table

    monkeypatch.setattr(Shards, "groups", watched)
    assert explain.explain(url("lines"), output)["found"]
    assert "url" in read
    assert "text" not in read


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--source=comoncrawl"], "did you mean commoncrawl?"),
        (["--output=nowhere"], "holds no run of commoncrawl"),
    ],
)
def test_bad_usage(capsys, output, flags, said):
    assert explain.main(["x", f"--output={output}", *flags]) == 2
    assert said in capsys.readouterr().err


def test_a_run_that_has_not_ended(capsys, tmp_path):
    (tmp_path / "commoncrawl" / "clean").mkdir(parents=True)
    assert explain.main(["x", f"--output={tmp_path}"]) == 2
    assert "has not ended" in capsys.readouterr().err


def test_no_page_named():
    with pytest.raises(SystemExit) as error:
        explain.main([])
    assert error.value.code == 2
