"""Incomplete beta and intervals of proportions, against SciPy and by their coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special
from scipy import stats as scipy_stats

from pl_native import stats
from pl_native.stats._beta import beta_quantile, incomplete_beta


@pytest.mark.parametrize("a", [0.3, 1.0, 2.5, 16.0, 40.0, 1e3, 1e6])
@pytest.mark.parametrize("b", [0.3, 1.0, 2.5, 16.0, 40.0, 1e3, 1e6])
def test_incomplete_beta_equals_scipy(a, b):
    for q in (1e-12, 1e-3, 0.3, 0.5, 0.9, 1 - 1e-6):
        x = float(special.betaincinv(a, b, q))
        if 0.0 < x < 1.0:
            expected = float(special.betainc(a, b, x))
            assert incomplete_beta(a, b, x) == pytest.approx(expected, rel=1e-9, abs=1e-13)
            if 1e-200 < x < 1 - 1e-8:
                assert beta_quantile(expected, a, b) == pytest.approx(x, rel=1e-10)


def test_incomplete_beta_refuses_nonsense():
    with pytest.raises(ValueError, match="incomplete_beta needs"):
        incomplete_beta(1.0, 1.0, 1.5)
    with pytest.raises(ValueError, match="beta_quantile needs"):
        beta_quantile(0.0, 1.0, 1.0)
    assert incomplete_beta(2.0, 3.0, 0.0) == 0.0
    assert incomplete_beta(2.0, 3.0, 1.0) == 1.0


SIZES = [1, 2, 3, 7, 20, 80, 1000, 12_345, 10**6]


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99, 1 - 1e-6])
@pytest.mark.parametrize("m", SIZES)
def test_clopper_pearson_equals_scipy(m, level):
    tail = (1.0 - level) / 2
    for k in sorted({0, 1, m // 3, m // 2, m - 1, m}):
        interval = stats.clopper_pearson(k, m, level).interval
        low = float(special.betaincinv(k, m - k + 1, tail)) if k else 0.0
        high = float(special.betainccinv(k + 1, m - k, tail)) if k < m else 1.0
        assert interval.low == pytest.approx(low, rel=1e-10, abs=1e-300)
        assert interval.high == pytest.approx(high, rel=1e-10)


@pytest.mark.parametrize("m", SIZES)
def test_wilson_equals_scipy(m):
    for k in sorted({0, 1, m // 3, m // 2, m - 1, m}):
        interval = stats.wilson(k, m).interval
        expected = scipy_stats.binomtest(k, m).proportion_ci(method="wilson")
        assert interval.low == pytest.approx(expected.low, rel=1e-10, abs=1e-16)
        assert interval.high == pytest.approx(expected.high, rel=1e-10)
        assert stats.wilson(0, m).interval.low == 0.0
        assert stats.wilson(m, m).interval.high == 1.0


@pytest.mark.parametrize("m", [5, 20, 80])
@pytest.mark.parametrize("q", [0.02, 0.3, 0.5, 0.91])
def test_clopper_pearson_never_covers_less_than_its_level(m, q):
    weights = scipy_stats.binom.pmf(np.arange(m + 1), m, q)
    inside = [q in stats.clopper_pearson(k, m).interval for k in range(m + 1)]
    assert float(weights @ inside) >= 0.95


def test_wilson_covers_its_level_on_average():
    m, grid = 80, np.linspace(0.005, 0.995, 199)
    ends = [stats.wilson(k, m).interval for k in range(m + 1)]
    coverage = [scipy_stats.binom.pmf(np.arange(m + 1), m, q) @ [q in end for end in ends] for q in grid]
    assert 0.93 < float(np.mean(coverage)) < 0.97


def test_hoeffding_bars_are_the_papers():
    half = math.sqrt(math.log(2 / 0.05) / (2 * 80))
    for k, low, high in ((40, 0.5 - half, 0.5 + half), (0, 0.0, half), (80, 1.0 - half, 1.0)):
        interval = stats.hoeffding(k, 80).interval
        assert (interval.low, interval.high) == (
            pytest.approx(low, rel=1e-14),
            pytest.approx(high, rel=1e-14),
        )


def test_no_runs_say_nothing():
    for method in (stats.clopper_pearson, stats.wilson, stats.hoeffding):
        result = method(0, 0)
        assert result.interval == stats.Interval(0.0, 1.0, 0.95)
        assert math.isnan(result.estimate)


def test_proportions_refuse_nonsense():
    with pytest.raises(ValueError, match="more successes than trials"):
        stats.clopper_pearson(3, 2)
    with pytest.raises(ValueError, match=r"successes: expected whole numbers.*1\.5"):
        stats.wilson(1.5, 2)
    with pytest.raises(ValueError, match="counts >= 0"):
        stats.hoeffding(-1, 2)
    with pytest.raises(ValueError, match=r"level: expected a confidence level in \(0, 1\), got 95"):
        stats.clopper_pearson(1, 2, 95)
    with pytest.raises(ValueError, match="expected one count"):
        stats.clopper_pearson([1, 2], [3, 4])


def test_intervals_overlap_in_one_point_and_refuse_two_levels():
    first, touching, apart = stats.Interval(0, 1), stats.Interval(1, 2), stats.Interval(1.1, 2)
    assert stats.overlap(first, touching)
    assert not stats.overlap(first, apart)
    assert not stats.overlap(apart, first)
    with pytest.raises(ValueError, match="levels differ"):
        stats.overlap(first, stats.Interval(0, 1, 0.9))
    with pytest.raises(ValueError, match="low must not exceed high"):
        stats.Interval(2, 1)


def test_results_read_well():
    assert (
        repr(stats.clopper_pearson(3, 80))
        == "0.0375 (3/80 runs) [0.00780119, 0.105702] (95 %) Clopper-Pearson"
    )
    fit = stats.logistic_threshold([100, 200], [5, 0], [0, 5])
    assert repr(fit) == "N = 150 [100, 200] (95 %), separated, 10 runs"
