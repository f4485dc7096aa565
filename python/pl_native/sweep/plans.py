"""The runs of a sweep in order, what is left of them, and how they are shared between machines."""

from __future__ import annotations

import shlex
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pl_native import backends
from pl_native._base import checks
from pl_native._run.call_options import checked_options
from pl_native.store import Share, Store, content_id
from pl_native.store.manifest import Manifest
from pl_native.sweep.cells import Cell, content, run_id

_LARGEST_SEED = 2**63 - 1  # a column of 64 bits


@dataclass(frozen=True, slots=True)
class Run:
    """One replicate of a cell, and the id of its row."""

    cell: Cell
    replicate: int
    id: str


@dataclass(frozen=True)
class Plan:
    """The runs of a sweep, in order, with one root seed and one backend."""

    cells: tuple[Cell, ...]
    seed: int
    backend: str
    name: str

    def __len__(self) -> int:
        return sum(cell.replicates for cell in self.cells)

    def __iter__(self) -> Iterator[Run]:
        for cell in self.cells:
            common = content(cell, self.seed, self.backend)
            for replicate in range(cell.replicates):
                yield Run(cell, replicate, run_id(common, replicate))

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the rows of this sweep."""
        return tuple(run.id for run in self)

    def missing(self, done: Container[str], share: Share | None = None) -> list[Run]:
        """Runs whose ids are not in `done`; of the i-th of N parts of the sweep when share = (i, N)."""
        i, parts = (1, 1) if share is None else share
        return [run for k, run in enumerate(self) if k % parts == i - 1 and run.id not in done]

    def spec(self) -> dict[str, Any]:
        """The plan as JSON values."""
        cells = [cell.spec() for cell in self.cells]
        return {"seed": self.seed, "backend": self.backend, "cells": cells}

    @cached_property
    def id(self) -> str:
        """The plan's name in manifests: a hash of `spec`."""
        return content_id(self.spec())[:16]

    def claim(self, manifest: Manifest, *, extend: bool = False) -> None:
        """Enter this plan into the manifest of a folder.

        ValueError when the plans there draw none of the problems drawn here, as in a folder of another sweep
        that happens to have the same name; `extend` enters it all the same.
        """
        there = {Cell(**cell).number for plan in manifest.plans.values() for cell in plan["cells"]}
        if there and not extend and there.isdisjoint(cell.number for cell in self.cells):
            raise ValueError(
                f"folder: holds another sweep called {manifest.name!r}, without a cell in common with this "
                "one; choose another folder, or extend=True (--extend) to keep both there"
            )
        manifest.plans[self.id] = self.spec()


def plan(cells: Iterable[Cell], *, seed: int, backend: str = "auto", name: str = "sweep") -> Plan:
    """The runs of `cells`. `seed` >= 0 is the root of every stream; `backend` as in `simulate`.

    `name` marks the folders of this sweep. ValueError for no cells, cells that have runs in common, methods
    that this version does not have, and seeds that are no 63-bit integers.
    """
    root = checks.integer("seed", seed, 0, _LARGEST_SEED)
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"name: expected a name, got {checks.kind(name)}")
    listed = tuple(cells)
    if not listed:
        raise ValueError("cells: expected at least one")
    chosen = backends.select(backend, *{cell.method for cell in listed}).NAME
    _check_numbers(listed)
    for method, rtol, atol, stop in {(c.method, c.rtol, c.atol, c.stop) for c in listed}:
        checked_options(method=method, rtol=rtol, atol=atol, save=None, stop=stop, backend=chosen)
    firsts = {run_id(content(cell, root, chosen), 0) for cell in listed}
    if len(firsts) != len(listed):
        raise ValueError("cells: expected different cells, two of them have the same runs")
    return Plan(listed, root, chosen, name)


def _check_numbers(cells: Iterable[Cell]) -> None:
    drawn: dict[int, Cell] = {}
    for cell in cells:
        other = drawn.setdefault(cell.number, cell)
        if other.law != cell.law:
            raise ValueError(f"cells: {cell.law} and {other.law} have one number; change one of them")


def of_folder(store: Store) -> list[Plan]:
    """The plans that a folder's manifest names. ValueError when it has none."""
    manifest = store.manifest()
    if manifest is None or not manifest.plans:
        raise ValueError(f"{store.folder}: holds no sweep")
    return [
        Plan(tuple(Cell(**cell) for cell in spec["cells"]), spec["seed"], spec["backend"], manifest.name)
        for spec in manifest.plans.values()
    ]


def parse_share(text: str) -> Share:
    """ "3/16" as (3, 16). ValueError unless 1 <= i <= N."""
    i, slash, parts = text.partition("/")
    if slash and i.isdecimal() and parts.isdecimal() and 1 <= int(i) <= int(parts):
        return int(i), int(parts)
    raise ValueError(f"shard: expected i/N with 1 <= i <= N, such as 3/16, got {text!r}")


def slurm_script(folder: Path, name: str, parts: int, threads: int, minutes: int) -> str:
    """An sbatch array script: `parts` jobs of `threads` CPUs; each does its share of what `folder` plans.

    It runs what the manifest says, whatever becomes of the file the sweep was described in; submitted again
    after a time limit or a lost node, it does what is left.
    """
    where = shlex.quote(str(folder.resolve()))
    job = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
    return f"""#!/bin/bash
#SBATCH --job-name={job}
#SBATCH --array=1-{parts}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task={threads}
#SBATCH --time={minutes // 60:02d}:{minutes % 60:02d}:00
#SBATCH --output={folder.resolve()}/slurm-%A_%a.log
# Any number of times: every job does what is missing of its share, and nothing twice.
set -euo pipefail
export OMP_NUM_THREADS="${{SLURM_CPUS_PER_TASK:-{threads}}}"
exec pl-native sweep resume {where} --shard "${{SLURM_ARRAY_TASK_ID}}/{parts}"
"""
