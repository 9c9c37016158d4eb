"""What `pipeline.tokenize` will do to one source: units from its clean shards, and one fingerprint for all that shapes the tokens.

A job travels to the workers whole; it is small, and holds no host and no time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from mixtures import token_shards
from mixtures.json_fields import Fields, WrongField
from pipeline import files, parquet_footer, settings
from pipeline.files import InputError, Listed
from pipeline.settings import setting

RULES = 1
"""Raised by hand where the same documents, model and settings give other shards than before: it is in every fingerprint."""


@dataclass(frozen=True)
class Tokenization:
    """How documents become tokens."""

    bos: bool = setting(True, "ours: LLaMA does not say how documents were told apart; its inference code puts BOS before each text")
    eos: bool = setting(True, "ours: LLaMA does not say; its tokenizer has EOS, and a model that never saw it never ends")
    shard_bytes: int = setting(
        64 * 2**20,
        "ours: bytes of clean shards, as stored, that become one token shard (some 100 MB): small shards together, and a huge one by its row "
        "groups, so that many small files make few shards and one huge file keeps all cores busy",
    )
    batch_tokens: int = setting(
        2**24, "ours: tokens after which a record batch ends (32 MB in two bytes each): bounds the writer's memory, and few are mapped"
    )

    def __post_init__(self) -> None:
        for name in ("shard_bytes", "batch_tokens"):
            if getattr(self, name) < 1:
                raise settings.SettingError(f"{name} is 1 or more, not {getattr(self, name)}")


@dataclass(frozen=True)
class Piece:
    """A clean shard, or one of its row groups: `tag`: SHA-256 of the shard; `size`: bytes as stored; `group`: None: all of them."""

    path: str
    name: str
    tag: str
    size: int
    group: int | None = None


@dataclass(frozen=True)
class TokenUnit:
    """Consecutive pieces of clean shards that become one token shard."""

    number: int
    pieces: tuple[Piece, ...]

    @property
    def name(self) -> str:
        """The clean shards, from the first to the last."""
        first, last = self.pieces[0].name, self.pieces[-1].name
        return first if first == last else f"{first} to {last}"

    @property
    def size(self) -> int:
        """Bytes of clean shards as stored."""
        return sum(piece.size for piece in self.pieces)


@dataclass(frozen=True)
class TokenJob:
    """The tokens of one source's documents.

    Attributes:
        model: path of the SentencePiece model; model_digest: its SHA-256.
        expected: documents that the source's books say were kept.
        units: how many units there are.
        fingerprint: of everything that shapes the shards but the documents.
    """

    source: str
    config: Tokenization
    output: str
    model: str
    model_digest: str
    expected: int
    units: int
    fingerprint: str

    @property
    def directory(self) -> str:
        return files.join(self.output, "tokens", self.source)

    @property
    def folders(self) -> list[str]:
        return [self.directory]

    @property
    def work(self) -> str:
        return files.join(self.output, "work", "tokens", self.source)

    def shard(self, unit: int) -> str:
        """Path of a unit's shard."""
        return self.shard_path(token_shards.shard_name(unit))

    def shard_path(self, name: str) -> str:
        """Path of a shard that the manifest names."""
        return files.join(self.directory, name)

    def receipt(self, unit: int) -> str:
        return files.join(self.work, "receipts", f"0-{unit:05d}.json")


@dataclass(frozen=True)
class CleanShards:
    """What a finished run of a source left: its clean shards, by name and content, and how many documents and bytes of text it says they hold."""

    source: str
    listing: list[Listed]
    documents: int
    text_bytes: int


def finished(output: str, sources: tuple[str, ...]) -> list[str]:
    """Those of the sources that have a finished run in an output."""
    return [name for name in sources if files.exists(files.join(output, name, "manifest.json"))]


def clean_shards(output: str, source: str) -> CleanShards:
    """The clean shards of a source, as its manifest names them. Raises InputError where its run has not ended, or they are not as it left them."""
    directory = files.join(output, source)
    again = f"python -m pipeline.run --source={source} --output={output}"
    if not files.exists(files.join(directory, "manifest.json")):
        raise InputError(f"{directory}: expected a finished run, found no manifest.json: run {again} first (with its --input)")
    try:
        return _clean_shards(output, source, again)
    except WrongField as error:
        raise InputError(f"{error}: this is not what its run wrote: run {again} --overwrite (with its --input)") from None


def _clean_shards(output: str, source: str, again: str) -> CleanShards:
    directory = files.join(output, source)
    manifest, books = (
        Fields.of(path, files.read_bytes(path)) for path in (files.join(directory, name) for name in ("manifest.json", "books.json"))
    )
    if not manifest.flag("complete"):
        lost = ", ".join(entry.text("name") for entry in manifest.listed("quarantined"))
        raise InputError(f"{directory}: expected a complete run, but {lost} could not be done: run {again} again (with its --input)")
    listing = []
    for name, shard in manifest.each("shards").items():
        if name.startswith(f"{source}/clean/"):
            path, size = files.join(output, name), shard.count("bytes")
            if not files.exists(path) or files.size(path) != size:
                found = f"one of {files.size(path):,} bytes" if files.exists(path) else "none"
                raise InputError(f"{path}: expected the shard of {size:,} bytes that the manifest names, found {found}: run {again} again")
            listing.append(Listed(path, size, shard.sha256("sha256"), name))
    return CleanShards(source, sorted(listing, key=lambda file: file.name), books.count("kept"), manifest.count("clean_text_bytes"))


def make_job(clean: CleanShards, config: Tokenization, output: str, model: str, units: int) -> TokenJob:
    """The job whose fingerprint names the settings, the model's content and the rule version. Raises OSError where the model cannot be read."""
    digest = hashlib.sha256(files.read_bytes(model)).hexdigest()
    shaped = settings.fingerprint(clean.source, RULES, token_shards.FORMAT, config, digest)
    return TokenJob(clean.source, config, output, model, digest, clean.documents, units, shaped)


def units(clean: CleanShards, shard_bytes: int) -> list[TokenUnit]:
    """Units of at most `shard_bytes` of clean shards as stored, or of one row group: consecutive shards, and of a larger shard its row groups.

    They are numbered in the order of the shards' names. Raises InputError for a large shard whose footer is corrupt.
    """
    made: list[list[Piece]] = []
    held = shard_bytes
    for file in clean.listing:
        for piece in _pieces(file, shard_bytes):
            if held + piece.size > shard_bytes:
                made.append([])
                held = 0
            made[-1].append(piece)
            held += piece.size
    return [TokenUnit(number, tuple(pieces)) for number, pieces in enumerate(made)]


def _pieces(file: Listed, shard_bytes: int) -> Iterator[Piece]:
    """A clean shard whole, or where it is larger, its row groups."""
    if file.size <= shard_bytes:
        yield Piece(file.path, file.name, file.tag, file.size)
        return
    try:
        with files.open_read(file.path) as stream:
            groups = parquet_footer.groups(stream, file.size)
    except ValueError as error:
        raise InputError(f"{file.path}: expected a clean shard: {error}") from None
    for number, group in enumerate(groups):
        yield Piece(file.path, file.name, file.tag, sum(chunk.stored for chunk in group.chunks), number)
