"""`States`: states of one size, stacked, with the modes of their pairs: all that metrics compute from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pl_native._base.checks import Array
from pl_native._problem.kinks import ON


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """States of one size with leading axes `lead`, and the modes of their pairs.

    X (..., n, d), or norms (..., n) of orthogonal inputs and X None; y (..., n); W (..., p, d); a (..., p);
    rest (..., p) squared norms outside the coordinates represented; z (..., p, n) pre-activations;
    mode (..., p, n) int8: 0 off, 1 on, 2 sliding; share (..., p, n): 1 on, 0 off, the multiplier lam of a
    sliding pair; live (..., p, n): z where on, else 0; r (..., n) residual; noise (...): a loss at or below
    it is rounding. X, norms and y broadcast.
    """

    X: Array | None
    norms: Array
    y: Array
    W: Array
    a: Array
    rest: Array
    z: Array
    mode: Array
    share: Array
    live: Array
    r: Array
    noise: Array

    @property
    def n(self) -> int:
        return int(self.y.shape[-1])

    @property
    def p(self) -> int:
        return int(self.a.shape[-1])

    @property
    def on(self) -> Array:
        """Whether a pair is on, (..., p, n) bool."""
        found: Array = self.mode == ON
        return found

    @property
    def norms_sq(self) -> Array:
        """norm(w_j)^2 with the part not represented, (..., p)."""
        found: Array = np.einsum("...jk,...jk->...j", self.W, self.W) + self.rest
        return found

    def along_inputs(self, weights: Array) -> Array:
        """sum_i weights[..., j, i] x_i, (..., p, d)."""
        if self.X is not None:
            moved: Array = weights @ self.X
            return moved
        moved = np.zeros(self.W.shape)
        moved[..., : self.n] = weights * self.norms[..., None, :]
        return moved

    def against_inputs(self, vectors: Array) -> Array:
        """<vectors[..., j], x_i>, (..., p, n)."""
        found: Array
        if self.X is not None:
            found = vectors @ np.swapaxes(self.X, -1, -2)
        else:
            found = vectors[..., : self.n] * self.norms[..., None, :]
        return found
