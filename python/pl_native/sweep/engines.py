"""Where chunks are run: in this process, or through any `concurrent.futures.Executor`, Dask's among them."""

from __future__ import annotations

import importlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from typing import Any, TypeAlias

from pl_native._base import checks
from pl_native.store import Row
from pl_native.sweep.cells import content
from pl_native.sweep.chunks import Pace
from pl_native.sweep.computing import Result, Settings, compute, failed_row, run_task, task_of
from pl_native.sweep.plans import Run

Chunk: TypeAlias = list[Run]
Keep: TypeAlias = Callable[[Sequence[Row]], None]
Within: TypeAlias = Callable[[Chunk, float], None]

_AHEAD = 2  # chunks per worker that are submitted before they are needed
_WORKERS = 32  # when an executor does not tell how many it has
_POLL = 0.5  # seconds between looks for Ctrl-C and a lost engine


class EngineError(RuntimeError):
    """The engine (executor, scheduler, cluster) failed, not a run. Rows written before are kept."""


def run_here(chunks: Iterator[Chunk], settings: Settings, keep: Keep, within: Within, pace: Pace) -> None:
    """Chunks one after the other in this process, each on the native thread team."""
    for chunk in chunks:
        began = time.perf_counter()
        result = _compute_here(chunk, settings, within)
        keep(result.rows)
        if result.interrupted is not None:
            raise result.interrupted
        pace.learn(chunk, (settings.threads or 1) * (time.perf_counter() - began))
        within(chunk, 1.0)


def _compute_here(chunk: Chunk, settings: Settings, within: Within) -> Result:
    """The cells of a chunk in turn; what Ctrl-C leaves undone is left out."""
    total = Result()
    for cell, members in groupby(chunk, key=lambda run: run.cell):
        replicates = [run.replicate for run in members]
        part = partial(_within_part, within, chunk, len(total.rows), len(replicates))
        result = compute(cell, replicates, settings, part)
        total.rows += result.rows
        if result.interrupted is not None:
            total.interrupted = result.interrupted
            break
    return total


def _within_part(within: Within, chunk: Chunk, before: int, size: int, done: int, total: int) -> None:
    """Progress of a part of a chunk as progress of the chunk; its end is reported once the rows are kept."""
    within(chunk, min((before + size * done / max(total, 1)) / len(chunk), 0.999))


def run_through(
    executor: Executor, chunks: Iterator[Chunk], settings: Settings, keep: Keep, within: Within, pace: Pace
) -> None:
    """Chunks through an executor, a bounded number ahead; this process is the only one that writes.

    A chunk that kills its workers again and again (Dask tells) is taken apart, and the run that does it
    becomes a row of status ERROR. EngineError when the engine itself is lost.
    """
    pending: dict[Future[list[Row]], Chunk] = {}
    again: deque[Chunk] = deque()
    try:
        while True:
            room = _AHEAD * workers(executor) - len(pending)
            while room > 0 and (chunk := again.popleft() if again else next(chunks, None)):
                pending[_submit(executor, chunk, settings)] = chunk
                room -= 1
            if not pending:
                return
            finished, _ = wait(pending, timeout=_POLL, return_when=FIRST_COMPLETED)
            for future in finished:
                chunk = pending.pop(future)
                _collect(future, chunk, settings, again, keep)
                within(chunk, 1.0)
                if future.exception() is None:
                    pace.learn(chunk, sum(_seconds(row) for row in future.result()))
    finally:
        for future in pending:
            future.cancel()


def _submit(executor: Executor, chunk: Chunk, settings: Settings) -> Future[list[Row]]:
    try:
        return executor.submit(run_task, task_of(chunk, settings))
    except Exception as error:  # shut down, broken, or the scheduler gone: whatever the engine raises
        raise EngineError(f"the engine takes no more work: {_said(error)}") from error


def _collect(
    future: Future[list[Row]], chunk: Chunk, settings: Settings, again: deque[Chunk], keep: Keep
) -> None:
    try:
        rows = future.result()
    except (BrokenExecutor, CancelledError) as error:
        raise EngineError(f"the engine was lost: {_said(error)}") from error
    except Exception as error:
        if type(error).__name__ != "KilledWorker":
            raise EngineError(f"a worker failed: {_said(error)}") from error
        if len(chunk) > 1:
            again.extend([run] for run in chunk)
            return
        cell, what = chunk[0].cell, f"killed its worker: {_said(error)}"
        rows = [failed_row(content(cell, settings.seed, settings.backend), chunk[0].replicate, what)]
    if {row["id"] for row in rows} != {run.id for run in chunk}:
        raise EngineError(
            "a worker computed other runs than were asked for; is a user's function of another version there?"
        )
    keep(rows)


def _seconds(row: Row) -> float:
    seconds = row["seconds"]
    return seconds if isinstance(seconds, float) and seconds == seconds else 0.0


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


def workers(executor: Any) -> int:
    """How many chunks an executor can run at once, as it tells. EngineError when Dask does not answer."""
    client = getattr(executor, "_client", None)
    if client is not None and hasattr(client, "nthreads"):
        if client.status != "running":
            raise EngineError(f"the engine was lost: the Dask scheduler does not answer ({client.status})")
        try:
            return max(1, sum(int(count) for count in client.nthreads().values()))
        except OSError as error:  # timeouts and closed connections
            lost = f"the engine was lost: the Dask scheduler does not answer ({_said(error)})"
            raise EngineError(lost) from error
    found = getattr(executor, "_max_workers", None)
    return found if isinstance(found, int) and found > 0 else _WORKERS


@contextmanager
def executor_of(engine: object) -> Iterator[Executor]:
    """What `executor=` stands for: an Executor, a dask.distributed.Client, or the address of a Dask
    scheduler.

    An executor or client of the caller is left open. TypeError for anything else; ImportError without Dask.
    """
    if isinstance(engine, str):
        with _connected(engine) as client:
            yield client.get_executor(pure=False)
    elif isinstance(engine, Executor):
        yield engine
    elif hasattr(engine, "get_executor"):
        yield engine.get_executor(pure=False)
    else:
        raise TypeError(
            "executor: expected None, a concurrent.futures.Executor, a dask.distributed.Client or the "
            f"address of a Dask scheduler, got {checks.kind(engine)}"
        )


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        raise ImportError("Dask is missing: pip install 'pl_native[dask]'") from None
    try:
        client = distributed.Client(address, timeout=10, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise EngineError(f"no Dask scheduler answers at {address} ({_said(error)})") from error
    for name in [
        name for name in logging.root.manager.loggerDict if name.startswith(("distributed", "asyncio"))
    ]:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # a lost scheduler is told once, by EngineError
    try:
        yield client
    finally:
        client.close(timeout=5)
