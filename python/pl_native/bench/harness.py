"""Interleaved rounds with alternating order, ratios per round.

An arm does one fixed piece of work and says how many seconds it took. Within a round every arm runs once, in
order in even rounds and in reverse in odd ones, so that a drift of the machine (heat, a neighbour) hits all
alike. Two arms are compared round by round: the median of the ratios, and their whole range, the band. A
ratio counts as a difference only if its band excludes 1.
"""

from __future__ import annotations

import functools
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Arm:
    """`run()` does the work once and returns its seconds."""

    name: str
    run: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to measure: an even number of rounds, each arm at least `sample` seconds in each.

    `total` ends the rounds early (still after an even number, at least two) once so many seconds are spent.
    """

    rounds: int
    sample: float
    total: float = math.inf

    def __post_init__(self) -> None:
        if self.rounds < 2 or self.rounds % 2:
            raise ValueError(f"rounds: expected an even number >= 2, got {self.rounds}")


@dataclass(frozen=True, slots=True)
class Effort:
    """How long things may take. `work`: seconds of one run of pl_native; rivals take the same steps."""

    quick: bool
    work: float
    budget: Budget

    def say(self, text: str) -> None:
        """Progress, at once also through a pipe."""
        print(text, flush=True)


FULL = Effort(quick=False, work=0.1, budget=Budget(rounds=10, sample=0.2, total=60.0))
QUICK = Effort(quick=True, work=0.02, budget=Budget(rounds=4, sample=0.05, total=3.0))


@dataclass(frozen=True, slots=True)
class Ratio:
    """Seconds of one arm over seconds of another, over the rounds."""

    median: float
    low: float
    high: float

    @property
    def differs(self) -> bool:
        """Whether the band excludes 1."""
        return self.low > 1 or self.high < 1

    def scaled(self, factor: float) -> Ratio:
        """In another unit."""
        return Ratio(self.median * factor, self.low * factor, self.high * factor)

    def as_json(self) -> dict[str, Any]:
        """For a result row."""
        return {"median": self.median, "low": self.low, "high": self.high, "differs": self.differs}


@dataclass(frozen=True, slots=True)
class Rounds:
    """Seconds per arm, one value per round."""

    seconds: dict[str, list[float]]
    order: list[list[str]] = field(default_factory=list)

    def median(self, arm: str) -> float:
        return statistics.median(self.seconds[arm])

    def ratio(self, arm: str, over: str) -> Ratio:
        """Seconds of `arm` over those of `over`, round by round."""
        values = [a / b for a, b in zip(self.seconds[arm], self.seconds[over], strict=True)]
        return Ratio(statistics.median(values), min(values), max(values))

    def summary(self, arm: str, scale: float = 1.0) -> dict[str, Any]:
        """Median and range of an arm's seconds times `scale`."""
        values = [scale * s for s in self.seconds[arm]]
        return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def timed(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> Callable[[], float]:
    """An arm's `run` from a function that does the work in this process."""

    def run() -> float:
        began = clock()
        work()
        return clock() - began

    return run


def enough_steps(work: Callable[[int], object], seconds: float, first: int = 16, last: int = 2048) -> int:
    """Steps, doubled from `first`, until work(steps) takes about `seconds` (the shorter of two runs)."""
    steps = first
    work(steps)
    while steps < last:
        run = timed(functools.partial(work, steps))
        if min(run(), run()) >= 0.7 * seconds:
            break
        steps *= 2
    return steps


def measure(arms: Sequence[Arm], budget: Budget, clock: Callable[[], float] = time.perf_counter) -> Rounds:
    """One warm-up call per arm, which also says how often to repeat it within a round; then the rounds."""
    if len({arm.name for arm in arms}) != len(arms):
        raise ValueError(f"arms: expected distinct names, got {[arm.name for arm in arms]}")
    repeats = {arm.name: max(1, math.ceil(budget.sample / arm.run())) for arm in arms}
    found = Rounds({arm.name: [] for arm in arms})
    began = clock()
    for k in range(budget.rounds):
        if k and k % 2 == 0 and clock() - began > budget.total:
            break
        turn = list(arms) if k % 2 == 0 else list(arms)[::-1]
        found.order.append([arm.name for arm in turn])
        for arm in turn:
            total = sum(arm.run() for _ in range(repeats[arm.name]))
            found.seconds[arm.name].append(total / repeats[arm.name])
    return found


State = tuple[Any, Any]


def assert_same_state(name: str, got: State, expected: State, start: State, tolerance: float) -> float:
    """Distance of two end states (W, a), norm-wise and relative to the way from the start.

    AssertionError beyond `tolerance`, for other shapes, and for anything that is not finite.
    """
    worst = 0.0
    for label, *three in zip("Wa", got, expected, start, strict=True):
        mine, theirs, origin = (np.asarray(array, np.float64) for array in three)
        if mine.shape != theirs.shape:
            raise AssertionError(f"{name}: {label} has shape {mine.shape}, expected {theirs.shape}")
        distance = float(np.linalg.norm(mine - theirs) / np.linalg.norm(theirs - origin))
        if not distance <= tolerance:
            raise AssertionError(f"{name}: {label} differs by {distance:.3g}, allowed {tolerance:.3g}")
        worst = max(worst, distance)
    return worst
