"""The report: its numbers are the books', it stands alone, and no page can speak through it."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import made_crawl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import report, report_figures, report_markup, report_sums
from pipeline import totals as totals_module
from pipeline.receipts import SAMPLES, Receipt
from pipeline.visible import visible

RIGHT_TO_LEFT = chr(0x202E)
HOSTILE = [
    "</style></script></div></body><script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)> &amp; \"quoted\" 'too'",
    f"A NUL \0 and a bell \a, {RIGHT_TO_LEFT}gnp.exe, \x1b[31mred\x1b[0m, url(https://evil.example/) @import 'http://evil.example/a.css'; <!-- ]]>",
    made_crawl.SENTENCES["A"],
    made_crawl.SENTENCES["B"],
]
GERMAN = "Der Bäcker und seine Nachbarn gingen am späten Abend zum Fluss hinunter, weil sie gehört hatten, dass das alte Boot wieder nach Hause kommt."
URL = f"http://evil.example{RIGHT_TO_LEFT}<b>/\"'><script>"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """(arguments of report.write, the page) of a run in which every kind of outcome occurs."""
    folder = tmp_path_factory.mktemp("report")
    made_crawl.identifier()
    pages = [made_crawl.record(URL, "\n".join(["Title", *HOSTILE]).encode(), 1)]
    pages += [made_crawl.page("short", ["too short"], 2), made_crawl.page("german", [GERMAN, GERMAN + " Ja."], 3)]
    pages += [made_crawl.page("one", "CDE", 4), made_crawl.page("other", "CFG", 5), made_crawl.page("copy", "H", 6)]
    pages += [made_crawl.page("copied", "H", 7), made_crawl.record("http://made.example/gone", b"", 8, "revisit")]
    pages += [made_crawl.record("http://made.example/", b"x: y\r\n", 9, "<i>kind</i>"), made_crawl.page("cut", "XYZ", 10)[:-400]]
    (folder / "a.warc.wet").write_bytes(b"".join(pages))
    config = made_crawl.open_config(languages=("en",), min_characters=100, min_language_score=0.5)
    given, write = [], report.write
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "write", lambda *arguments: (given.append(arguments), write(*arguments)))
        made_crawl.run([folder / "a.warc.wet"], folder / "out", config, expect=0)
    return given[0], (folder / "out" / "commoncrawl" / "report.html").read_text()


class Page(HTMLParser):
    """Tables by caption, the text, and the tags with their attributes."""

    def __init__(self, page):
        super().__init__()
        self.tables, self.tags, self.words, self.open = {}, [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "rect", "line", "br"):
            self.open.append(tag)
        if tag == "caption":
            self.caption = ""
        elif tag == "tr" and "tbody" in self.open:
            self.tables.setdefault(self.caption, []).append([])
        elif tag in ("td", "th") and "tbody" in self.open:
            self.tables[self.caption][-1].append("")

    def handle_endtag(self, tag):
        if tag not in ("rect", "line"):
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if "caption" in self.open:
            self.caption += data
        elif "tbody" in self.open and self.tables.get(self.caption, [[]])[-1]:
            self.tables[self.caption][-1][-1] += data

    def table(self, start):
        (rows,) = [rows for caption, rows in self.tables.items() if caption.startswith(start)]
        return rows


def shown(counts):
    return [[name, f"{count:,}"] for name, count in counts.items()]


def test_the_numbers_are_the_books(run):
    (_, books, _, _), html = run
    page = Page(html)
    assert books["closed"]
    assert sum(books["broken"].values()) == 1
    assert len([step for step in books["steps"] if step["dropped"]]) == 4
    whole, *steps = page.table("What each step took")
    assert whole[1:4] == [str(books["in"]), str(books["in"] - 1), "1"]
    assert [row[:4] for row in steps] == [[s["label"], str(s["in"]), str(s["kept"]), str(s["dropped"])] for s in books["steps"]]
    fates = [row[:3] for row in page.table("in = kept + dropped + broken (closed)")]
    assert fates[0] == ["kept", "", str(books["kept"])]
    assert fates[1:-1] == [["dropped", *row] for row in shown(books["dropped"])] + [["broken", *row] for row in shown(books["broken"])]
    assert fates[-1] == ["in", "", str(books["in"])]
    lines = page.table("Lines that came")
    assert [row[1] for row in lines] == [
        str(n) for n in [books["lines"]["kept"], *books["lines"]["dropped"].values(), books["lines"]["in"]]
    ]
    assert page.table("Skipped") == shown(books["skipped"])
    assert page.table("Broken records") == [["a.warc.wet", reason, "1"] for reason in books["broken"]]


def test_what_was_measured_is_counted_where_it_was_measured(run):
    (_, books, _, _), html = run
    page = Page(html)
    came = {step["label"]: step["in"] for step in books["steps"]}
    for title, label in [
        ("Language", "language identified"),
        ("Length:", "at least 300 characters"),
        ("Language score:", "language identified"),
    ]:
        rows = page.tables["Language"] if title == "Language" else page.table(title)
        assert sum(int(row[1]) for row in rows) == came[label]
    assert "Not measured in this run: perplexity, reference score." in html
    assert html.count('class="threshold"') == 2


def test_settings_models_and_inputs(run):
    (_, _, _, manifest), html = run
    page = Page(html)
    settings = {row[0]: row[1:] for row in page.table("Settings")}
    assert settings["min_characters"] == ["100", "300", manifest["settings"]["min_characters"]["origin"]]
    assert settings["lines.policy"][:2] == ['"remove_all"', ""]
    assert page.table("Models") == [[name, value] for name, value in manifest["models"].items()]
    assert [row[0] for row in page.table("Inputs")] == ["a.warc.wet"]
    assert len(page.table("Stages")) == 2


def test_nothing_is_loaded_and_nothing_runs(run):
    _, html = run
    page = Page(html)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "use"}
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "srcset", "style", "action")]
        assert attributes.get("href", "#").startswith("#")
    assert not re.search(r"url\(|@import|https?:", report_markup.STYLE)
    assert not re.search(r"""(src=["']?|<link[^>]*|@import[^;]*|url\(["']?)https?:""", html)
    assert "default-src 'none'" in html


def test_every_figure_and_table_says_what_it_is(run):
    _, html = run
    for figure in re.findall(r"<figure>.*?</figure>", html, re.S):
        assert re.search(r'role="img" aria-labelledby="([^"]+)"><title id="\1">.+?</title>', figure)
        assert "<figcaption>" in figure
    assert len(re.findall("<table>", html)) == len(re.findall("<table><caption>.+?</caption><thead><tr><th scope", html))
    assert len(re.findall('id="', html)) == len(set(re.findall('id="[^"]+"', html)))


def test_hostile_text_is_shown_and_does_nothing(run):
    _, html = run
    text = "".join(Page(html).words)
    assert "</style></script></div></body><script>alert(1)</script>" in text
    assert "A NUL [U+0000] and a bell [U+0007], [U+202E]gnp.exe, [U+001B][31mred" in text
    assert "<i>kind</i>" in text
    assert not [c for c in html if not c.isprintable() and c not in "\n\t" and c not in "\u200c\u200d\u00ad"]
    domains = [row[0] for row in Page(html).table("Most frequent domains, kept")]
    assert "evil.example[U+202E]<b>" in domains


def test_a_text_is_shown_once_for_each_form_it_had(run):
    """As read, and without the line that another page has; not again at every step after that."""
    _, html = run
    assert 1 <= html.count(made_crawl.SENTENCES["G"]) <= 2
    assert "shown above" in html


def test_an_equal_run_gives_an_equal_page(run):
    arguments, html = run
    assert report.render(*arguments) == html
    slower = [replace(receipt, seconds=receipt.seconds + 7) for receipt in arguments[2]]
    other = report.render(arguments[0], arguments[1], list(reversed(slower)), arguments[3])
    cut = '<section id="time">'
    assert other.partition(cut)[0] == html.partition(cut)[0]
    assert other.partition('<section id="samples">')[2] == html.partition('<section id="samples">')[2]


def test_what_went_wrong_stands_at_the_top(run):
    (job, books, stood, manifest), _ = run
    open_books = {**books, "closed": False, "errors": ["in is 3, but kept + dropped + broken is 2 <b>"]}
    html = report.render(job, open_books, stood, {**manifest, "quarantined": [{"name": "bad<i>.warc", "unit": 3, "why": "killed\0"}]})
    head = html.partition("<nav>")[0]
    assert "The books do not close: in is 3, but kept + dropped + broken is 2 &lt;b&gt;" in head
    assert Page(html).table("Quarantined") == [["bad<i>.warc", "killed[U+0000]"]]


def test_a_run_without_a_document(run):
    (job, books, _, manifest), _ = run
    steps = [{**step, "in": 0, "kept": 0, "dropped": 0} for step in books["steps"]]
    none = {**books, "in": 0, "kept": 0, "dropped": {}, "broken": {}, "steps": steps, "lines": {"in": 0, "kept": 0, "dropped": {}}}
    html = report.render(job, none, [], {**manifest, "shards": {}, "inputs": []})
    assert "Every record was read." in html
    Page(html)


def receipt(unit, stage, **fields):
    return replace(Receipt(unit, stage, "f", f"{unit}.warc", 100), **fields)


def summed(receipts):
    totals = [totals_module.of_stage(stage) for stage in (0, 1)]
    for one in receipts:
        totals[one.stage].add(one)
    return totals


def test_samples_of_all_units_are_the_lowest_ranks():
    def row(rank, fate="kept"):
        return {"step": "s", "fate": fate, "id": f"x/{rank}", "excerpt": "t", "rank": rank}

    stood = [receipt(0, 0, samples=[row(5), row(9), row(7)]), receipt(1, 0, samples=[row(6), row(1, "dropped"), row(8)])]
    found = report_sums.samples(summed(stood))
    assert [one["rank"] for one in found["s", "kept"]] == [5, 6, 7][:SAMPLES]
    assert [one["rank"] for one in found["s", "dropped"]] == [1]


def test_a_kept_domain_is_counted_once():
    """Each stage passes the page on, and the last one keeps it."""
    stood = [receipt(0, stage, domains={"kept": {"a": 2 - stage}, "dropped": {"b": 1}}) for stage in (0, 1)]
    assert report_sums.domains(summed(stood), last=1) == {"kept": {"a": 1}, "dropped": {"b": 2}}


def test_a_threshold_is_drawn_where_it_lies():
    figure = report_figures.histogram("T", "w", [0, 10, 20, 30], [1, 0, 3, 0], None, [15])
    (x,) = re.findall(r'class="threshold" x1="([\d.]+)"', figure)
    bars = [(float(x), float(width)) for x, width in re.findall(r'class="bar" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', figure)]
    assert bars[1][0] + bars[1][1] / 2 == pytest.approx(float(x), abs=0.02)


@given(st.lists(st.integers(0, 10**9), min_size=4, max_size=4), st.lists(st.floats(0, 1e6), max_size=2))
def test_any_histogram_can_be_drawn(counts, thresholds):
    figure = report_figures.histogram("T", "w", [0, 10, 20, 30], counts, None, thresholds)
    assert sum(int(n.replace(",", "")) for n in re.findall(r"<title>[^<]*: ([\d,]+)</title>", figure)) == sum(counts)


@given(st.text())
def test_text_comes_back_from_the_page_as_it_is_visible(text):
    page = Page(f"<p>{report_markup.isolated(text)}</p>")
    assert "".join(page.words) == visible(text)
    assert [tag for tag, _ in page.tags] == ["p", "bdi"]


@given(st.text())
def test_what_is_visible_hides_and_commands_nothing(text):
    assert all(c.isprintable() or c.isspace() or c in "\u200c\u200d\u00ad" for c in visible(text))
    assert not set(visible(text)) & set(map(chr, [0, 7, 10, 13, 27, 0x85, 0x202A, 0x202E, 0x2028, 0x2066, 0x2069, 0x200E, 0xFEFF]))


def test_the_style_sheet_is_whole():
    assert report_markup.STYLE.count("{") == report_markup.STYLE.count("}") > 50
    assert "@media (prefers-color-scheme: dark) {" in report_markup.STYLE
    assert "@media print {" in report_markup.STYLE
