"""What is particular to the Numba backend: one fused pass, NaN, threads."""

from __future__ import annotations

import signal
import time
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from pl_native.backends import numba as jit
from pl_native.backends import numpy as oracle
from problems import euler_task, problem

pytest.importorskip("numba")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_pass_is_the_oracles(dtype: type) -> None:
    data, network = problem(n=33, d=7, p=17, dtype=dtype)
    task = euler_task(data, network)
    mine, theirs = (b.evaluate(task, network.W, network.a) for b in (jit, oracle))
    tolerance = 50 * float(np.finfo(dtype).eps)
    assert mine.sum_r2 == pytest.approx(theirs.sum_r2, rel=tolerance)
    assert mine.n_active == theirs.n_active
    np.testing.assert_array_equal(mine.dead, theirs.dead)
    for name in ("W_dot", "a_dot"):
        got, expected = getattr(mine, name), getattr(theirs, name)
        assert got.dtype == dtype
        np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def test_the_pass_as_python_is_the_pass_compiled() -> None:
    """The function that Numba compiles, interpreted: no meaning is lost in compilation."""
    data, network = problem(n=5, d=3, p=4)
    compiled = jit.evaluate(euler_task(data, network), network.W, network.a)
    W_dot, a_dot = np.empty_like(network.W), np.empty_like(network.a)
    dead = np.empty(5, bool)
    sum_r2, n_active = jit._pass(data.X, data.y, network.W, network.a, a_dot.copy(), W_dot, a_dot, dead)
    assert (n_active, dead.tolist()) == (compiled.n_active, compiled.dead.tolist())
    assert sum_r2 == pytest.approx(compiled.sum_r2, rel=1e-14)
    np.testing.assert_allclose(W_dot, compiled.W_dot, rtol=1e-13)


def test_nan_is_not_swallowed_by_the_mask() -> None:
    data, network = problem()
    W = network.W.copy()
    W[0, 0] = np.nan
    for backend in (jit, oracle):
        assert np.isnan(backend.evaluate(euler_task(data, network), W, network.a).sum_r2)


def test_the_pass_releases_the_gil() -> None:
    """Runs on two threads overlap only then (bench/ times it)."""
    pl.simulate(*problem(), 1.0, backend="numba")
    assert jit._compiled().targetoptions["nogil"]


def test_5_5_compilation_is_no_runs_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults 5.5: the first run of a process spent its `wall_time` on compiling."""
    compiled, spent = jit._compiled(), []

    def slow_at_first(*arrays: np.ndarray) -> tuple[float, int]:
        if len(spent) < 2:  # a compilation for read-only states, and one for others
            began = time.monotonic()
            time.sleep(0.3)
            spent.append(time.monotonic() - began)
        return compiled(*arrays)

    monkeypatch.setattr(jit, "_compiled", lambda: slow_at_first)
    jit._compile_for.cache_clear()
    began = time.monotonic()
    sol = pl.simulate(*problem(), 1e9, backend="numba", stop=pl.Stop(wall_time=0.2))
    whole = time.monotonic() - began
    jit._compile_for.cache_clear()
    assert 0.2 <= sol.stats["seconds"] <= whole - sum(spent)  # however long the machine took over it
    assert sol.stats["steps"] > 3


def test_ctrl_c_waits_for_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raised in the midst of it, the process died in LLVM."""
    compiled: list[Any] = []

    def pressed(dtype: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        compiled.append(dtype)

    monkeypatch.setattr(jit, "_compile_for", pressed)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(pl.Interrupted) as stopped:
            pl.simulate(*problem(), 1.0, backend="numba")
        assert stopped.value.solutions == []
        assert jit.euler([euler_task(*problem())], threads=1, poll=None) == ([None], True)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(compiled) == 2
