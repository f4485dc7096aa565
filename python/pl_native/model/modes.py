"""On, sliding or off: the one place that decides it of a state (what steps leave near: `theory.pattern`).

A run knows, and its network carries, which pairs rest at a kink (`Network.kinks`). Of all others z_ji
decides: by its sign, or where it is 0 to rounding by what the selection rule makes of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network
from pl_native._problem.kinks import OFF, ON, SLIDE
from pl_native.model.lines import Lines
from pl_native.model.selection import select

AT_KINK = 32 * float(np.finfo(np.float64).eps)
"""abs(z_ji) up to this times norm(w_j) norm(x_i) is 0 to rounding, of inputs X. Of orthogonal inputs given by
their norms z_ji is one product, whose sign is right: only 0 is 0."""

NEAR_KINK = 1e-5
"""An entry of `Network.kinks` counts up to this times norm(w_j) norm(x_i) from its kink; and where z_ji is
rounding beside abs(a_j): of a neuron that died at every point that is all of norm(w_j)."""


class Modes(NamedTuple):
    """mode (p, n) int8: 0 off, 1 on, 2 sliding; share (p, n): 0, 1, and lam of what slides."""

    mode: Array
    share: Array


def modes_of(data: Dataset, network: Network, z: Array) -> Modes:
    """Of every pair, z (p, n) being its pre-activations. Float64.

    For a neuron with a pair at its kink that no run has told of, the rule is solved for all its pairs there.
    A neuron at w_j = 0 has all pairs off.
    """
    mode = (z > 0).astype(np.int8)
    share = mode.astype(np.float64)
    W = network.W[:, : data.represented].astype(np.float64, copy=False)
    with np.errstate(over="ignore"):
        sizes = np.linalg.norm(W, axis=1)[:, None] * data.norms.astype(np.float64, copy=False)
        rounding = AT_KINK * np.abs(network.a.astype(np.float64, copy=False))[:, None] * data.norms
    near = np.abs(z) <= np.maximum(NEAR_KINK * sizes, rounding)
    known = _put_known(network, near, mode, share)
    if data.orthogonal_norms is not None:
        return Modes(mode, share)
    rests = (np.abs(z) <= AT_KINK * sizes) & (sizes > 0) & np.isfinite(sizes)  # of norms beyond range none
    unsolved = np.isnan(share)
    open_neurons = (rests & ~known).any(axis=1)
    if open_neurons.any() or unsolved.any():
        X, a = data.X.astype(np.float64, copy=False), network.a.astype(np.float64, copy=False)
        r = data.y.astype(np.float64, copy=False) - a @ np.maximum(z, 0.0) / len(a)
        labels = float(np.abs(data.y).max())
        for j in np.flatnonzero(open_neurons):
            kinks = _whole_lines(X, rests[j] | (mode[j] == SLIDE), near[j])
            mode[j, kinks] = OFF
            sign = np.sign(a[j]) or np.sign(np.maximum(z[j], 0.0) @ r)
            base = sign * ((mode[j] == ON) * r) @ X
            found = select(X[kinks], sign * r[kinks], base, labels)
            mode[j, kinks], share[j, kinks] = found.modes, found.share
        for j in np.flatnonzero(unsolved.any(axis=1) & ~open_neurons):
            share[j] = _shares(X, r, mode[j])
    return Modes(mode, share)


def _put_known(network: Network, near: Array, mode: Array, share: Array) -> Array:
    """Puts what `network.kinks` says of pairs that are near their kinks; which those are, (p, n) bool."""
    known = np.zeros(mode.shape, bool)
    if network.kinks is None:
        return known
    neuron, point, modes, shares = network.kinks.arrays()
    within = point < mode.shape[1]
    within[within] = near[neuron[within], point[within]]
    where = neuron[within], point[within]
    known[where], mode[where], share[where] = True, modes[within], shares[within]
    return known


def _shares(X: Array, r: Array, mode: Array) -> Array:
    """(n,): 1 on, 0 off, and where a neuron slides on S the lam that holds z = 0 there,

    (X_S X_S^T)(lam_S r_S) = -X_S sum of r_i x_i over the points that are on;

    of a line of inputs, one lam for those on one side and 1 - lam for those opposite.
    """
    S = np.flatnonzero(mode == SLIDE)
    share = (mode == ON).astype(np.float64)
    lines = Lines.of(X[S])
    stands = np.flatnonzero(lines.stands)
    force = -np.linalg.lstsq(X[S[stands]].T, (share * r) @ X, rcond=1e-9)[0]
    share[S] = lines.share(r[S], force[np.searchsorted(stands, lines.first)])
    found: Array = share
    return found


def _whole_lines(X: Array, at_kink: Array, near: Array) -> Array:
    """Those at their kinks, and those near of the same lines, in order: a line is there as a whole."""
    c = np.flatnonzero(near | at_kink)
    points: Array = c[Lines.of(X[c]).whole(np.flatnonzero(at_kink[c]))]
    return points
