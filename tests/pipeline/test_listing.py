"""What a listing of inputs holds: from the disk, a Beam store, a web server."""

from __future__ import annotations

import gzip
import itertools
import os
from pathlib import Path

import folder_store
import pytest
from faulty_server import FOR_EVER, Server
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline import files
from pipeline.files import InputError, expand
from pipeline.stores import matches
from pipeline.transfer import Transfer

QUICK = Transfer(timeout_seconds=10.0, attempts=2, first_wait_seconds=0.001)
TREE = ["a/1.gz", "a/2.gz", "a/b/3.gz", "a/b/c/4.gz", "a/b/5.txt", "a/.hidden.gz", "a/[x].gz", "a/.h/6.gz"]


@pytest.fixture
def tree(root: str) -> str:
    for name in TREE:
        path = files.join(root, name)
        disk = Path(folder_store.local(path) if path.startswith(folder_store.SCHEME) else path)
        disk.parent.mkdir(parents=True, exist_ok=True)
        disk.write_bytes(name.encode())
    return root


def names(patterns: list[str]) -> list[str]:
    return [file.name for file in expand(patterns)[0]]


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("a/1.gz", ["1.gz"]),
        ("a/*.gz", ["1.gz", "2.gz", "[x].gz"]),
        ("a/?.gz", ["1.gz", "2.gz"]),
        ("a/[12].gz", ["1.gz", "2.gz"]),
        ("a/[!1].gz", ["2.gz"]),
        ("a/[x].gz", ["[x].gz"]),
        ("a/**/*.gz", ["1.gz", "2.gz", "[x].gz", "b/3.gz", "b/c/4.gz"]),
        ("a/**", ["1.gz", "2.gz", "[x].gz", "b/3.gz", "b/5.txt", "b/c/4.gz"]),
        ("**/c/*", ["4.gz"]),
        ("*/b/**/[34].gz", ["3.gz", "c/4.gz"]),
        ("a/.*.gz", [".hidden.gz"]),
        ("a/.h/*", ["6.gz"]),
    ],
)
def test_globs_mean_the_same_in_every_store(tree: str, glob: str, expected: list[str]) -> None:
    assert names([files.join(tree, glob)]) == expected


def test_a_listed_file_has_size_tag_and_a_path_that_opens(tree: str) -> None:
    first, second = expand([files.join(tree, "a/[12].gz")])[0]
    assert (first.size, first.name, second.name) == (6, "1.gz", "2.gz")
    assert files.read_bytes(first.path) == b"a/1.gz"
    before = first.tag
    os.utime(folder_store.local(first.path) if first.path.startswith(folder_store.SCHEME) else first.path, (1, 1))
    assert expand([first.path])[0][0].tag not in ("", before)


def test_the_order_of_patterns_makes_no_difference(tree: str) -> None:
    patterns = [files.join(tree, part) for part in ("a/*.gz", "a/b/3.gz", "a/1.gz", "a/**/*.txt")]
    results = [expand(order) for order in itertools.permutations(patterns)]
    assert all(result == results[0] for result in results)
    assert [file.name for file in results[0][0]] == ["1.gz", "2.gz", "[x].gz", "b/3.gz", "b/5.txt"]
    assert results[0][1] == [files.join(tree, "a/1.gz")]


def test_names_do_not_depend_on_where_the_folder_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("x", "y/z"):
        for name in ("a/1.gz", "b/2.gz"):
            files.write_bytes(str(tmp_path / place / name), b"")
    monkeypatch.chdir(tmp_path)
    assert names([f"{tmp_path}/x/**"]) == names(["y/z/**/*.gz"]) == ["a/1.gz", "b/2.gz"]
    assert all(os.path.isabs(file.path) for file in expand(["x/a/1.gz"])[0])


