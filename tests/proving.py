"""States of small problems of many kinds, for tests of proofs."""

from __future__ import annotations

from typing import Any

import numpy as np

import pl_native as pl

KINDS = (
    "generic", "duplicated", "opposite", "integer", "orthogonal", "one-dimensional", "small scale",
    "balanced", "weak a", "plateau", "saddle",
)  # fmt: skip


def start(kind: str, seed: int) -> tuple[pl.Dataset, pl.Network]:
    """A problem with n <= 12, d <= 6 (orthogonal data: n), p <= 9 and its start."""
    rng = np.random.default_rng([KINDS.index(kind), seed])
    n, d, p = (int(rng.integers(low, high)) for low, high in ((1, 13), (1, 7), (1, 10)))
    if kind == "one-dimensional":
        d = 1
    X = rng.normal(size=(n, d))
    half = n - n // 2
    if kind == "integer":
        X = rng.integers(-2, 3, size=(n, d)).astype(float)
        X[~X.any(axis=1)] = 1
    if kind == "duplicated":
        X[half:] = X[: n - half] * rng.choice([1.0, 2.0, 0.5], size=(n - half, 1))
    if kind == "opposite":
        X[half:] = -X[: n - half] * rng.choice([1.0, 2.0, 0.5], size=(n - half, 1))
    y = rng.choice([-1, 1], size=n) * rng.uniform(0.5, 2, size=n)
    if kind == "saddle":
        X[half:], y[half:] = X[: n - half] * ([-1] + [1] * (d - 1)), y[: n - half]
    data = pl.Dataset(X, y)
    if kind == "orthogonal":
        data, d = pl.data.orthogonal(n=n, d=n, seed=seed), n
    return data, _network(kind, rng, d, p)


def _network(kind: str, rng: np.random.Generator, d: int, p: int) -> pl.Network:
    W = rng.normal(size=(p, d)) / np.sqrt(d)
    sign = rng.choice([-1, 1], size=p)
    a = sign * (np.linalg.norm(W, axis=1) + rng.exponential(size=p))
    if kind == "small scale":
        W, a = W * 1e-3, a * 1e-3
    if kind == "balanced":
        a = sign * np.linalg.norm(W, axis=1)
    if kind == "weak a":
        a = a * 0.2
    if kind == "integer":
        W = np.round(W * 2) / 2
    if kind == "plateau":
        W[p // 2 :], a[p // 2 :] = W[p // 2 :] * 1e-6, a[p // 2 :] * 1e-6
    if kind == "saddle":
        _on_a_saddle(rng, W, a)
    return pl.Network(W, a)


def _on_a_saddle(rng: np.random.Generator, W: np.ndarray, a: np.ndarray) -> None:
    """Moves neurons to where symmetry keeps them, up to rounding, and the loss leads away: into the mirror of
    the inputs, onto multiples of the first neuron (several act as one), and all but, or just, to 0."""
    if W.shape[1] > 1 and rng.random() < 0.5:
        W[:, 0] = 0
    one = rng.random(len(a)) < 0.4
    times = rng.choice([0.5, 1.0, 2.0], size=np.count_nonzero(one))
    W[one], a[one] = times[:, None] * W[0], times * a[0]
    small = rng.random(len(a)) < 0.2
    size = rng.choice([0.0, 1e-12])
    W[small], a[small] = size * W[small], size * a[small]


def reached(data: pl.Dataset, network: pl.Network, t_end: float, **stop: Any) -> pl.Solution:
    """The flow to `t_end`, or to rest."""
    rules = pl.Stop(**{"max_steps": 4000, "wall_time": 20.0, **stop})
    return pl.simulate(data, network, t_end, method="flow", rtol=1e-9, atol=1e-13, stop=rules)


def state(kind: str, seed: int) -> pl.Solution:
    """A state that the flow reaches at a random time between 10 and 30000, by its solution."""
    data, network = start(kind, seed)
    rng = np.random.default_rng([77, KINDS.index(kind), seed])
    return reached(data, network, float(10 ** rng.uniform(1, 4.5)))
