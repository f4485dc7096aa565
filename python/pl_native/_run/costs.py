"""What a run costs before it is run: events, right-hand sides and seconds of each method, estimated.

Time is counted in s = t / t_inf, t_inf = `pl.horizon(n, p)`: in that unit runs of all sizes look alike. The
laws are here, their constants in `prices`, fitted to single-thread runs of sixty problems
(`bench/bench_auto.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pl_native._run import prices
from pl_native.protocol import horizon

START = {"flow": 10.0, "capture": 2.0}
"""Right-hand sides of a run that goes nowhere."""


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
        """t_end in units of t_inf."""
        return self.share_of(self.t_end)

    def share_of(self, t: float) -> float:
        """t in units of t_inf, at most 10^6; a single pair has no horizon of its own."""
        return min(t / max(horizon(self.n, self.p), 1.0), 1e6)

    @property
    def kind(self) -> str:
        """Of inputs, as `prices` tells them apart."""
        return "orthogonal" if self.orthogonal else "dense"


def events(sizes: Sizes, t: float | None = None) -> float:
    """Switches of the flow up to t (None: t_end). On orthogonal inputs a pair switches at most once."""
    A, B, C, D = prices.EVENTS[sizes.kind]
    share = sizes.share if t is None else sizes.share_of(t)
    return A * sizes.pairs * math.pow(min(sizes.n, sizes.d), D) * -math.expm1(-B * math.pow(share, C))


def rhs(sizes: Sizes, method: str, rtol: float, t: float) -> float:
    """Right-hand sides from the start to t, but for `START`: of the flow mostly events, whatever the
    tolerance.
    """
    share = sizes.share_of(t)
    if method == "flow":
        each, tail = prices.FLOW[sizes.kind]
        return each * events(sizes, t) + tail * math.pow(sizes.pairs, 0.6) * math.log1p(share)
    few, e, G, g, h, k = prices.CAPTURE[sizes.kind]
    finer = math.pow(max(0.1 / rtol - 1, 0.0), h)
    late = math.pow(math.log1p(share), k)  # capture settles: a power of the time itself is far too much late
    return few * math.pow(share, e) + G * math.pow(sizes.pairs, g) * finer * late


def rhs_seconds(sizes: Sizes, method: str, rtol: float) -> float:
    """Of one right-hand side in a run to t_end, with all that goes with it: kinks, and its part of the
    events, which cost capture the same however many a step holds.
    """
    fixed, c, e, f, each = prices.SECONDS[method][sizes.kind]
    held = events(sizes) / (START[method] + rhs(sizes, method, rtol, sizes.t_end))
    volume = sizes.pairs * (1 if sizes.orthogonal else sizes.d)
    return fixed + c * math.pow(volume, e) + f * sizes.p + each * held


def seconds(sizes: Sizes, method: str, rtol: float) -> float:
    """Of a run of the flow, of capture or of "auto" to t_end, the call that begins it left out."""
    if method == "auto":
        return min(seconds(sizes, name, rtol) for name in START)
    return (START[method] + rhs(sizes, method, rtol, sizes.t_end)) * rhs_seconds(sizes, method, rtol)


def euler_seconds(sizes: Sizes, step: float) -> float:
    """Of Euler in double precision."""
    each = 1e-9 * sizes.pairs if sizes.orthogonal else 3.5e-11 * sizes.pairs * sizes.d
    return sizes.t_end / step * (1e-6 + each)
