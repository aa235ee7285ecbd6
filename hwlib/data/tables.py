"""A table on disk without pickle."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd


def save_table(path: Path, table: pd.DataFrame) -> None:
    """Write `table` as one .npz: numbers as they are, text as codes beside its categories."""
    arrays, texts = {}, {}
    for i, name in enumerate(table.columns):
        column = table[name]
        if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
            arrays[f"c{i}"] = column.to_numpy()
            continue
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes, values = column.cat.codes.to_numpy(), list(column.cat.categories)
            kind = "ordered" if column.cat.ordered else "category"
        else:
            codes, values = pd.factorize(column)
            kind = "text"
        arrays[f"c{i}"] = codes.astype(np.int16)
        texts[str(i)] = {"kind": kind, "values": [str(value) for value in values]}
    head = json.dumps({"columns": [str(c) for c in table.columns], "texts": texts})
    np.savez(path, head=np.frombuffer(head.encode(), np.uint8), **arrays)


def load_table(path: Path) -> pd.DataFrame:
    """Read a table that `save_table` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        head = json.loads(bytes(arrays["head"]))
        columns = {}
        for i, name in enumerate(head["columns"]):
            values, text = arrays[f"c{i}"], head["texts"].get(str(i))
            if text is None:
                columns[name] = values
            elif text["kind"] == "text":
                columns[name] = pd.Series([text["values"][code] for code in values])
            else:
                columns[name] = pd.Categorical.from_codes(
                    values, text["values"], ordered=text["kind"] == "ordered"
                )
    return pd.DataFrame(columns)
