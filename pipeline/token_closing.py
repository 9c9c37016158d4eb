"""The end of `pipeline.tokenize`: receipts are summed to books, the books are checked, and the manifest is written last."""

from __future__ import annotations

import importlib.metadata
import json
from typing import Any

from mixtures import token_shards
from mixtures.json_fields import Fields, WrongField
from pipeline import files, receipts, settings, state
from pipeline.closing import Outcome, quarantined
from pipeline.plan import listing_fingerprint
from pipeline.token_job import RULES, CleanShards, TokenJob
from pipeline.token_unit import BOS, EOS, IN_TEXT, loaded
from pipeline.totals import Total, of_stage

LIBRARIES = ("apache-beam", "numba", "numpy", "pyarrow", "sentencepiece")
MODEL = "tokenizer.model"
"""The model lies beside the shards that it made: who has them can read them."""

Shards = dict[str, dict[str, Any]]


def close(job: TokenJob, clean: CleanShards) -> Outcome:
    """Sums and checks the receipts, writes books, model and manifest, and clears the work folder after a run without a quarantined unit."""
    lost = quarantined(job)
    total, shards = _sum(job, {unit for _, unit, _ in lost})
    for _, unit, _ in lost:
        files.delete(job.shard(unit))
    files.delete_partial(job.directory)  # of workers that were killed
    manifest = _manifest(job, clean, total, shards, lost)
    books = _books(job, total, shards, complete=not lost)
    files.write_bytes(files.join(job.directory, MODEL), files.read_bytes(job.model))
    _write(job, token_shards.BOOKS, books)
    _write(job, token_shards.MANIFEST, manifest)
    outcome = _outcome(job, books, manifest, len(files.names(files.join(job.work, "reused"))))
    if outcome.code == 0:
        state.clear_work(job, keep=("lock", "run.json"))
    return outcome


def again(job: TokenJob, manifest: dict[str, Any]) -> Outcome:
    """The outcome of a run that stands finished: nothing is done again, but the model is copied where it is gone.

    Raises RuntimeError where its books or its manifest are damaged.
    """
    paths = [files.join(job.directory, name) for name in (token_shards.BOOKS, token_shards.MANIFEST)]
    try:
        books = Fields.of(paths[0], files.read_bytes(paths[0]))
        for name in ("in", "kept"):
            books.count(name)
        books.inside("noted").counts()
        for name in ("all", IN_TEXT):
            books.inside("tokens").count(name)
        if not books.flag("closed"):
            books.texts("errors")
        held = Fields(paths[1], manifest)
        held.count("text_bytes")
        held.listed("quarantined")
    except (WrongField, FileNotFoundError) as error:
        raise RuntimeError(f"{error}: this is not what was written: run the same line with --overwrite") from None
    model = files.join(job.directory, MODEL)
    if not files.exists(model) or files.sha256(model) != job.model_digest:
        files.write_bytes(model, files.read_bytes(job.model))
    return _outcome(job, dict(books.held), manifest, job.units)


def _write(job: TokenJob, name: str, content: dict[str, Any]) -> None:
    files.write_bytes(files.join(job.directory, name), json.dumps(content, indent=1, ensure_ascii=False).encode())


def _sum(job: TokenJob, lost: set[int]) -> tuple[Total, Shards]:
    """(the sum of the receipts, every shard with what it holds). Raises RuntimeError for a unit that left neither receipt nor reason."""
    total, shards = of_stage(0), {}
    for unit in sorted(set(range(job.units)) - lost):
        receipt = receipts.read(job.receipt(unit))
        if receipt is None:
            raise RuntimeError(f"unit {unit} left no receipt, and no reason why: the runner lost it")
        total.add(receipt)
        (path,) = receipt.files
        shards[token_shards.shard_name(unit)] = {
            "bytes": receipt.files[path],
            "sha256": receipt.digests[path],
            "documents": receipt.documents,
            "tokens": sum(receipt.tokens.values()),
        }
    return total, shards


