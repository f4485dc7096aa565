"""What a run is expected to cost by each method, and which is the cheaper (`pl.advise`)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pl_native._base import checks
from pl_native._problem import Dataset, Network, given
from pl_native._run.call_options import CAPTURE_RTOL
from pl_native._run.choosing import costs, forecast, prices
from pl_native._run.choosing.asleep import asleep
from pl_native._run.task import in_double
from pl_native.backends.contract import StateTask
from pl_native.protocol import horizon


@dataclass(frozen=True, slots=True)
class Advice:
    """What `advise` found. `method` is an argument of `simulate`.

    method    "flow" or "capture", whichever follows the flow at less cost; "auto" has both
    reason    why, in words
    seconds   estimated for `method`, one thread; "auto", which may try both, takes a little more
    events    switches up to t_end, estimated
    costs     estimated seconds of "auto", "flow", "capture" and "euler" (step 1)
    """

    method: str
    reason: str
    seconds: float
    events: float
    costs: dict[str, float]


def advise(data: Dataset, network: Network, t_end: float | None = None, *, rtol: float = 1e-3) -> Advice:
    """Which method follows the flow of `network` on `data` to `t_end` (None: `pl.horizon`) with the loss to
    `rtol`, at the least expected cost. Arguments stand as in `simulate`. `method="auto"` decides by the same
    laws, and mends what turns out otherwise.

    "flow" pays for events, about one per pair (j, i) by t_end = pl.horizon(n, p); a step holds several where
    they are dense, at n p of some thousands and its own rtol, at most 1e-6, of no less than 1e-8. "capture"
    takes steps that hold many; how many it needs grows as the tolerance falls, so it is cheaper for large
    problems at loose tolerances, and not for those below 1e-7. "euler" is never advised: it may be the
    cheapest for the same error (docs/performance.md), but nothing in a run tells that error, and step 1 is
    past the edge of stability for large n (docs/experiment1.md).

    Nothing is run: one look at the gradient of the start, else sizes alone (n, d, p, t_end, rtol; whether
    inputs are orthogonal). The laws are fitted to 174 problems; of sixty, most of them among these, 59 are
    told within a factor of three (`bench/bench_auto.py`, docs/methods.md): runs without `stop`, one thread.
    Told too little is where capture turns out to need more attempts than others of its size, or misses rtol
    and the flow does it again. Raises ValueError or TypeError for wrong arguments.
    """
    given.problem(data, network)
    asked = checks.positive("rtol", rtol)
    end = horizon(data.n, network.p) if t_end is None else checks.at_least("t_end", t_end, 0.0)
    moving = network.cut(data.represented)
    sizes = costs.Sizes(data.n, moving.d, network.p, data.orthogonal_norms is not None, end)
    events = costs.events(sizes)
    seconds = {name: prices.CALL + costs.seconds(sizes, name, asked) for name in ("flow", "capture")}
    state = StateTask(**in_double(data, moving))
    small = asleep(state, state.W, state.a, end)
    seconds["capture"] *= prices.SMALL if small else 1.0
    only = asked < CAPTURE_RTOL
    method = "flow" if only or seconds["flow"] <= seconds["capture"] else "capture"
    auto = seconds["flow"] if only else prices.TURNS * forecast.expected(**seconds)
    seconds |= {"auto": auto, "euler": costs.euler_seconds(sizes, 1.0)}
    reason = _reason(sizes, asked, events, seconds) + (_SMALL if small else "")
    return Advice(method, reason, seconds[method], events, seconds)


_SMALL = (
    " Some neurons are small and may grow: where capture tells that it missed rtol, the loss may be"
    " further off than it tells, and the flow is to be taken (docs/methods.md)."
)

_BRANCHING = 0.1  # of the horizon: from there on losses depend on the branches taken at repelling kinks
_SETTLED = 8e4  # pairs, up to which a practical tolerance decides them to the horizon (docs/numerics.md)


def branch_scatter(sizes: costs.Sizes) -> float:
    """Relative scatter of the loss at t_end over the branches at repelling kinks, expected: measured for the
    data and networks of the paper, n from 300 to 2500."""
    return 0.0 if sizes.orthogonal else 0.11 * math.pow(sizes.share, 0.7)


def _reason(sizes: costs.Sizes, rtol: float, events: float, seconds: dict[str, float]) -> str:
    flow, capture, euler = (f"{seconds[name]:.2g} s" for name in ("flow", "capture", "euler"))
    steps = costs.rhs(sizes, "capture", rtol, sizes.t_end)
    text = (
        f"about {events:.2g} events to t = {sizes.t_end:g} cost the flow {flow}; about {steps:.2g} "
        f"right-hand sides cost capture {capture} at rtol {rtol:g}. Euler with step 1 would take {euler}, "
        "its error unknown."
    )
    if not sizes.orthogonal and sizes.share > _BRANCHING and seconds["capture"] < seconds["flow"]:
        scatter = branch_scatter(sizes)
        text += (
            f" By then trajectories branch: late losses differ by about {100 * scatter:.2g} % between runs."
        )
        if sizes.pairs > _SETTLED and rtol < scatter:
            text += (
                " At this size no practical tolerance of capture settles that:"
                f" rtol {rtol:g} is not to be had of it."
            )
    return text
