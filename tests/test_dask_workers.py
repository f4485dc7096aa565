"""Dask's workers, as the scheduler tells of them: which are asked, left aside, waited for and lost."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from concurrent.futures import Executor, Future
from types import SimpleNamespace

import pytest

from pl_native import store
from pl_native.store import ERROR
from pl_native.sweep import EngineError, cluster, engines
from sweeping import GRID, bits, cell, poisonous, run

NEVER = object()


@pytest.fixture(scope="module", autouse=True)
def loop():
    """The loop of the clients, in a thread of its own as Dask's."""
    Client.loop = SimpleNamespace(asyncio_loop=asyncio.new_event_loop())
    runner = threading.Thread(target=Client.loop.asyncio_loop.run_forever)
    runner.start()
    yield
    Client.loop.asyncio_loop.call_soon_threadsafe(Client.loop.asyncio_loop.stop)
    runner.join()
    Client.loop.asyncio_loop.close()


class Client:
    """A Dask client: threads by worker, and what each answers when it is asked whether it fits."""

    def __init__(self, threads, answers):
        self.threads, self.answers, self.asked, self.status = threads, answers, [], "running"

    async def nthreads(self):
        if self.threads is NEVER:
            await asyncio.sleep(60)
        return self.threads

    async def run(self, function, *arguments, workers, on_error):
        assert on_error == "return"
        self.asked += workers
        answers = {address: self.answers.get(address, function(*arguments)) for address in workers}
        if NEVER in answers.values():
            await asyncio.sleep(60)
        return answers


class Dask(Executor):
    """Its executor, which does the tasks at once and notes where they were to be done."""

    def __init__(self, client):
        self._client, self._kwargs, self.places = client, {}, []

    def submit(self, fn, task, workers=None):
        self.places.append(workers)
        future = Future()
        future.set_result(fn(task))
        return future


def test_fault_7_4_a_worker_of_other_numerics_is_left_aside(tmp_path):
    """The others do the work; it is asked and told once."""
    client = Client({"a": 1, "b": 2, "c": 1}, {"b": "has numerics 0", "c": ImportError("no pl_native")})
    executor = Dask(client)
    with pytest.warns(RuntimeWarning) as told:
        new, _ = run(tmp_path, *GRID, executor=executor, chunk_seconds=1e-9)
    assert new == 8
    assert set(map(tuple, executor.places)) == {("a",)}
    assert client.asked == ["a", "b", "c"]
    texts = sorted(str(one.message) for one in told)
    assert texts == [
        "worker b left aside: has numerics 0",
        "worker c left aside: cannot import pl_native here: ImportError: no pl_native",
    ]


def test_fault_7_4_without_a_worker_a_line_then_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_TELL", 0.2)
    monkeypatch.setattr(engines, "_POLL", 0.05)
    with (
        pytest.warns(RuntimeWarning, match=r"none is connected\); waiting for one, 1 s at most"),
        pytest.raises(EngineError, match=r"no worker of the Dask cluster .* for 1 s; --worker-timeout"),
    ):
        run(tmp_path, cell(), executor=Dask(Client({}, {})), worker_timeout=1.0)


def test_a_worker_that_does_not_answer_is_not_waited_for(tmp_path, monkeypatch):
    """One that was frozen held up the sweep, Ctrl-C and all, until Dask gave it up after five minutes."""
    monkeypatch.setattr(cluster, "_ANSWER", 0.05)
    executor = Dask(Client({"a": 1, "b": 1}, {"a": NEVER}))
    new, _ = run(tmp_path, *GRID, executor=executor, chunk_seconds=1e-9)
    assert new == 8
    assert set(map(tuple, executor.places)) == {("b",)}


def test_where_no_worker_answers_a_line_then_an_error(tmp_path, monkeypatch):
    for name, seconds in (("_ANSWER", 0.05), ("_TELL", 0.2)):
        monkeypatch.setattr(cluster, name, seconds)
    monkeypatch.setattr(engines, "_POLL", 0.05)
    with (
        pytest.warns(RuntimeWarning, match=r"\(a: has not answered yet\); waiting for one, 1 s at most"),
        pytest.raises(EngineError, match=r"\(a: has not answered yet\), for 1 s; --worker-timeout"),
    ):
        run(tmp_path, cell(), executor=Dask(Client({"a": 1}, {"a": NEVER})), worker_timeout=1.0)


def test_a_scheduler_that_does_not_answer_is_told_then_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_TELL", 0.2)
    with (
        pytest.warns(RuntimeWarning, match="the Dask scheduler does not answer; waiting for it, 1 s at most"),
        pytest.raises(
            EngineError, match=r"the engine was lost: the Dask scheduler .* for 1 s; --worker-time"
        ),
    ):
        run(tmp_path, cell(), executor=Dask(Client(NEVER, {})), worker_timeout=1.0)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_a_sweep_whose_scheduler_does_not_answer(tmp_path):
    main = threading.main_thread().ident
    threading.Timer(0.5, signal.pthread_kill, [main, signal.SIGINT]).start()
    before = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, cell(), executor=Dask(Client(NEVER, {})), worker_timeout=20.0)
    assert time.monotonic() - before < 10.0


def test_fault_7_4_a_worker_may_come_late(tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "_POLL", 0.01)
    client = Client({}, {})
    threading.Timer(0.1, lambda: client.threads.update(a=1)).start()
    assert run(tmp_path, cell(), executor=Dask(client), worker_timeout=60.0)[0] == 2


class Dying(Dask):
    """One worker at a time, which does a task and is gone with the next, or with a poisonous one; another
    comes in its place."""

    def __init__(self):
        super().__init__(Client({"w0": 1}, {}))
        self.number, self.busy = 0, False

    def submit(self, fn, task, workers=None):
        if self.busy or poisonous(task):  # of the worker there is, which dies
            self.places.append(workers)
            self.number += 1
            self._client.threads = {f"w{self.number}": 1}
            self.busy = False
            return Future()
        self.busy = True
        return super().submit(fn, task, workers)


def test_chunks_of_workers_that_are_gone_go_to_those_there_are(tmp_path, monkeypatch):
    """They were pinned to the workers of then: a sweep whose first worker died waited forever."""
    monkeypatch.setattr(engines, "_POLL", 0.001)
    grid = cell(replicates=3), cell(n=13, replicates=3)  # nothing poisonous
    executor = Dying()
    new, rows = run(tmp_path / "a", *grid, executor=executor, chunk_seconds=1e-9)
    assert new == 6
    assert len(executor.places) > 6
    assert executor.number > 0
    assert bits(rows) == bits(run(tmp_path / "b", *grid)[1])
    assert store.verify(tmp_path / "a").duplicates == 0


def test_a_run_whose_workers_are_lost_again_and_again_becomes_a_row(tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "_POLL", 0.001)
    executor = Dying()
    new, rows = run(tmp_path / "a", *GRID, executor=executor)
    assert new == 8
    (failed,) = [row for row in rows if row["status"] == ERROR]
    assert (failed["n"], failed["replicate"]) == (12, 3)
    assert failed["error"] == "killed its worker: its workers were lost 4 times"
    whole = run(tmp_path / "b", *GRID)[1]
    assert bits(r for r in rows if r is not failed) == bits(r for r in whole if r["id"] != failed["id"])


def test_fault_7_4_a_dask_that_is_gone_is_told(tmp_path):
    client = Client({"a": 2}, {})
    client.status = "closed"
    with pytest.raises(EngineError, match=r"the Dask scheduler does not answer \(closed\)"):
        run(tmp_path, cell(), executor=Dask(client))
