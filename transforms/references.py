"""P(page is used as a reference in Wikipedia): LLaMA's linear classifier, which RedPajama trains with fastText.

Rules: spec, "Wikipedia-reference classifier".
"""

import re

import fasttext
import numpy as np
import numpy.typing as npt
import pyarrow as pa

# code: RedPajama's labels: pages that Wikipedia cites, and random pages of the crawl.
REFERENCE = "__label__wiki"
RANDOM = "__label__cc"
LABEL = "__label__"
# fastText ends a line at this word; a page may well hold it (the end of a struck-out passage).
END = "</s>"
_WHITE = r" \t\r\x0b\x0c\x00"  # code: what fastText splits words at, but for the line feed
_MEANINGFUL = re.compile(rf"(?<![^{_WHITE}])(?:{END}(?![^{_WHITE}])|{LABEL}[^{_WHITE}]*)")


def reference_line(text: str) -> str:
    """The text as fastText reads it, in training and in scoring: one line, without the line feed at its end.

    code: RedPajama joins the lines of the stripped text by a space. ours: words that mean something else to fastText are taken out
    (`</s>` ends the line there, so the rest of the page would not count; `__label__...` is a label, which a page could give itself).
    """
    line = " ".join(text.strip().splitlines())
    return _MEANINGFUL.sub("", line) if END in line or LABEL in line else line


class ReferenceClassifier:
    """A fastText model with the labels `__label__wiki` and `__label__cc`.

    Raises FileNotFoundError where there is no file, and ValueError where it is no fastText model or has other labels.
    """

    def __init__(self, path: str) -> None:
        with open(path, "rb"):
            pass  # fastText has one and the same ValueError for a missing file and one that may not be read
        try:
            self._model = fasttext.FastText._FastText(path).f
        except ValueError as error:
            raise ValueError(f"{path}: expected a fastText model: {error}; train one with python -m pipeline.train_references") from None
        labels = sorted(self._model.getLabels("strict")[0])
        if labels != sorted((REFERENCE, RANDOM)):
            raise ValueError(
                f"{path}: expected a model with the labels {REFERENCE} and {RANDOM}, found {', '.join(labels[:5])} ({len(labels)} labels): "
                "train one with python -m pipeline.train_references"
            )

    def scores(self, texts: pa.StringArray | list[str]) -> npt.NDArray[np.float64]:
        """[documents] P(reference), in [0, 1]: that of the label itself, whichever is on top. An empty text scores as fastText's `</s>`."""
        documents = texts if isinstance(texts, list) else texts.to_pylist()
        predict = self._model.predict  # as fast as one call for all documents (measured), and holds one document's line at a time
        found = np.empty(len(documents), np.float64)
        for number, text in enumerate(documents):
            ((first, label), (second, _)) = predict(reference_line(text) + "\n", 2, 0.0, "strict")
            found[number] = first if label == REFERENCE else second
        return np.clip(found, 0.0, 1.0)  # fastText adds 1e-5 to a probability before it takes the logarithm
