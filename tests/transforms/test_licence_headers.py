"""Licence headers: the specification's vectors, every language, what must stay, and linear time."""

import ast
import io
import tarfile
import warnings
from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_data import SHARED

from transforms import licence_comments, licence_headers
from transforms.licence_headers import remove, remove_all
from transforms.texts import Texts

VECTORS = [  # spec 5.3: path, input, what RedPajama gives, what ours gives
    ("a.c", "/* Copyright (c) X */\nint a;\n", "\nint a;\n", "int a;\n"),  # ours takes the end of the line along
    (
        "a.c",
        "/* hello */\n// Copyright X\nint a;\n",
        "/* hello */\n// Copyright X\nint a;\n",
        "/* hello */\nint a;\n",
    ),  # every leading comment
    (
        "a.py",
        "#!/usr/bin/env python\n# Copyright\n\nimport os\n",
        "import os\n",
        "#!/usr/bin/env python\n\nimport os\n",
    ),  # the first line stays
    ("a.c", "#include <a.h>\nint x;\n", "int x;\n", "#include <a.h>\nint x;\n"),
    ("a.md", "# Title\n\nText\n", "Text\n", "# Title\n\nText\n"),
    ("a.sql", "-- SQL\nSELECT 1;\n", "SELECT 1;\n", "-- SQL\nSELECT 1;\n"),  # no word of a licence
    ("a.c", "// only\n", "", "// only\n"),
    ("a.c", "\r\n// x\nint a;\n", "\r\n// x\nint a;\n", "\r\n// x\nint a;\n"),
    (
        "a.c",
        "int a; /* x */ int b; /* copyright */\n",
        "int a; /* x */ int b; /* copyright */\n",
        "int a; /* x */ int b; /* copyright */\n",
    ),
]


@pytest.mark.parametrize(("path", "text", "reference", "ours"), VECTORS)
def test_vectors_of_the_reference(path: str, text: str, reference: str, ours: str) -> None:
    assert remove(text, path) == ours


