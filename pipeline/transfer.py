"""How patient reading from web servers is: what is tried again, when, how often, and what a file that cannot be had is called."""

from __future__ import annotations

import http.client
import ssl
import time
import urllib.error
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

from pipeline.settings import setting

Result = TypeVar("Result")

MAY_PASS = frozenset({408, 425, 429})
"""Client errors that RFC 9110, 8470 and 6585 invite to repeat; so does every 5xx."""


@dataclass(frozen=True)
class Transfer:
    """How patient reading from web servers is. Shapes no result, only whether and when there is one."""

    timeout_seconds: float = setting(60.0, "ours: a server silent for a minute has stalled, not slowed down")
    attempts: int = setting(8, "ours: with the waits below, a minute and a half of waiting before a file is given up")
    first_wait_seconds: float = setting(1.0, "ours: doubled each time; long enough to be no burden to a server that fails")
    longest_wait_seconds: float = setting(60.0, "ours: a server that is back is noticed within a minute")
    longest_retry_after_seconds: float = setting(900.0, "ours: a server that wants more than a quarter of an hour is down for this run")
    progress_bytes: int = setting(
        65_536, "ours: so much gained makes the attempts start anew; with less, a server that drips would never end"
    )
    buffer_bytes: int = setting(1 << 20, "ours: read ahead; a seek no farther is read through, which costs less than a new connection")

    def __post_init__(self) -> None:
        for name in ("timeout_seconds", "attempts", "progress_bytes", "buffer_bytes"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")


class SourceUnavailable(OSError):
    """A file that could not be read from its server: which, at what byte, after how many attempts, and why."""


class SourceMissing(SourceUnavailable, FileNotFoundError):
    """The server says that there is no such file."""


class SourceChanged(OSError):
    """The file on the server became another one while it was read."""


class Refused(Exception):
    """An answer that no repetition will change."""


class Attempts:
    """Counts the failures since the last progress, and waits between them."""

    def __init__(self, url: str, transfer: Transfer) -> None:
        self._url, self._transfer = url, transfer
        self._failures = 0
        self._gained = 0

    def gained(self, count: int) -> None:
        self._gained += count

    def run(self, action: Callable[[], Result], offset: Callable[[], int]) -> Result:
        """What `action` returns, repeated while it fails for reasons that may pass."""
        while True:
            try:
                return action()
            except SourceChanged:
                raise
            except urllib.error.HTTPError as error:
                error.close()
                if error.code < 500 and error.code not in MAY_PASS:
                    raise self._unavailable(f"HTTP {error.code} {error.reason}", offset(), error.code) from error
                self._failed(f"HTTP {error.code} {error.reason}", offset(), error, _retry_after(error.headers.get("Retry-After")))
            except (Refused, ValueError, http.client.InvalidURL) as error:
                raise self._unavailable(_words(error), offset()) from error
            except (OSError, http.client.HTTPException) as error:
                if isinstance(getattr(error, "reason", None), ssl.SSLCertVerificationError):
                    raise self._unavailable(_words(error), offset()) from error
                self._failed(_words(error), offset(), error)

    def _failed(self, cause: str, offset: int, error: Exception, retry_after: float = 0.0) -> None:
        transfer = self._transfer
        if self._gained >= transfer.progress_bytes:
            self._failures = 0
        self._gained = 0
        self._failures += 1
        if self._failures >= transfer.attempts:
            raise self._unavailable(cause, offset) from error
        if retry_after > transfer.longest_retry_after_seconds:
            raise self._unavailable(f"{cause}, asks to wait {retry_after:.0f} s", offset) from error
        wait = min(transfer.first_wait_seconds * 2 ** (self._failures - 1), transfer.longest_wait_seconds)
        time.sleep(max(retry_after, wait * self._jitter()))

    def _jitter(self) -> float:
        """Between a half and one, by URL and attempt: workers that failed together do not come back together, and reruns are alike."""
        return 0.5 + zlib.crc32(f"{self._url} {self._failures}".encode()) / 2**33

    def _unavailable(self, cause: str, offset: int, status: int = 0) -> SourceUnavailable:
        kind = SourceMissing if status in (404, 410) else SourceUnavailable
        made = max(self._failures, 1)
        return kind(f"{self._url}: not readable at byte {offset} after {made} attempt{'s' * (made > 1)}: {cause}")


def _retry_after(value: str | None) -> float:
    """Seconds to wait by a Retry-After header, a number or a date; 0 where it cannot be read."""
    if not value:
        return 0.0
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return 0.0


def _words(error: Exception) -> str:
    cause = getattr(error, "reason", None) or error
    return f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
