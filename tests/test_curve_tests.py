"""The two-sample test of curves: exact cases, its size, its power."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special
from scipy import stats as scipy_stats

from pl_native import stats
from pl_native.stats import curves
from published_rows import figure3


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


def test_k_log_k_looked_up_is_that_computed():
    few = np.array([0, 1, 2, 77, 3000])
    computed, looked_up = curves._xlogx(few), curves._xlogx(np.tile(few, 1000))
    assert np.array_equal(looked_up, np.tile(computed, 1000))
    np.testing.assert_allclose(computed, special.xlogy(few, few), rtol=1e-15)


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