def test_a_file_named_twice_is_read_once_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    one, two = tmp_path / "in/1.gz", tmp_path / "in/2.gz"
    one.touch()
    two.touch()
    (tmp_path / "in/link.gz").symlink_to("1.gz")
    (tmp_path / "other").symlink_to("in")
    listed, repeated = expand(["in/*.gz", str(one), "in/../in/1.gz", "other/2.gz"])
    assert [file.path for file in listed] == [str(one), str(two)]
    assert repeated == [str(one), str(two)]
    assert expand(["in/1.gz", "in/2.gz"])[1] == []


def test_of_several_errors_the_same_is_named_in_any_order(tmp_path: Path) -> None:
    wrong = [f"{tmp_path}/a*", f"{tmp_path}/b*"]
    for patterns in (wrong, wrong[::-1]):
        with pytest.raises(InputError, match=r"/a\*: "):
            expand(patterns)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_list_names_paths_beside_it_globs_and_urls(tmp_path: Path, server: Server, pack: type[bytes]) -> None:
    url = server.put("w/3.gz", b"333")
    for name in ("1.gz", "d/2.gz", "far.gz"):
        files.write_bytes(str(tmp_path / "in" / name), b"")
    lines = f"\ufeff1.gz\r\n\n  d/*.gz \n{url}\n{tmp_path}/in/far.gz\n"
    (tmp_path / "in/all.list").write_bytes(pack(lines.encode()))
    listed, repeated = expand([f"@{tmp_path}/in/all.list"], QUICK)
    assert [file.name for file in listed] == ["1.gz", "d/2.gz", "far.gz", url]
    assert repeated == []


def test_a_list_in_a_store_names_paths_beside_it(tree: str) -> None:
    files.write_bytes(files.join(tree, "all.gz"), gzip.compress(b"a/2.gz\na/1.gz\n"))
    assert names(["@" + files.join(tree, "all.gz")]) == ["1.gz", "2.gz"]


def test_names_that_are_not_utf8_can_be_opened_and_stored(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.gz")
    with open(path, "wb"):
        pass
    (file,) = expand([f"{tmp_path}/*.gz"])[0]
    assert file.name == "caf\\xe9.gz"
    assert files.read_bytes(file.path) == b""


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        ([], "no input"),
        ([""], "empty string"),
        (["in/a/3.gz"], r"a has no '3.gz'; did you mean [12].gz\?"),
        (["in/z/3.gz"], "in has no 'z'; check the path"),
        (["in/a/1.gz/x"], "expected a folder named '1.gz' in .*/in/a, found a file"),
        (["in/a"], r"expected a file, found a directory; give its files, for example '.*/in/a/\*'"),
        (["in/a/"], "found a directory"),
        (["in/b*"], "matches none"),
        (["in/**/*.zip"], "matches none"),
        (["in/dead.gz"], "a link to nowhere, which does not exist"),
        (["in/dea*"], "a link to nowhere, which does not exist"),
        (["in/pipe"], "found a pipe, socket or device"),
        (["in/pip?"], "found a pipe, socket or device"),
        (["@in/none.list"], "in has no 'none.list'"),
        (["@in/a"], "found a directory"),
        (["@in/empty.list"], "found no line"),
        (["@in/wrong.list"], "has no 'no such.gz'"),
        (["@in/cut.list"], "reading it failed"),
        (["nowhere://bucket/x"], "nowhere://bucket/x.*(Unable to get filesystem|cannot be listed)"),
        (["http://127.0.0.1/*.gz"], "a web server cannot be listed"),
        (["http://[::1/a.gz"], "Invalid IPv6"),
    ],
)
def test_an_input_that_will_not_do_is_named(store: Path, monkeypatch: pytest.MonkeyPatch, patterns: list[str], message: str) -> None:
    monkeypatch.chdir(store)
    for name in ("in/a/1.gz", "in/a/2.gz"):
        files.write_bytes(name, b"")
    os.symlink("nowhere", "in/dead.gz")
    os.mkfifo("in/pipe")
    files.write_bytes("in/empty.list", b"\n\n")
    files.write_bytes("in/wrong.list", b"a/1.gz\nno such.gz\n")
    files.write_bytes("in/cut.list", gzip.compress(b"a/1.gz")[:-9])
    for extra in ([], ["in/a/1.gz"]) if patterns else ([],):
        with pytest.raises(InputError, match=message):
            expand([*extra, *patterns])


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, mode: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    (tmp_path / "a").touch()
    monkeypatch.setattr(files, "open", refuse, raising=False)
    with pytest.raises(InputError, match="a: expected a file that can be read: Permission denied; check its permissions"):
        expand([str(tmp_path / "a")])


