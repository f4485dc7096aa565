"""Modes of pairs (off, on, sliding) and the shares of sliding ones: the one place that says which.

What rests at a kink is known to the run that reached it, not to the sign of a number near 0: from
`Network.kinks` where a state carries them, from the log of switches at the saved times of a `Solution`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pl_native._base.checks import Array
from pl_native._problem import Network
from pl_native._run.solution import Solution
from pl_native.backends.contract import ON, SLIDE
from pl_native.metrics.stack import States

Known = Callable[[Array], "Array | None"]
"""Puts the modes that are known into an array of those of the signs, in place; returns shares or None."""


def modes_of(network: Network) -> Known | None:
    """What a network knows of its kinks; None: nothing."""
    kinks: Any = getattr(network, "kinks", None)
    if kinks is None:
        return None

    def _put(mode: Array) -> Array:
        mode[kinks.neuron, kinks.point] = kinks.mode
        share = np.full(mode.shape, np.nan)
        share[kinks.neuron, kinks.point] = kinks.share
        return share

    return _put


def modes_at(sol: Solution) -> Known | None:
    """What the log of switches says of the modes at the saved times; without a log None.

    A pair without a switch keeps the mode of its start; of the others, the last switch up to a time decides.
    No loop over the log: each switch is put at the first saved time that is not before it, the latest of
    several there wins, and a running maximum carries them on.
    """
    log = sol.switches
    if log is None or not len(log.t):
        return None
    neuron, point = np.asarray(log.neuron, np.intp), np.asarray(log.point, np.intp)
    pair, first, place = np.unique(neuron * sol.stats["n"] + point, return_index=True, return_inverse=True)
    row = np.searchsorted(sol.t, log.t, side="left")
    last = np.full((len(sol.t) + 1, len(pair)), -1)
    np.maximum.at(last, (row, place), np.arange(len(log.t)))
    last = np.maximum.accumulate(last[:-1], axis=0)
    known = np.where(last < 0, log.from_mode[first], log.to_mode[last])

    def _put(mode: Array) -> None:
        mode[:, pair // sol.stats["n"], pair % sol.stats["n"]] = known

    return _put


def solved_shares(states: States, known: Array | None) -> Array:
    """(..., p, n) shares: 1 on, 0 off, and of sliding pairs those of `known`, or the solution of

        (X_S X_S^T)(c_S lam_S) = -X_S v0,     c_ji = a_j r_i/n,     v0 = sum of c_ji x_i over the pairs on,

    S the sliding set of a neuron: together they hold z_ji = 0. Neurons of equally many are solved at once;
    where inputs are dependent the solution of least norm is taken (the velocity is the same for all).
    """
    share = states.share.copy()
    if known is not None:
        given = (states.mode == SLIDE) & np.isfinite(known)
        share[given] = known[given]
        if given.sum() == np.count_nonzero(states.mode == SLIDE):
            return share
    slides = states.mode == SLIDE
    counts = slides.sum(axis=-1)
    pull = states.a[..., None] * states.r[..., None, :] / states.n
    slope = states.against_inputs(states.along_inputs(pull * (states.mode == ON)))
    for k in np.unique(counts[counts > 0]):
        where = np.nonzero(counts == k)
        points = np.nonzero(slides[where])[1].reshape(-1, k)
        gram = _gram_of(states, where, points)
        rows = (*(index[:, None] for index in where), points)
        force = np.linalg.pinv(gram, hermitian=True) @ -slope[rows][..., None]
        with np.errstate(divide="ignore", invalid="ignore"):
            lam = force[..., 0] / pull[rows]
        share[rows] = np.clip(np.nan_to_num(lam, nan=0.0), 0.0, 1.0)
    return share


def _gram_of(states: States, where: tuple[Array, ...], points: Array) -> Array:
    """Gram matrices (b, k, k) of the inputs `points` (b, k), each of the data of its own member."""
    if states.X is None:
        norms = np.broadcast_to(states.norms, (*states.a.shape[:-1], states.n))
        square = norms[(*(index[:, None] for index in where[:-1]), points)] ** 2
        return np.asarray(square[..., None] * np.eye(points.shape[1]))
    X = np.broadcast_to(states.X, (*states.a.shape[:-1], *states.X.shape[-2:]))
    rows = X[(*(index[:, None] for index in where[:-1]), points)]
    found: Array = rows @ np.swapaxes(rows, -1, -2)
    return found


__all__ = ["Known", "modes_at", "modes_of", "solved_shares"]
