"""Runs done here one after the other, because more than a row is kept of each: further columns beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from pl_native._base.interrupts import held
from pl_native._base.progress import Progress
from pl_native._problem import Dataset
from pl_native._run.solution import Solution
from pl_native.store import Row, Store
from pl_native.store.details import Details
from pl_native.sweep import How, Plan, Run
from pl_native.sweep.result_row import Settings, cost, heads, outcome

Done: TypeAlias = tuple[Dataset, Solution]
Compute: TypeAlias = Callable[[Run, int | None], Done]
"""Of a run and threads, its data and what came of it."""
Further: TypeAlias = Callable[[Run, Row, Dataset, Solution], Row]
"""The further columns of a run's row."""


def in_place(
    plan: Plan, details: Details, compute: Compute, further: Further, *, why: str, **how: Any
) -> list[Row]:
    """Do what the folder of `details` has not got of `plan`; all its rows, each with its details.

    Keywords are those of `sweep.run`; ValueError, which says `why`, for an executor or a share.
    """
    asked, store = How(**how), Store(details.folder)
    if asked.executor is not None or asked.share is not None:
        raise ValueError(f"executor, share: expected None, {why}")
    with (
        held() as interrupts,
        store.writing(plan.name, lambda found: plan.claim(found, extend=asked.extend)) as writer,
        Progress(asked.progress) as progress,
    ):
        missing = plan.missing(store.ids())
        for done, one in enumerate(missing, start=1):
            interrupts.check()  # else in the run
            data, sol = compute(one, asked.threads)
            row = _row_of(one, plan, data, sol, asked.threads)
            details.add([further(one, row, data, sol)])
            writer.add([row])
            if progress.poll is not None:
                progress.poll(done, len(missing))
    return details.attach(store.rows(plan.ids))


def _row_of(run: Run, plan: Plan, data: Dataset, sol: Solution, threads: int | None) -> Row:
    """The store's row of a run that was done here."""
    settings = Settings(plan.seed, plan.backend, threads)
    head = heads(run.cell, settings)(run.replicate)
    return head | outcome(data, sol) | cost(settings, float(sol.stats["seconds"]))
