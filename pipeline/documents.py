"""What flows from step to step: a batch of documents, columns of Arrow arrays with one view of the texts that all steps share."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from transforms.texts import Texts


class Batch:
    """Columns of equal length, among them `text` and `document` (the document's number in its unit, ascending).

    A batch is never changed: the methods give a new one. `valid`: the texts are known to be UTF-8 and without nulls, so they are not checked again.
    """

    def __init__(self, columns: Mapping[str, pa.Array], valid: bool = False) -> None:
        self.columns = dict(columns)
        self._valid = valid

    @property
    def valid(self) -> bool:
        """Whether the texts were checked, or made by us of strings."""
        return self._valid or "texts" in self.__dict__

    def __len__(self) -> int:
        return len(self.columns["document"])

    def __getitem__(self, name: str) -> pa.Array:
        return self.columns[name]

    @cached_property
    def texts(self) -> Texts:
        """The `text` column with its lines and characters, made once."""
        return Texts(self.columns["text"], self._valid)

    @cached_property
    def numbers(self) -> np.ndarray[Any, np.dtype[np.uint32]]:
        """The `document` column as an array."""
        return np.asarray(self.columns["document"])

    def with_columns(self, columns: Mapping[str, pa.Array]) -> Batch:
        """The batch with these columns added or replaced; the view of the texts is kept where the texts are."""
        new = Batch({**self.columns, **columns}, self.valid and "text" not in columns)
        if "text" not in columns and "texts" in self.__dict__:
            new.__dict__["texts"] = self.texts
        return new

    def where(self, mask: np.ndarray[Any, np.dtype[np.bool_]]) -> Batch:
        """The documents whose mask is true."""
        if mask.all():
            return self
        whole = pa.RecordBatch.from_arrays(list(self.columns.values()), names=list(self.columns))
        return Batch(dict(zip(self.columns, whole.filter(pa.array(mask)).columns, strict=True)), self.valid)

    def record_batch(self, schema: pa.Schema) -> pa.RecordBatch:
        """The columns that `schema` names, in its order; a column that was never measured is null."""
        n = len(self)
        arrays = [self.columns[field.name].cast(field.type) if field.name in self.columns else pa.nulls(n, field.type) for field in schema]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)
