"""What a folder of rows holds of its sweep: how far it is, and all rows in one file."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass

from pl_native._base.wording import counted
from pl_native.store import ERROR, Store
from pl_native.store.export import file_of, write
from pl_native.sweep.plans import of_folder

Folder = str | os.PathLike[str] | Store


def opened(folder: Folder) -> Store:
    """The store of a folder given by its path, or as one."""
    return folder if isinstance(folder, Store) else Store(folder)


@dataclass(frozen=True, slots=True)
class State:
    """How far a sweep is. `by_status` counts rows; `total` is what the folder's plans ask for."""

    name: str
    total: int
    done: int
    by_status: dict[str, int]

    @property
    def missing(self) -> int:
        return self.total - self.done

    @property
    def errors(self) -> int:
        return self.by_status.get(ERROR, 0)

    def __str__(self) -> str:
        share = 100 * self.done / max(self.total, 1)
        lines = [
            f"{self.name}: {self.done} of {counted(self.total, 'run')} done ({share:.0f} %), "
            f"{self.missing} missing"
        ]
        lines += [f"  {status:<14} {count}" for status, count in sorted(self.by_status.items())]
        return "\n".join(lines)


def status(folder: Folder) -> State:
    """How far the sweep in `folder` is. ValueError when it holds none."""
    store = opened(folder)
    plans = of_folder(store)
    planned = {run.id for plan in plans for run in plan}
    outcomes = store.outcomes()
    done = sum(one in planned for one in outcomes)
    return State(plans[0].name, len(planned), done, dict(Counter(outcomes.values())))


def export(folder: Folder, path: str | os.PathLike[str]) -> int:
    """Write all rows of `folder` to `path`, CSV or Parquet by its suffix; the number of rows. ValueError for
    a folder without any rows.
    """
    file_of(path)
    store = opened(folder)
    store.check_holds_rows()
    rows = store.rows()
    write(rows, path)
    return len(rows)
