"""Token shards and their manifest, damaged: named or harmless, never a crash of the process."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from made_tokens import described, made_documents, write_manifest, write_source

from mixtures import changed, token_manifest, token_shards
from mixtures.json_fields import MOST, Fields, WrongField
from mixtures.loader import Loader
from mixtures.mixture import Mixture
from mixtures.token_manifest import TokensError
from mixtures.token_source import TokenSource

ONE = Mixture("one", {"books": Fraction(1)}, 1000, "ours: a test")
ROOT = Path(__file__).resolve().parents[2]

FLIPS = """
import random, sys
import numpy as np
from mixtures.token_manifest import TokensError, read
from mixtures.token_source import Maps, TokenSource

directory, seed = sys.argv[1], int(sys.argv[2])
chance, path = random.Random(seed), directory + "/00000.arrow"
whole = open(path, "rb").read()
manifest, fates = read(directory), {"read": 0, "refused": 0}
words = (b"\\xff\\xff\\xff\\xff", b"\\xff\\xff\\xff\\x7f", b"\\0\\0\\0\\x80", b"\\0\\0\\0\\0")
for _ in range(400):
    data = bytearray(whole)
    for _ in range(chance.choice((1, 1, 2, 8))):
        place = chance.randrange(len(data))
        if chance.random() < 0.5:
            data[place] ^= 1 << chance.randrange(8)
        else:
            place &= ~3
            data[place : place + 4] = chance.choice(words)
    open(path, "wb").write(data[: len(whole)])
    source, out = TokenSource(manifest, Maps()), np.zeros(manifest.tokens, np.int64)
    try:
        source.read(0, manifest.tokens, out)
        source.mark_starts(0, manifest.tokens, out)
        for position in range(0, manifest.tokens, 7):
            source.locate(position)
        fates["read"] += 1
    except TokensError:
        fates["refused"] += 1
