"""The functions of `theory` against definitions, enumeration, quadrature and high precision."""

from __future__ import annotations

import itertools
import math
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

import pl_native as pl
from pl_native import metrics, theory
from problems import problem, problems, small_problems


def enumerated(p: int, positive: int, negative: int) -> float:
    """P(I) by all signs of a, given which the points are independent: one product over neurons a point."""
    total = 0.0
    for signs in itertools.product((1, -1), repeat=p):
        m = signs.count(1)
        hit = 1.0
        for label in [1] * positive + [-1] * negative:
            right = m if label == 1 else p - m
            live = sum(math.comb(right, k) for k in range(1, right + 1)) / 2**right
            hit *= live
        total += hit
    return total / 2**p


@pytest.mark.parametrize("p", [1, 2, 3, 5, 8])
@pytest.mark.parametrize(("positive", "negative"), [(0, 1), (1, 1), (3, 2), (0, 6), (10, 10)])
def test_event_i_by_enumeration(p: int, positive: int, negative: int) -> None:
    found = theory.well_initialised_probability(p, positive, negative)
    assert found.probability == pytest.approx(enumerated(p, positive, negative), rel=1e-12)
    assert found.complement == pytest.approx(1 - enumerated(p, positive, negative), rel=1e-10)


@pytest.mark.parametrize("p", [1, 2, 5])
@pytest.mark.parametrize("n", [1, 2, 7])
def test_event_i_averaged_over_labels(p: int, n: int) -> None:
    mean = math.fsum(math.comb(n, k) * enumerated(p, k, n - k) for k in range(n + 1)) / 2**n
    assert theory.well_initialised_average(p, n).probability == pytest.approx(mean, rel=1e-12)


@pytest.mark.parametrize(
    ("p", "positive", "negative"), [(40, 10, 10), (200, 850, 850), (300, 10**6, 0), (1000, 5, 7)]
)
def test_the_complement_keeps_its_digits(p: int, positive: int, negative: int) -> None:
    """1 - P(I) down to 1e-120, against 300 digits."""
    with mpmath.workdps(700):
        two = mpmath.mpf(2)
        exact = sum(
            mpmath.binomial(p, m)
            / two**p
            * (1 - (1 - two**-m) ** positive * (1 - two ** (m - p)) ** negative)
            for m in range(p + 1)
        )
        got = theory.well_initialised_probability(p, positive, negative).complement
        assert abs(got / exact - 1) < 1e-11


def test_products_and_bounds_of_lemma_5() -> None:
    assert theory.product_form(12, 20) == pytest.approx((1 - 0.75**12) ** 20)
    assert theory.well_initialised_probability(12, 10, 10).probability == pytest.approx(0.576, abs=5e-4)
    assert theory.product_form(12, 20) == pytest.approx(0.525, abs=5e-4)
    assert theory.parallel_probability(7).probability == pytest.approx(enumerated(7, 1, 0))
    assert theory.union_bound(5, 1) == pytest.approx(1 - enumerated(5, 1, 0))
    assert theory.sufficient_width(100, 0.05) > pl.minimal_width(100) - 1


@given(st.integers(1, 60), st.integers(0, 50), st.integers(0, 50))
@settings(max_examples=60)
def test_probabilities_add_up(p: int, positive: int, negative: int) -> None:
    found = theory.well_initialised_probability(p, positive, negative)
    assert found.probability + found.complement == pytest.approx(1, abs=1e-13)
    assert found.complement <= theory.union_bound(p, max(1, positive + negative)) * (1 + 1e-12)


@pytest.mark.parametrize("bad", [0.0, 1.0, 1.5, -0.1])
def test_levels_are_probabilities(bad: float) -> None:
    for call in (theory.sufficient_width, theory.insufficient_width):
        with pytest.raises(ValueError, match="eps"):
            call(10, bad)
    with pytest.raises(ValueError, match="eps"):
        theory.dimension_constant(100.0, 3, bad)


