"""The kernels against the same rules said a second time, and against an HTML5 parser."""

import gzip
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from html.entities import html5

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from resiliparse.parse.html import HTMLTree
from shared_data import SHARED

from transforms.kernels import post_tokens
from transforms.post_html import TAGS, convert
from transforms.scripts import SUBSCRIPTS, SUPERSCRIPTS

KINDS = {name: kind for kind, names in TAGS.items() for name in names.split()}
BLOCKS = range(post_tokens.APART, post_tokens.ROW + 1)
SPACE = " \t\n\f\r"
VALUE = r"""(?:"[^"]*+"|'[^']*+'|[^ \t\n\f\r"'>][^ \t\n\f\r>]*+|(?=>))"""
ATTRIBUTE = rf"""[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+(?:[ \t\n\f\r]*+=[ \t\n\f\r]*+{VALUE}|(?![ \t\n\f\r]*+=))"""
TAG = re.compile(rf"""<(/?)([A-Za-z][^ \t\n\f\r/>]*+)((?:[ \t\n\f\r/]++|{ATTRIBUTE})*+)>""")
UNQUOTED = re.compile(r"<(/?)([A-Za-z][^ \t\n\f\r/>]*+)([^>]*+)>")
COMMENT = re.compile(r"<!--(?:-?>|.*?--!?>)", re.S)
BOGUS = re.compile(r"<(?:/>|[/!?][^>]*+>)")
SCRIPT_END = re.compile(r"</(script|style)(?=[ \t\n\f\r/>])", re.I)
SCRIPT = re.compile(r"([-0-9+−–=()]{1,20})</(su[bp])>", re.I)
REFERENCE = re.compile(r"&(?:#[xX]([0-9a-fA-F]+);?|#([0-9]+);?|([A-Za-z][A-Za-z0-9]*;?))")
NUMBERED = re.compile(rf"""([^ \t\n\f\r/>][^ \t\n\f\r/>=]*+)(?:[ \t\n\f\r]*+=[ \t\n\f\r]*+({VALUE}))?+""")
FORMULA = re.compile(r"\$\$|\\\[|\\begin\{")
WINDOWS = {byte: ord(bytes([byte]).decode("cp1252", "ignore") or chr(byte)) for byte in range(0x80, 0xA0)}


