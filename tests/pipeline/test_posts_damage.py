"""Dumps that are not sound: what is wrong is named with its place, and all that came before and after is read."""

import bz2
import gzip
import tracemalloc

import py7zr
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_posts import FOOT, HEAD, PACKED, answer, contents, dump, question, read_all, row, rows, sevenzip, site_archive

from pipeline.mediawiki_page import CONTROL
from pipeline.members import EXCERPT
from pipeline.posts import ROOTLESS, UNFINISHED, Bounds
from pipeline.posts_archive import NO_POSTS, SECOND
from pipeline.posts_fields import AMPERSAND, TWICE, UNDEFINED
from pipeline.posts_input import EMPTY, UNKNOWN_ENCODING, UNLIKE
from pipeline.posts_rows import CUT, ENTITIES, LONG, MALFORMED, OUTSIDE, WORK
from transforms.wet import INVALID

ROWS = rows(6)
BAD = row(**question(99))
BAD_ANSWER = row(**answer(99, 1))
BOMB = b'<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>\n'


def ids(posts):
    return [post.id for post in posts]


def without(name, written=BAD):
    """The row without the attribute."""
    begin = written.index(b" %b=" % name)
    return written[:begin] + written[written.index(b'"', begin + len(name) + 3) + 1 :]


def broken_among(bad):
    """The broken ones of a dump that has `bad` between the third row and the fourth; all sound rows must be there."""
    posts, broken, _ = read_all(dump([*ROWS[:3], bad, *ROWS[3:]]))
    assert ids(posts) == list(range(1, 7))
    return broken


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (without(b"Id"), "row without Id"),
        (without(b"Body"), "row without Body"),
        (without(b"ParentId", BAD_ANSWER), "row without ParentId"),
        (without(b"PostTypeId", without(b"Title")), "row without PostTypeId"),
        (b"<row />", "row without PostTypeId"),
        (BAD.replace(b'Id="99"', b'Id=""'), "row without Id"),
        (BAD.replace(b'Id="99"', b'Id="99a"'), "row whose Id is no number"),
        (BAD.replace(b'Score="96"', b'Score="many"'), "row whose Score is no number"),
        (BAD.replace(b'Score="96"', b'Score="1_0"'), "row whose Score is no number"),
        (BAD.replace(b'Score="96"', b'Score="1%s"' % (b"0" * 18)), "row whose Score is no number"),
        (BAD.replace(b'AnswerCount="1"', b'AnswerCount="?"'), "row whose AnswerCount is no number"),
        (BAD.replace(b'TypeId="1"', b'TypeId="one"'), "row whose PostTypeId is no number"),
        (BAD.replace(b"Llama", b"&lol;"), UNDEFINED),
        (BAD.replace(b"Llama", b"&nbsp;"), UNDEFINED),
        (BAD.replace(b"Llama", b"A & B"), AMPERSAND),
        (BAD.replace(b"Llama", b"&#x;"), AMPERSAND),
        (BAD.replace(b"Llama", b"&amp"), AMPERSAND),
        (BAD.replace(b"<row", b'<row Title="x"'), TWICE),
        (BAD.replace(b"<row", b'<row Score="96"'), TWICE),
        (BAD.replace(b"Llama", b"<b>Llama</b>"), MALFORMED),
        (BAD.replace(b"Llama", b'"Llama"'), MALFORMED),
        (BAD.replace(b' Title="', b" Title="), MALFORMED),
        (BAD.replace(b'" Tags', b" Tags"), MALFORMED),
        (BAD.replace(b'" Tags', b'"Tags'), MALFORMED),
        (BAD.replace(b"/>", b">"), MALFORMED),
        (BAD.replace(b"/>", b">text</row>"), MALFORMED),
        (BAD[:300], MALFORMED),
        (BAD.replace(b"<row", b"<r\0w"), OUTSIDE),
        (b"<post Id='1'/>", OUTSIDE),
        (b"<!-- without an end", OUTSIDE),
        (b"\0" * 5000, OUTSIDE),
        (b"x" * (2 * WORK), OUTSIDE),
        (BOMB, ENTITIES),
        (BOMB.replace(b"]>", b""), ENTITIES),
    ],
)
def test_a_bad_row_is_one_broken_and_hinders_no_other(bad, reason):
    (broken,) = broken_among(bad)
    at = len(HEAD) + sum(map(len, ROWS[:3]))
    begin = at + len(bad) - len(bad.lstrip(b" "))
    assert (broken.reason, broken.offset, broken.inner) == (reason, begin, 0)
    assert len(bad.strip()) <= broken.size <= len(bad) + 4
    assert broken.excerpt.strip() == bad.strip()[:EXCERPT].strip()


def test_bad_rows_side_by_side_are_each_named():
    bad = [BAD.replace(b"Llama", b"<"), BAD.replace(b"Llama", b"&x;"), b"garbage\n", without(b"Id")]
    assert [each.reason for each in broken_among(b"".join(bad))] == [MALFORMED, UNDEFINED, OUTSIDE, "row without Id"]


