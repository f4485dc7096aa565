"""Small problems that many tests share, and how hypothesis draws others."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

import pl_native as pl
from pl_native.backends.contract import EulerTask

LANES = (8, 16, 32, 64)
SIZES = sorted({1, 2, 3, 5, 7, 13, 31, *LANES, *(m - 1 for m in LANES), *(m + 1 for m in LANES)})
"""One, primes, and one either side of every vector length."""


def problem(
    n: int = 12, d: int = 5, p: int = 7, seed: int = 0, dtype: Any = np.float64
) -> tuple[pl.Dataset, pl.Network]:
    """A dense problem of the paper's law."""
    return pl.data.sphere(n, d, seed=seed, dtype=dtype), pl.initial.asymmetric(p, d, seed=seed, dtype=dtype)


def orthogonal_problem(n: int = 6, d: int = 9, p: int = 11, seed: int = 0) -> tuple[pl.Dataset, pl.Network]:
    data = pl.data.orthogonal(n, d, seed=seed)
    return data, pl.initial.asymmetric(p, d, seed=seed, data=data)


def reduced_problem(seed: int = 0) -> tuple[pl.Dataset, pl.Network]:
    data, net = problem(n=7, d=31, p=5, seed=seed)
    both = pl.reduce(data, net)
    return both.data, both.network


def wide_orthogonal() -> tuple[pl.Dataset, pl.Network]:
    """Given by norms, with columns of the network beyond n."""
    data = pl.data.orthogonal(13, 17, seed=3)
    return data, pl.initial.asymmetric(11, 17, seed=4)


def endless_criterion() -> tuple[pl.Dataset, pl.Network]:
    """One neuron, three points on a line: the criterion holds for ever at sum r^2 = 1.7e-3.

    h(x) = a w x is fitted to labels not proportional to x, so the best fit leaves a residual.
    """
    data = pl.Dataset([[1.0], [1.5], [2.0]], [1.0, 1.55, 2.0])
    return data, pl.Network([[1.0]], [1.02])


def safe_step(data: pl.Dataset, network: pl.Network) -> float:
    """0.5 over Lemma 7's upper bound on mu at t = 0: gradient descent that does not bounce."""
    bound = pl.metrics.pl_upper_bound(data, network)
    return 0.5 / bound if bound > 0 else 1.0  # no live pair: nothing moves


def energy(t: float, network: pl.Network) -> float:
    """An observer."""
    return float(np.square(network.W).sum())


def euler_task(data: pl.Dataset, network: pl.Network, **changes: Any) -> EulerTask:
    """A task for calling a backend directly."""
    n_steps = changes.pop("n_steps", 10)
    facts: dict[str, Any] = {
        "X": data.inputs(network),
        "y": data.y,
        "W": network.W,
        "a": network.a,
        "w_perp_sq": network.w_perp_sq,
        "step": 0.1,
        "n_steps": n_steps,
        "save_steps": np.arange(n_steps + 1),
        "states": False,
        "stop": pl.Stop(),
        "certifiable": False,
        "orthogonal": False,
    }
    return EulerTask(**(facts | changes))


any_size = st.sampled_from(SIZES)


@st.composite
def problems(draw: st.DrawFn, sizes: Any = any_size, dtype: Any = np.float64) -> Any:
    """(data, network) with n, d, p independent of one another."""
    n, d, p = draw(sizes), draw(sizes), draw(sizes)
    seed = draw(st.integers(0, 2**32 - 1))
    return problem(n, d, p, seed, dtype)


small_problems = problems(st.sampled_from([1, 2, 3, 5, 7, 8, 9]))
