"""Perplexity of a document under a language model: SentencePiece pieces as words, a KenLM n-gram model (spec: Perplexity)."""

import kenlm
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transforms.normalize import for_language_model
from transforms.pieces import Segmenter

Perplexities = npt.NDArray[np.float64]

# ours: characters of text that are segmented at once; the arrays take some 30 bytes for each, and more does not make it faster.
CHARACTERS = 1 << 20


class LanguageModel:
    """A SentencePiece model and the n-gram model over its pieces, ARPA or KenLM's binary format.

    Raises FileNotFoundError where there is no file, and ValueError where it is not such a model.
    """

    def __init__(self, sentencepiece_path: str, ngrams_path: str) -> None:
        self._segmenter = Segmenter(sentencepiece_path)
        with open(ngrams_path, "rb"):
            pass  # KenLM has one and the same error for a missing and a malformed file
        settings = kenlm.Config()
        settings.show_progress = False
        settings.arpa_complain = kenlm.ARPALoadComplain.NONE
        try:
            self._ngrams = kenlm.Model(ngrams_path, settings)
        except (OSError, RuntimeError) as error:
            raise ValueError(f"{ngrams_path}: expected an n-gram model, ARPA or KenLM's binary: {error}") from None

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
        lines, lengths = self._segmenter.words(texts)
        score = self._ngrams.score
        return np.array(
            [
                perplexity(score(line), length) if length else np.nan
                for line, length in zip(lines.to_pylist(), lengths.tolist(), strict=True)
            ]
        )


def perplexity(log10_probability: float, pieces: int) -> float:
    """code: cc_net perplexity.py: per word, `</s>` counted and `<s>` not, rounded to one decimal."""
    return float(round(10.0 ** (-log10_probability / (pieces + 1)), 1))


def buckets(perplexities: Perplexities, p30: float, p60: float) -> pa.StringArray:
    """[documents] head, middle or tail by the 30th and 60th percentile of the language's perplexities; all where there is no perplexity."""
    places = np.searchsorted([p30, p60], perplexities, side="right")
    places[np.isnan(perplexities)] = 3
    return pa.array(["head", "middle", "tail", "all"]).take(pa.array(places))
