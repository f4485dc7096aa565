"""Rows as experiments read them: columns that must hold a number, and compact files of rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pl_native.store import COLUMNS, Row, write_atomically
from pl_native.store.columns import Kind


def real(row: Row, name: str) -> float:
    """A column that must hold a float."""
    value = row[name]
    if not isinstance(value, float):
        raise TypeError(f"row {row['id']}: expected a number in {name}, got {value!r}")
    return value


def number(row: Row, name: str) -> int:
    """A column that must hold an integer."""
    value = row[name]
    if not isinstance(value, int):
        raise TypeError(f"row {row['id']}: expected a whole number in {name}, got {value!r}")
    return value


def write(path: Path, rows: Iterable[Row], columns: Sequence[str]) -> None:
    """Some columns of rows as CSV: every digit of a float, empty fields for None."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(["" if row[name] is None else str(row[name]) for name in columns] for row in rows)
    write_atomically(path, text.getvalue())


def read(path: Path, kinds: Mapping[str, Kind] = COLUMNS) -> list[Row]:
    """Rows that `write` wrote, with all columns of `kinds`: those that the file has not are None.

    ValueError for columns of the file that are not in `kinds`, and for damaged lines.
    """
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        unknown = set(reader.fieldnames or ()) - kinds.keys()
        if unknown:
            raise ValueError(f"{path}: unknown columns {sorted(unknown)}")
        return [
            dict.fromkeys(kinds) | {k: kinds[k](v) if v else None for k, v in row.items()} for row in reader
        ]
