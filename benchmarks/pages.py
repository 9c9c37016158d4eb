"""Wraps a folder of real HTML pages into a WARC file: `python -m benchmarks.pages FOLDER OUT.warc.gz`.

Every file that ends in .html, .htm or their .gz becomes a response record with the page's bytes as they are, at a URL made of its path. The same folder gives
the same bytes: records in the order of their paths, one gzip member each, no times.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

ENDINGS = (".html", ".htm", ".xhtml", ".html.gz", ".htm.gz")


def pages(folder: Path) -> Iterator[tuple[str, bytes]]:
    """(path in the folder, bytes) of every page."""
    for path in sorted(folder.rglob("*")):
        if path.name.lower().endswith(ENDINGS) and path.is_file():
            data = path.read_bytes()
            yield path.relative_to(folder).as_posix(), gzip.decompress(data) if path.name.endswith(".gz") else data


def record(url: str, body: bytes) -> bytes:
    """A WARC response record of a page that was served with 200 and no charset."""
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    digest = base64.b32encode(hashlib.sha1(block).digest()).decode()
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, url)}>\r\n"
        f"WARC-Date: 2019-02-15T00:00:00Z\r\nWARC-Target-URI: {url}\r\nWARC-Block-Digest: sha1:{digest}\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def main() -> int:
    """Writes the file and says how many pages it holds."""
    if len(sys.argv) != 3 or not Path(sys.argv[1]).is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    count = 0
    with open(sys.argv[2], "wb") as out:
        for name, body in pages(Path(sys.argv[1])):
            out.write(gzip.compress(record("http://pages.example/" + quote(name), body), mtime=0))
            count += 1
    print(f"{count} pages in {sys.argv[2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
