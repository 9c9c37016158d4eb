"""N-gram models over pieces, estimated by KenLM's `lmplz` where it is installed, else by our own estimator; both give the same model."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.training import TrainingError
from pipeline.training_texts import Lines
from transforms import kneser_ney
from transforms.pieces import Segmenter

LMPLZ, BUILD_BINARY = "lmplz", "build_binary"


def choose(estimator: str) -> str:
    """`lmplz` or `own`, for `auto` what there is. Raises TrainingError where lmplz is asked for and not on the PATH."""
    there = shutil.which(LMPLZ) is not None
    if estimator == LMPLZ and not there:
        raise TrainingError(f"expected KenLM's {LMPLZ} on the PATH, found none: build it, or leave it to our own with --set estimator=own")
    return estimator if estimator != "auto" else LMPLZ if there else "own"


def estimate(lines: Lines, segmenter: Segmenter, arpa: Path, folder: Path, estimator: str, order: int, memory_bytes: int) -> list[int]:
    """Writes the model of the lines' pieces to `arpa`, with files in `folder` meanwhile; the number of n-grams of each order."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        if estimator == LMPLZ:
            return _by_lmplz(lines, segmenter, arpa, name, order, memory_bytes)
        vocabulary = list(segmenter.surfaces)
        return kneser_ney.estimate(_words(lines, segmenter, vocabulary), vocabulary, arpa, Path(name), order, memory_bytes)


def _by_lmplz(lines: Lines, segmenter: Segmenter, arpa: Path, folder: str, order: int, memory_bytes: int) -> list[int]:
    # code: CCNet's Makefile; --skip_symbols, since a document may spell out </s>.
    options = ["-o", str(order), "-S", f"{memory_bytes}b", "-T", folder, "--vocab_estimate", str(len(segmenter.surfaces))]
    with tempfile.TemporaryFile() as said:
        command = [LMPLZ, *options, "--discount_fallback", "--skip_symbols", "--arpa", str(arpa)]
        # A broken pipe: it ended before its input did, and its exit code tells.
        with suppress(BrokenPipeError), subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said) as running:
            assert running.stdin is not None
            for batch in lines.batches():
                running.stdin.writelines(words + b"\n" for words in segmenter.words(batch)[0].to_pylist())
        if running.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace").split()[-60:]
            raise TrainingError(f"{LMPLZ} ended with {running.returncode}: {' '.join(words)}; our own does without it: --set estimator=own")
    with arpa.open("rb") as file:
        next(file)
        return [int(next(file).partition(b"=")[2]) for _ in range(order)]


def _words(lines: Lines, segmenter: Segmenter, vocabulary: list[str]) -> Iterator[npt.NDArray[np.integer]]:
    """The pieces of each line; surfaces that the segmenter does not know are added to the vocabulary."""
    size = len(vocabulary)
    numbers: dict[str, int] = {}
    for batch in lines.batches():
        segmented = segmenter.segment(batch)
        for surface in segmented.unknown:
            if surface not in numbers:
                numbers[surface] = len(vocabulary)
                vocabulary.append(surface)
        pieces = segmented.pieces.astype(np.int64)
        pieces[pieces >= size] = [numbers[surface] for surface in segmented.unknown]
        skipped = [numbers[word] for word in kneser_ney.SPECIAL_WORDS if word in numbers]
        for document in np.split(pieces, segmented.offsets[1:-1]):
            yield document[~np.isin(document, skipped)] if skipped else document


def build_binary(arpa: Path, binary: Path) -> None:
    """Writes KenLM's binary form beside the ARPA file where `build_binary` is installed: it loads at once. code: CCNet's, the default form."""
    if shutil.which(BUILD_BINARY):
        done = subprocess.run([BUILD_BINARY, str(arpa), str(binary)], capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            raise TrainingError(f"{BUILD_BINARY} ended with {done.returncode}: {' '.join(done.stderr.split()[-60:])}")
