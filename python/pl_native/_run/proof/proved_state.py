"""The state that a certificate is of: its kinks are those that the proof counts on."""

from __future__ import annotations

import numpy as np

from pl_native._base.checks import Array
from pl_native._problem import Dataset, Kinks, Network
from pl_native.backends.contract import RESTS, SLIDES, Proof


def proved_state(data: Dataset, state: Network, proof: Proof) -> Network:
    """`state` without the kinks that its numbers are not on and the proof does not put them on.

    A flow that is told of a kink begins with the pair on it. Where the numbers are within rounding of it, or
    the proof counts the pair among those that slide or rest, its bounds hold of that too. Of another one they
    need not: the theorem is of the numbers (W, a).
    """
    kinks = state.kinks
    if kinks is None:
        return state
    counted = np.isin(proof["kind"], (SLIDES, RESTS))
    mine, theirs = kinks.neuron * data.n + kinks.point, proof["neuron"] * data.n + proof["point"]
    keep = (_offsets(data, state, kinks) <= 16 * data.represented * 2.0**-53) | np.isin(mine, theirs[counted])
    if np.all(keep):
        return state
    kept = Kinks(*(column[keep] for column in kinks.arrays())) if np.any(keep) else None
    return Network(state.W, state.a, w_perp_sq=state.w_perp_sq, kinks=kept)


def _offsets(data: Dataset, state: Network, kinks: Kinks) -> Array:
    """abs(z_ji) over norm(w_j) norm(x_i) of each pair; 0 where w_j = 0."""
    W = state.cut(data.represented).W[kinks.neuron].astype(np.float64)
    if data.orthogonal_norms is not None:  # x_i = norm(x_i) e_i
        z, x = W[np.arange(len(kinks)), kinks.point], 1.0
    else:
        X = data.X[kinks.point].astype(np.float64)
        z, x = np.einsum("kd,kd->k", W, X), np.linalg.norm(X, axis=1)
    size = np.linalg.norm(W, axis=1) * x
    return np.abs(z) / np.where(size > 0, size, 1.0)