class Plain:
    def __init__(self, body: str) -> None:
        self.body, self.noted = body.replace("\r\n", "\n").replace("\r", "\n"), Counter[str]()
        self.out = ""
        self.gap, self.blank, self.marker, self.cells = 0, False, "", 0
        self.lists: list[list[int | None]] = []
        self.pre, self.pre_start, self.before_pre = 0, 0, ("", 0, "", 0, False)
        self.row_cells, self.row_text = 0, False
        self.quotes, self.tags = True, True

    def run(self) -> str:
        place = 0
        while place < len(self.body):
            if self.body[place] == "<" and (end := self.markup(place)):
                place = end
                continue
            end = self.body.find("<", place + 1)
            end = len(self.body) if end < 0 else end
            self.run_of_text(place, end)
            place = end
        if self.pre:
            self.close_pre()
        return self.out

    # tokens

    def markup(self, place: int) -> int:
        """Takes what begins with `<`; 0 where that is text."""
        body = self.body
        if body.startswith("<!--", place):
            found = COMMENT.match(body, place)
            if not found:
                self.noted["comment without an end"] += 1
            return found.end() if found else 0
        if re.match(r"</?[A-Za-z]", body[place : place + 3]):
            return self.tag(place)
        if re.match(r"<[/!?]", body[place : place + 2]):
            if found := BOGUS.match(body, place):
                return found.end()
            self.noted["tag without an end"] += 1
        return 0

    def tag(self, place: int) -> int:
        found = (TAG if self.quotes else UNQUOTED).match(self.body, place)
        if not found and self.quotes:
            self.quotes = False
            found = UNQUOTED.match(self.body, place)
            if found:
                self.noted["quote without an end"] += 1
        if not found:
            self.noted["tag without an end"] += 1
            return 0
        closing, name, end = bool(found[1]), found[2].lower(), found.end()
        if name in ("script", "style") and not closing:
            for after in SCRIPT_END.finditer(self.body, end):
                if after[1].lower() == name:
                    return after.start()
            self.noted["script without an end"] += 1
            return end
        if name in ("sup", "sub") and not closing and (script := SCRIPT.match(self.body, end)) and script[2].lower() == name:
            self.text(script[1].translate(SUPERSCRIPTS if name == "sup" else SUBSCRIPTS), False)
            return script.end()
        self.element(name, closing, found[3])
        return end

    def run_of_text(self, place: int, end: int) -> None:
        """Takes text without a `<` but the first character; once a formula has no end here, no other of its kind is looked for."""
        written, failed = place, set[str]()
        while not self.pre and (found := FORMULA.search(self.body, place, end)):
            place = found.end() if found[0] == "$$" else found.start() + 1
            after = 0 if found[0] in failed else formula(self.body[:end], found.start())
            if after:
                self.text(self.decoded(self.body[written : found.start()]), False)
                self.text(self.decoded(self.body[found.start() : after]), True)
                written = place = after
            else:
                failed.add(found[0])
        self.text(self.decoded(self.body[written:end]), False)

    def decoded(self, raw: str) -> str:
        return REFERENCE.sub(self.reference, raw)

    def reference(self, found: re.Match[str]) -> str:
        if found[3]:
            for length in range(len(found[3]), 0, -1):
                if found[3][:length] in html5:
                    return html5[found[3][:length]] + found[3][length:]
            if found[3].endswith(";"):
                self.noted["unknown entity"] += 1
            return found[0]
        code = int(found[1], 16) if found[1] else int(found[2])
        code = WINDOWS.get(code, code)
        if code == 0 or code > 0x10FFFF or 0xD800 <= code < 0xE000:
            self.noted["invalid code point"] += 1
            return "\ufffd"
        return chr(code)

    # layout

    def element(self, name: str, closing: bool, attributes: str) -> None:
        if name == "pre":
            return self.close_pre() if closing else self.open_pre()
        if self.pre:
            if name == "br" or (KINDS.get(name) in BLOCKS and self.out[self.pre_start :] and not self.out.endswith("\n")):
                self.space_in_pre("\n")
            return None
        if KINDS.get(name) in (post_tokens.UNORDERED, post_tokens.ORDERED):
            if not closing:
                self.apart(1 if self.lists else 2)
                self.lists.append([first_number(attributes if self.quotes else "") if name == "ol" else None])
            elif any((inner[0] is None) == (name != "ol") for inner in self.lists):
                while (self.lists.pop()[0] is None) != (name != "ol"):
                    pass
                self.apart(1 if self.lists else 2)
        elif name == "li":
            self.apart(1)
            self.marker = ""
            if not closing:
                number_of = self.lists[-1][0] if self.lists else None
                if number_of is not None:
                    self.lists[-1][0] = number_of + 1
                self.marker = "    " * min(len(self.lists) - 1, 8) + ("* " if number_of is None else f"{number_of}. ")
        elif name in ("td", "th"):
            if not closing:
                self.cells = min(self.cells + (self.row_cells > 0), 32)
                self.row_cells += 1
        elif name == "br":
            if self.row_cells:
                self.blank = True
            else:
                self.gap = min(2, self.gap + 1)
        elif KINDS.get(name) in BLOCKS:
            self.apart(2 if KINDS[name] in (post_tokens.APART, post_tokens.TABLE) else 1)
            if name in ("tr", "table"):
                self.cells, self.row_cells, self.row_text = 0, 0, False
        return None

    def apart(self, gap: int) -> None:
        self.gap = max(self.gap, gap)

    def flush(self, code: bool = False) -> None:
        if self.cells and self.row_text:
            self.gap = 0
        if self.out:
            self.out += "\n" * self.gap if self.gap else " " * (self.blank and not self.cells)
        self.out += self.marker[:-1] + "\n" if code and self.marker else self.marker
        self.out += (" | " if self.row_text else "| ") * self.cells
        self.gap, self.blank, self.marker, self.cells, self.row_text = 0, False, "", 0, True

    def text(self, text: str, kept: bool) -> None:
        for piece in re.findall(r"[ \t\n\f]|[^ \t\n\f]+", text.replace("\r", "\n")):
            if piece not in SPACE:
                if not self.pre:
                    self.flush()
                self.out += piece
            elif self.pre:
                self.space_in_pre(piece)
            elif kept:
                self.flush()
                self.out += piece
            else:
                self.blank = True

    def space_in_pre(self, piece: str) -> None:
        self.out += piece
        if piece == "\n" and not self.out[self.pre_start :].strip(SPACE):
            self.out = self.out[: self.pre_start]

    def open_pre(self) -> None:
        if self.pre:
            self.close_pre()
        self.apart(2)
        self.before_pre = (self.out, self.gap, self.marker, self.cells, self.row_text)
        self.flush(code=True)
        self.pre, self.pre_start = 1, len(self.out)

    def close_pre(self) -> None:
        if self.pre:
            self.out = self.out[: self.pre_start] + self.out[self.pre_start :].rstrip(SPACE)
            if len(self.out) == self.pre_start:
                self.out, self.gap, self.marker, self.cells, self.row_text = self.before_pre
            self.pre = 0
        self.apart(2)