def test_a_missing_file_of_a_store_is_named(root: str) -> None:
    with pytest.raises(InputError, match="expected a file"):
        expand([files.join(root, "none.gz")])


def test_web_addresses_have_size_etag_and_name(server: Server) -> None:
    urls = [server.put("w/a/1.gz", b"1"), server.put("w/b/2.gz", b"22", etag='"two"')]
    listed, repeated = expand([urls[1], urls[0], urls[1] + "#part"], QUICK)
    assert [(file.path, file.size, file.tag, file.name) for file in listed] == [
        (urls[0], 1, '"one"', "a/1.gz"),
        (urls[1], 2, '"two"', "b/2.gz"),
    ]
    assert repeated == [urls[1]]
    with files.open_read(urls[1], QUICK) as file:
        assert file.seekable()
        assert file.read() == b"22"
    assert files.exists(urls[0])
    assert not files.exists(server.url + "none")
    assert files.size(urls[1]) == 2


def test_a_query_is_left_out_of_a_name_unless_it_tells_files_apart(server: Server) -> None:
    for path in ("a.gz?key=secret", "get?id=1", "get?id=2"):
        server.put(path, b"")
    assert [file.name for file in expand([server.url + "a.gz?key=secret"], QUICK)[0]] == ["a.gz"]
    both = [server.url + "get?id=2", server.url + "get?id=1"]
    assert [file.name for file in expand(both, QUICK)[0]] == ["get?id=1", "get?id=2"]


def test_a_missing_web_address_is_named_and_others_are_not_waited_for(server: Server) -> None:
    urls = [server.put(f"{n:03d}", b"") for n in range(100)]
    with pytest.raises(InputError, match=r"none: expected a file, found none .*HTTP 404"):
        expand([server.url + "/none", *urls], QUICK)
    server.put("000", b"", refusals=FOR_EVER)
    with pytest.raises(InputError, match=r"000: expected a file that can be read: .*after 2 attempts: HTTP 503"):
        expand(urls, QUICK)


SEGMENT = st.text("ab.", min_size=1, max_size=3).filter(lambda name: name not in (".", ".."))
GLOB = st.one_of(st.just("**"), st.text("ab*?.", min_size=1, max_size=3).filter(lambda part: part not in (".", "..") and "**" not in part))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    paths=st.lists(st.lists(SEGMENT, min_size=1, max_size=3).map("/".join), min_size=1, max_size=6, unique=True),
    pattern=st.lists(GLOB, min_size=1, max_size=4),
)
@example(paths=["a/a", "aa/a"], pattern=["**", "a", "**"])
def test_matching_is_that_of_the_local_disk(tmp_path_factory: pytest.TempPathFactory, paths: list[str], pattern: list[str]) -> None:
    folder = tmp_path_factory.mktemp("tree")
    placed: list[str] = []
    for path in paths:
        if not any(other.startswith(path + "/") or path.startswith(other + "/") for other in placed):
            files.write_bytes(str(folder / path), b"")
            placed.append(path)
    expected = sorted(path for path in placed if matches(path.split("/"), pattern))
    try:
        found = sorted(os.path.relpath(file.path, folder) for file in expand([f"{folder}/{'/'.join(pattern)}"])[0])
    except InputError:
        found = []
    assert found == expected
