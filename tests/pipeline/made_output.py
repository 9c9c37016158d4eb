"""Outputs of any size, made by hand: manifests and books as `pipeline.run` and `pipeline.tokenize` write them, with no shard behind them."""

import html
import json
import re


def source(output, name, kept=10, read=30, text=1000, shard="0" * 64):
    """A finished run of a source."""
    steps = [{"label": "read it", "in": read, "kept": kept, "dropped": read - kept}]
    books = {"source": name, "in": read, "kept": kept, "dropped": {"read it": read - kept}, "broken": {}, "noted": {}, "skipped": {}}
    put(output / name / "books.json", {**books, "steps": steps, "closed": True})
    shards = {f"{name}/clean/00000.parquet": {"bytes": 1, "sha256": shard}, f"{name}/rejected/00000.parquet": {"bytes": 1, "sha256": "1"}}
    put(output / name / "manifest.json", {"clean_text_bytes": text, "shards": shards})


def tokens(output, name, every=100, documents=10, text=1000, **more):
    """The tokens of a source: `every` token, BOS and EOS of each document among them."""
    in_text = every - 2 * documents
    books = {"source": name, "in": documents, "kept": documents, "dropped": {}, "broken": {}, "noted": {}}
    counts = {"in text": in_text, "BOS": documents, "EOS": documents, "all": every}
    put(output / "tokens" / name / "books.json", {**books, "tokens": counts, "closed": True})
    manifest = {"source": name, "complete": True, "documents": documents, "tokens": every, "text_bytes": text, "shards": {}}
    manifest["tokenizer"] = {"sha256": "ab" * 32, "vocabulary": 32000, "bos_id": 1, "eos_id": 2}
    manifest["inputs"] = [{"name": f"{name}/clean/00000.parquet", "bytes": 1, "sha256": "0" * 64}]
    put(output / "tokens" / name / "manifest.json", {**manifest, **more})


def put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def change(path, **fields):
    """Changes fields of a file of JSON."""
    put(path, {**json.loads(path.read_text()), **fields})


def rows(page, caption=""):
    """The cells of every row of the first table whose caption begins so, as text, by the row's head."""
    table = next(
        table
        for table in re.findall(r"<table>.*?</table>", page, re.S)
        if html.unescape(table.partition("<caption>")[2]).startswith(caption)
    )
    body = table.partition("<tbody>")[2]
    cells = ([text(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)] for row in re.findall(r"<tr.*?</tr>", body, re.S))
    return {row[0]: row[1:] for row in cells}


def text(markup):
    """What a reader sees of some markup."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", "", markup))).strip()
