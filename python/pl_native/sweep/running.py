"""Run what is missing of a sweep, and say how far it is."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from pl_native._base import checks
from pl_native._base.progress import Progress
from pl_native.store import ERROR, Row, Share, Store
from pl_native.store.export import write
from pl_native.sweep.chunks import Pace, chunks
from pl_native.sweep.computing import Settings, team
from pl_native.sweep.engines import Chunk, executor_of, run_here, run_through
from pl_native.sweep.plans import Plan, Run, of_folder

CHUNK_SECONDS = 3.0

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
    progress       True, False, None (a bar on terminals) or a function of (done, total)
    """

    executor: Any = None
    threads: int | None = None
    share: Share | None = None
    chunk_seconds: float = CHUNK_SECONDS
    retry_errors: bool = False
    extend: bool = False
    progress: object = None

    def __post_init__(self) -> None:
        if self.threads is not None:
            checks.threads("threads", self.threads)
        checks.positive("chunk_seconds", self.chunk_seconds)
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
    with ExitStack() as stack:
        engine = None if options.executor is None else stack.enter_context(executor_of(options.executor))
        claim = _claim(plan, options.extend)
        writer = stack.enter_context(store.writing(plan.name, claim, options.share))
        missing = plan.missing(store.ids(errors=not options.retry_errors), options.share)
        meter = _Meter(missing, stack.enter_context(progress))
        added = 0

        def keep(rows: Sequence[Row]) -> None:
            nonlocal added
            writer.add(rows)
            added += len(rows)

        _run(_Job(missing, plan, options), engine, keep, meter)
    return added


def _claim(plan: Plan, extend: bool) -> Any:
    return lambda manifest: plan.claim(manifest, extend=extend)


@dataclass(frozen=True, slots=True)
class _Job:
    missing: list[Run]
    plan: Plan
    how: How


def _run(job: _Job, engine: Any, keep: Any, meter: _Meter) -> None:
    plan, how, pace = job.plan, job.how, Pace(job.plan.backend)
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
    planned = {run.id for plan in of_folder(store) for run in plan}
    name = of_folder(store)[0].name
    counts: Counter[str] = Counter()
    done = 0
    for part in store.parts():
        counts.update(str(row["status"]) for row in part)
        done += sum(row["id"] in planned for row in part)
    return State(name, len(planned), done, dict(counts))


def export(folder: Folder, path: str | os.PathLike[str]) -> int:
    """Write all rows of `folder` to `path`, CSV or Parquet by its suffix; the number of rows."""
    rows = _store(folder).rows()
    write(rows, path)
    return len(rows)


def _store(folder: Folder) -> Store:
    return folder if isinstance(folder, Store) else Store(folder)


class _Meter:
    """Progress of a sweep in work done, shown as the equivalent number of steps."""

    def __init__(self, runs: Sequence[Run], progress: Progress) -> None:
        self._progress = progress
        self._total = sum(run.cell.work for run in runs)
        self._steps = sum(run.cell.steps for run in runs)
        self._done = 0.0

    def show(self, chunk: Chunk, share: float) -> None:
        """`share` of the work of `chunk` is done."""
        work = sum(run.cell.work for run in chunk)
        done = self._done + share * work
        if share == 1.0:
            self._done = done
        if self._progress.poll is not None:
            self._progress.poll(round(self._steps * min(done / self._total, 1.0)), self._steps)
