"""Wide networks: neurons of one pattern are moved by one propagator. A run of one fixed Taylor order goes
neuron by neuron: it is the same run without."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pl_native as pl
from odd_labels import closed_form, odd_labels
from outcomes import same_bits
from wide_support import by_neurons, drawn, early_alignment, parabola

pytest.importorskip("pl_native._core")

LEAST_SQUARES = 0.0875213675213675


def switches_by_pair(sol: pl.Solution) -> dict[tuple[int, ...], list[float]]:
    log = sol.switches
    assert log is not None
    times: dict[tuple[int, ...], list[float]] = {}
    for t, *pair in zip(log.t, log.neuron, log.point, log.from_mode, log.to_mode, strict=True):
        times.setdefault(tuple(int(v) for v in pair), []).append(float(t))
    return times


SAVE = pl.Save(count=5, switches=True)


def both_ways(problem: tuple[pl.Dataset, pl.Network], t_end: float, rtol: float, **options: Any) -> Any:
    """The run on patterns, and, a little more exactly, neuron by neuron."""
    options = {"save": SAVE, "t_end": t_end} | options
    wide = pl.simulate(*problem, method="flow", rtol=rtol, **options)
    return wide, by_neurons(*problem, rtol=max(1e-3 * rtol, 1e-12), **options)


def assert_the_same_run(wide: pl.Solution, plain: pl.Solution, rtol: float) -> None:
    assert wide.stats["cell_steps"] > 0 == plain.stats["cell_steps"]
    assert wide.status is plain.status
    assert wide.loss == pytest.approx(plain.loss, rel=10 * rtol)
    for name in ("on", "off", "slide_in", "slide_to_on", "slide_to_off", "repelling", "sliding_end"):
        assert wide.stats[name] == plain.stats[name], name
    assert np.array_equal(wide.n_active, plain.n_active)
    assert wide.local_pl == pytest.approx(plain.local_pl, rel=100 * rtol)
    ours = np.column_stack([wide.network.W, wide.network.a])
    theirs = np.column_stack([plain.network.W, plain.network.a])
    apart = np.linalg.norm(ours - theirs, axis=1)
    assert np.all(apart <= rtol * np.linalg.norm(theirs, axis=1))
    one, two = switches_by_pair(wide), switches_by_pair(plain)
    assert Counter({pair: len(t) for pair, t in one.items()}) == {pair: len(t) for pair, t in two.items()}
    for pair, times in one.items():
        assert times == pytest.approx(two[pair], rel=1000 * rtol, abs=100 * rtol)


PROBLEMS: dict[str, tuple[Callable[[], tuple[pl.Dataset, pl.Network]], float]] = {
    "early": (lambda: early_alignment(100), 60.0),
    "early at 1": (lambda: early_alignment(100, 1, 1.0), 60.0),
    "parabola": (lambda: parabola(12, 100), 20.0),
    "d = 2": (lambda: drawn(8, 2, 128, 2, "asymmetric"), 30.0),
    "d = 3": (lambda: drawn(5, 3, 128, 1, "balanced"), 15.0),
    "d = 4": (lambda: drawn(4, 4, 250, 4, "asymmetric"), 15.0),
    "d = 1": (lambda: drawn(4, 1, 64, 4, "asymmetric"), 15.0),
}


@functools.cache
def neuron_by_neuron(name: str) -> pl.Solution:
    """More exact than any rtol that it is held against."""
    make, t_end = PROBLEMS[name]
    return by_neurons(*make(), rtol=1e-12, t_end=t_end, save=SAVE)


@pytest.mark.parametrize("rtol", [1e-6, 1e-9])
@pytest.mark.parametrize("name", PROBLEMS)
def test_patterns_move_as_their_neurons_do(name: str, rtol: float) -> None:
    make, t_end = PROBLEMS[name]
    wide = pl.simulate(*make(), t_end, method="flow", rtol=rtol, save=SAVE)
    assert_the_same_run(wide, neuron_by_neuron(name), rtol)


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(1, 5), st.integers(1, 3), st.integers(0, 99), st.sampled_from(["asymmetric", "torch_linear"])
)
def test_any_small_problem(n: int, d: int, seed: int, kind: str) -> None:
    data, network = drawn(n, d, 150, seed, kind)
    wide, plain = both_ways((data, network), 4.0, 1e-8)
    assert wide.stats["cell_steps"] > 0
    assert wide.loss == pytest.approx(plain.loss, rel=1e-7)
    for name in ("on", "off", "slide_in", "slide_to_on", "slide_to_off"):
        assert wide.stats[name] == plain.stats[name], name


def test_sliding_is_met_by_the_problems_above() -> None:
    """Else they would not say how a pattern slides."""
    kinds = ("slide_in", "slide_to_on", "slide_to_off")
    met = [0, 0, 0]
    for name in ("d = 2", "d = 3"):
        sol = pl.simulate(*PROBLEMS[name][0](), 15.0, method="flow")
        assert sol.stats["cell_steps"] > 100
        met = [total + sol.stats[kind] for total, kind in zip(met, kinds, strict=True)]
    assert min(met) > 10


@pytest.mark.parametrize("p", [200, 2000, 20_000])
def test_early_alignment_ends_at_least_squares(p: int) -> None:
    sol = pl.simulate(*early_alignment(p), 400.0, method="flow")
    assert sol.loss[-1] == pytest.approx(LEAST_SQUARES, rel=1e-13)
    assert sol.stats["cell_steps"] > 0.9 * sol.stats["steps"]
    assert sol.invariant_drift.max() < 1e-12


@pytest.mark.parametrize("size", [1.0, 1e-6, 1e-20])
def test_copies_of_the_pair_follow_the_closed_form(size: float) -> None:
    data, network, b, square = odd_labels(size, pairs=100, n=40, d=4)
    sol = pl.simulate(data, network, 3 * max(1.0, np.log(2 * b / size**2)) / b, method="flow", save=41)
    assert sol.stats["cell_steps"] > 0
    assert np.max(np.abs(sol.loss / closed_form(sol.t, size, b, square) - 1)) < 1e-4


def test_euler_with_small_steps_tends_to_it() -> None:
    data, network = early_alignment(200, scale=1.0)
    exact = pl.simulate(data, network, 4.0, method="flow", rtol=1e-10)
    assert exact.stats["cell_steps"] > 0 < exact.stats["slide_in"]
    errors = []
    for step in (1 / 64, 1 / 256, 1 / 1024):
        sol = pl.simulate(data, network, 4.0, step=step)
        errors.append(np.linalg.norm(sol.network.W - exact.network.W) / np.linalg.norm(exact.network.W))
    assert errors[0] < 0.02
    assert 3 < errors[0] / errors[1] < 5
    assert 3 < errors[1] / errors[2] < 5


def test_any_number_of_threads_gives_the_same_bits() -> None:
    problem = early_alignment(500, scale=0.1)
    one, two = (pl.simulate(*problem, 50.0, method="flow", threads=k, save=9) for k in (1, 2))
    same_bits(one, two)


@pytest.mark.parametrize("sizes", [(100, 40, 260), (12, 6, 2600)])
def test_threads_share_the_neurons_of_one_run(sizes: tuple[int, int, int]) -> None:
    """Wide enough that every loop is cut; on no patterns, and with pairs that slide."""
    n, d, p = sizes
    problem = pl.data.gaussian(n=n, d=d, seed=1), pl.initial.asymmetric(p=p, d=d, seed=2)
    ends = 0.01 if n == 100 else 3e-3
    one, *more = (by_neurons(*problem, t_end=ends, threads=k, save=3) for k in (1, 2, 3))
    assert one.stats["events"] > 20 > one.stats["cell_steps"]
    assert one.stats["slide_in"] > 0
    for other in more:
        same_bits(one, other)


def test_what_is_looked_at_changes_nothing_but_the_steps() -> None:
    problem = early_alignment(300, scale=0.1)
    plain = pl.simulate(*problem, 50.0, method="flow", save=5)
    told = pl.simulate(
        *problem,
        50.0,
        method="flow",
        save=pl.Save(count=5, states=True, switches=True),
        stop=pl.Stop(proof=True),
    )
    assert told.t[-1] <= 50.0
    assert plain.loss[: len(told.t) - 1].tolist() == told.loss[:-1].tolist()


def test_events_of_ones_own_are_met_on_patterns_as_by_the_neurons() -> None:
    def size(t: float, net: pl.Network) -> float:
        return float(np.linalg.norm(net.W) - 5.6)

    problem = early_alignment(150, scale=0.3)
    wide, plain = both_ways(problem, 8.0, 1e-8, events=[pl.Event(size, name="size")])
    assert wide.stats["cell_steps"] > 0.9 * wide.stats["steps"]
    assert wide.events.times("size").size == plain.events.times("size").size > 0
    assert wide.events.times("size") == pytest.approx(plain.events.times("size"), rel=1e-7)
    alone = pl.simulate(*problem, 8.0, method="flow", rtol=1e-8, save=9)
    told = pl.simulate(*problem, 8.0, method="flow", rtol=1e-8, save=9, events=[size])
    assert told.loss.tobytes() == alone.loss.tobytes()
    assert told.network == alone.network


def test_a_wide_run_ends_in_the_state_that_its_event_told() -> None:
    """To the bit, wherever it is: on pairs that slide, and where moments are due to be summed anew."""
    problem = drawn(8, 2, 100, 2, "asymmetric")
    whole = pl.simulate(*problem, 6.0, method="flow", save=60)
    for level in whole.loss[5:55:7]:
        event = pl.Event(lambda t, net, level=level: pl.metrics.loss(problem[0], net) - level, terminal=True)
        sol = pl.simulate(*problem, 6.0, method="flow", events=[event])
        assert (sol.status, sol.stats["cell_steps"]) == (pl.Status.EVENT, sol.stats["steps"])
        assert sol.events is not None
        assert sol.network.W.tobytes() == sol.events.W[-1].tobytes()
    later = sol.extend(6.0)
    assert later.loss[-1] == pytest.approx(whole.loss[-1], rel=1e-5)


def test_the_end_is_not_summed_anew() -> None:
    """Where norm(w_j) > abs(a_j), putting a state back on its invariant twice moves the last bit."""
    data, net = drawn(8, 2, 100, 2, "asymmetric")
    inner = data, pl.Network(net.W, 0.3 * net.a)
    for at in (0.45, 3.0, 3.15, 3.2, 3.25, 3.3):
        event = pl.Event(lambda t, net, at=at: t - at, terminal=True)
        sol = pl.simulate(*inner, 6.0, method="flow", events=[event])
        assert (sol.status, sol.stats["cell_steps"]) == (pl.Status.EVENT, sol.stats["steps"])
        assert sol.events is not None
        assert sol.network.W.tobytes() == sol.events.W[-1].tobytes()


@pytest.mark.parametrize("cut", [0.3, 3.0, 20.0])
def test_a_run_that_goes_on_is_the_single_run(cut: float) -> None:
    problem = early_alignment(300, scale=0.5)
    options: dict[str, Any] = {"method": "flow", "rtol": 1e-8}
    whole = pl.simulate(*problem, 30.0, **options)
    part = pl.simulate(*problem, cut, **options)
    later = part.extend(30.0)
    assert part.stats["cell_steps"] > 0
    assert later.loss[-1] == pytest.approx(whole.loss[-1], rel=1e-7)
    for name in ("on", "off", "slide_in"):
        assert later.stats[name] == whole.stats[name], name


def test_levels_of_the_loss_are_met_as_by_the_neurons() -> None:
    problem = early_alignment(150)
    ends = both_ways(problem, 400.0, 1e-9, stop=pl.Stop(loss=0.15))
    assert [sol.status for sol in ends] == [pl.Status.TARGET] * 2
    assert ends[0].t[-1] == pytest.approx(ends[1].t[-1], rel=1e-7)
    assert ends[0].loss[-1] == pytest.approx(0.15, rel=1e-9)
    rest = pl.simulate(*problem, 1e6, method="flow", stop=pl.Stop(stall=1e-6))
    assert (rest.status, rest.t[-1] < 1e5) == (pl.Status.STALLED, True)
    assert rest.loss[-1] == pytest.approx(LEAST_SQUARES, rel=1e-6)


def test_duplicated_and_opposite_inputs() -> None:
    rng = np.random.default_rng(5)
    X = rng.standard_normal((3, 2))
    X = np.concatenate([X, X[:2], -2 * X[1:2]])
    data = pl.Dataset(X, [1.0, -1.2, 0.7, 1.4, -0.6, 0.9])
    wide, plain = both_ways((data, pl.initial.asymmetric(p=150, d=2, seed=3)), 10.0, 1e-8)
    assert plain.stats["slide_in"] > 0 == plain.stats["dependent_inputs"]  # exact multiples are no choice
    assert wide.loss == pytest.approx(plain.loss, rel=1e-6)


def test_a_neuron_at_zero_stays_among_many() -> None:
    data, network = early_alignment(128, scale=1.0)
    W, a = network.W.copy(), network.a.copy()
    W[5], a[5] = 0, 0
    W[6] = 0
    sol = pl.simulate(data, pl.Network(W, a), 20.0, method="flow")
    assert sol.stats["cell_steps"] > 0
    assert not sol.network.W[5:7].any()
    assert (sol.network.a[5], sol.network.a[6]) == (0, a[6])


def dying(seed: int) -> tuple[pl.Dataset, pl.Network]:
    """Orthogonal inputs as rows, neurons that pull the wrong way at the first and end off there."""
    rng = np.random.default_rng(seed)
    X, y = np.diag(rng.uniform(1, 2, 3)), rng.choice([-1, 1], 3) * rng.uniform(1, 2, 3)
    W = rng.normal(size=(100, 3))
    W[:, 0] = 0.2 * np.abs(W[:, 0])
    return pl.Dataset(X, y), pl.Network(W, -0.9 * np.linalg.norm(W, axis=1) * np.sign(y[0]))


def test_a_run_cut_on_patterns_claims_what_its_state_does() -> None:
    """It left the bound on the loss of a dead point unclaimed: points were listed for the modes of before."""
    data, net = dying(52)
    cut = pl.simulate(data, net, 1e3, method="flow", stop=pl.Stop(max_steps=115))
    assert cut.stats["cell_steps"] == cut.stats["steps"] == 115
    again = pl.simulate(data, cut.network, 0.0, method="flow")
    assert cut.stats["loss_bound"] == again.stats["loss_bound"] == pytest.approx(data.y[0] ** 2 / 6)


def test_pairs_that_slide_where_a_run_is_cut_on_patterns_have_their_shares() -> None:
    data, net = pl.data.sphere(n=4, d=2, seed=2), pl.initial.asymmetric(p=200, d=2, seed=2)
    cut = pl.simulate(data, net, 400.0, method="flow", stop=pl.Stop(max_steps=100))
    assert cut.stats["cell_steps"] == 100
    assert cut.stats["sliding_end"] > 0
    again = pl.simulate(data, cut.network, 0.0, method="flow")
    one, two = cut.network.kinks, again.network.kinks
    assert one is not None
    assert two is not None
    assert np.array_equal(one.mode, two.mode)
    assert one.share == pytest.approx(two.share, abs=1e-12)
    assert np.any((one.share > 0) & (one.share < 1))
