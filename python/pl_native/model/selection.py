"""The selection rule of the inclusion at the kinks of one neuron (paper, docs/numerics.md)."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pl_native._problem.kinks import OFF, ON, SLIDE

Floats: TypeAlias = NDArray[np.float64]

NOISE = 1e-13
AS_ONE = 1e-9
"""Inputs parallel to that, relative, are taken as exactly so."""


class Selection(NamedTuple):
    """modes (k,) int8: 0 off, 1 on, 2 sliding; velocity (d,) v; share (k,): 0, 1, and lam of what slides."""

    modes: NDArray[np.int8]
    velocity: Floats
    share: Floats


def select(X: Floats, e: Floats, base: Floats) -> Selection:
    """Modes and velocity v of one neuron on its kink set X (k, d), in the units

        v = sign(a_j) (n / |a_j|) dw_j/dt.

    e (k,) = sign(a_j) r_i (attracting where < 0); base (d,) = sign(a_j) times the sum over the points that
    are on. T = {}; v by least squares in a box over the attracting points; T <- repelling points that v
    pushes up; repeat.
    """
    scale = NOISE * (1 + np.abs(base).max(initial=0) + np.abs(e).sum())
    raised = np.zeros(len(e), bool)
    for _ in range(len(e) + 2):
        modes, v, phi = _box_least_squares(X, e, base + e[raised] @ X[raised], e < -scale)
        up = ~(e < -scale) & (X @ v > scale)
        if (up == raised).all():
            break
        raised = up
    modes[raised] = ON
    share = np.where(modes == ON, 1.0, np.divide(phi, e, out=np.zeros(len(e)), where=modes == SLIDE))
    return Selection(modes, v, np.clip(share, 0.0, 1.0))


def some_parallel(X: Floats, sliding: NDArray[np.bool_]) -> bool:
    """Whether two inputs of a kink set X (k, d) that do not both slide are multiples of each other."""
    rest = X[:, None] - ((X @ X.T) / np.einsum("ij,ij->i", X, X))[..., None] * X[None]
    alike = np.einsum("ikj,ikj->ik", rest, rest) <= AS_ONE**2 * np.einsum("ij,ij->i", X, X)[:, None]
    return bool((np.triu(alike, 1) & ~(sliding[:, None] & sliding)).any())


def _box_least_squares(
    X: Floats, e: Floats, base: Floats, free_to_move: NDArray[np.bool_]
) -> tuple[NDArray[np.int8], Floats, Floats]:
    """min |base + phi X| over phi_i in [e_i, 0] (0 where not attracting): the dual of the hinge problem.

    Modes, v = base + phi X, and phi.
    """
    modes, phi = np.zeros(len(e), np.int8), np.zeros(len(e))
    scale = NOISE * (1 + np.abs(base).max(initial=0) + np.abs(e).sum())
    for _ in range(100 + 30 * len(e)):
        S = modes == SLIDE
        v = base + phi[~S] @ X[~S]
        target = phi.copy()
        if S.any():
            target[S] = -np.linalg.lstsq(X[S].T, v, rcond=1e-9)[0]
            over = np.flatnonzero(S & ((target > scale) | (target < e - scale)))
            if len(over):
                bound = np.where(target[over] > 0, 0.0, e[over])
                ratio = (bound - phi[over]) / (target[over] - phi[over])
                first = over[np.argmin(ratio)]
                phi[S] += ratio.min() * (target - phi)[S]
                modes[first] = OFF if target[first] > 0 else ON
                phi[first] = 0.0 if target[first] > 0 else e[first]
                continue
            phi = target
        v = base + phi @ X
        wrong = np.where(modes == OFF, X @ v, -(X @ v)) / np.linalg.norm(X, axis=1)
        wrong[S | ~free_to_move] = 0
        if wrong.max(initial=0) <= scale:
            break
        modes[np.argmax(wrong)] = SLIDE
    modes[(modes == SLIDE) & (phi > -scale)] = OFF  # lam = 0 with <v, x> = 0 is off
    return modes, v, phi
