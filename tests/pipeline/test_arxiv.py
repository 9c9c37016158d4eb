"""ArXiv whole: the recipe's steps in the paper's order, the newest version, named drops, the spec's vectors through all of it."""

from itertools import pairwise

import made_run
import made_submissions
import pytest
from made_submissions import DOCUMENT, bulk, gz

from pipeline.settings import SettingError
from pipeline.sources.arxiv import LLAMA, MINERVA, Arxiv

HEAD = "\\documentclass{article}\n"


def whole(body, preamble=""):
    return f"{HEAD}{preamble}\\begin{{document}}\nAbstract.\n{body}\n\\end{{document}}\n".encode()


def run(members, tmp_path, config=LLAMA, name="arXiv_src_0704_001.tar", **more):
    """{id: row} of a bulk archive's papers that are kept, and the outcome."""
    (tmp_path / name).write_bytes(bulk(members))
    outcome = made_run.run("arxiv", [tmp_path / name], tmp_path / "out", config, tmp_path, **more)
    return outcome, {row["id"].removeprefix("arxiv/"): row for row in made_run.rows(tmp_path / "out", "arxiv", "clean")}


def dropped(tmp_path):
    return {row["id"].removeprefix("arxiv/"): (row["step"], row["value"]) for row in made_run.rows(tmp_path / "out", "arxiv", "rejected")}


VECTORS = [
    # (preamble, body) of the spec's inputs, RedPajama's output, ours
    (
        "\\newcommand{\\R}{\\mathbb{R}}\n\\def\\eps{\\varepsilon}\n",
        "\\section{Intro}\nLet $x\\in\\R$ and $\\eps>0$. % note\n% gone\n50\\% done\n\\bibliography{refs}\n",
        "\\section{Intro}\nLet $x\\in\\mathbb{R}$ and $\\varepsilon>0$.\n50\\% done",
        "\\section{Intro}\nLet $x\\in\\mathbb{R}$ and $\\varepsilon>0$.\n50\\% done",
    ),
    (
        "",
        "\\section*{A}\ntext\n\\appendix\n\\section{B}\nmore",
        "\\section*{A}\ntext",
        "\\section*{A}\ntext\n\\appendix\n\\section{B}\nmore",
    ),
    ("", "% \\section{fake}\nx\n\\section{Real}\ny", "\\section{fake}\nx\n\\section{Real}\ny", "\\section{Real}\ny"),
    ("", "\\section{X}\na%\nb\nfoo % c", "\\section{X}\na%\nb\nfoo", "\\section{X}\na\nb\nfoo"),
    ("\\newcommand\\foo{bar}", "\\section{S}\n\\foo x", "\\section{S}\n\\foo x", "\\section{S}\nbar x"),
    ("\\newcommand{\\v}[1]{\\mathbf{#1}}\n", "\\section{S}\n$\\v{a}$", "\\section{S}\n$\\v{a}$", "\\section{S}\n$\\mathbf{a}$"),
    ("\\newcommand{\\e}{é}\n", "\\section{S}\nno use", None, "\\section{S}\nno use"),
    ("\\def\\a{x}\\def\\b{y}\n", "\\section{S}\n\\a \\b", "\\section{S}\nx}\\def\\b{y \\b", "\\section{S}\nx y"),
    ("\\newcommand{\\R}{\\mathbb{R}} % r\n", "\\section{S}\n$\\R$", "\\section{S}\n$\\R$", "\\section{S}\n$\\mathbb{R}$"),
    ("", "\\section{A}\nx\\\\% c\ny 5\\% z", "\\section{A}\nx\\\\% c\ny 5\\% z", "\\section{A}\nx\\\\\ny 5\\% z"),
    ("\\newcommand{\\a}{A1}\n", "\\section{S}\n\\a\\a \\ab \\a2", "\\section{S}\nA1\\a \\ab \\a2", "\\section{S}\nA1A1 \\ab A12"),
]


def test_vectors_of_the_reference(tmp_path):
    """What RedPajama makes of each input (None: it drops the paper) beside ours; blanks behind a control word stay, which TeX would take."""
    members = {f"0704.{n:04}": gz(whole(body, preamble)) for n, (preamble, body, _, _) in enumerate(VECTORS)}
    _, kept = run(members, tmp_path)
    found = [kept[f"0704.{n:04}"]["text"] for n in range(len(VECTORS))]
    assert found == [ours for _, _, _, ours in VECTORS]
    assert sum(theirs != ours for _, _, theirs, ours in VECTORS) == 10


def test_a_paper_without_a_section_is_dropped_or_kept_by_a_field(tmp_path):
    members = {"0704.0001": gz(whole("No section here.")), "0704.0002": gz(whole("\\section{A}\nB"))}
    outcome, kept = run(members, tmp_path)
    assert sorted(kept) == ["0704.0002"]
    assert outcome.books["dropped"]["a first section"] == 1
    assert dropped(tmp_path) == {"0704.0001": ("a first section", "none")}
    _, kept = run(members, tmp_path / "kept" if (tmp_path / "kept").mkdir() is None else None, Arxiv(without_sections="kept"))
    assert kept["0704.0001"]["text"] == "Abstract.\nNo section here."


