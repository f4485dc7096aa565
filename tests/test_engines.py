"""Executors: same rows through any of them, and an engine that fails is told apart from a run that fails."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)

import pytest

from pl_native import store, sweep
from pl_native.store import ERROR, Store
from pl_native.sweep import EngineError, engines, remote, result_row
from sweeping import GRID, bits, broken_data, cell, plan, poisonous, run


class Script(Executor):
    """An executor that does what it is told: each entry is an exception, or None to run the task."""

    def __init__(self, *script):
        self.script, self.sizes = list(script), []

    def submit(self, fn, task):
        future = Future()
        self.sizes.append(sum(len(part["replicates"]) for part in task["parts"]))
        outcome = self.script.pop(0) if self.script else None
        if outcome is None:
            future.set_result(fn(task))
        else:
            future.set_exception(outcome)
        return future


class KilledWorker(Exception):  # noqa: N818 (Dask's name)
    pass


def test_threads_and_processes_give_the_rows_of_one_process(tmp_path):
    _, here = run(tmp_path / "here", *GRID)
    with ThreadPoolExecutor(2) as pool:
        new, rows = run(tmp_path / "threads", *GRID, executor=pool, chunk_seconds=1e-9)
    assert new == 8
    assert bits(rows) == bits(here)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        _, rows = run(tmp_path / "processes", *GRID, executor=pool)
    assert bits(rows) == bits(here)
    assert {row["threads"] for row in rows} == {1}


def test_native_rows_are_those_of_native_threads(tmp_path, backend):
    todo = plan(*GRID, backend=backend)
    sweep.run(todo, tmp_path / "a", progress=False, threads=2)
    with ThreadPoolExecutor(2) as pool:
        sweep.run(todo, tmp_path / "b", progress=False, executor=pool, chunk_seconds=1e-9)
    assert bits(Store(tmp_path / "a").rows(todo.ids)) == bits(Store(tmp_path / "b").rows(todo.ids))


def test_a_bounded_number_of_chunks_is_ahead(tmp_path):
    class Lazy(Executor):
        _max_workers = 2
        open = most = 0

        def submit(self, fn, task):
            Lazy.open += 1
            Lazy.most = max(Lazy.most, Lazy.open)
            future = Future()
            future.set_result(fn(task))
            future.add_done_callback(lambda _: None)
            return future

    real = engines._Work.take

    def taken(*arguments):
        Lazy.open -= 1
        return real(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines._Work, "take", taken)
        assert run(tmp_path, cell(replicates=20), executor=Lazy(), chunk_seconds=1e-9)[0] == 20
    assert Lazy.most == 4


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BrokenExecutor("a child died"), "the engine was lost: BrokenExecutor: a child died"),
        (CancelledError(), "the engine was lost: CancelledError: the task was cancelled: its scheduler was"),
        (
            ImportError("No module named 'pl_native'"),
            "a worker failed: ImportError: No module named 'pl_native'",
        ),
    ],
)
def test_a_lost_engine_keeps_rows_and_the_sweep_resumes(error, words, tmp_path):
    script = Script(None, None, error)
    script._max_workers = 1
    with pytest.raises(EngineError, match=words):
        run(tmp_path / "a", *GRID, executor=script, chunk_seconds=1e-9)
    kept = len(Store(tmp_path / "a"))
    assert 0 < kept < 8
    assert store.verify(tmp_path / "a").ok
    new, rows = run(tmp_path / "a", *GRID)
    assert new == 8 - kept
    assert bits(rows) == bits(run(tmp_path / "b", *GRID)[1])


def test_a_run_that_kills_its_workers_becomes_a_row(tmp_path):
    class Deadly(Script):
        def submit(self, fn, task):
            self.script = [KilledWorker("task-1", 3)] if poisonous(task) else []
            return super().submit(fn, task)

    new, rows = run(tmp_path / "a", *GRID, executor=Deadly())
    assert new == 8
    (failed,) = [row for row in rows if row["status"] == ERROR]
    assert (failed["n"], failed["replicate"]) == (12, 3)
    assert failed["error"].startswith("killed its worker: KilledWorker")
    whole = run(tmp_path / "b", *GRID)[1]
    assert bits(r for r in rows if r is not failed) == bits(r for r in whole if r["id"] != failed["id"])
    assert run(tmp_path / "a", *GRID, retry_errors=True)[0] == 1
    assert bits(Store(tmp_path / "a").rows(plan(*GRID).ids)) == bits(whole)


def test_failing_runs_are_rows_on_workers_too(tmp_path):
    grid = cell(data=broken_data, replicates=12)
    with ThreadPoolExecutor(2) as pool:
        _, rows = run(tmp_path / "a", grid, executor=pool)
    assert bits(rows) == bits(run(tmp_path / "b", grid)[1])


def test_workers_of_another_version_are_refused(tmp_path, monkeypatch):
    settings = result_row.Settings(7, "numpy", 1)
    task = remote.task_of(list(plan(cell())), settings)
    assert len(remote.run_task(task)) == 2
    for change in ({"numerics": 0}, {"version": "0.0.1"}):
        with pytest.raises(RuntimeError, match="install one version everywhere"):
            remote.run_task(task | change)


def test_rows_that_were_not_asked_for_are_refused(tmp_path):
    class Wrong(Script):
        def submit(self, fn, task):
            return super().submit(lambda task: fn(task)[1:], task)

    with pytest.raises(EngineError, match="a worker computed other runs than were asked for"):
        run(tmp_path, cell(), executor=Wrong())
    assert len(Store(tmp_path)) == 0


def test_an_executor_that_takes_no_work_is_told(tmp_path):
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(EngineError, match="the engine takes no more work: RuntimeError: cannot schedule"):
        run(tmp_path, cell(), executor=pool)


def test_ctrl_c_keeps_what_workers_finished(tmp_path, monkeypatch):
    real, calls = engines.wait, []

    def interrupted(pending, **how):
        calls.append(len(pending))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(pending, **how)

    monkeypatch.setattr(engines, "wait", interrupted)
    script = Script()
    script._max_workers = 1
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, *GRID, executor=script, chunk_seconds=1e-9)
    assert 0 < len(Store(tmp_path)) < 8
    assert store.verify(tmp_path).ok


def test_a_client_is_asked_for_its_executor(tmp_path):
    class Client:
        def get_executor(self, pure):
            assert pure is False
            return Script()

    assert run(tmp_path, cell(), executor=Client())[0] == 2


def test_without_dask_an_address_is_refused(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"Dask is missing: pip install 'pl_native\[dask\]'"):
        run(tmp_path / "a", cell(), executor="tcp://127.0.0.1:1")
    assert not (tmp_path / "a").exists()


def test_workers_are_counted():
    assert engines.Pool(ThreadPoolExecutor(5)).workers() == 5
    assert engines.Pool(Script()).workers() == 32


def test_fault_7_5_ctrl_c_keeps_what_workers_have_finished_meanwhile(tmp_path, monkeypatch):
    """Also what was done but not collected when the signal came."""

    def interrupted(pending, **how):
        raise KeyboardInterrupt

    monkeypatch.setattr(engines, "wait", interrupted)
    script = Script()
    script._max_workers = 1
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, *GRID, executor=script, chunk_seconds=1e-9)
    assert len(Store(tmp_path)) == 2
