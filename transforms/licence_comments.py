"""How comments are written, by the name of a file: the marks of whole-line comments and of blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Syntax:
    """The comments of a language."""

    line: re.Pattern[bytes] | None
    """A run of whole-line comments, with the ends of its lines; starts at a mark, and no two of its parts can match the same bytes."""
    blocks: tuple[tuple[re.Pattern[bytes], re.Pattern[bytes], bool], ...]
    """How a block opens, what closes it, and whether blocks nest."""


_LINES = {
    "slashes": rb"//",
    "hash": rb"#",
    "dashes": rb"--",
    "semicolon": rb";",
    "percent": rb"%",
    "double quote": rb'"',
    "quote": rb"'",
    "exclamation": rb"!",
    "rem": rb"(?i:@?rem\b)|::",
    "dnl": rb"dnl\b",
    "roff": rb"'?\.?\\\"",
    "column one": rb"[cC](?=[ \t*=\r\n-])|\*",
}
_DOTS = re.compile(
    rb"(?:\.\.(?:[ \t]+(?![_\[|]|[\w:+-]+::)[^\r\n]*+|(?=[\r\n]))"
    rb"(?:(?:\r\n|\r|\n)(?:[ \t]++[^\r\n]++|(?=[\r\n])))*+(?:\r\n|\r|\n|\Z))++"
)
"""A comment of reStructuredText: two dots, then no directive, target, footnote or substitution; then indented lines."""
_BLOCKS: dict[str, tuple[bytes, bytes, bool]] = {
    "c": (rb"/\*", b"*/", False),
    "markup": (rb"<!--(?!\[if|#)", b"-->", False),
    "ml": (rb"\(\*(?!\))", b"*)", True),
    "braces": (rb"\{(?!\$)", b"}", True),
    "haskell": (rb"\{-(?!#)", b"-}", True),
    "lua": (rb"--\[\[", b"]]", False),
    "lisp": (rb"#\|", b"|#", True),
    "powershell": (rb"<#", b"#>", False),
    "coffee": (rb"###(?!#)", b"###", False),
    "jinja": (rb"\{#", b"#}", False),
    "handlebars": (rb"\{\{!--", b"--}}", False),
    "jsp": (rb"<%--", b"--%>", False),
}

_FAMILIES: tuple[tuple[str, str], ...] = (  # ours: the marks, then extensions and names of files
    (
        "slashes c",
        "c h cc cpp cxx hpp hh hxx c++ h++ inl ipp tpp java js jsx ts tsx mjs cjs cs go rs swift kt kts scala groovy gradle dart mm cu",
    ),
    (
        "slashes c",
        "cuh proto thrift css scss less sass styl v sv svh vh d zig hx as glsl vert frag hlsl cl idl rc jsonc json5 aidl y l yy lex pde",
    ),
    ("slashes c", "ino vala sol re rei ql qml dts dtsi bicep wgsl metal jsm es6"),
    ("slashes c hash", "php php3 php4 php5 phps phpt phtml inc tf hcl nix"),
    ("slashes c percent", "m"),
    ("slashes c hash semicolon exclamation", "asm s nasm"),
    (
        "hash",
        "py pyw pyi pyx pxd rb rake gemspec ru pl pm t sh bash zsh fish ksh csh tcl r rmd jl yaml yml toml cfg conf cmake mk mak make am pp",
    ),
    (
        "hash",
        "ex exs cr awk sed gd graphql nim bzl bazel properties po pot robot feature gn gni bp service desktop env command in pro pri podspec",
    ),
    (
        "hash",
        "makefile gnumakefile dockerfile gemfile rakefile vagrantfile podfile guardfile procfile jenkinsfile brewfile build workspace sconstruct",
    ),
    (
        "hash",
        "sconscript snakefile justfile configure gitignore gitattributes gitmodules dockerignore editorconfig npmignore htaccess cmakelists.txt",
    ),
    ("hash", "meson.build requirements.txt codeowners bashrc zshrc profile"),
    ("hash coffee", "coffee litcoffee cson iced"),
    ("hash powershell", "ps1 psm1 psd1"),
    ("hash dnl", "ac m4"),
    ("hash semicolon", "ini inf reg"),
    ("dashes c", "sql ddl pls plsql pks pkb hql"),
    ("dashes lua", "lua"),
    ("dashes haskell", "hs lhs hsc elm purs idr agda cabal"),
    ("dashes", "adb ads ada vhd vhdl gpr"),
    ("dashes ml", "applescript scpt"),
    ("semicolon lisp", "lisp lsp el clj cljs cljc edn scm ss rkt sld"),
    ("semicolon", "def ahk au3 iss nsi ll a51"),
    ("percent", "tex sty cls bib bst dtx ins ltx erl hrl ps eps mat"),
    ("double quote", "vim vimrc"),
    ("quote", "vb vbs bas frm"),
    ("exclamation", "f90 f95 f03 f08 fpp"),
    ("exclamation column one", "f for f77 ftn"),
    ("rem", "bat cmd"),
    ("roff", "1 2 3 4 5 6 7 8 9 man mdoc"),
    ("ml", "ml mli mll mly sml sig fun nb wl mathematica"),
    ("slashes ml", "fs fsi fsx"),
    ("slashes ml braces", "pas dpr lpr dpk"),
    (
        "markup",
        "html htm xhtml xml xsl xslt xsd svg md markdown mdx xaml csproj vbproj fsproj vcproj vcxproj filters props targets plist pom wsdl",
    ),
    ("markup", "storyboard xib resx config ui qrc dtd rng msc proj nuspec wxs xul rdf atom rss"),
    ("markup slashes c", "vue svelte"),
    ("markup jsp", "jsp jspx tag aspx ascx asp"),
    ("markup jinja", "twig j2 jinja jinja2 njk liquid"),
    ("markup handlebars", "hbs handlebars mustache"),
    ("markup hash", "erb ejs haml"),
    ("dots", "rst"),
    ("", "txt text log csv tsv json ipynb lock patch diff rtf svgz adoc org"),
)
UNKNOWN = "slashes hash c markup"
"""Marks looked for where the extension is not known. ours: a run goes only if it speaks of a licence."""


@cache
def _table() -> dict[str, Syntax]:
    return {name: _syntax(marks) for marks, names in _FAMILIES for name in names.split()}


@cache
def _syntax(marks: str) -> Syntax:
    lines = [_LINES[mark] for mark in _LINES if f" {mark} " in f" {marks} "]
    found = [_BLOCKS[mark] for mark in _BLOCKS if f" {mark} " in f" {marks} "]
    blocks = tuple((re.compile(opening), re.compile(re.escape(closing)), nests) for opening, closing, nests in found)
    if marks == "dots":
        return Syntax(_DOTS, ())
    run = rb"(?:[ \t]*+(?:" + rb"|".join(lines) + rb")[^\r\n]*+(?:\r\n|\r|\n|\Z))++"
    return Syntax(re.compile(run) if lines else None, blocks)


def syntax(path: str, is_script: bool) -> Syntax:
    """The comments of the file at `path`; `is_script`: it starts with `#!`.

    A name without an extension is prose (README), unless it is known (Makefile) or a script. `.in` and `.am` files are as without it.
    """
    name = path.rpartition("/")[2].lower().lstrip(".")
    table = _table()
    for ending in (".in", ".tmpl", ".template", ".dist", ".example", ".erb"):
        if name.count(".") > 1 or name.removesuffix(ending) in table:
            name = name.removesuffix(ending)
    extension = name.rpartition(".")[2]
    known = table.get(name) or (
        table.get(name.partition(".")[0]) if name.startswith(("makefile.", "dockerfile.")) else table.get(extension)
    )
    if known is not None and (known.line or known.blocks or not is_script):
        return known
    if is_script:
        return _syntax("hash")
    return _syntax(UNKNOWN if "." in name else "")
