"""The files of `experiment1-flow`: one row per run, and its curve, the loss over the level at fixed times."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from pl_native._base.files import replacing

Row = dict[str, Any]
CURVE = tuple(
    10 ** (k / 10) for k in range(-20, 31)
)  # times in t_inf; gradient descent takes the step nearest
KEY = ("n", "draw", "method", "setting")


def key_of(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in KEY)


def as_text(row: Row) -> Row:
    return {name: "" if value is None else str(value) for name, value in row.items()}


def merged(rows: list[Row], row: Row) -> list[Row]:
    """With `row` in place of the one of the same run, ordered by what each is of, not by when it was made."""
    kept = [other for other in rows if key_of(other) != key_of(row)]
    return sorted(
        [*kept, row], key=lambda r: (int(r["n"]), int(r["draw"]), r["method"], -float(r["setting"]))
    )


def read(path: Path) -> list[Row]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[Row]) -> None:
    """All rows anew under the old name at once: a run killed meanwhile leaves the rows it had."""
    names = list(rows[0])
    lines = [",".join(names), *(",".join(row[name] for name in names) for row in rows)]
    with replacing(path) as file:
        file.write(("\n".join(lines) + "\n").encode())
