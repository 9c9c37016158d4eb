"""The format of token shards: what `pipeline.tokenize` writes and the loader reads.

    OUT/tokens/SOURCE/00000.arrow ...   an Arrow IPC file each: a row a document, in the order of the clean shards
    OUT/tokens/SOURCE/manifest.json     what they hold, with sizes and digests; written last
    OUT/tokens/SOURCE/books.json        documents in = kept + dropped + broken, and the tokens

A row is a document's `id` and its `tokens`, a list: Arrow keeps the tokens of a record batch in one fixed-width buffer with the documents' offsets
beside it, so a memory map of the file is the tokens themselves. A source's tokens are numbered through all of its shards, in the order of
their names: that number is a token's *position*.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

FORMAT = "1"
"""Version of the format, `cria.format` in each shard's schema metadata."""

MANIFEST, BOOKS = "manifest.json", "books.json"


def schema(tokens: np.dtype[Any], metadata: dict[str, str] | None = None) -> pa.Schema:
    """The columns of a token shard. `tokens`: uint16 or uint32."""
    values = pa.field("item", pa.from_numpy_dtype(tokens), nullable=False)
    return pa.schema([pa.field("id", pa.string(), nullable=False), pa.field("tokens", pa.list_(values), nullable=False)], metadata)


def shard_name(unit: int) -> str:
    """File name of a unit's shard."""
    return f"{unit:05d}.arrow"
