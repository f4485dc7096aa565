"""What a run is asked to do besides its problem: when to stop (`Stop`) and what to keep (`Save`)."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._problem.network import Network

Observer: TypeAlias = Callable[[float, Network], Any]


@dataclass(frozen=True, slots=True)
class Stop:
    """When a run ends before `t_end`. The default never does.

    criterion   end at CONVERGED, CRITERION (sum_i r_i^2 < min_i y_i^2) or DEAD_POINT
    proof       end at CONVERGED, DEAD_POINT or TRAPPED, proved of the flow from the state reached (methods
                flow and capture; docs/proofs.md): looked for where it should succeed, two attempts at
                most failing, and before the run would end by another rule or at its horizon
    loss        end at TARGET when loss <= this (0.0: never); the paper's protocol is 1/(2n)
    stall       end at STALLED when local_pl * t < this, every neuron's own rate times t is below its root,
                and t is at least 1 over the largest rate seen while the rule was watched (0.0: never;
                experiments use 1e-6; docs/numerics.md)
    wall_time   end at WALL_TIME after this many seconds of one run (None: never). Its first state is waited
                for 0.05 s, if these are more; where it takes longer, no loss is known (`Solution`). Of a run
                that goes on, the first state and the first step are waited for, some 4 n p d operations each
                (Ctrl-C waits for neither). Backends 'numba' and 'numpy' look at it between steps
    max_steps   end at STEP_LIMIT once this many steps were taken (None: never)
    rise        end at UNSTABLE when loss > rise * (least loss so far), rise >= 1 (None: never)
    """

    criterion: bool = False
    loss: float = 0.0
    stall: float = 0.0
    wall_time: float | None = None
    max_steps: int | None = None
    rise: float | None = None
    proof: bool = False

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "criterion", checks.flag("stop.criterion", self.criterion))
        put(self, "proof", checks.flag("stop.proof", self.proof))
        put(self, "loss", checks.at_least("stop.loss", self.loss, 0.0))
        put(self, "stall", checks.at_least("stop.stall", self.stall, 0.0))
        if self.wall_time is not None:
            put(self, "wall_time", checks.positive("stop.wall_time", self.wall_time))
        if self.max_steps is not None:
            put(self, "max_steps", checks.integer("stop.max_steps", self.max_steps, 0, 2**63 - 1))
        if self.rise is not None:
            put(self, "rise", checks.at_least("stop.rise", self.rise, 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class Save:
    """Which times a run keeps, and what it keeps there. At most one of `times`, `every`, `count`.

    times     increasing array of times in [0, t_end]; Euler snaps each to its nearest step
    every     one time in each `every` units of flow time, start and end included
    count     this many times (>= 2), ends included, at steps i * N // (count - 1)
    states    also keep (W, a) at each saved time (`Solution.state`)
    switches  keep the log of switches (method "flow")
    dense     keep what `Solution.at` needs (method "flow"): a polynomial of (W, a) per step, at order K
              8 p (d + 1) (K + 1) bytes, K from 2 to 24, higher for smaller rtol. The run is the same
              without, but that every event ends a step, where without several are in one: where events are
              dense, at n p of some thousands and rtol 1e-6 and more, it may cost three to eight times as
              much; and neurons too small for the loss to see are not set apart. MemoryError before the run
              if it is sure not to fit, in the run once there is no room for more
    observe   names of functions in `pl_native.model`, or functions of (t, Network), called when the run is
              over; values in `Solution.observed`. A function that raises an Exception, or gives a value of
              another shape than before, ends nothing: its values are NaN from that time on, which a
              RuntimeWarning and `Solution.stats["observer_errors"]` say

    None of the three: start and end.
    """

    times: Array | None = None
    every: float | None = None
    count: int | None = None
    states: bool = False
    switches: bool = False
    dense: bool = False
    observe: tuple[str | Observer, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        given = [name for name in ("times", "every", "count") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"save: expected at most one of times, every, count, got {' and '.join(given)}")
        if self.times is not None:
            put(self, "times", save_times(self.times))
        if self.every is not None:
            put(self, "every", checks.positive("save.every", self.every))
        if self.count is not None:
            put(self, "count", checks.integer("save.count", self.count, 2))
        for name in ("states", "switches", "dense"):
            put(self, name, checks.flag(f"save.{name}", getattr(self, name)))
        put(self, "observe", _observers(self.observe))


def save_times(times: object) -> Array:
    """`times` as an owned float64 array: one axis, not empty, >= 0, strictly increasing."""
    found = checks.owned("save.times", times, "m", np.dtype(np.float64))
    if found[0] < 0:
        raise ValueError(f"save.times: expected times in [0, t_end], got {found[0]}")
    if not np.all(np.diff(found) > 0):
        first = int(np.argmin(np.diff(found) > 0))
        raise ValueError(f"save.times: expected increasing times, got {found[first]} then {found[first + 1]}")
    return found


def _observers(observe: object) -> tuple[str | Observer, ...]:
    if isinstance(observe, str) or callable(observe):
        observe = (observe,)
    if not isinstance(observe, tuple | list):
        got = checks.kind(observe)
        raise TypeError(f"save.observe: expected names or functions of (t, network), got {got}")
    for item in observe:
        if not isinstance(item, str) and not callable(item):
            raise TypeError(f"save.observe: expected a name or a function, got {checks.kind(item)}")
    return tuple(observe)


def as_save(save: object) -> Save:
    """The `save` argument of `simulate` as a `Save`: None, an int, an array of times or a `Save`."""
    if isinstance(save, Save):
        return save
    if save is None:
        return _ENDS
    if checks.several(save):
        return Save(times=save)  # type: ignore[arg-type]
    if not isinstance(save, numbers.Real) or isinstance(save, bool):
        raise TypeError(f"save: expected None, an int, an array of times or pl.Save, got {checks.kind(save)}")
    return Save(count=checks.integer("save", save, 2))


_ENDS = Save()


def function_name(function: Observer) -> str:
    """By which the values of a user's function are kept in `Solution.observed`."""
    name = getattr(function, "__name__", None)
    return " ".join(repr(function).split())[:1000] if name is None else str(name)
