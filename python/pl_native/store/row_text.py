"""Rows as CSV, and back: every digit of a float, empty fields for None; all columns, or some."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from pl_native._base import checks
from pl_native._base.files import read_regular
from pl_native.store.columns import COLUMNS, Kind, Row, Value
from pl_native.store.disk import write_atomically


def csv_header(columns: Iterable[str] = COLUMNS) -> str:
    """The first line of a CSV of rows."""
    return _csv_line(columns)


def csv_lines(rows: Iterable[Row], columns: Collection[str] = COLUMNS) -> str:
    """Rows as CSV without a header."""
    return "".join(_csv_line(_as_text(row[name]) for name in columns) for row in rows)


def rows_from_csv(text: str) -> list[Row]:
    """Rows from a CSV with header. ValueError for other columns or a damaged line."""
    if not isinstance(text, str):
        raise TypeError(f"text: expected the text of a CSV, got {checks.kind(text)}")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if reader.fieldnames != list(COLUMNS):
        raise ValueError("columns of another version or program")
    return _rows(reader, COLUMNS)


def write_columns(path: Path, rows: Iterable[Row], columns: Collection[str]) -> None:
    """Some columns of rows as a file."""
    write_atomically(path, csv_header(columns) + csv_lines(rows, columns))


def read_columns(path: Path, kinds: Mapping[str, Kind] = COLUMNS) -> list[Row]:
    """Rows that `write_columns` wrote, with all columns of `kinds`: those that the file has not are None.

    ValueError, with the file's name, for columns of the file that are not in `kinds`, for damaged lines, and
    for what is no such text.
    """
    content = read_regular(path)
    try:
        text = content.decode("utf-8")
        reader = csv.DictReader(io.StringIO(text, newline=""))
        unknown = set(reader.fieldnames or ()) - kinds.keys()
        if unknown:
            raise ValueError(f"unknown columns {sorted(unknown)}")
        return _rows(reader, kinds)
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{path}: {error}") from error


def _rows(lines: Iterable[Mapping[str, Any]], kinds: Mapping[str, Kind]) -> list[Row]:
    rows: list[Row] = []
    for number, fields in enumerate(lines, start=2):
        try:
            rows.append(
                dict.fromkeys(kinds) | {name: _parse(text, kinds[name]) for name, text in fields.items()}
            )
        except (KeyError, TypeError, ValueError):
            raise ValueError(f"line {number}: damaged row") from None
    return rows


def _csv_line(fields: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(fields)
    return line.getvalue()


def _as_text(value: Value) -> str:
    if value is None:
        return ""
    return repr(float(value)) if isinstance(value, float) else str(value)  # repr: exact to the last bit


def _parse(text: Any, kind: Kind) -> Value:
    if text is None:
        raise ValueError("field missing")
    return None if text == "" else kind(text)
