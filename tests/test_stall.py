"""STALLED says that a run has come to rest as far as can be seen: never at a start, never on a plateau that
small neurons will leave."""

from __future__ import annotations

import numpy as np
import pytest

import pl_native as pl

pytest.importorskip("pl_native._core")

METHODS = ("euler", "flow", "capture")
RULE = pl.Stop(stall=1e-6)


@pytest.mark.parametrize("seed", [0, 3, 5])
def test_no_stall_at_a_start_whose_first_step_is_short(seed: int) -> None:
    """A first step that ends at an event at t = 1e-6 has local_pl t < 1e-6 whatever the problem."""
    data = pl.data.orthogonal(200, 200, seed=seed)
    network = pl.initial.torch_linear(37, 200, seed=seed, scale=0.01, data=data)
    sol = pl.simulate(data, network, 2000.0, method="flow", stop=RULE)
    assert (sol.status, sol.loss[-1] < 1e-12) == (pl.Status.HORIZON, True)


def test_no_stall_at_the_start_of_the_papers_own_scale() -> None:
    data, network = pl.data.sphere(300, 30, seed=58), pl.initial.asymmetric(31, 30, seed=58)
    assert pl.simulate(data, network, 1.0, method="flow", stop=RULE).status is pl.Status.HORIZON


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1e-3, 1e-6])
def test_no_stall_on_a_plateau_that_small_neurons_will_leave(method: str, scale: float) -> None:
    data = pl.data.orthogonal(10, 10, seed=1)
    network = pl.initial.balanced(20, 10, seed=2, scale=scale, data=data)
    options = {"method": method, "step": 0.05, "rtol": 1e-3}
    sol = pl.simulate(data, network, 500.0, stop=RULE, **options)
    free = pl.simulate(data, network, 500.0, **options)
    assert sol.loss[-1] == pytest.approx(free.loss[-1], rel=1e-3)
    assert free.loss[-1] < 0.9 * free.loss[0]


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_nor_by_the_other_backends(backend: str) -> None:
    if backend == "numba":
        pytest.importorskip("numba")
    data = pl.data.orthogonal(10, 10, seed=1)
    network = pl.initial.balanced(20, 10, seed=2, scale=1e-3, data=data)
    runs = [
        pl.simulate(data, network, 200.0, step=0.1, stop=RULE, backend=name) for name in (backend, "native")
    ]
    assert runs[0].status is runs[1].status
    assert runs[0].loss[-1] == pytest.approx(runs[1].loss[-1], rel=1e-6)
    assert runs[0].loss[-1] < 0.9 * runs[0].loss[0]


def at_rest_above_zero() -> tuple[pl.Dataset, pl.Network]:
    """Two labels on one input: the loss rests at 1/8; the second neuron, of the wrong sign, only shrinks."""
    data = pl.Dataset([[1.0, 0.0], [1.0, 1e-9]], [1.0, 2.0])
    return data, pl.Network([[0.5, 0.0], [0.4, 0.0]], [0.6, -0.4])


@pytest.mark.parametrize("method", METHODS)
def test_a_run_at_rest_stalls_though_a_neuron_shrinks(method: str) -> None:
    data, network = at_rest_above_zero()
    sol = pl.simulate(data, network, 1e6, method=method, step=0.1, rtol=1e-4, stop=RULE)
    assert (sol.status, sol.t[-1] < 1e4) == (pl.Status.STALLED, True)
    assert sol.loss[-1] == pytest.approx(0.125, rel=1e-4)


@pytest.mark.parametrize("backend", ["native", "numpy"])
@pytest.mark.parametrize("cut", [0.05, 0.5, 0.9])
def test_what_was_watched_is_part_of_a_resumed_run(backend: str, cut: float) -> None:
    data, network = at_rest_above_zero()
    options = {"step": 0.1, "stop": RULE, "backend": backend}
    whole = pl.simulate(data, network, 1e4, **options)
    part = pl.simulate(data, network, cut * whole.t[-1], **options)
    later = part.extend(1e4)
    assert whole.status is pl.Status.STALLED
    assert (later.status, later.t[-1]) == (whole.status, whole.t[-1])
    assert later.network.W.tobytes() == whole.network.W.tobytes()


def test_all_dead_from_the_start_is_at_rest() -> None:
    """Every rate has been 0."""
    data, network = pl.Dataset([[1.0]], [1.0]), pl.Network([[-1.0]], [2.0])
    for method in METHODS:
        sol = pl.simulate(data, network, 100.0, method=method, stop=RULE)
        assert (sol.status, sol.t[-1] < 100.0) == (pl.Status.STALLED, method == "euler")


@pytest.mark.parametrize("backend", ["native", "numpy"])
def test_rates_count_what_lies_outside_the_represented_coordinates(backend: str) -> None:
    """The same run reduced and not: the same end. The stall is decided by how a neuron turns."""
    data = pl.data.sphere(n=6, d=40, seed=3)
    network = pl.initial.asymmetric(p=3, d=40, seed=4)
    small = pl.reduce(data, network)
    stop = pl.Stop(stall=1e-3)
    ends = [
        pl.simulate(d, net, 1e6, step=0.01, stop=stop, backend=backend).t[-1]
        for d, net in ((data, network), (small.data, small.network))
    ]
    assert ends[0] < 1e6
    assert np.ptp(ends) <= 0.011
