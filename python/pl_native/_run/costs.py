"""What a run costs before it is run: right-hand sides, events and seconds of each method, estimated.

Fitted to single-thread runs of sphere data with asymmetric networks and of orthogonal data, n from 20 to 1700
(the sizes and what was measured are in tests/test_advice.py), on the machine of docs/performance.md. Time is
counted in s = t / t_inf, t_inf = `pl.horizon(n, p)`: in that unit runs of all sizes look alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pl_native.protocol import horizon


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the cost of a run depends on. `orthogonal`: inputs held as norms."""

    n: int
    d: int
    p: int
    orthogonal: bool
    t_end: float

    @property
    def pairs(self) -> int:
        """(j, i)."""
        return self.n * self.p

    @property
    def share(self) -> float:
        """t_end in units of t_inf; a single pair has no horizon of its own."""
        return self.t_end / max(horizon(self.n, self.p), 1.0)


def events(sizes: Sizes) -> float:
    """Switches of the flow up to t_end. On orthogonal inputs a pair switches at most once; 1 in 4 does."""
    if sizes.orthogonal:
        return 0.25 * sizes.pairs * min(1.0, 10 * sizes.share)
    return 1.1 * sizes.pairs * min(math.pow(sizes.share, 0.2), 20 * sizes.share)


def flow_seconds(sizes: Sizes) -> float:
    """Each event ends a step of the flow, and what it takes to find the next grows with the problem."""
    each = 2e-5 + 2.5e-8 * sizes.pairs if sizes.orthogonal else 4e-5 + 4.5e-10 * sizes.pairs * sizes.d
    return events(sizes) * each


def capture_rhs(sizes: Sizes, rtol: float) -> float:
    """Right-hand sides of the capture method, both meshes, begun again once or twice."""
    start, known = (30.0, 230.0) if sizes.orthogonal else (45.0, 45.0)
    return start + known * math.sqrt(0.1 / rtol) * math.pow(sizes.share, 0.75)


def capture_seconds(sizes: Sizes, rtol: float) -> float:
    """A right-hand side solves the kinks of each neuron beside the products with X."""
    each = (
        2e-6 + 1.4e-9 * sizes.pairs
        if sizes.orthogonal
        else 1e-5 * math.pow(sizes.pairs * sizes.d / 12000, 0.6)
    )
    return capture_rhs(sizes, rtol) * each


def euler_seconds(sizes: Sizes, step: float) -> float:
    each = 1e-9 * sizes.pairs if sizes.orthogonal else 3.5e-11 * sizes.pairs * sizes.d
    return sizes.t_end / step * (1e-6 + each)
