"""Names of files and of an archive's members, which are bytes that anyone may have chosen."""

from __future__ import annotations

ABSOLUTE, UPWARDS = "absolute path", "path with .."
"""Why a member's path would leave the folder that its archive is unpacked into. Nothing is unpacked: it is named all the same."""


def storable(name: str) -> str:
    """The name without surrogates, which stand for bytes that were no UTF-8."""
    return name if name.isascii() else name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
