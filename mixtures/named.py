"""Mixtures by name, and those that a user writes: `find("llama")`, `find("mine.toml")`, `find("mine.py")`.

    # mine.toml
    name = "mine"                   # default: the file's name
    tokens = 300_000_000_000        # tokens drawn in a whole run
    origin = "ours: why these shares"
    [weights]                       # shares that sum to exactly 1, or per cent that sum to exactly 100
    commoncrawl = 0.8               # also "0.8", and fractions: "4/5"
    letters = 0.2

A `.py` file defines `MIXTURE`, a `mixtures.mixture.Mixture`; it is run.
"""

from __future__ import annotations

import runpy
import sys
import tomllib
from contextlib import redirect_stdout
from decimal import Decimal
from pathlib import Path
from typing import Any

from mixtures.llama import LLAMA
from mixtures.mixture import Mixture, MixtureError, nearest, shares, shown
from mixtures.redpajama import REDPAJAMA

NAMED = {mixture.name: mixture for mixture in (LLAMA, REDPAJAMA)}
FIELDS = ("name", "tokens", "origin", "weights")


def find(name_or_path: str) -> Mixture:
    """The mixture of this name, or that a `.toml` or `.py` file gives. Raises MixtureError where there is none or the file gives no mixture."""
    if name_or_path in NAMED:
        return NAMED[name_or_path]
    path = Path(name_or_path)
    if path.suffix not in (".toml", ".py"):
        raise MixtureError(f"there is no mixture {name_or_path!r}{nearest(name_or_path, NAMED)} (or a file .toml or .py)")
    try:
        if not path.is_file():
            raise MixtureError(f"expected a file that gives a mixture, found none at {name_or_path}")
        return _of_toml(path) if path.suffix == ".toml" else _of_python(path)
    except OSError as error:
        raise MixtureError(f"{shown(name_or_path)}: expected a file that can be read: {error.strerror}") from None


def _of_toml(path: Path) -> Mixture:
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, UnicodeDecodeError
        raise MixtureError(f"{path} is no TOML: {error}") from None
    for field in fields:
        if field not in FIELDS:
            raise MixtureError(f"{path}: unknown field {field!r}{nearest(field, FIELDS)}")
    try:
        return Mixture(
            name=_field(fields, "name", str, path.stem),
            weights=shares(_field(fields, "weights", dict)),
            tokens=_field(fields, "tokens", int),
            origin=_field(fields, "origin", str),
        )
    except MixtureError as error:
        raise MixtureError(f"{path}: {error}") from None


def _field(fields: dict[str, Any], name: str, kind: type, default: Any = None) -> Any:
    value = fields.get(name, default)
    if not isinstance(value, kind) or isinstance(value, bool):
        wanted = {str: "a string", int: "a whole number", dict: "a table [weights] of source = share"}[kind]
        raise MixtureError(f"{name} is {wanted}, found {'none' if value is None else shown(value)}")
    return value


def _of_python(path: Path) -> Mixture:
    try:
        with redirect_stdout(sys.stderr):  # what it prints is no part of a plan
            mixture = runpy.run_path(str(path)).get("MIXTURE")
    except (Exception, SystemExit) as error:
        raise MixtureError(f"{path} cannot be run: {type(error).__name__}: {error}") from error
    if not isinstance(mixture, Mixture):
        raise MixtureError(f"{path}: expected MIXTURE, a mixtures.mixture.Mixture, found {'none' if mixture is None else shown(mixture)}")
    return mixture
