"""The selection rule at kinks, and degenerate kinks: duplicates, opposites, simultaneous
events, zero neurons."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from flow_support import degenerate, distance, draw, euler, run, stop_rules
from pl_native import Status
from pl_native._problem.kinks import OFF, ON, SLIDE
from pl_native.model.selection import select


def hinge_minimum(X, e, base):
    """Step 2 of the rule by brute force: every assignment of off, on, sliding, the one of least objective."""
    best = (np.inf, base)
    for modes in itertools.product((OFF, ON, SLIDE), repeat=len(e)):
        m = np.array(modes)
        v = base + e[m == ON] @ X[m == ON]
        S = X[m == SLIDE]
        v = v - np.linalg.pinv(S) @ (S @ v) if len(S) else v
        value = 0.5 * ((v - base) ** 2).sum() + np.abs(e) @ np.maximum(X @ v, 0)
        best = min(best, (value, v), key=lambda pair: pair[0])
    return best[1]


@pytest.mark.parametrize("seed", range(60))
def test_select_minimises_the_hinge_problem(seed):
    rng = np.random.default_rng(seed)
    k, d = rng.integers(1, 6), rng.integers(1, 5)
    X, e, base = rng.standard_normal((k, d)), -rng.uniform(0.1, 2, k), rng.standard_normal(d)
    if seed % 3 == 0 and k > 1:
        X[1] = X[0] * rng.choice([-1.0, 1.0, 2.0])
    modes, v, _ = select(X, e, base, 1.0)
    assert np.abs(v - hinge_minimum(X, e, base)).max() < 1e-10
    assert (X[modes == ON] @ v > -1e-10).all()
    assert (X[modes == OFF] @ v < 1e-10).all()
    assert np.abs(X[modes == SLIDE] @ v).max(initial=0) < 1e-10


@pytest.mark.parametrize("seed", range(40))
def test_native_velocity_on_a_kink_is_the_selected_one(seed):
    """One neuron that starts on k kinks: the native velocity right after the start against `select`."""
    rng = np.random.default_rng(seed)
    d, k = 5, int(rng.integers(1, 5))
    w = np.zeros(d)
    w[0] = 1.0
    X = rng.standard_normal((k + 2, d))
    X[:k, 0] = 0.0  # exactly on the kink
    X[k:, 0] = np.abs(X[k:, 0]) + 0.1
    if seed % 4 == 0 and k > 1:
        X[1] = -X[0]
    y, a = rng.standard_normal(k + 2) + 0.1, rng.choice([-1.5, 1.5])
    r = y - a * np.maximum(X @ w, 0)
    sign = np.sign(a)
    _, v, _ = select(X[:k], sign * r[:k], sign * r[k:] @ X[k:], 1.0)
    speed = abs(a) / len(y) * v
    got = run(X, y, w[None], np.array([a]), 1e-9, 1e-10)
    da = r[k:] @ (X[k:] @ w) / len(y)
    assert got.velocity_sq[0] == pytest.approx(speed @ speed + da**2, rel=1e-9, abs=1e-20)
    assert np.abs((got.W[0] - w) / 1e-9 - speed).max() < 1e-5


def test_duplicated_inputs_equal_one_input_with_their_mean_label():
    X, y, W, a = draw(30, 6, 5, 7)
    one = run(X, y, W, a, 20.0, 1e-10)
    shift = np.random.default_rng(0).uniform(-0.5, 0.5, len(y))
    double = run(np.vstack([X, X]), np.concatenate([y + shift, y - shift]), W, a, 20.0, 1e-10)
    assert one.counters["slide_in"] > 10
    assert distance(double, one.W, one.a) < 1e-7


def test_permuting_points_and_neurons_permutes_the_result():
    X, y, W, a = draw(40, 8, 6, 11)
    one = run(X, y, W, a, 20.0, 1e-10)
    rng = np.random.default_rng(1)
    i, j = rng.permutation(len(y)), rng.permutation(len(a))
    two = run(X[i], y[i], W[j], a[j], 20.0, 1e-10)
    assert distance(two, one.W[j], one.a[j]) < 1e-8


def test_identical_neurons_switch_together():
    X, y, W, a = draw(20, 5, 3, 2)
    got = run(X, y, np.vstack([W, W]), np.concatenate([a, a]), 20.0, 1e-9)
    assert np.abs(got.W[:3] - got.W[3:]).max() < 1e-9
    assert got.counters["slide_in"] > 2


def test_zero_neuron_stays_and_is_counted():
    X, y, W, a = draw(10, 4, 3, 5)
    W[1] = 0
    got = run(X, y, W, a, 10.0)
    assert got.counters["zero_neuron"] == 1
    assert not got.W[1].any()
    assert got.a[1] == a[1]


def test_dead_pairs_of_orthogonal_inputs_trigger_nothing():
    """In a rotated orthogonal family the dead pairs rest at z = 0 up to rounding: no event but
    the deaths themselves."""
    rng = np.random.default_rng(4)
    n, p = 12, 6
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0]
    X = Q * rng.uniform(1, 2, (n, 1))
    y, W = rng.uniform(1, 2, n) * rng.choice([-1, 1], n), rng.standard_normal((p, n))
    a = rng.choice([-1, 1], p) * (np.linalg.norm(W, axis=1) + 0.1)
    got = run(X, y, W, a, 200.0, 1e-9, switches=True)
    assert got.status == Status.HORIZON
    assert got.counters["slide_in"] == got.counters["on"] == 0
    assert got.counters["events"] == got.counters["off"] == len(got.switches.t) > 5


def test_outer_weight_through_zero_while_sliding_turns_the_kink_off():
    found = 0
    for seed in range(400):
        X, y, W, a = draw(8, 3, 2, seed)
        got = run(X, y, 3 * W, 0.2 * a, 20.0, 1e-8, switches=True)
        assert got.status == Status.HORIZON
        found += got.counters["a_zero"]
    assert found > 3


def check_degenerate(seeds, rtol):
    limited = []
    for seed in seeds:
        problem, t_end = degenerate(seed)
        save = np.linspace(0, t_end, 7)
        stop = stop_rules(max_steps=20_000)
        got = run(*problem, t_end, rtol, save=save, switches=True, stop=stop)
        if got.status in (Status.SWITCH_LIMIT, Status.STEP_LIMIT):
            limited.append(seed)
            continue
        assert got.status == Status.HORIZON, seed
        assert np.array_equal(got.t, save), seed
        assert np.isfinite(got.W).all(), seed
        assert np.isfinite(got.loss).all(), seed
        # a start at loss 0 has no scale of its own: the labels give it one
        scale = max(got.loss[0], np.mean(problem[1] ** 2) * 1e-12)
        assert np.diff(got.loss).max() <= 8 * np.finfo(float).eps * scale, seed
        assert (np.diff(got.switches.t) >= 0).all(), seed
        size = max(1.0, np.max(got.a**2), np.max(problem[3] ** 2))
        assert got.invariant_drift.max() <= 100 * rtol * size, seed
    assert len(limited) <= 0.01 * len(seeds), f"SWITCH_LIMIT or Status.STEP_LIMIT for seeds {limited}"


@pytest.mark.parametrize("rtol", [1e-4, 1e-8])
def test_degenerate_problems_end_with_a_status(rtol):
    check_degenerate(range(600), rtol)


@pytest.mark.slow
@pytest.mark.parametrize("rtol", [1e-3, 1e-6, 1e-10])
def test_thousands_of_degenerate_problems(rtol):
    check_degenerate(range(6000), rtol)


@pytest.mark.parametrize("seed", [3, 4])
def test_small_steps_of_euler_converge_at_first_order(seed):
    X, y, W, a = draw(12, 4, 4, seed)
    got = run(X, y, W, a, 4.0, 1e-10)
    assert got.counters["slide_in"] > 0
    errors = [distance(got, *euler(X, y, W, a, 4.0, step)) for step in (4e-3, 1e-3)]
    assert errors[1] < 0.4 * errors[0] < 1e-2


@pytest.mark.parametrize("first", [0, 60])
def test_opposite_inputs_are_resolved_the_same_way_at_every_tolerance(first):
    """x and -x reach the kink together, one attracting and one repelling, and rest there while signs
    of c change."""
    for seed in range(first, first + 60):
        X, y, W, a = draw(12, 4, 4, seed)
        labels = np.concatenate([y, np.random.default_rng(seed).uniform(-2, 2, 12)])
        problem = np.vstack([X, -X]), labels, W, a
        loose, tight = run(*problem, 10.0, 1e-6), run(*problem, 10.0, 1e-9)
        assert distance(loose, tight.W, tight.a) < 1e-4, seed
