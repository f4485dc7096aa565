"""Where chunks are run: in this process, or through any `concurrent.futures.Executor`, Dask's among them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias

from pl_native._base import checks
from pl_native._base.interrupts import Interrupts, held
from pl_native.store import Row
from pl_native.sweep.chunks import Pace
from pl_native.sweep.cluster import Cluster, EngineError, connected, said
from pl_native.sweep.plans import Run
from pl_native.sweep.remote import run_task, task_of
from pl_native.sweep.result_row import Settings, failed_row, heads
from pl_native.sweep.worker import compute

Chunk: TypeAlias = list[Run]
Keep: TypeAlias = Callable[[Sequence[Row]], None]
Within: TypeAlias = Callable[[Chunk, float], None]

_AHEAD = 2  # chunks per worker that are submitted before they are needed
_WORKERS = 32  # when an executor does not tell how many it has
_POLL = 0.5  # seconds between looks for a lost engine


def run_here(chunks: Iterator[Chunk], settings: Settings, keep: Keep, within: Within, pace: Pace) -> None:
    """Chunks one after the other in this process, each on the native thread team. What Ctrl-C leaves undone
    is left out."""
    for chunk in chunks:
        began = time.perf_counter()
        told = partial(_part, within, chunk)
        result = compute(((run.cell, run.replicate) for run in chunk), settings, told)
        keep(result.rows)
        if result.interrupted is not None:
            raise result.interrupted
        pace.learn(chunk, (settings.threads or 1) * (time.perf_counter() - began))
        within(chunk, 1.0)


def _part(within: Within, chunk: Chunk, share: float) -> None:
    """The end of a chunk is reported once its rows are kept."""
    within(chunk, min(share, 0.999))


class Pool:
    """Any executor but Dask's."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def submit(self, task: dict[str, Any]) -> Future[list[Row]]:
        """Hand out a task."""
        return self._executor.submit(run_task, task)

    def workers(self) -> int:
        """How many tasks it can run at once, as it tells."""
        found = getattr(self._executor, "_max_workers", None)
        return found if isinstance(found, int) and found > 0 else _WORKERS


Engine: TypeAlias = Pool | Cluster


def run_through(
    engine: Engine, chunks: Iterator[Chunk], settings: Settings, keep: Keep, within: Within, pace: Pace
) -> None:
    """Chunks through an engine, a bounded number ahead; this process is the only one that writes.

    A chunk that kills its workers again and again (Dask tells) is taken apart, and the run that does it
    becomes a row of status ERROR. EngineError when the engine itself is lost.
    """
    pending: dict[Future[list[Row]], Chunk] = {}
    again: deque[Chunk] = deque()

    def _take(future: Future[list[Row]]) -> None:
        chunk = pending.pop(future)
        _collect(future, chunk, settings, again, keep)
        within(chunk, 1.0)
        if future.exception() is None:
            pace.learn(chunk, sum(_seconds(row) for row in future.result()))

    with held() as interrupts:
        try:
            while True:
                room = _AHEAD * engine.workers() - len(pending)
                while room > 0 and (chunk := again.popleft() if again else next(chunks, None)):
                    pending[_submit(engine, chunk, settings)] = chunk
                    room -= 1
                if not pending and room > 0:
                    return
                for future in _finished(pending, interrupts):
                    _take(future)
        except KeyboardInterrupt:
            for future in [
                one for one in pending if one.done() and not one.cancelled() and not one.exception()
            ]:
                _take(future)
            raise
        finally:
            for future in pending:
                future.cancel()


def _finished(pending: dict[Future[list[Row]], Chunk], interrupts: Interrupts) -> set[Future[list[Row]]]:
    with interrupts.released():
        if not pending:  # no worker yet
            time.sleep(_POLL)
        return wait(pending, timeout=_POLL, return_when=FIRST_COMPLETED).done


def _submit(engine: Engine, chunk: Chunk, settings: Settings) -> Future[list[Row]]:
    try:
        return engine.submit(task_of(chunk, settings))
    except Exception as error:  # shut down, broken, or the scheduler gone: whatever the engine raises
        raise EngineError(f"the engine takes no more work: {said(error)}") from error


def _collect(
    future: Future[list[Row]], chunk: Chunk, settings: Settings, again: deque[Chunk], keep: Keep
) -> None:
    try:
        rows = future.result()
    except (BrokenExecutor, CancelledError) as error:
        raise EngineError(f"the engine was lost: {said(error)}") from error
    except Exception as error:
        if type(error).__name__ != "KilledWorker":
            raise EngineError(f"a worker failed: {said(error)}") from error
        if len(chunk) > 1:
            again.extend([run] for run in chunk)
            return
        head = heads(chunk[0].cell, settings)(chunk[0].replicate)
        rows = [failed_row(head, f"killed its worker: {said(error)}")]
    if {row["id"] for row in rows} != {run.id for run in chunk}:
        raise EngineError(
            "a worker computed other runs than were asked for; is a user's function of another version there?"
        )
    keep(rows)


def _seconds(row: Row) -> float:
    seconds = row["seconds"]
    return seconds if isinstance(seconds, float) and seconds == seconds else 0.0


@contextmanager
def engine_of(executor: object, patience: float) -> Iterator[Engine]:
    """What `executor=` stands for: an Executor, a dask.distributed.Client, or the address of a Dask
    scheduler; `patience` is for Dask's workers, in seconds.

    An executor or client of the caller is left open. TypeError for anything else; ImportError without Dask.
    """
    if isinstance(executor, str):
        with connected(executor) as client:
            yield Cluster(client.get_executor(pure=False), patience)
    elif isinstance(executor, Executor):
        client = getattr(executor, "_client", None)
        yield Cluster(executor, patience) if hasattr(client, "nthreads") else Pool(executor)
    elif hasattr(executor, "get_executor"):
        with engine_of(executor.get_executor(pure=False), patience) as engine:
            yield engine
    else:
        raise TypeError(
            "executor: expected None, a concurrent.futures.Executor, a dask.distributed.Client or the "
            f"address of a Dask scheduler, got {checks.kind(executor)}"
        )
