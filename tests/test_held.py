"""What is said of a run that a limit ended: where it came to, and what its steps were spent on."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import pl_native as pl
from pl_native import Status
from pl_native._run.held import Run, held

pytest.importorskip("pl_native._core")

T_END = 750.0


def limited(method: str, stop: pl.Stop, **options: Any) -> pl.Solution:
    problem = pl.data.sphere(60, 20, seed=1), pl.initial.asymmetric(10, 20, seed=2)
    return pl.simulate(*problem, T_END, method=method, stop=stop, **options)


@pytest.mark.parametrize("method", ["flow", "auto"])
def test_switches_that_hold_a_run_up_are_said(method):
    sol = limited(method, pl.Stop(max_steps=300), rtol=1e-3)
    assert sol.status is Status.STEP_LIMIT
    events = sol.stats["events"]
    assert f"at t {sol.t[-1]:g} of 750: switches hold it up, {events} events in 300 steps" in sol.message
    assert sol.message in str(sol)
    assert "dense" not in sol.message


def test_of_dense_output_it_is_said_that_every_event_ends_a_step():
    sol = limited("flow", pl.Stop(max_steps=100), rtol=1e-3, save=pl.Save(dense=True))
    assert "each of which ends a step where dense output is kept" in sol.message


def test_of_capture_at_its_tolerance_that_is_said():
    sol = limited("capture", pl.Stop(max_steps=100), rtol=1e-3)
    assert f"at t {sol.t[-1]:g} of 750: steps are as long as rtol 0.001 lets them be" in sol.message


def test_of_time_that_ran_out_the_same_is_said(tmp_path):
    sol = limited("flow", pl.Stop(wall_time=0.05), rtol=1e-6)
    assert sol.status is Status.WALL_TIME
    assert f"at t {sol.t[-1]:g} of 750: " in sol.message
    sol.save(tmp_path / "run.npz")
    assert pl.Solution.load(tmp_path / "run.npz").message == sol.message


def test_of_euler_the_time_is_said():
    sol = limited("euler", pl.Stop(max_steps=300))
    assert sol.message == "the limit on steps was reached at t 300 of 750"


@pytest.mark.parametrize("most", [0, 1, 3])
@pytest.mark.parametrize(
    ("method", "backend"),
    [
        *((m, "native") for m in ("euler", "flow", "capture", "auto")),
        ("euler", "numpy"),
        ("flow", "numpy"),
        ("euler", "numba"),
    ],
)
def test_every_method_and_backend_says_it_with_the_counters_it_has(method, backend, most):
    """KeyError of `print(sol)` for the oracle's flow, and for no step at all (found by the fuzzer)."""
    if backend not in pl.backends.available():
        pytest.skip(f"backend {backend} is not available")
    sol = limited(method, pl.Stop(max_steps=most), backend=backend)
    assert sol.status is Status.STEP_LIMIT
    assert f"the limit on steps was reached at t {sol.t[-1]:g} of 750" in str(sol)
    assert "no step is left" not in sol.message


AT = Run(reached=2000.0, stuck=False, dense=False)
COUNTS = {
    "method": "flow", "rtol": 1e-5, "t_end": 1e5, "steps": 1000, "events": 10,
    "stabilised_steps": 4, "rejected": 3, "spectral_radius": 2.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {},
            "the fastest mode holds it up, a step is 4 of its times in the mean, and 4 of 1000 were",
        ),
        ({"stabilised_steps": 900}, "steps are as long as rtol 1e-05 lets them be"),
        ({"spectral_radius": 0.0}, "steps are as long as rtol 1e-05 lets them be"),
        ({"rejected": 2000}, "steps are refused, 2000 beside 1000 that were taken"),
        ({"method": "capture", "restarts": 2}, "capture began again, 2 times"),
        ({"method": "capture", "restarts": 1}, "capture began again, 1 time"),
        ({"events": 1, "steps": 1}, "1 event in 1 step"),
        ({"method": "capture", "restarts": 0}, "steps are as long as"),
        ({"method": "auto", "methods": [["capture", 0.0], ["flow", 9.0]]}, "the fastest mode holds it up"),
        ({"method": "auto", "methods": [["flow", 0.0], ["capture", 9.0]]}, "steps are as long as"),
        ({"method": "auto", "methods": [], "steps": 0}, "at t 2000 of 100000"),
    ],
)
def test_the_counters_say_what_steps_were_spent_on(changed, words):
    assert words in held(Status.WALL_TIME, COUNTS | changed, AT)
    assert held(Status.HORIZON, COUNTS | changed, AT) == ""


def test_too_many_switches_at_an_instant_are_said_with_parallel_inputs():
    assert "at t 2000 of 100000: a problem that the rule does not resolve" in held(
        Status.SWITCH_LIMIT, COUNTS, AT
    )
    assert held(Status.SWITCH_LIMIT, COUNTS | {"dependent_inputs": 3}, AT).endswith("were met, 3 times")


def test_a_run_without_a_step_left_is_not_said_to_have_met_max_steps():
    """No run is known that ends so; the core may say it (cpp/problem/status.hpp, no_step)."""
    sol = limited("flow", pl.Stop(max_steps=5))
    assert "no step is left" not in sol.message
    stats, further = sol.stats | {"steps": 4}, "not max_steps, but no step is left"
    assert further in dataclasses.replace(sol, stats=stats).message
    assert further not in dataclasses.replace(sol, stats=stats, status=Status.WALL_TIME).message


def test_a_neuron_at_zero_is_said():
    data, net = pl.data.sphere(5, 3, seed=1), pl.initial.asymmetric(4, 3, seed=2)
    assert "w_j = 0" not in str(pl.simulate(data, net, 1.0, method="flow"))
    W = net.W.copy()
    W[1] = 0.0
    sol = pl.simulate(data, pl.Network(W, net.a), 1.0, method="flow")
    assert "once a neuron was at w_j = 0, where the rule keeps it" in str(sol)
