"""Care of folders of rows: verify them, make few shards of many, join folders from several machines."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pl_native._base.files import read_regular
from pl_native.store import disk, manifest
from pl_native.store.columns import COST_COLUMNS, ERROR, Row, Value, csv_header, csv_lines, row_id
from pl_native.store.folder import Store, write_csv
from pl_native.store.manifest import Manifest
from pl_native.store.shards import Damage, read_all, read_shard, shard_paths, write_shard

_COMPACT_ROWS = 20_000  # rows per shard after `compact`: about 4 MB

_ORDER = ("data", "initialisation", "scale", "d", "p", "n", "method", "horizon", "seed", "replicate", "id")


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
        text = f"{self.folder}: {self.rows} rows ({self.errors} failed runs) in {self.shards} shards"
        text += f", {self.duplicates} duplicates" if self.duplicates else ""
        wrong = [str(damage) for damage in self.damaged]
        wrong += [f"row {i}: its id is not that of its content" for i in self.wrong_ids]
        wrong += [f"row {i}: two results that differ" for i in self.conflicts]
        wrong += [] if self.csv_agrees else ["rows.csv: not what the shards say; `compact` writes it anew"]
        if self.csv_missing and self.csv_agrees:
            text += f" ({self.csv_missing} not yet in rows.csv; `compact` or a run without --shard adds them)"
        return "\n".join([text, *wrong] if wrong else [f"{text}; all intact"])


def verify(folder: str | os.PathLike[str]) -> Verification:
    """Read every byte back: hashes of shards, ids of rows, agreement of duplicates, `rows.csv`."""
    store = Store(folder)
    store.manifest()
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


def compact(folder: str | os.PathLike[str]) -> tuple[int, int]:
    """Replace many shards by few, rows sorted and each run once; returns the number of shards before and
    after.

    New shards are on disk before old ones go: a crash at any moment leaves duplicates at worst. ValueError
    while another process writes.
    """
    store = Store(folder)
    if store.manifest() is None:
        raise ValueError(f"{store.folder}: holds no rows of a sweep")
    with _alone(store):
        old = shard_paths(store.shards)
        usable = [path for path in old if not isinstance(read_shard(path), Damage)]
        rows = sorted(store.rows(), key=lambda row: [(v is not None, v) for v in map(row.get, _ORDER)])
        new = [
            write_shard(store.shards, rows[start : start + _COMPACT_ROWS])
            for start in range(0, len(rows), _COMPACT_ROWS)
        ]
        for path in set(usable) - set(new):
            path.unlink()
        disk.sync_folder(store.shards)
        write_csv(store)
    return len(old), len(new)


@contextmanager
def _alone(store: Store) -> Iterator[None]:
    """Keep all writers out."""
    try:
        held = disk.lock(store.folder / ".lock")
    except BlockingIOError:
        raise ValueError(f"{store.folder}: another process is writing here; wait for it or stop it") from None
    try:
        yield
    finally:
        disk.unlock(held)


def merge(folder: str | os.PathLike[str], sources: Sequence[str | os.PathLike[str]]) -> list[Damage]:
    """Copy the rows of `sources` into `folder` (created when missing); returns the damaged shards left out.

    ValueError before anything is written when a source has no rows, is of another version, or belongs to
    another sweep than the rest.
    """
    store, found = Store(folder), []
    for source in map(Store, sources):
        theirs = source.manifest()
        if theirs is None:
            raise ValueError(f"{source.folder}: holds no rows of a sweep")
        found.append((source, theirs))
    here = store.manifest()
    _check_same([*([(store, here)] if here else []), *found])
    disk.make_folder(store.shards)
    damaged: list[Damage] = []
    with _alone(store):
        with manifest.changing(store.folder, found[0][1].name if found else "") as mine:
            for _, theirs in found:
                mine.numerics |= theirs.numerics
                mine.plans |= theirs.plans
                mine.sessions += [one for one in theirs.sessions if one not in mine.sessions]
        for source, _ in found:
            damaged += _copy(source, store)
        write_csv(store)
    return damaged


def _check_same(folders: Sequence[tuple[Store, Manifest]]) -> None:
    numerics: dict[str, int] = {}
    for store, found in folders:
        first = folders[0][1]
        shared = found.numerics.keys() & numerics.keys()
        if found.name != first.name or any(found.numerics[method] != numerics[method] for method in shared):
            raise ValueError(
                f"{store.folder}: rows of the sweep {found.name!r} (numerics {found.numerics}), "
                f"{folders[0][0].folder} has {first.name!r} (numerics {numerics}); expected one sweep"
            )
        numerics |= found.numerics


def _copy(source: Store, target: Store) -> list[Damage]:
    damaged = []
    for path in shard_paths(source.shards):
        found = read_shard(path)
        if isinstance(found, Damage):
            damaged.append(found)
        elif not (target.shards / path.name).exists():
            disk.write_atomically(target.shards / path.name, path.read_bytes())
    return damaged
