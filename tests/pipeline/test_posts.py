"""Questions and answers of sound dumps: their fields, formats, ranges and totals."""

import io
from xml.etree import ElementTree

import py7zr
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made_posts import (
    BOUNDS,
    FOOT,
    HEAD,
    LATER,
    OTHERS,
    PACKED,
    answer,
    contents,
    dump,
    items,
    part,
    question,
    read_all,
    row,
    rows,
    sevenzip,
)

from pipeline.posts import Answer, Question, Totals, is_meta, read, site_of, splits
from pipeline.posts_fields import NO_SCORE, NO_TITLE
from pipeline.records import Broken
from transforms.kernels.post_rows import NUMBERS, TEXTS

ROWS = rows(7)
LINES = dump(ROWS)


def one(written):
    """The only post of a dump with one row."""
    posts, broken, skipped = read_all(dump([written]))
    assert (len(posts), broken, skipped) == (1, [], [])
    return posts[0]


def odd(written):
    """The same row in a form that Stack Exchange does not write."""
    return written.replace(b"<row ", b"<row\n ", 1)


def test_a_question_has_all_that_its_row_says():
    fields = question(7, AcceptedAnswerId=9, DeletionDate="2016-01-01T00:00:00.000", ClosedDate="2015-01-01T00:00:00.000")
    found = one(row(**fields, ContentLicense="CC BY-SA 4.0", OwnerUserId=3, CommentCount=0))
    assert found == Question(
        site="llama.com",
        id=7,
        title="Llama 7: who's > others?",
        body=fields["Body"],
        score=4,
        accepted=9,
        answers=1,
        tags=["wool", "alpacas"],
        created="2014-01-08T20:26:05.383",
        active="2015-02-08T01:02:03.004",
        deleted="2016-01-01T00:00:00.000",
        closed="2015-01-01T00:00:00.000",
        license="CC BY-SA 4.0",
        offset=len(HEAD) + 2,
        inner=0,
        notes=(),
    )


def test_an_answer_has_all_that_its_row_says():
    found = one(row(**answer(8, 7, Score=-2)))
    body = "<p>It is 8, née &amp;.</p>\n"
    assert found == Answer("llama.com", 8, 7, -2, body, "2014-01-21T20:26:05.383", "", None, None, len(HEAD) + 2, 0, ())


def test_what_a_row_does_not_say_is_none():
    found = one(row(Id=1, PostTypeId=1, Score=0, Body="", Title="Why?"))
    assert (found.body, found.accepted, found.answers, found.tags, found.created, found.deleted) == ("", None, None, [], "", None)
    assert found.notes == ()


@pytest.mark.parametrize("form", [bytes, odd])
def test_a_missing_score_and_a_missing_title_are_noted(form):
    missing = question(1, Score="", Title="")
    found = one(form(row(**missing)))
    assert (found.score, found.title, found.notes) == (0, "", (NO_SCORE, NO_TITLE))
    del missing["Score"], missing["Title"]
    assert contents([one(form(row(**missing)))]) == contents([found])


@pytest.mark.parametrize(
    ("text", "tags"),
    [("<a><b-c><c++>", ["a", "b-c", "c++"]), ("|a|b-c|c++|", ["a", "b-c", "c++"]), ("", []), ("<a>", ["a"]), ("|a|", ["a"])],
)
def test_tags_are_read_in_both_forms(text, tags):
    assert one(row(**question(1, Tags=text))).tags == tags


def test_other_posts_are_skipped_by_type():
    types = ["orphaned tag wiki", "tag wiki excerpt", "tag wiki", "moderator nomination", "wiki placeholder", "privilege wiki"]
    others = [row(Id=kind, PostTypeId=kind, Body="") for kind in (3, 4, 5, 6, 7, 8, 17)]
    assert read_all(dump(others)) == ([], [], [*types, "post of another type"])


def test_a_row_of_an_old_dump_without_a_type_is_told_by_its_parent_or_title():
    untyped = [question(1), answer(2, 1)]
    for fields in untyped:
        del fields["PostTypeId"]
    posts, broken, _ = read_all(dump([row(**fields) for fields in untyped]))
    assert [type(post) for post in posts] == [Question, Answer]
    assert broken == []


