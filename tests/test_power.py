"""What a comparison of shares would find is what it does find."""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
import pytest

from pl_native.experiments import _power, fig3
from pl_native.experiments._convergence import Comparison, Curve, pooled_difference
from pl_native.stats import fit, logistic_threshold, two_sample_test
from published_rows import as_published

N = np.arange(100, 301, 10)


def curve_of(converged, runs):
    runs = np.full(N.shape, runs)
    return Curve(
        n=N,
        p=np.full(N.shape, 5),
        converged=converged,
        undecided=np.zeros_like(runs),
        runs=runs,
        probability=(),
        loss_ratio=(),
        threshold=logistic_threshold(N, converged, runs - converged, np.zeros_like(runs)),
        estimator=math.nan,
    )


def share(location, scale=15.0):
    return 1 / (1 + np.exp((N - location) / scale))


def drawn(rng, location, runs, scale=15.0):
    """Converged runs of each n, of a law with this threshold."""
    return rng.binomial(runs, share(location, scale))


@functools.cache
def exactly():
    """The curve of the law itself."""
    return curve_of(np.rint(40 * share(200.0)).astype(int), 40)


def beside(ours, theirs, runs):
    """A comparison for what looks at counts alone."""
    made = [
        dataclasses.replace(exactly(), converged=counts, runs=np.full(N.shape, m))
        for counts, m in zip((ours, theirs), runs, strict=True)
    ]
    return Comparison("", *made, None)


@pytest.mark.parametrize("runs", [8, 40])
def test_a_shift_told_to_be_found_is_found(runs):
    """Both samples drawn anew each time; 60 of them."""
    rng = np.random.default_rng(runs)
    exact = exactly()
    least = _power.detectable_shift([Comparison("", curve_of(0 * N, runs), exact, None)])
    assert 0.01 < least < 0.25
    found = {"law": 0, "shift": 0}
    for _ in range(60):
        theirs = drawn(rng, 200.0, 40)
        for name, factor in (("law", 1.0), ("shift", 1 + least)):
            ours = drawn(rng, 200.0 * factor, runs, 15.0 * factor)
            test = two_sample_test(N, (ours, 0 * N + runs), N, (theirs, 0 * N + 40), resamples=999)
            found[name] += test.p_value < _power.LEVEL
    assert found["law"] <= 4  # binomial(60, 0.01) is above once in 3000
    assert 42 <= found["shift"] <= 60  # binomial(60, 0.9) is below 42 once in a million


def test_more_runs_and_more_curves_find_less():
    exact = exactly()
    one = [Comparison("", curve_of(0 * N, runs), exact, None) for runs in (2, 8, 40)]
    least = [_power.detectable_shift([comparison]) for comparison in one]
    assert least == sorted(least, reverse=True)
    assert _power.detectable_shift([one[1]] * 4) < 0.6 * least[1]
    assert _power.sufficient([one[2]])
    assert not _power.sufficient([one[0]])
    assert "a shift of n by" in _power.power_text([one[2]])


def test_nothing_published_finds_nothing():
    alone = Comparison("", curve_of(0 * N, 5), None, None)
    assert _power.detectable_shift([alone]) is None
    assert _power.power_text([alone]).startswith("no shift of n by less than a factor 2")
    assert not _power.sufficient([alone])
    assert math.isnan(pooled_difference([alone])[0])


def test_the_difference_of_shares_covers():
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(100):
        one = beside(drawn(rng, 200.0, 12), drawn(rng, 200.0, 30), (12, 30))
        covered += 0.0 in pooled_difference([one])[1]
    assert 87 <= covered <= 99  # binomial(100, 0.95)
    apart, ends = pooled_difference([beside(drawn(rng, 230.0, 400), drawn(rng, 200.0, 400), (400, 400))])
    assert apart == pytest.approx(np.mean(share(230.0) - share(200.0)), abs=0.02)
    assert ends.low > 0


def test_a_tenth_off_is_not_called_reproduced_by_few_runs():
    few = fig3.summarise(as_published("fig3_published", 1, runs=2, every=8))
    table = few.table()
    assert "Undecided: nothing is rejected, but so few runs would not find 10%." in table
    assert "Reproduced" not in table
    assert "NOT" not in table
    many = fig3.summarise(as_published("fig3_published", 1, runs=40)).table()
    assert "Reproduced: convergence over all n" in many


def test_curvature_is_seen_with_small_errors_only():
    x = np.arange(10.0, 101.0, 10.0)
    y = 3 * x + x**2 / 10
    assert _power.sees_curvature(x, y, np.full(10, 10.0))
    assert not _power.sees_curvature(x, y, np.full(10, 200.0))
    assert not _power.sees_curvature(x, 12 * x + 50, np.full(10, 10.0))
    assert not _power.sees_curvature(x[:2], y[:2], np.ones(2))
    rng, found = np.random.default_rng(1), 0
    error = 200.0
    while not _power.sees_curvature(x, y, np.full(10, error)):
        error -= 1.0
    for _ in range(200):
        line = fit(x, y + error * rng.standard_normal(10), np.full(10, error))
        found += line.p_value <= _power.LEVEL
    assert 160 <= found <= 195  # told: 90 %
