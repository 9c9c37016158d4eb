"""RedPajama v1's counts of tokens, and the mixture in which each of them is drawn once."""

from __future__ import annotations

from fractions import Fraction

from mixtures.mixture import Mixture

TOKENS = {
    "commoncrawl": 878_000_000_000,
    "c4": 175_000_000_000,
    "github": 59_000_000_000,
    "wikipedia": 24_000_000_000,
    "books": 26_000_000_000,
    "arxiv": 28_000_000_000,
    "stackexchange": 20_000_000_000,
}
"""code: RedPajama-Data v1, README, tokens of each source, counted with GPT-NeoX's tokenizer and rounded to billions; in the order of LLaMA's Table 1."""

REDPAJAMA = Mixture(
    name="redpajama",
    weights={source: Fraction(tokens, sum(TOKENS.values())) for source, tokens in TOKENS.items()},
    tokens=sum(TOKENS.values()),
    origin="code: RedPajama-Data v1, README, tokens of each source in proportion: each is drawn once",
)