def test_a_bad_row_at_the_end_does_not_take_the_end_of_the_dump():
    for bad, reason in [(BAD.replace(b"/>", b""), MALFORMED), (b"garbage\n", OUTSIDE)]:
        posts, (broken,), _ = read_all(dump([*ROWS, bad]))
        assert (ids(posts), broken.reason) == (list(range(1, 7)), reason)


@pytest.mark.parametrize(
    ("text", "found", "notes"),
    [
        (b"a\xffb\xe9", "a\ufffdb\ufffd", (INVALID,)),
        (b"\xed\xa0\x80", "\ufffd" * 3, (INVALID,)),
        (b"a\0b\x1f", "a\ufffdb\ufffd", (CONTROL,)),
        (b"a&#0;b&#x1F;&#xD800;&#xFFFE;&#x110000;&#99999999999;", "a\ufffdb" + "\ufffd" * 5, (CONTROL,)),
        ("a\ufffeb\uffff".encode(), "a\ufffdb\ufffd", (CONTROL,)),
        (b"\xff\x01", "\ufffd\ufffd", (INVALID, CONTROL)),
        (b"&#%s65;&#x%sa;" % (b"0" * 5000, b"0" * 5000), "A\n", ()),
    ],
)
def test_what_xml_does_not_allow_is_replaced_and_noted(text, found, notes):
    lines = [ROWS[0], row(**question(2, Body="@")).replace(b"@", text), ROWS[2]]
    posts, broken, _ = read_all(dump(lines))
    assert (posts[1].body, posts[1].notes, broken) == (found, notes, [])
    assert posts[0].notes == posts[2].notes == ()


def test_an_entity_bomb_is_named_and_expands_to_nothing():
    lines = [ROWS[0], BAD.replace(b"Llama", b"&lol2;"), ROWS[1]]
    head = HEAD.replace(b"<posts>", BOMB + b"<posts>")
    tracemalloc.start()
    posts, broken, _ = read_all(dump(lines, head))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert ids(posts) == [1, 2]
    assert [each.reason for each in broken] == [ENTITIES, UNDEFINED]
    assert peak < 4 << 20


def test_a_document_type_without_entities_is_no_fault():
    assert read_all(dump(ROWS, HEAD.replace(b"<posts>", b'<!DOCTYPE posts SYSTEM "posts.dtd"><posts>')))[1] == []


@settings(deadline=None)
@given(st.data())
def test_whatever_a_cut_leaves_whole_is_read(data):
    whole = dump(ROWS)
    at = data.draw(st.integers(1, len(whole) - 1))
    posts, broken, _ = read_all(whole[:at])
    ends = [len(HEAD) + sum(map(len, ROWS[: number + 1])) - len(" />\r\n") + len(" />") for number in range(len(ROWS))]
    assert ids(posts) == [number for number, end in enumerate(ends, 1) if end <= at]
    (fault,) = broken
    if at <= HEAD.index(b"<posts>") + len(b"<posts"):
        assert fault.reason == UNLIKE
    else:
        assert fault.reason in (UNFINISHED, CUT, OUTSIDE)
        assert fault.offset + fault.size == at


def test_a_dump_without_its_end_is_named():
    for foot in (b"", b"<", b"</post", b"\n"):
        posts, (broken,), _ = read_all(dump(ROWS, foot=foot))
        assert (ids(posts), broken.reason) == (list(range(1, 7)), UNFINISHED if not foot.strip() else OUTSIDE)


@settings(deadline=None)
@given(st.integers(0, len(dump(ROWS)) - 1), st.binary(min_size=1, max_size=40))
def test_damage_anywhere_is_survived(at, damage):
    """A stretch of other bytes costs the rows that it touches, and none else (unless it makes a row of its own, or a note)."""
    whole = dump(ROWS)
    posts, broken, _ = read_all(whole[:at] + damage + whole[at + len(damage) :])
    begins = [len(HEAD) + 2 + sum(map(len, ROWS[:number])) for number in range(len(ROWS))]
    sound = {number for number, begin in enumerate(begins, 1) if begin + len(ROWS[number - 1].strip()) <= at or begin >= at + len(damage)}
    assert sound - {1} <= {post.id for post in posts if not post.notes}
    assert len(posts) + len(broken) >= 5


@pytest.mark.parametrize("data", [b"", gzip.compress(b""), bz2.compress(b""), sevenzip({"Posts.xml": b""})])
def test_an_empty_file_is_one_broken(data):
    (broken,) = read_all(data, "Posts.xml")[1]
    assert (broken.reason, broken.offset, broken.size) == (EMPTY, 0, len(data))


@pytest.mark.parametrize(
    "data",
    [
        b"\n \n",
        b"<html><body>row</body></html>",
        b'{"Id": 1}',
        b"\x89PNG\r\n" + bytes(range(256)) * 9,
        b"<mediawiki><page/></mediawiki>",
        b"<posts",
    ],
)
def test_what_is_no_dump_is_one_broken(data):
    posts, (broken,), skipped = read_all(data, "Posts.xml")
    assert (posts, skipped, broken.reason, broken.size) == ([], [], UNLIKE, len(data))


