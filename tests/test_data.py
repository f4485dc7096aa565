"""Laws of the random data sets (Kolmogorov-Smirnov at fixed seeds), casting, seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import pl_native as pl
from pl_native.streams import Purpose, generator, stream

GENERATORS = [pl.data.sphere, pl.data.gaussian, pl.data.orthogonal]
LEVEL = 1e-3  # of each test: seeds are fixed, so a pass is a pass for ever


def same_law(sample: np.ndarray, law: Any) -> None:
    assert stats.kstest(sample, law).pvalue > LEVEL


@pytest.mark.parametrize("make", GENERATORS)
def test_labels(make: Any) -> None:
    y = make(4000, 4000 if make is pl.data.orthogonal else 2, seed=5).y
    same_law(np.abs(y), stats.uniform(1, 1).cdf)
    assert stats.binomtest(int((y > 0).sum()), len(y)).pvalue > LEVEL
    assert abs(stats.spearmanr(np.abs(y), y > 0).statistic) < 0.06


@pytest.mark.parametrize("make", [pl.data.sphere, pl.data.orthogonal])
def test_norms(make: Any) -> None:
    data = make(4000, 4000 if make is pl.data.orthogonal else 3, seed=6)
    same_law(data.norms, stats.uniform(1, 1).cdf)
    assert abs(stats.spearmanr(data.norms, np.abs(data.y)).statistic) < 0.06


@pytest.mark.parametrize("d", [2, 3, 10])
def test_directions_are_uniform_on_the_sphere(d: int) -> None:
    data = pl.data.sphere(3000, d, seed=7)
    u = data.X / data.norms[:, None]
    for axis in (np.eye(d)[0], np.ones(d) / np.sqrt(d)):
        # (1 + <u, e>)/2 is Beta((d-1)/2, (d-1)/2) for u uniform on the sphere
        same_law((1 + u @ axis) / 2, stats.beta((d - 1) / 2, (d - 1) / 2).cdf)


def test_one_dimension_has_two_directions() -> None:
    data = pl.data.sphere(1000, 1, seed=8)
    assert stats.binomtest(int((data.X > 0).sum()), 1000).pvalue > LEVEL


def test_gaussian_inputs() -> None:
    X = pl.data.gaussian(400, 9, seed=9).X
    same_law(X.ravel() * 3, stats.norm.cdf)
    same_law((X**2).sum(1) * 9, stats.chi2(9).cdf)


def test_orthogonal_inputs_are_stored_as_norms() -> None:
    data = pl.data.orthogonal(5, 8, seed=1)
    gram = data.X @ data.X.T
    np.testing.assert_array_equal(gram, np.diag(data.norms**2))
    assert data.orthogonal_norms is not None
    assert pl.data.orthogonal(5, seed=1).d == 5


@pytest.mark.parametrize(
    ("ranges", "low", "high"), [({"norms": (3.0, 5.0)}, 3, 5), ({"norms": (2.0, 2.0)}, 2, 2)]
)
def test_range_of_norms(ranges: Any, low: float, high: float) -> None:
    for make in (pl.data.sphere, pl.data.orthogonal):
        norms = make(50, 60, seed=2, **ranges).norms
        assert low - 1e-12 <= norms.min() <= norms.max() <= high + 1e-12


@pytest.mark.parametrize("make", GENERATORS)
def test_range_of_labels(make: Any) -> None:
    y = np.abs(make(50, 60, seed=2, labels=(0.1, 0.2)).y)
    assert 0.1 <= y.min() <= y.max() <= 0.2


@pytest.mark.parametrize("make", GENERATORS)
def test_float32_is_the_rounded_float64(make: Any) -> None:
    wide, narrow = make(20, 30, seed=3), make(20, 30, seed=3, dtype=np.float32)
    assert (wide.dtype, narrow.dtype) == (np.float64, np.float32)
    np.testing.assert_array_equal(narrow.X, wide.X.astype(np.float32))
    np.testing.assert_array_equal(narrow.y, wide.y.astype(np.float32))


@pytest.mark.parametrize("make", GENERATORS)
def test_seeds(make: Any) -> None:
    once = make(6, 7, seed=4)
    assert make(6, 7, seed=4) == make(6, 7, seed=np.uint8(4)) == once
    assert make(6, 7, seed=5) != once
    sequence = np.random.SeedSequence(4)
    assert make(6, 7, seed=sequence) == make(6, 7, seed=sequence) != once
    assert make(6, 7, seed=np.random.default_rng(4)) == make(6, 7, seed=np.random.default_rng(4)) != once
    rng = np.random.default_rng(4)
    assert make(6, 7, seed=rng) != make(6, 7, seed=rng)


def test_one_int_gives_independent_data_and_network() -> None:
    data, network = pl.data.gaussian(100, 100, seed=1), pl.initial.asymmetric(100, 100, seed=1)
    assert abs(np.corrcoef(data.X.ravel(), network.W.ravel())[0, 1]) < 0.05


def test_streams_of_a_sweep() -> None:
    made = stream(11, 2, 3, Purpose.NETWORK)
    assert made.entropy == 11
    assert made.spawn_key == (2, 3, 1)
    draws = {
        tuple(generator(stream(r, c, k, what), what).integers(0, 2**62, 2))
        for r in (0, 1)
        for c in (0, 1)
        for k in (0, 1)
        for what in Purpose
    }
    assert len(draws) == 8 * len(Purpose)


def test_purposes_never_change() -> None:
    assert {what.name: int(what) for what in Purpose} == {
        "DATA": 0,
        "NETWORK": 1,
        "TEACHER": 2,
        "NOISE": 3,
        "BOOTSTRAP": 4,
    }


def test_draws_never_change() -> None:
    """A published seed must go on meaning the same problem (as long as NumPy keeps its streams)."""
    inputs, outer = pl.data.sphere(2, 2, seed=1).X, pl.initial.asymmetric(2, 2, seed=1).a
    np.testing.assert_allclose(inputs[0], [-0.9349773006419805, 0.5735170183651018], rtol=1e-12)
    np.testing.assert_allclose(outer, [2.0670416512227336, -1.830474030246079], rtol=1e-12)
