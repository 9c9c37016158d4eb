"""Files of web servers, read as if they were local: seekable, in bounded memory, resumed where a transfer broke.

What may pass is tried again and goes on at the byte reached: a stall, a cut connection, 408, 425, 429 and 5xx (as late as Retry-After
says), a refused connection. What will not pass (404, 403, a bad certificate) and what never ends is `SourceUnavailable`; a file that
is another one than when reading began is `SourceChanged`. Range requests and conditions: RFC 9110 sections 13 and 14. Proxies as the
environment names them (http_proxy, https_proxy, no_proxy).
"""

from __future__ import annotations

import http.client
import io
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request
from email.message import Message
from functools import cache
from typing import TYPE_CHECKING

from pipeline.transfer import Attempts, Refused, SourceChanged, Transfer

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class RangeReader(io.RawIOBase):
    """A file of a web server. `size` (bytes) and `tag` (etag or date) are known after the first read.

    Opens its connection at the first read, so that a seek before it costs nothing. `ignored_ranges` counts the answers of a server that
    sends the whole file where a part was asked for; the way to the part is then read and thrown away.

    Raises SourceUnavailable, SourceMissing, SourceChanged.
    """

    def __init__(self, url: str, transfer: Transfer | None = None) -> None:
        super().__init__()
        self.url = url
        self.size: int | None = None
        self.tag: str | None = None
        self.ignored_ranges = 0
        self._transfer = transfer or Transfer()
        self._attempts = Attempts(url, self._transfer)
        self._response: http.client.HTTPResponse | None = None
        self._reached = 0  # where the open response stands
        self._position = 0  # where the reader stands

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            self._attempts.run(self._know_size, self.tell)
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size or 0}[whence]
        if start + offset < 0:
            raise ValueError(f"negative seek position {start + offset}")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self._attempts.run(lambda: self._read(len(view)), self.tell)
        view[: len(data)] = data
        self._attempts.gained(len(data))
        return len(data)

    def close(self) -> None:
        self._drop()
        super().close()

    def _know_size(self) -> None:
        if self.size is None:
            self._connect()
        if self.size is None:
            raise Refused("the server does not say how long the file is")

    def _read(self, count: int) -> bytes:
        """One read from the open response, from a new one where none is open or it stands elsewhere."""
        if not count or (self.size is not None and self._position >= self.size):
            return b""
        if self._response is None or not self._near():
            self._connect()
        try:
            while self._reached < self._position:
                if not self._take(min(self._position - self._reached, self._transfer.buffer_bytes)):
                    return b""
            data = self._take(count)
        except Exception:
            self._drop()
            raise
        self._position += len(data)
        return data

    def _near(self) -> bool:
        gap = self._position - self._reached
        return gap >= 0 and (gap <= self._transfer.buffer_bytes or self.ignored_ranges > 0)

    def _take(self, count: int) -> bytes:
        """The next bytes of the response; none only at the end of the file."""
        if self._response is None:
            return b""
        data = self._response.read1(count)
        self._reached += len(data)
        if not data:
            if self.size is None:
                self.size = self._reached  # neither a length nor a range was sent: the end of the connection is the end of the file
            if self._reached < self.size:
                raise ConnectionError(f"connection cut at byte {self._reached} of {self.size}")
        return data

    def _connect(self) -> None:
        self._drop()
        headers = {}
        if self._position:
            headers["Range"] = f"bytes={self._position}-"
            if self.tag is not None and self.tag.startswith('"'):  # a weak etag or a date may not stand in If-Range
                headers["If-Range"] = self.tag
        try:
            response = send(self.url, "GET", headers, self._transfer)
        except urllib.error.HTTPError as error:
            if error.code != 416:
                raise
            error.close()
            self._check(_total(error.headers), None)  # the position is at or behind the end
            if self.size is None or self.size > self._position:
                raise Refused("HTTP 416: the server refuses to send the file from here") from error
            return
        try:
            self._begin(response)
        except Exception:
            response.close()
            raise
        self._response = response

    def _begin(self, response: http.client.HTTPResponse) -> None:
        if response.status not in (200, 206):
            raise Refused(f"expected HTTP 200 or 206, the server answered {response.status} {response.reason}")
        if response.status == 206:
            first = _first(response.headers)
            if first != self._position:
                raise Refused(f"asked for bytes from {self._position}, the server sent bytes from {first}")
            self._reached = first
            self._check(_total(response.headers), _tag(response.headers))
        else:
            self._check(_length(response.headers), _tag(response.headers))
            self._reached = 0
            self.ignored_ranges += self._position > 0

    def _check(self, size: int | None, tag: str | None) -> None:
        for what, before, now in (("size", self.size, size), ("etag or date", self.tag, tag)):
            if before is not None and now is not None and before != now:
                raise SourceChanged(f"{self.url}: the file changed while it was read: its {what} was {before}, is {now}; run again")
        self.size = self.size if size is None else size
        self.tag = self.tag if tag is None else tag

    def _drop(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None


def stat(url: str, transfer: Transfer | None = None) -> tuple[int, str]:
    """The size in bytes and the tag (etag, else date, else empty) of a file, by HEAD, or by its first byte where HEAD is not answered.

    Raises SourceUnavailable (also where the server does not tell the size), SourceMissing.
    """
    transfer = transfer or Transfer()
    return Attempts(url, transfer).run(lambda: _stat(url, transfer), lambda: 0)


def _stat(url: str, transfer: Transfer) -> tuple[int, str]:
    try:
        with send(url, "HEAD", {}, transfer) as response:
            size, tag = _length(response.headers), _tag(response.headers)
    except urllib.error.HTTPError as error:
        if error.code not in (403, 405, 501):  # 403: a signed URL is signed for GET alone
            raise
        error.close()
        size, tag = None, None
    if size is None:
        with send(url, "GET", {"Range": "bytes=0-0"}, transfer) as response:
            size = _total(response.headers) if response.status == 206 else _length(response.headers)
            tag = _tag(response.headers)
    if size is None:
        raise Refused("the server does not say how long the file is; download it first")
    return size, tag or ""


def user_agent() -> str:
    """What servers are told of the client. Those of some publishers refuse one that does not say whom to ask: CRIA_CONTACT, a URL or an address."""
    contact = os.environ.get("CRIA_CONTACT", "")
    return f"cria/0.1.0 ({contact})" if contact else "cria/0.1.0"


def send(url: str, method: str, headers: dict[str, str], transfer: Transfer) -> http.client.HTTPResponse:
    if not urllib.parse.urlsplit(url).hostname:
        raise Refused("the address names no server")
    quoted = urllib.parse.quote(url, safe="%/:=&?~#+!$,;'@()*[]")  # spaces and letters beyond ASCII
    request = urllib.request.Request(quoted, method=method, headers={"User-Agent": user_agent(), "Accept-Encoding": "identity", **headers})
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=_certificates()))
    response: http.client.HTTPResponse = opener.open(request, timeout=transfer.timeout_seconds)
    return response


@cache
def _certificates() -> ssl.SSLContext:
    """The system's certificates, and certifi's where it is installed (Beam brings it) and the system has none in one file."""
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        try:
            import certifi
        except ImportError:
            return context
        context.load_verify_locations(certifi.where())
    return context


def _tag(headers: Message[str, str]) -> str | None:
    return headers.get("ETag") or headers.get("Last-Modified")


def _length(headers: Message[str, str]) -> int | None:
    return _number(headers.get("Content-Length", ""))


def _total(headers: Message[str, str]) -> int | None:
    """The size of the file in `Content-Range: bytes 5-9/10` or `bytes */10`."""
    return _number(headers.get("Content-Range", "").rpartition("/")[2])


def _first(headers: Message[str, str]) -> int | None:
    return _number(headers.get("Content-Range", "").removeprefix("bytes").strip().partition("-")[0])


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None
