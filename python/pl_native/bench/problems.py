"""The problems that are timed, as pl_native takes them and as plain arrays for the rivals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pl_native import data, initial
from pl_native._problem import Dataset, Network
from pl_native._run.solution import Solution

Array = np.ndarray[Any, np.dtype[Any]]
Problem = tuple[Dataset, Network]


@dataclass(frozen=True, slots=True)
class Arrays:
    """Replicates stacked: X (r, n, d), y (r, n), W (r, p, d), a (r, p); orthogonal data: norms (r, n)."""

    X: Array
    y: Array
    W: Array
    a: Array
    step: float
    norms: Array | None = None

    def replicate(self, k: int) -> Arrays:
        norms = None if self.norms is None else self.norms[k : k + 1]
        keep = slice(k, k + 1)
        return Arrays(self.X[keep], self.y[keep], self.W[keep], self.a[keep], self.step, norms)


@dataclass(frozen=True, slots=True)
class Case:
    """One size in one precision, `replicates` independent draws."""

    n: int
    d: int
    p: int
    dtype: str
    replicates: int
    seed: int = 1

    @property
    def flops(self) -> float:
        """Useful work of one step of all replicates: 4ndp each."""
        return 4.0 * self.n * self.d * self.p * self.replicates

    def problems(self) -> list[Problem]:
        """The draws: points on the sphere, asymmetric networks."""
        seeds = range(self.seed, self.seed + self.replicates)
        return [
            (
                data.sphere(self.n, self.d, seed=seed, dtype=self.dtype),
                initial.asymmetric(self.p, self.d, seed=seed, dtype=self.dtype),
            )
            for seed in seeds
        ]

    def sizes(self) -> dict[str, Any]:
        """For a result row."""
        return {
            "n": self.n,
            "d": self.d,
            "p": self.p,
            "dtype": self.dtype,
            "replicates": self.replicates,
        }


def draw(n: int, d: int, p: int, seed: int = 0) -> tuple[Array, Array, Array, Array]:
    """X (n, d), y (n,), W (p, d), a (p,) by the paper's laws, from one stream: for those that take arrays."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    X *= rng.uniform(1, 2, (n, 1)) / np.linalg.norm(X, axis=1, keepdims=True)
    y = rng.uniform(1, 2, n) * rng.choice([-1, 1], n)
    W = rng.standard_normal((p, d)) / np.sqrt(d)
    a = rng.choice([-1, 1], p) * (np.linalg.norm(W, axis=1) + rng.exponential(1, p))
    return X, y, W, a


def arrays(problems: list[Problem], step: float) -> Arrays:
    """Orthogonal data keep their norms; their X is dense, in the coordinates of the networks."""
    norms = [points.orthogonal_norms for points, _ in problems]
    return Arrays(
        X=np.stack([points.inputs(net) for points, net in problems]),
        y=np.stack([points.y for points, _ in problems]),
        W=np.stack([net.W for _, net in problems]),
        a=np.stack([net.a for _, net in problems]),
        step=step,
        norms=None if norms[0] is None else np.stack([one for one in norms if one is not None]),
    )


def final_states(sols: list[Solution]) -> tuple[Array, Array]:
    """(W (r, p, d), a (r, p)) at the end of the runs."""
    return np.stack([sol.network.W for sol in sols]), np.stack([sol.network.a for sol in sols])