CASES = [
    # whole comments, and what is kept before them
    ("a.py", "#!/bin/sh\n# -*- coding: utf-8 -*-\n# Copyright X\nx\n", "#!/bin/sh\n# -*- coding: utf-8 -*-\nx\n"),
    ("a.cs", "\ufeff// Copyright\r\n// X\r\n\r\nint a;\r\n", "\ufeffint a;\r\n"),
    ("a.c", "// Copyright\r// X\rint a;\r", "int a;\r"),
    ("a.c", "/* Copyright X */ int a;\n", "int a;\n"),
    ("a.c", "  /* Copyright X */\n\n\n  int a;\n", "  int a;\n"),
    ("a.php", "<?php\n\n// Copyright X\n\nf();\n", "<?php\n\nf();\n"),
    ("a.php", "<?php /* Copyright X */\nf();\n", "<?php\nf();\n"),
    ("a.xml", "<?xml version='1.0'?>\n<!--\n  Licensed to X\n-->\n<a/>\n", "<?xml version='1.0'?>\n<a/>\n"),
    ("a.html", "<!DOCTYPE html>\n<!-- (c) 2010 X -->\n<html>", "<!DOCTYPE html>\n<html>"),
    ("a.js", "'use strict';\n/*! \u00a9 2011 X */\nf()", "'use strict';\nf()"),
    ("a.yaml", "---\n# SPDX-License-Identifier: MIT\na: 1\n", "---\na: 1\n"),
    ("a.rb", "# frozen_string_literal: true\n# Copyright X\nx\n", "# frozen_string_literal: true\nx\n"),
    (
        "a.go",
        "//go:build linux\n\n// Copyright X\n\n// Package a does.\npackage a\n",
        "//go:build linux\n\n// Package a does.\npackage a\n",
    ),
    ("a.bat", "@echo off\nREM Copyright X\ncd x\n", "@echo off\ncd x\n"),
    ("a.c", "/* Copyright A */\n\n/* License B */\n\nint a;\n", "int a;\n"),
    ("a.c", "/* doc */\n\n/* License B */\n\nint a;\n", "/* doc */\n\nint a;\n"),
    ("a.c", "// Copyright X", ""),
    ("a.py", "# pylint: disable=missing-license\n# Copyright X\nx\n", "# pylint: disable=missing-license\nx\n"),
    ("a.c", "/* doc */\n\n/* License A */\n/* License B */\n/* License C */\n\nint a;\n", "/* doc */\n\nint a;\n"),
    # languages
    ("a.lua", "--[[ Copyright X ]]\nx()", "x()"),
    ("a.hs", "{- Copyright X -}\n-- License\nmodule A", "module A"),
    ("a.ml", "(* Copyright X *)\nlet a = 1", "let a = 1"),
    ("a.tex", "% Copyright X\n\\a", "\\a"),
    ("a.vim", '" License: MIT\nset x', "set x"),
    ("a.vb", "' Copyright X\nx", "x"),
    ("a.f90", "! Copyright X\nx", "x"),
    ("a.f", "C Copyright X\n      call x", "      call x"),
    ("configure.ac", "dnl Copyright X\nAC_INIT", "AC_INIT"),
    ("a.el", ";; Copyright X\n(a)", "(a)"),
    ("a.rst", ".. Licensed under\n   the MIT\n\nTitle\n", "Title\n"),
    ("Makefile", "# Copyright X\nall:\n", "all:\n"),
    ("Makefile.in", "# Copyright X\nall:\n", "all:\n"),
    ("a.ps1", "<# Copyright X #>\nx", "x"),
    ("run", "#!/bin/sh\n# Copyright X\nls\n", "#!/bin/sh\nls\n"),
    ("a.unheard", "# Copyright X\nx\n", "x\n"),
    # paragraphs
    ("a.c", "/* a.c -- adds\n * Copyright (C) 1995 X\n */\nint a;", "/* a.c -- adds\n */\nint a;"),
    ("a.c", "/*\n * Copyright X\n *\n * Adds trees.\n *\n * Licensed under\n * the MIT.\n */\n", "/*\n * Adds trees.\n */\n"),
    ("a.c", "/* Copyright X\n *\n * Adds. */\nint a;", "/*\n * Adds. */\nint a;"),
    ("a.c", "/* Adds.\n *\n * Copyright X */\nint a;", "/* Adds.\n */\nint a;"),
    ("a.py", "# Adds.\n#\n# Copyright X", "# Adds."),
    ("a.py", "# Copyright X\n#\n# Adds.\n#\n# More.\n", "# Adds.\n#\n# More.\n"),
    ("a.c", "/*\n * \u4f60\u597d\n *\n * Copyright X\n *\n * \u4e16\u754c\n */\n", "/*\n * \u4f60\u597d\n *\n * \u4e16\u754c\n */\n"),
    ("a.h", "// a.h\n//\n// Copyright X\n//\n// MIT License\n\n#pragma once\n", "// a.h\n\n#pragma once\n"),
    (
        "a.php",
        "<?php\n/**\n * Foo\n *\n * @package a\n * @license MIT\n * @link b\n */\n",
        "<?php\n/**\n * Foo\n *\n * @package a\n * @link b\n */\n",
    ),
]


@pytest.mark.parametrize(("path", "text", "expected"), CASES)
def test_headers(path: str, text: str, expected: str) -> None:
    assert remove(text, path) == expected
    assert remove(expected, path) == expected


