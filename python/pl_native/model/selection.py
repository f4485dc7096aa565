"""The selection rule of the inclusion at the kinks of one neuron (paper, docs/numerics.md)."""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pl_native._problem.kinks import OFF, ON, SLIDE
from pl_native.model.lines import Lines

Floats: TypeAlias = NDArray[np.float64]

NOISE = 1e-13


def unit_of(size: float) -> float:
    """The power of two to tell such sizes by: 1 within 2^-20 to 2^20, where tolerances are chosen for it."""
    power = math.frexp(size)[1] - 1 if 0.0 < size < math.inf else 0
    return 1.0 if abs(power) <= 20 else math.ldexp(1.0, power)


class Selection(NamedTuple):
    """modes (k,) int8: 0 off, 1 on, 2 sliding; velocity (d,) v; share (k,): 0, 1, and lam of what slides."""

    modes: NDArray[np.int8]
    velocity: Floats
    share: Floats


def select(X: Floats, e: Floats, base: Floats, labels: float) -> Selection:
    """Modes and velocity v of one neuron on its kink set X (k, d), in the units

        v = sign(a_j) (n / |a_j|) dw_j/dt.

    e (k,) = sign(a_j) r_i (attracting where < 0); base (d,) = sign(a_j) times the sum over the points that
    are on; labels: the largest abs(y_i), or of outputs beside which that is nothing: e is known to its
    rounding. T = {}; v by least squares in a box over the attracting points; T <- repelling points that v
    pushes up; repeat. Points of one line have one kink (`cpp/problem/kink_lines.hpp`).
    """
    of_x, of_e = unit_of(float(np.linalg.norm(X, axis=1).max(initial=0.0))), unit_of(labels)
    X, e, base = X / of_x, e / of_e, base / of_x / of_e
    lines = Lines.of(X)
    stands = np.flatnonzero(lines.stands)
    ahead, behind = (push[stands] for push in lines.push(e))
    U, jump = X[stands], ahead - behind
    same = lines.first[:, None] == stands
    noise = NOISE * (1 + np.abs(base).max(initial=0) + np.abs(e).sum())
    scale = noise * (np.abs(lines.ratio) @ same)
    two_sided = (lines.ratio < 0) @ same
    attracts, leave = jump < -scale, (ahead >= -scale) & (behind <= scale)
    side = np.where(attracts | leave | ~two_sided, 0, np.where(ahead < -scale, 1, -1))
    for _ in range(2 * len(stands) + 2):
        acts = np.where(attracts, behind, np.choose(side + 1, (behind, np.zeros(len(stands)), ahead)))
        modes, v, phi = _box_least_squares(U, jump, base + acts[acts != 0] @ U[acts != 0], attracts)
        calm = np.where(two_sided & ~leave, side, 0)
        after = np.where(U @ v > noise, 1, np.where(two_sided & (U @ v < -noise), -1, calm))
        after[attracts] = 0
        if (after == side).all():
            break
        side = after
    # attracted from both sides, with nothing to balance: off, as lam = 0 with <v, x> = 0 is
    idle = (
        two_sided & (modes == SLIDE) & (np.abs(behind + phi) <= scale) & (ahead <= scale) & (behind >= -scale)
    )
    side[attracts] = np.where(idle, 0, np.choose(modes, (-1, 1, 0)))[attracts]
    line = np.searchsorted(stands, lines.first)
    on = side[line] == np.sign(lines.ratio)
    modes = np.where((modes == SLIDE) & ~idle, SLIDE, OFF).astype(np.int8)[line]
    modes[on] = ON
    share = np.where(modes == SLIDE, lines.share(e, (behind + phi)[line]), modes == ON)
    return Selection(modes, v * of_x * of_e, share.astype(float))


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
