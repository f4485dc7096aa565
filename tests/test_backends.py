"""Every backend against the oracle, over sizes either side of every vector length."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import pl_native as pl
from pl_native import backends, metrics
from problems import SIZES, orthogonal_problem, problem, safe_step

sizes = st.sampled_from(SIZES)


@pytest.fixture(params=["native", "numba"], scope="session")
def compiled(request: pytest.FixtureRequest) -> str:
    """A backend that is not the oracle itself."""
    if request.param not in backends.available():
        pytest.skip(f"backend {request.param} is not available")
    return str(request.param)


def clear_problem(n: int, d: int, p: int, seed: int, dtype: Any) -> tuple[pl.Dataset, pl.Network]:
    """A draw with no pre-activation so near to zero that rounding decides its sign."""
    for k in range(100):
        data, network = problem(n, d, p, seed + 1000 * k, dtype)
        if np.abs(metrics.preactivations(data, network)).min() > (1e-10 if dtype == np.float64 else 1e-6):
            note(f"redrawn {k} times")
            return data, network
    raise AssertionError("no clear draw in a hundred")


@functools.cache
def by_oracle(n: int, d: int, p: int, seed: int, dtype: Any, count: int, save: int | None) -> pl.Solution:
    """Once for every backend: they are asked about the same draws."""
    data, network = clear_problem(n, d, p, seed, dtype)
    step = safe_step(data, network)
    return pl.simulate(data, network, count * step, step=step, save=save, backend="numpy")


def distance(left: pl.Network, right: pl.Network) -> float:
    """Relative, in the norm of all weights."""
    gap = np.linalg.norm(left.W - right.W) ** 2 + np.linalg.norm(left.a - right.a) ** 2
    return float(np.sqrt(gap / (np.linalg.norm(right.W) ** 2 + np.linalg.norm(right.a) ** 2)))


@given(sizes, sizes, sizes, st.integers(0, 999))
def test_float64_agrees_with_the_oracle(compiled: str, n: int, d: int, p: int, seed: int) -> None:
    data, network = clear_problem(n, d, p, seed, np.float64)
    step = safe_step(data, network)
    for count, tolerance in ((1, 1e-13), (200, 1e-10)):
        got = pl.simulate(data, network, count * step, step=step, save=5, backend=compiled)
        expected = by_oracle(n, d, p, seed, np.float64, count, 5)
        assert distance(got.network, expected.network) < tolerance
        np.testing.assert_array_equal(got.t, expected.t)
        scale = expected.loss[0] * tolerance
        np.testing.assert_allclose(got.loss, expected.loss, rtol=tolerance, atol=scale)
        assert got.status is expected.status


@given(sizes, sizes, sizes, st.integers(0, 999))
def test_float32_agrees_with_the_oracle(compiled: str, n: int, d: int, p: int, seed: int) -> None:
    data, network = clear_problem(n, d, p, seed, np.float32)
    step = safe_step(data, network)
    got = pl.simulate(data, network, 200 * step, step=step, backend=compiled)
    expected = by_oracle(n, d, p, seed, np.float32, 200, None)
    assert got.network.dtype == np.float32
    np.testing.assert_allclose(got.loss, expected.loss, rtol=1e-3, atol=1e-6 * expected.loss[0])


def test_counters_agree_with_the_oracle(backend: str) -> None:
    for make in (problem, orthogonal_problem):
        for step in (0.1, 1.0, 4.0):
            data, network = make(n=6, d=9, p=5, seed=2)
            got, expected = (
                pl.simulate(data, network, 60 * step, step=step, backend=b) for b in (backend, "numpy")
            )
            if distance(got.network, expected.network) < 1e-8:  # else chaotic at this step
                for name in ("steps", "first_rise", "rises", "criterion_time", "proved_time"):
                    assert got.stats[name] == expected.stats[name], name
                assert got.stats["loss_bound"] == pytest.approx(expected.stats["loss_bound"])
                np.testing.assert_array_equal(got.n_active, expected.n_active)


@pytest.mark.parametrize("data", [pl.Dataset([[1.0]], [1.0]), pl.Dataset.orthogonal([1.0], [1.0])])
@pytest.mark.parametrize(("units", "expected"), [(1, False), (9, False), (18, False), (30, True)])
def test_the_proof_leaves_room_for_rounding(
    backend: str, units: int, expected: bool, data: pl.Dataset
) -> None:
    """r = y - units * 2**-53 with y = 1: below y, but claimed only beyond what rounding could hide.

    9 is hidden by the error of r (12 units), 18 by that of the sum and the level (10 and 4 more, for r^2).
    """
    one = data, pl.Network([[units * 2.0**-53]], [1.0])
    sol = pl.simulate(*one, 0.0, backend=backend)
    assert sol.stats["proved_time"] == (0.0 if expected else None)


@pytest.mark.parametrize("make", [pl.Dataset, pl.Dataset.orthogonal])
@pytest.mark.parametrize(("output", "expected"), [(1e-10, False), (1e-7, True)])
def test_the_proof_counts_what_cancels(backend: str, output: float, expected: bool, make: Any) -> None:
    """h = output after two terms of 3e5 that cancel: what rounding may hide is in proportion to those."""
    data = make([[1.0]] if make is pl.Dataset else [1.0], [1.0])
    network = pl.Network([[999.0], [999.0], [3 * output]], [1000.0, -1000.0, 1.0])
    sol = pl.simulate(data, network, 0.0, backend=backend)
    assert sol.stats["proved_time"] == (0.0 if expected else None)


def test_a_pair_at_zero_is_off(backend: str) -> None:
    """sigma'(0) = 0: a neuron at right angles to the only point stays where it is."""
    both = pl.Dataset([[0.0, 2.0]], [1.0]), pl.Network([[1.0, 0.0]], [1.5])
    sol = pl.simulate(*both, 5.0, backend=backend)
    assert sol.network == both[1]
    assert sol.n_active.tolist() == [0, 0]
    assert sol.local_pl.tolist() == [0.0, 0.0]


def test_read_only_inputs_are_not_written(backend: str) -> None:
    data, network = problem()
    before = [array.copy() for array in (data.X, data.y, network.W, network.a)]
    pl.simulate(data, network, 20.0, backend=backend)
    for now, then in zip((data.X, data.y, network.W, network.a), before, strict=True):
        np.testing.assert_array_equal(now, then)