STAYS = [
    ("a.md", "# Copyright and license\n\nMIT\n"),
    ("README", "# License\n"),
    ("LICENSE", "// Copyright X\n"),
    ("a.c", "#define COPYRIGHT x\n"),
    ("a.c", "#pragma license\n/* Copyright */\n"),
    ("a.rs", "#![license]\n"),
    ("a.c", "/* Copyright X\nint a;\n"),  # never closed
    ("a.ml", "(* Copyright (* inner *) x *)\n"),  # nested: left as it is
    ("a.c", "int a;\n/* Copyright X */\n"),
    ("a.py", '"""Copyright X"""\n'),  # a docstring is code
    ("a.rst", ".. image:: copyright.png\n"),
    ("a.rst", ".. _license:\n"),
    ("a.html", "<!--[if IE]> license <![endif]-->\n"),
    ("a.json", "# Copyright\n"),
    ("a.txt", "// Copyright\n"),
    ("a.c", "// just a comment\n"),
    ("a.c", ""),
    ("", "// Copyright\n"),
]


@pytest.mark.parametrize(("path", "text"), STAYS)
def test_what_stays(path: str, text: str) -> None:
    assert remove(text, path) == text


PIECES = st.sampled_from(
    [
        "/*",
        "*/",
        "//",
        "# ",
        "\n",
        "\r\n",
        "\n\n",
        " ",
        " * ",
        "Copyright X",
        "doc \u00e9",
        "int a;",
        "<!--",
        "-->",
        "@license",
        "\ufeff",
        "(c) 2010",
        "#!",
    ]
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)
PATHS = st.sampled_from(["a.c", "a.py", "a.html", "a.rst", "a.php", "a.pas", "a", "a.lua", "a.twig", "Makefile"])


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, PATHS), max_size=6), st.integers(0, 2))
def test_a_column_is_its_texts(documents: list[tuple[str, str]], skipped: int) -> None:
    texts = pa.array([text for text, _ in documents], pa.string())[skipped:]
    out = remove_all(Texts(texts), [path for _, path in documents][skipped:])
    out.validate(full=True)
    assert out.to_pylist() == [remove(text, path) for text, path in documents[skipped:]]


@settings(deadline=None)
@given(TEXTS, PATHS)
def test_cuts_are_in_order_and_only_where_a_licence_is_spoken_of(text: str, path: str) -> None:
    data = text.encode()
    cuts = licence_headers._cuts(data, 0, len(data), path)
    ends = [0, *(place for cut in cuts for place in cut), len(data)]
    assert ends == sorted(ends)
    for start, end in cuts:
        data[start:end].decode()  # whole characters
    if "Copyright" not in text and "license" not in text and "(c)" not in text:
        assert cuts == []


def test_a_path_for_each_document() -> None:
    with pytest.raises(ValueError, match="a path for each of 2 documents, found 1"):
        remove_all(Texts(pa.array(["a", "b"])), ["a.c"])


def test_a_column_without_headers_is_handed_back() -> None:
    texts = Texts(pa.array(["int a;", "# Title"]))
    assert remove_all(texts, ["a.c", "a.md"]) is texts.array


HARD: dict[str, tuple[str, Callable[[int], str]]] = {
    "unclosed": ("a.c", lambda n: "/* Copyright " * n),
    "slashes": ("a.c", lambda n: "// Copyright\n" * n),
    "bare slashes": ("a.c", lambda n: "//\n" * n + "// Copyright\n"),
    "blocks": ("a.c", lambda n: "/* Copyright */\n\n" * n),
    "kept blocks": ("a.c", lambda n: "/* a */\n\n" * n),
    "mixed blocks": ("a.c", lambda n: "/* a */ /* Copyright */\n" * n),
    "space": ("a.c", lambda n: " " * n + "/*" + " \n" * n + "Copyright */" + " " * n),
    "stars": ("a.c", lambda n: "/" + "*" * n + " Copyright " + "*" * n + "/"),
    "one line": ("a.py", lambda n: "# " + "Copyright (c " * n),
    "dots": ("a.rst", lambda n: ".. a\n" + "\n" * n + ".. License\n" * n + " b\n" * n),
    "markup": ("a.html", lambda n: "<!-- " * n + "License"),
    "prologue": ("a.php", lambda n: "<?php\n" * n + "/* License */"),
    "doctype": ("a.html", lambda n: "<!doctype " * n),
    "nested": ("a.ml", lambda n: "(* Copyright " * n + "*)" * n),
    "quotes": ("a.c", lambda n: "// Copyright " + "'as is" * n + "\n// " + "this a b c " * n),
}


