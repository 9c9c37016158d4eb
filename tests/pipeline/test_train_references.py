"""Training the reference classifier from a crawl and a dump: what is picked, what is written, what is refused."""

import gzip
import hashlib
import json
import os
import random
import re
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_data import SHARED

from pipeline import settings, train_references
from pipeline.files import InputError
from pipeline.reference_pages import Cited, Pages, Sample, text_hash
from pipeline.train_references import LLAMA, PRESETS, train
from pipeline.training import TrainingError
from transforms import reference_training
from transforms.reference_training import TrainingOptions
from transforms.references import ReferenceClassifier

SMALL = settings.change(
    LLAMA,
    [
        "languages=any",
        "min_reference_characters=200",
        "min_random_characters=200",
        "min_pages=5",
        "training.epoch=25",
        "training.dim=16",
        "held_out=0.2",
    ],
)
SCHOLARLY = ["inquiry", "committee", "survey", "published", "archive", "institute", "results", "century"]
COMMERCIAL = ["buy", "cheap", "offer", "click", "shipping", "basket", "login", "cookies"]


def text(is_reference: bool, number: int, words: int = 60) -> str:
    generator = random.Random(number)
    own = SCHOLARLY if is_reference else COMMERCIAL
    return " ".join(
        generator.choice(own) if generator.random() < 0.4 else generator.choice(["the", "of", "and", "in"]) for _ in range(words)
    )


def url(is_reference: bool, number: int) -> str:
    return f"https://www.{'press' if is_reference else 'shop'}.example/{number}/"


def write_wet(path: Path, pages: Sequence[tuple[str, str]]) -> Path:
    records = []
    for address, body in pages:
        block = f"Title\n{body}\n".encode()
        head = f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: {address}\r\nContent-Length: {len(block)}\r\n\r\n"
        records.append(gzip.compress(head.encode() + block + b"\r\n\r\n"))
    path.write_bytes(b"".join(records))
    return path


def write_dump(path: Path, addresses: Sequence[str]) -> Path:
    references = "".join(f"&lt;ref&gt;{{{{cite web|url={address}}}}}&lt;/ref&gt;" for address in addresses)
    page = f"<page><title>T</title><ns>0</ns><revision><text>{references}</text></revision></page>"
    path.write_text(f'<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/">{page}</mediawiki>')
    return path


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """Cites the references of the crawl, in other spellings, and pages that the crawl does not have."""
    cited = [url(True, number).replace("https://www.", "http://").rstrip("/") + "#s" for number in range(40)]
    return write_dump(tmp_path / "wiki.xml", [*cited, "http://not.in.the.crawl.example/"])


