"""Fits through estimates with errors: tails against SciPy, coverage, size and power of the test of a form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pl_native import stats
from pl_native.stats import chi2_tail, f_tail, student_quantile


@pytest.mark.parametrize("freedom", [1, 2, 3, 8, 9, 30, 31])
def test_tails_are_scipy_s(freedom):
    for x in (0.0, 0.3, 3.0, 20.0, 100.0):
        assert chi2_tail(x, freedom) == pytest.approx(scipy_stats.chi2.sf(x, freedom), rel=1e-12)
        assert f_tail(x, freedom, 12.5) == pytest.approx(scipy_stats.f.sf(x, freedom, 12.5), rel=1e-10)
    assert student_quantile(0.95, freedom) == pytest.approx(scipy_stats.t.ppf(0.975, freedom), rel=1e-10)


def test_tails_refuse_nonsense():
    for wrong in (lambda: chi2_tail(-1.0, 2), lambda: chi2_tail(1.0, 0), lambda: f_tail(math.nan, 1, 1)):
        with pytest.raises(ValueError, match="expected"):
            wrong()


TRUTH = {"linear": (3.0, 20.0), "square root": (12.0, -4.0), "logarithm": (70.0, -60.0)}


@pytest.mark.parametrize("form", TRUTH)
def test_intervals_cover_and_the_true_form_is_not_rejected(form):
    rng, x = np.random.default_rng(1), np.linspace(50.0, 400.0, 8)
    slope, offset = TRUTH[form]
    exact = {"linear": x, "square root": np.sqrt(x), "logarithm": np.log(x)}[form] * slope + offset
    covered, rejected = 0, 0
    for _ in range(400):
        errors = rng.uniform(1.0, 5.0, x.size)
        found = stats.fit(x, exact + errors * rng.standard_normal(x.size), errors, form)
        covered += slope in found.slope_interval
        rejected += found.p_value < 0.05
    assert 0.94 < covered / 400 <= 1.0  # enlarged where chi2 happens to be large
    assert rejected / 400 < 0.09  # 0.05 + 3.7 standard errors


def test_without_errors_the_interval_is_student_s():
    rng, x = np.random.default_rng(2), np.arange(1.0, 7.0)
    found = [stats.fit(x, 2 * x + 1 + rng.standard_normal(6)) for _ in range(400)]
    assert 0.91 < np.mean([2.0 in one.slope_interval for one in found]) < 0.99
    exact = scipy_stats.linregress(x, found[0](x) + np.array([1, -1, 1, -1, 1, -1]))
    again = stats.fit(x, found[0](x) + np.array([1, -1, 1, -1, 1, -1]))
    assert again.slope == pytest.approx(exact.slope)
    half = exact.stderr * scipy_stats.t.ppf(0.975, 4)
    assert again.slope_interval.width == pytest.approx(2 * half)
    assert math.isnan(again.p_value)


def test_a_wrong_form_is_rejected_and_aic_finds_the_right_one():
    rng, x = np.random.default_rng(3), np.linspace(50.0, 400.0, 12)
    right = 0
    for _ in range(100):
        y = 78.0 * np.log(x) - 77.0 + 3.0 * rng.standard_normal(x.size)
        found = [stats.fit(x, y, np.full(x.size, 3.0), form) for form in TRUTH]
        right += min(found, key=lambda one: one.aic).form == "logarithm"
        assert found[0].p_value < 1e-3
    assert right == 100


def test_a_power_is_found_with_its_errors():
    x = np.array([50.0, 100.0, 200.0, 400.0])
    y = 30.0 * x**0.4
    found = stats.fit(x, y, 0.01 * y, "power")
    assert found.slope == pytest.approx(0.4, abs=1e-12)
    assert found.slope_interval.width / 2 == pytest.approx(
        1.96 * 0.01 / math.sqrt(np.sum((np.log(x) - np.log(x).mean()) ** 2)), rel=1e-3
    )
    np.testing.assert_allclose(found(x), y)
    assert "power: slope 0.4" in repr(found)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1, 2], [1, 2]), "three values or more"),
        (([1, 2, 3], [1, 2]), "three values or more"),
        (([1, 1, 1], [1, 2, 3]), "x: expected at least two different"),
        (([1, 2, 3], [1, 2, math.inf]), "y: expected a one-dimensional array of finite"),
        (([1, 2, 3], [1, 2, 3], [1, 0, 1]), "errors: expected positive"),
        (([0, 2, 3], [1, 2, 3], None, "logarithm"), "x: expected positive"),
        (([1, 2, 3], [-1, 2, 3], None, "power"), "y: expected positive"),
        (([1, 2, 3], [1, 2, 3], None, "cubic"), "form: expected one of"),
    ],
)
def test_wrong_arguments_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        stats.fit(*arguments)
