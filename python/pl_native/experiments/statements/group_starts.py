"""Group initialisations of any cosine and size, for section 4, Proposition 2 and Theorem 2.

`initial.group` draws the direction across the labels uniformly, which for large groups is positive only near
c0 = 1; here the weights are drawn around the labels instead and the cosine is whatever comes out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

import pl_native as pl

Problem = tuple[pl.Dataset, pl.Network]


def spread(
    sizes: np.ndarray, p: int, rng: np.random.Generator, *, width: float = 0.0, N0: ArrayLike = 1.0
) -> Problem:
    """Orthonormal data with labels of absolute value `sizes` (n,), a fair sign per group of n/p points, and
    the start s_j w_j+ proportional to Y exp(width g), g standard normal, norm(w_j+)^2 = N0 (scalar or (p,)).

    width = 0 gives c0 = 1.
    """
    n = len(sizes)
    k = n // p
    signs = np.repeat(np.where(rng.random(p) < 0.5, -1.0, 1.0), k)
    own = (sizes * np.exp(width * rng.standard_normal(n))).reshape(p, k)
    norms = np.sqrt(np.broadcast_to(np.asarray(N0, np.float64), (p,)))
    own *= (norms / np.linalg.norm(own, axis=1))[:, None]
    W = np.zeros((p, n))
    for j in range(p):
        W[j, j * k : (j + 1) * k] = own[j]
    a = signs[::k] * np.linalg.norm(own, axis=1)
    return pl.Dataset.orthogonal(np.ones(n), sizes * signs), pl.Network.adopt(W, a, np.zeros(p))
