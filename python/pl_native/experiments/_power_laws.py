"""Means over runs against n and their log-log slopes, measured and published: figure 6, and any sweep's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from pl_native._base.checks import Array
from pl_native.experiments._power import CHANCE, LEVEL
from pl_native.experiments._rows import real
from pl_native.experiments._scaling import by_size
from pl_native.stats import (
    Interval,
    MeanEstimate,
    Slope,
    f_tail,
    loglog_slope,
    mean_interval,
    student_quantile,
)
from pl_native.store import Row

ENOUGH = 0.24
"""Difference of slopes that a comparison has to find, if it is to say that they are one: as far apart are the
two published at the end of runs, -0.81 and -0.57."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A positive quantity against n (m,): its means over runs, the slope of their logarithms (None for fewer
    than two n), how many runs are left out because there is no number, and the spread of a run about its
    mean, relative to it and pooled over all n.
    """

    n: Array
    means: tuple[MeanEstimate, ...]
    slope: Slope | None
    missing: int
    spread: float

    @property
    def logs(self) -> Array:
        """log(mean over runs), (m,)."""
        return np.log([mean.estimate for mean in self.means])

    @property
    def runs(self) -> Array:
        """Runs with a number at each n, (m,)."""
        return np.array([mean.runs for mean in self.means])


def numbers(rows: Sequence[Row], column: str) -> dict[int, list[Row]]:
    """The rows that have a number in a column, by n, at those n that have two or more of them."""
    groups = by_size(
        [row for row in rows if isinstance(value := row.get(column), float) and value == value], "n"
    )
    return {n: members for n, members in groups.items() if len(members) > 1}


def measure(rows: Sequence[Row], column: str) -> Measure:
    """A column of rows (any order) against n. Rows without a number there are counted and left out, and so
    are n with fewer than two.

    ValueError where nothing is left, and for numbers that are not positive.
    """
    groups = numbers(rows, column)
    if not groups:
        raise ValueError(f"rows: expected at least two runs with a number in {column} at some n")
    values = [np.array([real(row, column) for row in members]) for members in groups.values()]
    missing = len(rows) - sum(one.size for one in values)
    sizes = np.array(list(groups))
    slope = loglog_slope(sizes, values) if sizes.size > 1 else None
    means = tuple(mean_interval(one) for one in values)
    relative = [float(np.sum((one / one.mean() - 1.0) ** 2)) for one in values]
    spread = math.sqrt(sum(relative) / sum(one.size - 1 for one in values))
    return Measure(sizes, means, slope, missing, spread)


@dataclass(frozen=True, slots=True)
class Against:
    """A measure beside published means over runs.

    theirs       published log(mean over runs) at the shared n
    slope        of the published data
    joint        where the published slope lies with 95 %, if the laws are one: our interval, widened by what
                 their runs add
    p_value      of the hypothesis that all means at shared n are equal (F test)
    difference   mean over n of log(ours/theirs)
    detectable   the least difference of slopes that a test at 1 % finds with probability 90 %
    """

    n: Array
    theirs: Array
    slope: float
    joint: Interval
    p_value: float
    difference: float
    detectable: float

    @property
    def slopes_agree(self) -> bool:
        """Whether the published slope is in the joint interval."""
        return self.slope in self.joint

    @property
    def decisive(self) -> bool:
        """Whether agreement means something: another slope would have been found."""
        return self.detectable <= ENOUGH


def against(ours: Measure, n: Array, logs: Array, runs: int | None) -> Against | None:
    """`ours` beside published logarithms of means over `runs` runs; None unless both have at least three n in
    common. Where the number of runs is unknown, their error is their scatter about their own line.
    """
    shared, mine, its = np.intersect1d(ours.n, n, return_indices=True)
    if shared.size < 3 or ours.slope is None:
        return None
    x = np.log(np.asarray(n, dtype=np.float64))
    slope, offset = (float(one) for one in np.polyfit(x, logs, 1))
    freedom = float(np.sum(ours.runs - 1))
    if runs is None:
        variance = float(np.sum((logs - slope * x - offset) ** 2)) / (x.size - 2)
        their_freedom = float(x.size - 2)
    else:
        variance, their_freedom = ours.spread**2 / runs, freedom
    own = ours.spread**2 / ours.runs[mine]
    apart = ours.logs[mine] - logs[its]
    f = float(np.mean(apart**2 / (own + variance)))
    mean = float(own.mean())
    both = (mean + variance) ** 2 / (mean**2 / freedom + variance**2 / their_freedom)
    width = 2 * student_quantile(0.95, their_freedom) * math.sqrt(variance / np.sum((x - x.mean()) ** 2))
    joint = widened(ours.slope.slope, ours.slope.interval, width)
    normal = NormalDist().inv_cdf
    least = (normal(1 - LEVEL / 2) + normal(CHANCE)) * joint.width / 3.92
    p_value = f_tail(f, shared.size, both)
    return Against(shared, logs[its], slope, joint, p_value, float(apart.mean()), least)


def widened(estimate: float, interval: Interval, width: float) -> Interval:
    """Where another estimate of the same lies, whose own interval has this width: `interval`, its ends
    moved out by the factor that adds the variances.
    """
    factor = math.hypot(1.0, width / interval.width) if interval.width > 0 else 1.0
    low = estimate - factor * (estimate - interval.low)
    return Interval(low, estimate + factor * (interval.high - estimate), interval.level)


def predicted(ours: MeanEstimate, runs: int) -> Interval:
    """Where a mean over `runs` runs of the same law lies."""
    return widened(ours.estimate, ours.interval, ours.interval.width * math.sqrt(ours.runs / runs))
