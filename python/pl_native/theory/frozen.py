"""The flow about one state with its pattern frozen: what of the loss it can still remove, and how fast.

Every pair (j, i) stays on, off, or at rest at its kink. Then w_j moves only within the orthogonal complement
of the inputs that rest on it (Pi_j projects there), and to first order in the way left to go

    dr/dt = -K r/(n p),     K = sum_j [ a_j^2 P_j X Pi_j X^T P_j + z_j+ z_j+^T ],

P_j = diag(1 where j is on), z_j+ = max(X w_j, 0). What of r lies where K is 0 stays for ever: the floor of
the loss. No proof of where the flow itself ends, since patterns change; `FrozenFlow` counts the
pairs that would.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pl_native import model
from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network, given
from pl_native.theory.pattern import Pattern, nearness, pattern, slides

RANK = 1e-10  # of the largest rate; below counts as 0. Rounding leaves 1e-15, and real rates are > 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Directions of the residual, the rates at which r falls along them, and r in them.

    rates       (n,) 1/time, increasing; the loss falls twice as fast
    directions  (n, n) orthonormal columns
    parts       (n,) coordinates of r
    """

    rates: Array
    directions: Array
    parts: Array

    @property
    def moves(self) -> Array:
        """(n,) bool: rates that are not 0 to rounding. Their number is the rank of K."""
        result: Array = self.rates > RANK * self.rates[-1]
        return result

    @property
    def slowest(self) -> float:
        """The least rate that is not 0, 1/time; NaN where nothing moves."""
        return float(self.rates[self.moves][0]) if self.moves.any() else math.nan

    @property
    def limit(self) -> Array:
        """(n,) the residual that stays for ever."""
        result: Array = self.directions[:, ~self.moves] @ self.parts[~self.moves]
        return result

    @property
    def impulse(self) -> Array:
        """(n,) the integral of r - `limit` over all time to come."""
        moves = self.moves
        result: Array = self.directions[:, moves] @ (self.parts[moves] / self.rates[moves])
        return result

    @property
    def floor(self) -> float:
        """The loss that stays for ever, norm(limit)^2/(2n)."""
        return float(np.square(self.parts[~self.moves]).sum()) / (2 * len(self.parts))

    def loss(self, t: float) -> float:
        """The loss at flow time t from the state on."""
        rates = np.where(self.moves, self.rates, 0.0)
        return float(np.square(self.parts) @ np.exp(-2 * rates * t)) / (2 * len(rates))

    def time_to(self, loss: float) -> float:
        """The flow time from the state on until the loss is there: 0 if it is, infinite if never."""
        if self.loss(0.0) <= loss:
            return 0.0
        if self.floor >= loss:
            return math.inf
        low, high = 0.0, 1 / self.slowest
        while self.loss(high) > loss:
            low, high = high, 2 * high
        while high - low > 1e-6 * high:
            middle = (low + high) / 2
            low, high = (low, middle) if self.loss(middle) <= loss else (middle, high)
        return high


@dataclass(frozen=True, slots=True, eq=False)
class FrozenFlow:
    """What `frozen_flow` found.

    pattern, spectrum
    velocity_sq   sum_j norm(dw_j/dt)^2 + (da_j/dt)^2 of this pattern, r^T K r/n^2
    free_weights  how many weights may move: d - rank of the inputs at rest, summed over the neurons (each a_j
                  follows from its w_j, Lemma 1); K has at most this rank
    crossing      how many pairs would change their side on the frozen flow's way to its end
    let_go        how many pairs at rest the residual at its end would not hold at their kinks
    """

    pattern: Pattern
    spectrum: Spectrum
    velocity_sq: float
    free_weights: int
    crossing: int
    let_go: int


