"""Character references, decoded once: `&amp;lt;` gives `&lt;`."""

from html.entities import html5


def decode(reference: str) -> str:
    """The character of `&name;`, `&#1234;` or `&#x4d2;`; the reference itself where it names none that a page may hold."""
    if reference[1] != "#":
        return html5.get(reference[1:], reference)
    digits = reference[2:-1]
    number = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    allowed = number in (9, 10) or 32 <= number < 0x7F or 0xA0 <= number < 0xD800 or 0xE000 <= number < 0x110000
    return chr(number) if allowed else reference
