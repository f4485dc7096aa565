"""Rows as they are asked for, and columns of theirs that must hold a number."""

from __future__ import annotations

from pl_native._base import checks
from pl_native.store import ERROR, Row, Value
from pl_native.store.columns import listed


def several(rows: object) -> list[Row]:
    """Rows of a sweep, as a list. TypeError for what are no rows, ValueError for none."""
    found = listed(rows)
    if not found:
        raise ValueError("rows: expected at least one run")
    return found


def real(row: Row, name: str) -> float:
    """A column that must hold a float."""
    value = row.get(name)
    if not isinstance(value, float):
        raise TypeError(_told(row, "a number", name, value))
    return value


def number(row: Row, name: str) -> int:
    """A column that must hold an integer."""
    value = row.get(name)
    if not isinstance(value, int):
        raise TypeError(_told(row, "a whole number", name, value))
    return value


def _told(row: Row, expected: str, name: str, value: Value) -> str:
    if row.get("status") == ERROR:
        why = "this run failed; leave it out, or run the sweep again with retry_errors=True (--retry-errors)"
        return f"row {row.get('id')}: {why}"
    return f"row {row.get('id')}: expected {expected} in {name}, got {checks.shown(value)}"
