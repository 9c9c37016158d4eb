"""The report of a whole output that holds tokens: its numbers are the manifests', its arithmetic that of mixtures.quotas."""

from html.parser import HTMLParser

import made_output
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixtures.llama import LLAMA, TABLE_1
from mixtures.quotas import quotas
from mixtures.redpajama import TOKENS
from pipeline import overview, overview_mixture

PAPER = 1_400_000_000_000


def written(output):
    """The page of an output."""
    assert overview.write(str(output)) == str(output / "report.html")
    return (output / "report.html").read_text()


@pytest.fixture
def redpajama(tmp_path):
    """An output of RedPajama's size: 4 bytes of text a token."""
    for place, (name, count) in enumerate(TOKENS.items()):
        made_output.source(tmp_path, name, kept=10**6 + place, read=10**7, text=4 * (count - 2 * (10**6 + place)))
        made_output.tokens(tmp_path, name, count, 10**6 + place, 4 * (count - 2 * (10**6 + place)))
    return tmp_path


def test_table_1_of_redpajama_s_counts_is_what_quotas_give(redpajama):
    table = made_output.rows(written(redpajama), "Pre-training data at 1.4T tokens, the paper's budget")
    assert list(table) == [*TABLE_1, "the mixture"]
    for quota in quotas(LLAMA, TOKENS, PAPER):
        row = TABLE_1[quota.source]
        assert table[quota.source][:4] == [
            f"{row.proportion:.1f}%",
            f"{quota.unique / 1e9:.1f}B",
            f"{quota.tokens / 1e9:.1f}B",
            f"{float(quota.epochs):.2f}",
        ]
        assert table[quota.source][5:7] == [f"{row.proportion:.1f}%", f"{row.epochs:.2f}"]
    assert table["commoncrawl"] == ["67.0%", "878.0B", "938.0B", "1.07", "3.5 TB", "67.0%", "1.10", "3.3 TB"]
    assert table["the mixture"] == ["100.0%", "1,210.0B", "1,400.0B", "1.16", "4.8 TB", "100.0%", "", "4.7 TB"]


def test_documents_and_tokens_are_the_manifests(redpajama):
    page = written(redpajama)
    table = made_output.rows(page, "Tokenized documents")
    assert table["arxiv"] == ["1,000,005", "112.0 GB", "28,000,000,000", "27,997,999,990", "4.00", "28,000"]
    assert table["all"][0] == "7,000,021"
    assert table["all"][2] == f"{sum(TOKENS.values()):,}"
    words = made_output.text(page)
    assert "This output holds all 7 sources of the mixture. Of 70,000,000 documents, 7,000,021 (10.0%) were kept" in words
    assert f"All 7 sources are tokenized: {sum(TOKENS.values()):,} tokens" in words
    assert "abababababab (of 32,000 pieces)" in words
    assert "Still missing" not in words
    assert "alarm" not in page.partition("<body>")[2]


def test_the_figures_say_what_is_upsampled_and_what_the_paper_reads(redpajama):
    page = written(redpajama)
    assert made_output.rows(page, "What the mixture upsamples and downsamples")["wikipedia"] == ["1.983%", "4.5%", "2.0% → 4.5% (×2.3)"]
    assert made_output.rows(page, "Epochs")["github"] == ["0.64", "1.068", "1.07, paper 0.64"]
    assert made_output.rows(page, "Documents and tokens of each source")["c4"] == ["1M", "175B", "1M → 175B, 175k each"]


