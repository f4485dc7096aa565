"""Rows of finished runs in a folder: content-addressed, complete or absent, never half written.

A row is one run, a flat mapping of the columns below. Its id is the SHA-256 of everything that determines the
result, so that "is this run done?" is "is its id here?", whatever program, machine or order asks. Callers see
rows and ids only; how they lie on disk is this module's business: at present `rows.csv`, replaced as a whole
at each addition.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Value = str | int | float | None
Row = dict[str, Value]

COLUMNS: dict[str, Callable[[str], Value]] = {
    "id": str,
    # what was run
    "data": str,
    "initialisation": str,
    "scale": float,
    "d": int,
    "n": int,
    "p": int,
    "dtype": str,
    "method": str,
    "step": float,
    "horizon": float,
    "stop_loss": float,
    "backend": str,
    "numerics": int,
    # words of its random streams: SeedSequence(seed, spawn_key=(cell, replicate, purpose))
    "seed": int,
    "cell": int,
    "replicate": int,
    # what came out
    "status": str,
    "t_end": float,
    "loss_start": float,
    "loss_end": float,
    "average_pl": float,
    "local_pl_end": float,
    "pl_low": float,
    "pl_upp": float,
    "steps": int,
    "switches": int,
    "first_rise": int,
    "isa": str,
    # what it cost; not reproducible
    "seconds": float,
    "threads": int,
    "host": str,
}
"""Name and type of every column; an empty field is None."""

COST_COLUMNS = ("seconds", "threads", "host")


def content_id(content: Mapping[str, Value]) -> str:
    """SHA-256 (hex) of `content` as canonical JSON: sorted keys, no spaces, shortest exact floats."""
    text = json.dumps(dict(content), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


class Store:
    """The rows in `folder`, which is created when missing. As a context manager it keeps other writers out.

    Raises ValueError when `folder` is a file, holds rows of another layout or is being written by another
    process.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"{self.folder}: expected a folder for rows, this is a file")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock: int | None = None
        self._rows = {str(row["id"]): row for row in _read(self.path)}

    @property
    def path(self) -> Path:
        """The rows as CSV."""
        return self.folder / "rows.csv"

    def __enter__(self) -> Self:
        import fcntl

        lock = os.open(self.folder / ".lock", os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise ValueError(
                f"{self.folder}: another process is writing here; wait for it or stop it"
            ) from None
        self._lock = lock
        self._rows = {str(row["id"]): row for row in _read(self.path)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row_id: object) -> bool:
        return row_id in self._rows

    def rows(self, ids: Iterable[str] | None = None) -> list[Row]:
        """Rows with these ids that are here, in the order asked; all of them by default."""
        wanted = self._rows if ids is None else (i for i in ids if i in self._rows)
        return [dict(self._rows[i]) for i in wanted]

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows; they are on disk when this returns, all of them, or none after an error."""
        if self._lock is None:
            raise RuntimeError("Store.add: open the store for writing first, `with store:`")
        fresh = {str(row["id"]): dict(row) for row in rows}
        for row in fresh.values():
            if row.keys() != COLUMNS.keys():
                odd = sorted(row.keys() ^ COLUMNS.keys())
                raise ValueError(f"row {row['id']}: missing or unknown columns {odd}")
        if fresh:
            merged = {**self._rows, **fresh}
            write_atomically(self.path, _as_csv(merged.values()))
            self._rows = merged


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` by `text`: a temporary file beside it, synced, then renamed, then the folder synced."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _as_csv(rows: Iterable[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _as_text(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _as_text(value: Value) -> str:
    if value is None:
        return ""
    return repr(float(value)) if isinstance(value, float) else str(value)  # repr: exact to the last bit


def _read(path: Path) -> list[Row]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if reader.fieldnames != list(COLUMNS):
        raise ValueError(
            f"{path}: columns of another version or program; choose another folder or move it away"
        )
    rows = []
    for number, fields in enumerate(reader, start=2):
        try:
            rows.append({name: _parse(fields[name], kind) for name, kind in COLUMNS.items()})
        except (TypeError, ValueError):
            raise ValueError(
                f"{path}, line {number}: damaged row; delete this line to have the run repeated"
            ) from None
    return rows


def _parse(text: Any, kind: Callable[[str], Value]) -> Value:
    return None if text == "" else kind(text)
