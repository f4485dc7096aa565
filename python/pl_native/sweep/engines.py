"""Where chunks are run: in this process, or through any `concurrent.futures.Executor`, Dask's among them."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import closing, contextmanager
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
Done: TypeAlias = Callable[[Chunk, Sequence[Row]], None]

_AHEAD = 2  # chunks per worker that are submitted before they are needed
_WORKERS = 32  # when an executor does not tell how many it has
_LOSSES = 3  # times a chunk may lose all its workers before it is suspected; as many as Dask allows a task
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

    def stranded(self, futures: Iterable[Future[list[Row]]]) -> list[Future[list[Row]]]:
        """None: an executor that loses a worker says so, or starts another."""
        return []


Engine: TypeAlias = Pool | Cluster


def run_through(
    engine: Engine, chunks: Iterator[Chunk], settings: Settings, keep: Keep, within: Within, pace: Pace
) -> None:
    """Chunks through an engine, a bounded number ahead; this process is the only one that writes.

    A chunk that kills its workers again and again is taken apart, and the run that does it becomes a row of
    status ERROR. EngineError when the engine itself is lost.
    """

    def done(chunk: Chunk, rows: Sequence[Row]) -> None:
        keep(rows)
        within(chunk, 1.0)
        if seconds := sum(_seconds(row) for row in rows):
            pace.learn(chunk, seconds)

    work = _Work(engine, chunks, settings, done)
    with held() as interrupts:
        try:
            while True:
                with interrupts.released():  # it asks others, which may be frozen
                    workers = engine.workers()
                if not work.hand_out(workers):
                    return
                for future in _finished(work.out, interrupts):
                    work.take(future)
        except KeyboardInterrupt:
            for future in [
                one for one in work.out if one.done() and not one.cancelled() and not one.exception()
            ]:
                work.take(future)
            raise
        finally:
            for future in work.out:
                future.cancel()


class _Work:
    """Chunks on their way through an engine: which are out, and which go out again before new ones."""

    def __init__(self, engine: Engine, chunks: Iterator[Chunk], settings: Settings, done: Done) -> None:
        self._engine, self._chunks, self._settings, self._done = engine, chunks, settings, done
        self._again: deque[Chunk] = deque()
        self._losses: Counter[tuple[str, int]] = Counter()  # by first run and length of a chunk
        self.out: dict[Future[list[Row]], Chunk] = {}

    def hand_out(self, workers: int) -> bool:
        """Hand out as many as `workers` take; False when none is out and none is left."""
        self._take_back()
        room = _AHEAD * workers - len(self.out)
        while room > 0 and (chunk := self._again.popleft() if self._again else next(self._chunks, None)):
            self.out[self._submit(chunk)] = chunk
            room -= 1
        return bool(self.out) or room <= 0

    def take(self, future: Future[list[Row]]) -> None:
        """Keep the rows of a future that is done."""
        chunk = self.out.pop(future)
        try:
            rows = future.result()
        except (BrokenExecutor, CancelledError) as error:
            raise EngineError(f"the engine was lost: {said(error)}") from error
        except Exception as error:
            if type(error).__name__ != "KilledWorker":
                raise EngineError(f"a worker failed: {said(error)}") from error
            self._suspect(chunk, said(error))
            return
        if {row["id"] for row in rows} != {run.id for run in chunk}:
            raise EngineError(
                "a worker computed other runs than were asked for; is a user's function of another version "
                "there?"
            )
        self._done(chunk, rows)

    def _take_back(self) -> None:
        """Chunks whose workers are gone. The one that may have killed its worker, which is the first of them,
        goes out again behind those that only waited there."""
        for future in reversed(self._engine.stranded(self.out)):
            chunk = self.out.pop(future)
            future.cancel()
            key = chunk[0].id, len(chunk)
            self._losses[key] += 1
            if self._losses[key] <= _LOSSES:
                self._again.append(chunk)
            else:
                self._suspect(chunk, f"its workers were lost {self._losses[key]} times")

    def _suspect(self, chunk: Chunk, why: str) -> None:
        """Take apart a chunk that kills its workers; one run that does is a row."""
        if len(chunk) > 1:
            self._again.extend([run] for run in chunk)
            return
        head = heads(chunk[0].cell, self._settings)(chunk[0].replicate)
        self._done(chunk, [failed_row(head, f"killed its worker: {why}")])

    def _submit(self, chunk: Chunk) -> Future[list[Row]]:
        try:
            return self._engine.submit(task_of(chunk, self._settings))
        except Exception as error:  # shut down, broken, or the scheduler gone: whatever the engine raises
            raise EngineError(f"the engine takes no more work: {said(error)}") from error


def _finished(pending: dict[Future[list[Row]], Chunk], interrupts: Interrupts) -> set[Future[list[Row]]]:
    with interrupts.released():
        if not pending:  # no worker yet
            time.sleep(_POLL)
        return wait(pending, timeout=_POLL, return_when=FIRST_COMPLETED).done


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
        with connected(executor) as client, engine_of(client, patience) as engine:
            yield engine
    elif isinstance(executor, Executor) and hasattr(getattr(executor, "_client", None), "nthreads"):
        with closing(Cluster(executor, patience)) as cluster:
            yield cluster
    elif isinstance(executor, Executor):
        yield Pool(executor)
    elif hasattr(executor, "get_executor"):
        with engine_of(executor.get_executor(pure=False), patience) as engine:
            yield engine
    else:
        raise TypeError(
            "executor: expected None, a concurrent.futures.Executor, a dask.distributed.Client or the "
            f"address of a Dask scheduler, got {checks.kind(executor)}"
        )
