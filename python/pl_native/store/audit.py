"""Whether a folder of rows is what was written: every byte read back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pl_native._base.files import read_regular
from pl_native._base.wording import counted
from pl_native.store.columns import COST_COLUMNS, ERROR, Row, Value, row_id
from pl_native.store.folder import Store
from pl_native.store.row_text import csv_header, csv_lines
from pl_native.store.shards import Damage, read_all, read_shard, shard_paths


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found. `ok` when nothing is wrong; duplicates are harmless."""

    folder: Path
    shards: int
    rows: int
    errors: int
    duplicates: int
    damaged: tuple[Damage, ...]
    wrong_ids: tuple[str, ...]
    """rows whose id is not that of their content"""
    conflicts: tuple[str, ...]
    """runs with two rows that differ beyond their cost"""
    csv_agrees: bool
    """`rows.csv` has no line that is not of a row here"""
    csv_missing: int
    """rows that are not in `rows.csv`: processes that do a share leave it as it is"""

    @property
    def ok(self) -> bool:
        return not (self.damaged or self.wrong_ids or self.conflicts) and self.csv_agrees

    def __str__(self) -> str:
        text = f"{self.folder}: {counted(self.rows, 'row')} ({counted(self.errors, 'failed run')}) in "
        text += counted(self.shards, "shard")
        text += f", {counted(self.duplicates, 'duplicate')}" if self.duplicates else ""
        wrong = [str(damage) for damage in self.damaged]
        wrong += [f"row {i}: its id is not that of its content" for i in self.wrong_ids]
        wrong += [f"row {i}: two results that differ" for i in self.conflicts]
        wrong += [] if self.csv_agrees else ["rows.csv: not what the shards say; `compact` writes it anew"]
        if self.csv_missing and self.csv_agrees:
            text += f" ({self.csv_missing} not yet in rows.csv; `compact` or a run without --shard adds them)"
        return "\n".join([text, *wrong] if wrong else [f"{text}; all intact"])


def verify(folder: str | os.PathLike[str]) -> Verification:
    """Read every byte back: hashes of shards, ids of rows, agreement of duplicates, `rows.csv`.

    ValueError for a folder without any rows.
    """
    store = Store(folder)
    store.check_holds_rows()
    seen: dict[str, Row] = {}
    lines: dict[str, str] = {}  # of CSV, with their ids
    damaged, wrong, conflicts, duplicates = [], [], [], 0
    for _, found in read_all(store.shards, read_shard):
        if isinstance(found, Damage):
            damaged.append(found)
            continue
        for row in found:
            name = str(row["id"])
            lines[csv_lines([row])] = name
            wrong += [] if _is_named_right(row) else [name]
            if name in seen:
                duplicates += 1
                conflicts += [name] if _differ(row, seen[name]) else []
            if name not in seen or seen[name]["status"] == ERROR:
                seen[name] = row
    errors = sum(row["status"] == ERROR for row in seen.values())
    counts = (len(shard_paths(store.shards)), len(seen), errors, duplicates)
    return Verification(
        store.folder,
        *counts,
        tuple(damaged),
        tuple(wrong),
        tuple(conflicts),
        *_csv_state(store, lines),
    )


def _is_named_right(row: Row) -> bool:
    """Whether the id is that of the content; numbers beyond range have none."""
    try:
        return row_id(row) == row["id"]
    except ValueError:
        return False


def _differ(row: Row, other: Row) -> bool:
    if ERROR in (row["status"], other["status"]):
        return False
    return any(_bits(row[name]) != _bits(other[name]) for name in row.keys() - set(COST_COLUMNS))


def _bits(value: Value) -> str | Value:
    return value.hex() if isinstance(value, float) else value  # NaN equals itself, -0.0 is not 0.0


def _csv_state(store: Store, lines: Mapping[str, str]) -> tuple[bool, int]:
    """Whether rows.csv has no others than these lines, and how many of their ids it has not."""
    try:
        text = read_regular(store.path).decode("utf-8")
    except FileNotFoundError:
        return True, len(set(lines.values()))
    except ValueError:  # no file, or no text
        return False, 0
    header, *found = text.splitlines(keepends=True) or [""]
    agrees = header == csv_header() and all(line in lines for line in found)
    there = {lines[line] for line in found if line in lines}
    return agrees, len(set(lines.values()) - there)