@pytest.fixture
def crawl(tmp_path: Path) -> list[Path]:
    """Two files with 40 references and 120 other pages, mixed."""
    kinds = [(number % 4 == 0, number // 4 if number % 4 == 0 else number) for number in range(160)]
    pages = [(url(*kind), text(*kind)) for kind in kinds]
    return [write_wet(tmp_path / f"{number}.warc.wet.gz", pages[number::2]) for number in range(2)]


def manifest(models: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((models / "references" / "manifest.json").read_text())
    return found


def test_it_learns_what_is_cited(dump: Path, crawl: list[Path], tmp_path: Path) -> None:
    model = train([dump], crawl, tmp_path / "models", SMALL)
    assert model == tmp_path / "models" / "references" / "model.bin"
    scores = ReferenceClassifier(str(model)).scores([text(number < 20, 1000 + number) for number in range(40)])
    assert (scores[:20] > 0.5).all()
    assert (scores[20:] < 0.5).all()


def test_the_manifest_says_what_was_done(dump: Path, crawl: list[Path], tmp_path: Path) -> None:
    model = train([dump], crawl, tmp_path / "models", SMALL)
    said = manifest(tmp_path / "models")
    assert said["fingerprint"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert (said["positives"], said["negatives"]) == (40, 40)
    assert said["pages"] == {"pages": 160, "cited": 40, "broken": 0}
    assert said["thresholds"] == {"llama": 0.5, "redpajama": 0.25}
    held_out = said["held_out"]
    assert isinstance(held_out, dict)
    assert 4 <= held_out["n"] <= 30
    assert held_out["precision"] > 0.9
    assert held_out["recall"] > 0.9
    assert held_out["note"].startswith("not meaningful")
    assert said["dumps"] == [{"name": "wiki.xml", "size": dump.stat().st_size, "sha256": hashlib.sha256(dump.read_bytes()).hexdigest()}]
    inputs = said["inputs"]
    assert isinstance(inputs, list)
    assert [file["name"] for file in inputs] == ["0.warc.wet.gz", "1.warc.wet.gz"]
    fields = said["settings"]
    assert isinstance(fields, dict)
    assert all(field["origin"].startswith(("paper:", "code:", "ours:")) for field in fields.values())
    assert fields["training.epoch"]["value"] == 25
    assert str(tmp_path) not in json.dumps(said)


def test_the_same_bytes_in_any_order_and_place(dump: Path, crawl: list[Path], tmp_path: Path) -> None:
    elsewhere = [path.rename(tmp_path / path.name.replace(".warc", "-moved.warc")) for path in crawl]
    models = []
    for name, inputs in (("one", elsewhere), ("two", [*elsewhere[::-1], elsewhere[0]])):
        train([dump], inputs, tmp_path / name, SMALL)
        models.append([(tmp_path / name / "references" / file).read_bytes() for file in ("model.bin", "manifest.json")])
    assert models[0] == models[1]


def test_the_seed_changes_the_choice(dump: Path, crawl: list[Path], tmp_path: Path) -> None:
    models = [train([dump], crawl, tmp_path / str(seed), settings.change(SMALL, [f"seed={seed}"])).read_bytes() for seed in (0, 1)]
    assert models[0] != models[1]


def test_both_files_appear_whole_and_replace_the_former(
    dump: Path, crawl: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    before = train([dump], crawl, models, SMALL).read_bytes()
    with monkeypatch.context() as patch:

        def fail(*_: object) -> None:
            raise OSError("disk full")

        patch.setattr(train_references, "described", fail)
        with pytest.raises(OSError, match="disk full"):
            train([dump], crawl, models, settings.change(SMALL, ["seed=1"]))
    assert os.listdir(models) == ["references"]
    assert (models / "references" / "model.bin").read_bytes() == before
    train([dump], crawl, models, settings.change(SMALL, ["seed=1"]))
    assert sorted(os.listdir(models / "references")) == ["manifest.json", "model.bin"]
    assert (models / "references" / "model.bin").read_bytes() != before
    assert os.listdir(models) == ["references"]


def test_repeated_texts_are_used_once(dump: Path, tmp_path: Path) -> None:
    cited = [(url(True, number), text(True, number % 10)) for number in range(40)]
    others = [(url(False, number), text(False, number % 9)) for number in range(90)] + [(url(False, 99), text(True, 3))]
    train([dump], [write_wet(tmp_path / "c.wet.gz", [*cited, *others])], tmp_path / "models", SMALL)
    assert (manifest(tmp_path / "models")["positives"], manifest(tmp_path / "models")["negatives"]) == (9, 9)


def test_short_pages_are_left_out_by_class(dump: Path, tmp_path: Path) -> None:
    pages = [(url(kind, number), text(kind, number, 20 if number < 10 else 60)) for kind in (True, False) for number in range(30)]
    crawl = write_wet(tmp_path / "c.wet.gz", pages)
    train([dump], [crawl], tmp_path / "models", SMALL)
    assert manifest(tmp_path / "models")["positives"] == 20
    train([dump], [crawl], tmp_path / "models", settings.change(SMALL, ["min_reference_characters=20"]))
    assert manifest(tmp_path / "models")["positives"] == 20  # the random pages are still 20
    train([dump], [crawl], tmp_path / "models", settings.change(SMALL, ["min_reference_characters=20", "min_random_characters=20"]))
    assert manifest(tmp_path / "models")["positives"] == 30


def test_no_more_pages_than_asked_for(dump: Path, crawl: list[Path], tmp_path: Path) -> None:
    train([dump], crawl, tmp_path / "models", settings.change(SMALL, ["max_pages=15"]))
    assert (manifest(tmp_path / "models")["positives"], manifest(tmp_path / "models")["negatives"]) == (15, 15)


def test_held_out_pages_are_not_trained_on(dump: Path, crawl: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learned: list[tuple[bool, str]] = []
    fit = reference_training.train

    def watched(examples: Iterable[tuple[bool, str]], options: TrainingOptions, directory: str) -> str:
        learned.extend(examples)
        return fit(learned, options, directory)

    monkeypatch.setattr(reference_training, "train", watched)
    train([dump], crawl, tmp_path / "models", SMALL)
    held_out = manifest(tmp_path / "models")["held_out"]
    assert isinstance(held_out, dict)
    assert len(set(learned)) + held_out["n"] == 80


# ---- the pieces


def test_the_classes_are_mixed_though_few_of_the_others_are_picked(dump: Path, tmp_path: Path) -> None:
    pages = [(url(True, number), text(True, number)) for number in range(40)] + [(url(False, n), text(False, n)) for n in range(1000)]
    crawl = write_wet(tmp_path / "c.wet.gz", pages)
    with closing(Pages(Cited([str(dump)]), SMALL, None, str(tmp_path))) as picked:
        picked.read(str(crawl), crawl.name)
        examples = picked.examples()
    assert len(examples) == 80
    assert 10 <= sum(example.is_reference for example in examples[:40]) <= 30


@given(st.sets(st.text(min_size=1), min_size=1), st.integers(1, 8), st.randoms())
def test_a_sample_is_the_smallest_hashes_in_any_order(texts: set[str], capacity: int, shuffle: random.Random) -> None:
    stream = [*texts, *texts]
    shuffle.shuffle(stream)
    sample = Sample(capacity, tempfile.gettempdir())
    for item in stream:
        if sample.wants(text_hash(item, 0)):
            sample.add(text_hash(item, 0), item)
    picked = sample.smallest(capacity, set())
    assert [sample.text(offset, size) for _, offset, size in picked] == sorted(texts, key=lambda item: text_hash(item, 0))[:capacity]
    assert sample.hashes == {hash_ for hash_, _, _ in picked}
    assert sample.smallest(capacity, {picked[0][0]}) == picked[1:]
    sample.close()


def test_cited_addresses_are_found_in_any_spelling(dump: Path) -> None:
    cited = Cited([str(dump), str(dump)])
    assert len(cited) == 41
    assert "HTTPS://press.EXAMPLE:443/7/#x" in cited
    assert "https://press.example/41/" not in cited
    assert "https://zzz.example/" not in cited


# ---- the command


def command(dump: Path, crawl: Sequence[Path], models: Path, *more: str) -> list[str]:
    small = [f"--set={name}={value}" for name, value in (("min_reference_characters", 200), ("min_pages", 5), ("training.dim", 16))]
    return ["--dump", str(dump), "--input", *map(str, crawl), f"--models={models}", "--set=languages=any", *small, *more]


def test_the_command_trains(dump: Path, crawl: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    assert train_references.main(command(dump, crawl, models, "--preset=redpajama")) == 0
    said = capsys.readouterr()
    assert said.out == f"{models}/references/model.bin\n"
    assert "41 addresses are cited" in said.err
    held_out = manifest(models)["held_out"]
    assert isinstance(held_out, dict)
    assert held_out["threshold"] == PRESETS["redpajama"].threshold == 0.25


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--set=epochs=3"], "there is no field 'epochs'"),
        (["--set=training.wordNgrams=2"], "wordNgrams=1"),
        (["--set=held_out=1"], "held_out lie between"),
        (["--set=min_pages=41"], "expected at least 41 pages of each class .min_pages., found 40 references and \\d+ others"),
        (["--set=languages=en"], "language identifier is not there. Get it: python -m pipeline.setup"),
        (["--dump=no-such-dump.xml"], "no-such-dump.xml"),
        (["--input=no-such-file.wet.gz"], "no-such-file.wet.gz"),
    ],
)
def test_what_cannot_be_done_ends_with_2(
    dump: Path, crawl: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert train_references.main(command(dump, crawl, tmp_path / "models", *more)) == 2
    found = capsys.readouterr().err
    assert re.search(said, found), found
    assert not (tmp_path / "models" / "references").exists()


def test_a_crawl_without_cited_pages_is_named(crawl: list[Path], tmp_path: Path) -> None:
    other = write_dump(tmp_path / "other.xml", ["http://elsewhere.example/1"])
    with pytest.raises(TrainingError, match=r"none of the 160 pages that were read is cited by the dump .1 addresses; 0 records could not"):
        train([other], crawl, tmp_path / "models", SMALL)
    with pytest.raises(TrainingError, match=r"other.xml: expected articles with references, found no address"):
        train([write_dump(other, [])], crawl, tmp_path / "models", SMALL)
    with pytest.raises(InputError):
        train([other], [tmp_path], tmp_path / "models", SMALL)


def test_broken_records_are_counted(dump: Path, crawl: list[Path], tmp_path: Path) -> None:
    crawl[0].write_bytes(crawl[0].read_bytes()[:-30])
    train([dump], crawl, tmp_path / "models", SMALL)
    assert manifest(tmp_path / "models")["pages"] == {"pages": 159, "cited": 40, "broken": 1}


def test_only_the_languages_asked_for_are_learned(dump: Path, tmp_path: Path) -> None:
    identifier = SHARED / "models" / "lid.176.ftz"
    if not identifier.exists():
        pytest.skip("lid.176.ftz is not here: no shared data")
    models = tmp_path / "models"
    models.mkdir()
    (models / "lid.176.ftz").symlink_to(identifier.resolve())
    french = "Le comité a publié les résultats de l'enquête dans les archives du parlement, page "
    english = "The committee published the results of the survey in the archives of the parliament, page "
    pages = [
        (url(kind, number), f"{(french if number < 12 else english) * 3}{number} {kind}") for kind in (True, False) for number in range(40)
    ]
    for languages, count in (("en", 28), ("fr", 12), ("en,fr", 40)):
        train([dump], [write_wet(tmp_path / "c.wet.gz", pages)], models, settings.change(SMALL, [f"languages={languages}"]))
        assert manifest(models)["positives"] == count


@pytest.mark.slow
def test_pages_of_the_web(tmp_path: Path) -> None:
    """Half of some hundred real pages are cited; the choice says nothing of their content, so only the machinery is judged."""
    from transforms import html

    if not (SHARED / "html").is_dir():
        pytest.skip("the real pages are not here: no shared data")
    pages = []
    for path in sorted((SHARED / "html").rglob("*.html.gz")):
        extracted = html.extract(gzip.decompress(path.read_bytes()), None).text
        if len(extracted) >= 1000:
            pages.append((f"http://www.example.org/{path.relative_to(SHARED)}", extracted))
        if len(pages) == 400:
            break
    assert len(pages) >= 300
    dump = write_dump(tmp_path / "wiki.xml", [address.replace("http://www.", "https://") for address, _ in pages[::2]])
    crawl = [write_wet(tmp_path / f"{number}.wet.gz", pages[number::3]) for number in range(3)]
    train([dump], crawl, tmp_path / "models", settings.change(LLAMA, ["languages=any"]))
    first = manifest(tmp_path / "models")
    assert first["pages"] == {"pages": len(pages), "cited": (len(pages) + 1) // 2, "broken": 0}
    assert isinstance(first["positives"], int)
    assert first["positives"] == first["negatives"]
    assert first["positives"] >= 100
    train([dump], crawl[::-1], tmp_path / "again", settings.change(LLAMA, ["languages=any"]))
    assert manifest(tmp_path / "again") == first
