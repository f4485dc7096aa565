"""Problems and calls shared by the tests of the capture method."""

from __future__ import annotations

from typing import Any

import numpy as np

import pl_native as pl


def capture(data: pl.Dataset, net: pl.Network, t_end: float, **options: Any) -> pl.Solution:
    """A run that cannot hang a test."""
    options = {"rtol": 1e-4, "stop": pl.Stop(wall_time=60.0)} | options
    return pl.simulate(data, net, t_end, method="capture", **options)


def sliding(seed: int) -> tuple[pl.Dataset, pl.Network]:
    """(n, d, p) in (40..80, 5..10, 6..12): up to 46 pairs at rest at once."""
    n, d, p = (int(v) for v in np.random.default_rng(seed).integers((40, 5, 6), (81, 11, 13)))
    return pl.data.sphere(n, d, seed=seed), pl.initial.asymmetric(p, d, seed=100 + seed)


def escaping(seed: int) -> tuple[pl.Dataset, pl.Network]:
    """A small start; at rtol 1e-3 to t = 40 some begin again."""
    return pl.data.sphere(30, 6, seed=seed), pl.initial.asymmetric(6, 6, seed=100 + seed, scale=1e-4)


def wide(seed: int) -> tuple[pl.Dataset, pl.Network]:
    """Of so many pairs that one mesh follows them and passes of repelling kinks are counted."""
    return pl.data.sphere(300, 30, seed=seed), pl.initial.asymmetric(31, 30, seed=100 + seed)


def flow(data: pl.Dataset, net: pl.Network, t_end: float, **options: Any) -> pl.Solution:
    return pl.simulate(data, net, t_end, method="flow", **({"rtol": 1e-9} | options))
