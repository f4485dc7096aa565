"""What is claimed of a run holds in exact arithmetic, whatever the method that ran it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import pl_native as pl

pytest.importorskip("pl_native._core")

METHODS = ("euler", "flow", "capture")


def dead_but_one(n: int) -> tuple[pl.Dataset, pl.Network]:
    """n orthonormal points of which one neuron sees the first: the others keep their labels of -0.7."""
    labels, weights = np.full(n, -0.7), np.full((1, n), -1.0)
    labels[0] = weights[0, 0] = 1.0
    return pl.Dataset.orthogonal(np.ones(n), labels, n), pl.Network(weights, [np.sqrt(n) + 1])


@pytest.mark.parametrize("method", METHODS)
def test_the_bound_on_the_loss_is_below_the_exact_one_however_many_points(method: str) -> None:
    """In float64 a sum of n equal squares, taken in order, is off by up to n roundings: here 2e4, upwards."""
    n = 200_000
    sol = pl.simulate(*dead_but_one(n), 1e-3, method=method, step=1e-3, rtol=1e-3)
    exact = (n - 1) * Fraction(-0.7) ** 2 / (2 * n)
    bound = Fraction(sol.stats["loss_bound"])
    assert exact * (1 - Fraction(1, 10**9)) < bound <= exact


def sum_of_squares(data: pl.Dataset, network: pl.Network) -> Fraction:
    """sum r_i^2 of these float64 numbers, exactly."""
    X, y, W, a = (values.tolist() for values in (data.X, data.y, network.W, network.a))
    total = Fraction(0)
    for x, label in zip(X, y, strict=True):
        h = Fraction(0)
        for w, outer in zip(W, a, strict=True):
            z = sum(Fraction(u) * Fraction(v) for u, v in zip(w, x, strict=True))
            h += Fraction(outer) * max(z, Fraction(0))
        total += (Fraction(label) - h / len(a)) ** 2
    return total


def weakly_correlated(seed: int) -> tuple[Any, Any]:
    """d much larger than n, labels of very different size: a level that rounding can hide."""
    data = pl.data.sphere(n=3, d=400, seed=seed)
    y = data.y * np.array([1e3, 1e3, 1e-4])
    return pl.Dataset(data.X, y), pl.initial.asymmetric(p=8, d=400, seed=seed + 100)


@pytest.mark.parametrize("seed", [1, 2])
def test_converged_of_the_flow_holds_exactly(seed: int) -> None:
    data, network = weakly_correlated(seed)
    sol = pl.simulate(data, network, 1e3, method="flow", stop=pl.Stop(criterion=True))
    assert sol.status is pl.Status.CONVERGED
    assert sum_of_squares(data, sol.network) < min(Fraction(v) ** 2 for v in data.y.tolist())


def test_the_flow_ends_where_the_proof_holds() -> None:
    """It can end a step where it wants, so the proof comes with the criterion and not a step later."""
    data, network = pl.data.orthogonal(12, 15, seed=1), pl.initial.asymmetric(p=12, d=15, seed=2)
    sol = pl.simulate(data, network, 1e3, method="flow", stop=pl.Stop(criterion=True))
    assert sol.status is pl.Status.CONVERGED
    assert sol.stats["proved_time"] == sol.stats["criterion_time"]
    level = np.min(data.y**2) / (2 * data.n)
    assert sol.loss[-1] == pytest.approx(level, rel=1e-6)