@pytest.mark.parametrize("name", ["asymmetric", "balanced"])
@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_moments_of_the_laws_are_those_of_the_networks(name: str, scale: float) -> None:
    network = getattr(pl.initial, name)(200_000, 4, seed=7, scale=scale)
    law = theory.law(name, 4, scale)
    w, a = np.sqrt(network.norms_sq), np.abs(network.a)
    for k, power in ((2, 0), (0, 2), (4, 0), (2, 2), (0, 4)):
        sample = w**k * a**power
        error = sample.std() / math.sqrt(network.p)
        assert abs(sample.mean() - law.moment(k, power)) < 5 * error


@pytest.mark.parametrize("d", [2, 3, 10, 1000])
def test_psi1_norm_solves_its_equation(d: int) -> None:
    """E exp(norm(w)^2 t+ / s) = 2, by an integral over t of SciPy's."""
    s = theory.psi1_norm(theory.law("balanced", d, 1.0))
    constant = math.exp(math.lgamma(d / 2) - math.lgamma((d - 1) / 2)) / math.sqrt(math.pi)

    def integrand(phi: float) -> float:
        return constant * math.cos(phi) ** (d - 2) * (1 - 2 * math.sin(phi) / (d * s)) ** (-d / 2)

    value = integrate.quad(integrand, 0, math.pi / 2, points=[3 / math.sqrt(d)], limit=400)[0]
    assert 0.5 + value == pytest.approx(2, rel=1e-7)
    assert theory.psi1_norm(theory.law("balanced", d, 0.5)) == pytest.approx(s / 4)


def test_psi1_norm_in_high_dimension_is_that_of_a_half_normal() -> None:
    """E exp(g+ tau) = 1/2 + exp(tau^2/2) Phi(tau) = 2."""
    s = theory.psi1_norm(theory.law("balanced", 10**8)) * 1e4
    assert 0.5 + math.exp(0.5 / s**2) * stats.norm.cdf(1 / s) == pytest.approx(2, rel=1e-3)
    assert theory.psi1_norm(theory.law("asymmetric", 10)) == math.inf


def test_nothing_is_claimed_for_torch_linear() -> None:
    with pytest.raises(ValueError, match="torch_linear is not rotation invariant"):
        theory.law("torch_linear", 3)
    with pytest.raises(ValueError, match="name: expected one of"):
        theory.law("group", 3)


def test_expected_matrix_is_the_mean_of_m() -> None:
    data = pl.data.sphere(4, 5, seed=3)
    law = theory.law("asymmetric", 5, 0.7)
    nets = [pl.initial.asymmetric(2000, 5, seed=k, scale=0.7) for k in range(60)]
    sample = metrics.pl_matrix(data, nets)
    error = sample.std(axis=0) / math.sqrt(len(nets))
    assert np.all(np.abs(sample.mean(axis=0) - theory.expected_matrix(data, law)) < 4.5 * error)


def test_a_law_of_one_s_own() -> None:
    """norm(w) = 2, abs(a) = 1/2, any direction, any sign: E[M] and Lemma 4 by the moments 2^k/2^m alone."""
    data, rng, p = pl.data.sphere(3, 4, seed=7), np.random.default_rng(1), 200
    law = theory.Law("two and a half", 4, 1.0, lambda k, m: 2.0**k * 0.5**m)
    g, sign = rng.standard_normal((1000, p, 4)), rng.choice([-0.5, 0.5], (1000, p))
    W = 2 * g / np.linalg.norm(g, axis=2, keepdims=True)
    nets = [pl.Network(w, a) for w, a in zip(W, sign, strict=True)]
    M = metrics.pl_matrix(data, nets)
    error = M.std(axis=0) / math.sqrt(len(nets))
    assert np.all(np.abs(M.mean(axis=0) - theory.expected_matrix(data, law)) < 4.5 * error)
    found = theory.start_curvature(data, law, directions=100_000, seed=3)
    scaled = math.sqrt(p) * (3 * metrics.local_pl(data, nets) - found.beta0)
    assert abs(scaled.mean()) < 4.5 * math.sqrt(found.gamma_sq / 1000)
    assert scaled.var() == pytest.approx(found.gamma_sq, rel=4.5 * math.sqrt(2 / 1000))


