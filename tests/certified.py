"""Runs whose ends have something to be proved of, each made once."""

from __future__ import annotations

from functools import cache

import pl_native as pl


@cache
def stalled(n: int, d: int, p: int, seed: int) -> tuple[pl.Dataset, pl.Solution]:
    data = pl.data.sphere(n, d, seed=seed)
    start = pl.initial.torch_linear(p, d, seed=100 + seed)
    rules = pl.Stop(stall=1e-13, max_steps=60_000)
    return data, pl.simulate(data, start, 1e6, method="flow", rtol=1e-7, stop=rules)


@cache
def converging() -> tuple[pl.Dataset, pl.Solution]:
    """n = 12 points in 10 dimensions, followed until the theorem holds; 17 pairs are still uncertain."""
    data = pl.data.sphere(12, 10, seed=0)
    start = pl.initial.torch_linear(12, 10, seed=100)
    return data, pl.simulate(data, start, 1e5, method="flow", rtol=1e-9, stop=pl.Stop(loss=1e-8))


def repelled(first: float) -> pl.Certificate:
    """Of x_1 = -2 x_2 and two neurons dead but for z_1 = `first` or -first/2."""
    data = pl.Dataset([[-2.0, 0.0], [1.0, 0.0]], [1.0, 1.2])
    return pl.certify(data, pl.Network([[-first / 2, 1.0], [-first / 2, 0.5]], [1.5, 1.0]))
