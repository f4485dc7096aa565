"""A Dask cluster: which of its workers can do the work, and what to say when none can."""

from __future__ import annotations

import importlib
import logging
import time
import warnings
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from concurrent.futures import Executor, Future, wait
from contextlib import contextmanager
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from pl_native._base.build import NUMERICS, version
from pl_native.sweep.remote import run_task, unfit

_TELL = 10.0  # seconds without a usable worker, or an answer, after which a line says so
_ANSWER = 2.0  # seconds for which the sweep waits for new workers to say what they have, before it goes on
_LOST = "the engine was lost: the Dask scheduler does not answer"
_LIMIT = "--worker-timeout (worker_timeout=) says how long to wait"


class EngineError(RuntimeError):
    """The engine (executor, scheduler, cluster) failed, not a run. Rows written before are kept."""


class Cluster:
    """The executor of a Dask client, for the workers that have this version of the package.

    Others are told once and left aside. `patience` is how many seconds there may be no worker left.
    """

    def __init__(self, executor: Executor, patience: float) -> None:
        self._executor: Any = executor
        self._client: Any = executor._client  # type: ignore[attr-defined]
        self._patience = patience
        self._fit: dict[str, str | None] = {}  # None, or why not, by address
        self._asked: dict[str, Future[Any]] = {}  # those that have not said so yet
        self._places: WeakKeyDictionary[Future[Any], list[str]] = WeakKeyDictionary()  # where it may be done
        self._missing_since: float | None = None
        self._told = False

    def submit(self, task: dict[str, Any]) -> Future[Any]:
        """Hand out a task, to a usable worker."""
        if "workers" in self._executor._kwargs:
            return self._submit(task)
        usable = self._usable()
        found = self._submit(task, workers=usable)
        self._places[found] = usable
        return found

    def _submit(self, task: dict[str, Any], **where: list[str]) -> Future[Any]:
        found: Future[Any] = self._executor.submit(run_task, task, **where)
        return found

    def stranded(self, futures: Iterable[Future[Any]]) -> list[Future[Any]]:
        """Those that no worker will finish: all for which they were submitted are gone, as of the last
        `workers`. Dask would keep them for one at the same address."""
        usable = set(self._usable())
        return [
            future
            for future in futures
            if not future.done() and future in self._places and usable.isdisjoint(self._places[future])
        ]

    def close(self) -> None:
        """Ask no more; the client stays open."""
        for asked in self._asked.values():
            asked.cancel()

    def workers(self) -> int:
        """Threads of usable workers now, 0 while there is still hope. EngineError when Dask does not answer,
        or there has been none for too long."""
        if self._client.status != "running":
            raise EngineError(f"{_LOST} ({self._client.status})")
        try:
            threads = self._threads()
            self._meet(threads)
        except OSError as error:  # closed connections
            raise EngineError(f"{_LOST} ({said(error)})") from error
        count = sum(threads[address] for address in self._usable())
        self._wait_for_some(count)
        return count

    def _usable(self) -> list[str]:
        return [address for address, trouble in self._fit.items() if trouble is None]

    def _ask(self, question: Callable[[], Awaitable[Any]]) -> Future[Any]:
        """A question to the client within its own loop: its own waiting for an answer has no end."""
        import asyncio  # here: it is a tenth of what importing this package takes

        async def answer() -> Any:
            return await question()

        return asyncio.run_coroutine_threadsafe(answer(), self._client.loop.asyncio_loop)

    def _threads(self) -> dict[str, int]:
        """By address of a worker, as the scheduler tells. EngineError when it says nothing for too long."""
        asked = self._ask(self._client.nthreads)
        tell = min(_TELL, self._patience)
        try:
            if not wait([asked], timeout=tell).done:
                text = f"the Dask scheduler does not answer; waiting for it, {self._patience:.0f} s at most"
                warnings.warn(text, RuntimeWarning, stacklevel=2)
            if not wait([asked], timeout=self._patience - tell).done:
                raise EngineError(f"{_LOST} for {self._patience:.0f} s; {_LIMIT}")
            return dict(asked.result())
        finally:
            asked.cancel()

    def _meet(self, addresses: Collection[str]) -> None:
        """Ask new workers what they have, each by itself: one may be frozen. Outside the queue of tasks, so
        busy ones answer as well."""
        self._fit = {address: trouble for address, trouble in self._fit.items() if address in addresses}
        for address in [address for address in self._asked if address not in addresses]:
            self._asked.pop(address).cancel()
        new = [address for address in addresses if address not in self._fit and address not in self._asked]
        for address in new:
            question = partial(
                self._client.run, unfit, version(), NUMERICS, workers=[address], on_error="return"
            )
            self._asked[address] = self._ask(question)
        wait(self._asked.values(), timeout=_ANSWER if new else 0.0)
        for address in [address for address, asked in self._asked.items() if asked.done()]:
            answers = self._asked.pop(address).result()
            if address in answers:  # else it has gone meanwhile: asked again where it is still told of
                self._judge(address, answers[address])

    def _judge(self, address: str, answer: object) -> None:
        trouble = (
            f"cannot import pl_native here: {said(answer)}" if isinstance(answer, BaseException) else answer
        )
        self._fit[address] = None if trouble is None else str(trouble)
        if trouble is not None:
            warnings.warn(f"worker {address} left aside: {trouble}", RuntimeWarning, stacklevel=2)

    def _wait_for_some(self, count: int) -> None:
        now = time.monotonic()
        if count:
            self._missing_since, self._told = None, False
            return
        self._missing_since = self._missing_since or now
        waited = now - self._missing_since
        silent = dict.fromkeys(self._asked, "has not answered yet")
        left_aside = "; ".join(
            f"{address}: {trouble}" for address, trouble in {**self._fit, **silent}.items()
        )
        what = f"no worker of the Dask cluster can do this work ({left_aside or 'none is connected'})"
        if waited >= self._patience:
            raise EngineError(f"{what}, for {waited:.0f} s; {_LIMIT}")
        if waited >= _TELL and not self._told:
            self._told = True
            text = f"{what}; waiting for one, {self._patience:.0f} s at most"
            warnings.warn(text, RuntimeWarning, stacklevel=2)


def said(error: object) -> str:
    """An exception in one line, with what the engine may have meant where it says nothing itself."""
    text = f"{type(error).__name__}: {error}".splitlines()[0]
    if type(error).__name__ in ("CancelledError", "FutureCancelledError") and not str(error).strip():
        text += "the task was cancelled: its scheduler was restarted, was lost, or could not read it"
    return text


def _check_address(address: str) -> None:
    """Before a client is made: one that is refused leaves threads, and tracebacks at the end."""
    addressing = importlib.import_module("distributed.comm.addressing")
    try:
        addressing.resolve_address(addressing.normalize_address(address))
    except ValueError as error:
        raise ValueError(
            "executor (--dask): expected the address of a Dask scheduler, such as tcp://host:8786, got "
            f"{address!r} ({error})"
        ) from error


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the Dask scheduler at `address`. ValueError for what is no address, EngineError if none
    answers there; ImportError without Dask.
    """
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        raise ImportError("Dask is missing: pip install 'pl_native[dask]'") from None
    try:
        _check_address(address)
        client = distributed.Client(address, timeout=10, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise EngineError(f"no Dask scheduler answers at {address} ({said(error)})") from error
    for name in [
        name for name in logging.root.manager.loggerDict if name.startswith(("distributed", "asyncio"))
    ]:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # a lost scheduler is told once, by EngineError
    try:
        yield client
    finally:
        client.close(timeout=5)
