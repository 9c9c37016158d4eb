"""Attributes are counted as an HTML tokeniser sees them, in linear time."""

import time

import pytest

from transforms.markup import SMALL, most_attributes

PAD = b"<p>" + b"x" * SMALL
THREE = b"<a b=1 c='2' d>"


@pytest.mark.parametrize(
    ("html", "most"),
    [
        (THREE, 3),
        (b"<a b=\">\" c='<x y z w>' d>", 3),
        (b'<a b" c d">', 3),  # a quote in a name opens nothing
        (b"<a/b/c>", 2),
        (b"<a b=c=d e>", 2),
        (b"<a =b c>", 2),
        (b"<br><i b>", 1),
        (b"<!-- <a b c d e> --><i b>", 1),
        (b"<!--><a b c>", 2),
        (b"<!-- --!><a b c>", 2),
        (b"<script>if (i <n && a && b && c) x()</script><i b>", 1),
        (b"<svg><script><a b c d></script></svg>", 3),
        (b"<a b c d", 3),
        (b"no tag < a b c d", 0),
        (b"</a>", 0),
    ],
)
def test_counts(html, most):
    assert most_attributes(PAD + html) == most


def test_a_small_page_is_not_asked():
    assert most_attributes(THREE) == 0


HOSTILE = {
    "distinct": lambda n: b"<a " + b" ".join(b"x%d=1" % i for i in range(n)) + b">",
    "quoted": lambda n: b"<a " + b" ".join(b'x%d=">"' % i for i in range(n)) + b">",
    "tags": lambda n: b"<a" * n,
    "comments": lambda n: b"<!--" * n,
    "scripts": lambda n: b"<script>" * n,
    "ends": lambda n: b"<script></scrip" * n,
    "equals": lambda n: b"<a " + b"=" * n,
    "spaces": lambda n: b"<a b" + b" " * n,
    "growing": lambda n: b"".join(b"<a" + b" b" * i + b">" for i in range(int(n**0.5))),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_linear(name):
    def seconds(n):
        html = HOSTILE[name](n)
        started = time.process_time()
        most_attributes(html)
        return time.process_time() - started

    assert seconds(400_000) < 8 * max(seconds(100_000), 0.02)
