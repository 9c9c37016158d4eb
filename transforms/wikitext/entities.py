"""Character references, decoded once: `&amp;lt;` gives `&lt;`."""

import re
from html.entities import html5

REFERENCE = r"(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"
"""What follows `&`."""
_REFERENCE = re.compile("&" + REFERENCE)


def decode(reference: str) -> str:
    """The character of `&name;`, `&#1234;` or `&#x4d2;`; the reference itself where it names none that a page may hold."""
    if reference[1] != "#":
        return html5.get(reference[1:], reference)
    digits = reference[2:-1]
    number = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    allowed = number in (9, 10) or 32 <= number < 0x7F or 0xA0 <= number < 0xD800 or 0xE000 <= number < 0x110000
    return chr(number) if allowed else reference


def decoded(text: str) -> str:
    """The text with its references decoded."""
    return _REFERENCE.sub(lambda found: decode(found[0]), text)
