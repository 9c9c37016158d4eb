"""Where language models lie, and the perplexities that cut head, middle and tail: those of `train_lm`, or CCNet's published ones.

Cut-offs belong to one model (spec: Perplexity): ours stand in its manifest, CCNet's in its table, which is used with its own models alone.
"""

from __future__ import annotations

import csv
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline import settings, setup

Kind = Literal["own", "ccnet"]

OWN, CCNET = "lm", "ccnet"
SENTENCEPIECE, ARPA, BINARY, MANIFEST = "sentencepiece.model", "ngrams.arpa", "ngrams.bin", "manifest.json"
# code: cc_net perplexity.py, PerplexityBucket: the percentiles that end head and middle.
HEAD_PERCENTILE, MIDDLE_PERCENTILE = 30, 60


class ModelMissing(Exception):
    """A model that is not there, or not whole: which, and the command that makes it."""


@dataclass(frozen=True)
class LanguageModelFiles:
    """The files of one language's model, and its cut-offs: a perplexity below p30 is head, from p60 on tail."""

    sentencepiece: str
    ngrams: str
    p30: float
    p60: float
    fingerprint: str


def available(models_directory: str | Path, kind: Kind) -> list[str]:
    """The languages that `models_directory` has a model for, sorted."""
    models = Path(models_directory)
    if kind == "own":
        return sorted(path.parent.name for path in models.glob(f"{OWN}/[a-z]*/{MANIFEST}"))
    suffix = setup.CCNET_FILES[0].format(language="")
    names = [path.name.removesuffix(suffix) for path in models.glob(f"{CCNET}/*{suffix}")]
    return sorted(name for name in names if _ccnet_paths(models, name)[1].is_file())


def find(models_directory: str | Path, language: str, kind: Kind) -> LanguageModelFiles:
    """The model of a language. Raises ModelMissing where it, a part of it or its cut-offs are not there.

    Its fingerprint changes where a perplexity or a bucket could. Our own files are known by the digests in their manifest, and checked
    by size alone: a model is written once, as a whole. CCNet's have several gigabytes: they are known by the digests that setup
    recorded when it fetched them, and where there is none by name, size and time of change.
    """
    models = Path(models_directory)
    return _own(models, language) if kind == "own" else _ccnet(models, language)


def _own(models: Path, language: str) -> LanguageModelFiles:
    folder = models / OWN / language
    remedy = f"Train it: python -m pipeline.train_lm --language={language} --input=TEXTS --models={models}"
    manifest: dict[str, Any] = {}
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        names = {name: int(said["size"]) for name, said in manifest["files"].items()}
        p30, p60 = float(manifest["cutoffs"]["p30"]), float(manifest["cutoffs"]["p60"])
        fingerprint = str(manifest["fingerprint"])
    except FileNotFoundError:
        raise ModelMissing(f"there is no language model of {language!r} in {models / OWN}. {remedy}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelMissing(
            f"{folder / MANIFEST}: expected the manifest that train_lm writes, found otherwise ({error!r}). {remedy}"
        ) from None
    for name, size in names.items():
        found = os.path.getsize(folder / name) if (folder / name).is_file() else None
        if found != size:
            state = "is not there" if found is None else f"has {found} bytes"
            raise ModelMissing(f"{folder / name}: expected {size} bytes as its manifest says, but it {state}. {remedy}")
    ngrams = BINARY if BINARY in names else ARPA
    if not {SENTENCEPIECE, ngrams} <= names.keys():
        raise ModelMissing(f"{folder / MANIFEST}: expected {SENTENCEPIECE} and {ngrams} among its files, found {sorted(names)}. {remedy}")
    return LanguageModelFiles(str(folder / SENTENCEPIECE), str(folder / ngrams), p30, p60, fingerprint)


def _ccnet_paths(models: Path, language: str) -> tuple[Path, Path]:
    sentencepiece, ngrams = (models / CCNET / name.format(language=language) for name in setup.CCNET_FILES)
    return sentencepiece, ngrams


def _ccnet(models: Path, language: str) -> LanguageModelFiles:
    sentencepiece, ngrams = _ccnet_paths(models, language)
    table = models / CCNET / setup.CUTOFFS
    remedy = (
        f"Get them: python -m pipeline.setup --models={models} --ccnet {language} --from={setup.CCNET_ORIGIN} --cutoffs=URL_OR_PATH of "
        "cc_net/data/cutoff.csv in CCNet's repository"
    )
    for path in (sentencepiece, ngrams, table):
        if not path.is_file():
            raise ModelMissing(f"{path} of CCNet's models is not there. {remedy}")
    p30, p60 = _cutoffs(table, language, remedy)
    record = models / CCNET / setup.RECORD
    digests: dict[str, str] = json.loads(record.read_bytes()) if record.is_file() else {}
    known = [_identity(path, digests) for path in (sentencepiece, ngrams)]
    return LanguageModelFiles(str(sentencepiece), str(ngrams), p30, p60, settings.fingerprint(CCNET, known, p30, p60))


def _identity(path: Path, digests: dict[str, str]) -> list[str | int]:
    stat = path.stat()
    return [path.name, stat.st_size, digests.get(path.name, stat.st_mtime_ns)]


def _cutoffs(table: Path, language: str, remedy: str) -> tuple[float, float]:
    """A row a percentile, which its first cell names, and a column a language."""
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = {row[""]: row.get(language) for row in csv.DictReader(file) if "" in row}
    found = [rows.get(str(percentile)) for percentile in (HEAD_PERCENTILE, MIDDLE_PERCENTILE)]
    try:
        p30, p60 = (float(value) for value in found if value)
    except ValueError:
        p30 = p60 = math.nan
    if not p30 <= p60:
        raise ModelMissing(
            f"{table}: expected the perplexities of {language!r} at the percentiles {HEAD_PERCENTILE} and {MIDDLE_PERCENTILE}, found {found}. "
            + remedy
        )
    return p30, p60
