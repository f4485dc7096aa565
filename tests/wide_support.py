"""Wide networks, whose flow moves patterns, and the same run neuron by neuron."""

from __future__ import annotations

from functools import partial
from typing import Any
from unittest import mock

import numpy as np

import pl_native as pl
from pl_native.backends.contract import FlowTask


def early_alignment(p: int, seed: int = 0, scale: float = 1e-3) -> tuple[pl.Dataset, pl.Network]:
    """Three points with a bias coordinate (Boursier, Flammarion)."""
    x = np.array([-0.75, -0.5, 0.125])
    data = pl.Dataset(np.stack([x, np.ones(3)], axis=1), [1.1, 0.1, 0.8])
    return data, pl.initial.balanced(p=p, d=2, seed=seed, scale=scale)


def parabola(n: int, p: int, seed: int = 0, scale: float = 1e-3) -> tuple[pl.Dataset, pl.Network]:
    """Points of y = x^2 and noise, with a bias coordinate."""
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, n)
    data = pl.Dataset(np.stack([x, np.ones(n)], axis=1), x**2 + 0.1 * rng.standard_normal(n))
    return data, pl.initial.balanced(p=p, d=2, seed=seed, scale=scale)


def drawn(n: int, d: int, p: int, seed: int, kind: str, scale: float = 1.0) -> tuple[pl.Dataset, pl.Network]:
    rng = np.random.default_rng(seed)
    data = pl.Dataset(rng.standard_normal((n, d)), rng.uniform(0.5, 2, n) * rng.choice([-1, 1], n))
    return data, getattr(pl.initial, kind)(p=p, d=d, seed=seed, scale=scale)


def by_neurons(*problem: Any, order: int = 10, **options: Any) -> pl.Solution:
    """Events end most steps here: a higher order costs more and saves none."""
    with mock.patch("pl_native._run.task.FlowTask", partial(FlowTask, order=order)):
        return pl.simulate(*problem, method="flow", **options)
