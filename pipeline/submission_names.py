"""The paper that a file of arXiv's is, by its name: `0704/0704.0001.gz`, `hep-th9901001.gz`, `2302.13971v2`, `arXiv-2302.13971v2.tar.gz`."""

from __future__ import annotations

import re
from dataclasses import dataclass

ENDING = re.compile(r"(?i)\.(?:tar|t?gz|z|zip|bz2|xz|zst|tex|pdf|ps|html?|docx?|txt)$")
MOST_ENDINGS = 3  # ours: x.tex.tar.gz
NEW = re.compile(r"(?i)(?:arxiv[-_. :]?)?(\d\d(?:0[1-9]|1[0-2])\.\d{4,5})(?:v([1-9]\d{0,3}))?")
"""code: arXiv's identifiers since April 2007, of four digits before 2015 and five since."""
OLD = re.compile(r"(?i)(?:arxiv[-_. :]?)?([a-z]{2,8}(?:-[a-z]{2,6})?)(?:\.[A-Z]{2})?[/_]?(\d\d(?:0[1-9]|1[0-2])\d{3})(?:v([1-9]\d{0,3}))?")
"""code: those before, an archive and seven digits; a class of the archive (math.GT) is no part of them."""
OLD_ARCHIVES = re.compile(
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|funct-an|gr-qc|hep-ex|hep-lat"
    "|hep-ph|hep-th|math|math-ph|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|q-alg|q-bio|quant-ph|solv-int|supr-con"
)
"""code: arXiv's archives of the old identifiers; a file of another name and seven digits is no paper of them."""
BULK = re.compile(r"(?:\./)?\d{4}/([^/]+)\.(?:gz|pdf|ps\.gz|html\.gz|tar\.gz|tex\.gz|docx)")
"""A member of arXiv's bulk archives: the month's folder, then the paper."""


@dataclass(frozen=True, slots=True)
class Name:
    """`key`: the paper with its version; `paper`: without; `version`: None where the name has none; `url`: None where it is no paper of arXiv's."""

    key: str
    paper: str
    version: int | None
    url: str | None


def name_of(path: str) -> Name:
    """By the last part of a path, or the last two where they are `hep-th/9901001`; a file of another name is named by its whole path."""
    stem = path.rstrip("/")
    for _ in range(MOST_ENDINGS):
        stem = ENDING.sub("", stem)
    last = stem.rpartition("/")[2]
    if found := NEW.fullmatch(last):
        return _paper(found[1], found[2])
    for candidate in (last, "/".join(stem.split("/")[-2:])):
        found = OLD.fullmatch(candidate)
        if found and OLD_ARCHIVES.fullmatch(found[1].lower()):
            return _paper(f"{found[1].lower()}/{found[2]}", found[3])
    return Name(path, path, None, None)


def _paper(paper: str, version: str | None) -> Name:
    key = paper + (f"v{version}" if version else "")
    return Name(key, paper, int(version) if version else None, f"https://arxiv.org/abs/{key}")
