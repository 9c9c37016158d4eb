"""Words of texts, as `bytes.split` has them, whatever the segments."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import word_counts
from transforms.texts import Texts


@given(st.lists(st.text(alphabet="ab é\t\n\r\f\x0b\xa0", max_size=30), max_size=5), st.sampled_from([1, 2, 7, 1 << 20]))
def test_words_are_what_split_gives(texts, segment):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_counts, "SEGMENT", segment)
        found = word_counts.count(Texts(pa.array(texts, pa.string())))
    assert found.tolist() == [len([word for word in _plain(text).split(" ") if word]) for text in texts]


def _plain(text):
    return text.translate(dict.fromkeys(map(ord, "\t\n\r\f"), " "))
