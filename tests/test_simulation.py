"""simulate, simulate_ensemble, iter_ensemble: alone and together, lazily, interrupted, observed."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from outcomes import interrupting, same
from pl_native import metrics, simulation
from pl_native._run.solution import CURVES
from pressing import CtrlC
from problems import orthogonal_problem, problem, safe_step

ENDLESS = 1e9


def mixed_problems() -> list[tuple[pl.Dataset, pl.Network]]:
    sizes = [(12, 5, 7), (1, 1, 1), (33, 2, 9), (12, 5, 7)]
    made = [problem(*s, seed=i, dtype=(np.float64, np.float32)[i % 2]) for i, s in enumerate(sizes)]
    return [*made, orthogonal_problem()]


def test_an_ensemble_is_its_runs(backend: str) -> None:
    problems = mixed_problems()
    ends, steps = [20.0, 10.0, 0.0, 7.3, 5.0], [1.0, 0.5, 1.0, 0.1, 2.0]
    alone = [
        pl.simulate(*q, t, step=s, save=4, backend=backend)
        for q, t, s in zip(problems, ends, steps, strict=True)
    ]
    together = pl.simulate_ensemble(problems, ends, step=steps, save=4, backend=backend, threads=2)
    lazily = list(pl.iter_ensemble(iter(problems), iter(ends), step=iter(steps), save=4, backend=backend))
    assert len(together) == len(lazily) == 5
    for a, b, c in zip(alone, together, lazily, strict=True):
        same(a, b)
        same(a, c)
    backwards = pl.simulate_ensemble(problems[::-1], ends[::-1], step=steps[::-1], save=4, backend=backend)
    for a, b in zip(alone, backwards[::-1], strict=True):
        same(a, b)


def test_no_problems(backend: str) -> None:
    assert pl.simulate_ensemble([], 1.0, backend=backend) == []
    assert list(pl.iter_ensemble([], 1.0, backend=backend)) == []


def test_iteration_is_lazy_and_bounded() -> None:
    taken = 0

    def problems() -> Iterator[tuple[pl.Dataset, pl.Network]]:
        nonlocal taken
        for i in itertools.count():
            taken += 1
            yield problem(3, 2, 2, seed=i)

    solutions = pl.iter_ensemble(problems(), 3.0, backend="numpy", threads=2)
    assert taken == 0
    for i, sol in zip(range(40), solutions, strict=False):
        assert taken <= i + 2 * simulation._AHEAD
        if i % 7 == 0:
            same(sol, pl.simulate(*problem(3, 2, 2, seed=i), 3.0, backend="numpy"))


def test_iteration_with_too_few_times() -> None:
    with pytest.raises(ValueError, match="t_end: expected one value per problem"):
        list(pl.iter_ensemble([problem()] * 3, [1.0, 2.0], backend="numpy"))


def test_solution_is_what_the_metrics_say(backend: str) -> None:
    data, network = problem()
    sol = pl.simulate(data, network, 10.0, step=0.5, save=pl.Save(every=2.0, states=True), backend=backend)
    for i in range(len(sol.t)):
        state = sol.state(i)
        assert sol.loss[i] == pytest.approx(metrics.loss(data, state), rel=1e-12)
        assert sol.local_pl[i] == pytest.approx(metrics.local_pl(data, state), rel=1e-11)
        assert sol.grad_norm[i] == pytest.approx(metrics.grad_norm(data, state), rel=1e-11)
        assert sol.n_active[i] == metrics.n_active(data, state)
    assert sol.state(0) == network
    assert sol.state(-1) == sol.network


def test_average_pl_is_lemma_2(backend: str) -> None:
    """log(L(0)/L(t))/t is the mean of local_pl (trapezoidal rule), where nothing slides (orthogonal data)."""
    data, network = orthogonal_problem()
    sol = pl.simulate(data, network, 2.0, step=1e-3, save=2001, backend=backend)
    mean = np.sum(np.diff(sol.t) * (sol.local_pl[1:] + sol.local_pl[:-1]) / 2) / sol.t[-1]
    assert sol.average_pl() == pytest.approx(mean, rel=2e-3)
    assert sol.average_pl() == pytest.approx(metrics.average_pl(sol.t, sol.loss)[-1], rel=1e-14)


def test_observations(backend: str) -> None:
    data, network = problem()

    def span(t: float, state: pl.Network) -> list[float]:
        return [t, float(state.a.max())]

    save = pl.Save(times=[0.0, 1.0, 3.0], observe=("loss", "invariant", "active", span))
    sol = pl.simulate(data, network, 3.0, save=save, backend=backend)
    assert list(sol.observed) == ["loss", "invariant", "active", "span"]
    np.testing.assert_allclose(sol.observed["loss"], sol.loss, rtol=1e-12)
    assert sol.observed["invariant"].shape == (3, 7)
    assert sol.observed["active"].dtype == bool
    np.testing.assert_array_equal(sol.observed["active"].sum((1, 2)), sol.n_active)
    np.testing.assert_array_equal(sol.observed["span"][:, 0], sol.t)
    assert sol.W_saved is None
    with pytest.raises(ValueError, match="no states were kept"):
        sol.state(0)


def test_represented_and_full_networks_agree(backend: str) -> None:
    """Orthogonal data in n coordinates and in d: the same run, the rest of W untouched."""
    data, short = orthogonal_problem(n=6, d=9, p=11)
    rest = np.tile(np.sqrt(short.w_perp_sq / 3), (3, 1)).T
    full = pl.Network(np.hstack([short.W, rest]), short.a)
    one = pl.simulate(data, short, 30.0, step=0.3, save=5, backend=backend)
    two = pl.simulate(data, full, 30.0, step=0.3, save=5, backend=backend)
    for name in CURVES:
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-10, atol=1e-14)
    np.testing.assert_array_equal(two.network.W[:, 6:], rest)
    np.testing.assert_array_equal(one.network.w_perp_sq, short.w_perp_sq)


def symmetric_images(data: pl.Dataset, net: pl.Network) -> dict[str, Any]:
    """Problems whose runs are the run of (data, net), and how to undo the symmetry on the end state."""
    rng = np.random.default_rng(0)
    points, neurons = rng.permutation(data.n), rng.permutation(net.p)
    back = np.argsort(neurons)
    Q = np.linalg.qr(rng.standard_normal((data.d, data.d)))[0]
    return {
        "points": (pl.Dataset(data.X[points], data.y[points]), net, lambda e: e),
        "neurons": (
            data,
            pl.Network(net.W[neurons], net.a[neurons]),
            lambda e: pl.Network(e.W[back], e.a[back]),
        ),
        "rotation": (
            pl.Dataset(data.X @ Q, data.y),
            pl.Network(net.W @ Q, net.a),
            lambda e: pl.Network(e.W @ Q.T, e.a),
        ),
        "sign": (
            pl.Dataset(data.X, -data.y),
            pl.Network(net.W, -net.a),
            lambda e: pl.Network(e.W, -e.a),
        ),
    }


@pytest.mark.parametrize("symmetry", ["points", "neurons", "rotation", "sign"])
def test_symmetries_commute_with_simulation(backend: str, symmetry: str) -> None:
    """To 1e-10 after 100 safe steps; the sign of (a, y) to the last bit."""
    data, network = problem(n=17, d=9, p=13, seed=3)
    step = safe_step(data, network)
    image_data, image_net, undo = symmetric_images(data, network)[symmetry]
    plain = pl.simulate(data, network, 100 * step, step=step, backend=backend)
    image = pl.simulate(image_data, image_net, 100 * step, step=step, backend=backend)
    end = undo(image.network)
    if symmetry == "sign":
        assert end == plain.network
    np.testing.assert_allclose(end.W, plain.network.W, rtol=0, atol=1e-10)
    np.testing.assert_allclose(end.a, plain.network.a, rtol=0, atol=1e-10)
    np.testing.assert_allclose(image.loss, plain.loss, rtol=1e-10)


def test_repeated_runs_have_the_same_bits(backend: str) -> None:
    same(*(pl.simulate(*problem(), 50.0, backend=backend, threads=k) for k in (1, 2)))


def test_interrupt_carries_what_was_reached(backend: str) -> None:
    with pytest.raises(pl.Interrupted) as caught:
        pl.simulate(*problem(), ENDLESS, backend=backend, progress=interrupting(2))
    (sol,) = caught.value.solutions
    assert isinstance(caught.value, KeyboardInterrupt)
    assert str(caught.value) == "interrupted: 0 of 1 run finished, 1 under way"
    assert sol.status is pl.Status.INTERRUPTED
    assert 0 < sol.t[-1] == sol.stats["steps"] < ENDLESS
    again = pl.simulate(*problem(), min(sol.t[-1], 1000.0), backend=backend)
    if sol.t[-1] <= 1000:
        assert again.network == sol.network


def test_interrupted_ensemble_keeps_finished_runs(backend: str) -> None:
    problems = [problem(seed=i) for i in range(4)]
    ends = [5.0, ENDLESS, ENDLESS, ENDLESS]
    with pytest.raises(pl.Interrupted) as caught:
        pl.simulate_ensemble(problems, ends, backend=backend, threads=1, progress=interrupting(2))
    found = dict(zip(caught.value.indices, caught.value.solutions, strict=True))
    unfinished = [s for s in found.values() if s.status is pl.Status.INTERRUPTED]
    assert 1 <= len(unfinished) <= 3
    if backend != "native":  # which takes the longest runs first
        assert list(found) == [0, 1]
        same(found[0], pl.simulate(*problems[0], 5.0, backend=backend))


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_is_answered_at_once(backend: str) -> None:
    """A real signal, from outside, in the middle of a call."""
    pl.simulate(*problem(), 1.0, backend=backend)  # so that nothing is compiled below
    for wait in (0.15, 0.6, 2.4):  # beside busy processes the first may come before a run has begun
        ctrl_c = CtrlC(wait)
        with pytest.raises(pl.Interrupted) as caught:
            pl.simulate_ensemble([problem(seed=i) for i in range(3)], ENDLESS, backend=backend, threads=2)
        assert ctrl_c.late() < 0.4
        if caught.value.solutions:
            break
    assert caught.value.solutions


def test_stats_name_the_run(backend: str) -> None:
    sol = pl.simulate(*orthogonal_problem(n=6, d=9, p=11), 3.0, backend=backend)
    expected = {"method": "euler", "backend": backend, "step": 1.0, "t_end": 3.0, "n": 6, "d": 9, "p": 11}
    assert sol.stats | expected | {"dtype": "float64"} == sol.stats
    assert set(sol.stats) - set(expected) == {
        "steps", "seconds", "first_rise", "rises", "criterion_time", "proved_time", "loss_bound", "dtype",
    }  # fmt: skip


def test_the_siblings_take_the_options_of_simulate() -> None:
    """As `help` shows them: all but `checkpoint`, which is of one run, with the same defaults."""
    of_simulate = inspect.signature(pl.simulate).parameters
    for sibling in (pl.simulate_ensemble, pl.iter_ensemble):
        found = inspect.signature(sibling).parameters
        assert set(found) == {"problems", *of_simulate} - {"data", "network", "checkpoint"}
        for name in set(found) - {"problems"}:
            assert found[name].default == of_simulate[name].default, name
            assert found[name].kind == of_simulate[name].kind, name
        with pytest.raises(
            TypeError, match=rf"{sibling.__name__}\(\) got an unexpected keyword argument 'x'"
        ):
            sibling([], 1.0, x=1)
        with pytest.raises(TypeError, match=rf"{sibling.__name__}\(\) missing a required argument: 't_end'"):
            sibling([])
