"""Every real dump that is at hand gives what ElementTree gives, whatever it is packed in."""

import gzip
import io
from collections import Counter
from xml.etree import ElementTree

import pytest
from made_posts import BOUNDS, PACKED, contents, items, part, read_all, real
from shared_data import SHARED

from pipeline.posts import Answer, Question, Totals, read
from pipeline.posts_fields import TYPES

FILES = sorted(path.relative_to(SHARED).as_posix() for path in (SHARED / "stackexchange").glob("*/*.xml.gz"))
POSTS = [name for name in FILES if name.lower().endswith("/posts.xml.gz")]
COUNTS = {
    "ai-2016-09": (264, 415),
    "beer-2016": (454, 1074),
    "beer-2017": (663, 1572),
    "cardano-2023": (1042, 1496),
    "coffee-2015": (225, 327),
    "conlang-2018": (27, 29),
    "meta-conlang-2020": (54, 115),
    "meta-datascience-2017": (95, 152),
    "meta-datascience-2024": (257, 341),
    "meta-math-2013": (254, 392),
    "stackoverflow-2008": (35, 63),
}
"""Questions and answers, counted by `grep -c` of PostTypeId."""


def number(text):
    return None if text is None else int(text)


def tags(text):
    return [tag for tag in (text or "").replace("<", "|").replace(">", "|").split("|") if tag]


def by_element_tree(data):
    """(contents of the posts, Counter of other types)."""
    found, others = [], Counter()
    for element in ElementTree.parse(io.BytesIO(data)).getroot():
        get = element.attrib.get
        dates = get("CreationDate", ""), get("LastActivityDate", ""), get("DeletionDate")
        if get("PostTypeId") == "1":
            counts = int(get("Score")), number(get("AcceptedAnswerId")), number(get("AnswerCount"))
            words = int(get("Id")), get("Title"), get("Body")
            found.append(("Question", *words, *counts, tags(get("Tags")), *dates, get("ClosedDate"), get("ContentLicense"), ()))
        elif get("PostTypeId") == "2":
            names = int(get("Id")), int(get("ParentId")), int(get("Score"))
            found.append(("Answer", *names, get("Body"), *dates, get("ContentLicense"), ()))
        else:
            others[TYPES[int(get("PostTypeId"))]] += 1
    return found, others


@pytest.mark.parametrize("name", POSTS or ["none"])
def test_a_real_dump_gives_what_element_tree_gives(name):
    path = real().parent / name
    data = gzip.decompress(path.read_bytes())
    posts, broken, skipped = read_all(path.read_bytes(), name)
    expected, others = by_element_tree(data)
    assert broken == []
    assert Counter(skipped) == others
    site = path.parent.name
    assert {post.site for post in posts} == {site}
    assert [(kind, *rest) for kind, _, *rest in contents(posts)] == expected
    counts = Counter(type(post) for post in posts)
    assert (counts[Question], counts[Answer]) == COUNTS[site]


@pytest.mark.parametrize("name", POSTS or ["none"])
def test_the_totals_of_a_real_dump_are_its_posts_and_its_newest_date(name):
    data = (real().parent / name).read_bytes()
    *posts, totals = read(part(data, name), BOUNDS)
    posts = [post for post in posts if isinstance(post, Question | Answer)]
    newest = max(max(post.created, post.active) for post in posts)
    assert totals == Totals(posts[0].site, len(posts), newest)


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize("site", ["conlang-2018", "meta-conlang-2020"])
def test_a_real_dump_is_the_same_in_every_packing(packing, site):
    data = gzip.decompress((real() / site / "Posts.xml.gz").read_bytes())
    name, pack = PACKED[packing]
    posts, broken, skipped = read_all(pack(data), name)
    plain, _, others = read_all(data)
    assert broken == []
    assert contents(posts) == contents(plain)
    assert len(posts) == sum(COUNTS[site])
    assert [kind for kind in skipped if not kind.endswith(".xml")] == others


@pytest.mark.parametrize("name", sorted(set(FILES) - set(POSTS)) or ["none"])
def test_another_table_is_skipped_by_its_name(name):
    path = real().parent / name
    assert read_all(path.read_bytes(), name) == ([], [], [path.name.removesuffix(".gz")])
    assert list(read(part(path.read_bytes(), name), BOUNDS))[1:] == []


@pytest.mark.parametrize("part_bytes", [999, 20_011, 1 << 20])
def test_ranges_of_a_real_dump_have_each_row_once(part_bytes):
    data = gzip.decompress((real() / "meta-math-2013/Posts.xml.gz").read_bytes())
    assert items(data, part_bytes=part_bytes) == items(data)


def test_the_place_of_a_row_is_where_it_begins():
    data = gzip.decompress((real() / "conlang-2018/Posts.xml.gz").read_bytes())
    posts, _, _ = read_all(data)
    assert all(data[post.offset :].startswith(b'<row Id="%d" ' % post.id) and post.inner == 0 for post in posts)
    posts, _, _ = read_all(gzip.compress(data), "Posts.xml.gz")
    assert all(data[post.inner :].startswith(b'<row Id="%d" ' % post.id) and post.offset == 0 for post in posts)
