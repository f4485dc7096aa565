"""A session of a sweep: what is missing is run, here or through an engine, and kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from typing import Any

from pl_native._base import checks
from pl_native._base.interrupts import held
from pl_native._base.progress import Progress
from pl_native.store import Row, Share
from pl_native.sweep.chunks import Pace, chunks
from pl_native.sweep.engines import Chunk, Engine, Keep, engine_of, run_here, run_through
from pl_native.sweep.inventory import Folder, opened
from pl_native.sweep.meter import Meter
from pl_native.sweep.plans import Plan, Run, of_folder
from pl_native.sweep.result_row import Settings, team

CHUNK_SECONDS = 3.0
WORKER_TIMEOUT = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class How:
    """How a sweep is run. None of it changes a row.

    executor       None: this process and its threads; any `concurrent.futures.Executor`, a
                   `dask.distributed.Client`, or the address of a Dask scheduler: chunks of one thread each
    threads        at most this many here, or in each task of an executor (None: the CPUs at hand; 1 in tasks)
    share          (i, N): only the i-th of N parts; N such processes may write to one folder at once
    chunk_seconds  seconds of work between two additions to the store, the most that a kill can cost
    retry_errors   repeat runs whose rows have status ERROR
    extend         enter the sweep into a folder even if it has nothing in common with what is there
    worker_timeout seconds that Dask may be without a worker that can do the work
    progress       True, False, None (a bar on terminals) or a function of (done, total): milliseconds taken,
                   and those that all is expected to take
    """

    executor: Any = None
    threads: int | None = None
    share: Share | None = None
    chunk_seconds: float = CHUNK_SECONDS
    retry_errors: bool = False
    extend: bool = False
    worker_timeout: float = WORKER_TIMEOUT
    progress: object = None

    def __post_init__(self) -> None:
        if self.threads is not None:
            checks.threads("threads", self.threads)
        checks.positive("chunk_seconds", self.chunk_seconds)
        checks.positive("worker_timeout", self.worker_timeout)
        checks.flag("retry_errors", self.retry_errors)
        checks.flag("extend", self.extend)
        if self.share is not None:
            if not isinstance(self.share, tuple | list) or len(self.share) != 2:
                raise TypeError(f"share: expected a pair (i, N), got {checks.kind(self.share)}")
            i, parts = self.share
            if checks.integer("share[0]", i, 1) > checks.integer("share[1]", parts, 1):
                raise ValueError(f"share: expected (i, N) with i <= N, got ({i}, {parts})")


def run(plan: Plan, folder: Folder, **how: Any) -> int:
    """Run what `folder` has not got of `plan`, and add a row per run, every few seconds; the number of new
    rows.

    Keywords are the fields of `How`. Each row is the same, bit for bit, whatever `threads`, engine, order,
    or how often the sweep was interrupted. Ctrl-C keeps the rows finished so far and raises
    KeyboardInterrupt, a lost engine raises `EngineError`; the same call goes on from there. A run that fails
    becomes a row of status ERROR.
    """
    if not isinstance(plan, Plan):
        raise TypeError(f"plan: expected what `pl.sweep.plan` returns, got {checks.kind(plan)}")
    known = [field.name for field in fields(How)]
    if unknown := [name for name in how if name not in known]:
        raise TypeError(f"{', '.join(unknown)}: unknown, expected some of {', '.join(known)}")
    options, store, progress = How(**how), opened(folder), Progress(how.get("progress"))
    with held() as interrupts, ExitStack() as stack:
        engine = None
        with interrupts.released():
            if options.executor is not None:
                engine = stack.enter_context(engine_of(options.executor, options.worker_timeout))
        claim = _claim(plan, options.extend)
        writer = stack.enter_context(store.writing(plan.name, claim, options.share))
        with interrupts.released():
            missing = plan.missing(store.ids(errors=not options.retry_errors), options.share)
        pace, alone = Pace(plan.backend), engine is None
        threads = team(plan.backend, options.threads) if alone else None
        meter = Meter(missing, stack.enter_context(progress), pace, threads)
        added = 0

        def keep(rows: Sequence[Row]) -> None:
            nonlocal added
            writer.add(rows)
            added += len(rows)

        _run(_Job(missing, plan, options, pace), engine, keep, meter)
    return added


def _claim(plan: Plan, extend: bool) -> Any:
    return lambda manifest: plan.claim(manifest, extend=extend)


@dataclass(frozen=True, slots=True)
class _Job:
    missing: list[Run]
    plan: Plan
    how: How
    pace: Pace


def _run(job: _Job, engine: Engine | None, keep: Keep, meter: Meter) -> None:
    plan, how, pace = job.plan, job.how, job.pace
    if engine is None:
        threads = team(plan.backend, how.threads)
        settings = Settings(plan.seed, plan.backend, threads)
        run_here(chunks(job.missing, pace, threads, how.chunk_seconds), settings, keep, meter.show, pace)
    else:
        settings = Settings(plan.seed, plan.backend, how.threads or 1)
        pieces: Iterator[Chunk] = chunks(job.missing, pace, 1, how.chunk_seconds)
        run_through(engine, pieces, settings, keep, meter.show, pace)


def resume(folder: Folder, **how: Any) -> int:
    """Run what is missing of every plan in the folder's manifest; keywords and the rest as in `run`."""
    store = opened(folder)
    return sum(run(plan, store, **how) for plan in of_folder(store))
