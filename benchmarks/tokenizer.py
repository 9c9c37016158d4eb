"""Our BPE encoding beside SentencePiece's, Hugging Face's tokenizers and datatrove: CPU time of one thread, by corpus and over the length of a document.

    python -m benchmarks.tokenizer [--model=FILE ...] [--peers=FOLDER] [--lengths]

Models: by default LLaMA's (the shared data) and one of 32,000 pieces that is trained here on the same corpora. With --peers, tokenizers and datatrove
go into a virtual environment of their own in FOLDER. Rounds are interleaved and the fastest of each counts. `cold`: a new Tokenizer, whose cache is empty.
Ids are compared with SentencePiece's for every text.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sentencepiece

from benchmarks import peer_environment
from benchmarks.tokenizer_corpora import LLAMA, corpora
from transforms import sentencepiece_file
from transforms.sentencepiece_file import NORMAL
from transforms.tokenizer import Tokenizer

PEERS = ("tokenizers==0.23.3", "datatrove==0.10.1", "numpy==2.4.6", "pyarrow==25.0.1")
ROUNDS = 3
TRAINED_ON = 200_000
"""ours: characters of each corpus that the trained model sees."""
KILOBYTES = (1, 10, 100, 1000, 4000, 16000)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tokenizer", description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, action="append")
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--lengths", action="store_true", help="over the length of a document instead")
    flags = parser.parse_args()
    texts = corpora()
    models = [(path.name, path.read_bytes()) for path in flags.model or [LLAMA]]
    if not flags.model:
        models.append(("trained on these corpora", train(texts)))
    for name, model in models:
        print(f"\n{name}: {len(sentencepiece_file.read(model).pieces)} pieces", flush=True)
        if flags.lengths:
            lengths(model, "\n".join(texts["English novels"]))
        else:
            by_corpus(model, texts, peers(model, texts, peer_environment.python_of(flags.peers, PEERS)) if flags.peers else {})


def by_corpus(model: bytes, texts: dict[str, list[str]], others: dict[str, Any]) -> None:
    """Prints MB/s of ours, and how many times as fast it is as each other."""
    library = sentencepiece.SentencePieceProcessor(model_proto=model)
    print(f"{'':28} {'MB':>5} {'cold':>6} {'warm':>6} MB/s   times: {'SentencePiece':>14} {'warm':>5} {'tokenizers':>11} {'datatrove':>10}")
    for name, documents in texts.items():
        size = sum(len(text.encode()) for text in documents) / 1e6
        calls = Calls(model, documents, documents)
        cold, warm, raw = calls.fastest()
        compare(name, calls)
        other = others.get(name, {})
        shown = [f"{other[peer] / cold:.1f}" if peer in other else "" for peer in ("tokenizers", "datatrove")]
        print(
            f"{name:28} {size:5.1f} {size / cold:6.1f} {size / warm:6.1f} {'':13} {raw / cold:14.1f} {raw / warm:5.1f} {shown[0]:>11} {shown[1]:>10}",
            flush=True,
        )
        if other:
            same = sum(ids == library.encode(text) for ids, text in zip(other["ids"], documents, strict=False))
            print(f"{'':28} tokenizers' ids are the same in {same} of {len(other['ids'])}", flush=True)


class Calls:
    """Ours on some documents, with an empty cache and with one that has seen them, and the library on the same or fewer."""

    def __init__(self, model: bytes, documents: list[str], few: list[str]) -> None:
        self.model, self.array, self.few = model, pa.array(documents), few
        self.library = sentencepiece.SentencePieceProcessor(model_proto=model)

    def ours(self) -> None:
        self.found = self.tokenizer.encode(self.array)

    def raw(self) -> None:
        self.expected = self.library.encode(self.few, return_type="numpy", num_threads=1)

    def fastest(self) -> tuple[float, float, float]:
        """CPU seconds of ours cold, ours warm, and the library, rounds interleaved."""
        times = np.full((ROUNDS, 3), np.inf)
        for number in range(ROUNDS):
            self.tokenizer = Tokenizer(self.model)
            for column, call in enumerate((self.ours, self.ours, self.raw)):
                started = time.process_time()
                call()
                times[number, column] = time.process_time() - started
        cold, warm, raw = times.min(0).tolist()
        return cold, warm, raw


def compare(name: str, calls: Calls) -> None:
    """Raises SystemExit where ids differ."""
    found = calls.found
    for number, ids in enumerate(calls.expected):
        if not np.array_equal(found.tokens[found.offsets[number] : found.offsets[number + 1]], ids):
            raise SystemExit(f"{name}: text {number} has other ids than SentencePiece gives")


def lengths(model: bytes, text: str) -> None:
    """Prints MB/s over the length of a document, 16 MB in all for each length."""
    text *= 1 + 16_000_000 // len(text)
    print(f"{'KB a document':>14} {'cold':>7} MB/s {'SentencePiece':>14} MB/s")
    for kilobytes in KILOBYTES:
        length = kilobytes * 1000
        documents = [text[start : start + length] for start in range(0, 16_000_000, length)]
        few = documents[: max(1, 2000 // kilobytes)]
        size, small = (sum(len(document.encode()) for document in group) / 1e6 for group in (documents, few))
        cold, _, raw = Calls(model, documents, few).fastest()
        print(f"{kilobytes:14} {size / cold:7.1f}      {small / raw:14.1f}", flush=True)


def train(texts: dict[str, list[str]]) -> bytes:
    """A model with LLaMA's options."""
    lines = [line[:1000] for group in texts.values() for line in "\n".join(group)[:TRAINED_ON].splitlines() if line.strip()]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        model_type="bpe",
        vocab_size=32_000,
        character_coverage=0.99,
        split_digits=True,
        byte_fallback=True,
        allow_whitespace_only_pieces=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()


def peers(model: bytes, texts: dict[str, list[str]], python: Path) -> dict[str, Any]:
    """What tokenizer_peers.py measured, by corpus. Raises SystemExit where it failed."""
    rows = [{"corpus": name, "text": text} for name, group in texts.items() for text in group]
    with tempfile.TemporaryDirectory() as name:
        described, table = Path(name, "model.json"), Path(name, "texts.parquet")
        described.write_text(json.dumps(merges(model)), encoding="utf-8")
        pq.write_table(pa.Table.from_pylist(rows), table)
        command = [str(python), str(Path(__file__).with_name("tokenizer_peers.py")), str(described), str(table)]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"the peers ended with {done.returncode}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def merges(model: bytes) -> dict[str, list[Any]]:
    """The model as tokenizers takes it: its pieces, and every two pieces that make one, in the order of scores."""
    file = sentencepiece_file.read(model)
    numbers = {piece: number for number, piece in enumerate(file.pieces) if file.types[number] == NORMAL}
    pairs = [
        (-float(file.scores[number]), numbers[piece[:at]], numbers[piece[at:]], piece[:at], piece[at:])
        for piece, number in numbers.items()
        for at in range(1, len(piece))
        if piece[:at] in numbers and piece[at:] in numbers
    ]
    return {"pieces": file.pieces, "merges": [pair[3:] for pair in sorted(pairs)]}


if __name__ == "__main__":
    main()
