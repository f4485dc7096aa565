"""Rows for other programs: CSV always, pandas, Parquet and xarray with the extra `table`."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pl_native._base import checks
from pl_native._base.files import file_to_write
from pl_native.store import disk
from pl_native.store.columns import COLUMNS, Row, listed
from pl_native.store.row_text import csv_header, csv_lines

SUFFIXES = (".csv", ".parquet")


def to_csv(rows: Iterable[Row], path: str | os.PathLike[str]) -> None:
    """Write rows as CSV: every digit of a float, empty fields for None."""
    disk.write_atomically(checks.path("path", path), csv_header() + csv_lines(_whole(rows)))


def _whole(rows: object) -> list[Row]:
    """The rows. TypeError for what are none, ValueError for rows that lack a column."""
    found = listed(rows)
    for index, row in enumerate(found):
        if missing := [name for name in COLUMNS if name not in row]:
            raise ValueError(
                f"rows[{index}]: expected all columns of `pl.store.COLUMNS`, lacks {', '.join(missing[:5])}"
            )
    return found


def to_pandas(rows: Sequence[Row]) -> Any:
    """Rows as a pandas DataFrame, one column each; None becomes pandas' NA (NaN in float columns).

    Integers are Int64, text is string, both nullable. ImportError without pandas.
    """
    pandas = _need("pandas")
    types, found = {str: "string", int: "Int64", float: "float64"}, _whole(rows)
    return pandas.DataFrame(
        {
            name: pandas.Series([row[name] for row in found], dtype=types[kind], name=name)
            for name, kind in COLUMNS.items()
        }
    )


def to_parquet(rows: Sequence[Row], path: str | os.PathLike[str]) -> None:
    """Write rows as one Parquet file (to a temporary name, then renamed). ImportError without pyarrow."""
    _need("pyarrow")
    disk.write_atomically(
        checks.path("path", path), to_pandas(rows).to_parquet(None, engine="pyarrow", index=False)
    )


def to_xarray(rows: Sequence[Row]) -> Any:
    """Rows as an xarray Dataset over the dimension `run`, labelled by id; `ds.groupby("n").mean()` works.

    Columns of integers that have a None are float64 with NaN; text columns have "" for None. ImportError
    without xarray.
    """
    xarray, found = _need("xarray"), _whole(rows)
    variables = {
        name: ("run", _labelled([row[name] for row in found], kind)) for name, kind in COLUMNS.items()
    }
    return xarray.Dataset(variables).rename({"id": "run_id"}).set_coords("run_id")


def _labelled(values: list[Any], kind: type) -> Any:
    if kind is str:
        return np.array(["" if value is None else value for value in values], dtype=np.str_)
    if kind is int and None not in values:
        return np.array(values, dtype=np.int64)
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def write(rows: Sequence[Row], path: str | os.PathLike[str]) -> None:
    """Write rows in the format of the suffix of `path`: .csv or .parquet. ValueError for any other."""
    {".csv": to_csv, ".parquet": to_parquet}[file_of(path).suffix](rows, path)


def file_of(path: str | os.PathLike[str]) -> Path:
    """The path, checked before rows are read: its suffix, its folder, and what writes it."""
    found = checks.path("path", path)
    if found.suffix not in SUFFIXES:
        raise ValueError(
            f"path: expected a name that ends in {' or '.join(SUFFIXES)}, got {checks.shown(os.fspath(path))}"
        )
    if found.suffix == ".parquet":
        _need("pyarrow")
    return file_to_write("path", path)


def _need(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ImportError(f"this export needs {name}: pip install 'pl_native[table]'") from None
