"""Further columns of rows, beside the store's: a file `details.csv` in the folder of the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pl_native.experiments import _rows
from pl_native.store import Row
from pl_native.store.columns import Kind


def attach(rows: Iterable[Row], path: Path, kinds: Mapping[str, Kind]) -> list[Row]:
    """`rows` with the columns that the file has of them. ValueError where it has none of a row."""
    found = read(path, kinds)
    listed = list(rows)
    lost = [row["id"] for row in listed if row["id"] not in found]
    if lost:
        raise ValueError(f"{path}: holds no details of {len(lost)} rows")
    return [row | found[row["id"]] for row in listed]


def read(path: Path, kinds: Mapping[str, Kind]) -> dict[object, Row]:
    """The details by the id of their row; none where there is no file."""
    return {row["id"]: row for row in _rows.read(path, kinds)} if path.exists() else {}


def add(path: Path, details: Sequence[Row], kinds: Mapping[str, Kind]) -> None:
    """Add details to the file, in place of those it has of the same rows."""
    kept = read(path, kinds) | {row["id"]: row for row in details}
    _rows.write(path, kept.values(), tuple(kinds))