@pytest.mark.parametrize("name", ["asymmetric", "balanced"])
def test_gamma_sq_is_the_variance_of_xi(name: str) -> None:
    """xi of Lemma 4, neuron by neuron, from 400 000 neurons drawn by the package."""
    data = pl.data.sphere(3, 4, seed=2)
    law = theory.law(name, 4)
    found = theory.start_curvature(data, law, directions=400_000, seed=3)
    network = getattr(pl.initial, name)(400_000, 4, seed=5)
    z, y = metrics.preactivations(data, network), data.y
    moved = ((z > 0) * y) @ data.X
    u = network.a[:, None] * np.maximum(z, 0)
    xi = np.einsum("jk,jk->j", network.W, moved) ** 2 + network.a**2 * np.einsum("jk,jk->j", moved, moved)
    xi += u @ (found.beta0 * y - 2 * theory.expected_matrix(data, law) @ y)
    xi *= 2 / float(y @ y)
    square = (xi - xi.mean()) ** 2
    error = math.hypot(found.gamma_sq_error, square.std() / math.sqrt(len(xi)))
    assert abs(xi.mean() - found.beta0) < 5 * xi.std() / math.sqrt(len(xi))
    assert abs(square.mean() - found.gamma_sq) < 4 * error
    naive = xi - 2 / float(y @ y) * found.beta0 * (u @ y)  # one of the terms that come from y - h left out
    assert abs(naive.var() - found.gamma_sq) > 8 * error


def test_start_curvature_of_reduced_data_is_that_of_the_full() -> None:
    full = pl.data.sphere(3, 30, seed=5)
    small = pl.reduce(full, pl.initial.asymmetric(2, 30, seed=1)).data
    law = theory.law("balanced", 30)
    one = theory.start_curvature(full, law, directions=100_000, seed=1)
    two = theory.start_curvature(small, law, directions=100_000, seed=2)
    assert one.beta0 == pytest.approx(two.beta0, rel=1e-12)
    assert abs(one.gamma_sq - two.gamma_sq) < 5 * math.hypot(one.gamma_sq_error, two.gamma_sq_error)
    with pytest.raises(ValueError, match="law: expected the dimension of the data, 30"):
        theory.start_curvature(full, theory.law("balanced", 3))


def test_one_point_by_hand() -> None:
    """n = 1, x = e_1 in the plane, y: beta0 = 2 E[1 (z^2 + a^2)] = E z^2 + E a^2, z = <w, x>, by symmetry."""
    data = pl.Dataset([[1.0, 0.0]], [2.0])
    found = theory.start_curvature(data, theory.law("balanced", 2), directions=10)
    assert found.beta0 == pytest.approx(0.5 + 1.0)


@given(problems(), st.floats(1e-3, 3.0))
def test_euler_drift_is_exact(both: Any, step: float) -> None:
    data, network = both
    dW, da = metrics.velocity(data, network)
    after = pl.Network(network.W + step * dW, network.a + step * da)
    size = np.square(after.a) + after.norms_sq + np.square(network.a) + network.norms_sq
    change = metrics.invariant(data, after) - metrics.invariant(data, network)
    assert np.all(np.abs(change - theory.euler_drift(data, network, step)) <= 1e-13 * size)


@given(small_problems, st.floats(0.1, 10.0))
def test_rescaled_networks_have_the_same_outputs(both: Any, alpha: float) -> None:
    data, network = both
    other = theory.rescaled(network, np.full(network.p, alpha))
    np.testing.assert_allclose(
        metrics.outputs(data, other), metrics.outputs(data, network), rtol=1e-10, atol=1e-12
    )
    np.testing.assert_array_equal(theory.rescaled(network, alpha).W, other.W)


