"""A folder of rows: `manifest.json`, immutable shards in `shards/`, and `rows.csv`, derived from them.

Nothing about the rows is kept in memory between calls: what is on disk is the truth, also for several
processes that write to one folder at once.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pl_native._base import checks
from pl_native._base.interrupts import held
from pl_native.store import disk, manifest
from pl_native.store.columns import ERROR, Row, check_row
from pl_native.store.manifest import Json, Manifest
from pl_native.store.row_text import csv_header, csv_lines
from pl_native.store.shards import (
    Damage,
    Found,
    intact,
    read_all,
    read_outcomes,
    read_shard,
    shard_paths,
    write_shard,
)

_CSV_SHARE = 20  # rows.csv is rewritten while a sweep runs when that costs less than 1/20 of the time since
_CSV_LATE = 0.1  # seconds of writing it after which Ctrl-C leaves it to `compact` or the next run

Share = tuple[int, int]
"""(i, N): this process does the i-th of N parts, 1 <= i <= N."""


class Store:
    """The rows in `folder`; reading creates nothing. ValueError when `folder` is a file or not one of rows.

    Damaged shards are left out with a RuntimeWarning that names them: their runs count as not done.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = checks.path("folder", folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"{self.folder}: expected a folder for rows, this is a file")
        if self.path.exists() and not (manifest.path_of(self.folder).exists() or self.shards.exists()):
            raise ValueError(
                f"{self.path}: not written by this package; choose another folder or move it away"
            )

    @property
    def path(self) -> Path:
        """The rows as CSV: derived, replaced as a whole, in order of writing."""
        return self.folder / "rows.csv"

    @property
    def shards(self) -> Path:
        """Where the shards are."""
        return self.folder / "shards"

    def manifest(self) -> Manifest | None:
        """What the rows belong to; None in a folder that has no rows yet. ValueError as `manifest.read`."""
        return manifest.read(self.folder)

    def check_holds_rows(self) -> None:
        """ValueError where there is neither a manifest nor a shard: such as a folder that does not exist."""
        if self.manifest() is None and not shard_paths(self.shards):
            raise ValueError(f"{self.folder}: holds no rows of a sweep")

    def parts(self) -> Iterator[list[Row]]:
        """All rows, shard by shard, each run once; runs that failed come last, without those repeated
        since."""
        self.manifest()  # of another version: say so first
        seen: set[str] = set()
        failed: dict[str, Row] = {}
        for found in self._usable(read_shard):
            failed |= {str(row["id"]): row for row in found if row["status"] == ERROR}
            fresh = {str(row["id"]): row for row in found if row["status"] != ERROR and row["id"] not in seen}
            seen |= fresh.keys()
            yield list(fresh.values())
        yield [row for i, row in failed.items() if i not in seen]

    def rows(self, ids: Iterable[str] | None = None) -> list[Row]:
        """Rows with these ids that are here, in the order asked; all of them by default."""
        if ids is None:
            return [row for part in self.parts() for row in part]
        order = list(ids)
        wanted = set(order)
        found = {str(row["id"]): row for part in self.parts() for row in part if row["id"] in wanted}
        return [dict(found[i]) for i in order if i in found]

    def outcomes(self) -> dict[str, str]:
        """Status of each run by its id; of one that failed and was repeated, the later."""
        self.manifest()
        found: dict[str, str] = {}
        for part in self._usable(read_outcomes):
            found |= {i: status for i, status in part.items() if found.get(i, ERROR) == ERROR}
        return found

    def ids(self, *, errors: bool = True) -> set[str]:
        """Ids of the runs done; without those that failed if `errors` is False."""
        return {i for i, status in self.outcomes().items() if errors or status != ERROR}

    def _usable(self, read: Callable[[Path], Found | Damage]) -> Iterator[Found]:
        for _, found in read_all(self.shards, read):
            if isinstance(found, Damage):
                warnings.warn(f"{found}; its runs count as not done", RuntimeWarning, stacklevel=4)
            else:
                yield found

    def __len__(self) -> int:
        return len(self.outcomes())

    @contextmanager
    def writing(
        self, name: str, claim: Callable[[Manifest], None], share: Share | None = None
    ) -> Iterator[Writer]:
        """Add rows of the sweep `name`. `claim` gets the manifest first: it raises, or notes what is to come.

        Afterwards `rows.csv` says what the shards do; but not with a `share`, which leaves it as it is: each
        of many processes would read the rows of all.

        ValueError when the folder belongs to another sweep, to another version, or is being written by
        another process (two processes may write at once when each has its `share`). OSError, with what
        helps, when the folder cannot be written.
        """
        disk.make_folder(self.folder)
        disk.make_folder(self.shards)
        locks = _locks(self.folder, share)
        try:
            if share is None:
                _tidy(self.folder, self.shards)
            session = manifest.provenance() | {"share": list(share) if share else None}
            opened = Opened(self, name, claim, session, whole=share is None)
            opened.enter()
            yield from _write(opened)
        finally:
            for descriptor in locks:
                disk.unlock(descriptor)


