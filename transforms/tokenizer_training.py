"""Trains a SentencePiece BPE model as LLaMA's was (spec: Tokenizer): lines of text to the bytes of a model.

What SentencePiece 0.2.3 would lose of a text, measured, and what becomes of it here:

- A line over max_sentence_length, and a line with U+2585 anywhere, it passes over whole. Lines are cut, and U+2585, with which it marks
  unknown characters, becomes NUL, which it reads as one; the rest of the line is seen.
- A tab it would make a piece. LLaMA's file has none: to its trainer the tab was the mark of a boundary, which today is U+001F. So a tab becomes
  U+001F: it is in no piece, no piece crosses it, and it costs a byte piece as in LLaMA's. A U+001F in a text is one all the same.
- The name of a piece of its own (`<s>`, `<0x0A>`) is a boundary: no piece crosses it, and its characters are not counted.
- A carriage return at a line's end the library's iterator takes off, where spm_train on a file, and so LLaMA's trainer, keeps it: LLaMA has pieces such as
  `;\r`. So lines are given as `counted` makes them, in SentencePiece's other format, where it stays (the same pieces as from a file, tested).
- An empty line, and the line ends themselves, it never sees.

The lines' order, the number of threads and the folder do not change the pieces (tested): the same lines and options give the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import sentencepiece

from transforms import sentencepiece_file
from transforms.pieces import cut

Option = int | float | bool | str

SPACE, UNKNOWN = "\u2581", "\u2585"  # code: SentencePiece's trainer_interface.cc, kWSChar and kUNKChar
BOUNDARY = "\x1f"
# As many characters of one byte as there were bytes, so that the books close.
_UNSEEN = str.maketrans({"\t": BOUNDARY, UNKNOWN: "\0" * len(UNKNOWN.encode())})
_NAMES = re.compile("<(?:unk|s|/s|0x[0-9A-F]{2})>")
_TOO_HIGH = re.compile(r"Vocabulary size too high.*<= (\d+)", re.DOTALL)
_TOO_SMALL = re.compile(r"smaller than required_chars\. \d+ vs (\d+)")


class Split(NamedTuple):
    """The lines of a text as the trainer takes them. UTF-8 bytes of the text = `line_bytes` + `line_ends`."""

    lines: list[str]
    """None is empty, none has more than the allowed bytes, none holds a tab or U+2585."""
    line_bytes: int
    line_ends: int
    empty: int
    """Lines without a character; no bytes."""
    cut: int
    """Lines that were longer than allowed; all of their pieces are in `lines`."""
    tabs: int
    unit_separators: int
    """U+001F in the text."""
    nuls: int
    unknown_marks: int
    """U+2585 in the text."""
    piece_names: int
    """Places where the text spells a piece of the model's own, such as <s>."""


def split(text: str, most: int) -> Split:
    """The text cut at line feeds, and its lines at spaces where they have more than `most` bytes of UTF-8."""
    seen = text.translate(_UNSEEN) if "\t" in text or UNKNOWN in text else text
    whole = seen.split("\n")
    lines: list[str] = []
    long = 0
    for line in whole:
        if line:
            before = len(lines)
            lines.extend(cut(line, most))
            long += len(lines) > before + 1
    return Split(
        lines,
        line_bytes=sum(len(line.encode()) for line in lines),
        line_ends=len(whole) - 1,
        empty=whole.count(""),
        cut=long,
        tabs=text.count("\t"),
        unit_separators=text.count(BOUNDARY),
        nuls=text.count("\0"),
        unknown_marks=text.count(UNKNOWN),
        piece_names=len(_NAMES.findall(text)) if "<" in text else 0,
    )


def counted(line: str, often: int) -> str:
    """A line of `split` that counts as so many, as the trainer takes it: the same pieces as from that many lines, in the time and memory of one."""
    return f"{line}\t{often}"


def train_bpe(lines: Iterable[str], options: Mapping[str, Option]) -> bytes:
    """A BPE model of `lines`, each made by `counted`, which may be iterated twice.

    `options` have SentencePiece's names. With `hard_vocab_limit`, where the lines do not give `vocab_size` pieces, the model has all that they give, and
    stores that number. Raises ValueError where no model can be made: no lines, a vocabulary too small for the characters.
    """

    def train(vocabulary: Option) -> bytes:
        model = io.BytesIO()
        given: dict[str, Any] = {**options, "vocab_size": vocabulary, "model_type": "bpe", "input_format": "tsv", "minloglevel": 2}
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=model, **given)
        return model.getvalue()

    wanted = options["vocab_size"]
    try:
        try:
            return train(wanted)
        except RuntimeError as error:
            found = _TOO_HIGH.search(str(error))
            if found is None:
                raise
            return train(int(found[1]))
    except RuntimeError as error:
        raise ValueError(_told(str(error), wanted)) from None


def _told(error: str, wanted: Option) -> str:
    needed = _TOO_SMALL.search(error)
    if needed:
        return (
            f"expected a vocabulary of {needed[1]} pieces at least, for the special pieces and each character that is to have one, found "
            f"{wanted}: set vocab_size higher or character_coverage lower"
        )
    if "sentences_.empty()" in error:
        return "expected lines to train on, found none"
    return f"SentencePiece could not be trained for {wanted} pieces: {error}"


def with_whitespace_score(model: bytes, score: float) -> bytes:
    """The model with this score for each piece of spaces alone.

    LLaMA's have -1e9, so that a run of spaces merges after everything else, and the last of them goes with the word behind it. Today's trainer ranks them
    like all others: where runs of spaces are frequent, they then merge first and take the word's space.
    """
    held = sentencepiece_file.read(model)
    scores = held.scores.copy()
    for number, piece in enumerate(held.pieces):
        if held.types[number] == sentencepiece_file.NORMAL and not piece.strip(SPACE):
            scores[number] = score
    return sentencepiece_file.with_scores(model, scores)
