"""No crossing missed: the root finder on polynomials with known roots, and runs against runs
with tiny steps."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial import polynomial as poly

from flow_support import degenerate, distance, draw, make_task, mixed, run, stop_rules
from pl_native import Status, _core
from pl_native.backends import numpy

TOL = 1e-14


def test_double_crossing_between_the_ends_is_found():
    for gap in (1e-1, 1e-3, 1e-5):
        c = poly.polyfromroots([0.4, 0.4 + gap])  # positive at both ends, negative only in between
        assert abs(_core._first_exit(list(c), 1.0, TOL) - 0.4) < 1e-9 / gap


def test_first_of_many_roots():
    rng = np.random.default_rng(0)
    for _ in range(2000):
        roots = rng.uniform(-1, 2, rng.integers(1, 9))
        c = poly.polyfromroots(roots)
        c *= np.sign(c[0])
        inside = roots[(roots > 0) & (roots < 1)]
        close = np.abs(np.subtract.outer(roots, roots)) + np.eye(len(roots))
        if close.min() < 1e-2 or abs(roots).min() < 1e-2 or abs(roots - 1).min() < 1e-2:
            continue
        got = _core._first_exit(list(c), 1.0, TOL)
        assert got < 0 if not len(inside) else abs(got - inside.min()) < 1e-6


def test_touching_zero_is_no_event_and_noise_is_none():
    assert _core._first_exit(list(poly.polyfromroots([0.5, 0.5])), 1.0, TOL) < 0
    assert _core._first_exit([-1e-15, 0.0, 0.0], 1.0, TOL) < 0
    assert _core._first_exit([0.0, 1e-15, -5e-15], 1.0, TOL) < 0
    assert _core._first_exit([0.0, -1.0], 1.0, TOL) <= 2 * TOL


def test_root_times_to_1e_13():
    rng = np.random.default_rng(1)
    for _ in range(500):
        root = rng.uniform(0.01, 1)
        c = np.concatenate([[root], [-1.0]])
        rest = rng.uniform(0.5, 1, 6) * 0.3 ** np.arange(6)
        got = _core._first_exit(list(poly.polymul(c, rest)), 1.2, TOL)
        assert abs(got / root - 1) < 1e-13


@pytest.mark.parametrize("seed", [1, 3, 6])
def test_no_event_is_missed_by_long_steps(seed):
    problem = mixed(seed)
    long = run(*problem, 10.0, 1e-8, switches=True)
    short = run(*problem, 10.0, 1e-8, switches=True, max_step=5e-3)
    assert short.counters["accepted"] > 10 * long.counters["accepted"]
    assert np.array_equal(
        np.sort(long.switches.neuron * 1000 + long.switches.point),
        np.sort(short.switches.neuron * 1000 + short.switches.point),
    )
    assert distance(long, short.W, short.a) < 1e-7
    assert np.abs(np.sort(long.switches.t) - np.sort(short.switches.t)).max() < 1e-5


@pytest.mark.parametrize(("n", "d", "p", "t_end"), [(6, 4, 3, 20.0), (20, 10, 5, 4.0), (12, 3, 4, 20.0)])
def test_native_agrees_with_the_numpy_oracle(n, d, p, t_end):
    task = make_task(*draw(n, d, p), t_end, 1e-8, switches=True)
    oracle = numpy.flow([task], threads=1, poll=None)[0][0]
    got = run(*draw(n, d, p), t_end, 1e-8, switches=True)
    assert oracle is not None
    assert distance(got, oracle.W, oracle.a) < 1e-8
    assert len(got.switches.t) == len(oracle.switches.t) > 0
    assert np.abs(np.sort(got.switches.t) - np.sort(oracle.switches.t)).max() < 1e-4


@pytest.mark.parametrize(
    ("shape", "t_end", "events", "sliding"), [((20, 10, 5), 50.0, 57, 3), ((60, 20, 10), 100.0, 594, 83)]
)
def test_event_counts_of_the_reference_problems(shape, t_end, events, sliding):
    got = run(*draw(*shape), t_end, 1e-8)
    assert got.status == Status.HORIZON
    assert abs(got.counters["events"] - events) <= 2
    assert got.counters["sliding_end"] == sliding


@pytest.mark.slow
def test_event_counts_of_the_large_reference_problem():
    got = run(*draw(300, 30, 31), 50.0, 1e-7)
    assert abs(got.counters["events"] - 6495) < 20
    assert got.counters["sliding_end"] == 256


def test_native_agrees_with_the_oracle_on_degenerate_problems():
    compared = 0
    for seed in range(30):
        problem, _ = degenerate(seed)
        if np.abs(problem[2]).max() < 1e-3:  # all happens at once: the oracle's sampling is too coarse
            continue
        task = make_task(*problem, 1.0, 1e-8, stop=stop_rules(max_steps=120))
        oracle = numpy.flow([task], threads=1, poll=None)[0][0]
        assert oracle is not None
        assert oracle.status == Status.HORIZON, seed
        assert distance(run(*problem, 1.0, 1e-8), oracle.W, oracle.a) < 1e-6, seed
        compared += 1
    assert compared > 20
