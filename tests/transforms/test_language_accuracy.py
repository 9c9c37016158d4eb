"""lid.176.ftz through our kernel on sentences whose language is known: it finds what the model is able to find."""

import gzip

import pyarrow as pa
import pytest
from shared_data import SHARED

from transforms.language import Identifier
from transforms.texts import Texts

SENTENCES = SHARED / "langid" / "lingua-sentences"
PAGE = 5
"""Sentences put together: a page has more than one."""


def pages(language):
    (path,) = SENTENCES.glob(f"{language}.*")
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    sentences = [line.strip() for line in data.decode().split("\n") if line.strip()]
    return ["\n".join(sentences[i : i + PAGE]) for i in range(0, len(sentences) - PAGE, PAGE)]


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ru", "uk", "pl", "cs", "el", "zh", "ja", "ar", "hi"])
def test_languages_are_found(language):
    if not SENTENCES.exists():
        pytest.skip(f"no shared data: {SENTENCES} is absent")
    texts = pages(language)
    assert len(texts) > 20
    labels, _ = Identifier(str(SHARED / "models" / "lid.176.ftz")).identify(Texts(pa.array(texts)))
    found = sum(label == language for label in (labels.to_pylist() if hasattr(labels, "to_pylist") else labels)) / len(texts)
    assert found > 0.97, f"{found:.3f} of {len(texts)} pages"