assert min(fates.values()) > 20, fates
"""


@pytest.fixture
def made(tmp_path):
    return write_source(tmp_path, "books", [made_documents([3, 0, 9, 1, 12, 5, 2, 40])])


@pytest.mark.parametrize("seed", [1, 2])
def test_no_damaged_byte_ends_the_process(made, seed):
    """In a process of its own: before offsets were checked, the first few dozen of these aborted it in Arrow."""
    ran = subprocess.run([sys.executable, "-c", FLIPS, str(made.directory), str(seed)], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("offsets", [[0, 4, 2, 6], [0, -3, 2, 6], [0, 2, 99, 6], [0, 2, 4, 5], [1, 2, 4, 6], [0, 2, 4, 2**31 - 1]])
def test_documents_that_begin_nowhere_are_refused(tmp_path, offsets):
    made = write_source(tmp_path, "books", [made_documents([2, 2, 2])])
    path = made.directory / "00000.arrow"
    data, whole = path.read_bytes(), np.array([0, 2, 4, 6], np.int32).tobytes()
    assert data.count(whole) == 1
    path.write_bytes(data.replace(whole, np.array(offsets, np.int32).tobytes()))
    with pytest.raises(TokensError, match=r"00000.arrow: expected a token shard .* run python -m pipeline.tokenize"):
        TokenSource.open(str(made.directory)).locate(3)


def test_a_row_without_an_id_is_refused(tmp_path):
    made = write_source(tmp_path, "books", [made_documents([2, 2])])
    path, schema = made.directory / "00000.arrow", token_shards.schema(np.dtype("uint16"))
    columns = [pa.array([None, "b"], pa.string()), pa.array(made.documents, schema.field("tokens").type)]
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_file(out, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    write_manifest(made.directory, {path.name: described(path, made.documents)})
    with pytest.raises(TokensError, match="a row of record batch 0 has no id"):
        TokenSource.open(str(made.directory)).locate(3)


def damaged(manifest, path, value):
    """The manifest as JSON with one field another value; ... takes it away."""
    held = inner = json.loads(manifest.read_text())
    *outer, last = path
    for name in outer:
        inner = inner[name]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return json.dumps(held)


WRONG = [None, "x", -7, 10**30, 1.5, float("nan"), True, [], {}, [1], ...]
PATHS = [
    ("source",),
    ("complete",),
    ("documents",),
    ("tokens",),
    ("dtype",),
    ("tokenizer",),
    ("tokenizer", "sha256"),
    ("tokenizer", "vocabulary"),
    ("tokenizer", "bos_id"),
    ("settings", "bos", "value"),
    ("shards",),
    ("shards", "00000.arrow"),
    ("shards", "00000.arrow", "bytes"),
    ("shards", "00000.arrow", "sha256"),
    ("shards", "00000.arrow", "tokens"),
]


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_a_wrong_field_of_the_manifest_is_named(made, path):
    manifest = made.directory / "manifest.json"
    whole = manifest.read_text()
    for value in WRONG:
        if (value is True and path[-1] in ("complete", "value")) or (value == "x" and path == ("source",)):
            continue  # right, or another's: told elsewhere
        manifest.write_text(damaged(manifest, path, value))
        with pytest.raises(TokensError, match=r"expected .* run python -m pipeline.tokenize") as error:
            Loader(str(made.directory.parents[1]), ONE, sequence_length=4, sequences=1)
        assert str(made.directory) in str(error.value)
        manifest.write_text(whole)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"5", b'{"a": 1', b"\xff\xfe\x00", b"[" * 100_000, b'{"tokens": ' + b"9" * 5000 + b"}"]
)
def test_a_manifest_that_is_no_object_is_named(made, data):
    (made.directory / "manifest.json").write_bytes(data)
    with pytest.raises(TokensError, match=r"manifest.json: expected .* run python -m pipeline.tokenize"):
        TokenSource.open(str(made.directory))


def test_a_shard_outside_its_folder_is_refused(made):
    write_manifest(made.directory, {"../books/00000.arrow": described(made.directory / "00000.arrow", made.documents)})
    with pytest.raises(TokensError, match=r"expected shards to be named as 00000.arrow"):
        TokenSource.open(str(made.directory))


def test_a_manifest_that_is_no_file_is_refused(made):
    (made.directory / "manifest.json").unlink()
    (made.directory / "manifest.json").mkdir()
    with pytest.raises(TokensError, match=r"manifest.json: expected a file, found none"):
        TokenSource.open(str(made.directory))


def test_the_command_stands_a_folder_with_a_space():
    assert token_manifest.command("/a b/tokens/c4") == "python -m pipeline.tokenize --output='/a b' --source=c4"


@pytest.mark.parametrize("note", ['{"00000.arrow": [1e999, 1, 1, ""]}', "[" * 100_000, "[]", '{"00000.arrow": 5}', "{"])
def test_a_damaged_note_is_no_note(made, note):
    (made.directory / "checked.json").write_text(note)
    changed.check_contents(token_manifest.read(str(made.directory)))


def test_a_note_that_accuses_a_whole_shard_is_not_believed(made, monkeypatch):
    monkeypatch.setattr(changed, "SETTLED", -(10**18))
    manifest = token_manifest.read(str(made.directory))
    changed.check_contents(manifest)
    note = made.directory / "checked.json"
    held = json.loads(note.read_text())
    held["00000.arrow"][3] = "0" * 64
    note.write_text(json.dumps(held))
    changed.check_contents(manifest)
    assert json.loads(note.read_text())["00000.arrow"][3] == manifest.shards["00000.arrow"].sha256


def test_a_note_that_cannot_be_written_leaves_nothing(made, monkeypatch):
    monkeypatch.setattr(changed, "SETTLED", -(10**18))
    (made.directory / "checked.json").mkdir()
    before = sorted(path.name for path in made.directory.iterdir())
    changed.check_contents(token_manifest.read(str(made.directory)))
    assert sorted(path.name for path in made.directory.iterdir()) == before


def test_fields_are_what_they_must_be():
    held = Fields.of("a.json", b'{"n": 3, "s": "x", "f": true, "o": {"k": 1}, "l": [{"k": 2}], "t": ["a"]}')
    assert (held.count("n"), held.text("s"), held.flag("f"), held.texts("t")) == (3, "x", True, ["a"])
    assert (held.inside("o").counts(), [entry.count("k") for entry in held.listed("l")]) == ({"k": 1}, [2])
    with pytest.raises(WrongField, match=r"a.json: expected l\[0\].k to be a string, found 2"):
        held.listed("l")[0].text("k")
    with pytest.raises(WrongField, match=r"a.json: expected a field o.absent, found none"):
        held.inside("o").count("absent")
    with pytest.raises(WrongField, match="of 4 or more, found 3"):
        held.count("n", least=4)
    with pytest.raises(WrongField, match="found 4611686018427387905"):
        Fields("a.json", {"n": MOST + 1}).count("n")
