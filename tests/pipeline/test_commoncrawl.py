"""CommonCrawl end to end on pages whose words say what must happen to them (spec: CCNet, which paragraphs are duplicates; parsing; counting)."""

import gzip
from dataclasses import replace

import made_crawl
import pytest

from pipeline import settings
from pipeline.sources.commoncrawl import PRESETS, DuplicateLines, recipe

CORPUS = DuplicateLines(scope="corpus")


def deduplicate(tmp_path, pages, lines=CORPUS, **changes):
    outcome = made_crawl.run(made_crawl.crawl(tmp_path / "in", pages), tmp_path / "out", made_crawl.open_config(lines=lines, **changes))
    return outcome, made_crawl.kept_letters(tmp_path / "out")


def test_three_documents(tmp_path):
    outcome, left = deduplicate(tmp_path, [[("d1", "ABC"), ("d2", "BDD"), ("d3", "EE")]])
    assert left == {"d1": ["A", "C"], "d2": ["D"], "d3": ["E"]}
    assert outcome.books["lines"] == {"in": 8, "kept": 4, "dropped": {"in another document": 2, "repeated within": 2}}
    partners = {(row["id"][-1], row["line"], row["reason"], row["partner"][-1]) for row in made_crawl.rows(tmp_path / "out", "partners")}
    assert partners == {
        ("0", 1, "in another document", "1"),
        ("1", 0, "in another document", "0"),
        ("1", 2, "repeated within", "1"),
        ("2", 1, "repeated within", "2"),
    }


def test_a_run_that_keeps_nothing_closes(tmp_path):
    outcome, left = deduplicate(tmp_path, [[("d1", "A"), ("d2", "A")]])
    assert left == {}
    assert outcome.books["lines"] == {"in": 2, "kept": 0, "dropped": {"in another document": 2, "repeated within": 0}}


def test_an_empty_line_that_stands_alone_survives_once(tmp_path):
    _, left = deduplicate(tmp_path, [[("d", "_F_")]])
    assert left == {"d": ["_", "F"]}


def test_every_copy_goes_the_first_too(tmp_path):
    outcome, left = deduplicate(tmp_path, [[("d1", "G"), ("d2", ["another line altogether", "G"])]])
    assert left == {"d2": ["another line altogether"]}
    assert outcome.books["dropped"]["deduplicate at the line level"] == 1
    (rejected,) = made_crawl.rows(tmp_path / "out", "rejected")
    assert rejected["url"].endswith("d1")


SHARDS = [[("a", "XA"), ("b", "BB")], [("c", "XC"), ("d", "B")], [("e", "D")]]


def test_a_shard_of_its_own(tmp_path):
    _, left = deduplicate(tmp_path, SHARDS, DuplicateLines(scope="shard"))
    assert left == {"a": ["X", "A"], "b": ["B"], "c": ["X", "C"], "d": ["B"], "e": ["D"]}


@pytest.mark.parametrize("scope", ["group:2", "group:3", "corpus"])
def test_a_group_of_shards(tmp_path, scope):
    _, left = deduplicate(tmp_path, SHARDS, DuplicateLines(scope=scope))
    assert left == {"a": ["A"], "c": ["C"], "e": ["D"]}


def test_a_shard_is_consecutive_files(tmp_path):
    """Four files in two shards: each file meets its neighbour alone."""
    shards = [[("a", "XA")], [("b", "XB")], [("c", "XC")], [("d", "YD")]]
    _, left = deduplicate(tmp_path, shards, DuplicateLines(scope="shard"), shards=2)
    assert left == {"a": ["A"], "b": ["B"], "c": ["X", "C"], "d": ["Y", "D"]}


def test_keep_first_keeps_the_first_in_unit_order(tmp_path):
    _, left = deduplicate(tmp_path, [[("a", "XXA")], [("b", "XB")], [("c", "BXC")]], DuplicateLines(scope="corpus", policy="keep_first"))
    assert left == {"a": ["X", "A"], "b": ["B"], "c": ["C"]}