def test_an_encoding_that_is_not_known_is_named():
    data = dump(ROWS).replace(b"utf-8", b"klingon-8")[3:]
    assert [each.reason for each in read_all(data)[1]] == [UNKNOWN_ENCODING]


def test_another_encoding_that_is_declared_is_read():
    data = dump(ROWS)[3:].decode().replace("utf-8", "windows-1252").encode("windows-1252")
    posts, broken, _ = read_all(data)
    assert (contents(posts), broken) == (contents(read_all(dump(ROWS))[0]), [])


def test_rows_without_a_root_are_read_and_it_is_named():
    posts, (broken,), _ = read_all(b"".join(ROWS) + FOOT)
    assert (ids(posts), broken.reason, broken.offset, broken.size) == (list(range(1, 7)), ROOTLESS, 0, 0)
    posts, (broken,), _ = read_all(b'l;" Title="the end of a row" />\n' + b"".join(ROWS) + FOOT)
    assert (ids(posts), broken.reason, broken.offset) == (list(range(1, 7)), OUTSIDE, 0)


def test_a_row_beyond_the_bound_is_named_and_not_held():
    long = row(**question(99, Body="x" * 50_000))
    bounds = Bounds(row_bytes=40_000)
    for data in (dump([*ROWS[:3], long, *ROWS[3:]]), dump([*ROWS[:3], long.replace(b"/>", b""), *ROWS[3:]])):
        posts, (broken,), _ = read_all(data, bounds=bounds)
        assert (ids(posts), broken.reason) == (list(range(1, 7)), LONG)
        assert len(long) - 4 <= broken.size <= len(long)
    assert read_all(dump([long]), bounds=Bounds(row_bytes=len(long)))[1] == []


def test_a_gzip_file_that_is_cut_gives_what_came_before():
    whole = gzip.compress(dump(rows(4000)), mtime=0)
    at = len(whole) * 2 // 3
    posts, (broken,), _ = read_all(whole[:at], "llama.com/Posts.xml.gz")
    assert len(posts) > 2000
    assert ids(posts) == list(range(1, len(posts) + 1))
    assert (broken.reason, broken.offset, broken.excerpt[:9]) == ("gzip member is cut", 0, b'<row Id="')
    assert 0 < broken.size < at // 4


def test_a_corrupt_member_costs_the_rows_in_it():
    members = [gzip.compress(data, mtime=0) for data in (HEAD + ROWS[0], b"".join(ROWS[1:3]), b"".join(ROWS[3:]) + FOOT)]
    for number, expected in [(0, [2, 3, 4, 5, 6]), (1, [1, 4, 5, 6]), (2, [1, 2, 3])]:
        damaged = [bytes(member) for member in members]
        damaged[number] = damaged[number][:20] + b"\xff" * 60 + damaged[number][80:]
        posts, (broken,), _ = read_all(b"".join(damaged), "llama.com/Posts.xml.gz")
        assert set(expected) <= set(ids(posts))
        assert broken.reason == "gzip member is corrupt"


def test_a_7z_archive_that_is_cut_yields_nothing_and_is_named():
    whole = site_archive(dump(ROWS))
    for at in (len(whole) - 1, len(whole) // 2, 40, 3):
        posts, (broken,), skipped = read_all(whole[:at], "llama.com.7z")
        assert (posts, skipped, broken.reason, broken.offset, broken.size) == ([], [], "7z archive is cut or corrupt", 0, at)


def test_a_7z_archive_with_a_corrupt_folder_is_named_and_read_up_to_there():
    data = bytearray(sevenzip({"Posts.xml": dump(ROWS)}, [{"id": py7zr.FILTER_COPY}]))
    data[data.index(b'<row Id="4') + 60] ^= 1
    posts, broken, _ = read_all(bytes(data), "llama.com.7z")
    assert ids(posts)[:3] == [1, 2, 3]
    assert [each.reason for each in broken] == ["7z file does not have its checksum"]
    packed = bytearray(sevenzip({"Posts.xml": dump(rows(500))}))
    packed[200:260] = b"\xaa" * 60
    assert read_all(bytes(packed), "llama.com.7z")[1][-1].reason.startswith("7z f")


def test_a_7z_archive_without_posts_or_with_two_is_named():
    posts, (broken,), skipped = read_all(sevenzip({"a.txt": b"text", "Tags.xml": b"<tags/>"}), "llama.com.7z")
    assert (posts, broken.reason, broken.excerpt) == ([], NO_POSTS, b"a.txt Tags.xml")
    assert skipped == ["another file of the archive", "Tags.xml"]
    posts, (broken,), _ = read_all(sevenzip({"Posts.xml": dump(ROWS), "old/Posts.xml": dump(ROWS[:2])}), "llama.com.7z")
    assert (ids(posts), broken.reason, broken.excerpt) == (list(range(1, 7)), SECOND, b"old/Posts.xml")


def test_an_archive_in_an_archive_is_not_read():
    inner = PACKED["gzip"][1](dump(ROWS))
    posts, (broken,), _ = read_all(sevenzip({"Posts.xml": inner}), "llama.com.7z")
    assert (posts, broken.reason) == ([], UNLIKE)
