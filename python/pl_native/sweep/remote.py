"""Runs of a chunk as values that travel, and what a worker on another machine makes of them."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from pl_native._base.build import NUMERICS, version
from pl_native.store import Row
from pl_native.sweep.cells import Cell
from pl_native.sweep.functions import allow
from pl_native.sweep.plans import Run
from pl_native.sweep.result_row import Settings
from pl_native.sweep.worker import compute


def task_of(runs: Sequence[Run], settings: Settings) -> dict[str, Any]:
    """Runs of a chunk as JSON values, for `run_task` on another machine."""
    parts = [
        {"cell": cell.spec(), "replicates": [run.replicate for run in members]}
        for cell, members in groupby(runs, key=lambda run: run.cell)
    ]
    common = {"seed": settings.seed, "backend": settings.backend, "threads": settings.threads}
    return {"parts": parts, **common, "numerics": NUMERICS, "version": version()}


def run_task(task: dict[str, Any]) -> list[Row]:
    """Rows of a task. May run twice without harm: rows depend on the task alone.

    RuntimeError when this machine's package computes other numbers than the one that made the task.
    """
    if trouble := unfit(task["version"], task["numerics"]):
        raise RuntimeError(trouble)
    settings = Settings(task["seed"], task["backend"], task["threads"])
    runs: list[tuple[Cell, int]] = []
    for part in task["parts"]:
        cell = Cell(**part["cell"])
        allow(*(name for name in (cell.data, cell.initialisation) if ":" in name))  # whoever sent it has
        runs += [(cell, replicate) for replicate in part["replicates"]]
    result = compute(runs, settings)
    if result.interrupted is not None:
        raise RuntimeError(f"worker {platform.node()} was interrupted")
    return result.rows


def unfit(of_version: str, of_numerics: dict[str, int]) -> str | None:
    """Why this process cannot do tasks of a sweep that was started with that package; None if it can."""
    if (of_numerics, of_version) == (NUMERICS, version()):
        return None
    return (
        f"worker {platform.node()} has pl_native {version()} (numerics {NUMERICS}), the sweep was started "
        f"with {of_version} (numerics {of_numerics}); install one version everywhere"
    )
