"""Rows as one array for each column, and back, bit for bit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pl_native._base.checks import Array
from pl_native.store.columns import COLUMNS, Kind, Row, Value

_DTYPES: dict[Kind, Any] = {str: np.str_, int: np.int64, float: np.float64}
_EMPTY: dict[Kind, Value] = {str: "", int: 0, float: math.nan}


def as_arrays(rows: Sequence[Row]) -> dict[str, Array]:
    """Rows as one array per column; a column with None has a second array `name.none` that marks them."""
    arrays: dict[str, Array] = {}
    for name, kind in COLUMNS.items():
        none = [row[name] is None for row in rows]
        values = [_EMPTY[kind] if gone else row[name] for row, gone in zip(rows, none, strict=True)]
        arrays[name] = np.array(values, dtype=_DTYPES[kind])
        if any(none):
            arrays[f"{name}.none"] = np.array(none)
    return arrays


def check_array(name: str, array: Array) -> None:
    """ValueError unless `array` has the form of the column `name`, or of its marks of None."""
    kind = np.bool_ if name.endswith(".none") else _DTYPES[COLUMNS[name]]
    if array.ndim != 1 or not np.issubdtype(array.dtype, kind):
        raise ValueError(
            f"column {name}: expected {kind.__name__} in one axis, got {array.dtype}{array.shape}"
        )


def from_arrays(arrays: Mapping[str, Array]) -> list[Row]:
    """Rows from `as_arrays`, bit for bit. ValueError when columns or lengths are not those of this
    version."""
    missing = COLUMNS.keys() - arrays.keys()
    unknown = {name.removesuffix(".none") for name in arrays} - COLUMNS.keys()
    if missing or unknown:
        raise ValueError(f"columns of another version: {sorted(missing | unknown)}")
    for name, array in arrays.items():
        check_array(name, array)
    if len({len(array) for array in arrays.values()}) != 1:
        raise ValueError("columns of different lengths")
    columns = []
    for name in COLUMNS:
        values = arrays[name].tolist()
        if f"{name}.none" in arrays:
            gone = arrays[f"{name}.none"].tolist()
            values = [None if empty else value for value, empty in zip(values, gone, strict=True)]
        columns.append(values)
    return [dict(zip(COLUMNS, values, strict=True)) for values in zip(*columns, strict=True)]