@pytest.mark.parametrize("packing", PACKED)
def test_every_packing_gives_the_same(packing):
    name, pack = PACKED[packing]
    posts, broken, _ = read_all(pack(LINES), name)
    assert contents(posts) == contents(read_all(LINES)[0])
    assert [post.id for post in posts] == list(range(1, 8))
    assert broken == []


def test_the_other_tables_of_an_archive_are_skipped():
    name, pack = PACKED["7z of a site"]
    assert sorted(read_all(pack(LINES), name)[2]) == sorted(f"{table}.xml" for table in {**OTHERS, **LATER})


def test_what_lies_in_other_folders_of_an_archive_or_behind_posts_is_not_expanded():
    """Damage there is not seen."""
    copy = [{"id": py7zr.FILTER_COPY}]
    archive = io.BytesIO(sevenzip({"Badges.xml": b"<badges>" * 9}, copy))
    with py7zr.SevenZipFile(archive, "a", filters=copy) as packed:
        packed.writestr(LINES, "Posts.xml")
    several, together = archive.getvalue(), sevenzip({"Posts.xml": LINES, "Users.xml": b"<users>" * 9}, copy)
    for sound, others in [
        (several, ["Badges.xml"]),
        (together, ["Users.xml"]),
        (sevenzip({"Users.xml": b"<users>" * 9}, copy), ["Users.xml"]),
    ]:
        damaged = sound.replace(b"<badges>", b"<BADGES>").replace(b"<users>", b"<USERS>")
        posts, broken, skipped = read_all(damaged, "llama.com.7z")
        assert damaged != sound
        assert (len(posts), broken, skipped) == (7 * (LINES in sound), [], others)


@pytest.mark.parametrize("table", [*OTHERS, *LATER])
def test_another_table_is_told_by_its_root(table):
    assert read_all({**OTHERS, **LATER}[table], "llama.com/Posts.xml") == ([], [], [f"{table}.xml"])


def test_the_forms_that_xml_allows_are_read():
    tail = b' Score="3" Body="a" Title="t"'
    for written in [
        b'<row Id="1" PostTypeId="1"%s ></row>' % tail,
        b"<row\n\tId = '1' PostTypeId=\"1\"%s/>" % tail,
        b'<row Title=\'"\' Body="\'" Score="3" PostTypeId="1" Id="1" ></row >',
        b'<!-- <row Id="9"/> --><row Id="1" PostTypeId=" 1 "%s/><?x <row ?>' % tail,
        b'<row Id="1" PostTypeId="1"%s OwnerDisplayName=">/>"/>' % tail,
    ]:
        found = one(written)
        assert (found.id, found.score, found.notes) == (1, 3, ())


def test_a_root_of_another_name_is_one_too():
    """As in `<xml>`, which some who share a part of a dump write."""
    posts, broken, _ = read_all(b"<xml>\n" + b"".join(ROWS) + b"</xml>\n")
    assert (len(posts), broken) == (7, [])


def test_two_dumps_in_one_file_are_read():
    posts, broken, _ = read_all(LINES + LINES)
    assert ([post.id for post in posts], broken) == ([*range(1, 8), *range(1, 8)], [])


XML_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n\r&<>\"';# "))


@settings(deadline=None)
@given(XML_TEXT, XML_TEXT, st.integers(-(10**9), 10**9), st.booleans())
@example("&amp;lt; &#38; ]]> \r\n", "&", 0, False)
def test_any_text_that_xml_can_hold_comes_back(title, body, score, usual):
    written = row(**question(5, Title=title, Body=body, Score=score))
    found = one(written if usual else odd(written))
    assert (found.title, found.body, found.score) == (title, body, score)


PIECES = st.sampled_from(
    ["&lt;", "&gt;", "&amp;", "&quot;", "&apos;", "&#xA;", "&#xd;", "&#9;", "&#65;", "&#x1F999;", "&#x00e9;", "\t", "\r\n", "\r", "\n"]
)


