"""Which method to take (`pl.advise`), from what each is expected to cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pl_native._base import checks
from pl_native._problem import Dataset, Network
from pl_native._run import costs
from pl_native.protocol import horizon


@dataclass(frozen=True, slots=True)
class Advice:
    """What `advise` found. `method` is an argument of `simulate`.

    reason    why, in words
    seconds   estimated for `method`, one thread
    events    switches up to t_end, estimated
    costs     estimated seconds of "flow", "capture" and "euler" (step 1)
    """

    method: str
    reason: str
    seconds: float
    events: float
    costs: dict[str, float]


def advise(data: Dataset, network: Network, t_end: float | None = None, *, rtol: float = 1e-3) -> Advice:
    """Which method follows the flow of `network` on `data` to `t_end` (None: `pl.horizon`) with the loss to
    `rtol`, at the least expected cost. Arguments stand as in `simulate`.

    "flow" pays for events, about one per pair (j, i) by t_end = pl.horizon(n, p) whatever the tolerance,
    each in proportion to n p d. "capture" takes steps that hold many, whose number grows as rtol^(-1/2).
    So capture is cheaper for large problems at loose tolerances. "euler" is never advised: it may be the
    cheapest for the same error (docs/performance.md), but nothing in a run tells that error, and step 1
    is past the edge of stability for large n (docs/experiment1.md). From a small initialisation the flow
    is the more exact for less work, and to late times branches at repelling kinks may leave no method the
    accuracy asked for; where that is so, `reason` says it.

    Nothing is run. The estimates are of runs without `stop`, from sizes alone (n, d, p, t_end, rtol;
    whether inputs are orthogonal), measured for the data and networks of the paper on the machine of
    docs/performance.md, one thread, idle. The flow's are within a factor of 3. So are the right-hand
    sides of two in three runs of capture (of 75 measured); a run that meets branches and begins again may
    take 17 times as many. Raises ValueError or TypeError for wrong arguments.
    """
    if not isinstance(data, Dataset):
        raise TypeError(f"data: expected pl.Dataset, got {checks.kind(data)}")
    if not isinstance(network, Network):
        raise TypeError(f"network: expected pl.Network, got {checks.kind(network)}")
    data.check_fits(network)
    asked = checks.positive("rtol", rtol)
    end = horizon(data.n, network.p) if t_end is None else checks.at_least("t_end", t_end, 0.0)
    represented = network.W.shape[1]
    sizes = costs.Sizes(data.n, represented, network.p, data.orthogonal_norms is not None, end)
    events = costs.events(sizes)
    seconds = {
        "flow": costs.flow_seconds(sizes),
        "capture": costs.capture_seconds(sizes, asked),
        "euler": costs.euler_seconds(sizes, 1.0),
    }
    method = "flow" if seconds["flow"] <= seconds["capture"] else "capture"
    reason = _reason(sizes, asked, events, seconds) + (_SMALL if is_small(data, network) else "")
    return Advice(method, reason, seconds[method], events, seconds)


_SMALL = (
    " The initialisation is small: until the weights escape, capture takes many steps for what the flow follows "
    "in a few, more exactly (docs/numerics.md)."
)


def is_small(data: Dataset, network: Network) -> bool:
    """Whether no output at the start can reach a thousandth of the largest label.

    Outputs are at most max_i norm(x_i) (1/p) sum_j abs(a_j) norm(w_j).
    """
    weights = np.abs(network.a.astype(np.float64)) * np.sqrt(network.norms_sq)
    return bool(np.max(data.norms) * weights.mean() < 1e-3 * np.max(np.abs(data.y)))


_BRANCHING = 0.1  # of the horizon: from there on losses depend on the branches taken at repelling kinks
_SETTLED = 5e4  # pairs, up to which a practical tolerance decides them to the horizon (docs/numerics.md)


def branch_scatter(sizes: costs.Sizes) -> float:
    """Relative scatter of the loss at t_end over the branches at repelling kinks, expected: measured for the
    data and networks of the paper, n from 300 to 2500."""
    return 0.0 if sizes.orthogonal else 0.11 * math.pow(sizes.share, 0.7)


def _reason(sizes: costs.Sizes, rtol: float, events: float, seconds: dict[str, float]) -> str:
    flow, capture, euler = (f"{seconds[name]:.2g} s" for name in ("flow", "capture", "euler"))
    steps = costs.capture_rhs(sizes, rtol)
    text = (
        f"about {events:.2g} events to t = {sizes.t_end:g} cost the flow {flow}; about {steps:.2g} "
        f"right-hand sides cost capture {capture} at rtol {rtol:g}. Euler with step 1 would take {euler}, "
        "its error unknown."
    )
    if not sizes.orthogonal and sizes.share > _BRANCHING and seconds["capture"] < seconds["flow"]:
        scatter = branch_scatter(sizes)
        text += f" By then trajectories branch: late losses differ by about {100 * scatter:.2g} % between runs."
        if sizes.pairs > _SETTLED and rtol < scatter:
            text += f" At this size no practical tolerance settles that: rtol {rtol:g} is not to be had."
    return text
