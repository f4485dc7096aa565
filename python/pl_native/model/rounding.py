"""Below which the loss is rounding of the residuals, and its rate of decrease noise."""

from __future__ import annotations

import numpy as np

from pl_native._base.checks import Array


def loss_noise(norms: Array, y: Array, W: Array, a: Array) -> Array:
    """A loss at or below it is rounding of the residuals, (...): of r_i, u being the spacing of W's dtype,

        u (max abs(y_i) + max norm(x_i) (1/p) sum_j abs(a_j) norm(w_j)),

    measured at 0.02 to 0.3 of that in the mean. norms, y (..., n); W (..., p, d); a (..., p).
    """
    unit = float(np.finfo(W.dtype).eps)
    with np.errstate(over="ignore", invalid="ignore"):
        inner = np.linalg.norm(W.astype(np.float64, copy=False), axis=-1)
        outputs = np.einsum("...j,...j->...", np.abs(a.astype(np.float64, copy=False)), inner) / a.shape[-1]
        size = np.abs(y).max(axis=-1) + np.abs(norms).max(axis=-1) * outputs
        found: Array = np.asarray(np.square(unit * size) / 2)
    return found
