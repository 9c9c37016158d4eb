"""HTML of posts to text: the spec's vectors, each rule by example, what holds of any string, and linear time."""

import html
import re
import time

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.post_html import convert


def text_of(body: str) -> str:
    return str(convert(pa.array([body])).text[0].as_py())


def noted_of(body: str) -> dict[str, int]:
    return dict(convert(pa.array([body])).noted)


VECTORS = [  # RedPajama: BeautifulSoup's get_text() behind `<li>` and `<ol>` as "\n*". Its blocks are glued, its ordered lists have a bullet of their own.
    (
        "<p>Hello &amp; <b>bye</b></p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n",
        "Hello & bye\n\n\n*one\n\n*two\n\n",
        "Hello & bye\n\n* one\n* two",
    ),
    ("<ol><li>a</li><li>b</li></ol>", "*\n*a\n*b", "1. a\n2. b"),
    ("<p>x</p><p>y</p>", "xy", "x\n\ny"),
    ("<p>a<br>b</p>", "ab", "a\nb"),
    ("<pre><code>if a &lt; b:\n  c\n</code></pre>", "if a < b:\n  c\n", "if a < b:\n  c"),
]


@pytest.mark.parametrize(("body", "redpajama", "ours"), VECTORS)
def test_vectors(body: str, redpajama: str, ours: str) -> None:
    assert text_of(body) == ours
    assert re.sub(r"[\s*]|\d\. ", "", redpajama) == re.sub(r"[\s*]|\d\. ", "", ours)


