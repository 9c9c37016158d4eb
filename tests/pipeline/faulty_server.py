"""A web server on 127.0.0.1 that serves bytes with the faults a test asks for, and counts what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Served:
    """A file and its faults. Each fault has a number of times left; FOR_EVER never ends."""

    body: bytes
    etag: str | None = '"one"'
    ranges: bool = True
    length: bool = True  # whether Content-Length is sent
    chunked: bool = False
    head: bool = True
    status: int = 503
    refusals: int = 0  # answers with `status`
    retry_after: str | None = None
    stall_at: int = 0  # byte of the file before which the answer halts
    stall_seconds: float = 0.0
    stalls: int = 0
    cut_after: int = 0  # bytes of an answer, after which the connection is cut
    cuts: int = 0
    then: Served | None = None  # what lies at the path after the next answer
    redirect: str | None = None


FOR_EVER = 1 << 30


class Server:
    def __init__(self, url: str) -> None:
        self.url = url
        self.files: dict[str, Served] = {}
        self.requests: list[tuple[str, str, str | None]] = []  # method, path, Range
        self.conditions: list[str | None] = []  # If-Range
        self.stopping = threading.Event()
        self.lock = threading.Lock()

    def put(self, path: str, body: bytes, **faults: Any) -> str:
        """Serves `body` at `path`; its URL."""
        self.files[path] = Served(body, **faults)
        return self.url + path

    def ranges(self) -> list[str | None]:
        """The Range header of each GET so far."""
        return [asked for method, _, asked in self.requests if method == "GET"]


@contextmanager
def serving(port: int = 0) -> Iterator[Server]:
    """Runs a server until the block ends; stalled answers end with it."""
    with _Threads(("127.0.0.1", port), _Handler) as threads:
        threads.served = Server(f"http://127.0.0.1:{threads.server_address[1]}/")
        worker = threading.Thread(target=threads.serve_forever, kwargs={"poll_interval": 0.02})
        worker.start()
        try:
            yield threads.served
        finally:
            threads.served.stopping.set()
            threads.shutdown()
            worker.join()


class _Threads(ThreadingHTTPServer):
    served: Server
    request_queue_size = 64  # of the 5 by default, connections made at once lose some to a wait of a second

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Threads

    def do_HEAD(self) -> None:
        self._answer(head=True)

    def do_GET(self) -> None:
        self._answer(head=False)

    def log_message(self, *args: Any) -> None:
        pass

    def _answer(self, head: bool) -> None:
        self.close_connection = True
        server, path = self.server.served, self.path.lstrip("/")
        with server.lock:
            server.requests.append((self.command, path, self.headers.get("Range")))
            server.conditions.append(self.headers.get("If-Range"))
            file = server.files.get(path)
            if file is not None and file.then is not None:
                server.files[path] = file.then
            refused = file is not None and _take(file, "refusals")
        if file is None:
            self._empty(404)
        elif file.redirect is not None:
            self._empty(302, Location=file.redirect)
        elif refused:
            self._empty(file.status, **({} if file.retry_after is None else {"Retry-After": file.retry_after}))
        elif head and not file.head:
            self._empty(405)
        else:
            self._send(server, file, head)

    def _send(self, server: Server, file: Served, head: bool) -> None:
        start, end = self._range(file)
        if start is not None and start >= len(file.body):
            return self._empty(416, **{"Content-Range": f"bytes */{len(file.body)}"})
        self.send_response(200 if start is None else 206)
        if start is not None:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(file.body)}")
        if file.etag is not None:
            self.send_header("ETag", file.etag)
        if file.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif file.length:
            self.send_header("Content-Length", str(end - (start or 0)))
        self.send_header("Connection", "close")
        self.end_headers()
        if not head:
            self._body(server, file, start or 0, end)
        return None

    def _range(self, file: Served) -> tuple[int | None, int]:
        asked, condition = self.headers.get("Range"), self.headers.get("If-Range")
        if not asked or not file.ranges or (condition is not None and condition != file.etag):
            return None, len(file.body)
        first, _, last = asked.removeprefix("bytes=").partition("-")
        return int(first), min(int(last) + 1, len(file.body)) if last else len(file.body)

    def _body(self, server: Server, file: Served, start: int, end: int) -> None:
        with server.lock:
            stop = start + file.cut_after if start + file.cut_after < end and _take(file, "cuts") else end
            stall = start <= file.stall_at < stop and _take(file, "stalls")
        if stall:
            self._write(file, start, file.stall_at)
            server.stopping.wait(file.stall_seconds)
            start = file.stall_at
        self._write(file, start, stop)
        if file.chunked and stop == end:
            self.wfile.write(b"0\r\n\r\n")

    def _write(self, file: Served, start: int, stop: int) -> None:
        for at in range(start, stop, 100_000):
            part = file.body[at : min(at + 100_000, stop)]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if file.chunked else part)

    def _empty(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", "Connection": "close", **headers}.items():
            self.send_header(name, value)
        self.end_headers()


def _take(file: Served, name: str) -> bool:
    """Whether the fault still happens; one time less from now on."""
    left: int = getattr(file, name)
    setattr(file, name, max(left - 1, 0))
    return left > 0
