"""Text of crawled pages is hostile: what would hide, reorder or command is shown by its number instead."""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d\u00ad"
"""Zero-width joiners and the soft hyphen: invisible, harmless, and part of the spelling of Persian, Hindi and others. ours."""


def visible(text: str, keep: str = "") -> str:
    """The text with every character that is not seen (controls, NUL, bidirectional overrides, private use) written as `[U+202E]`.

    Spaces of all kinds, `JOINERS` and what `keep` lists stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in keep or c in JOINERS or unicodedata.category(c) == "Zs" else f"[U+{ord(c):04X}]" for c in text
    )
