"""The LaTeX steps over the length of a document: `python -m benchmarks.latex [--hostile]`.

The papers of shared/data/arxiv, each as the reader assembles it. For each length: a paper's preamble with its body, cut or repeated to that length; four papers
spread over all. All documents of a length together hold the same bodies, so the density of macros is the same at each. `--hostile`: what makes other parsers
quadratic, repeated to each length. CPU time, nanoseconds a byte, which a linear step keeps, and MB/s. Where that takes over PATIENCE seconds, the row ends.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.source_inputs_shared import shared
from transforms.latex import comments, cuts, expansion
from transforms.latex.assembly import assemble
from transforms.latex.main_file import choose
from transforms.latex.project import Project

SIZES = (10**4, 10**5, 10**6, 10**7)
PAPERS = 5
"""One paper in so many."""
SLICES = 40
"""Most documents of one paper and length."""
PATIENCE = 60.0
"""Seconds for one length of one row."""
BEGIN, END = "\\begin{document}", "\\end{document}"
STEPS: dict[str, Callable[[str], object]] = {
    "comments": comments.remove,
    "expander": expansion.expand,
    "first section": cuts.from_first_section,
    "bibliography": cuts.without_bibliography,
}
OPENERS = (
    "\\begin{comment}\n",
    "\\begin{verbatim}\n",
    "\\iffalse x\n",
    "\\iftrue x \\else\n",
    "\\verb|x ",
    "\\url{x%\n",
    "x % y\n",
    "\\\\%",
    "{",
    "}",
    "$",
    "\\newcommand{\\a}{",
    "\\newcommand{\\a}[1]{#1} ",
    "\\def\\a#1\\b{x} \\a y ",
    "\\begin{thebibliography}{9}\n",
    "\\bibitem{a} b\n",
    "\\section{References}\n",
    "\\section{",
    "\\csname a",
    "\\begin{document}",
)
DENSE = {
    "a macro at each word": ("\\newcommand{\\x}[1]{\\textbf{#1}}\n", "\\x{a} "),
    "macros 4 deep": ("\\def\\a{b}\\def\\c{\\a\\a}\\def\\d{\\c\\c}\\def\\e{\\d\\d}\n", "\\e "),
    "arguments in arguments": ("\\newcommand{\\x}[1]{\\textbf{#1}}\n", "\\x{"),
    "exponential macros": (
        "\\def\\a{bbbb}" + "".join(f"\\def\\{chr(98 + k)}{{\\{chr(97 + k)}\\{chr(97 + k)}}}" for k in range(24)) + "\n",
        "\\y ",
    ),
    "a definition a use": ("", "\\def\\x{y}\\x "),
    "an endless macro": ("\\def\\x{y\\x}\n", "\\x "),
}
"""Name: (what stands before, what is repeated)."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latex", description=__doc__.split("\n")[0])
    parser.add_argument("--hostile", action="store_true")
    flags = parser.parse_args()
    signal.signal(signal.SIGALRM, _too_long)
    if flags.hostile:
        for name, before, text in hostile():
            for step, work in STEPS.items():
                row(f"{name:30} {step}", work, ([(before + text * (1 + size // len(text)))[:size]] for size in SIZES))
        return 0
    held = list(papers())[::PAPERS]
    print(
        f"{len(held)} papers, bodies of {', '.join(f'{len(body):,}' for _, body in held)} characters; ns a byte (MB/s) at {SIZES} bytes of body"
    )
    for step, work in STEPS.items():
        row(step, work, (list(documents(held, size)) for size in SIZES))
    return 0


def papers() -> Iterator[tuple[str, str]]:
    """(preamble, body) of each paper."""
    for folder in sorted(shared("arxiv").glob("papers/*")):
        project = Project({str(path.relative_to(folder)): _text(path) for path in sorted(folder.rglob("*")) if path.is_file()})
        choice = choose(project, folder.name)
        if choice.main is not None:
            preamble, _, body = assemble(project, choice.main).text.partition(BEGIN)
            yield preamble + BEGIN, body.replace(END, "")


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")


def documents(held: list[tuple[str, str]], size: int) -> Iterator[str]:
    """The papers with bodies of this length."""
    for preamble, body in held:
        whole = body * -(-size // len(body))
        for begin in range(0, min(len(whole) - size, len(body), SLICES * size) + 1, size):
            yield preamble + whole[begin : begin + size] + END


def hostile() -> Iterator[tuple[str, str, str]]:
    """(name, what stands before, what is repeated)."""
    for opener in OPENERS:
        yield repr(opener)[1:-1].replace("\\\\", "\\"), "", opener
    for name, (before, text) in DENSE.items():
        yield name, before, text


def row(name: str, work: Callable[[str], object], texts: Iterator[list[str]]) -> None:
    """Prints a line: what each length costs."""
    cells: list[str] = []
    for some in texts:
        if not cells:
            work(some[0])  # compiles patterns
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        started = time.process_time()
        try:
            for text in some:
                work(text)
        except TimeoutError:
            cells.append(f" over {PATIENCE:g} s")
            break
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        seconds = time.process_time() - started
        size = sum(map(len, some))
        cells.append(f"{1e9 * seconds / size:9.1f} ({size / 1e6 / max(seconds, 1e-9):6.1f})")
    print(f"{name:45}" + "".join(cells), flush=True)


def _too_long(*_: object) -> None:
    raise TimeoutError


if __name__ == "__main__":
    sys.exit(main())
