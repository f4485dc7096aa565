"""Slopes and means with intervals, against published data and by their coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pl_native import stats
from pl_native.experiments import published


def test_loglog_slope_is_least_squares():
    n = np.array([1000.0, 1200, 1500, 2000])
    rng = np.random.default_rng(3)
    values = [rng.lognormal(-0.7 * math.log(size), 0.3, size=30) for size in n]
    fit = stats.loglog_slope(n, values, seed=4)
    slope, intercept = np.polyfit(np.log(n), np.log([v.mean() for v in values]), 1)
    assert fit.slope == pytest.approx(slope, rel=1e-10)
    assert fit.intercept == pytest.approx(intercept, rel=1e-10)
    assert fit.slope in fit.interval
    assert stats.loglog_slope(n, values, seed=4).interval == fit.interval
    assert stats.loglog_slope(n, values, seed=5).interval != fit.interval


def test_published_slopes_of_figure_6():
    table = published.load("fig6_published")
    for column, expected in (("end", -0.81), ("average", -0.73), ("low", -0.73), ("upp", -0.50)):
        values = [np.full(2, math.exp(v)) for v in table[f"log_mu_{column}"]]
        fit = stats.loglog_slope(table["n"], values)
        assert round(fit.slope, 2) == expected
        assert fit.interval.width < 1e-12


def slope_coverage(runs, datasets, seed):
    n, rng = np.arange(1000.0, 2001, 100), np.random.default_rng(seed)
    hits = 0
    for i in range(datasets):
        values = n[:, None] ** -0.75 * rng.gamma(4.0, size=(n.size, runs))
        hits += -0.75 in stats.loglog_slope(n, list(values), resamples=600, seed=i).interval
    return hits / datasets


def test_slope_interval_covers_quickly():
    assert 0.91 < slope_coverage(20, 300, 5) < 0.98


@pytest.mark.validate
@pytest.mark.parametrize("runs", [8, 25, 100])
def test_slope_interval_covers(runs):
    assert 0.93 < slope_coverage(runs, 3000, 6) < 0.97


def test_mean_interval_behaves():
    rng = np.random.default_rng(7)
    values = rng.exponential(size=400)
    result = stats.mean_interval(values, seed=1)
    assert result.interval.width == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.05)
    assert stats.mean_interval([0.0, 0.0, 0.0]).interval == stats.Interval(0.0, 0.0)
    assert stats.mean_interval([0.3]).interval == stats.Interval(-math.inf, math.inf)
    sparse = stats.mean_interval([0.0] * 11 + [1e-3]).interval
    assert sparse.low == 0.0  # never below 0, for runs that are not


LAWS = {
    "exponential": (lambda rng, m: rng.exponential(size=m), 1.0),
    "lognormal": (lambda rng, m: rng.lognormal(size=m), math.exp(0.5)),
    "normal": (lambda rng, m: rng.normal(size=m), 0.0),
    "two values": (lambda rng, m: rng.binomial(1, 0.3, size=m), 0.3),
}


def mean_coverage(law, runs, datasets, seed, resamples=1000):
    (draw, mean), rng = LAWS[law], np.random.default_rng(seed)
    intervals = (stats.mean_interval(draw(rng, runs), resamples=resamples).interval for _ in range(datasets))
    return sum(mean in interval for interval in intervals) / datasets


@pytest.mark.parametrize("law", LAWS)
def test_1_11_mean_interval_covers_quickly(law):
    """Faults 1.11: the percentile bootstrap covers 0.907 of Exp(1) at level 0.95, 0.85 of a lognormal."""
    assert mean_coverage(law, 20, 500, 2) >= 0.935


@pytest.mark.validate
@pytest.mark.parametrize("runs", [10, 20, 50])
@pytest.mark.parametrize("law", LAWS)
def test_1_11_mean_interval_covers(law, runs):
    assert mean_coverage(law, runs, 4000, 3) >= 0.935


def test_1_11_the_order_of_the_runs_does_not_matter():
    values = np.random.default_rng(1).lognormal(size=20)
    assert stats.mean_interval(values) == stats.mean_interval(values[::-1])


@pytest.mark.parametrize(
    "values", [[0.0, 1.0], [1.0, 2.0, 3.0], [0.0] * 11 + [1e-3], [0.1, 0.1, 0.1 + 1e-17]]
)
def test_1_11_few_runs_or_nearly_equal_ones_have_finite_intervals(values):
    found = stats.mean_interval(values)
    assert found.estimate in found.interval
    assert found.interval.width < 100 * np.ptp(values) + 1e-12


def test_slopes_and_means_refuse_nonsense():
    with pytest.raises(ValueError, match="expected at least two different positive values"):
        stats.loglog_slope([1.0, 1.0], [[1, 2], [1, 2]])
    with pytest.raises(ValueError, match=r"values\[1\]: expected at least two positive runs at n = 2"):
        stats.loglog_slope([1.0, 2.0], [[1, 2], [1, 0]])
    with pytest.raises(ValueError, match="one array of runs for each of 2 n, got 1"):
        stats.loglog_slope([1.0, 2.0], [[1, 2]])
    with pytest.raises(ValueError, match="values: expected a one-dimensional, finite"):
        stats.mean_interval([1.0, math.nan])
    with pytest.raises(ValueError, match="resamples: expected an integer >= 100"):
        stats.mean_interval([1.0, 2.0], resamples=10)
