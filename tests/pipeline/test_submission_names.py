"""The paper that a file is, by its name, as arXiv names its papers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.submission_names import Name, name_of


@pytest.mark.parametrize(
    ("path", "key", "version"),
    [
        ("0704/0704.0001.gz", "0704.0001", None),
        ("0704/0704.0001.pdf", "0704.0001", None),
        ("2302.13971v2", "2302.13971", 2),
        ("2302.13971v2.tar.gz", "2302.13971", 2),
        ("arXiv-2302.13971v12.tgz", "2302.13971", 12),
        ("papers/arxiv_2302.13971.tex", "2302.13971", None),
        ("9901/hep-th9901001.gz", "hep-th/9901001", None),
        ("hep-th/9901001v3.tar", "hep-th/9901001", 3),
        ("hep-th_9901001v1.gz", "hep-th/9901001", 1),
        ("0309/math.GT0309136.gz", "math/0309136", None),
        ("Math0309136", "math/0309136", None),
        ("cs0012007v1.ps.gz", "cs/0012007", 1),
    ],
)
def test_papers_of_arxiv(path, key, version):
    whole = key + (f"v{version}" if version else "")
    assert name_of(path) == Name(whole, key, version, f"https://arxiv.org/abs/{whole}")


@pytest.mark.parametrize(
    "path", ["ms.tex", "a/0713.0001.gz", "2302.139710.gz", "2302.139", "draft9901001.tex", "2302.13971v0", "hep-th9913001", "x/", ""]
)
def test_files_of_other_names_are_named_by_their_path(path):
    assert name_of(path) == Name(path, path, None, None)


@given(st.text(min_size=1), st.sampled_from(["", ".gz", ".tar.gz", ".tex"]))
def test_any_name_is_a_name(stem, ending):
    found = name_of(stem + ending)
    assert found.key
    assert found.key.startswith(found.paper)


def test_names_of_endings_alone_take_linear_time():
    assert name_of(".gz" * 100_000).url is None