def test_length_is_checked_once_before_and_without_the_title(tmp_path):
    pages = [
        ("a", ["x" * 299]),
        ("b", ["y" * 300]),
        ("c", ["z" * 150, "w" * 149]),
        ("d", ["v" * 150, "u" * 148]),
        ("e", ["t" * 150, "q" * 200]),
    ]
    pages.append(("f", ["q" * 200, "r" * 150]))
    outcome, left = deduplicate(tmp_path, [pages], min_characters=300)
    assert outcome.books["dropped"]["at least 300 characters"] == 2
    assert sorted(left) == ["b", "c", "e", "f"]
    assert left["e"] == ["t" * 150]  # 150 characters after deduplication: not checked again


def test_a_repeated_id_gets_a_name_of_its_own(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    first = made_crawl.record("http://made.example/a", b"T\n" + b"only here, said the first of the two pages", 5)
    second = made_crawl.record("http://made.example/b", b"T\n" + b"only there, said the second page of the two", 5)
    made_crawl.write(folder / "0.wet.gz", [first, second])
    made_crawl.write(folder / "1.wet.gz", [first])
    outcome = made_crawl.run(sorted(folder.iterdir()), tmp_path / "out", made_crawl.open_config())
    assert outcome.books["noted"] == {"repeated id": 2}
    every = [row["id"] for kind in ("clean", "rejected") for row in made_crawl.rows(tmp_path / "out", kind)]
    name = "commoncrawl/00000000-0000-0000-0000-000000000005"
    assert sorted(every) == [name, f"{name}~00000.1", f"{name}~00001.0"]
    partners = {(row["id"], row["partner"]) for row in made_crawl.rows(tmp_path / "out", "partners")}
    assert partners == {(name, f"{name}~00001.0"), (f"{name}~00001.0", name)}


def test_one_page_of_each_digest(tmp_path):
    """RedPajama: within a shard lines go first; of pages that are equal over shards one stays, and the others name it."""
    shards = [[("a", "AB")], [("b", "CD")], [("c", ["x"])]]
    paths = made_crawl.crawl(tmp_path / "in", shards)
    same = made_crawl.record("http://other.example/a", gzip.decompress(paths[0].read_bytes()).split(b"\r\n\r\n", 1)[1][:-4], 77)
    made_crawl.write(tmp_path / "in" / "009.warc.wet.gz", [same])
    config = made_crawl.open_config(lines=DuplicateLines(scope="shard"), equal_digests="one")
    outcome = made_crawl.run(sorted((tmp_path / "in").iterdir()), tmp_path / "out", config)
    assert sorted(made_crawl.kept_letters(tmp_path / "out")) == ["a", "b", "c"]
    (rejected,) = made_crawl.rows(tmp_path / "out", "rejected")
    assert (rejected["url"], rejected["partner"][-1]) == ("http://other.example/a", "0")
    assert rejected["step"] == "keep one page of each digest"
    assert outcome.books["closed"]
    assert len(made_crawl.rows(tmp_path / "out", "partners")) == 0
    assert made_crawl.run(sorted((tmp_path / "in").iterdir()), tmp_path / "out", config).reused == 4


def test_partners_of_lines_outlive_a_third_stage(tmp_path):
    config = made_crawl.open_config(lines=CORPUS, equal_digests="one")
    paths = made_crawl.crawl(tmp_path / "in", [[("d1", "ABC"), ("d2", "BDD")]])
    made_crawl.run(paths, tmp_path / "out", config)
    assert len(made_crawl.rows(tmp_path / "out", "partners")) == 3
    assert made_crawl.run(paths, tmp_path / "out", config).reused == 1


def test_language_is_told_from_the_text_with_newlines_deleted(tmp_path):
    french = "Les habitants du village sont descendus vers la rivière au début de la soirée, parce qu'ils avaient entendu dire que le bateau rentrait."
    outcome, left = deduplicate(tmp_path, [[("en", "AB"), ("fr", [french])]], languages=("en",), min_language_score=0.5)
    assert sorted(left) == ["en"]
    assert outcome.books["dropped"]["remove non-English pages"] == 1
    (rejected,) = made_crawl.rows(tmp_path / "out", "rejected")
    assert (rejected["reason"], rejected["value"]) == ("language not en", "fr")


def test_records_that_are_no_pages_are_named(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    text = b"T\n" + made_crawl.SENTENCES["A"].encode()
    big = b"T\n" + b"long " * 10_000
    records = [
        made_crawl.record("http://made.example/info", b"software: made", 1, kind="warcinfo"),
        made_crawl.record("http://made.example/ok", text, 2),
        made_crawl.record("http://made.example/seen", b"", 3, kind="revisit"),
        made_crawl.record("http://made.example/big", big, 4),
        made_crawl.record(
            "http://made.example/gone", b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<p>gone</p>", 5, kind="response"
        ),
        made_crawl.record("http://made.example/pdf", b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n%PDF", 6, kind="response"),
        made_crawl.record(
            "http://made.example/bomb",
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p " + b" ".join(b"a%d" % i for i in range(5000)) + b">",
            8,
            kind="response",
        ),
        made_crawl.record(
            "http://made.example/html",
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<title>Caf\xc3\xa9</title><p>One paragraph.<p>Another one.",
            7,
            kind="response",
        ),
    ]
    made_crawl.write(folder / "0.warc.gz", records)
    outcome = made_crawl.run([folder / "0.warc.gz"], tmp_path / "out", made_crawl.open_config(max_document_bytes=40_000))
    books = outcome.books
    assert (books["in"], books["kept"], books["skipped"]) == (7, 2, {"warcinfo": 1})
    assert {label: n for label, n in books["dropped"].items() if n} == {
        "revisit record": 1,
        "over-size page": 1,
        "error status": 1,
        "not an HTML page": 1,
        "a tag with too many attributes": 1,
    }
    clean = {row["url"].rsplit("/", 1)[1]: row for row in made_crawl.rows(tmp_path / "out", "clean")}
    assert (clean["html"]["title"], clean["html"]["text"]) == ("Café", "One paragraph.\nAnother one.")


def test_broken_records_are_rows_and_books(tmp_path):
    folder = tmp_path / "in"
    (path,) = made_crawl.crawl(folder, [[("a", "A"), ("b", "B")]])
    path.write_bytes(path.read_bytes()[:-40])
    outcome = made_crawl.run([path], tmp_path / "out", made_crawl.open_config())
    assert outcome.books["in"] == 2
    (row,) = made_crawl.rows(tmp_path / "out", "broken")
    assert row["file"] == "000.warc.wet.gz"
    assert row["bytes"] > 0
    assert outcome.books["broken"] == {row["reason"]: 1}


def test_the_same_line_again_reuses_and_another_configuration_is_refused(tmp_path):
    from pipeline.command_line import UsageError

    paths = made_crawl.crawl(tmp_path / "in", [[("a", "A")]])
    made_crawl.run(paths, tmp_path / "out", made_crawl.open_config())
    assert made_crawl.run(paths, tmp_path / "out", made_crawl.open_config()).reused == 1
    with pytest.raises(UsageError, match="another configuration"):
        made_crawl.run(paths, tmp_path / "out", made_crawl.open_config(min_characters=2))
    paths += made_crawl.crawl(tmp_path / "more", [[("b", "B")]])
    with pytest.raises(UsageError, match="other inputs"):
        made_crawl.run(paths, tmp_path / "out", made_crawl.open_config())


def test_labels_of_the_presets(tmp_path):
    from pipeline import models

    needs = replace(PRESETS["llama"], min_reference=None, buckets=None)
    found = models.find(needs, str(made_crawl.identifier()))
    labels = [step.label for step in recipe(PRESETS["llama"], found)]
    assert labels == [
        "characters",
        "at least 300 characters",
        "lines",
        "deduplicate at the line level",
        "language",
        "language identified",
        "remove non-English pages",
        "perplexity",
        "filter low-quality content",
        "reference",
        "discard pages not classified as references",
    ]
    assert "keep one page of each digest" in [step.label for step in recipe(PRESETS["redpajama"], found)]


def test_every_field_can_be_set():
    config = settings.change(PRESETS["llama"], ["languages=en,fr", "max_perplexity=800", "lines.scope=corpus", "lines.policy=keep_first"])
    assert (config.languages, config.max_perplexity, config.lines) == (("en", "fr"), 800.0, DuplicateLines("corpus", "keep_first"))
