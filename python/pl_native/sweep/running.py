"""Run what is missing of a sweep, and say how far it is."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from pl_native._base import checks
from pl_native._base.interrupts import held
from pl_native._base.progress import Progress
from pl_native.store import ERROR, Row, Share, Store
from pl_native.store.export import write
from pl_native.sweep.chunks import Pace, arithmetic_of, chunks
from pl_native.sweep.computing import Settings, team
from pl_native.sweep.engines import Chunk, Engine, Keep, engine_of, run_here, run_through
from pl_native.sweep.plans import Plan, Run, of_folder

CHUNK_SECONDS = 3.0
WORKER_TIMEOUT = 600.0

Folder = str | os.PathLike[str] | Store


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
    options, store, progress = How(**how), _store(folder), Progress(how.get("progress"))
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
        meter = _Meter(missing, stack.enter_context(progress), pace, threads)
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


def _run(job: _Job, engine: Engine | None, keep: Keep, meter: _Meter) -> None:
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
    store = _store(folder)
    return sum(run(plan, store, **how) for plan in of_folder(store))


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
            f"{self.name}: {self.done} of {self.total} runs done ({share:.0f} %), {self.missing} missing"
        ]
        lines += [f"  {status:<14} {count}" for status, count in sorted(self.by_status.items())]
        return "\n".join(lines)


def status(folder: Folder) -> State:
    """How far the sweep in `folder` is. ValueError when it holds none."""
    store = _store(folder)
    plans = of_folder(store)
    planned = {run.id for plan in plans for run in plan}
    outcomes = store.outcomes()
    done = sum(one in planned for one in outcomes)
    return State(plans[0].name, len(planned), done, dict(Counter(outcomes.values())))


def export(folder: Folder, path: str | os.PathLike[str]) -> int:
    """Write all rows of `folder` to `path`, CSV or Parquet by its suffix; the number of rows."""
    rows = _store(folder).rows()
    write(rows, path)
    return len(rows)


def _store(folder: Folder) -> Store:
    return folder if isinstance(folder, Store) else Store(folder)


class _Meter:
    """Progress of a sweep in milliseconds: those it has taken, of those it is expected to take in all."""

    def __init__(self, runs: Sequence[Run], progress: Progress, pace: Pace, team: int | None) -> None:
        self._progress, self._pace, self._team = progress, pace, team
        self._runs, self._arithmetic = len(runs), arithmetic_of(runs)
        self._done = (0.0, 0.0)  # runs, arithmetic
        self._chunk: tuple[Chunk, float] = ([], 0.0)  # the last one asked for, and its arithmetic
        self._began = self._since = time.perf_counter()  # all, and the chunk under way

    def show(self, chunk: Chunk, share: float) -> None:
        """`share` of the arithmetic of `chunk` is done; of the rest a half, until all is."""
        if chunk is not self._chunk[0]:
            self._chunk = chunk, arithmetic_of(chunk)
        runs = len(chunk) * (0.5 if share < 1.0 else 1.0)
        done = self._done[0] + runs, self._done[1] + share * self._chunk[1]
        now = time.perf_counter()
        if share < 1.0 and self._team is not None:
            pace = self._pace.seen(runs, share * self._chunk[1], self._team * (now - self._since))
        else:
            pace = self._pace
        if share == 1.0:
            self._done, self._since = done, now
        part = min(pace.of(*done) / pace.of(self._runs, self._arithmetic), 1.0)
        if self._progress.poll is not None and part > 0.0:
            taken = 1000 * (now - self._began)
            self._progress.poll(round(taken), round(taken / part))
