"""Ctrl-C during a sweep: what is finished is kept."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import pl_native as pl
from children import until_computed
from pl_native import store, sweep
from pl_native._base import interrupts
from pl_native._problem import Stop
from pl_native.store import Store, folder
from pl_native.sweep import worker
from sweeping import SEED, broken_data, cell, run

pytestmark = pytest.mark.usefixtures("ctrl_c")
native = pytest.mark.skipif("native" not in pl.backends.available(), reason="needs the compiled core")


def press_twice(delay=0.0, apart=0.0):
    """SIGINT twice, `apart` seconds between them."""
    time.sleep(delay)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(apart)
    os.kill(os.getpid(), signal.SIGINT)


def on_call(monkeypatch, owner, name, which, act):
    """Does `act` before call number `which` of a function of `owner`."""
    real, calls = getattr(owner, name), itertools.count(1)

    def called(*arguments):
        if next(calls) == which:
            act()
        return real(*arguments)

    monkeypatch.setattr(owner, name, called)


def test_fault_7_5_ctrl_c_amid_finished_runs_keeps_all_of_them(tmp_path, monkeypatch):
    """While the rows of a chunk's finished runs are made: at the 15th of 20."""
    on_call(monkeypatch, worker, "outcome", 15, press_twice)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, cell(replicates=20), cell(n=13), chunk_seconds=100.0)
    assert len(Store(tmp_path)) == 22  # both cells are one call
    assert store.verify(tmp_path).ok


def test_fault_7_5_ctrl_c_between_two_methods_keeps_the_rows_of_the_first(tmp_path, monkeypatch):
    """A second call of a backend was due: its KeyboardInterrupt took the rows of the first with it."""
    on_call(monkeypatch, worker, "outcome", 2, press_twice)
    flow = cell(replicates=3, method="flow", stop=Stop(), t_end=0.1)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, cell(replicates=3), flow, chunk_seconds=100.0)
    assert len(Store(tmp_path)) == 3


def test_ctrl_c_waits_for_the_rows_of_few_runs(tmp_path, monkeypatch):
    """Of a chunk of thousands it made the rows of all that had ended, 0.7 s: now those of one call."""
    on_call(monkeypatch, worker, "outcome", 10, press_twice)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, cell(n=4, d=2, p=2, replicates=600), chunk_seconds=100.0)
    assert len(Store(tmp_path)) == 256


@pytest.mark.parametrize("backend", ["native", "numpy"])
def test_fault_7_5_ctrl_c_between_a_backend_and_its_solutions_keeps_the_runs(backend, monkeypatch):
    """`simulate_ensemble` too: `Interrupted` carries what was finished when the signal came."""
    if backend not in pl.backends.available():
        pytest.skip(f"backend {backend} is not available")
    from pl_native._run import execute

    on_call(monkeypatch, execute, "solution_of", 2, press_twice)
    problems = [sweep.problem(cell(), SEED, k) for k in range(4)]
    with pytest.raises(pl.Interrupted) as stopped:
        pl.simulate_ensemble(problems, t_end=5.0, backend=backend)
    assert stopped.value.indices == [0, 1, 2, 3]
    assert {solution.status for solution in stopped.value.solutions} == {pl.Status.HORIZON}


def test_fault_7_5_ctrl_c_in_the_oracle_of_the_flow_keeps_finished_runs(monkeypatch):
    from pl_native.backends import numpy_flow

    def press():
        raise KeyboardInterrupt

    on_call(monkeypatch, numpy_flow.Oracle, "run", 3, press)
    problems = [sweep.problem(cell(), SEED, k) for k in range(4)]
    with pytest.raises(pl.Interrupted) as stopped:
        pl.simulate_ensemble(problems, t_end=0.1, method="flow", backend="numpy")
    assert stopped.value.indices == [0, 1]


