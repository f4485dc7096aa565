"""The runs of a sweep in order, what is left of them, and how they are shared between machines."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pl_native import backends
from pl_native._base import checks
from pl_native._base.build import NUMERICS
from pl_native._run.call_options import checked_options
from pl_native.store import Share, Store, content_id
from pl_native.store.manifest import Manifest
from pl_native.sweep.cells import Cell, content, run_ids

_LARGEST_SEED = 2**63 - 1  # a column of 64 bits
_MOST_RUNS = 10**7  # their ids are held in memory, and listed in some ten seconds


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
        return self.share((1, 1))

    def share(self, share: Share) -> Iterator[Run]:
        """The i-th of N parts of the runs, share = (i, N): every N-th, from the i-th on."""
        before, (i, parts) = 0, share
        for cell in self.cells:
            first = (i - 1 - before) % parts
            before += cell.replicates
            if first < cell.replicates:
                id_of = run_ids(content(cell, self.seed, self.backend))
                for replicate in range(first, cell.replicates, parts):
                    yield Run(cell, replicate, id_of(replicate))

    @property
    def functions(self) -> tuple[str, ...]:
        """The user's functions among the generators, "module:function"."""
        named = {name for cell in self.cells for name in (cell.data, cell.initialisation)}
        return tuple(sorted(name for name in named if ":" in name))

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the rows of this sweep."""
        return tuple(run.id for run in self)

    def missing(self, done: Container[str], share: Share | None = None) -> list[Run]:
        """Runs whose ids are not in `done`; of the i-th of N parts of the sweep when share = (i, N)."""
        return [run for run in self.share(share or (1, 1)) if run.id not in done]

    @cached_property
    def spec(self) -> dict[str, Any]:
        """The plan as JSON values."""
        cells = [cell.spec() for cell in self.cells]
        return {"seed": self.seed, "backend": self.backend, "cells": cells}

    @cached_property
    def id(self) -> str:
        """The plan's name in manifests: a hash of `spec`."""
        return content_id(self.spec)[:16]

    def claim(self, manifest: Manifest, *, extend: bool = False) -> None:
        """Enter this plan into the manifest of a folder.

        ValueError when the plans there draw none of the problems drawn here, as in a folder of another sweep
        that happens to have the same name; `extend` enters it all the same. ValueError when rows there are of
        other numerics of a method of these cells.
        """
        manifest.take_numerics({cell.method: NUMERICS[cell.method] for cell in self.cells})
        if self.id in manifest.plans:
            return
        there = {cell.number for one in recorded(manifest) for cell in one.cells}
        if there and not extend and there.isdisjoint(cell.number for cell in self.cells):
            raise ValueError(
                f"folder: holds another sweep called {manifest.name!r}, without a cell in common with this "
                "one; choose another folder, or extend=True (--extend) to keep both there"
            )
        manifest.plans[self.id] = self.spec


def plan(cells: Iterable[Cell], *, seed: int, backend: str = "auto", name: str = "sweep") -> Plan:
    """The runs of `cells`. `seed` >= 0 is the root of every stream; `backend` as in `simulate`.

    `name` marks the folders of this sweep. ValueError for no cells, cells that have runs in common, methods
    that this version does not have, and seeds that are no 63-bit integers.
    """
    if not checks.label("name", name).strip():
        raise ValueError(f"name: expected a name, got {checks.kind(name)}")
    listed, root = _cells(cells), checks.integer("seed", seed, 0, _LARGEST_SEED)
    chosen = backends.select(backend, *{cell.method for cell in listed}).NAME
    made = _checked(Plan(listed, root, chosen, name))
    _check_numbers(made.cells)
    for method, rtol, atol, stop in {(c.method, c.rtol, c.atol, c.stop) for c in made.cells}:
        checked_options(method=method, rtol=rtol, atol=atol, save=None, stop=stop, backend=made.backend)
    firsts = {run_ids(content(cell, made.seed, made.backend))(0) for cell in made.cells}
    if len(firsts) != len(made.cells):
        raise ValueError("cells: expected different cells, two of them have the same runs")
    return made


def _cells(cells: object) -> tuple[Cell, ...]:
    pointless = isinstance(cells, np.ndarray) and cells.ndim == 0
    if pointless or not isinstance(cells, Iterable) or isinstance(cells, str | bytes):
        raise TypeError(f"cells: expected several Cells, got {checks.kind(cells)}")
    listed = tuple(cells)
    for index, cell in enumerate(listed):
        if not isinstance(cell, Cell):
            raise TypeError(f"cells[{index}]: expected a Cell, got {checks.kind(cell)}")
    return listed


def _checked(plan: Plan) -> Plan:
    """What holds of every plan, made here or read from a manifest."""
    checks.integer("seed", plan.seed, 0, _LARGEST_SEED)
    checks.choice("backend", plan.backend, backends.NAMES)
    if not plan.cells:
        raise ValueError("cells: expected at least one")
    if len(plan) > _MOST_RUNS:
        raise ValueError(f"replicates: expected at most {_MOST_RUNS} runs in all, got {len(plan)}")
    return plan


def _check_numbers(cells: Iterable[Cell]) -> None:
    drawn: dict[int, Cell] = {}
    for cell in cells:
        other = drawn.setdefault(cell.number, cell)
        if other.law != cell.law:
            raise ValueError(f"cells: {cell.law} and {other.law} have one number; change one of them")


def recorded(manifest: Manifest) -> list[Plan]:
    """The plans of a manifest. ValueError for what is no plan; nothing that it names is imported."""
    found = []
    for name, spec in manifest.plans.items():
        try:
            cells = tuple(Cell(**cell) for cell in spec["cells"])
            found.append(_checked(Plan(cells, spec["seed"], spec["backend"], manifest.name)))
        except (ValueError, TypeError) as error:
            raise ValueError(f"manifest.json: plan {name}: {error}") from error
    return found


def of_folder(store: Store) -> list[Plan]:
    """The plans that a folder's manifest names. ValueError when it has none, or nonsense."""
    manifest = store.manifest()
    if manifest is None or not manifest.plans:
        raise ValueError(f"{store.folder}: holds no sweep")
    try:
        return recorded(manifest)
    except ValueError as error:
        raise ValueError(f"{store.folder}: {error}") from error


def parse_share(text: str) -> Share:
    """ "3/16" as (3, 16). ValueError unless 1 <= i <= N."""
    if not isinstance(text, str):
        raise TypeError(f"shard: expected i/N, such as 3/16, got {checks.kind(text)}")
    i, slash, parts = text.partition("/")
    if slash and i.isdecimal() and parts.isdecimal() and 1 <= int(i) <= int(parts):
        return int(i), int(parts)
    raise ValueError(f"shard: expected i/N with 1 <= i <= N, such as 3/16, got {checks.shown(text)}")
