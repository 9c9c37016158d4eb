"""The embedded sample's pages as real crawl files: five WET files and one WARC file, written at run time from the committed texts.

The bytes are a pure function of the texts, so a second run finds the files as the first one left them (same bytes, same time) and reuses
its units. Records follow WARC 1.0 as CommonCrawl writes it since 2020: one gzip member a record, warcinfo first, CRLF heads, SHA-1 digests
in base32, `WARC-Identified-Content-Language` in WET.
"""

import base64
import hashlib
import html
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path

from pipeline.samples import stored_files

TEXTS = ("cited.txt", "random.txt", "poor.txt", "languages.txt")
# ours: five WET files, so that lines repeat across units; with a WARC file of about 25 pages the other reader is exercised as well.
WET_FILES = 5
ONE_PAGE_IN_WARC_OF = 18
# ours: a fixed time (2019-02-24T00:00:00Z, the end of the crawl that the pages pretend to be from) for files, gzip members and warcinfo.
CRAWL_END = "2019-02-24T00:00:00Z"
FILE_TIME = 1550966400

# The odd pages of a crawl, each picked by its URL.
REPEATED = "https://www.tern-harbour-rowing.example/news/winter-training"
TWIN_OF = "https://www.shop-of-ropes.example/offers/3"
TWIN = "https://m.shop-of-ropes.example/offers/3?ref=mail"
REQUESTED = "https://www.kettle-and-crumb.example/recipes/lentil-soup"
REVISITED = "https://www.kettle-and-crumb.example/recipes/plum-cake"
LATIN_1 = "https://www.gites-du-val.example/chambres"
CYRILLIC = "https://www.sad-i-ogorod.example/pomidory"
MISSING = "https://www.shop-of-ropes.example/offers/2015/clearance"
PDF = "https://www.tern-harbour-rowing.example/files/membership-form.pdf"
IN_WARC = frozenset({REQUESTED, REVISITED, LATIN_1, CYRILLIC})

_HEAD = re.compile(r"=== (?P<url>https?://\S+) (?P<date>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)(?: (?P<language>[a-z]{3}(?:,[a-z]{3})*))?")
_EXPECTED = "a page head, '=== URL YYYY-MM-DDThh:mm:ssZ' with or without ISO 639-3 codes after it,"


@dataclass(frozen=True)
class Page:
    """One page of the sample: its address, the time of its capture, its title, its lines, and the languages that a crawler would name."""

    url: str
    date: str
    title: str
    lines: tuple[str, ...]
    language: str = "eng"

    @property
    def text(self) -> str:
        """The text as a WET record holds it: the title is its first line."""
        return "\n".join((self.title, *self.lines))


def read_pages(text: str, name: str) -> list[Page]:
    """Pages of one of the sample's texts, in order: a head line, the title, the lines; a blank line between pages.

    Raises ValueError that names the file (`name`), the line (from 1), what was expected there and what was found.
    """
    pages: list[Page] = []
    seen: set[str] = set()
    for number, block in _blocks(text):
        head = _HEAD.fullmatch(block[0])
        if head is None:
            raise _malformed(name, number, _EXPECTED, block[0])
        for offset, line in enumerate(block[1:], 1):
            if line.startswith("=== "):
                raise _malformed(name, number + offset, "a blank line before the next page head", line)
        if len(block) < 3:
            raise _malformed(name, number, "a title and at least one line under the page head", f"{len(block) - 1} lines")
        if head["url"] in seen:
            raise _malformed(name, number, "a URL that no earlier page has", head["url"])
        seen.add(head["url"])
        try:
            datetime.fromisoformat(head["date"])
        except ValueError:
            raise _malformed(name, number, "a date and time that exist", head["date"]) from None
        pages.append(Page(head["url"], head["date"], block[1], tuple(block[2:]), head["language"] or "eng"))
    return pages


