"""Integer time: the number of steps, the saved steps, and that t is k * step exactly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import pl_native as pl
from pl_native._run import time_grid
from problems import problem


@pytest.mark.parametrize(
    ("t_end", "step", "expected"),
    [
        (0.0, 1.0, 0),
        (1.0, 1.0, 1),
        (1000.0, 1.0, 1000),
        (0.3, 0.1, 3),  # 0.3/0.1 = 2.9999999999999996
        (0.7, 0.1, 7),
        (2.5, 1.0, 3),
        (0.5, 1.0, 1),
        (1e-12, 1.0, 1),
        (1.0 + 1e-10, 1.0, 1),
        (1.0 + 1e-8, 1.0, 2),
        (1e6 * (1 + 1e-10), 1.0, 10**6),
        (1e6 * (1 + 1e-8), 1.0, 10**6 + 1),
        (1e9, 1e-2, 10**11),
    ],
)
def test_number_of_steps(t_end: float, step: float, expected: int) -> None:
    assert time_grid.n_steps(t_end, step) == expected


def test_too_many_steps() -> None:
    with pytest.raises(ValueError, match="too many"):
        time_grid.n_steps(1.0, 1e-300)


@given(st.floats(0, 1e4), st.floats(1e-3, 1e3))
@example(5e-324, 2.0)  # the ratio is 0
def test_the_grid_covers_the_end(t_end: float, step: float) -> None:
    n = time_grid.n_steps(t_end, step)
    assert n * step >= t_end * (1 - 2e-9)
    assert (n - 1) * step < t_end or n == 0


@given(st.integers(2, 40), st.integers(0, 200))
def test_count_is_evenly_spaced_in_steps(count: int, n: int) -> None:
    got = time_grid.save_steps(pl.Save(count=count), float(n), 1.0, n)
    assert got.dtype == np.int64
    assert (got[0], got[-1]) == (0, n)
    assert np.all(np.diff(got) > 0)
    if count <= n + 1:
        np.testing.assert_array_equal(got, [i * n // (count - 1) for i in range(count)])
    else:
        np.testing.assert_array_equal(got, np.arange(n + 1))


def test_count_is_exact_for_the_largest_runs() -> None:
    n = 2**40
    got = time_grid.save_steps(pl.Save(count=2**22 + 1), float(n), 1.0, n)
    assert got[-1] == n
    assert np.all(np.diff(got) == 2**18)


def test_no_plan_is_start_and_end() -> None:
    np.testing.assert_array_equal(time_grid.save_steps(pl.Save(), 7.0, 1.0, 7), [0, 7])
    np.testing.assert_array_equal(time_grid.save_steps(pl.Save(), 0.0, 1.0, 0), [0])


def test_times_snap_to_the_nearest_step() -> None:
    save = pl.Save(times=[0.0, 0.04, 0.06, 0.11, 0.24, 0.5])
    np.testing.assert_array_equal(time_grid.save_steps(save, 0.5, 0.1, 5), [0, 1, 2, 5])


def test_times_beyond_the_last_step_are_the_last_step() -> None:
    np.testing.assert_array_equal(time_grid.save_steps(pl.Save(times=[2.0]), 2.0, 1.5, 2), [1])
    np.testing.assert_array_equal(time_grid.save_steps(pl.Save(times=[0.3]), 0.3, 0.1, 3), [3])


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (1.0, range(11)),
        (0.2, range(11)),
        (2.0, [0, 2, 4, 6, 8, 10]),
        (3.0, [0, 3, 6, 9, 10]),
        (50.0, [0, 10]),
    ],
)
def test_every(every: float, expected: Any) -> None:
    np.testing.assert_array_equal(time_grid.save_steps(pl.Save(every=every), 10.0, 1.0, 10), list(expected))


@pytest.mark.parametrize("step", [1.0, 0.1, 1 / 3])
def test_times_are_products_and_the_last_one_is_the_end(backend: str, step: float) -> None:
    data, network = problem()
    sol = pl.simulate(data, network, 20 * step, step=step * 1.0, save=pl.Save(every=step), backend=backend)
    np.testing.assert_array_equal(sol.t, np.arange(21) * step)
    assert sol.t[-1] == 20 * step
    assert sol.stats["steps"] == 20


def test_saving_changes_nothing_else(backend: str) -> None:
    data, network = problem()
    runs = [
        pl.simulate(data, network, 30.0, save=save, backend=backend)
        for save in (None, 7, [3.0, 4.0], pl.Save(every=1.0, states=True))
    ]
    assert all(run.network == runs[0].network for run in runs)
    assert [len(run.t) for run in runs] == [2, 7, 2, 31]
    np.testing.assert_array_equal(runs[2].t, [3.0, 4.0])
    full = runs[3]
    for run in runs[:3]:
        at = run.t.astype(int)
        for name in ("loss", "local_pl", "grad_norm", "n_active", "invariant_drift"):
            np.testing.assert_array_equal(getattr(run, name), getattr(full, name)[at])


def test_a_run_of_no_time(backend: str) -> None:
    data, network = problem()
    sol = pl.simulate(data, network, 0.0, backend=backend)
    assert sol.network == network
    assert sol.t.tolist() == [0.0]
    assert sol.status is pl.Status.HORIZON
    assert math.isnan(sol.average_pl())
