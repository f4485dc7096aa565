"""Steps of the flow that hold several events. Dense output is of one step for all, whose events end it: a run
that asks for it is the same run without."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from flow_support import assert_goes_on_alike, switch_times

pytest.importorskip("pl_native._core")

Problem = tuple[pl.Dataset, pl.Network]

END = 1.0  # hundreds of slides have begun, dozens are over
EXACT = 1e-10


def wide(seed: int = 1) -> Problem:
    """Hundreds of passes and slides, on which no step of one polynomial gets far."""
    return pl.data.sphere(n=40, d=10, seed=seed), pl.initial.torch_linear(p=100, d=10, seed=seed + 1)


def small_start() -> Problem:
    """Quiet neurons and loud ones in one step."""
    net = pl.initial.asymmetric(p=160, d=12, seed=4)
    size = np.where(np.arange(160) % 4 == 0, 1e-14, 1.0)
    return pl.data.sphere(n=30, d=12, seed=3), pl.Network(net.W * size[:, None], net.a * size)


def flow(problem: Problem, t_end: float, *, dense: bool = False, **options: Any) -> pl.Solution:
    save = pl.Save(count=9, switches=True, dense=dense)
    return pl.simulate(*problem, t_end, method="flow", save=save, **options)


def both(problem: Problem, t_end: float, **options: Any) -> tuple[pl.Solution, pl.Solution]:
    return flow(problem, t_end, **options), flow(problem, t_end, dense=True, **options)


@functools.cache
def several_steps(make: Callable[[], Problem], rtol: float) -> pl.Solution:
    return flow(make(), END, rtol=rtol, threads=1)


@functools.cache
def single_steps(make: Callable[[], Problem], rtol: float) -> pl.Solution:
    return flow(make(), END, rtol=rtol, dense=True)


@functools.cache
def unwatched(t_end: float) -> pl.Solution:
    """Of `wide`, with its start and its end saved."""
    return pl.simulate(*wide(), t_end, method="flow")


@pytest.mark.parametrize("rtol", [1e-5, 1e-6])
@pytest.mark.parametrize("make", [wide, small_start])
def test_they_hold_the_same_events(make: Any, rtol: float) -> None:
    several, single = several_steps(make, rtol), single_steps(make, rtol)
    assert several.stats["accepted"] < 0.5 * single.stats["accepted"]
    mine, theirs = switch_times(several), switch_times(single)
    assert {k: len(v) for k, v in mine.items()} == {k: len(v) for k, v in theirs.items()}
    late = [np.subtract(times, theirs[key]) for key, times in mine.items()]
    assert np.median(np.abs(np.concatenate(late))) < rtol
    for name in ("on", "off", "slide_in", "slide_to_on", "slide_to_off", "repelling", "sliding_end"):
        assert several.stats[name] == single.stats[name], name


@pytest.mark.parametrize("rtol", [1e-4, 1e-6])
@pytest.mark.parametrize("make", [wide, small_start])
def test_they_end_where_single_ones_do(make: Any, rtol: float) -> None:
    several, close = several_steps(make, rtol), single_steps(make, EXACT)
    off = np.hypot(
        np.linalg.norm(several.network.W - close.network.W, axis=1), several.network.a - close.network.a
    )
    size = np.hypot(np.linalg.norm(close.network.W, axis=1), close.network.a)
    assert np.max(off / size) < 3 * rtol
    assert np.allclose(several.loss, close.loss, rtol=3 * rtol, atol=0)
    assert np.allclose(several.local_pl, close.local_pl, rtol=100 * rtol, atol=0)
    assert np.max(np.abs(several.invariant_drift)) < 1e-12


def test_a_run_that_goes_on_is_the_single_run() -> None:
    assert_goes_on_alike(wide(), 1.0, 2.0, "rejected")


def test_a_record_of_an_older_file_goes_on() -> None:
    """It knows nothing of such steps: they are found again."""
    whole, part = unwatched(2.0), unwatched(1.0)
    record = part._record
    assert record is not None
    older = {k: v for k, v in record.resume.items() if k not in ("length", "pause", "next_pause")}
    assert len(older) == len(record.resume) - 3
    part = dataclasses.replace(part, _record=dataclasses.replace(record, resume=older))
    later = part.extend(2.0)
    assert np.allclose(later.network.W, whole.network.W, rtol=1e-5, atol=1e-6)
    assert later.stats["accepted"] < 1.2 * whole.stats["accepted"]


def test_scaled_problems_have_scaled_runs() -> None:
    """(c a, c w, c^2 y, t / c^2), to rounding: lengths of steps are roots."""
    data, net = wide()
    sol = unwatched(1.0)
    assert sol.stats["slide_in"] > 100 < sol.stats["accepted"]
    for c in (2.0**-30, 2.0**20):
        scaled = pl.Dataset(data.X, data.y * c * c), pl.Network(net.W * c, net.a * c)
        same = pl.simulate(*scaled, 1.0 / c**2, method="flow")
        assert np.allclose(same.network.W / c, sol.network.W, rtol=1e-10, atol=0)
        assert same.stats["steps"] == sol.stats["steps"]


def test_close_passes_are_told_within_them() -> None:
    several, single = both(wide(), 3.0)
    assert several.stats["close_passes"] == single.stats["close_passes"] > 30
    assert several.stats["closest_pass"] == pytest.approx(single.stats["closest_pass"], rel=1e-3)


def test_levels_are_met_within_them() -> None:
    whole = unwatched(2.0)
    level = float(np.sqrt(whole.loss[0] * whole.loss[-1]))
    several, single = both(wide(), 2.0, stop=pl.Stop(loss=level))
    for sol in (several, single):
        assert sol.status == pl.Status.TARGET
        assert sol.loss[-1] == pytest.approx(level, rel=1e-9)
    assert several.t[-1] == pytest.approx(single.t[-1], rel=1e-5)


@pytest.mark.parametrize("make", [wide, small_start])
def test_threads_do_not_show(make: Any) -> None:
    """Whoever follows which neuron; nor does it matter who was followed on that thread before."""
    one = several_steps(make, 1e-6)
    for threads in (2, 5):
        other = flow(make(), END, rtol=1e-6, threads=threads)
        assert other.network.W.tobytes() == one.network.W.tobytes()
        assert switch_times(other) == switch_times(one)
        for name in ("rhs", "events", "slide_in", "repelling", "close_passes", "closest_pass"):
            assert other.stats[name] == one.stats[name], name


def test_the_sign_of_an_outer_weight_changes_within_them() -> None:
    data, net = pl.data.sphere(n=30, d=20, seed=2), pl.initial.torch_linear(p=300, d=20, seed=52)
    several, single = both((data, pl.Network(net.W, 0.02 * net.a)), 1.5)
    assert several.stats["accepted"] < 0.5 * single.stats["accepted"]
    assert several.stats["a_zero"] == single.stats["a_zero"] > 0
    assert np.allclose(several.network.a, single.network.a, rtol=0, atol=1e-6)


def test_who_turns_and_slides_within_one_slides_with_its_new_sign() -> None:
    """a_j passes 0 and w_j comes back to its kink, which by then attracts."""
    data, net = pl.data.sphere(n=40, d=10, seed=3), pl.initial.torch_linear(p=100, d=10, seed=4)
    rng = np.random.default_rng(5)
    X = np.tile(data.X, (5, 1))
    W = 0.3 * rng.standard_normal(X.shape)
    W -= X * (np.sum(W * X, axis=1) / np.sum(X * X, axis=1))[:, None]
    W += 3e-7 * rng.choice([-1, 1], len(X))[:, None] * X
    turning = pl.Network(np.vstack([net.W, W]), np.append(net.a, 3e-4 * rng.choice([-1, 1], len(X))))
    several, single = both((data, turning), 0.5, rtol=1e-4)
    assert several.stats["accepted"] < 0.1 * single.stats["accepted"]
    for name in ("slide_in", "slide_to_on", "slide_to_off", "sliding_end"):
        assert several.stats[name] == single.stats[name], name


def test_small_residuals_keep_their_rate() -> None:
    """Where a step may lose all of them without any neuron's noticing, no pair is let go by what it lost."""
    data = pl.data.sphere(n=25, d=50, seed=7)
    reduced = pl.reduce(data, pl.initial.balanced(p=60, d=50, seed=4, scale=1e-3))
    several, single = both((reduced.data, reduced.network), 2000.0)
    assert several.stats["accepted"] < 0.5 * single.stats["accepted"]
    assert several.stats["slide_in"] <= single.stats["slide_in"] * 1.2  # 1.53 without a bound on decays


def test_events_of_ones_own_see_the_states_within() -> None:
    """Those of the neurons that are followed alone, too: a run ends where its own state says so."""
    problem = wide()
    alone, single = several_steps(wide, 1e-6), single_steps(wide, 1e-6)
    for t in (0.3, 0.7):
        there = float(np.sum(single.at(t).W ** 2))
        event = pl.Event(lambda t, net, there=there: np.sum(net.W**2) / there - 1, name="there")
        watched = flow(problem, END, rtol=1e-6, events=[event])
        assert watched.stats["accepted"] == alone.stats["accepted"] < 0.7 * single.stats["accepted"]
        assert np.allclose(watched.network.W, alone.network.W, rtol=1e-12, atol=1e-14)
        assert watched.events.t == pytest.approx([t], rel=1e-5)
        event = dataclasses.replace(event, terminal=True)
        ended = pl.simulate(*problem, END, method="flow", events=[event])
        assert ended.status is pl.Status.EVENT
        assert np.sum(ended.network.W**2) == pytest.approx(there, rel=1e-13)
