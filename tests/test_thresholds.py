"""Logistic thresholds against SciPy, against published data, and by their coverage."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from scipy import optimize, special
from scipy import stats as scipy_stats

from pl_native import stats
from pl_native.experiments import published
from published_rows import figure3


def test_published_threshold_of_figure_3():
    n, k, m = figure3()
    assert round(stats.published_threshold(n, k / m, rescale=False)) == 1651


@pytest.mark.parametrize(("d", "expected"), [(10, 30), (30, 150), (60, 600), (100, 1301)])
def test_published_threshold_of_figure_4(d, expected):
    table = published.load("fig4_published_part")
    here = table["d"] == d
    share = table["converged"][here] / table["runs"][here]
    assert round(stats.published_threshold(table["n"][here], share)) == expected


def test_logistic_threshold_of_figure_3():
    n, k, m = figure3()
    fit = stats.logistic_threshold(n, k, m - k)
    assert round(fit.estimate) == 1656
    assert fit.kind == "regular"
    assert not fit.separated
    assert 1656 in fit.interval
    assert fit.interval.width < 30
    assert fit.runs == 1360


def scipy_profile(n, yes, no, location):
    def negative(log_b):
        t = np.exp(log_b) * (n - location)
        return float(yes @ np.logaddexp(0, t) + no @ np.logaddexp(0, -t))

    grid = np.linspace(-12, 2, 300)
    start = grid[np.argmin([negative(g) for g in grid])]
    return -optimize.minimize_scalar(
        negative, bounds=(start - 0.1, start + 0.1), options={"xatol": 1e-10}
    ).fun


def test_logistic_fit_and_interval_equal_a_direct_maximisation():
    n, k, m = figure3()
    fit = stats.logistic_threshold(n, k, m - k)
    best = optimize.minimize_scalar(
        lambda location: -scipy_profile(n, k, m - k, location), bounds=(1500, 1800), options={"xatol": 1e-8}
    )
    assert fit.estimate == pytest.approx(best.x, abs=1e-3)
    for end in (fit.interval.low, fit.interval.high):
        deviance = 2 * (-best.fun - scipy_profile(n, k, m - k, end))
        assert deviance == pytest.approx(scipy_stats.chi2.ppf(0.95, 1), abs=1e-4)
    t = (n - fit.estimate) / fit.scale
    np.testing.assert_allclose(fit.probability(n), special.expit(-t), rtol=1e-12)


@pytest.mark.parametrize("m", [3, 5, 80])
def test_separated_data_end_at_the_neighbouring_n(m):
    fit = stats.logistic_threshold([100, 200, 300, 400], [m, m, 0, 0], [0, 0, m, m])
    assert fit.kind == "separated"
    assert fit.separated
    assert fit.estimate == 250
    assert (fit.interval.low, fit.interval.high) == (
        pytest.approx(200, abs=1e-2),
        pytest.approx(300, abs=1e-2),
    )
    np.testing.assert_array_equal(fit.probability([200, 250, 300]), [1.0, 0.5, 0.0])


def test_separated_data_of_one_or_two_runs_reach_further():
    two = stats.logistic_threshold([100, 200, 300, 400], [2, 2, 0, 0], [0, 0, 2, 2]).interval
    one = stats.logistic_threshold([100, 200, 300, 400], [1, 1, 0, 0], [0, 0, 1, 1]).interval
    assert one.low < two.low < 200
    assert 300 < two.high < one.high


def test_one_mixed_n_is_flagged_and_located():
    fit = stats.logistic_threshold([100, 200, 300, 400], [5, 3, 0, 0], [0, 2, 5, 5])
    assert fit.kind == "quasi-separated"
    assert fit.estimate == 200
    assert 100 < fit.interval.low < 200 < fit.interval.high < 300


@pytest.mark.parametrize(
    ("converged", "kind", "estimate"),
    [([5, 5, 5], "all converged", math.inf), ([0, 0, 0], "none converged", -math.inf)],
)
def test_one_sided_data_give_one_sided_intervals(converged, kind, estimate):
    fit = stats.logistic_threshold([100, 200, 300], converged, 5 - np.array(converged))
    assert fit.kind == kind
    assert fit.separated
    assert fit.estimate == estimate
    assert estimate in (fit.interval.low, fit.interval.high)
    inner = fit.interval.low if estimate > 0 else fit.interval.high
    assert inner == pytest.approx(300 if estimate > 0 else 100, abs=1e-2)
    np.testing.assert_array_equal(fit.probability([100, 300]), float(estimate > 0))


@pytest.mark.parametrize("converged", [[0, 1, 5], [3, 3, 3], [2, 2, 2]])
def test_data_that_do_not_decrease_have_no_threshold(converged):
    fit = stats.logistic_threshold([100, 200, 300], converged, 5 - np.array(converged))
    assert fit.kind == "no decrease"
    assert math.isnan(fit.estimate)
    assert math.isnan(fit.probability(200))
    assert not fit.separated
    assert math.isinf(fit.interval.low) or math.isinf(fit.interval.high)


def test_a_weak_decrease_has_an_open_interval():
    fit = stats.logistic_threshold([100, 200, 300, 400], [1, 5, 0, 0], [4, 0, 5, 5])
    assert fit.kind == "regular"
    assert fit.interval.low == -math.inf
    assert fit.interval.high < 300


def test_undecided_runs_widen_the_interval():
    n, no = [100, 200, 300, 400], [0, 0, 3, 5]
    decided = stats.logistic_threshold(n, [5, 4, 1, 0], no)
    open_ = stats.logistic_threshold(n, [5, 4, 1, 0], no, [0, 1, 1, 0])
    assert open_.estimate == decided.estimate
    assert open_.interval.low < decided.interval.low
    assert open_.interval.high > decided.interval.high
    assert open_.undecided == 2
    assert repr(open_).startswith("2 of 20 runs undecided: N = ")
    for assignment in (([5, 5, 2, 0], no), ([5, 4, 1, 0], [0, 1, 4, 5])):
        inner = stats.logistic_threshold(n, *assignment).interval
        assert open_.interval.low <= inner.low
        assert inner.high <= open_.interval.high


def test_only_undecided_runs_decide_nothing():
    fit = stats.logistic_threshold([100, 200], [0, 0], [0, 0], [2, 2])
    assert (fit.interval.low, fit.interval.high) == (-math.inf, math.inf)
    assert math.isnan(fit.estimate)


@pytest.mark.parametrize(
    ("yes", "no", "words"),
    [
        ([4, 2, 0], [0, 0, 0], r"14 of 20 runs undecided: N >= \d+\.?\d* \(95 %\), no estimate, 20 runs"),
        ([0, 0, 0], [0, 2, 4], r"14 of 20 runs undecided: N <= \d+\.?\d* \(95 %\), no estimate, 20 runs"),
        ([1, 0, 0], [0, 0, 0], r"19 of 20 runs undecided: N not located \(95 %\), no estimate, 20 runs"),
    ],
)
def test_1_10_runs_that_ended_alike_beside_undecided_ones_locate_nothing(yes, no, words):
    """Faults 1.10: 6 of 20 runs decided, all converged, came as "N = inf [1297, inf], all converged"."""
    total = np.array([7, 7, 6])
    fit = stats.logistic_threshold([1000, 1300, 1600], yes, no, total - yes - no)
    assert fit.kind == "undecided"
    assert math.isnan(fit.estimate)
    assert math.isnan(fit.scale)
    assert np.isnan(fit.probability([1000, 1300])).all()
    assert re.fullmatch(words, repr(fit))
    assert not math.isfinite(fit.interval.width)


def test_without_undecided_runs_the_words_are_a_bound_too():
    fit = stats.logistic_threshold([1000, 1300], [9, 9], [0, 0])
    assert fit.estimate == math.inf
    assert re.fullmatch(r"N >= \d+\.?\d* \(95 %\), all converged, 18 runs", repr(fit))


def test_the_fit_moves_with_the_unit_of_n():
    n, k, m = figure3()
    fit, scaled = (stats.logistic_threshold(s * n + c, k, m - k) for s, c in ((1, 0), (1000, 5e5)))
    assert scaled.estimate == pytest.approx(1000 * fit.estimate + 5e5, rel=1e-9)
    assert scaled.interval.low == pytest.approx(1000 * fit.interval.low + 5e5, rel=1e-7)


def test_random_counts_always_fit():
    rng = np.random.default_rng(0)
    for _ in range(120):
        n = np.sort(rng.choice(500, size=rng.integers(1, 7), replace=False)) + 1.0
        yes, no, open_ = rng.integers(0, 4, size=(3, n.size)) * rng.integers(0, 2, size=(3, n.size))
        if (yes + no + open_).any():
            fit = stats.logistic_threshold(n, yes, no, open_)
            assert (
                math.isnan(fit.estimate)
                or fit.interval.low - 1e-3 <= fit.estimate <= fit.interval.high + 1e-3
            )


def test_thresholds_refuse_nonsense():
    with pytest.raises(ValueError, match="n: expected a strictly increasing"):
        stats.logistic_threshold([200, 100], [1, 1], [1, 1])
    with pytest.raises(ValueError, match=r"not_converged: expected shape \(2,\)"):
        stats.logistic_threshold([100, 200], [1, 1], [1])
    with pytest.raises(ValueError, match="no runs"):
        stats.logistic_threshold([100, 200], [0, 0], [0, 0])
    with pytest.raises(ValueError, match=r"probability: expected 2 values in \[0, 1\]"):
        stats.published_threshold([100, 200], [1.0, 80.0])
    with pytest.raises(ValueError, match="n: expected positive values"):
        stats.published_threshold([-1, 200], [1.0, 0.0])


def threshold_coverage(n, location, scale, m, datasets, seed):
    rng = np.random.default_rng(seed)
    truth = special.expit(-(n - location) / scale)
    fits = (stats.logistic_threshold(n, k, m - k) for k in rng.binomial(m, truth, size=(datasets, n.size)))
    return float(np.mean([location in fit.interval for fit in fits]))


def test_threshold_interval_covers_quickly():
    assert 0.92 < threshold_coverage(np.arange(1300.0, 2101, 50), 1656, 36, 80, 150, 1) < 0.98


@pytest.mark.validate
@pytest.mark.parametrize(("step", "m"), [(50, 80), (100, 25)])
def test_threshold_interval_covers(step, m):
    assert 0.93 < threshold_coverage(np.arange(1300.0, 2101, step), 1656, 36, m, 4000, 2) < 0.97