def test_a_section_that_a_macro_makes_is_the_first(tmp_path):
    preamble = "\\newcommand{\\sect}[1]{\\section{#1}}\n"
    _, kept = run({"0704.0001": gz(whole("\\sect{One}\ntext\n\\section{Two}", preamble))}, tmp_path)
    assert kept["0704.0001"]["text"].startswith("\\section{One}")


def test_the_newest_version_stays_and_a_withdrawn_one_takes_the_paper_with_it(tmp_path):
    old, new = whole("\\section{Old}"), whole("\\section{New}")
    gone = b"%auto-ignore\nThis paper has been withdrawn by the author.\n"
    members = {"0704.0001v1": gz(old), "0704.0001v10": gz(new), "0704.0001v2": gz(old), "0704.0002v1": gz(old), "0704.0002v2": gz(gone)}
    outcome, kept = run(members, tmp_path)
    assert {key: row["text"] for key, row in kept.items()} == {"0704.0001v10": "\\section{New}"}
    assert outcome.books["dropped"]["the newest version of a paper"] == 3
    rejects = {row["id"]: row["partner"] for row in made_run.rows(tmp_path / "out", "arxiv", "rejected")}
    assert rejects["arxiv/0704.0001v1"] == rejects["arxiv/0704.0001v2"] == "arxiv/0704.0001v10"
    assert dropped(tmp_path)["0704.0002v2"] == ("not withdrawn", "withdrawn")


def test_what_is_no_latex_is_a_named_drop(tmp_path):
    members = {"0704.0001.pdf": b"%PDF-1.4 ...", "0704.0002": gz(b"%!PS-Adobe-2.0\n..."), "0704.0003": gz(DOCUMENT), "0704.0004": gz(b"")}
    outcome, kept = run(members, tmp_path, budget=1.0)
    assert sorted(kept) == ["0704.0003"]
    found = dropped(tmp_path)
    assert found["0704.0001"][0] == "not a PDF alone"
    assert found["0704.0002"][0] == "Latex files"
    assert outcome.books["in"] == 4
    assert outcome.books["closed"]


def test_minerva_cuts_appendices_and_leaves_macros(tmp_path):
    preamble = "\\newcommand{\\R}{\\mathbb{R}}\n"
    _, kept = run({"0704.0001": gz(whole("\\section{A}\n$\\R$\n\\appendix\n\\section{B}", preamble))}, tmp_path, MINERVA)
    assert kept["0704.0001"]["text"] == "\\section{A}\n$\\R$"


def test_a_bomb_of_macros_stays_as_written_and_is_counted(tmp_path):
    letters = "abcdefghijklmnopqrstuvwxyz"
    bomb = "".join(f"\\def\\x{a}{{\\x{b}\\x{b}\\x{b}\\x{b}}}\n" for a, b in pairwise(letters)) + "\\def\\xz{boom}\n"
    _, kept = run({"0704.0001": gz(whole("\\section{A}\n\\xa and $y$", bomb))}, tmp_path)
    row = kept["0704.0001"]
    assert row["macros_left"] >= 1
    assert len(row["text"]) < 5 * 2**20
    assert row["text"].endswith("$y$")


@pytest.mark.parametrize("change", [{"max_expansion": 0.5}, {"max_document_bytes": 0}])
def test_settings_that_make_no_sense_are_refused(change):
    with pytest.raises(SettingError):
        Arxiv(**change)


def test_the_same_papers_in_any_form_give_the_same_texts(tmp_path):
    """Real papers as folders, and packed as a bulk archive of tars."""
    papers = dict(list(made_submissions.papers().items())[:6])
    for name, files in papers.items():
        for path, data in files.items():
            place = tmp_path / "papers" / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    made_run.run("arxiv", [tmp_path / "papers"], tmp_path / "folders", LLAMA, tmp_path)
    members = {f"0704.{n:04}": gz(made_submissions.tar(files)) for n, files in enumerate(papers.values())}
    _, packed = run(members, tmp_path)
    folders = {row["paper"]: row["text"] for row in made_run.rows(tmp_path / "folders", "arxiv", "clean")}
    texts = {name: packed[f"0704.{n:04}"]["text"] for n, name in enumerate(papers) if f"0704.{n:04}" in packed}
    assert folders == texts
    assert len(texts) > 3


def test_what_is_noted_of_many_papers_adds_up(tmp_path):
    """Names and places have no end, so books count reasons alone; the names of macros that stay are the paper's."""
    members = {}
    for n, name in enumerate(("one", "two")):
        body = "\\section{A}\n" + "x" * n + "\\begin{comment}\nleft\n" + f"\\{name} and"
        members[f"0704.{n:04}"] = gz(whole(body, f"\\def\\{name}(#1){{#1}}\n"))
    outcome, kept = run(members, tmp_path)
    assert outcome.books["noted"] == {"comment has no end, and is left as text": 2, "macro left: its arguments are not there": 2}
    assert [(row["unexpanded"], row["macros"], row["macros_left"]) for row in kept.values()] == [(["one"], 0, 1), (["two"], 0, 1)]
