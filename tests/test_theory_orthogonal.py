"""Theory of orthogonal inputs and of the phase transition: against definitions, and refusals by name."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import pl_native as pl
from pl_native import metrics, model, theory


def start(n: int = 12, d: int = 1200, p: int = 9, seed: int = 0) -> tuple[pl.Dataset, pl.Network]:
    data = pl.data.orthogonal(n, d, seed=seed)
    return data, pl.initial.asymmetric(p, d, seed=seed, data=data)


def positive(n: int, p: int, rng: np.random.Generator) -> tuple[pl.Dataset, pl.Network]:
    """All labels, outer and inner weights positive or negative by chance: no pair is wrong, Assumption 1."""
    norms, y, W = rng.uniform(0.5, 2, n), rng.uniform(0.5, 3, n), rng.standard_normal((p, n))
    rest = rng.uniform(0, 1, p)
    a = np.sqrt(np.square(W).sum(axis=1) + rest) * (1 + rng.exponential(0.5, p))
    return pl.Dataset.orthogonal(norms, y), pl.Network(W, a, w_perp_sq=rest)


def test_live_pairs_are_the_definition_and_rounding_is_dead() -> None:
    data, network = start()
    pairs = theory.live_pairs(data, network)
    z = model.preactivations(data, network)
    agree = np.outer(np.sign(network.a), np.sign(data.y))
    np.testing.assert_array_equal(pairs.correct, (z > 0) & (agree > 0))
    np.testing.assert_array_equal(pairs.wrong, (z > 0) & (agree < 0))
    W = np.where(pairs.wrong, 1e-17, network.W)
    rested = pl.Network(W, network.a, w_perp_sq=network.w_perp_sq)
    assert not theory.live_pairs(data, rested).wrong.any()
    assert np.count_nonzero(theory.settled(data, rested).W == 0) == pairs.wrong.sum()


def test_zero_labels_are_in_neither() -> None:
    data = pl.Dataset.orthogonal([1.0, 1.0], [0.0, 1.0], zero_labels=True)
    pairs = theory.live_pairs(data, pl.Network([[1.0, 1.0]], [2.0]))
    assert pairs.correct.tolist() == [[False, True]]
    assert not pairs.wrong.any()


def test_extinction_time_is_its_formula() -> None:
    data, network = start()
    z, inv = model.preactivations(data, network), model.invariant(data, network)
    y, norms = np.abs(data.y), data.norms
    want = 2 * data.n * z.max() / (math.sqrt(inv.min()) * y.min() * norms.min() ** 2)
    assert theory.extinction_time(data, network) == pytest.approx(want, rel=1e-12)
    assert theory.extinction_time(data, network, gap=inv.min() / 4) == pytest.approx(2 * want, rel=1e-12)


def test_extinction_condition_is_its_formula() -> None:
    data, network = start(4, 40_000, 3)
    z, a, y = model.preactivations(data, network), network.a, np.abs(data.y)
    A = float(model.invariant(data, network).min()) / 2
    span = theory.extinction_time(data, network, gap=A) / 4
    Q = 1.5 * math.sqrt(sum((y[k] * data.norms[k]) ** 2 for k in range(4)))
    g = math.exp(Q * span)
    Z = z.max() + 1.5 * span * g * np.abs(a).max() * max(y * data.norms**2)
    parts = []
    for i in range(4):
        on = [j for j in range(3) if z[j, i] > 0]
        pull = 1.5 * data.norms[i] ** 2 * sum((g * a[j]) ** 2 for j in on) / 3
        pull += Q * Z / y[i] * sum(math.sqrt((g * a[j]) ** 2 - A) for j in on) / 3
        parts.append(abs(model.outputs(data, network)[i]) / y[i] + span * pull)
    found = theory.extinction_condition(data, network, gap=A)
    assert found.left == pytest.approx(max(parts), rel=1e-12)
    assert (found.right, found.holds) == (0.5, max(parts) <= 0.5)
    far = theory.extinction_condition(data, network, gap=1e-12)
    assert (far.left, far.holds) == (math.inf, False)


@given(st.integers(0, 10**6))
def test_the_extinction_condition_gives_the_three_claims(seed: int) -> None:
    """At the largest inner weights that it lets pass: no residual moves further, pairs shrink and grow."""
    rng = np.random.default_rng(seed)
    n, p = (int(v) for v in rng.integers(1, 5, 2))
    data = pl.Dataset.orthogonal(rng.uniform(0.5, 2, n), rng.uniform(0.5, 2, n) * rng.choice([-1, 1], n))
    W, sign, A = rng.standard_normal((p, n)), rng.choice([-1.0, 1.0], p), float(rng.uniform(0.1, 3))
    extra = rng.exponential(1, p) * rng.choice([0.0, 1.0], p)

    def sized(size: float) -> pl.Network:
        return pl.Network(size * W, sign * np.sqrt(np.sum((size * W) ** 2, axis=1) + A + extra))

    size = 1.0
    while not theory.extinction_condition(data, sized(size), gap=A).holds:
        size /= 1.2
    network = sized(size)
    t_n = theory.extinction_time(data, network, gap=A)
    assume(t_n > 0)
    sol = pl.simulate(data, network, t_n, method="flow", rtol=1e-9, save=pl.Save(count=17, states=True))
    found = theory.extinction(data, [sol.state(k) for k in range(17)])
    assert (found.shrunk, found.alive) == (0, 0)
    r = metrics.residual(data, sol)
    still = np.abs(model.outputs(data, network) / data.y)
    left = theory.extinction_condition(data, network, gap=A).left
    assert np.all(np.abs(r - r[0]) / np.abs(data.y) <= left - still + 1e-9)


def test_extinction_counts_what_it_says() -> None:
    """By hand: the correct pair shrinks, the wrong one stays alive, a residual moves by half its label."""
    data = pl.Dataset.orthogonal([1.0, 1.0], [4.0, -2.0])
    before = pl.Network([[1.0, 1.0]], [2.0])  # h = (2, 2): correct at 0, wrong at 1
    after = pl.Network([[0.25, 0.5]], [2.0])  # h = (0.5, 1): moved by 1.5/4 and 1/2
    found = theory.extinction(data, [before, after])
    assert (found.correct, found.shrunk, found.wrong, found.alive, found.moved) == (1, 1, 1, 1, 0.5)
    gone = pl.Network([[1.5, -1e-18]], [2.0])
    best = theory.extinction(data, [before, gone])
    assert (best.shrunk, best.alive) == (0, 0)
    assert best.moved == 1.0  # r_1 moved by 2 of abs(y_1) = 2


@given(st.integers(0, 10**6))
def test_proposition_1_at_states_with_correct_pairs_only(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, p = (int(v) for v in rng.integers(1, 6, 2))
    data, network = positive(n, p, rng)
    mu = metrics.local_pl(data, network)
    sharp = theory.pl_upper_bound_orthogonal(data, network, network, sharp=True)
    bound = theory.pl_upper_bound_orthogonal(data, network, network)
    if not math.isnan(mu):
        assert mu <= sharp * (1 + 1e-12)
    assert sharp <= bound
    for measured, most in theory.growth_bounds(data, network):
        assert measured <= most * (1 + 1e-12)


@pytest.mark.parametrize("n", [1, 3])
def test_proposition_1_with_factor_1_is_attained(n: int) -> None:
    """A balanced neuron per point, from almost nothing: every step of the proof is an equality."""
    data = pl.Dataset.orthogonal(np.full(n, 1.3), np.full(n, 2.0))
    first, grown = (pl.Network(v * np.eye(n), np.full(n, v)) for v in (1e-6, 0.7))
    measured, most = theory.growth_bounds(data, grown).T
    np.testing.assert_allclose(measured, most, rtol=1e-12)
    mu = n * metrics.local_pl(data, grown)  # a point has one of the n neurons, the bound counts all
    assert mu == pytest.approx(theory.pl_upper_bound_orthogonal(data, first, grown, sharp=True), rel=1e-9)
    loose = theory.pl_upper_bound_orthogonal(data, first, grown)
    assert loose == pytest.approx(math.pi / math.sqrt(6) * mu, rel=1e-9)


def test_proposition_1_is_not_applicable_while_a_wrong_pair_lives() -> None:
    data, network = start()
    assert theory.live_pairs(data, network).wrong.any()
    assert math.isnan(theory.pl_upper_bound_orthogonal(data, network, network))
    assert np.isnan(theory.growth_bounds(data, network)).all()


@given(st.integers(0, 10**6))
def test_dead_points_are_those_of_the_metrics(seed: int) -> None:
    data, network = start(5, 5, 3, seed)
    dead = metrics.dead_points(data, network)
    want = float(np.sum(np.square(data.y[dead]))) / (2 * data.n)
    assert theory.dead_point_bound(data, network) == pytest.approx(want, abs=1e-15)


def test_the_branch_solves_its_equations_for_any_sizes() -> None:
    """One point and one neuron of several, a negative label: against the flow that leaves at once."""
    data = pl.Dataset.orthogonal([1.3, 0.7, 1.0], [-2.0, 1.0, 1.0])
    W = [[1e-11, -1.0, -0.2], [-1.0, -0.3, -1.0]]
    network = pl.Network(W, [-1.5, 1.4], w_perp_sq=[0.1, 0.0])
    save = pl.Save(count=20, states=True)
    sol = pl.simulate(data, network, 30.0, method="flow", rtol=1e-11, save=save)
    got = theory.kink_branch(sol.t, 0.0, y=-2.0, a0=-1.5, norm=1.3, n=3, p=2)
    assert sol.W_saved is not None
    assert sol.a_saved is not None
    np.testing.assert_allclose(sol.W_saved[:, 0, 0] * 1.3, got.z, atol=1e-8)
    np.testing.assert_allclose(sol.a_saved[:, 0], got.a, rtol=1e-8)
    rest = (1.0 + 1.0) / 6  # the other points have no live neuron
    np.testing.assert_allclose(sol.loss, got.loss + rest, atol=1e-8)


def test_final_pl_is_nan_where_a_point_is_dead() -> None:
    data = pl.Dataset.orthogonal([1.0, 1.0], [1.0, 1.0])
    assert math.isnan(theory.final_pl(data, pl.Network([[1.0, 1e-18]], [2.0])))


@pytest.mark.parametrize("n", [100, 10_000, 10**12])
def test_windows_and_times_are_those_of_the_closed_form(n: int) -> None:
    D, p, N0 = 1.5, 2, 0.7
    Y = D * math.sqrt(n / p)
    whole = Y**2 / (2 * n)
    unit = theory.time_unit(n, p)
    for fraction in (0.7, 0.3, 0.01):
        t = theory.fraction_time(fraction, D, n, p, N0=N0) * unit
        assert theory.group_closed_form(t, Y, n, p, N0=N0).loss[0] == pytest.approx(
            fraction * whole, rel=1e-9
        )
    width = theory.fraction_time(0.2, D, n, p, N0=N0) - theory.fraction_time(0.8, D, n, p, N0=N0)
    assert width == pytest.approx(theory.window(0.2, D, n, p), rel=1e-12)
    assert theory.window_as_printed(0.2, D, n, p) * 4 == theory.window(0.2, D, n, p)


@pytest.mark.parametrize("c0", [0.2, 0.6, 1.0])
@pytest.mark.parametrize("N0", [1e-3, 1.0, 50.0])
def test_transition_time_is_when_the_norm_is_half_way(N0: float, c0: float) -> None:
    n, p, D = 10**14, 2, 1.0
    Y = D * math.sqrt(n / p)
    t = theory.transition_time(D, n, p, N0=N0, c0=c0) * theory.time_unit(n, p)
    half = theory.group_closed_form(t, Y, n, p, N0=N0, c0=c0).n_sq[0, 0] / (p * Y)
    assert half == pytest.approx(0.5, abs=1e-4)


@given(st.integers(2, 10**6), st.floats(0.5, 0.999))
def test_group_size_is_the_nearest_divisor(n: int, alpha: float) -> None:
    k = theory.group_size(n, alpha)
    divisors = [v for v in range(1, math.isqrt(n) + 1) if n % v == 0]
    every = np.array(divisors + [n // v for v in divisors], float)
    wanted = 2 * (1 - alpha) * math.log(n)
    assert abs(math.log(k) - wanted) == pytest.approx(np.abs(np.log(every) - wanted).min(), abs=1e-9)
    assert n ** theory.group_exponent(n, k) == pytest.approx(n / math.sqrt(k), rel=1e-9)


DENSE = pl.data.sphere(4, 4, seed=1)
TWO = pl.Dataset.orthogonal([1.0, 1.0], [1.0, -2.0])
NET = pl.Network([[0.3, 0.4]], [1.0])
WIDE = pl.initial.asymmetric(3, 4, seed=1)
SMALL = pl.Network([[3.0, 4.0]], [1.0])
ZERO = pl.Dataset.orthogonal([1.0, 1.0], [0.0, 1.0], zero_labels=True)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: theory.live_pairs(DENSE, pl.initial.asymmetric(3, 4, seed=1)),
            ValueError,
            "data: expected orth",
        ),
        (
            lambda: theory.settled(DENSE, pl.initial.asymmetric(3, 4, seed=1)),
            ValueError,
            "data: expected orth",
        ),
        (lambda: theory.extinction_time(TWO, SMALL), ValueError, "gap: expected A in"),
        (lambda: theory.extinction_time(TWO, NET, gap=5.0), ValueError, "gap: expected A in"),
        (lambda: theory.extinction_time(TWO, NET, gap=-1.0), ValueError, "gap: expected a number > 0"),
        (lambda: theory.extinction_time(ZERO, NET), ValueError, "data: expected labels != 0"),
        (lambda: theory.extinction(TWO, [NET]), ValueError, "states: expected at least two"),
        (lambda: theory.dead_point_bound(TWO, SMALL), ValueError, "network: expected abs"),
        (lambda: theory.pl_upper_bound_orthogonal(TWO, SMALL, NET), ValueError, "network: expected abs"),
        (lambda: theory.pl_upper_bound_orthogonal(TWO, NET, NET, sharp=1), TypeError, "sharp"),  # type: ignore[arg-type]
        (lambda: theory.growth_bounds(ZERO, NET), ValueError, "data: expected labels != 0"),
        (lambda: theory.collapse_example((1.0, 2.0)), ValueError, "y: expected two numbers"),
        (lambda: theory.collapse_example(outer=0.0), ValueError, "outer"),
        (lambda: theory.collapse_expected(TWO, NET), ValueError, "data: expected two orthonormal"),
        (
            lambda: theory.collapse_expected(TWO, pl.Network([[1, -1], [1, 1]], [1, 1])),
            ValueError,
            "all z_ji > 0",
        ),
        (lambda: theory.kink_branch(1.0, 0.0, a0=-1.0), ValueError, "a0: expected a0 y > 0"),
        (lambda: theory.kink_branch(1.0, -1.0), ValueError, "leave"),
        (lambda: theory.kink_branch(-1.0, 0.0), ValueError, "t: expected"),
        (lambda: theory.time_unit(1, 1), ValueError, "n: expected n p >= 2"),
        (lambda: theory.limit_loss(1.0, [1.0], 2), ValueError, "D: expected one number for each"),
        (lambda: theory.staircase([1.0, -1.0], 2), ValueError, "D: expected"),
        (lambda: theory.fraction_time(1.0, 1.0, 100, 2), ValueError, "fraction: expected"),
        (lambda: theory.fraction_time(0.9, 1.0, 4, 2), ValueError, "N0: expected N0 <"),
        (lambda: theory.window(0.5, 1.0, 100, 2), ValueError, "eps: expected"),
        (lambda: theory.transition_time(1.0, 100, 2, c0=0.0), ValueError, "c0: expected"),
        (lambda: theory.group_size(100, 1.0), ValueError, "alpha: expected"),
        (lambda: theory.group_size(10**13, 0.5), ValueError, "n: expected at most"),
        (lambda: theory.group_exponent(100, 3), ValueError, "k: expected a divisor"),
        (lambda: theory.group_curvature_bounds([1.0, 0.0], 1), ValueError, "labels: expected"),
        (lambda: theory.group_curvature_bounds([1.0, 1.0], 3), ValueError, "p: expected a divisor"),
        (
            lambda: theory.group_curvature_bounds([1.0] * 4, 2, N0=[1.0] * 3),
            ValueError,
            "N0: expected one number",
        ),
    ],
)
def test_nonsense_is_refused_by_name(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()
