"""Laws of the initial networks, scale, casting; drawing with `data=` changes the cost and not the law."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

import pl_native as pl

INITIAL = [pl.initial.asymmetric, pl.initial.torch_linear, pl.initial.balanced]
ASYMMETRIC = INITIAL[:2]
LEVEL = 1e-3


def same_law(sample: np.ndarray, law: Any) -> None:
    assert stats.kstest(sample, law).pvalue > LEVEL


def whole_norms(network: pl.Network) -> np.ndarray:
    return np.sqrt(network.norms_sq)


@pytest.mark.parametrize("make", ASYMMETRIC)
def test_outer_weights_exceed_the_norms_by_an_exponential(make: Any) -> None:
    network = make(3000, 6, seed=1)
    gap = np.abs(network.a) - whole_norms(network)
    same_law(gap, stats.expon.cdf)
    assert stats.binomtest(int((network.a > 0).sum()), network.p).pvalue > LEVEL
    assert abs(stats.spearmanr(gap, network.a > 0).statistic) < 0.07


def test_inner_weights() -> None:
    W = pl.initial.asymmetric(400, 9, seed=2).W
    same_law(W.ravel() * 3, stats.norm.cdf)
    same_law((W**2).sum(1) * 9, stats.chi2(9).cdf)
    W = pl.initial.torch_linear(400, 9, seed=2).W
    same_law(W.ravel(), stats.uniform(-1 / 3, 2 / 3).cdf)
    W = pl.initial.balanced(400, 9, seed=2).W
    same_law(W.ravel() * 3, stats.norm.cdf)


def test_balanced_is_balanced_at_every_scale() -> None:
    for scale in (1.0, 0.01):
        network = pl.initial.balanced(50, 9, seed=3, scale=scale)
        np.testing.assert_allclose(np.abs(network.a), whole_norms(network), rtol=1e-14)
    np.testing.assert_allclose(pl.initial.balanced(50, 9, seed=3).W * 0.01, network.W)
    assert {-1.0, 1.0} == set(np.sign(network.a))


@pytest.mark.parametrize("make", ASYMMETRIC)
def test_scale_comes_after_the_outer_weights(make: Any) -> None:
    data = pl.data.orthogonal(4, 9, seed=0)
    for extra in ({}, {"data": data}):
        plain, scaled = make(20, 9, seed=4, **extra), make(20, 9, seed=4, scale=0.25, **extra)
        np.testing.assert_array_equal(scaled.a, plain.a)
        np.testing.assert_array_equal(scaled.W, plain.W * 0.25)
        np.testing.assert_array_equal(scaled.w_perp_sq, plain.w_perp_sq * 0.0625)


@pytest.mark.parametrize("make", INITIAL)
def test_float32_is_the_rounded_float64(make: Any) -> None:
    wide, narrow = make(20, 30, seed=3), make(20, 30, seed=3, dtype="float32")
    np.testing.assert_array_equal(narrow.W, wide.W.astype(np.float32))
    np.testing.assert_array_equal(narrow.a, wide.a.astype(np.float32))


@pytest.mark.parametrize("make", INITIAL)
def test_seeds(make: Any) -> None:
    once = make(6, 7, seed=4)
    assert make(6, 7, seed=4) == once
    assert make(6, 7, seed=5) != once
    sequence = np.random.SeedSequence(4)
    assert make(6, 7, seed=sequence) == make(6, 7, seed=sequence) != once
    assert make(6, 7, seed=np.random.default_rng(4)) == make(6, 7, seed=np.random.default_rng(4)) != once


@pytest.mark.parametrize("make", INITIAL)
def test_dense_data_change_nothing(make: Any) -> None:
    data = pl.data.sphere(3, 7, seed=0)
    assert make(6, 7, seed=4, data=data) == make(6, 7, seed=4)


@pytest.mark.parametrize("make", INITIAL)
def test_orthogonal_data_draw_only_what_they_use(make: Any) -> None:
    data = pl.data.orthogonal(4, 9, seed=0)
    network = make(20, 9, seed=4, data=data)
    assert network.W.shape == (20, 4)
    assert (network.w_perp_sq > 0).all()
    square = pl.data.orthogonal(9, 9, seed=0)
    assert make(20, 9, seed=4, data=square) == make(20, 9, seed=4)


@pytest.mark.parametrize("make", INITIAL)
def test_the_law_with_data_is_the_law_without(make: Any) -> None:
    n, d, p = 3, 12, 3000
    data = pl.data.orthogonal(n, d, seed=0)
    short, full = make(p, d, seed=1, data=data), make(p, d, seed=2)
    rest = (full.W[:, n:] ** 2).sum(1)
    pairs = [
        (short.w_perp_sq, rest),
        (short.W.ravel(), full.W[:, :n].ravel()),
        (np.abs(short.a), np.abs(full.a)),
        (np.abs(short.a) - whole_norms(short), np.abs(full.a) - whole_norms(full)),
        (np.abs(short.a) - np.sqrt(short.w_perp_sq), np.abs(full.a) - np.sqrt(rest)),
    ]
    if make is pl.initial.balanced:
        pairs.pop(3)  # both are zero up to rounding
    for got, expected in pairs:
        assert stats.ks_2samp(got, expected).pvalue > LEVEL


def test_the_test_above_sees_a_wrong_degree_of_freedom() -> None:
    full = pl.initial.asymmetric(3000, 12, seed=2)
    wrong = np.random.default_rng(0).chisquare(12 - 3 - 1, 3000) / 12
    assert stats.ks_2samp(wrong, (full.W[:, 3:] ** 2).sum(1)).pvalue < LEVEL


def test_long_remainders_are_summed_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pl.data.orthogonal(2, 50, seed=0)
    means = []
    for block in (1, 64, 1 << 20):
        monkeypatch.setattr(pl.initial, "_BLOCK", block)
        rest = pl.initial.torch_linear(500, 50, seed=0, data=data).w_perp_sq
        means.append(rest.mean())
        assert rest.max() <= 48 / 50
    # 48 squares of mean 1/(3 * 50) each
    np.testing.assert_allclose(means, 48 / 150, rtol=0.02)


def test_minimal_width() -> None:
    assert pl.minimal_width(1700) == 37
    assert pl.minimal_width(300) == math.floor(math.log(300 / 0.05) / math.log(4 / 3)) + 1 == 31
    assert pl.minimal_width(300, eps=0.5) < 31
    for n in (1, 10, 1000):
        assert n * 0.75 ** pl.minimal_width(n) <= 0.05 < n * 0.75 ** (pl.minimal_width(n) - 1)


def test_horizon() -> None:
    assert pl.horizon(1, 1) == 0.0
    assert pl.horizon(1700, 37) == pytest.approx(1.5 * math.sqrt(1700 * 37) / 4 * math.log(1700 * 37))


def test_the_minimal_width_initialises_every_point_well() -> None:
    """P(every point has a live neuron of its sign) >= 1 - eps, by 400 draws of the widths for eps = 0.2."""
    n, eps = 20, 0.2
    p = pl.minimal_width(n, eps)
    data = pl.data.orthogonal(n, seed=0)
    good = 0
    for seed in range(400):
        network = pl.initial.asymmetric(p, n, seed=seed, data=data)
        right = np.sign(network.a)[:, None] == np.sign(data.y)
        good += bool((pl.metrics.active(data, network) & right).any(axis=0).all())
    assert stats.binomtest(good, 400, 1 - eps, alternative="less").pvalue > LEVEL