@settings(deadline=None)
@given(st.lists(PIECES | st.sampled_from(["a", " ", "é", "🦙", "\ufeff", "\ufffd", "'", ">", ";", "#"]), max_size=12).map("".join))
def test_a_value_is_what_element_tree_makes_of_it(value):
    written = (f'<row Id="1" PostTypeId="1" Score="0" Title="t" Body="{value}" />').encode()
    expected = ElementTree.fromstring(written.decode()).get("Body")
    assert one(written).body == expected
    assert one(odd(written)).body == expected


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([name.decode() for name in NUMBERS + TEXTS]), st.text("0123456789-ab<|> \0", max_size=5)), max_size=9
    )
)
def test_a_row_is_read_the_same_in_the_usual_form_and_in_another(attributes):
    written = b"<row" + b"".join(f' {name}="{value}"'.replace("<", "&lt;").encode() for name, value in attributes) + b" />"
    usual, other = (items(dump([form(written)])) for form in (bytes, odd))
    assert [told(item) for item in usual] == [told(item) for item in other]


def told(item):
    """All that is told of a post, and of a row that cannot be read why and where."""
    return (item.offset, item.reason) if isinstance(item, Broken) else item


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 3000), st.integers(0, 12), st.booleans(), st.sampled_from([b"", b"garbage", b"\xef\xbb\xbf"]))
def test_ranges_have_each_row_once_whatever_their_size(part_bytes, count, damaged, between):
    lines = rows(count)
    if damaged and count > 2:
        lines[2] = lines[2].replace(b'Title="', b'Title="<')
        lines[-1] = lines[-1].replace(b"/>", b"")
    data = dump(lines) + (between + dump(lines) if between else b"")
    assert items(data, part_bytes=part_bytes) == items(data)


def test_only_plain_xml_is_split():
    assert splits("a/Posts.xml", 25, 10) == [(0, 10), (10, 20), (20, 25)]
    assert splits("a/Posts.xml", 10, 10) == [(0, 10)]
    assert splits("a/Posts.xml.gz", 25, 10) == splits("a.7z", 25, 10) == [(0, 25)]


@pytest.mark.parametrize("packing", ["gzip", "utf-16", "7z of a site"])
def test_the_range_at_0_has_all_where_the_content_is_not_what_the_name_says(packing):
    data = PACKED[packing][1](LINES)
    assert items(data, part_bytes=100) == items(data)
    assert len(items(data)) >= 7


def test_totals_count_posts_and_give_the_newest_date():
    lines = [
        row(**question(1)),
        row(**answer(2, 1, CreationDate="2031-02-03T04:05:06.789")),
        row(**answer(3, 1, CreationDate="soon")),
        row(Id=4, PostTypeId=5, Body="", CreationDate="2040-01-01T00:00:00.000"),
        row(PostTypeId=2, ParentId=1),
    ]
    assert list(read(part(dump(lines)), BOUNDS))[-1] == Totals("llama.com", 3, "2031-02-03T04:05:06.789")
    assert list(read(part(HEAD + FOOT), BOUNDS)) == [Totals("llama.com", 0, "")]


@pytest.mark.parametrize(
    ("name", "path", "site"),
    [
        ("math.stackexchange.com.7z", "/dumps/math.stackexchange.com.7z", "math.stackexchange.com"),
        ("2024/stackoverflow.com-Posts.7z", "/dumps/2024/stackoverflow.com-Posts.7z", "stackoverflow.com"),
        ("beer.stackexchange.com/Posts.xml", "/x/beer.stackexchange.com/Posts.xml", "beer.stackexchange.com"),
        ("beer/posts.xml.gz", "s3://bucket/beer/posts.xml.gz", "beer"),
        ("Posts.xml", "/dumps/ai.stackexchange.com/Posts.xml", "ai.stackexchange.com"),
        ("Posts.7z", "/dumps/ai.stackexchange.com/Posts.7z", "ai.stackexchange.com"),
        ("ai.stackexchange.com.xml.zst", "ai.stackexchange.com.xml.zst", "ai.stackexchange.com"),
        ("stackoverflow.com-Posts.xml", "stackoverflow.com-Posts.xml", "stackoverflow.com"),
        ("Posts.xml", "./Posts.xml", "unknown"),
    ],
)
def test_the_site_is_told_by_the_place(name, path, site):
    assert site_of(name, path) == site


def test_a_meta_site_has_meta_as_a_component():
    assert all(map(is_meta, ["meta.stackexchange.com", "math.meta.stackexchange.com", "meta.stackoverflow.com"]))
    assert not any(map(is_meta, ["stackoverflow.com", "metaphysics.stackexchange.com", "meta-beer"]))
