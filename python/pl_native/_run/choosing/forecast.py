"""What the rest of a run of method "auto" will cost by either method, and which goes on: by counts, never by
clocks, so that the same run takes the same turns everywhere.

The flow is foreseeable: its events are about as many as pairs, and so many fit in a step. Capture is cheap as
a rule, but may have to begin again, or miss the tolerance. So who looks cheaper goes on, with a budget; when
that is spent, what was met corrects what was expected, and the choice is made again. What capture misses
while neurons are small (`asleep`) is done again.
"""

from __future__ import annotations

from dataclasses import dataclass

from pl_native._base.checks import Array
from pl_native._run.call_options import CAPTURE_RTOL
from pl_native._run.choosing import costs, prices
from pl_native._run.choosing.asleep import asleep
from pl_native.backends.contract import FlowRun, FlowTask

# By how much capture has to be cheaper, by the method at work. At a start it is tried even where it may be
# dearer: what it will cost is known to a factor of five only, and the budget bounds it.
_CHEAPER = {None: 0.7, "flow": 1.5, "capture": 1.0}
_SHARE = 0.4  # of the cost of the flow, which capture may spend before it is asked again
_WORTH = 4.0  # times what capture spent in vain: the flow may cost so much, to have the accuracy asked
_CLEAR = 3.0  # times the tolerance: a miss by less may be none, and is worth as much less
_OVER = 1.5  # times what the flow was expected to cost, before it is asked again
_LEAST = 0.02  # seconds, expected, of a part of the flow, and of what is worth a change to capture: what a
# part costs to begin is then little
_FEW = 50.0  # right-hand sides, of which nothing is learnt
_AGAIN = 2.0  # times as much all attempts of capture take as the last, on the way that the last has come
_MOST = 20.0  # factor by which what is met may correct what is expected


@dataclass(frozen=True, slots=True)
class Choice:
    """The next part: `budget` of right-hand sides; None: to the end."""

    method: str
    budget: float | None


def expected(flow: float, capture: float) -> float:
    """Seconds of "auto" where the methods are expected to take so many, and either may be taken: what capture
    spends in vain is part of them.
    """
    if capture <= _SHARE * flow:
        return capture
    tried = flow > _CHEAPER[None] * capture
    return (_SHARE * flow if tried else 0.0) + min(flow, capture)


def counter(run: FlowRun, name: str) -> float:
    """One of the counters that every run has."""
    value = run.counters[name]
    assert value is not None
    return float(value)


class Forecast:
    """Of the run of `task`, whose methods have counted so many right-hand sides before."""

    def __init__(self, task: FlowTask, at: float, counted: dict[str, float]) -> None:
        self._task = task
        orthogonal = task.norms is not None
        self._sizes = costs.Sizes(len(task.y), task.W.shape[1], len(task.a), orthogonal, task.t_end)
        self._at = at
        self._counted = dict(counted)
        self._factor = {"flow": 1.0, "capture": 1.0}
        self._restarts = counted.get("restarts", 0.0)
        self._vain = False
        self._from: tuple[Array, Array, float] | None = None  # where neurons may be small: (W, a), time left
        self._small: bool | None = None  # whether they are, once it matters: a pass over the data
        self._met = False  # what capture costs here: what it met tells, small neurons included

    def choose(self, method: str | None, W: Array, a: Array) -> Choice:
        """What goes on from (W, a) at the time reached, where `method` came to (None: it is the start)."""
        price = {name: self._price(name) for name in self._factor}
        if self._vain or self._task.rtol < CAPTURE_RTOL:
            return Choice("flow", None)
        self._from, self._small = (W, a, self._task.t_end - self._at), None
        rest = {name: prices.CALL + self._rest(name) * price[name] for name in self._factor}
        worth = method != "flow" or rest["flow"] > _LEAST
        if worth and self._dearer(rest["flow"], _CHEAPER[method], rest["capture"]):
            return Choice("capture", _SHARE * rest["flow"] / price["capture"])
        return Choice("flow", max(_OVER * rest["flow"], _LEAST) / price["flow"])

    def _is_small(self) -> bool:
        """Whether neurons were still small where the last choice was made."""
        if self._small is None:
            self._small = self._from is not None and asleep(self._task, *self._from)
        return self._small

    def _dearer(self, flow: float, factor: float, capture: float) -> bool:
        """Whether the flow is by more than a factor, and capture no more than it would seem where neurons are
        small.
        """
        if not flow > factor * capture or self._met:
            return flow > factor * capture
        return flow > factor * (capture * prices.SMALL) or not self._is_small()

    def instead(self, method: str) -> Choice:
        """Where `method` cannot go on."""
        return Choice("capture" if method == "flow" else "flow", None)

    def learn(self, method: str, run: FlowRun, at: float) -> None:
        """What a part of `method` met up to time `at`."""
        used = counter(run, "rhs") - self._counted[method]
        self._counted[method] = counter(run, "rhs")
        if method == "capture":  # up to `at`, what began again has come twice
            self._met = True
            used /= _AGAIN if counter(run, "restarts") > self._restarts else 1.0
            self._restarts = counter(run, "restarts")
        expected = self._between(method, self._at, at)
        ratio = (used + _FEW) / (expected + _FEW)
        self._factor[method] = min(max(ratio, 1 / _MOST), _MOST)
        self._at = at

    def refuses(self, run: FlowRun) -> bool:
        """Whether a part of capture that missed the tolerance is to be done again, by the flow: if that
        costs not much more than the part did, or neurons were small: the loss may then be further off than
        was told. The run then is the flow's.
        """
        used = counter(run, "rhs") - self._counted["capture"]
        spent, flow = used * self._price("capture"), self._rest("flow") * self._price("flow")
        clear = min(counter(run, "loss_error") / (_CLEAR * self._task.rtol), 1.0)
        if flow > _WORTH * clear * spent and not self._is_small():
            return False
        self._counted["capture"] = counter(run, "rhs")
        self._vain = True
        return True

    def _price(self, method: str) -> float:
        """Seconds of a right-hand side."""
        return costs.rhs_seconds(self._sizes, method, self._task.rtol)

    def _rest(self, method: str) -> float:
        """Right-hand sides to the end."""
        start = costs.START[method]
        return start + self._factor[method] * self._between(method, self._at, self._task.t_end)

    def _between(self, method: str, since: float, until: float) -> float:
        sizes, rtol = self._sizes, self._task.rtol
        return max(costs.rhs(sizes, method, rtol, until) - costs.rhs(sizes, method, rtol, since), 0.0)
