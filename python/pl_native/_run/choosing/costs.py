"""What a run costs before it is run: events, right-hand sides and seconds of each method, estimated.

Time is counted in s = t / t_inf, t_inf = `pl.horizon(n, p)`: in that unit runs of all sizes look alike. The
laws are here, their constants in `prices`, fitted to single-thread runs of the problems of
`bench/bench_auto.py`. What a run of "auto" asks of them is kept: runs of one size ask the same, and small
ones would take longer to foresee than to run.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

from pl_native._run.choosing import prices
from pl_native.protocol import horizon

START = {"flow": 10.0, "capture": 2.0}
"""Right-hand sides of a run that goes nowhere."""

FLOW_RTOL = 1e-6
"""The largest of the flow where the loss is asked: its rtol is of states, and errors of a small loss are
larger
"""


_KEPT = 1 << 10  # answers

FEW = 8192
"""pairs at most, that capture follows on two meshes on dense inputs, as in cpp/capture/attempts.cpp"""


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
    def rank(self) -> int:
        """Of the inputs, at most."""
        return min(self.n, self.d)

    @property
    def share(self) -> float:
        """t_end in units of t_inf."""
        return self.share_of(self.t_end)

    def share_of(self, t: float) -> float:
        """t in units of t_inf, at most 10^6; a single pair has no horizon of its own."""
        return min(t / max(horizon(self.n, self.p), 1.0), 1e6)

    def kind_of(self, method: str) -> str:
        """Of inputs, as the prices of the method tell them apart: capture follows few pairs of dense inputs
        on two meshes (docs/numerics.md).
        """
        if self.orthogonal:
            return "orthogonal"
        return "few" if method == "capture" and self.pairs <= FEW else "dense"


def events(sizes: Sizes, t: float | None = None) -> float:
    """Switches of the flow up to t (None: t_end). On orthogonal inputs a pair switches at most once."""
    A, B, C, D = prices.EVENTS[sizes.kind_of("flow")]
    share = sizes.share if t is None else sizes.share_of(t)
    return A * sizes.pairs * math.pow(sizes.rank, D) * -math.expm1(-B * math.pow(share, C))


def on_patterns(sizes: Sizes) -> bool:
    """Whether the flow moves patterns, not neurons (docs/numerics.md): general inputs have at most
    2 sum_{k < d} C(n - 1, k), of d + 1 numbers each.
    """
    few, most = 0, sizes.p / (2 * (sizes.d + 1))
    for k in range(sizes.d):
        few += math.comb(sizes.n - 1, k)
        if few > most:
            return False
    return not sizes.orthogonal


def crowding(sizes: Sizes, rtol: float, t: float, switches: float) -> float:
    """Of the events of the flow up to t: in proportion to how many a step may hold.

    An event changes the rate of the residuals by about 1 / (n p), so m of them in a step of length h move a
    neuron by about m h^2 norm(X)^2 / (n^2 p), norm(X)^2 about n / d, and a step may lose a share of rtol.
    With E / t events in unit time, m = h E / t,

        m^3 = const. rtol n p d (E / t)^2.

    Steps on patterns end at every event.
    """
    if t <= 0.0 or on_patterns(sizes):
        return 0.0
    return math.cbrt(min(rtol, FLOW_RTOL) * sizes.pairs * sizes.d) * math.cbrt(switches / t) ** 2


@functools.lru_cache(_KEPT)
def rhs(sizes: Sizes, method: str, rtol: float, t: float) -> float:
    """Right-hand sides from the start to t, but for `START`.

    Of the flow at first for events, the fewer the more of them a step holds: it needs more itself, but not in
    proportion. Later events are far apart, but after each what is fast moves until it has died, and steps
    of order K go K/2 of its e-foldings: about two right-hand sides for each, up to twenty after an event.
    The more points there are in few dimensions, and the more neurons, the faster that is.
    """
    if t <= 0.0:
        return 0.0
    share = sizes.share_of(t)
    if method == "flow":
        each, tail, B, y, a, b, c, k = prices.FLOW[sizes.kind_of(method)]
        met = events(sizes, t)
        held = max(B * crowding(sizes, rtol, t, met), 1.0)
        late = math.pow(sizes.n, a) * math.pow(sizes.rank, b) * math.pow(sizes.p, c) * _log(share, k)
        return each * met / math.pow(held, y) + tail * late * many(sizes)
    few, f, e, G, g, h, k, ell = prices.CAPTURE[sizes.kind_of(method)]
    finer = math.pow(max(0.1 / rtol - 1, 0.0), h) * fitting(sizes) * missing(sizes, rtol, share)
    finer *= G * math.pow(sizes.pairs, g) * math.pow(sizes.n / sizes.rank, ell)
    late = _log(share, k)  # capture settles: a power of the time itself is far too much late
    return few * math.pow(sizes.pairs, f) * math.pow(share, e) + finer * late


def many(sizes: Sizes) -> float:
    """From 0 to 1: whether there are pairs enough for events after which something is fast. Of a few pairs
    nothing but what is slow moves late.
    """
    return sizes.pairs / (sizes.pairs + prices.MANY[sizes.kind_of("flow")])


def _log(share: float, k: float) -> float:
    return math.pow(math.log1p(share), k)


def fitting(sizes: Sizes) -> float:
    """From 0 to 1: whether there are weights enough for the loss to vanish. Where there are not, it stays,
    and a share of it is soon had.
    """
    c, q = prices.FITTING
    return 1.0 / (1.0 + math.pow(c * sizes.p * sizes.rank / sizes.n, -q))


def missing(sizes: Sizes, rtol: float, share: float) -> float:
    """From 0 to 1: whether the first attempt of capture misses rtol on one mesh of dense inputs, and a
    second, many times as long, is to come. It errs by about k s^a, from the branches at repelling kinks.
    """
    if sizes.kind_of("capture") != "dense":
        return 1.0
    k, a, q = prices.MISSING
    over = math.pow(min(k * math.pow(share, a) / rtol, 1e9), q)
    return over / (1.0 + over)


@functools.lru_cache(_KEPT)
def rhs_seconds(sizes: Sizes, method: str, rtol: float) -> float:
    """Of one right-hand side in a run to t_end, with all that goes with it: kinks, and its part of the
    events, which cost capture the same however many a step holds; its longer steps take more products.
    """
    fixed, c, e, f, each, k = prices.SECONDS[method][sizes.kind_of(method)]
    held = events(sizes) / (START[method] + rhs(sizes, method, rtol, sizes.t_end))
    volume = sizes.pairs * (1 if sizes.orthogonal else sizes.d)
    return fixed + c * math.pow(volume, e) * longer(sizes, k) + f * sizes.p + each * held


def longer(sizes: Sizes, k: float) -> float:
    """How much more a right-hand side costs in a run to t_end than in one to (e - 1) t_inf."""
    return _log(sizes.share, k) if k > 0 else 1.0


def seconds(sizes: Sizes, method: str, rtol: float) -> float:
    """Of a run of the flow, of capture or of "auto" to t_end, the call that begins it left out."""
    if method == "auto":
        return min(seconds(sizes, name, rtol) for name in START)
    return (START[method] + rhs(sizes, method, rtol, sizes.t_end)) * rhs_seconds(sizes, method, rtol)


def euler_seconds(sizes: Sizes, step: float) -> float:
    """Of Euler in double precision."""
    each = 1e-9 * sizes.pairs if sizes.orthogonal else 3.5e-11 * sizes.pairs * sizes.d
    return sizes.t_end / step * (1e-6 + each)
