"""GitHub end to end on made files: joined rows, the three tables apart, and repositories."""

import gzip
import io
import json
import tarfile
from dataclasses import replace

import made_run
import pytest

from pipeline import files
from pipeline.files import InputError
from pipeline.sources import github
from pipeline.sources.github import LLAMA

CODE = "import os\n\n\ndef main(folder):\n    for name in os.listdir(folder):\n        print(name)\n"
HEADER = "# Copyright (c) 2020 {}. All rights reserved.\n# Licensed under the MIT license.\n\n"
MIT = """MIT License

Copyright (c) 2020 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"),
to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense,
and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS
IN THE SOFTWARE.
"""


def joined(repository, path, content=CODE, license="mit", **more):
    return {"repo_name": repository, "path": path, "license": license, "mode": "33188", "id": path, "content": content, **more}


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode(), mtime=0))
    return path


def run(tmp_path, paths, config=LLAMA, **more):
    return made_run.run("github", paths, tmp_path / "out", config, tmp_path, **more).books


def kept(tmp_path):
    return {row["id"].removeprefix("github/"): row["text"] for row in made_run.rows(tmp_path / "out", "github", "clean")}


def rejected(tmp_path):
    return {row["id"].removeprefix("github/"): row for row in made_run.rows(tmp_path / "out", "github", "rejected")}


def test_copies_that_differ_in_their_header_are_one_and_the_smallest_repository_and_path_stays(tmp_path):
    """Tuples are compared, not joined names: ("a/b", ...) is before ("a/b-c", ...), though "-" is before "/" and ":"."""
    rows = [
        joined("a/b-c", "a.py", HEADER.format("One") + CODE),
        joined("z/z", "a.py", HEADER.format("Two") + CODE),
        joined("a/b", "z.py", HEADER.format("Three") + CODE),
        joined("a/b", "y/x.py", CODE),
    ]
    for order in (rows, rows[::-1]):
        folder = tmp_path / str(order[0]["repo_name"].replace("/", "-"))
        books = made_run.run(
            "github", [write(folder / f"{i}.json.gz", [row]) for i, row in enumerate(order)], folder / "out", LLAMA, folder
        ).books
        (one,) = made_run.rows(folder / "out", "github", "clean")
        assert (one["repository"], one["path"], one["text"]) == ("a/b", "y/x.py", CODE)
        gone = made_run.rows(folder / "out", "github", "rejected")
        assert {row["partner"] for row in gone} == {"github/a/b:y/x.py"}
        assert books["dropped"]["deduplicate at the file level"] == 3


def test_raw_compares_files_as_stored(tmp_path):
    rows = [
        joined("a/b", "a.py", HEADER.format("One") + CODE),
        joined("a/b", "b.py", HEADER.format("Two") + CODE),
        joined("a/b", "c.py", HEADER.format("Two") + CODE),
    ]
    run(tmp_path, [write(tmp_path / "x.json.gz", rows)], replace(LLAMA, deduplicate="raw"))
    assert kept(tmp_path) == {"a/b:a.py": CODE, "a/b:b.py": CODE}


def test_rows_that_are_no_files_are_named(tmp_path):
    rows = [
        joined("a/b", "good.py"),
        joined("a/b", "link.py", mode="40960"),
        joined("a/b", "module", mode=57344),
        joined("a/b", "image.png", None, binary=True),
        joined("a/b", "huge.py", None, size="5000000"),
        joined("a/b", "large.py", CODE * 20_000),
        joined("a/c", "gpl.py", "x = 1\n", license="gpl-2.0"),
        joined("a/c", "unknown.py", "x = 2\n", license="strange"),
    ]
    books = run(tmp_path, [write(tmp_path / "x.json.gz", rows)])
    assert set(kept(tmp_path)) == {"a/b:good.py"}
    assert {name.split(":")[1]: row["step"] for name, row in rejected(tmp_path).items()} == {
        "link.py": "symbolic link",
        "module": "submodule",
        "image.png": "binary file",
        "huge.py": "no content",
        "large.py": "over-size file",
        "gpl.py": "only kept projects under the Apache, BSD and MIT licenses",
        "unknown.py": "only kept projects under the Apache, BSD and MIT licenses",
    }
    assert books["in"] == len(rows)


def tables(folder):
    """Two repositories that share blobs, one under no licence; an orphan blob, a blob twice, a path without a blob, a licence without files."""
    listed = [
        ("a/a", "x.py", "1"),
        ("b/b", "x.py", "1"),
        ("b/b", "y.py", "1"),
        ("b/b", "data.bin", "2"),
        ("b/b", "gone.py", "9"),
        ("c/c", "x.py", "1"),
    ]
    paths = [
        write(
            folder / "files" / f"{i}.json.gz",
            [{"repo_name": repository, "path": path, "id": blob, "ref": "refs/heads/main", "mode": 33188}],
        )
        for i, (repository, path, blob) in enumerate(listed)
    ]
    paths.append(write(folder / "licenses-0.json.gz", [{"repo_name": name, "license": "mit"} for name in ("a/a", "b/b", "d/d")]))
    blobs = [{"id": "1", "content": CODE, "binary": False}, {"id": "2", "binary": True, "size": "7"}, {"id": "3", "content": "orphan"}]
    paths += [write(folder / f"contents-{i}.json.gz", [blob]) for i, blob in enumerate([*blobs, {**blobs[0], "content": "another text"}])]
    return paths


