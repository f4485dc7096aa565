"""pl_native.stats against SciPy, against the published data, and by simulation of its coverage."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from scipy import optimize, special
from scipy import stats as scipy_stats

from pl_native import stats
from pl_native.experiments import published
from pl_native.stats._beta import beta_quantile, incomplete_beta


def figure3():
    table = published.load("fig3_published")
    return table["n"], table["converged"], table["runs"]


def test_published_tables_load():
    assert published.names() == tuple(
        f"fig{name}"
        for name in (
            "3_first",
            "3_published",
            "4_published_part",
            "5_published_part",
            "6_first",
            "6_published",
        )
    )
    n, k, m = figure3()
    assert n.dtype == k.dtype == m.dtype == np.int64
    assert (int(n[0]), int(n[-1]), int(k.sum()), int(m.sum())) == (1300, 2100, 609, 1360)
    assert published.load("fig3_published")["loss_ratio"].dtype == np.float64
    with pytest.raises(ValueError, match="no published table 'fig7'; there are fig3_first"):
        published.load("fig7")


# ---------------------------------------------------------------- incomplete beta and intervals


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


# ---------------------------------------------------------------- thresholds


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


# ---------------------------------------------------------------- slopes and means


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


# ---------------------------------------------------------------- two-sample test of curves


def test_equal_and_degenerate_curves_are_not_rejected():
    n, k, m = figure3()
    assert stats.two_sample_test(n, (k, m), n, (k, m)).p_value > 0.9
    flat = stats.two_sample_test([1, 2], ([5, 0], [5, 5]), [1, 2], ([9, 0], [9, 9]))
    assert flat.p_value == 1.0


def test_single_n_equals_the_exact_test():
    for k1, k2 in ((5, 5), (9, 4), (20, 3)):
        test = stats.two_sample_test([1], ([k1], [20]), [1], ([k2], [25]), resamples=200_000)
        law = scipy_stats.hypergeom(45, k1 + k2, 20)
        support = np.arange(0, 21)
        far = np.abs(support - law.mean()) >= abs(k1 - law.mean()) - 1e-9
        assert test.p_shift == pytest.approx(float(law.pmf(support) @ far), abs=0.005)


def test_only_shared_n_count():
    test = stats.two_sample_test([1, 2, 3], ([5, 3, 0], [5, 5, 5]), [2, 3, 4], ([30, 9, 0], [80, 80, 80]))
    np.testing.assert_array_equal(test.n, [2, 3])
    assert test.runs == (10, 160)


def rejections(n, truth1, m1, truth2, m2, datasets, seed, *levels):
    """Share of data sets rejected, at each level."""
    rng = np.random.default_rng(seed)
    p_values = []
    for i in range(datasets):
        k1, k2 = rng.binomial(m1, truth1), rng.binomial(m2, truth2)
        sample1, sample2 = (k1, np.full(n.size, m1)), (k2, np.full(n.size, m2))
        p_values.append(stats.two_sample_test(n, sample1, n, sample2, resamples=999, seed=i).p_value)
    shares = [float(np.mean(np.array(p_values) <= alpha)) for alpha in levels]
    return shares[0] if len(levels) == 1 else shares


def curve(n, location=1656.0, scale=36.0):
    return special.expit(-(n - location) / scale)


GRID = np.arange(1300.0, 2101, 50)


@pytest.mark.parametrize(("m1", "step"), [(80, 1), (8, 2), (3, 2)])
def test_size_of_the_curve_test(m1, step):
    n = GRID[::step]
    # 2.8 standard errors over the size; taking the smaller of two p-values uncorrected fails the second.
    narrow, wide = rejections(n, curve(n), m1, curve(n), 80, 300, 8, 0.05, 0.2)
    assert narrow <= 0.085
    assert wide <= 0.265


@pytest.mark.validate
@pytest.mark.parametrize(("m1", "step"), [(80, 1), (25, 1), (8, 2), (3, 2)])
def test_size_of_the_curve_test_at_length(m1, step):
    n = GRID[::step]
    assert rejections(n, curve(n), m1, curve(n), 80, 4000, 9, 0.05) <= 0.06
    assert rejections(n, curve(n), m1, curve(n), 80, 4000, 10, 0.01) <= 0.015


def test_the_curve_test_rejects_a_shift_of_three_percent():
    n, k, m = figure3()
    power = rejections(n, curve(n), 80, curve(n / 1.03), 80, 40, 11, 0.01)
    assert power == 1.0
    rng = np.random.default_rng(12)
    shifted = rng.binomial(80, np.interp(n * 1.03, n, k / m))
    result = stats.two_sample_test(n, (k, m), n, (shifted, m))
    assert result.p_value < 0.01
    assert result.excess > 20


def test_the_curve_test_rejects_a_change_of_shape():
    assert rejections(GRID, curve(GRID), 80, curve(GRID, scale=100.0), 80, 40, 13, 0.01) > 0.95


def test_the_curve_test_refuses_nonsense():
    with pytest.raises(ValueError, match="no common n"):
        stats.two_sample_test([1], ([1], [2]), [2], ([1], [2]))
    with pytest.raises(ValueError, match="counts1: expected a pair"):
        stats.two_sample_test([1], [1], [1], ([1], [2]))
    with pytest.raises(ValueError, match="n2: values must be different"):
        stats.two_sample_test([1], ([1], [2]), [1, 1], ([1, 1], [2, 2]))
    with pytest.raises(ValueError, match="n1: expected shape"):
        stats.two_sample_test([1, 2], ([1], [2]), [1], ([1], [2]))
    with pytest.raises(ValueError, match="resamples: expected an integer >= 99"):
        stats.two_sample_test([1], ([1], [2]), [1], ([1], [2]), resamples=5)
