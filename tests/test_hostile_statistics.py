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


def test_tails_at_large_arguments_are_those_of_the_laws() -> None:
    """Sums of terms that overflow gave NaN from x = 1500 on; quantiles lost their digits to cancellation."""
    assert stats.chi2_tail(2000.0, 2001) == pytest.approx(0.5021028498580233, rel=1e-12)
    assert stats.chi2_tail(3000.0, 2900) == pytest.approx(0.09560683940394588, rel=1e-11)
    assert stats.chi2_tail(math.inf, 3) == stats.chi2_tail(1e300, 4) == 0.0
    assert stats.chi2_tail(1e9, 10**9) == pytest.approx(0.5, rel=1e-4)
    with pytest.raises(ValueError, match=r"^freedom: expected an integer <= 1000000000"):
        stats.chi2_tail(1.0, 2**53)
    for freedom in (1e12, 1e300):
        assert stats.student_quantile(0.95, freedom) == pytest.approx(1.9599639845, rel=1e-10)
    assert stats.student_quantile(0.95, 1e8) == pytest.approx(1.9599640082627663, rel=1e-8)
    assert stats.student_quantile(0.0, 3.0) == 0.0
    with pytest.raises(ValueError, match=r"^freedom: expected"):
        stats.student_quantile(0.95, 1e-300)
    for first, second in ((5e-324, 3.0), (3.0, 1e308)):
        with pytest.raises(ValueError, match=r"^(first|second): expected degrees of freedom from"):
            stats.f_tail(1.0, first, second)


def test_counts_beyond_what_sums_can_take_are_told() -> None:
    assert 5e8 / 1e9 in stats.clopper_pearson(5 * 10**8, 10**9).interval
    with pytest.raises(ValueError, match=r"^successes: expected counts >= 0 and at most 10\^9"):
        stats.clopper_pearson(2**52, 2**53)


def test_a_rising_curve_of_very_many_runs_has_a_bound() -> None:
    found = stats.logistic_threshold([1.0, 2.0], [10**6, 10**6], [10**6, 0])
    assert found.kind == "no decrease"
    assert found.interval.low > 2.0


@pytest.mark.parametrize("name", LEVELS)
def test_levels_whose_tails_are_rounding(name: str) -> None:
    function, arguments = LEVELS[name]
    function(**arguments, level=1e-6)
    function(**arguments, level=1.0 - 1e-12)
    for value in (1e-300, 1.0 - 1e-16):
        if name != "student_quantile":
            with pytest.raises(ValueError, match=r"^level: expected"):
                function(**arguments, level=value)


@pytest.mark.parametrize("size", [1e308, 1e155, 1e-130, 1e-200])
def test_means_of_values_whose_powers_are_beyond_range(size: float) -> None:
    runs = np.array([0.25, 0.5, 0.75, 1.0])
    usual, found = stats.mean_interval(runs), stats.mean_interval(runs * size)
    assert found.estimate == pytest.approx(usual.estimate * size)
    assert found.interval.low == pytest.approx(usual.interval.low * size)
    with pytest.raises(ValueError, match=r"^(x: expected at least two|x, y, errors: expected values)"):
        stats.fit(runs * size, [1.0, 2.0, 3.0, 5.0])
    with pytest.raises(ValueError, match=r"^values\[0\]: expected at least two positive runs"):
        stats.loglog_slope([1.0, 2.0], [runs * size, runs * size])


def test_sizes_whose_differences_are_beyond_range() -> None:
    with pytest.raises(ValueError, match=r"^n: expected a strictly increasing"):
        stats.logistic_threshold([-1e308, 1e308], [9, 1], [1, 9])


def test_a_message_does_not_write_out_what_came() -> None:
    """An array of twenty axes took seconds to print, and a word of 10 000 letters was repeated whole."""
    many = np.zeros((2,) * 20)
    for call in (
        lambda: stats.mean_interval(many),
        lambda: stats.fit(many, many),
        lambda: stats.two_sample_test([1.0], many, [1.0], many),
        lambda: pl.sweep.grid(n=1, d=1, p="x" * 10_000, initialisation="asymmetric", t_end=1, replicates=1),
        lambda: pl.sweep.Cell(n=1, d=1, p=1, initialisation="x" * 10_000, t_end=1, replicates=1),
    ):
        with pytest.raises(ValueError, match=": expected") as told:
            call()
        assert len(str(told.value)) < 400