class Counted:
    """Stands for a compiled pattern, and adds up how many bytes each of its calls went over."""

    def __init__(self, pattern: object, work: list[int]) -> None:
        self.pattern, self.work = pattern, work

    def __getattr__(self, name: str) -> object:
        method = getattr(self.pattern, name)
        if name not in ("match", "search"):
            return method

        def call(data: bytes, start: int = 0, end: int | None = None) -> object:
            found = method(data, start, len(data) if end is None else end)
            stop = found.end() if found else (len(data) if end is None else end) if name == "search" else start
            self.work[0] += 1 + stop - start
            return found

        return call


@pytest.mark.parametrize("name", HARD)
def test_the_work_is_linear(name: str) -> None:
    path, make = HARD[name]

    def work(repeats: int) -> int:
        done = [0]
        names = [key for key, value in vars(licence_headers).items() if hasattr(value, "finditer")]
        marks = licence_comments.syntax(path, False)
        counted = licence_comments.Syntax(
            Counted(marks.line, done) if marks.line else None,  # type: ignore[arg-type]
            tuple((Counted(opening, done), Counted(closing, done), nests) for opening, closing, nests in marks.blocks),  # type: ignore[misc]
        )
        with pytest.MonkeyPatch.context() as patch:
            for key in names:
                patch.setattr(licence_headers, key, Counted(getattr(licence_headers, key), done))
            patch.setattr(licence_headers, "syntax", lambda *_: counted)
            remove(make(repeats), path)
        return done[0]

    assert work(8_000) < 12 * work(1_000) + 100_000


def test_large_comments_are_looked_at_in_their_first_part_alone() -> None:
    text = "// Copyright X\n//\n" + "// line\n" * 1_300_000
    assert remove(text, "a.c") == text.removeprefix("// Copyright X\n//\n")
    straddling = "//\n" * (licence_headers.HEAD // 3 - 3) + "// License and more\n// of it\n"
    assert remove(straddling, "a.c") == straddling
    late = "// line\n" * 100_000 + "// Copyright\n"
    assert remove(late, "a.c") == late


REPOSITORIES = [
    "antirez__kilo",
    "apache__commons-cli",
    "karpathy__minGPT",
    "madler__zlib",
    "pallets__click",
    "select2__select2",
    "torvalds__uemacs",
]


@pytest.mark.parametrize("repository", REPOSITORIES)
def test_real_repositories(repository: str) -> None:
    """What goes is comment alone: Python parses to the same tree, and no line of code is missing."""
    archive = SHARED / "github" / f"{repository}.tar.gz"
    if not archive.is_file():
        pytest.skip(f"needs github/{repository}.tar.gz of the shared data")
    paths, texts = [], []
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None:
                paths.append(member.name)
                texts.append(content.read().decode("utf-8", "replace"))
    out = remove_all(Texts(pa.array(texts)), paths).to_pylist()
    for path, before, after in zip(paths, texts, out, strict=True):
        assert remove(after, path) == after, path
        if path.endswith(".py") and before != after:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                assert ast.dump(ast.parse(before)) == ast.dump(ast.parse(after)), path
        if path.endswith((".c", ".h", ".java")):
            assert [line for line in before.splitlines() if line.startswith("#")] == [
                line for line in after.splitlines() if line.startswith("#")
            ]
    changed = sum(before != after for before, after in zip(texts, out, strict=True))
    java = [after for path, after in zip(paths, out, strict=True) if path.endswith(".java")]
    if repository == "apache__commons-cli":
        assert changed > 90
        assert not any("Licensed to the Apache" in text for text in java)
    if repository == "pallets__click":
        assert changed == 0
