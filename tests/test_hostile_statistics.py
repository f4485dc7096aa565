"""Statistics of what are no numbers, levels or counts: words that begin with the argument's name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from pl_native import metrics, stats
from problems import problem

RUNS: dict[str, Any] = {"successes": 1, "trials": 3}
LEVELS: dict[str, tuple[Callable[..., object], dict[str, Any]]] = {
    "clopper_pearson": (stats.clopper_pearson, RUNS),
    "wilson": (stats.wilson, RUNS),
    "hoeffding": (stats.hoeffding, RUNS),
    "mean_interval": (stats.mean_interval, {"values": [1.0, 2.0, 3.0]}),
    "fit": (stats.fit, {"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 4.0]}),
    "loglog_slope": (stats.loglog_slope, {"n": [1.0, 2.0], "values": [[1.0, 2.0], [2.0, 3.0]]}),
    "logistic_threshold": (
        stats.logistic_threshold,
        {"n": [1.0, 2.0], "converged": [5, 1], "not_converged": [1, 5]},
    ),
    "student_quantile": (stats.student_quantile, {"freedom": 3.0}),
}
NO_NUMBERS = [None, "0.9", True, 1j, np.timedelta64(1), [0.9], np.ones(2), np.zeros(0), pl, {}, object()]
HUGE = np.broadcast_to(1.0, (1 << 40,))


@pytest.mark.parametrize("name", LEVELS)
def test_what_are_no_levels(name: str) -> None:
    function, arguments = LEVELS[name]
    function(**arguments, level=np.float64(0.9))
    for value in NO_NUMBERS:
        with pytest.raises(TypeError, match=r"^level: expected a real number"):
            function(**arguments, level=value)
    for value in (math.nan, math.inf, 10**400, -1.0, 1.0):
        with pytest.raises(ValueError, match=r"^level: expected"):
            function(**arguments, level=value)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("low", lambda value: stats.Interval(value, 1.0)),
        ("high", lambda value: stats.Interval(0.0, value)),
        ("level", lambda value: stats.Interval(0.0, 1.0, value)),
        ("x", lambda value: stats.chi2_tail(value, 3)),
        ("freedom", lambda value: stats.chi2_tail(1.0, value)),
        ("f", lambda value: stats.f_tail(value, 3.0, 4.0)),
    ],
)
def test_what_are_no_numbers(name: str, call: Callable[[Any], object]) -> None:
    for value in NO_NUMBERS:
        with pytest.raises(TypeError, match=rf"^{name}: expected"):
            call(value)


def test_degrees_of_freedom_are_whole_and_tails_end_at_infinity() -> None:
    with pytest.raises(TypeError, match="freedom: expected an integer"):
        stats.chi2_tail(1.0, 2.5)  # type: ignore[arg-type]
    assert stats.f_tail(math.inf, 3.0, 4.0) == 0.0


@pytest.mark.parametrize("name", ["converged", "not_converged", "undecided"])
def test_counts_are_told_by_their_own_name(name: str) -> None:
    good = {"converged": [5, 1], "not_converged": [1, 5], "undecided": [0, 0]}
    for value in ([0.5, 1.0], [-1, 2], ["a", "b"], [[1], [1, 2]], True, None if name != "undecided" else 1j):
        with pytest.raises((TypeError, ValueError), match=rf"^{name}: expected"):
            stats.logistic_threshold([1.0, 2.0], **(good | {name: value}))
    with pytest.raises(MemoryError, match=rf"^{name} of shape \(1099511627776,\) needs"):
        stats.logistic_threshold([1.0, 2.0], **(good | {name: HUGE}))


@pytest.mark.parametrize("interval", [stats.clopper_pearson, stats.wilson, stats.hoeffding])
def test_counts_of_odd_kinds(interval: Callable[..., object]) -> None:
    for value in ("a" * 10**6, [[1], [1, 2]], np.float16([1, 2]), True):
        with pytest.raises((TypeError, ValueError), match=r"^successes: expected") as told:
            interval(value, 3)
        assert len(str(told.value)) < 300
    for arguments in ((HUGE, 3), (1, HUGE)):
        with pytest.raises(MemoryError, match="needs"):
            interval(*arguments)


def test_probabilities_and_runs_of_odd_kinds() -> None:
    for value in ("text", [1j, 1j], [[1.0], [1.0, 0.5]], None, {}):
        with pytest.raises((TypeError, ValueError), match=r"^probability: expected"):
            stats.published_threshold([1.0, 2.0], value)  # type: ignore[arg-type]
        with pytest.raises((TypeError, ValueError), match=r"^values"):
            stats.loglog_slope([1.0, 2.0], value)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^rescale: expected True or False"):
        stats.published_threshold([1.0, 2.0], [0.9, 0.1], rescale="no")  # type: ignore[arg-type]


def test_states_that_hold_themselves_or_are_endless() -> None:
    data, _ = problem()
    loop: list[Any] = []
    loop.append(loop)
    for where in (loop, range(10**12)):
        with pytest.raises(TypeError, match=r"^where: expected"):
            metrics.loss(data, where)  # type: ignore[arg-type]