@dataclass(frozen=True, slots=True)
class Opened:
    """A store that is open for writing, and what it is told when it is opened."""

    store: Store
    name: str
    claim: Callable[[Manifest], None]
    session: Json
    whole: bool
    """this process alone writes, and derives `rows.csv`"""

    def enter(self) -> None:
        """Note the session in the manifest."""
        with manifest.changing(self.store.folder, self.name) as found:
            self._begin(found)

    def _begin(self, found: Manifest) -> None:
        _check_owner(self.store.folder, self.name, found)
        self.claim(found)
        found.sessions.append(self.session)

    def close(self, *, late: bool = False) -> None:
        """Bring `rows.csv` up to date, unless that is to be left, and note the end of the session; also in a
        manifest made anew where somebody deleted it meanwhile."""
        try:
            if self.whole and not late:
                write_csv(self.store)
        finally:
            self._end()

    def _end(self) -> None:
        with manifest.changing(self.store.folder, self.name) as found:
            key = [self.session[name] for name in manifest.SESSION_KEY]
            if key not in [[one[name] for name in manifest.SESSION_KEY] for one in found.sessions]:
                self._begin(found)
            for one in found.sessions:
                if [one[name] for name in manifest.SESSION_KEY] == key:
                    one["ended"] = manifest.now()


class Writer:
    """Adds rows to a store that is open for writing."""

    def __init__(self, store: Store, *, eager: bool) -> None:
        self._store = store
        self._eager = eager
        self._due = 0.0
        self.seconds = 0.0
        """that `rows.csv` last took"""

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows; they are on disk when this returns, all of them, or none after an error."""
        for row in rows:
            check_row(row)
        if rows:
            write_shard(self._store.shards, rows)
        if rows and self._eager and time.monotonic() >= self._due:
            began = time.monotonic()
            write_csv(self._store)
            ended = time.monotonic()
            self.seconds = ended - began
            self._due = ended + _CSV_SHARE * self.seconds


def _write(opened: Opened) -> Iterator[Writer]:
    """The body of `writing`, and its end."""
    writer = Writer(opened.store, eager=opened.whole)
    try:
        yield writer
    except BaseException as error:
        try:
            opened.close(late=isinstance(error, KeyboardInterrupt) and writer.seconds > _CSV_LATE)
        except OSError as second:  # the disk that failed just now, as a rule
            error.add_note(f"the folder could not be brought up to date: {second}")
        raise
    opened.close()


def write_csv(store: Store) -> None:
    """Derive `rows.csv` from the shards; again when others added shards meanwhile, so that the last one is
    whole. Ctrl-C leaves the one of before: what is derived has nothing to lose (30 000 rows take 3 s)."""
    listed = None
    while listed != (present := shard_paths(store.shards)):
        listed = present
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # damage was told when the folder was opened
            with held() as interrupts, interrupts.released():
                disk.write_atomically(store.path, _csv(store))


def _csv(store: Store) -> Iterator[str]:
    yield csv_header()
    for part in store.parts():
        yield csv_lines(part)


def _locks(folder: Path, share: Share | None) -> list[int | None]:
    found: list[int | None] = []
    try:
        found.append(disk.lock(folder / ".lock", shared=share is not None))
        if share is not None:
            found.append(disk.lock(folder / f".lock-{share[0]}-of-{share[1]}"))
    except BlockingIOError:
        for descriptor in found:
            disk.unlock(descriptor)
        raise ValueError(
            f"{folder}: another process is writing here; wait for it or stop it (several may write at once "
            "when each does its own share: --shard i/N)"
        ) from None
    return found


def _tidy(folder: Path, shards: Path) -> None:
    """Remove unfinished files and set broken shards aside, so that their runs are repeated."""
    disk.remove_temporaries(folder)
    disk.remove_temporaries(shards)
    for path, found in read_all(shards, intact):
        if isinstance(found, Damage) and found.broken:
            aside = disk.set_aside(path)
            warnings.warn(
                f"{found}; set aside as {aside.name}, its runs are repeated", RuntimeWarning, stacklevel=5
            )


def _check_owner(folder: Path, name: str, found: Manifest) -> None:
    if found.name != name:
        raise ValueError(
            f"{folder}: holds rows of the sweep {found.name!r}, not of {name!r}; choose another folder"
        )