def _malformed(name: str, number: int, expected: str, found: str) -> ValueError:
    return ValueError(f"{name}, line {number}: expected {expected}; found {found[:120]!r}")


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines that are not blank, each with the number of its first line."""
    block: list[str] = []
    number = 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []
    if block:
        yield number - len(block) + 1, block


def sample_pages() -> list[Page]:
    """All pages of the sample in the order of the crawl: by the SHA-1 of the URL, so that texts, hosts and languages are mixed."""
    pages: list[Page] = []
    for name in TEXTS:
        pages += read_pages((Path(__file__).parent / "texts" / "commoncrawl" / name).read_text(encoding="utf-8"), name)
    return sorted(pages, key=_order)


def _order(page: Page) -> bytes:
    return hashlib.sha1(page.url.encode()).digest()


def pack(directory: Path) -> list[Path]:
    """Writes the sample as crawl files into `directory` (made if absent) and returns their paths, in order.

    A file is rewritten only where its bytes differ; its modification time is fixed, so a second call changes nothing.
    Raises ValueError where a text is malformed or lacks one of the pages that are picked by URL, OSError where it cannot write.
    """
    pages = sample_pages()
    _check_picked(pages)
    in_warc = [page for page in pages if _is_in_warc(page)]
    rest = [page for page in pages if not _is_in_warc(page)]
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, dealt in enumerate(_deal(rest)):
        paths.append(directory / f"sample-{number:05d}.warc.wet.gz")
        _write(paths[-1], _wet_records(dealt, paths[-1].name))
    paths.append(directory / f"sample-{WET_FILES:05d}.warc.gz")
    _write(paths[-1], _warc_records(in_warc, paths[-1].name))
    return paths


def _is_in_warc(page: Page) -> bool:
    by_chance = _order(page)[-1] % ONE_PAGE_IN_WARC_OF == 0 and page.url not in (REPEATED, TWIN_OF)
    return by_chance or page.url in IN_WARC


def _check_picked(pages: list[Page]) -> None:
    missing = sorted((IN_WARC | {REPEATED, TWIN_OF}) - {page.url for page in pages})
    if missing:
        raise ValueError(f"the sample's texts: expected the pages that are picked by URL; not found: {', '.join(missing)}")


def _deal(pages: list[Page]) -> list[list[Page]]:
    """Page k into WET file k mod 5; then one repeat (its Record-ID again in the next file) and one twin (a text under another URL)."""
    dealt = [pages[number::WET_FILES] for number in range(WET_FILES)]
    for number, page in enumerate(pages):
        if page.url == REPEATED:
            dealt[(number + 1) % WET_FILES].append(page)
        if page.url == TWIN_OF:
            dealt[(number + 2) % WET_FILES].append(Page(TWIN, page.date, page.title, page.lines, page.language))
    return dealt


def _write(path: Path, records: Iterable[bytes]) -> None:
    stored_files.write(path, b"".join(map(stored_files.gzip_member, records)), FILE_TIME)


def _record(fields: dict[str, str], block: bytes) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in (fields | {"Content-Length": str(len(block))}).items())
    return f"WARC/1.0\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


def _record_id(kind: str, key: str) -> str:
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{kind} {key}')}>"


def _digest(content: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(content).digest()).decode()


def _warcinfo(filename: str) -> bytes:
    block = "isPartOf: CRIA-SAMPLE\r\ndescription: the embedded sample of Cria, an invented crawl\r\nformat: WARC File Format 1.0\r\n\r\n"
    fields = {
        "WARC-Type": "warcinfo",
        "WARC-Date": CRAWL_END,
        "WARC-Filename": filename,
        "WARC-Record-ID": _record_id("warcinfo", filename),
        "Content-Type": "application/warc-fields",
    }
    return _record(fields, block.encode())


def _wet_records(pages: list[Page], filename: str) -> Iterator[bytes]:
    yield _warcinfo(filename)
    for page in pages:
        block = (page.text + "\n").encode()
        fields = {
            "WARC-Type": "conversion",
            "WARC-Target-URI": page.url,
            "WARC-Date": page.date,
            "WARC-Record-ID": _record_id("conversion", page.url),
            "WARC-Refers-To": _record_id("response", page.url),
            "WARC-Block-Digest": _digest(block),
            "WARC-Identified-Content-Language": page.language,
            "Content-Type": "text/plain",
        }
        yield _record(fields, block)


def _warc_records(pages: list[Page], filename: str) -> Iterator[bytes]:
    yield _warcinfo(filename)
    for page in pages:
        if page.url == REQUESTED:
            yield _request(page, filename)
        declared = {LATIN_1: ("ISO-8859-1", "http"), CYRILLIC: ("windows-1251", "meta")}.get(page.url, ("UTF-8", "http"))
        yield _response(page.url, page.date, filename, *_html_page(page, *declared))
        if page.url == REVISITED:
            yield _revisit(page, filename)
    absent = b"<html><head><title>Not found</title></head><body><h1>Not found</h1><p>This offer has ended.</p></body></html>\n"
    yield _response(MISSING, CRAWL_END, filename, "404 Not Found", "text/html; charset=UTF-8", absent)
    yield _response(PDF, CRAWL_END, filename, "200 OK", "application/pdf", _pdf())


def _html_page(page: Page, charset: str, declared_by: str) -> tuple[str, str, bytes]:
    """HTTP status, content type and body of a page whose charset is declared by the HTTP head or by a meta element."""
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">\n' if declared_by == "meta" else ""
    content_type = f"text/html; charset={charset}" if declared_by == "http" else "text/html"
    title = html.escape(page.title)
    head = f"<head>\n{meta}<title>{title}</title>\n</head>"
    paragraphs = "".join(f"<p>{html.escape(line)}</p>\n" for line in page.lines)
    body = f"<!DOCTYPE html>\n<html>\n{head}\n<body>\n<h1>{title}</h1>\n{paragraphs}</body>\n</html>\n"
    return "200 OK", content_type, body.encode(charset)


def _http_fields(kind: str, url: str, date: str, filename: str, block: bytes) -> dict[str, str]:
    """The fields that request, response and revisit records share."""
    return {
        "WARC-Type": kind,
        "WARC-Date": date,
        "WARC-Record-ID": _record_id(kind, url),
        "Content-Type": f"application/http; msgtype={'request' if kind == 'request' else 'response'}",
        "WARC-Warcinfo-ID": _record_id("warcinfo", filename),
        "WARC-Target-URI": url,
        "WARC-Block-Digest": _digest(block),
    }


def _http_head(status: str, date: str, fields: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Date: {format_datetime(datetime.fromisoformat(date), usegmt=True)}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in fields.items()), "", ""]).encode()


def _response(url: str, date: str, filename: str, status: str, content_type: str, body: bytes) -> bytes:
    block = _http_head(status, date, {"Content-Type": content_type, "Content-Length": str(len(body))}) + body
    payload = {"WARC-Payload-Digest": _digest(body), "WARC-Identified-Payload-Type": content_type.split(";")[0]}
    return _record(_http_fields("response", url, date, filename, block) | payload, block)


def _request(page: Page, filename: str) -> bytes:
    host, path = page.url.split("/", 3)[2:]
    block = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: cria-sample\r\nAccept: text/html\r\n\r\n".encode()
    concurrent = {"WARC-Concurrent-To": _record_id("response", page.url)}
    return _record(_http_fields("request", page.url, page.date, filename, block) | concurrent, block)


def _revisit(page: Page, filename: str) -> bytes:
    """A later capture that found the page unchanged: a head alone, with the digest of the earlier body."""
    block = _http_head("304 Not Modified", CRAWL_END, {})
    earlier = {
        "WARC-Refers-To": _record_id("response", page.url),
        "WARC-Refers-To-Target-URI": page.url,
        "WARC-Refers-To-Date": page.date,
        "WARC-Profile": "http://netpreserve.org/warc/1.0/revisit/server-not-modified",
        "WARC-Payload-Digest": _digest(_html_page(page, "UTF-8", "http")[2]),
    }
    return _record(_http_fields("revisit", page.url, CRAWL_END, filename, block) | earlier, block)


def _pdf() -> bytes:
    """A PDF of one empty page, with the cross-reference table that the format asks for."""
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    )
    body = "%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "0000000000 65535 f \n" + "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    return f"{body}xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n".encode()
