"""The flow about one state with its pattern frozen: what it can still remove of the loss, and how fast.

Every pair (j, i) stays on, off, or at rest at its kink. Then w_j moves only within the orthogonal complement
of the inputs that rest on it (P_j projects there), and to first order in the way left to go

    dr/dt = -(1/(n p)) K r,   K_ik = sum_j [ a_j^2 1_ji 1_jk <P_j x_i, P_j x_k> + max(z_ji, 0) max(z_jk, 0) ].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

import pl_native as pl
from pl_native import model

Array = np.ndarray[Any, Any]

RANK = (
    1e-10  # of the largest rate; what is below counts as 0. Rounding leaves 1e-15, and real rates are > 1e-7
)
SWEEPS = 10_000
NEAR = 1e-5


@dataclass(frozen=True)
class Pattern:
    """Which pairs are on and which rest, (p, n) bool; all others are off."""

    on: Array
    rests: Array


def nearness(data: pl.Dataset, net: pl.Network, known: int, least: float = NEAR) -> float:
    """|z_ji| / max_i |z_ji| up to which pairs count as at their kinks, where a run had `known` at rest.

    Steps leave pairs at rest 1e-15 to 1e-5 from their kinks, loose tolerances up to 1e-4; some tens of others
    are within 1e-5. So all within `least` are taken, and more where the run's count says so: up to the widest
    gap between the attracting pairs (a_j r_i < 0) nearest to their kinks in which the count is exceeded by at
    most a twentieth, since those just let go are still there. The count alone does not do: a run that is
    stopped among very short steps has let go most of its pairs (of 730, it kept 39).
    """
    if known == 0:
        return least
    z, pull = model.preactivations(data, net), net.a[:, None] * model.residual(data, net)
    ratios = np.sort((np.abs(z) / np.abs(z).max(axis=1, keepdims=True))[pull < 0])
    below = np.maximum(ratios[known - 1 : known + known // 20], 1e-300)
    above = ratios[known : known + len(below)]
    below = below[: len(above)]
    k = int(np.argmax(above / below))
    return max(least, float(np.sqrt(above[k] * below[k])))


def pattern(data: pl.Dataset, net: pl.Network, near: float) -> Pattern:
    """The pattern that the inclusion selects, where pairs up to `near` (see nearness) are at their kinks.

    Such a pair rests if a_j r_i < 0 makes its kink attracting and the selected velocity holds it there with a
    share strictly between off and on. Others at attracting kinks are on or off as their share is, and at
    repelling ones as their z says.
    """
    z, r = model.preactivations(data, net), model.residual(data, net)
    on, rests = z > 0, np.zeros(z.shape, bool)
    close = np.abs(z) <= near * np.abs(z).max(axis=1, keepdims=True)
    for j in range(net.p):
        pull = net.a[j] * r
        kinks = np.flatnonzero(close[j] & (pull < 0))
        on[j, kinks] = False
        share = shares(data.X[kinks], (pull * on[j]) @ data.X, pull[kinks])
        rests[j, kinks] = (share > 0) & (share < 1)
        on[j, kinks] = share == 1
    return Pattern(on, rests)


def shares(X: Array, drive: Array, pull: Array) -> Array:
    """lam in [0, 1] for which |drive + sum_i pull_i lam_i x_i| is least: the inclusion's velocity where every
    kink attracts (pull < 0). One coordinate after the other."""
    gram, slope = X @ X.T, X @ drive
    force = np.zeros(len(X))  # pull * lam
    for _ in range(SWEEPS):
        before = force.copy()
        for i in range(len(X)):
            force[i] = np.clip(force[i] - (slope[i] + gram[i] @ force) / gram[i, i], pull[i], 0.0)
        if np.all(np.abs(force - before) <= 1e-12 * np.abs(pull)):
            break
    result: Array = force / pull
    return result


def complement(X: Array, at_rest: Array) -> Array:
    """The rows of X projected orthogonally to the rows `at_rest`."""
    basis = np.linalg.qr(at_rest.T)[0]
    result: Array = X - (X @ basis) @ basis.T
    return result


def features(data: pl.Dataset, net: pl.Network, held: Pattern) -> Array:
    """F with K = F^T F, (p (d + 1), n): derivatives of p h(x_i) to the weights, as far as these may move."""
    z, blocks = model.preactivations(data, net), []
    for j in range(net.p):
        free = complement(data.X, data.X[held.rests[j]])
        blocks += [net.a[j] * (free * held.on[j][:, None]).T, (z[j] * held.on[j])[None]]
    return np.concatenate(blocks)


def velocity_sq(F: Array, r: Array) -> float:
    """sum_j norm(dw_j/dt)^2 + (da_j/dt)^2 = r^T K r / n^2."""
    return float(np.sum(np.square(F @ r))) / len(r) ** 2


def freedom(data: pl.Dataset, held: Pattern) -> int:
    """How many weights may move: d - rank of the inputs at rest for w_j, and none more for a_j, which
    follows from w_j (Lemma 1). K has at most this rank."""
    ranks = [int(np.linalg.matrix_rank(data.X[rests])) if rests.any() else 0 for rests in held.rests]
    return len(ranks) * data.d - sum(ranks)


@dataclass(frozen=True)
class Spectrum:
    """Directions of the residual (columns), the rates at which r falls along them, and r in them."""

    rates: Array  # 1/time, increasing
    directions: Array
    parts: Array

    @property
    def moves(self) -> Array:
        result: Array = self.rates > RANK * self.rates[-1]
        return result

    @property
    def slowest(self) -> float:
        """The least rate that is not 0."""
        return float(self.rates[self.moves][0])

    @property
    def limit(self) -> Array:
        """The residual that stays for ever."""
        result: Array = self.directions[:, ~self.moves] @ self.parts[~self.moves]
        return result

    @property
    def impulse(self) -> Array:
        """The integral over all time to come of r without what stays."""
        moves = self.moves
        result: Array = self.directions[:, moves] @ (self.parts[moves] / self.rates[moves])
        return result

    def loss(self, t: float) -> float:
        """In time t from the state on."""
        rates = np.where(self.moves, self.rates, 0.0)
        return float(np.square(self.parts) @ np.exp(-2 * rates * t)) / (2 * len(rates))

    @property
    def floor(self) -> float:
        """The loss that this pattern never removes."""
        return float(np.square(self.parts[~self.moves]).sum()) / (2 * len(self.parts))

    def time_to(self, loss: float) -> float:
        """The time from the state on until the loss is there; infinite if never."""
        if self.floor >= loss:
            return math.inf
        if self.loss(0.0) <= loss:
            return 0.0
        low, high = 0.0, 1 / self.slowest
        while self.loss(high) > loss:
            low, high = high, 2 * high
        while high - low > 1e-6 * high:
            middle = (low + high) / 2
            low, high = (low, middle) if self.loss(middle) <= loss else (middle, high)
        return high


def spectrum(F: Array, r: Array, p: int) -> Spectrum:
    """Of the frozen flow with features F from the residual r on."""
    values, vectors = np.linalg.eigh(F.T @ F)
    return Spectrum(values / (len(r) * p), vectors, vectors.T @ r)


def crossing(data: pl.Dataset, net: pl.Network, held: Pattern, impulse: Array) -> int:
    """How many pairs change their side on the frozen flow's way to its end."""
    count, z = 0, model.preactivations(data, net)
    for j in range(net.p):
        free = complement(data.X, data.X[held.rests[j]])
        end = z[j] + data.X @ ((net.a[j] / data.n) * ((impulse * held.on[j]) @ free))
        count += int(np.sum(np.where(held.on[j], end < 0, end > 0) & ~held.rests[j]))
    return count


def let_go(data: pl.Dataset, net: pl.Network, held: Pattern, limit: Array) -> int:
    """How many pairs at rest the residual that the frozen flow ends with would not hold at their kinks."""
    count = 0
    for j in range(net.p):
        X, pull = data.X[held.rests[j]], net.a[j] * limit
        drive, mine = (pull * held.on[j]) @ data.X, pull[held.rests[j]]
        force = np.linalg.lstsq(X.T, -drive, rcond=None)[0]
        count += int(np.sum((force > 0) | (force < mine)))  # always where a kink repels, mine > 0
    return count