def test_tables_meet_in_the_exchange(tmp_path):
    books = run(tmp_path, tables(tmp_path / "in"))
    assert kept(tmp_path) == {"a/a:x.py": CODE}
    gone = {name: (row["step"], row["value"], row["partner"]) for name, row in rejected(tmp_path).items()}
    assert gone == {
        "b/b:x.py": ("one path of a blob and file name", None, "github/a/a:x.py"),
        "b/b:y.py": ("deduplicate at the file level", None, "github/a/a:x.py"),
        "b/b:data.bin": ("text content", "binary file", None),
        "b/b:gone.py": ("text content", "no content", None),
        "c/c:x.py": ("only kept projects under the Apache, BSD and MIT licenses", "NOASSERTION", None),
    }
    assert books["inputs"] == {
        "contents": {"read": 4, "used": 2, "unused": {"orphan": 1, "repeated key": 1}},
        "licenses": {"read": 3, "used": 2, "unused": {"orphan": 1}},
    }


def test_tables_and_joined_rows_keep_the_same(tmp_path):
    run(tmp_path, tables(tmp_path / "in"))
    first = kept(tmp_path)
    rows = [joined("a/a", "x.py"), joined("b/b", "x.py"), joined("b/b", "y.py"), joined("c/c", "x.py", license="gpl-3.0")]
    run(tmp_path / "joined", [write(tmp_path / "joined" / "x.json.gz", rows)])
    assert kept(tmp_path / "joined") == first


def listing(names):
    return [files.Listed(f"/{name}", 1, "t", name) for name in names]


def test_the_form_is_told_by_the_names():
    assert github.resolve(LLAMA, listing(["contents-0.json", "files-0.json", "licenses.json"])).form == "tables"
    assert github.resolve(LLAMA, listing(["t/contents/0.avro", "t/files/0.avro", "t/licenses/0.avro"])).form == "tables"
    assert github.resolve(LLAMA, listing(["a.tar.gz", "files.json"])).form == "documents"
    with pytest.raises(InputError, match="no file or folder named licenses"):
        github.resolve(LLAMA, listing(["contents-0.json", "files-0.json"]))
    with pytest.raises(InputError, match=r"other\.json: cannot tell which table"):
        github.resolve(LLAMA, listing(["contents-0.json", "files-0.json", "licenses.json", "other.json"]))


def archive(path, entries):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size = len(content.encode())
            tar.addfile(info, io.BytesIO(content.encode()))
    return path


TREE = [
    ("one__two/src/a.py", CODE),
    ("one__two/vendor/LICENSE", "GNU GENERAL PUBLIC LICENSE\nVersion 2, June 1991\n"),
    ("one__two/vendor/b.py", CODE + "#"),
]


def test_a_licence_may_come_last_and_one_in_a_folder_governs_that_folder(tmp_path):
    run(tmp_path, [archive(tmp_path / "a.tar.gz", [*TREE, ("one__two/LICENSE", MIT), ("three/a.py", "y = 1\n" * 9)])])
    assert {name for name in kept(tmp_path) if name.endswith(".py")} == {"one/two:src/a.py"}
    gone = {name: (row["step"], row["value"]) for name, row in rejected(tmp_path).items()}
    step = "only kept projects under the Apache, BSD and MIT licenses"
    assert gone["three:a.py"] == (step, "NOASSERTION")
    assert gone["one/two:vendor/b.py"][0] == step
    assert gone["one/two:vendor/b.py"][1].startswith("GPL-2.0")


def test_a_folder_of_repositories_is_one_input_each(tmp_path):
    for name, content in [("one/LICENSE", MIT), ("one/a.py", CODE), ("two/LICENSE", MIT), ("two/b.py", CODE + "\nmain('.')\n")]:
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(content)
    found, _ = files.expand([str(tmp_path / "in")], folders=github.folders)
    assert [file.name for file in found] == ["one", "two"]
    run(tmp_path, [tmp_path / "in"])
    assert {name for name in kept(tmp_path) if name.endswith(".py")} == {"one:a.py", "two:b.py"}
    before = found[0].tag
    (tmp_path / "in" / "one" / "a.py").write_text(CODE + "#")
    assert files.expand([str(tmp_path / "in")], folders=github.folders)[0][0].tag != before
    (tmp_path / "in" / "stray.json").write_text("{}")
    with pytest.raises(InputError, match="expected a repository or a folder of repositories, found 2 folders and 1 files"):
        github.folders(str(tmp_path / "in"))


def test_an_empty_file_and_one_that_is_refused_say_what_they_are_and_where(tmp_path):
    run(
        tmp_path,
        [archive(tmp_path / "a.tar.gz", [("one__two/LICENSE", MIT), ("one__two/empty.py", " \n"), ("one__two/image.bin", "\0\0")])],
    )
    gone = {name: (row["step"], row["url"]) for name, row in rejected(tmp_path).items()}
    assert gone == {
        "one/two:empty.py": ("no empty files", "https://github.com/one/two/blob/HEAD/empty.py"),
        "one/two:image.bin": ("binary file", "https://github.com/one/two/blob/HEAD/image.bin"),
    }
