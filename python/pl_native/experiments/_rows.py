"""Columns of rows that must hold a number."""

from __future__ import annotations

from pl_native.store import Row


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
