"""Teacher labels, groups and biases: the equations, the laws (seeds fixed), and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

import pl_native as pl
from pl_native import metrics

LEVEL = 1e-3


def same_law(sample: np.ndarray, law: Any) -> None:
    assert stats.kstest(sample, law).pvalue > LEVEL


ONE = pl.Network([[0.0, 0.0, 2.0]], [1.5])  # live on half of the sphere of R^3, h = 3 max(x_3, 0)


def test_labels_of_a_teacher_are_its_outputs() -> None:
    teacher = pl.initial.asymmetric(5, 4, seed=3)
    data = pl.data.teacher(60, 4, seed=1, network=teacher)
    np.testing.assert_allclose(data.y, metrics.outputs(data, teacher), rtol=1e-13)
    same_law(pl.data.teacher(3000, 4, seed=1, network=teacher).norms, stats.uniform(1, 1).cdf)
    half = pl.Network(teacher.W, teacher.a, dtype=np.float32)
    np.testing.assert_allclose(pl.data.teacher(60, 4, seed=1, network=half).y, data.y, atol=1e-6)


def test_without_noise_points_of_label_zero_are_drawn_again() -> None:
    """Conditioned on z > 0 the third coordinate of a direction is uniform on (0, 1) (Archimedes)."""
    data = pl.data.teacher(3000, 3, seed=2, network=ONE)
    same_law(data.X[:, 2] / data.norms, stats.uniform.cdf)
    angle = np.arctan2(data.X[:, 1], data.X[:, 0])
    same_law(angle, stats.uniform(-np.pi, 2 * np.pi).cdf)
    same_law(data.norms, stats.uniform(1, 1).cdf)
    np.testing.assert_allclose(data.y, 3 * data.X[:, 2], rtol=1e-13)


def test_noise() -> None:
    data = pl.data.teacher(3000, 3, seed=2, network=ONE, noise=0.2)
    same_law((data.y - metrics.outputs(data, ONE)) / 0.2, stats.norm.cdf)
    same_law(data.X[:, 2] / data.norms, stats.uniform(-1, 2).cdf)  # nothing to condition on


def test_a_seed_names_inputs_teacher_and_noise_apart() -> None:
    first, second = (pl.data.teacher(40, 5, seed=7, noise=s) for s in (0.1, 0.2))
    np.testing.assert_array_equal(first.X, second.X)
    np.testing.assert_array_equal(first.X, pl.data.sphere(40, 5, seed=7).X)
    clean = 2 * first.y - second.y
    noise = np.random.default_rng(np.random.SeedSequence(7, spawn_key=(3,))).standard_normal(40)
    np.testing.assert_allclose(first.y - clean, 0.1 * noise, rtol=1e-10, atol=1e-14)
    kinds = (lambda: np.random.default_rng(7), lambda: np.random.SeedSequence(7))
    for seed in kinds:
        one = [pl.data.teacher(40, 5, seed=seed(), noise=0.1) for _ in range(2)]
        assert one[0] == one[1]
        np.testing.assert_array_equal(one[0].X, pl.data.sphere(40, 5, seed=seed()).X)


@pytest.mark.parametrize("width", [3, 40])
def test_random_teachers_have_labels_of_one_size(width: int) -> None:
    """E h(x)^2 = norm(x)^2/2 whatever the width (3: given that a neuron is live, 7/8 of the time)."""
    rng = np.random.default_rng(0)
    draws = [pl.data.teacher(1, 6, seed=rng, network=width, norms=(2.0, 2.0)).y[0] for _ in range(1000)]
    expected = 2.0 / (1 - 0.5**width)
    error = np.std(np.square(draws)) / math.sqrt(len(draws))
    assert abs(np.mean(np.square(draws)) - expected) < 4 * error < 0.1 * 4 * expected
    assert stats.binomtest(int(np.sum(np.array(draws) > 0)), len(draws)).pvalue > LEVEL


def test_teacher_in_float32_is_the_rounded_one() -> None:
    wide, narrow = (pl.data.teacher(20, 4, seed=1, dtype=t) for t in (np.float64, np.float32))
    np.testing.assert_array_equal(narrow.X, wide.X.astype(np.float32))
    np.testing.assert_array_equal(narrow.y, wide.y.astype(np.float32))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"network": pl.Network([[1.0, 0.0]], [1.0])},
            ValueError,
            "network: expected a teacher in all d = 3",
        ),
        (
            {"network": pl.Network(np.eye(3), np.ones(3), w_perp_sq=np.ones(3))},
            ValueError,
            "network: expected",
        ),
        ({"network": pl.Network(np.eye(3), np.zeros(3))}, ValueError, "network: .* not 0 almost everywhere"),
        ({"network": 0}, ValueError, "network: expected an integer >= 1"),
        ({"network": "big"}, TypeError, "network: expected an integer"),
        ({"noise": -0.1}, ValueError, "noise: expected a number >= 0"),
        ({"noise": math.nan}, ValueError, "noise"),
        ({"n": 0}, ValueError, "n: expected"),
        ({"norms": (2.0, 1.0)}, ValueError, "norms: expected low <= high"),
        ({"seed": "s"}, TypeError, "seed: expected"),
    ],
)
def test_teachers_that_are_refused(changes: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        pl.data.teacher(**({"n": 5, "d": 3, "seed": 0} | changes))


def test_group_data() -> None:
    data = pl.data.group(3000, 1000, seed=4)
    assert data.orthogonal_norms is not None
    np.testing.assert_array_equal(data.norms, 1.0)
    same_law(np.abs(data.y), stats.uniform(1, 1).cdf)
    signs = np.sign(data.y).reshape(1000, 3)
    assert (signs == signs[:, :1]).all()
    assert stats.binomtest(int((signs[:, 0] > 0).sum()), 1000).pvalue > LEVEL
    assert pl.data.group(6, 2, 9, seed=0).d == 9
    assert np.abs(pl.data.group(6, 2, seed=0, labels=(0.1, 0.2)).y).max() <= 0.2


def test_group_network_is_live_exactly_on_its_group() -> None:
    data = pl.data.group(12, 4, 15, seed=1)
    N0, c0 = np.array([1.0, 4.0, 0.25, 1e-6]), np.array([1.0, 0.9, 0.8, 0.99])
    net = pl.initial.group(4, 15, seed=2, data=data, N0=N0, c0=c0)
    assert net.W.shape == (4, 12)
    assert not net.w_perp_sq.any()
    blocks = np.kron(np.eye(4), np.ones((1, 3))).astype(bool)
    np.testing.assert_array_equal(metrics.active(data, net), blocks)
    assert not net.W[~blocks].any()
    np.testing.assert_allclose(net.norms_sq, N0, rtol=1e-14)
    np.testing.assert_allclose(np.abs(net.a), np.sqrt(N0), rtol=1e-14)
    np.testing.assert_array_equal(np.sign(net.a), np.sign(data.y[::3]))
    Y, w = data.y.reshape(4, 3), net.W[blocks].reshape(4, 3)
    cosines = np.sign(net.a) * (Y * w).sum(1) / np.linalg.norm(Y, axis=1) / np.linalg.norm(w, axis=1)
    np.testing.assert_allclose(cosines, c0, rtol=1e-13)
    scaled = pl.initial.group(4, 15, seed=2, data=data, N0=N0, c0=c0, scale=0.1)
    np.testing.assert_allclose(scaled.W, 0.1 * net.W, rtol=1e-14)
    np.testing.assert_allclose(scaled.a, 0.1 * net.a, rtol=1e-14)
    plain = pl.initial.group(4, 15, seed=3, data=data)
    np.testing.assert_allclose(plain.W[blocks].reshape(4, 3), np.abs(Y) / np.linalg.norm(Y, axis=1)[:, None])


@pytest.mark.parametrize("c0", [0.9, 0.7])
def test_the_direction_of_a_group_is_uniform_where_it_may_be(c0: float) -> None:
    """k = 3 equal labels: e is an angle, uniform on the circle (c0 = 0.9) or on what of it leaves z > 0."""
    p = 700
    data = pl.data.group(3 * p, p, seed=5, labels=(1.0, 1.0))
    net = pl.initial.group(p, 3 * p, seed=6, data=data, c0=c0)
    u = net.W[np.kron(np.eye(p), np.ones((1, 3))).astype(bool)].reshape(p, 3)
    e = u - c0 / math.sqrt(3)
    angle = np.arctan2((e[:, 1] - e[:, 2]) / math.sqrt(2), (2 * e[:, 0] - e[:, 1] - e[:, 2]) / math.sqrt(6))
    folded = (angle + np.pi / 3) % (2 * np.pi / 3) - np.pi / 3
    # e_i = sqrt(2/3) sin(acos c0) cos(angle - 2 pi i/3) > -c0/sqrt(3)
    bound = min(1.0, c0 / math.sqrt(2 * (1 - c0**2)))
    half = np.pi / 3 - (np.pi - math.acos(-bound))
    same_law(folded, stats.uniform(-half, 2 * half).cdf)
    same_law(angle[np.abs(folded) < half], lambda t: np.interp(t, *ecdf_of_three_arcs(half)))


def ecdf_of_three_arcs(half: float) -> tuple[np.ndarray, np.ndarray]:
    """Distribution function of an angle in (-pi, pi] uniform within `half` of a multiple of 2 pi/3."""
    grid = np.linspace(-np.pi, np.pi, 20001)
    inside = np.abs((grid + np.pi / 3) % (2 * np.pi / 3) - np.pi / 3) < half
    mass = np.cumsum(inside) / inside.sum()
    return grid, mass


def test_group_networks_grow_to_their_limit(backend: str) -> None:
    """N(inf) = p norm(Y), c -> 1: section 4, by small steps."""
    data = pl.data.group(6, 2, seed=1)
    net = pl.initial.group(2, 6, seed=2, data=data, c0=0.8, N0=0.5)
    sol = pl.simulate(data, net, 60.0, step=0.02, backend=backend)
    limit = 2 * np.linalg.norm(data.y.reshape(2, 3), axis=1)
    np.testing.assert_allclose(sol.network.norms_sq, limit, rtol=2e-2)
    assert sol.loss[-1] < 1e-10


GOOD = pl.data.group(6, 2, seed=0)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"data": None}, TypeError, "data: expected a pl.Dataset"),
        ({"data": pl.data.sphere(6, 6, seed=0)}, ValueError, "data: expected orthonormal inputs"),
        ({"data": pl.data.orthogonal(6, seed=0)}, ValueError, "data: expected orthonormal inputs"),
        ({"p": 4}, ValueError, "p: expected a divisor of n = 6"),
        ({"p": 1, "data": pl.Dataset.orthogonal([1, 1], [1, -1]), "d": 2}, ValueError, "labels of one sign"),
        ({"d": 7}, ValueError, "d: expected the dimension of data"),
        ({"N0": 0.0}, ValueError, "N0: expected a number > 0"),
        ({"N0": [1.0, -1.0]}, ValueError, "N0: expected numbers > 0, got -1.0 for group 1"),
        ({"N0": [1.0]}, ValueError, "N0: expected length 2"),
        ({"c0": 1.5}, ValueError, "c0: expected numbers > 0 and <= 1, got 1.5"),
        ({"c0": 0.01}, ValueError, "c0: no direction at cosine 0.01"),
        ({"p": 6, "c0": 0.5}, ValueError, "c0: no direction at cosine 0.5 .* expected c0 = 1"),
    ],
)
def test_group_networks_that_are_refused(changes: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        pl.initial.group(**({"p": 2, "d": 6, "seed": 0, "data": GOOD} | changes))


def test_group_data_that_are_refused() -> None:
    with pytest.raises(ValueError, match="p: expected a divisor of n = 6, got 4"):
        pl.data.group(6, 4, seed=0)
    with pytest.raises(ValueError, match=r"d: expected d >= n|n: expected n <= d"):
        pl.data.group(6, 2, 5, seed=0)


@pytest.mark.parametrize("value", [1.0, -0.5])
def test_bias_is_a_constant_coordinate(value: float) -> None:
    plain = pl.data.sphere(7, 3, seed=0, dtype=np.float32)
    data = pl.data.with_bias(plain, value)
    assert (data.n, data.d, data.dtype) == (7, 4, np.float32)
    np.testing.assert_array_equal(data.X[:, :3], plain.X)
    np.testing.assert_array_equal(data.X[:, 3], np.float32(value))
    np.testing.assert_allclose(data.norms**2, plain.norms**2 + value**2)
    net = pl.initial.asymmetric(5, 4, seed=1, data=data, dtype=np.float32)
    weights, biases = net.W[:, :3].astype(float), net.W[:, 3].astype(float) * value
    expected = np.maximum(plain.X.astype(float) @ weights.T + biases, 0) @ net.a.astype(float) / 5
    np.testing.assert_allclose(metrics.outputs(data, net), expected, rtol=1e-12)


def test_bias_of_orthogonal_and_zero_label_data() -> None:
    data = pl.data.with_bias(pl.data.orthogonal(3, 5, seed=0))
    assert not data.is_orthogonal
    assert data.X.shape == (3, 6)
    assert pl.data.with_bias(pl.Dataset([[1.0]], [0.0], zero_labels=True)).zero_labels


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((np.eye(2),), TypeError, "data: expected a pl.Dataset"),
        ((GOOD, 0.0), ValueError, "value: expected a number != 0"),
        ((GOOD, math.inf), ValueError, "value: expected a finite number"),
        (
            (pl.data.sphere(3, 9, seed=0, reduced=True),),
            ValueError,
            "data: expected data that are not reduced",
        ),
    ],
)
def test_biases_that_are_refused(arguments: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        pl.data.with_bias(*arguments)