def frozen_flow(data: Dataset, network: Network, *, at_kinks: int | None = None) -> FrozenFlow:
    """The flow from `network` with its pattern frozen, linearised in the residual (equation at
    the module's head).

    Pairs that `network.kinks` has sliding are taken at their kinks. `at_kinks` is how many pairs the run that
    reached the state had there (None: those); see `nearness`. Costs one eigendecomposition of size n: half a
    minute and half a gigabyte at n = 4000. ValueError for a negative `at_kinks`, and where K or K r is beyond
    the range of float64.

    >>> data = pl.Dataset([[1.0], [2.0]], [1.0, 3.0])
    >>> found = theory.frozen_flow(data, pl.Network([[1.0]], [1.4]))
    >>> found.spectrum.rates.round(4), round(found.spectrum.floor, 4)
    (array([0. , 7.4]), 0.05)
    """
    given.problem(data, network)
    _refuse_beyond_range(data, network)
    listed = int(slides(data, network).sum())
    known = listed if at_kinks is None else checks.integer("at_kinks", at_kinks, 0)
    held = pattern(data, network, nearness(data, network, known))
    F, r = features(data, network, held), model.residual(data, network)
    found = spectrum(F, r, network.p)
    return FrozenFlow(
        held,
        found,
        float(np.sum(np.square(F @ r))) / data.n**2,
        free_weights(data, held),
        crossing(data, network, held, found.impulse),
        let_go(data, network, held, found.limit),
    )


def _refuse_beyond_range(data: Dataset, network: Network) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        weights = sum(np.square(part.astype(np.float64)).sum() for part in (network.W, network.a))
        size = data.n * weights * np.square(data.norms.max())
        push = np.maximum(size, data.norms.max()) * np.abs(model.residual(data, network)).max()
    if not (np.isfinite(size) and np.isfinite(push)):
        raise ValueError(
            "network: expected weights that with the inputs, of norms up to "
            f"{data.norms.max():.3g}, give a matrix K and K r within the range of float64, "
            f"got sum a_j^2 + norm(w_j)^2 = {weights:.3g}"
        )


def features(data: Dataset, network: Network, held: Pattern) -> Array:
    """F with K = F^T F, (p (d + 1), n): derivatives of p h(x_i) to the weights, as far as these may move."""
    z, blocks = model.preactivations(data, network), []
    for j, free in enumerate(_free_inputs(data, held)):
        blocks += [network.a[j] * (free * held.on[j][:, None]).T, (z[j] * held.on[j])[None]]
    return np.concatenate(blocks)


def spectrum(F: Array, r: Array, p: int) -> Spectrum:
    """Of the frozen flow with features F from the residual r on."""
    values, vectors = np.linalg.eigh(F.T @ F)
    return Spectrum(values / (len(r) * p), vectors, vectors.T @ r)


def free_weights(data: Dataset, held: Pattern) -> int:
    """See `FrozenFlow`."""
    ranks = [int(np.linalg.matrix_rank(data.X[rests])) for rests in held.rests if rests.any()]
    return len(held.rests) * data.d - sum(ranks)


def crossing(data: Dataset, network: Network, held: Pattern, impulse: Array) -> int:
    """See `FrozenFlow`; w_j ends at w_j + (a_j/n) Pi_j X^T P_j impulse."""
    count, z = 0, model.preactivations(data, network)
    for j, free in enumerate(_free_inputs(data, held)):
        end = z[j] + data.X @ ((network.a[j] / data.n) * ((impulse * held.on[j]) @ free))
        count += int(np.sum(np.where(held.on[j], end < 0, end > 0) & ~held.rests[j]))
    return count


def let_go(data: Dataset, network: Network, held: Pattern, limit: Array) -> int:
    """See `FrozenFlow`; a pair is held where the force that keeps it there is between 0 and a_j r_i < 0."""
    count = 0
    for a, on, rests in zip(network.a, held.on, held.rests, strict=True):
        X, pull = data.X[rests], a * limit
        force = np.linalg.lstsq(X.T, -((pull * on) @ data.X), rcond=None)[0]
        count += int(np.sum((force > 0) | (force < pull[rests])))  # always where a kink repels
    return count


def _free_inputs(data: Dataset, held: Pattern) -> list[Array]:
    """X Pi_j (n, d) of each neuron."""
    bases = (np.linalg.qr(data.X[rests].T)[0] for rests in held.rests)
    return [data.X - (data.X @ basis) @ basis.T for basis in bases]