def _books(job: TokenJob, total: Total, shards: Shards, complete: bool) -> dict[str, Any]:
    """The books: documents in = kept, and what was written is what was counted. Nothing is dropped here."""
    tokens = {name: total.tokens.get(name, 0) for name in (IN_TEXT, BOS, EOS)}
    held = sum(shard["tokens"] for shard in shards.values())
    books: dict[str, Any] = {
        "source": job.source,
        "in": job.expected if complete else total.documents,
        "kept": total.kept,
        "dropped": {},
        "broken": {},
        "noted": total.noted,
        "tokens": {**tokens, "all": held},
    }
    errors = []
    if books["in"] != books["kept"]:
        errors.append(f"the books of {job.source} say that {books['in']} documents were kept, but {books['kept']} became tokens")
    if sum(tokens.values()) != held:
        errors.append(f"{sum(tokens.values())} tokens were made ({tokens}), but the shards hold {held}")
    for name, wanted in ((BOS, job.config.bos), (EOS, job.config.eos)):
        if tokens[name] != total.kept * wanted:
            errors.append(f"{total.kept} documents have {tokens[name]} tokens {name}")
    return {**books, "closed": not errors, **({"errors": errors} if errors else {})}


def _manifest(job: TokenJob, clean: CleanShards, total: Total, shards: Shards, lost: list[tuple[str, int, str]]) -> dict[str, Any]:
    tokenizer = loaded(job.model, job.model_digest)
    return {
        "source": job.source,
        "complete": not lost,
        "run": settings.fingerprint(job.fingerprint, listing_fingerprint(clean.listing)),
        "config": job.fingerprint,
        "listing": listing_fingerprint(clean.listing),
        "rules": RULES,
        "format": token_shards.FORMAT,
        "settings": settings.described(job.config),
        "tokenizer": {
            "sha256": job.model_digest,
            "vocabulary": tokenizer.vocabulary,
            "bos_id": tokenizer.bos_id,
            "eos_id": tokenizer.eos_id,
        },
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "inputs": [{"name": file.name, "bytes": file.size, "sha256": file.tag} for file in clean.listing],
        "dtype": tokenizer.dtype.name,
        "documents": total.kept,
        "tokens": sum(shard["tokens"] for shard in shards.values()),
        "text_bytes": total.text_bytes,
        "lengths": dict(sorted(total.histograms.get("tokens", {}).items(), key=lambda item: int(item[0]))),
        "quarantined": [{"name": name, "unit": unit, "why": why} for name, unit, why in lost],
        "shards": shards,
    }


def _outcome(job: TokenJob, books: dict[str, Any], manifest: dict[str, Any], reused: int) -> Outcome:
    said = [f"{lost['name']} was quarantined: {lost['why']}" for lost in manifest["quarantined"]]
    code = 0
    if not books["closed"]:
        said += [f"the books do not close: {error}" for error in books["errors"]]
        code = 3
    if said and manifest["quarantined"]:
        said.append("quarantined units are tried again when the same line is run again")
        code = 1
    return Outcome(books, _told(books, manifest), said, reused, code)


def _told(books: dict[str, Any], manifest: dict[str, Any]) -> str:
    """One line a source: documents, tokens, bytes a token."""
    tokens = books["tokens"]
    ratio = f"{manifest['text_bytes'] / tokens[IN_TEXT]:.2f} bytes of text a token" if tokens[IN_TEXT] else "no text"
    notes = "".join(f"; {count:,} times {note}" for note, count in books["noted"].items())
    return (
        f"{books['source']}: {books['kept']:,} of {books['in']:,} documents, {tokens['all']:,} tokens ({tokens[IN_TEXT]:,} in text), {ratio}, "
        f"{len(manifest['shards']):,} shard{'s' * (len(manifest['shards']) != 1)}{notes}"
        + (", books closed" if books["closed"] else ", BOOKS DO NOT CLOSE")
    )