BLOCKS = {
    "a<h2>b</h2>c<hr>d<blockquote>e</blockquote>f<p>g": "a\n\nb\n\nc\n\nd\n\ne\n\nf\n\ng",
    "<div>a</div><div>b</div>c<dl><dt>d<dd>e</dl>": "a\nb\nc\n\nd\ne",
    "<p>a<br><br><br>b<br></p>c": "a\n\nb\n\nc",
    "<p></p><br><p><img alt=x></p>a<p> </p>": "a",
    "a<b> b</b> <i>c </i>d<em>e</em>\n\n f\t\r\n\fg": "a b c de f g",
    "a<foo:bar>b</foo:bar>c<span>d</span><zp>e<x-p>f": "abcdef",
    "<a href='x'>label</a><img src=y alt=z>!": "label!",
    "<blockquote class='spoiler'><p>it was him</p></blockquote>": "it was him",
    "a\u00a0&nbsp;b": "a\u00a0\u00a0b",
}
LISTS = {
    "<ul><li>a<ul><li>b<ol><li>c</ol></ul><li>d</ul>e": "* a\n    * b\n        1. c\n* d\n\ne",
    "<ol><li><p>a</p><p>b</p></li><li><p>c</p></li></ol>": "1. a\n\nb\n\n2. c",
    "<ol start='3'><li>a<li></li><li>b</ol><ol start=-1><li>c</ol>": "3. a\n5. b\n\n-1. c",
    "<ol title=' start=4' START = \"5x\"><li>a</ol>": "5. a",
    "<ol start=1234567890><li>a</ol><ol start=x><li>b</ol>": "1. a\n\n1. b",
    "<ul><ol><li>a</ul><li>b</ol><li>c": "    1. a\n\n* b\n* c",
    "<li>a</li></ol><li>b": "* a\n* b",
    "<ol start=9><li>a</ul><li>b": "9. a\n10. b",
    '<ol start=2 start=9><li>a</ol><ol start=7 title="><li>b</ol><ol start=8><li>c': "2. a\n\n1. b\n\n1. c",
    "<ul><li><ul><li>a</ul></ul>": "    * a",
    "<ul>" * 12 + "<li>a": " " * 32 + "* a",
    "<ul><li><pre>x\n y</pre></li></ul>": "*\nx\n y",
}
TABLES = {
    "<table><tr><th>a</th><th>b</th></tr>\n<tr><td>1</td> <td></td><td> 2<br>3 </td><td></td></tr></table>x": "a | b\n1 |  | 2 3\n\nx",
    "<table><tr><th></th><th></th><th>a</th></tr></table>": "| | a",
    "<table><tr><td><p>a</p></td><td><p>b</p></td></tr></table>c<br>d": "a | b\n\nc\nd",
    "<table><tr><td>a</td>" + "<td></td>" * 50 + "<td>b</td>": "a" + " | " * 32 + "b",
}
CODE = {
    "<p>a</p><pre><code>\n\n  x\n\n\n\ty  &amp;\r\n</code></pre>b": "a\n\n  x\n\n\n\ty  &\n\nb",
    "a<pre> \n </pre>b": "a\n\nb",
    "<ul><li><pre>\n</pre>a": "* a",
    "<pre>a<br>b<p>c</p><li>d": "a\nb\nc\nd",
    "<pre>a\r\n\r\nb\rc</pre>": "a\n\nb\nc",
    "<pre>a</pre><pre>b<pre>c": "a\n\nb\n\nc",
    "<pre>$$ x\n$$ <b>y</b><sup>2</sup>": "$$ x\n$$ y²",
    "<div class='snippet'><div><pre class=x><code>a</code></pre>\n<pre><code>b</code></pre></div></div>": "a\n\nb",
}
FORMULAS = {
    "<p>a $x\n y$ b\n$$\nx  \\\\\n y &lt; z\n$$ c\nd</p>": "a $x y$ b $$\nx  \\\\\n y < z\n$$ c d",
    "\\begin{a}\n\\begin{b}\n\\end{b}\n\\end{a}\nx": "\\begin{a}\n\\begin{b}\n\\end{b}\n\\end{a} x",
    "\\[\nx\n\\]\ny \\(a\nb\\)": "\\[\nx\n\\] y \\(a b\\)",
    "costs $$\na<p>$$\nb": "costs $$ a\n\n$$ b",
    "$$\n$$\n$$\n$$": "$$\n$$ $$\n$$",
    "$$ &#10;x$$": "$$ \nx$$",
}
SCRIPTS = {
    "10<sup>-3</sup> m<SUP>2</SUP> CO<sub>2</sub> x<sup>(−1+2–3=4)</sup>": "10⁻³ m² CO₂ x⁽⁻¹⁺²⁻³⁼⁴⁾",
    "1<sup>st</sup> x<sup><b>2</b></sup> <sub>small print</sub> a<sup></sup>b<sup>2": "1st x2 small print ab2",
    "x<sup>" + "1" * 20 + "</sup> y<sup>" + "1" * 21 + "</sup>": "x" + "¹" * 20 + " y" + "1" * 21,
    "x<sup>2</sub>": "x2",
}
TOKENS = {
    "a < b <3 <= c<": "a < b <3 <= c<",
    "<a title='x > y'>b</a><a title=\"'>'\" x=y'>c</a>": "bc",
    "a<!-- <p> -->b<!-->c<!--->d<!-- --!>e<!doctype x>f<?php x?>g</>h</ x>i": "abcdefghi",
    "a<script>if (a < b) '<p>'</script>b<style>p {}</STYLE >c": "abc",
    "<P CLASS=x>a</P><BR/>b</br>c": "a\n\nb\nc",
    "&amp;lt; &lt;b&gt; &amp;amp;": "&lt; <b> &amp;",
    "&eacute &notit; &notin; &copy2 &nGt; &foo; &x &": "é ¬it; ∉ ©2 ≫⃒ &foo; &x &",
    "&#233;&#xE9;&#XE9 &#128;&#x9f;&#x81; &#x1F600; &#; &#x; &#xg": "ééé €Ÿ\x81 😀 &#; &#x; &#xg",
    "a&#32;&#10;&Tab;&NewLine;&#13; b": "a b",
    "&#0;&#xD800;&#x110000;&#99999999999999999999;": "\ufffd" * 4,
}
ALL = BLOCKS | LISTS | TABLES | CODE | FORMULAS | SCRIPTS | TOKENS


@pytest.mark.parametrize("body", ALL, ids=lambda body: repr(body[:60]))
def test_rules(body: str) -> None:
    assert text_of(body) == ALL[body]


UNENDED = {  # the standard drops what follows, to the end of the body
    "a <a href='x": ("a <a href='x", {"tag without an end": 1}),
    "a </b <i": ("a </b <i", {"tag without an end": 2}),
    "<p>a <a href='x>b</a> <i title=\">c</i>": ("a b c", {"quote without an end": 1}),
    "a <!-- b <i>c</i> <!-- d": ("a <!-- b c <!-- d", {"comment without an end": 2}),
    "a <script>b <p>c<style>d": ("a b\n\ncd", {"script without an end": 2}),
    "a <script>b</script": ("a b</script", {"script without an end": 1, "tag without an end": 1}),
    "a <? b <! c </ d": ("a <? b <! c </ d", {"tag without an end": 3}),
    "&foo; &bar &baz;": ("&foo; &bar &baz;", {"unknown entity": 2}),
    "&#xDFFF;": ("\ufffd", {"invalid code point": 1}),
    "<p>fine &amp; well</p>": ("fine & well", {}),
}


