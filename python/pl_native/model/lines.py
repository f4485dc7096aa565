"""Inputs that are parallel or opposite: a neuron meets their kinks in one instant (as `cpp/problem/`)."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pl_native._problem.kinks import OFF, ON, SLIDE

Floats: TypeAlias = NDArray[np.float64]

AS_ONE = 1e-9
"""Inputs parallel to that, relative, are taken as exactly so."""


class Lines(NamedTuple):
    """Inputs X (k, d) by the line they are on, those parallel or opposite to AS_ONE.

    first (k,): the first point of the line of each point; ratio (k,): of its input to that of `first`.
    """

    first: NDArray[np.int64]
    ratio: Floats

    @classmethod
    def of(cls, X: Floats) -> Lines:
        """The lines of inputs X (k, d)."""
        first, lead = np.arange(len(X)), np.abs(X).argmax(axis=1)
        U = X / np.abs(X).max(axis=1)[:, None]
        U /= np.linalg.norm(U, axis=1)[:, None]
        u, x = np.nonzero(np.triu(np.abs(U @ U.T) > 1 - 1e-8, 1))
        ratio = X[x, lead[u]] / X[u, lead[u]]
        rest = np.linalg.norm(X[x] - ratio[:, None] * X[u], axis=1)
        alike = (rest <= AS_ONE * np.linalg.norm(X[x], axis=1)) & np.isfinite(ratio) & (ratio != 0)
        np.minimum.at(first, x[alike], u[alike])
        points = np.arange(len(X))
        return cls(first, X[points, lead[first]] / X[first, lead[first]])

    @classmethod
    def alone(cls, n: int) -> Lines:
        """Of n points none of which is parallel to another."""
        return cls(np.arange(n), np.ones(n))

    @property
    def stands(self) -> NDArray[np.bool_]:
        """(k,): the first points of their lines."""
        found: NDArray[np.bool_] = self.first == np.arange(len(self.first))
        return found

    def whole(self, points: NDArray[np.int64]) -> NDArray[np.int64]:
        """All points of the lines of these, in order."""
        found: NDArray[np.int64] = np.flatnonzero(np.isin(self.first, self.first[points]))
        return found

    def rounded(self, X: Floats) -> NDArray[np.bool_]:
        """(k,): points of lines whose inputs are multiples of one another only but for rounding."""
        odd = np.zeros(len(X), bool)
        for i in np.flatnonzero(~self.stands):
            ratio, first = Fraction(self.ratio[i]), self.first[i]
            exact = all(Fraction(x) == ratio * Fraction(u) for x, u in zip(X[i], X[first], strict=True))
            odd |= (self.first == first) & (not exact)
        return odd

    def tell(self, modes: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Of modes (p, k), the pairs by which it is told that a line is passed, of each side the first, if it
        is on or none is; or let go, the first of all.
        """
        leads = np.zeros(len(self.first), bool)
        leads[np.unique(2 * self.first + (self.ratio > 0), return_index=True)[1]] = True
        found: NDArray[np.bool_] = leads & ((modes == ON) | (self._count(modes == ON) == 0))
        found &= (modes != SLIDE) | self.stands
        return found

    def leave(self, modes: NDArray[np.int8], r: Floats, noise: float) -> NDArray[np.bool_]:
        """(p, k): first points of lines whose points all are off, and whose sides push one way by r (k,)."""
        ahead, behind = self.push(r)
        one_way = (np.minimum(ahead, behind) > noise) | (np.maximum(ahead, behind) < -noise)
        found: NDArray[np.bool_] = self.stands & one_way & (self._count(modes != OFF) == 0)
        return found

    def torn(self, modes: NDArray[np.int8]) -> NDArray[np.bool_]:
        """(p, k): the pairs of lines whose points are not all on one side. Whole are those that slide, those
        that are off, and those with one side on.
        """
        side = np.where(self.ratio > 0, modes, np.choose(modes, (ON, OFF, SLIDE)))
        sides = [self._count(side == mode) > 0 for mode in (OFF, ON, SLIDE)]
        found: NDArray[np.bool_] = (np.sum(sides, axis=0) > 1) & (self._count(modes != OFF) > 0)
        return found

    def _count(self, marked: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Of marked (p, k), how many there are on the line of each point, (p, k)."""
        sums = np.zeros(marked.shape[::-1], np.int64)
        np.add.at(sums, self.first, marked.T)
        return sums[self.first].T

    def push(self, r: Floats) -> tuple[Floats, Floats]:
        """What the points of each point's line push along the input of `first`, of residuals r (k,): those on
        its side, and those opposite, (k,) both.
        """
        ahead, behind = np.zeros(len(r)), np.zeros(len(r))
        np.add.at(ahead, self.first, r * np.maximum(self.ratio, 0))
        np.add.at(behind, self.first, r * np.minimum(self.ratio, 0))
        return ahead[self.first], behind[self.first]

    def share(self, r: Floats, force: Floats) -> Floats:
        """Of points that slide, (k,), where `force` (k,) is left of their line's push along the input of
        `first`: lam of those on its side, and 1 - lam of those opposite.
        """
        ahead, behind = self.push(r)
        jump = ahead - behind
        lam = np.divide(force - behind, jump, out=np.zeros(len(r)), where=jump != 0).clip(0, 1)
        return np.where(self.ratio > 0, lam, np.where(jump != 0, 1 - lam, 0.0))


def span_of(X: Floats) -> Floats:
    """An orthonormal basis of the span of inputs X (n, d), (rank, d): to AS_ONE of the largest."""
    _, sizes, rows = np.linalg.svd(X, full_matrices=False)
    found: Floats = rows[sizes > AS_ONE * sizes[0]]
    return found
