"""The flow from a group initialisation, in closed form.

Group initialisation on orthonormal inputs: ``p`` groups of ``k = n / p`` points, neuron ``j`` on exactly at
its group, outer weight of the size of its inner weights there. The groups decouple; with ``Y`` the labels of
one group, ``kappa = norm(Y) / n``, ``x = kappa t``, ``N = norm(w_j)^2`` on the group and ``c`` the cosine
between ``s_j w_j`` and ``Y``:

    dc/dt = kappa (1 - c^2)
    dN/dt = 2 N (kappa c - N / (n p))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GroupSolution:
    """The group flow at times ``t`` (m,): one column per group, arrays (m, groups); ``loss`` (m,)
    is their sum."""

    t: Floats
    n_sq: Floats  # N(t), squared norm of the inner weights on the group
    cosine: Floats  # c(t)
    one_minus_cosine: Floats
    gap: Floats  # norm(Y) - N / p, without cancellation
    group_loss: Floats
    loss: Floats


def group_closed_form(
    t: ArrayLike, label_norms: ArrayLike, n: int, p: int, *, N0: ArrayLike = 1.0, c0: ArrayLike = 1.0
) -> GroupSolution:
    """Exact solution of the flow from a group initialisation (orthonormal inputs).

    Parameters
    ----------
    t : times (m,) or a scalar, >= 0.
    label_norms : norm(Y) of each group, (groups,) or a scalar, > 0.
    n, p : number of points and of neurons (the 1/n of the loss and the 1/p of the model).
    N0, c0 : squared norm and cosine of each group at time 0, scalars or (groups,); N0 > 0, -1 < c0 <= 1.

    The formulas are free of cancellation (relative error below 1e-13 for n up to 1e18):

        q = exp(-2 x)
        E = [1 + c0 + (1 - c0) q] / 2
        A = [(1 + c0)^2 (1 - q) + 4 (1 - c0^2) x q + (1 - c0)^2 q (1 - q)] / 8
        Dn = q + (2 N0 / (p norm(Y))) A
        N = N0 E^2 / Dn
        1 - c = (1 - c0) q / E
        norm(Y) - N/p = norm(Y) q [1 + (N0/(p norm(Y))) ((1 - c0^2)(x - 1/2) - c0 - (1 - c0)^2 q / 2)] / Dn
        L_j = [(norm(Y) - N/p)^2 + 2 norm(Y) (N/p) (1 - c)] / (2 n)
    """
    times = _column("t", t, lambda v: v >= 0, "times >= 0")[:, None]
    Y = _column("label_norms", label_norms, lambda v: v > 0, "norms > 0")
    start = _column("N0", N0, lambda v: v > 0, "squared norms > 0")
    cos0 = _column("c0", c0, lambda v: (v > -1) & (v <= 1), "cosines in (-1, 1]")
    for name, value in (("n", n), ("p", p)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    x = Y / n * times
    q = np.exp(-2 * x)
    one_minus_q = -np.expm1(-2 * x)
    up, down = 1 + cos0, 1 - cos0
    E = (up + down * q) / 2
    A = (up**2 * one_minus_q + 4 * up * down * x * q + down**2 * q * one_minus_q) / 8
    ratio = start / (p * Y)
    Dn = q + 2 * ratio * A
    N = start * E**2 / Dn
    rest = down * q / E
    gap = Y * q * (1 + ratio * (up * down * (x - 0.5) - cos0 - down**2 * q / 2)) / Dn
    group_loss = (gap**2 + 2 * Y * (N / p) * rest) / (2 * n)
    return GroupSolution(times[:, 0], N, 1 - rest, rest, gap, group_loss, group_loss.sum(axis=1))


def _column(name: str, value: ArrayLike, valid: Any, expected: str) -> Floats:
    array = np.atleast_1d(np.asarray(value, dtype=np.float64))
    if array.ndim != 1 or not bool(np.all(np.isfinite(array))) or not bool(np.all(valid(array))):
        raise ValueError(f"{name} must be a scalar or one-dimensional with {expected}, got {value!r}")
    return array
