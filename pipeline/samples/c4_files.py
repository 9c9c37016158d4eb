"""C4's sample as real files: three files as C4 was released, or three WET files that it is rebuilt from; written at run time from the committed texts."""

import base64
import hashlib
import json
import uuid
from pathlib import Path

from pipeline.samples import stored_files
from pipeline.samples.case_files import TEXTS, Case, read

RELEASED, BROKEN, CRAWL, BAD_WORDS = (TEXTS / "c4" / name for name in ("released.txt", "broken.txt", "crawl.txt", "bad-words/en"))
"""The last: a list as LDNOOBW has them, a file a language, of words that this project made up."""

FILES = {
    "train": "en/c4-train.00000-of-00001.json.gz",
    "validation": "en/c4-validation.00000-of-00001.json.gz",
    "fr": "multilingual/c4-fr.tfrecord-00000-of-00001.json.gz",
}
"""What C4's own files are called."""
BROKEN_FILE = "en/c4-train.00001-of-00001.json.gz"
WET_FILES = 3  # ours: so that addresses and lines repeat across units
CRAWL_END = "2019-04-26T00:00:00Z"


def pack_released(folder: Path) -> list[Path]:
    """The files of the released form under `folder`. Raises ValueError where a text is malformed."""
    rows: dict[str, list[bytes]] = {name: [] for name in FILES}
    for case in read(RELEASED):
        rows[case.value("file")].append(_row(case, escaped=case.value("file") != "fr"))
    return [stored_files.write(folder / FILES[name], stored_files.gzip_member(b"".join(lines))) for name, lines in rows.items()]


def pack_broken(folder: Path) -> list[Path]:
    """A file of the released form some of whose rows cannot be read: a run over it alone exceeds the default error budget."""
    rows = [case.sections["row"] + b"\n" if "row" in case.sections else _row(case, escaped=True) for case in read(BROKEN)]
    return [stored_files.write(folder / BROKEN_FILE, stored_files.gzip_member(b"".join(rows).rstrip(b"\n")))]


def pack_crawl(folder: Path) -> tuple[list[Path], Path]:
    """(the WET files, the list of bad words), under `folder`. Raises ValueError where a text is malformed."""
    paths = [folder / f"CC-MAIN-20190426000000-{number:05d}.warc.wet.gz" for number in range(WET_FILES)]
    records = [[_warcinfo(path.name)] for path in paths]
    for place, case in enumerate(read(CRAWL)):
        records[int(case.values.get("file", place % WET_FILES))].append(_record(case))
    for path, dealt in zip(paths, records, strict=True):
        stored_files.write(path, b"".join(map(stored_files.gzip_member, dealt)))
    return paths, stored_files.write(folder / "bad-words" / "en", BAD_WORDS.read_bytes())


def record_id(name: str) -> uuid.UUID:
    """What the WET record of a case is called: always the same."""
    return uuid.uuid5(uuid.NAMESPACE_URL, name)


def _row(case: Case, escaped: bool) -> bytes:
    """A row as C4 has it; a value `none` leaves its key out."""
    row = {"text": case.section("text").decode()}
    row |= {key: value for key, value in (("timestamp", case.value("timestamp")), ("url", case.name)) if value != "none"}
    if case.values.get("url") == "none":
        del row["url"]
    return json.dumps(row, ensure_ascii=escaped).encode() + b"\n"


def _record(case: Case) -> bytes:
    block = case.section("page") + b"\n"
    kind = case.values.get("type", "conversion")
    fields = {
        "WARC-Type": kind,
        "WARC-Target-URI": case.values.get("uri", case.name),
        "WARC-Date": case.value("date"),
        "WARC-Record-ID": f"<urn:uuid:{record_id(case.name)}>",
        "WARC-Block-Digest": "sha1:" + base64.b32encode(hashlib.sha1(block).digest()).decode(),
        "Content-Type": "text/plain",
        "Content-Length": str(len(block)),
    }
    return _written({name: value for name, value in fields.items() if value != "none"}, block)


def _warcinfo(name: str) -> bytes:
    block = b"description: the embedded sample of Cria, an invented crawl\r\nformat: WARC File Format 1.0\r\n\r\n"
    fields = {"WARC-Type": "warcinfo", "WARC-Date": CRAWL_END, "WARC-Filename": name, "Content-Type": "application/warc-fields"}
    return _written({**fields, "WARC-Record-ID": f"<urn:uuid:{record_id(name)}>", "Content-Length": str(len(block))}, block)


def _written(fields: dict[str, str], block: bytes) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"WARC/1.0\r\n{head}\r\n".encode() + block + b"\r\n\r\n"
