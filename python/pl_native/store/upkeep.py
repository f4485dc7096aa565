"""Folders of rows made anew: few shards of many, one folder of several machines' folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from pl_native._base import checks
from pl_native.store import disk, manifest
from pl_native.store.details import merge_details
from pl_native.store.folder import Store, write_csv
from pl_native.store.manifest import Manifest
from pl_native.store.shards import Damage, read_shard, shard_paths, write_shard

_COMPACT_ROWS = 20_000  # rows per shard after `compact`: about 4 MB

_ORDER = ("data", "initialisation", "scale", "d", "p", "n", "method", "horizon", "seed", "replicate", "id")


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
    """Copy the rows of `sources` into `folder` (created when missing), and their details; returns the damaged
    shards left out.

    ValueError before anything is written when a source has no rows, is of another version, or belongs to
    another sweep than the rest.
    """
    if isinstance(sources, str | os.PathLike) or not isinstance(sources, Iterable):
        raise TypeError(f"sources: expected several folders, got {checks.kind(sources)}")
    listed = list(sources)
    if not listed:
        raise ValueError("sources: expected at least one folder, got none")
    store, found = Store(folder), []
    for source in map(Store, listed):
        theirs = source.manifest()
        if theirs is None:
            raise ValueError(f"{source.folder}: holds no rows of a sweep")
        found.append((source, theirs))
    here = store.manifest()
    _check_same([*([(store, here)] if here else []), *found])
    disk.make_folder(store.shards)
    damaged: list[Damage] = []
    with _alone(store):
        with manifest.changing(store.folder, found[0][1].name) as mine:
            for _, theirs in found:
                mine.numerics |= theirs.numerics
                mine.plans |= theirs.plans
                mine.sessions += [one for one in theirs.sessions if one not in mine.sessions]
        for source, _ in found:
            damaged += _copy(source, store)
        merge_details(store.folder, [source.folder for source, _ in found])
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