def test_a_small_corpus_is_shown_at_its_own_budget_and_at_the_papers(tmp_path):
    unique = {name: 100 * place for place, name in enumerate(TABLE_1, 1)}
    for name, count in unique.items():
        made_output.source(tmp_path, name)
        made_output.tokens(tmp_path, name, count)
    page = written(tmp_path)
    table = made_output.rows(page, "Pre-training data at 2,800 tokens, the budget at which the tokenized sources give")
    for ours, papers in zip(quotas(LLAMA, unique, 2800), quotas(LLAMA, unique, PAPER), strict=True):
        assert table[ours.source][1:4] == [f"{ours.unique}", f"{ours.tokens:,}", f"{float(ours.epochs):.2f}"]
        shown = float(table[ours.source][4].replace("M", "e6").replace("B", "e9"))
        assert shown == pytest.approx(float(papers.epochs), rel=0.005)
    assert table["the mixture"][1:5] == ["2,800", "2,800", "1.00", "500M"]
    assert "Up to 149 tokens drawn in these proportions, no token is read twice." in made_output.text(page)


def test_what_is_missing_for_the_mixture_is_said_with_its_command(tmp_path):
    for name in ("c4", "books", "arxiv"):
        made_output.source(tmp_path, name)
    page = made_output.text(written(tmp_path))
    assert "This output holds 3 of 7 sources of the mixture" in page
    assert "Nothing is tokenized yet." in page
    assert "commoncrawl, github, wikipedia and stackexchange are not here: python -m pipeline.run --source=commoncrawl,github," in page
    assert "There is no tokenizer: python -m pipeline.train_tokenizer --output=DIR" in page
    assert "c4, books and arxiv are not tokenized: python -m pipeline.tokenize --output=DIR" in page
    made_output.tokens(tmp_path, "c4", 1000)
    made_output.put(tmp_path / "tokenizer" / "manifest.json", {"sha256": "ab" * 32})
    page = written(tmp_path)
    table = made_output.rows(page, "Pre-training data at 6,667 tokens")
    assert table["c4"][:4] == ["15.0%", "1,000", "1,000", "1.00"]
    assert table["books"] == ["4.5%", "–", "–", "–", "–", "1.0 kB", "4.5%", "2.23", "85.0 GB"], "its run is here, its tokens are not"
    assert table["github"] == ["4.5%", "–", "–", "–", "–", "–", "4.5%", "0.64", "328.0 GB"]
    assert "books and arxiv are not tokenized: python" in made_output.text(page)
    assert "There is no tokenizer" not in page
    assert "1 of 3 sources are tokenized" in made_output.text(page)


def test_a_source_without_a_token_breaks_nothing(tmp_path):
    for name in ("c4", "books"):
        made_output.source(tmp_path, name, kept=0, text=0)
        made_output.tokens(tmp_path, name, 0, 0, 0)
    assert "No source of the mixture has a token yet" in written(tmp_path)
    made_output.tokens(tmp_path, "c4", 100)
    page = written(tmp_path)
    assert made_output.rows(page, "Pre-training data")["books"][1:4] == ["0", "–", "–"]
    assert made_output.rows(page, "Tokenized documents")["books"] == ["0", "0 bytes", "0", "0", "–", "–"]
    assert "Tokenized, but without a token, so that nothing can be drawn: books." in page


HOSTILE = '"><script>alert(1)<\u202e#%'


def test_a_users_own_source_stands_after_the_seven_and_cannot_write_markup(tmp_path):
    for name in ("a-letters", HOSTILE, "stackexchange"):
        made_output.source(tmp_path, name)
        made_output.tokens(tmp_path, name, complete=False)
    made_output.put(
        tmp_path / "tokenizer" / "manifest.json", {"<b>": {"<i>": "<script>", "n": 7}, "wanted": 9, "list": ["<u>"], "no": None}
    )
    page = written(tmp_path)
    assert next(iter(made_output.rows(page, "Tokenized documents"))) == "stackexchange"
    assert list(made_output.rows(page, "Pre-training data"))[-2:] == ["a-letters", "the mixture"]
    assert made_output.rows(page, "Pre-training data")["a-letters"] == ["–", "100", "–", "–", "–", "1.0 kB", "–", "–", "–"]
    assert "1 of 7 sources of the mixture and 2 of its own" in made_output.text(page)
    assert "\u202e" not in page
    assert not {"script", "u", "i"} & set(Tags(page).names)
    assert made_output.rows(page, "Its values")["wanted"] == ["9"]


