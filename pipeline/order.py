"""The order in which copies are preferred, where that is not the order of the units: the smallest md5, the newest, the smallest name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Order:
    """What the documents of a batch or a run have in an order.

    Attributes:
        documents: their numbers, uint32, ascending.
        numbers: uint64, the order itself, or the first 8 bytes of `names` as a big-endian number.
        names: strings of bytes that decide between equal numbers; None where the numbers are all there is.
    """

    documents: Array
    numbers: Array
    names: pa.BinaryArray | None

    def ranked(self) -> Array:
        """Places of the documents, the smallest first; equal ones in the order of their numbers."""
        if self.names is None:
            return np.argsort(self.numbers, kind="stable")
        table = pa.table({"name": self.names, "place": np.arange(len(self.documents))})
        return np.asarray(pc.sort_indices(table, [("name", "ascending"), ("place", "ascending")]))

    def take(self, places: Array) -> Order:
        """What the documents at these places have."""
        names = None if self.names is None else self.names.take(pa.array(places))
        return Order(self.documents[places], self.numbers[places], names)


def packed(names: pa.BinaryArray) -> list[Array]:
    """(uint64 offsets from 0, one more than names; their bytes)."""
    offsets = np.frombuffer(names.buffers()[1], np.int32)[names.offset : names.offset + len(names) + 1].astype(np.uint64)
    data = np.frombuffer(names.buffers()[2] or b"", np.uint8)[int(offsets[0]) : int(offsets[-1])]
    return [offsets - offsets[0], data]


def order_of(documents: Array, values: Array | pa.BinaryArray) -> Order:
    """The order of a batch: `values` has one for each document, a uint64 or a string of bytes. Raises ValueError where one has none."""
    if len(values) != len(documents):
        raise ValueError(f"expected a value for each of {len(documents)} documents, found {len(values)}")
    if isinstance(values, np.ndarray):
        if values.dtype != np.uint64:
            raise ValueError(f"expected numbers of type uint64, found {values.dtype}: below zero they would come last")
        return Order(documents, values, None)
    if values.null_count:
        raise ValueError(f"expected a string for each of {len(documents)} documents, found {values.null_count} null")
    return Order(documents, prefixes(values), values)


def prefixes(names: pa.BinaryArray) -> Array:
    """The first 8 bytes of each as a big-endian number, shorter ones filled with zeros: smaller where the string is smaller, or equal."""
    starts = np.frombuffer(names.buffers()[1], np.int32)[names.offset : names.offset + len(names) + 1].astype(np.int64)
    data = np.concatenate([np.frombuffer(names.buffers()[2] or b"", np.uint8), np.zeros(8, np.uint8)])
    places = starts[:-1, None] + np.arange(8)
    taken = np.where(places < starts[1:, None], data[np.minimum(places, len(data) - 1)], 0).astype(np.uint64)
    packed: Array = (taken << (np.arange(56, -8, -8, dtype=np.uint64))).sum(axis=1, dtype=np.uint64)
    return packed


def joined(orders: Sequence[Order]) -> Order | None:
    """The orders of a run's batches as one; None for none."""
    if not orders:
        return None
    names = None if orders[0].names is None else pa.concat_arrays([order.names for order in orders])
    return Order(np.concatenate([order.documents for order in orders]), np.concatenate([order.numbers for order in orders]), names)
