"""Further columns of rows, named by an experiment, in the folder of the rows: `details.csv`.

They are no part of what a row is: it is whole without them, and they may come later, from the run once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pl_native.store import disk
from pl_native.store.columns import ERROR, Kind, Row
from pl_native.store.row_text import read_columns, write_columns

_NAME = "details.csv"


@dataclass(frozen=True, slots=True)
class Details:
    """Those of the rows in `folder`; `kinds` are name and type of each, first "id", that of the row."""

    folder: Path
    kinds: Mapping[str, Kind]

    def read(self) -> dict[object, Row]:
        """By the id of their row; none where there is no file. ValueError for a file of other columns."""
        path = self.folder / _NAME
        return {row["id"]: row for row in read_columns(path, self.kinds)} if path.exists() else {}

    def write(self, rows: Iterable[Row]) -> None:
        """These, and no others."""
        write_columns(self.folder / _NAME, rows, self.kinds)

    def add(self, found: Sequence[Row]) -> None:
        """Add some, in place of those there are of the same rows; other processes wait meanwhile."""
        with _alone(self.folder):
            self.write((self.read() | {row["id"]: row for row in found}).values())

    def attach(self, rows: Iterable[Row]) -> list[Row]:
        """`rows` with these columns; those that failed left out. ValueError where there are none of a row."""
        found, listed = self.read(), [row for row in rows if row["status"] != ERROR]
        lost = sum(row["id"] not in found for row in listed)
        if lost:
            raise ValueError(f"{self.folder / _NAME}: holds no details of {lost} rows")
        return [row | found[row["id"]] for row in listed]


def merge_details(folder: Path, sources: Sequence[Path]) -> None:
    """Add the details in `sources` to those in `folder`. ValueError for files of different columns."""
    for source in sources:
        if (columns := _columns(source)) is not None:
            kinds = dict.fromkeys(columns, str)
            Details(folder, kinds).add(list(Details(source, kinds).read().values()))


def _columns(folder: Path) -> list[str] | None:
    path = folder / _NAME
    if not path.exists():
        return None
    with path.open(encoding="utf-8") as file:
        return file.readline().rstrip("\n").split(",")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    held = disk.lock(folder / ".lock-details", wait=True)
    try:
        yield
    finally:
        disk.unlock(held)
