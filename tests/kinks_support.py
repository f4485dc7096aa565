"""Problems of which some pairs slide or rest at their kinks, and their flow."""

from __future__ import annotations

from typing import Any

import pl_native as pl

Problem = tuple[pl.Dataset, pl.Network]


def sliding() -> Problem:
    """Six of its pairs slide at t = 20."""
    return pl.data.sphere(n=20, d=10, seed=1), pl.initial.asymmetric(p=5, d=10, seed=2)


def at_repelling_kink() -> Problem:
    """z_01 = 1e-17 at a kink that pushes upwards once it is left."""
    return pl.Dataset([[1.0, 0.0], [0.0, 1.0]], [1.0, 1.0]), pl.Network([[1.0, 1e-17]], [1.0])


def flow(problem: Problem, t_end: float, **options: Any) -> pl.Solution:
    return pl.simulate(*problem, t_end, method="flow", stop=pl.Stop(max_steps=20_000), **options)