def first_number(attributes: str) -> int:
    for found in NUMBERED.finditer(attributes):
        if found[1].lower() == "start" and found[2] is not None:
            number = re.match(r"""["']?(-?[0-9]{1,9})(?![0-9])""", found[2])
            return int(number[1]) if number else 1
    return 1


def formula(body: str, place: int) -> int:
    """Where the formula that begins at `place` ends, 0 where it does not."""
    if not body.startswith("\\begin{", place):
        return (
            body.find("$$" if body[place] == "$" else "\\]", place + 2) + 2
            if ("$$" if body[place] == "$" else "\\]") in body[place + 2 :]
            else 0
        )
    depth = 0
    for found in re.compile(r"\\(begin|end)\{").finditer(body, place):
        depth += 1 if found[1] == "begin" else -1
        if depth == 0:
            return found.end()
    return 0


PIECES = r"""<p> </p> <pre> </pre> <code> </code> <ul> </ul> <ol> </ol> <ol°start="3"> <ol°start='-7'> <ol°START=12> <ol°start=x>
<li> </li> <br> </br> <hr> <b> </b> <table> </table> <tr> </tr> <td> </td> <th> <sup> </sup> <sub> </sub> <sup>2</sup>
<sub>−1</sub> <script> </script> <style> </style> </script°x> <!-- --> --!> <!--> <!---> <!doctype> <? </> </3 < > " '
= / <a°href=" <a°href='x> <a°b=c> <a°b°=°"> $$ \[ \] \begin{a} \end{a} $ \ &amp; &lt; &lt &notit; &foo; & &#32; &#13;
&Tab; &#0; &#x80; &#x110000; &nGt; &nbsp; &#x; &#; a b 1 é 日 ° ° ¶ ¶ <div> </div> <h1> <blockquote> <dl> <dd>
<p°class="a>b"> <a/b=c//> <a°b=°> </b°c="d>"> <foo:bar> &notin &#xfdd0;"""
MARKUP = [piece.replace("°", " ").replace("¶", "\n") for piece in re.split(r"[ \n]+", PIECES)] + ["\r", "\r\n", "\t", "\f"]


@given(st.lists(st.lists(st.sampled_from(MARKUP) | st.text(max_size=3), max_size=30).map("".join), max_size=4))
@settings(max_examples=300)
def test_kernels_agree_with_the_plain_rules(bodies: list[str]) -> None:
    plain = [Plain(body) for body in bodies]
    converted = convert(pa.array(bodies, pa.string()))
    assert converted.text.to_pylist() == [body.run() for body in plain]
    assert converted.noted == sum((body.noted for body in plain), Counter())


def shown(html: str) -> str:
    """The text an HTML5 parser finds, without white space."""
    tree = HTMLTree.parse("<body>" + html)
    for name in ("script", "style"):
        for element in list(tree.document.get_elements_by_tag_name(name) if tree.document else []):
            element.decompose()
    return re.sub(f"[{SPACE}]", "", (tree.body.text if tree.body else None) or "")


INLINE = [piece for piece in MARKUP if not re.match(r"</?(?:t|ol|ul|li|pre|sup|sub|s|dl|dd)", piece)] + [
    "<script>a<b>&lt;</script >",
    "<style><p></style>",
]


@given(st.lists(st.sampled_from(INLINE) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=3), max_size=25).map("".join))
@settings(max_examples=300)
def test_the_text_is_that_of_an_html5_parser(body: str) -> None:
    converted = convert(pa.array([body]))
    if not any(note.endswith("without an end") for note in converted.noted):
        assert re.sub(f"[{SPACE}]", "", converted.text[0].as_py()) == shown(body)


LEVEL = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎", "0123456789+-=()" * 2)
MARKED = re.compile(r"(</?)(?:li|td|th)(?=[ >])")


def test_real_bodies() -> None:
    """All posts at hand: the plain rules, and the characters of an HTML5 parser, in its order, where items and cells have no markers."""
    files = sorted(SHARED.glob("stackexchange/*/[Pp]osts.xml.gz"))
    if not files:
        pytest.skip("needs the posts of Stack Exchange sites, stackexchange/*/Posts.xml.gz, among the shared data: none is there")
    for file in files:
        with gzip.open(file) as rows:
            bodies = [row.get("Body") or "" for row in ElementTree.parse(rows).getroot()]
        texts = convert(pa.array(bodies, pa.string())).text.to_pylist()
        unmarked = convert(pa.array([MARKED.sub(r"\1dd", body) for body in bodies], pa.string())).text.to_pylist()
        for body, text, letters in zip(bodies, texts, unmarked, strict=True):
            assert Plain(body).run() == text
            assert re.sub(f"[{SPACE}]", "", letters).translate(LEVEL) == shown(body).translate(LEVEL)
