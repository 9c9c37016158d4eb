"""How many attributes the busiest tag of a page has: the HTML parser takes quadratic time in it, so a page is asked before it is parsed.

A tag is found as an HTML tokeniser finds it: comments and scripts are passed over, a quote opens a value only behind `=`, a tag may run to the end of the file.
Every pattern is possessive, so one pass over the bytes, whatever they are.
"""

from __future__ import annotations

import re

SMALL = 16 * 1024
"""Bytes below which a page is not asked: its tags can not hold enough. ours: 5,000 attributes take the parser some 0.1 s."""

_ATTRIBUTE = rb"""[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+)?)?+"""
_ATTRIBUTES = rb"<[a-z][^\s/>]*+(?P<attributes>(?:[\s/]++|" + _ATTRIBUTE + rb")*+)"
_COMMENT = rb"<!--(?:-?>|.*?--!?>|.*)"
_SCRIPT = rb"<script\b[^>]*+(?:.*?</script|.*)"
_TAG = re.compile(_COMMENT + rb"|" + _SCRIPT + rb"|" + _ATTRIBUTES, re.S | re.I)
_TAG_IN_DRAWING = re.compile(_COMMENT + rb"|" + _ATTRIBUTES, re.S | re.I)  # within svg and math, a script is parsed like any element
_DRAWING = re.compile(rb"<(?:svg|math)\b", re.I)
_ONE = re.compile(_ATTRIBUTE, re.S)


def most_attributes(html: bytes) -> int:
    """The number of attributes of the tag that has most, or 0 for a page of less than SMALL bytes."""
    if len(html) < SMALL:
        return 0
    most = 0
    for tag in (_TAG_IN_DRAWING if _DRAWING.search(html) else _TAG).finditer(html):
        start, end = tag.span("attributes")
        if end - start > 2 * most:  # an attribute takes two bytes at least
            most = max(most, sum(1 for _ in _ONE.finditer(html, start, end)))
    return most
