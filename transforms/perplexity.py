"""Perplexity of a document under a language model: SentencePiece pieces as words, an n-gram model as KenLM scores it (spec: Perplexity).

An ARPA file is scored from tables of our own, faster and to the same bits; KenLM's binary format, and an ARPA file out of the ordinary,
by KenLM.
"""

import os

import kenlm
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transforms import arpa
from transforms.normalize import for_language_model
from transforms.pieces import Segmenter

Perplexities = npt.NDArray[np.float64]

# ours: characters of text that are segmented at once; the arrays take some 30 bytes for each, and more does not make it faster.
CHARACTERS = 1 << 20
# ours: a smaller file is of a trial, and it takes longer to compile the kernel, once, than to score all by KenLM.
TABLES_BYTES = 1 << 24
SPACES = set("\0\t\n\v\f\r ")  # code: kenlm, util::kSpaces


class LanguageModel:
    """A SentencePiece model and the n-gram model over its pieces, ARPA or KenLM's binary format.

    Raises FileNotFoundError where there is no file, and ValueError where it is not such a model.
    """

    def __init__(self, sentencepiece_path: str, ngrams_path: str) -> None:
        self._segmenter = Segmenter(sentencepiece_path)
        with open(ngrams_path, "rb"):
            pass  # KenLM has one and the same error for a missing and a malformed file
        # KenLM takes a piece with white space in it for two words, or none.
        one_word = not any(set(surface) & SPACES for surface in self._segmenter.surfaces)
        self._tables = arpa.read(ngrams_path) if one_word and os.path.getsize(ngrams_path) >= TABLES_BYTES else None
        if self._tables:
            self._numbers = {word: number for number, word in enumerate(self._tables.words)}
            self._unknown = self._numbers["<unk>"]
            self._words = np.array([self._numbers.get(surface, self._unknown) for surface in self._segmenter.surfaces], np.int32)
        else:
            self._kenlm = _kenlm(ngrams_path)

    def perplexities(self, texts: list[str] | pa.StringArray) -> Perplexities:
        """[documents] 10 ** (-S / L), rounded to one decimal, NaN where a text is empty, or nothing is left of it.

        S is the log10 probability of the pieces of the whole document and of `</s>` after `<s>`, L the number of pieces and one.
        """
        documents = texts if isinstance(texts, list) else texts.to_pylist()
        found = np.full(len(documents), np.nan)
        start = held = 0
        batch: list[str] = []
        for number, text in enumerate(documents, 1):
            batch.append(for_language_model(text))
            held += len(batch[-1])
            if held >= CHARACTERS or number == len(documents):
                found[start:number] = self.of_normal_texts(batch)
                batch, start, held = [], number, 0
        return found

    def of_normal_texts(self, texts: list[str]) -> Perplexities:
        """[documents] As `perplexities`, of a few megabytes of texts that are `for_language_model` already."""
        if self._tables:
            segmented = self._segmenter.segment(texts)
            lengths = np.diff(segmented.offsets)
            unknown = np.array([self._numbers.get(surface, self._unknown) for surface in segmented.unknown], np.int32)
            totals = self._tables.scores(np.concatenate([self._words, unknown])[segmented.pieces], segmented.offsets).tolist()
        else:
            lines, lengths = self._segmenter.words(texts)
            totals = [self._kenlm.score(line) for line in lines.to_pylist()]
        return np.array([perplexity(total, length) if length else np.nan for total, length in zip(totals, lengths.tolist(), strict=True)])


def _kenlm(path: str) -> kenlm.Model:
    settings = kenlm.Config()
    settings.show_progress = False
    settings.arpa_complain = kenlm.ARPALoadComplain.NONE
    try:
        return kenlm.Model(path, settings)
    except (OSError, RuntimeError) as error:
        raise ValueError(f"{path}: expected an n-gram model, ARPA or KenLM's binary: {error}") from None


def perplexity(log10_probability: float, pieces: int) -> float:
    """code: cc_net perplexity.py: per word, `</s>` counted and `<s>` not, rounded to one decimal."""
    return float(round(10.0 ** (-log10_probability / (pieces + 1)), 1))


def buckets(perplexities: Perplexities, p30: float, p60: float) -> pa.StringArray:
    """[documents] head, middle or tail by the 30th and 60th percentile of the language's perplexities; all where there is no perplexity."""
    places = np.searchsorted([p30, p60], perplexities, side="right")
    places[np.isnan(perplexities)] = 3
    return pa.array(["head", "middle", "tail", "all"]).take(pa.array(places))