class Tags(HTMLParser):
    """The names of a page's elements; every element that is opened is closed."""

    EMPTY = ("meta", "rect", "line")

    def __init__(self, page):
        super().__init__()
        self.names, self.open, self.ids = [], [], []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.names.append(tag)
        self.ids += [value for name, value in attributes if name == "id"]
        assert not {name for name, _ in attributes} & {"src", "onload", "onclick"}
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        assert tag in self.EMPTY
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag):
        assert tag in self.EMPTY or self.open.pop() == tag


def test_the_page_is_whole_loads_nothing_and_names_each_part_once(redpajama):
    found = Tags(written(redpajama))
    assert not {"script", "img", "link", "iframe", "image"} & set(found.names)
    assert len(found.ids) == len(set(found.ids))
    assert {"table-1", "tokens", "commoncrawl", "figure-epochs"} <= set(found.ids)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"complete": False}, "Some clean shards of c4 could not be tokenized: python -m pipeline.tokenize --source=c4 --output=DIR"),
        ({"inputs": []}, "The tokens of c4 are not of the clean text that is here: python -m pipeline.tokenize --source=c4 --overwrite"),
        ({"tokenizer": {"sha256": "cd" * 32, "vocabulary": 2}}, "The tokens are of 2 tokenizers, and cannot be mixed"),
    ],
)
def test_what_is_wrong_with_tokens_is_said_at_the_top(tmp_path, changed, said):
    for name in ("c4", "books"):
        made_output.source(tmp_path, name)
        made_output.tokens(tmp_path, name)
    assert 'class="alarm"' not in written(tmp_path)
    made_output.change(tmp_path / "tokens" / "c4" / "manifest.json", **changed)
    page = written(tmp_path)
    assert page.count('class="alarm"') == 1
    assert said in made_output.text(page)


def test_open_books_of_tokens_are_said(tmp_path):
    made_output.source(tmp_path, "c4")
    made_output.tokens(tmp_path, "c4")
    made_output.change(tmp_path / "tokens" / "c4" / "books.json", closed=False, noted={"U+2581 <read> as a space": 1234})
    page = made_output.text(written(tmp_path))
    assert "The books of the tokens of c4 do not close." in page
    assert "Noted: U+2581 <read> as a space, 1,234 times." in page


def test_tokens_without_their_clean_text_are_shown(tmp_path):
    made_output.tokens(tmp_path, "c4", 100, 10, 160)
    page = written(tmp_path)
    assert "Only its tokens are here, not its clean text." in page
    assert 'href="c4/report.html"' not in page
    assert made_output.rows(page, "Tokenized documents")["c4"] == ["10", "160 bytes", "100", "80", "2.00", "10"]


def test_proportions_are_among_the_sources_that_have_tokens(tmp_path):
    for name in ("wikipedia", "books"):
        made_output.tokens(tmp_path, name, 300 if name == "books" else 100)
    made_output.tokens(tmp_path, "c4", 0, 0, 0)
    table = made_output.rows(written(tmp_path), "What the mixture upsamples and downsamples")
    assert table == {"wikipedia": ["25%", "50%", "25.0% → 50.0% (×2)"], "books": ["75%", "50%", "75.0% → 50.0% (×0.67)"]}


@given(st.dictionaries(st.sampled_from(sorted(TABLE_1)), st.integers(0, 2 * PAPER), min_size=1))
def test_the_budget_gives_the_tokens_that_there_are_or_is_the_papers(unique):
    """Property: at the corpus's own budget the sources that have tokens give as many as they have; the paper's stands where that is few epochs."""
    budget = overview_mixture.choose(LLAMA, unique)
    there = sum(unique.values())
    if budget is None:
        assert not there
        return
    drawn = sum(share.drawn for share in overview_mixture.shares(LLAMA, unique, budget.tokens).values())
    if budget.paper:
        assert budget.tokens == PAPER
        assert drawn <= overview_mixture.MOST_EPOCHS * there + len(unique)
    else:
        assert abs(drawn - there) <= len(unique) + 1
