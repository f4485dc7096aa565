"""`Claims`: what is proved of the flow from a state, in numbers, with all that a check of it needs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from pl_native._base.checks import Array
from pl_native._problem import Network, Status

VERDICTS = (Status.CONVERGED, Status.TRAPPED, Status.DEAD_POINT)
"""in the order of the core's numbers, which begin with 1"""


@dataclass(frozen=True, eq=False)
class NeuronAtZero:
    """A neuron with w_j = 0, which the selection rule keeps there for ever (docs/proofs.md).

    Small-step descent leaves along `direction` where `gain` > 0.
    """

    neuron: int
    direction: Array
    """u (d,), a unit vector; zeros where none gains"""
    gain: float
    """(a_j/n) sum_i r_i max(<u, x_i>, 0), from below, at the best u that a search found; 0: none gains"""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs (neuron, point) that a proof takes neither for on nor for off; all others go by the sign of z_ji.

    neuron, point  (m,) int64
    kind           (m,) int8: 0 uncertain, 1 slides, 2 rests, 3 free (on either side, of the dual bound)
    share          (m,) float64: lam in [0, 1] of free pairs, else 0
    """

    neuron: Array
    point: Array
    kind: Array
    share: Array

    def __len__(self) -> int:
        return len(self.neuron)


@dataclass(frozen=True)
class Margins:
    """How firm a certificate is, and what its proof used."""

    radius: float
    """rho of the ball around the state on which everything is bounded; 0: nothing was proved; infinite: the
    criterion proves it, whatever the pattern does"""
    smallest: float
    """k: smallest eigenvalue of K_rho on V, from below, or what the criterion has for it; the rate is
    2 k / (n p)"""
    tau: float
    """of the S-procedure (CONVERGED); 0 where it is not used"""
    needed: float
    """ell / rho of the best attempt to prove convergence; below 1 proves, infinite: no eigenvalue above 0"""
    uncertain: int
    """pairs"""
    sliding: int
    """kinks"""
    resting: int
    """kinks"""
    dead: int
    """points of orthogonal data that no neuron sees any more"""


@dataclass(frozen=True, eq=False, repr=False)
class Claims:
    """The fields of a `Certificate`, which says what they are."""

    verdict: Status | None
    reason: str
    rate: float | None
    distance: float | None
    limit_loss: tuple[float, float] | None
    held_until: tuple[float, float] | None
    at_zero: tuple[NeuronAtZero, ...] | None
    margins: Margins
    state: Network
    moved: float
    settled: float
    n: int
    reduced: bool
    digest: str
    pairs: Pairs = field(repr=False)
    dual: Array | None = field(repr=False)


def check_claims(c: Claims) -> None:
    """ValueError unless the numbers of `c` can belong to one certificate: signs, order, what needs what."""
    proved = c.verdict is not None
    given = [v is not None for v in (c.rate, c.distance, c.limit_loss)]
    if c.verdict not in (None, *VERDICTS) or given != [proved] * 3:
        raise ValueError("a certificate has rate, distance and limit_loss exactly if it has a verdict")
    if proved and c.held_until is not None:
        raise ValueError("a certificate has held_until only if it has no verdict")
    if (c.held_until is None) != (c.dual is None):
        raise ValueError("a certificate has a dual vector exactly if something is held")
    numbers = [c.moved, c.settled, *(v for v in (c.rate, c.distance) if v is not None)]
    for pair in (c.limit_loss, c.held_until):
        numbers += list(pair or ())
    if any(math.isnan(v) or v < 0 for v in numbers):
        raise ValueError("a certificate's numbers are >= 0")
    if c.limit_loss is not None:
        low, high = c.limit_loss
        if low > high or (low > 0) != (c.verdict is not Status.CONVERGED):
            raise ValueError(f"limit_loss: ({low!r}, {high!r}) does not go with {c.verdict!r}")