@pytest.mark.parametrize("body", UNENDED)
def test_text_behind_what_has_no_end_is_kept_and_noted(body: str) -> None:
    assert (text_of(body), noted_of(body)) == UNENDED[body]


def test_every_named_reference() -> None:
    names = list(html.entities.html5)
    texts = convert(pa.array([f"a&{name}" for name in names])).text.to_pylist()
    assert texts == ["a" + html.entities.html5[name].rstrip("\t\n") for name in names]


def test_bodies_share_nothing() -> None:
    bodies = ["<pre>a", "b\nc", "<ol><li>d", "", "<li>e<!--", "<a b='>f", "$$\n", "x\n$$<table><tr><td>", "<!-- -->g<td>h<br>i", "&a", ";j"]
    array = pa.array(["skipped", *bodies])[1:]
    converted = convert(array)
    converted.text.validate(full=True)
    assert converted.text.to_pylist() == [text_of(body) for body in bodies]
    assert converted.noted == {"comment without an end": 1, "quote without an end": 1}
    assert convert(pa.array([], pa.string())).text.to_pylist() == []


def test_nulls_are_refused() -> None:
    with pytest.raises(ValueError, match="1 nulls among 2"):
        convert(pa.array(["a", None]))


SPACES = " \t\n\f\r"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<&$\\")))
def test_text_without_markup_is_itself_collapsed(text: str) -> None:
    assert text_of(text) == re.sub(f"[{SPACES}]+", " ", text).strip(" ")


@given(st.lists(st.sampled_from(["\n", "  ", "\t", "a", "<", "&amp;", "$$", "é", "*"])).map("".join), st.text(max_size=5))
def test_code_is_exact_but_for_blank_lines_at_its_edges(code: str, more: str) -> None:
    code += more.replace("\r", "")
    exact = re.sub(rf"\A(?:[{SPACES}]*\n)?", "", code).rstrip(SPACES)
    assert text_of(f"<p>a</p>\n<pre><code>{html.escape(code)}</code></pre>\n<p>b</p>") == "a\n\n" + (exact + "\n\n" if exact else "") + "b"


LAYOUT = "<p> </p> <br> <li> <ul> </ul> <table> <tr> <td> <hr> <div> <h1> a b 1 | $"


@given(st.lists(st.sampled_from([*re.findall(r"\S+", LAYOUT), " ", "\n"])).map("".join))
def test_at_most_one_blank_line_stands_between_blocks_and_none_at_the_edges(body: str) -> None:
    text = text_of(body.replace("$$", "$"))
    assert "\n\n\n" not in text
    assert text == text.rstrip(SPACES)
    assert not text[:1] or text.lstrip(" ")[0] not in SPACES


HOSTILE = r"""< <p </ & <! <!-- -- <a° <a°b=" <a°b='"> <a°b=">' &# &#1 &a &notit <p> </p> <pre> <pre></pre> <td><pre></pre> <td> <ul><li> <ul><li>a <ol>
</ul> <ol></ul> <script> <script></style> <style <sup> <sup>1 <sup>1</sub> $$ $$< \begin{ \begin{a}\end{ \[ \[< \end{ <tr> <table><td>a <li> <li>a <br> °
<pre>° <ol°start=9> <?> <a°a ¶ <pre>¶"""
PIECES = [piece.replace("°", " ").replace("¶", "\n") for piece in HOSTILE.split()]


@pytest.mark.parametrize("end", ["", ">y</ul>"])
@pytest.mark.parametrize("piece", PIECES, ids=repr)
def test_takes_linear_time_and_space(piece: str, end: str) -> None:
    def seconds(length: int) -> float:
        body = pa.array(["x" + piece * (length // len(piece)) + end])
        started = time.process_time()
        text = convert(body).text[0].as_py()
        assert len(text) <= 14 * length
        return time.process_time() - started

    if seconds(800_000) > 0.2:
        assert min(seconds(800_000) for _ in range(3)) < 24 * min(seconds(100_000) for _ in range(3)) + 0.05


NESTED = {
    ("<ul><li>", "</ul>"): " " * 32 + "* x\n\ny",
    ("<table><tr><td>", "</table>"): "x\n\ny",
    ("<blockquote>", "</blockquote>"): "x\n\ny",
    ("<pre>", "</pre>"): "x\n\ny",
    ("<b>", "</b>"): "xy",
}


@pytest.mark.parametrize(("opener", "closer"), NESTED)
def test_deep_nesting(opener: str, closer: str) -> None:
    assert text_of(opener * 100_000 + "x" + closer * 100_000 + "y") == NESTED[opener, closer]
