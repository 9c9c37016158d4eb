"""The fields of a JSON file that may be damaged, each checked as it is taken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

MOST = 2**62
"""ours: no count is more; positions of tokens stay within int64."""


class WrongField(ValueError):
    """A JSON file that is not what it should be: the file, what was expected, what was found. What to do is for the caller to say."""


class Fields:
    """A JSON object of a file, with what its fields must be. All methods raise WrongField.

    Attributes:
        held: the object as it is.
    """

    held: Mapping[str, Any]

    def __init__(self, path: str, held: Any, within: str = "") -> None:
        self._path, self._within = path, within
        if not isinstance(held, dict):
            raise WrongField(f"{path}: expected {within or 'the file'} to be a JSON object, found {_shown(held)}")
        self.held = held

    @classmethod
    def of(cls, path: str, data: bytes) -> Fields:
        """The object that a file's bytes are."""
        try:
            held = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise WrongField(f"{path}: expected a JSON object, found {len(data):,} bytes that are none ({error})") from None
        return cls(path, held)

    def count(self, name: str, least: int = 0) -> int:
        """A whole number from `least` on."""
        value = self._value(name)
        if type(value) is not int or not least <= value <= MOST:
            raise self.wrong(name, f"a whole number of {least} or more", value)
        return value

    def counts(self) -> dict[str, int]:
        """The object as numbers by name."""
        return {name: self.count(name) for name in self.held}

    def text(self, name: str) -> str:
        """A string."""
        value = self._value(name)
        if not isinstance(value, str):
            raise self.wrong(name, "a string", value)
        return value

    def sha256(self, name: str) -> str:
        """A SHA-256, in hexadecimal digits."""
        value = self._value(name)
        if not isinstance(value, str) or len(value) != 64 or value.strip("0123456789abcdef"):
            raise self.wrong(name, "a SHA-256 in 64 hexadecimal digits", value)
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._value(name)
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false", value)
        return value

    def texts(self, name: str) -> list[str]:
        """A list of strings."""
        value = self._value(name)
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise self.wrong(name, "a list of strings", value)
        return value

    def inside(self, name: str) -> Fields:
        """An object within."""
        return Fields(self._path, self._value(name), self._full(name))

    def each(self, name: str) -> dict[str, Fields]:
        """An object of objects."""
        inner = self.inside(name)
        return {key: inner.inside(key) for key in inner.held}

    def listed(self, name: str) -> list[Fields]:
        """A list of objects."""
        value = self._value(name)
        if not isinstance(value, list):
            raise self.wrong(name, "a list", value)
        return [Fields(self._path, entry, f"{self._full(name)}[{number}]") for number, entry in enumerate(value)]

    def _value(self, name: str) -> Any:
        if name not in self.held:
            raise WrongField(f"{self._path}: expected a field {self._full(name)}, found none")
        return self.held[name]

    def _full(self, name: str) -> str:
        return f"{self._within}.{name}" if self._within else name

    def wrong(self, name: str, expected: str, value: Any) -> WrongField:
        """The error for a field that is something else."""
        return WrongField(f"{self._path}: expected {self._full(name)} to be {expected}, found {_shown(value)}")


def _shown(value: Any) -> str:
    """A value in few characters, on one line."""
    words = json.dumps(value)
    return words if len(words) <= 60 else f"{words[:60]}..."
