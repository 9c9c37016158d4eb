"""Stack Exchange's sample as dumps of invented sites, in the forms in which they come: a site's 7z archive, Posts.xml, plain or packed; made at run time."""

from __future__ import annotations

import bz2
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.samples import stored_files
from pipeline.samples.case_files import TEXTS, Case, read

FOLDER = TEXTS / "stackexchange"
SITES, BROKEN = FOLDER / "sites.txt", FOLDER / "broken.txt"
HEAD = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\r\n<posts>\r\n'
TAIL = b"</posts>"
TABLES = ("Badges", "Comments", "PostHistory", "PostLinks", "Tags", "Users", "Votes")
"""A site's archive has them beside Posts.xml, which comes after the fourth."""
BEFORE_POSTS = 4
REFERENCES = ((b"&", b"&amp;"), (b"<", b"&lt;"), (b">", b"&gt;"), (b'"', b"&quot;"), (b"\n", b"&#xA;"), (b"\t", b"&#x9;"))
"""What Stack Exchange writes in an attribute's value."""
YEAR_OF_BARS = "2023"  # code: tags are |a|b| in dumps from 2023 on, <a><b> before


@dataclass(frozen=True)
class PostDump:
    """A dump: its file below the sample's folder, the day of its posts, how it is packed, and the text that has them."""

    name: str
    date: str
    packed: Callable[[bytes], bytes]
    text: Path

    @property
    def cases(self) -> list[Case]:
        """Its posts. Raises ValueError where the text is malformed."""
        return read(self.text)


def pack(folder: Path) -> list[Path]:
    """The dumps under `folder`. Raises ValueError where a text is malformed."""
    large = [stored_files.write(folder / dump.name, dump.packed(_dump(dump.cases, dump.date))) for dump in DUMPS]
    return [*large, *(stored_files.write(folder / small_name(site), _dump(posts_of(site), NOW)) for site in sites())]


def pack_broken(folder: Path) -> list[Path]:
    """Dumps of which some rows, or all, cannot be read: a run over them exceeds the default error budget."""
    cases = read(BROKEN)
    paths = [stored_files.write(folder / "broken.example/Posts.xml", _dump([case for case in cases if "file" not in case.values], NOW))]
    return [*paths, *(stored_files.write(folder / case.value("file"), case.section("file")) for case in cases if "file" in case.values)]


def sites() -> list[Case]:
    """The small sites."""
    return read(SITES)[1:]


def small_name(site: Case) -> str:
    """A small site's file below the sample's folder."""
    return f"2023-09/{site.name}/Posts.xml"


def posts_of(site: Case) -> list[Case]:
    """The questions of a small site, each with the text that is expected of it, and their answers."""
    every = read(SITES)[0]
    questions, answers = int(site.value("questions")), int(site.value("answers"))
    posts: list[Case] = []
    for number in range(1, questions + 1):

        def filled(section: str, number: int = number) -> bytes:
            text = every.section(section).decode().format(subject=site.value("subject"), number=number, site=site.name)
            return text.encode()

        places = [questions + (number - 1) * answers + k for k in range(1, answers + 1)]
        kept = b"\n".join([filled("kept question"), *(filled("kept answer", place) for place in places)])
        question = {**site.values, "id": str(number), "score": str(number), "title": filled("title").decode()}
        posts.append(replace(site, name=f"{site.name} {number}", values=question, sections={"body": filled("question"), "kept": kept}))
        for place in places:
            used = "used" if site.fate().word == "kept" else "unused: orphan"
            answer = {"expect": used, "id": str(place), "parent": str(number), "score": "0"}
            posts.append(Case(f"{site.name} {place}", site.place, answer, {"body": filled("answer", place)}))
    return posts


# ---- a dump


def _dump(cases: list[Case], date: str) -> bytes:
    return HEAD + b"".join(case.sections["row"] + b"\r\n" if "row" in case.sections else _row(case, date) for case in cases) + TAIL


def _row(case: Case, date: str) -> bytes:
    """A post as Stack Exchange writes it; a value `none` leaves its attribute out."""
    values = case.values
    question = "parent" not in values and values.get("type", "1") in ("1", "none")
    tags = values.get("tags", "").split()
    attributes: dict[str, str | bytes | None] = {
        "Id": case.value("id"),
        "PostTypeId": values.get("type", "1" if question else "2"),
        "AcceptedAnswerId": values.get("accepted"),
        "ParentId": values.get("parent"),
        "CreationDate": f"{date}T08:00:00.000",
        "DeletionDate": values.get("deleted"),
        "Score": case.value("score"),
        "Body": case.section("body") + b"\n",
        "LastActivityDate": f"{date}T09:30:00.000",
        "Title": values.get("title", case.name) if question else None,
        "Tags": ("|" + "|".join(tags) + "|" if date >= YEAR_OF_BARS else "".join(f"<{tag}>" for tag in tags)) if tags else None,
        "ContentLicense": "CC BY-SA 4.0",
    }
    written = [b' %b="%b"' % (name.encode(), _escaped(value)) for name, value in attributes.items() if value not in (None, "none")]
    return b"  <row" + b"".join(written) + b" />\r\n"


def _escaped(value: str | bytes | None) -> bytes:
    data = value if isinstance(value, bytes) else str(value).encode()
    for character, reference in REFERENCES:
        data = data.replace(character, reference)
    return data


# ---- how it is packed


def _seven_zip(posts: bytes) -> bytes:
    """A site's archive with all tables; times and modes, which the archive holds, are fixed."""
    import lzma

    import py7zr

    files = [
        (f"{name}.xml", f'<?xml version="1.0" encoding="utf-8"?>\r\n<{name.lower()}>\r\n</{name.lower()}>'.encode()) for name in TABLES
    ]
    files.insert(BEFORE_POSTS, ("Posts.xml", posts))
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "archive.7z")
        with py7zr.SevenZipFile(archive, "w", filters=[{"id": lzma.FILTER_LZMA2, "preset": 6}]) as packing:
            for name, content in files:
                path = Path(folder, name)
                path.write_bytes(content)
                path.chmod(0o644)
                os.utime(path, (stored_files.FILE_TIME, stored_files.FILE_TIME))
                packing.write(path, name)
        return archive.read_bytes()


def _plain(posts: bytes) -> bytes:
    return posts


NOW, EARLIER = "2023-08-31", "2019-05-31"
DUMPS = (
    PostDump("2023-09/garden.example.7z", NOW, _seven_zip, FOLDER / "garden.txt"),
    PostDump("2019-06/garden.example/Posts.xml", EARLIER, _plain, FOLDER / "garden-older.txt"),
    PostDump("2023-09/meta.garden.example/Posts.xml.bz2", NOW, bz2.compress, FOLDER / "garden-meta.txt"),
    PostDump("2023-09/kitchen.example/Posts.xml.gz", NOW, stored_files.gzip_member, FOLDER / "kitchen.txt"),
    PostDump("2019-06/numbers.example/Posts.xml", EARLIER, _plain, FOLDER / "numbers.txt"),
)
"""Two of one site, in different years; a meta site; two sites that other dumps share numbers of posts with."""
