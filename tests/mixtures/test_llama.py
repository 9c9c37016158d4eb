"""LLaMA's Table 1 and RedPajama's counts as data."""

from fractions import Fraction

from mixtures.llama import LLAMA, TABLE_1, TOKENS
from mixtures.redpajama import REDPAJAMA
from mixtures.redpajama import TOKENS as REDPAJAMA_TOKENS

PRINTED = """
commoncrawl    67.0%  1.10  3.3 TB
c4             15.0%  1.06  783 GB
github          4.5%  0.64  328 GB
wikipedia       4.5%  2.45   83 GB
books           4.5%  2.23   85 GB
arxiv           2.5%  1.06   92 GB
stackexchange   2.0%  1.03   78 GB
"""
"""The table, as the paper prints it."""


def test_the_table_is_the_paper_s():
    units = {"TB": 1e12, "GB": 1e9}
    rows = [line.split() for line in PRINTED.split("\n") if line]
    assert list(TABLE_1) == [row[0] for row in rows]
    for source, proportion, epochs, size, unit in rows:
        found = TABLE_1[source]
        assert (f"{found.proportion}%", f"{found.epochs:.2f}", found.disk) == (proportion, epochs, float(size) * units[unit])


def test_the_shares_are_exact():
    assert list(LLAMA.weights.values()) == [Fraction(share) / 1000 for share in (670, 150, 45, 45, 45, 25, 20)]
    assert list(LLAMA.weights) == list(TABLE_1)
    assert LLAMA.tokens == TOKENS == 1_400 * 10**9


def test_redpajama_draws_each_token_once():
    assert REDPAJAMA.tokens == sum(REDPAJAMA_TOKENS.values()) == 1_210 * 10**9
    assert {source: weight * REDPAJAMA.tokens for source, weight in REDPAJAMA.weights.items()} == REDPAJAMA_TOKENS
    assert list(REDPAJAMA.weights) == list(LLAMA.weights)
    assert [count // 10**9 for count in REDPAJAMA_TOKENS.values()] == [878, 175, 59, 24, 26, 28, 20]