def test_assumptions_by_hand() -> None:
    data = pl.Dataset([[1.0, 0.0], [0.3, 2.0]], [1.0, -4.0])
    both = theory.assumption_2(data)
    assert both.left == pytest.approx(0.3)
    assert both.right == pytest.approx(1 / (2 * math.sqrt(2)) / 4)
    assert not both.holds
    start = pl.Network([[1.0, 1.0]], [3.0])
    level = theory.small_initial_loss(data, start)
    assert level.left == pytest.approx(metrics.loss(data, start))
    assert level.right == 32
    assert not theory.theorem_1_hypotheses(data, start).all
    assert theory.dimension_constant(100.0, 3, math.exp(-1)) == pytest.approx(100 / 12)


@pytest.mark.parametrize("seed", range(20))
def test_balanced_networks_meet_assumption_1_in_floating_point(seed: int) -> None:
    for dtype in (np.float32, np.float64):
        network = pl.initial.balanced(50, 33, seed=seed, dtype=dtype)
        assert theory.assumption_1(network)
        assert not theory.assumption_1(pl.Network(network.W * 1.001, network.a))


def test_theorem_1_bound_and_its_constant_by_hand() -> None:
    data = pl.Dataset.orthogonal([1.0, 2.0], [3.0, -5.0])
    assert theory.theorem_1_constant(data) == pytest.approx(1.2 * 1 * 3 / 2)
    network = pl.Network([[1.0, -1.0], [-1.0, 1.0]], [2.0, -2.0])  # h = (1, -2), r = (2, -3)
    assert theory.theorem_1_lower_bound(data, network) == pytest.approx(1.8 / 2 * min(1 / 3, 2 / 5))
    assert theory.rate_after_criterion(data, network) == 0  # sum r^2 = 13 > 9


@given(problems())
@settings(max_examples=50)
def test_the_rate_after_the_criterion_is_a_bound(both: Any) -> None:
    """With labels moved to leave a residual that meets the criterion."""
    data, network = both
    h = np.asarray(metrics.outputs(data, network))
    y = np.where(h == 0, 1.0, h * 1.01)
    near = pl.Dataset(data.X, y)
    rate = theory.rate_after_criterion(near, network)
    if rate > 0:
        assert metrics.local_pl(near, network) >= rate * (1 - 1e-9)


def test_preactivation_floor_refuses_negative_times() -> None:
    with pytest.raises(ValueError, match="t: expected times >= 0"):
        theory.preactivation_floor(*problem(), [-1.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.assumption_2(3), "data: expected a pl.Dataset"),
        (lambda: theory.keeps_sign("net"), "network: expected a pl.Network"),
        (lambda: theory.rescaled("net", 1.0), "network: expected a pl.Network"),
        (lambda: theory.expected_matrix("data", theory.law("balanced", 3)), "data: expected a pl.Dataset"),
        (lambda: theory.union_bound(2.5, 3), "p: expected an integer"),
    ],
)
def test_wrong_kinds_are_named(call: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call()


def test_wrong_values_are_named() -> None:
    zero = pl.Dataset([[1.0, 0.0]], [0.0], zero_labels=True)
    with pytest.raises(ValueError, match="labels != 0"):
        theory.assumption_2(zero)
    with pytest.raises(ValueError, match="labels != 0"):
        theory.start_curvature(zero, theory.law("balanced", 2))
    network = pl.Network([[1.0, 2.0]], [1.0])
    with pytest.raises(ValueError, match="alpha: expected numbers > 0"):
        theory.rescaled(network, [0.0])
    with pytest.raises(ValueError, match="alpha: expected length 1"):
        theory.rescaled(network, [1.0, 2.0])
    with pytest.raises(ValueError, match="step: expected a number > 0"):
        theory.euler_drift(pl.Dataset([[1.0, 0.0]], [1.0]), network, 0.0)
