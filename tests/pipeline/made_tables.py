"""Tables for the tests of rows: the same rows in every format that a reader takes, as bytes."""

import bz2
import gzip
import hashlib
import io
import json
import random
import tarfile
import zlib

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from shared_data import SHARED

from pipeline.part import Part
from pipeline.rows import Column

C4 = (Column("text"), Column("timestamp", "timestamp"), Column("url"))
CONTENTS = (
    Column("id"),
    Column("content", required=False),
    Column("size", "integer"),
    Column("binary", "boolean"),
    Column("copies", "integer", required=False),
    Column("repository", names=("repo_name", "sample_repo_name")),
    Column("path", names=("path", "sample_path")),
)
SYNC = bytes(range(100, 116))
HEADER = {
    "type": "record",
    "name": "Header",
    "fields": [
        {"name": "magic", "type": {"type": "fixed", "name": "magic", "size": 4}},
        {"name": "meta", "type": {"type": "map", "values": "bytes"}},
        {"name": "sync", "type": {"type": "fixed", "name": "sync", "size": 16}},
    ],
}
AVRO_TYPES = {str: "string", int: "long", bool: "boolean", bytes: "bytes"}


def part(data, name="table", start=0, end=None):
    return Part(io.BytesIO(data), name, name, len(data), start, len(data) if end is None else end)


def c4_rows(count=40):
    """C4's rows: text, timestamp, url; of some hundred bytes that hardly compress."""
    texts = [f"Row {n}: a “quoted” line.\nAnother\tline, naïve \U0001f600 {random.Random(n).randbytes(250).hex()}" for n in range(count)]
    return [{"text": text, "timestamp": "2019-04-25T12:57:54Z", "url": f"https://example.com/{n}"} for n, text in enumerate(texts)]


def real_rows():
    """C4's rows with real text, French and English."""
    rows = []
    for name in ("mc4.fr.jsonl", "mc4.en.jsonl"):
        path = SHARED / "c4" / name
        if not path.exists():
            pytest.skip(f"needs {name} of the shared data")
        texts = [json.loads(line)["response"] for line in path.read_bytes().split(b"\n") if line]
        rows += [{"text": text, "timestamp": "2019-04-25T12:57:54Z", "url": f"https://{name}/{n}"} for n, text in enumerate(texts)]
    return rows


def real_code_rows():
    """The files of a real repository as rows of BigQuery's contents."""
    path = SHARED / "github" / "pallets__click.tar.gz"
    if not path.exists():
        pytest.skip("needs pallets__click.tar.gz of the shared data")
    rows = []
    with tarfile.open(path) as tar:
        for member in tar:
            if member.isreg():
                content = tar.extractfile(member).read()
                blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
                names = {"repo_name": "pallets/click", "path": member.name.partition("/")[2]}
                rows.append({"id": blob, "content": content.decode(), "size": len(content), "binary": False, "copies": 1, **names})
    return rows


def code_rows(count=12):
    """Rows of BigQuery's contents joined with files (spec 5.1); a binary one has no content."""
    rows = [
        {
            "id": f"{number:040x}",
            "content": f"/* {number} */\n#include <a.h>\nint main() {{ return {number} < 3 && 1; }}\n" * (number + 1),
            "size": 50 * (number + 1),
            "binary": False,
            "copies": number,
            "repo_name": f"owner/repo{number % 3}",
            "path": f"src/{number}.c",
        }
        for number in range(count)
    ]
    rows[3].update(content=None, binary=True)
    return rows


def json_lines(rows, bigquery=False):
    """As `json.dumps` has it; as BigQuery exports it: INT64 as strings, null columns left out, < > & escaped."""
    if not bigquery:
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    text = ""
    for row in rows:
        kept = {key: str(value) if type(value) is int else value for key, value in row.items() if value is not None}
        line = json.dumps(kept)
        for character in "<>&":
            line = line.replace(character, f"\\u{ord(character):04x}")
        text += line + "\n"
    return text.encode()


def gzip_members(data, size=700):
    return b"".join(gzip.compress(data[at : at + size]) for at in range(0, len(data), size))


COMPRESSED = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "gzip members": gzip_members,
    "zstd": zstandard.ZstdCompressor().compress,
    "bzip2": bz2.compress,
}


def avro(rows, codec="null", rows_per_block=5, schema=None):
    """(file, offsets of its blocks)."""
    schema = schema or avro_schema(rows)
    parsed, out = fastavro.parse_schema(schema), io.BytesIO()
    meta = {"avro.schema": json.dumps(schema).encode(), "avro.codec": codec.encode()}
    fastavro.schemaless_writer(out, fastavro.parse_schema(HEADER), {"magic": b"Obj\x01", "meta": meta, "sync": SYNC})
    offsets = []
    for at in range(0, len(rows), rows_per_block):
        block = io.BytesIO()
        for row in rows[at : at + rows_per_block]:
            fastavro.schemaless_writer(block, parsed, row)
        offsets.append(out.tell())
        out.write(avro_block(len(rows[at : at + rows_per_block]), avro_squeezed(block.getvalue(), codec)))
    return out.getvalue(), offsets


def avro_schema(rows):
    types = {key: AVRO_TYPES[type(value)] for row in rows for key, value in row.items() if value is not None}
    return {"type": "record", "name": "Root", "fields": [{"name": key, "type": ["null", type_]} for key, type_ in types.items()]}


def avro_squeezed(data, codec):
    if codec == "deflate":
        squeeze = zlib.compressobj(6, zlib.DEFLATED, -15)
        return squeeze.compress(data) + squeeze.flush()
    if codec == "snappy":
        return pa.Codec("snappy").compress(data, asbytes=True) + zlib.crc32(data).to_bytes(4, "big")
    return zstandard.ZstdCompressor().compress(data) if codec == "zstandard" else data


def avro_block(count, data, sync=SYNC):
    return _long(count) + _long(len(data)) + data + sync


def _long(value):
    value, out = value << 1, bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def parquet(rows, group=None, schema=None, **options):
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), out, row_group_size=group, **options)
    return out.getvalue()