@native
@pytest.mark.parametrize(
    "apart", [0.03, *(pytest.param(s, marks=pytest.mark.slow) for s in (0.0, 0.001, 0.01, 0.1))]
)
def test_fault_2_10_ctrl_c_twice_keeps_rows(apart, tmp_path):
    """The second came while the first was answered, and the rows in hand were gone."""
    code = (
        "import sys\nfrom pl_native import sweep, Stop\n"
        "cells = sweep.grid(n=list(range(20, 60)), d=6, p=5, initialisation='torch_linear', t_end=4e4,"
        " replicates=20)\n"
        "plan = sweep.plan(cells, seed=1, backend='native')\nprint('ready', flush=True)\n"
        "sweep.run(plan, sys.argv[1], threads=1, chunk_seconds=100.0, progress=False)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)  # fmt: skip
    process.stdout.readline()
    while process.poll() is None and not (tmp_path / "manifest.json").exists():
        time.sleep(0.01)
    until_computed(process, 1.5)  # the problems are drawn, some runs are done, none is on disk
    process.send_signal(signal.SIGINT)
    time.sleep(apart)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "Interrupted" in errors or "KeyboardInterrupt" in errors
    assert len(Store(tmp_path)) > 0
    assert store.verify(tmp_path).ok


def test_ctrl_c_in_a_slow_generator_is_answered(tmp_path, monkeypatch):
    """A problem that is being drawn has nothing to lose; the failures before it are rows."""

    def hang():
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
        time.sleep(30.0)

    on_call(monkeypatch, worker, "problem", 3, hang)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, cell(data=broken_data, replicates=6))
    assert time.monotonic() - began < 10.0


def test_held_signals_are_raised_at_the_end_once_and_by_the_handler_of_before():
    seen = []
    signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    with interrupts.held() as outer:
        press_twice()
        with interrupts.held() as inner:
            assert inner is outer
        assert outer.pending
        assert seen == []
    assert seen == [signal.SIGINT]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt), interrupts.held():
        press_twice()
    with pytest.raises(KeyboardInterrupt), interrupts.held() as now, now.released():
        press_twice()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interrupts.held():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def slow_csv(monkeypatch, seconds):
    """Every shard's part of rows.csv takes so long; it is written at the first chunk and at the end."""
    real = folder.csv_lines
    monkeypatch.setattr(folder, "csv_lines", lambda rows: time.sleep(seconds) or real(rows))
    monkeypatch.setattr(folder, "_CSV_SHARE", 1e9)


def test_ctrl_c_is_not_held_while_rows_csv_is_derived(tmp_path, monkeypatch):
    """At the end of a sweep of 30 000 rows it came 3 s late; rows are in their shards."""
    run(tmp_path, cell(replicates=3))
    before = (tmp_path / "rows.csv").read_bytes()
    slow_csv(monkeypatch, 0.3)
    pressing = threading.Timer(0.1, press_twice)
    on_call(monkeypatch, folder, "csv_lines", 4, pressing.start)
    began = time.monotonic()

    def pressed():
        try:
            run(tmp_path, cell(replicates=3), cell(n=13, replicates=4), chunk_seconds=1e-9, extend=True)
        finally:
            pressing.join()  # beside busy processes the second came after the sweep, and ended the suite

    with pytest.raises(KeyboardInterrupt):
        pressed()
    assert time.monotonic() - began < 5.0
    assert len(Store(tmp_path)) == 7
    assert (tmp_path / "rows.csv").read_bytes().startswith(before)
    assert not list(tmp_path.glob("*.tmp*"))
    assert all(session["ended"] for session in Store(tmp_path).manifest().sessions)
    found = store.verify(tmp_path)
    assert found.ok
    assert found.csv_missing == 7 - 3 - 1
    run(tmp_path, cell(replicates=3), cell(n=13, replicates=4), extend=True)
    assert store.verify(tmp_path).csv_missing == 0


def test_after_ctrl_c_a_rows_csv_that_takes_long_is_left(tmp_path, monkeypatch):
    slow_csv(monkeypatch, 0.2)
    on_call(monkeypatch, worker, "outcome", 3, press_twice)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, cell(replicates=6), chunk_seconds=1e-9)
    found = store.verify(tmp_path)
    assert found.ok
    assert found.csv_missing == len(Store(tmp_path)) - 1 > 0
