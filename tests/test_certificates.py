"""Certificates: what is proved of a state, and what must never be."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from certified import converging, repelled, stalled
from pl_native import backends
from pl_native._problem import Status
from problems import endless_criterion, orthogonal_problem

pytestmark = pytest.mark.skipif("native" not in backends.available(), reason="the core proves")

AT_ZERO = [
    *((60, 5, 6, seed) for seed in (4, 16, 18, 23)),
    (120, 10, 8, 7),
    pytest.param((120, 10, 8, 12), marks=pytest.mark.slow),
]
"""Stalls with a neuron exactly at 0, which the selection rule keeps there."""


def test_a_state_near_zero_loss_converges_at_the_rate_and_within_the_distance() -> None:
    data, sol = converging()
    c = sol.certify()
    assert c.verdict is Status.CONVERGED
    assert c.limit_loss == (0.0, 0.0)
    assert c.rate is not None
    assert 0.3 * sol.local_pl[-1] < c.rate <= sol.local_pl[-1]
    later = pl.simulate(data, sol.network, 20 / c.rate, method="flow", rtol=1e-10, save=20)
    assert np.all(later.loss <= later.loss[0] * np.exp(-c.rate * later.t) * (1 + 1e-6))
    moved = np.hypot(np.linalg.norm(later.network.W - c.state.W), np.linalg.norm(later.network.a - c.state.a))
    assert c.distance is not None
    assert moved <= c.distance < c.margins.radius


def test_the_criterion_met_for_ever_is_trapped_at_the_least_squares_value() -> None:
    data, start = endless_criterion()
    c = pl.simulate(data, start, 500.0, method="flow", rtol=1e-12).certify()
    assert c.verdict is Status.TRAPPED
    assert c.limit_loss is not None
    low, high = c.limit_loss
    slope = data.X[:, 0] @ data.y / (data.X[:, 0] @ data.X[:, 0])
    value = np.sum((data.y - slope * data.X[:, 0]) ** 2) / 6
    assert low <= value * (1 + 1e-12)
    assert high >= value * (1 - 1e-12)
    assert value == pytest.approx(2.87356e-4, rel=1e-5)
    assert high - low < 1e-12


def test_sliding_neurons_are_trapped() -> None:
    _, sol = stalled(60, 5, 6, 0)
    c = sol.certify()
    assert c.verdict is Status.TRAPPED
    assert c.margins.sliding == np.count_nonzero(c.pairs.kind == 1) == 10
    assert c.limit_loss is not None
    assert c.limit_loss[0] < sol.loss[-1] * (1 + 1e-12)
    assert c.limit_loss[0] == pytest.approx(sol.loss[-1], rel=1e-5)


@pytest.mark.parametrize("case", AT_ZERO)
def test_a_neuron_at_zero_that_may_leave_is_never_trapped(case: tuple[int, int, int, int]) -> None:
    data, sol = stalled(*case)
    c = sol.certify()
    assert c.verdict is None
    assert c.at_zero is not None
    for found in c.at_zero:
        assert not sol.network.W[found.neuron].any()
        assert found.gain > 0
        assert np.linalg.norm(found.direction) == pytest.approx(1)
    free = pl.simulate(data, c.escaped(), 200.0, method="flow")
    assert free.loss[-1] < sol.loss[-1] * (1 - 1e-12)  # and the rule would have kept it


def test_a_multiplier_at_the_end_of_its_range_is_held_and_not_trapped() -> None:
    _, sol = stalled(60, 5, 6, 5)
    c = sol.certify()
    assert c.verdict is None
    assert c.held_until is not None
    until, bound = c.held_until
    assert until > 1e5 * sol.t[-1]
    assert bound == pytest.approx(sol.loss[-1], rel=1e-12)
    assert bound <= sol.loss[-1]


def test_what_is_held_for_no_longer_than_the_loss_may_fall_anyway_is_not_said() -> None:
    data = pl.data.sphere(40, 4, seed=3)
    c = pl.certify(data, pl.initial.torch_linear(6, 4, seed=1))
    assert c.held_until is None
    assert c.dual is None
    assert len(c.pairs) == 0
    assert "what is held is not for longer than t = " in c.reason
    assert c.reason in str(c)
    least = float(c.reason.split("t = ")[1].split(",")[0])
    sol = stalled(60, 5, 6, 5)[1]
    assert 0 < least < 1 < sol.certify().held_until[0]  # type: ignore[index]
    whole = pl.data.sphere(40, 4, seed=3).X
    net = pl.initial.torch_linear(6, 4, seed=1)
    mu = (
        2 / 40 * np.linalg.norm(whole, 2) ** 2 * np.max((net.a**2 + net.norms_sq) @ (net.W @ whole.T > 0)) / 6
    )
    assert least == pytest.approx(1 / mu, rel=1e-2)


@pytest.mark.parametrize(("seed", "times"), [(6, 1e5), pytest.param(15, 10, marks=pytest.mark.slow)])
def test_what_is_held_is_held_for_much_longer_than_the_run(seed: int, times: float) -> None:
    _, sol = stalled(60, 5, 6, seed)
    c = sol.certify()
    assert c.held_until is not None
    assert c.held_until[0] > times * sol.t[-1]


def test_repelling_kinks_of_dead_neurons_are_never_trapped() -> None:
    """x_1 = -2 x_2: the rule keeps both neurons, descent leaves with the one at z_1 = 2e-17, a r_1 > 0."""
    for first in (0.0, 2e-17, -1e-17):
        assert repelled(first).verdict is None
    # pushed back instead, the same neurons rest for ever
    pushed = pl.certify(pl.Dataset([[-2.0, 0.0], [-1.0, -1.0]], [1.0, 1.0]), pl.Network([[0.0, 1.0]], [-1.5]))
    assert pushed.verdict is Status.TRAPPED
    assert pushed.margins.resting == 1


def test_orthogonal_data_have_both_verdicts() -> None:
    data, _ = orthogonal_problem()
    seen = set()
    for seed in range(8):
        start = pl.initial.asymmetric(8, 9, seed=seed, data=data)
        sol = pl.simulate(data, start, 3000.0, method="flow", rtol=1e-10)
        c = sol.certify()
        seen.add(c.verdict)
        if c.verdict is Status.DEAD_POINT:
            assert c.limit_loss is not None
            assert sol.loss[-1] == pytest.approx(c.limit_loss[0], rel=1e-6)
            pl.theory.verify(c, data)
    assert seen >= {Status.CONVERGED, Status.DEAD_POINT}


ORTHOGONAL_ROWS = {
    "identity": np.eye(3),
    "scaled, in another order, of more dimensions": [[0.0, 0, 0, 3], [0, -0.7, 0, 0], [2, 0, 0, 0]],
    "no coordinate shared": [[1.0, -2, 0, 0, 0], [0, 0, 0.3, 0, 0], [0, 0, 0, 1, 0.1]],
    "all coordinates shared": [[0.1, 0.1, 0.1, 0.1], [0.7, -0.7, 0.7, -0.7], [2.0, 2, -2, -2]],
}


@pytest.mark.parametrize("rows", ORTHOGONAL_ROWS.values(), ids=ORTHOGONAL_ROWS.keys())
@pytest.mark.parametrize("seed", range(6))
def test_orthogonal_inputs_given_as_a_matrix_have_both_verdicts_too(rows: Any, seed: int) -> None:
    X = np.array(rows)
    data = pl.Dataset(X, [1.0, -1.5, 0.5])
    start = pl.initial.asymmetric(4, X.shape[1], seed=seed)
    start = pl.Network(np.where(start.W @ X.T @ np.eye(3)[0] > 0, -1, 1)[:, None] * start.W, start.a)
    sol = pl.simulate(data, start, 3000.0, method="flow", rtol=1e-10)
    c = sol.certify()
    assert c.verdict is Status.DEAD_POINT  # no neuron sees the first point
    assert c.limit_loss is not None
    assert sol.loss[-1] == pytest.approx(c.limit_loss[0], rel=1e-6)
    assert pl.theory.verify(c, data).verdict is Status.DEAD_POINT
    stopped = pl.simulate(data, start, 3000.0, method="flow", stop=pl.Stop(proof=True))
    assert stopped.status is Status.DEAD_POINT
    other = pl.Dataset(X, [1.1, -1.5, 0.5])  # the same claims of another label are not true
    with pytest.raises(pl.theory.VerificationError, match="lim L"):
        pl.theory.verify(dataclasses.replace(c, digest=other.digest()), other)


def test_known_kinks_are_read() -> None:
    """Points 0 and 2 are on, 1 is at its kink: 5e-6 away from it, as single precision may leave it."""
    data = pl.Dataset([[1.0, 0.2], [0.0, 1.0], [1.0, 0.0]], [3.25, -1.0, 1.25])
    known = pl.Kinks([0], [1], [2])
    state, told = (pl.Network([[1.5, 5e-6]], [1.5], kinks=kinks) for kinks in (None, known))
    assert pl.certify(data, state).verdict is None
    c = pl.certify(data, told)
    assert c.verdict is Status.TRAPPED
    assert c.settled > 0
    assert c.pairs.point.tolist() == [1]
    pl.theory.verify(c, data)
    far = [pl.Network([[1.5, 1e-3]], [1.5], kinks=kinks) for kinks in (None, known)]  # of another state
    assert repr(pl.certify(data, far[0])) == repr(pl.certify(data, far[1]))


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_a_kink_that_the_numbers_are_not_on_is_no_part_of_what_is_proved(mode: int) -> None:
    """Point 1 is off by 1e-6 and would push away from its kink; a flow that is told of that begins on it."""
    data = pl.Dataset([[1.0, 0.2], [0.0, 1.0], [1.0, 0.0]], [1.5 * (1.5 - 2e-7), 1.0, 2.25])
    W, a, known = [[1.5, -1e-6]], [1.5], pl.Kinks([0], [1], [mode])
    told, bare = pl.Network(W, a, kinks=known), pl.Network(W, a)
    c = pl.certify(data, told)
    assert c.verdict is Status.TRAPPED
    assert c.limit_loss is not None
    assert str(c) == str(pl.certify(data, bare))
    assert c.state == bare
    later = pl.simulate(data, c.state, 1e3, method="flow", rtol=1e-10)
    assert later.loss[-1] >= c.limit_loss[0]
    if mode == 1:
        assert pl.simulate(data, told, 1e3, method="flow", rtol=1e-10).loss[-1] < 0.9 * c.limit_loss[0]


def test_kinks_that_count_stay_with_what_is_proved() -> None:
    """Those at rounding, and those that the proof puts its pairs on; another one goes."""
    data = pl.Dataset([[1.0, 0.2], [0.0, 1.0], [1.0, 0.0]], [3.25, -1.0, 1.25])
    both, first = pl.Kinks([0, 1], [1, 1], [2, 1]), pl.Kinks([0], [1], [2])
    c = pl.certify(data, pl.Network([[3.0, 0.0], [-1.5, -3e-6]], [1.5, -1.0], kinks=both))
    assert c.verdict is Status.TRAPPED
    assert c.state.kinks == first
    near = pl.certify(data, pl.Network([[1.5, 5e-6]], [1.5], kinks=first))
    assert near.verdict is Status.TRAPPED
    assert near.state.kinks == first
    identity = pl.Dataset.orthogonal([1.0, 2.0], [1.0, -1.0], 2)
    c = pl.certify(identity, pl.Network([[1.0, -1e-6]], [1.0], kinks=pl.Kinks([0], [1], [1])))
    assert c.verdict is Status.DEAD_POINT
    assert c.state.kinks is None


@pytest.mark.parametrize(("W", "y", "stays"), [([[0.0, 1.0]], 2.001, False), ([[1.0, 0.0]], -1.0, True)])
def test_orthogonal_rows_need_not_lie_on_axes_of_their_own_number(W: Any, y: float, stays: bool) -> None:
    """x_1 = 2 e_2: z is twice W[0, 1], whatever W[0, 0] is."""
    data, known = pl.Dataset([[0.0, 2.0]], [y]), pl.Kinks([0], [0], [0])
    c = pl.certify(data, pl.Network(W, [1.0], kinks=known))
    assert c.verdict is not None
    assert c.state.kinks == (known if stays else None)


def test_single_precision_data_and_states_of_the_flow() -> None:
    data = pl.data.sphere(6, 4, seed=3, dtype=np.float32)
    start = pl.initial.torch_linear(6, 4, seed=1, dtype=np.float32)
    sol = pl.simulate(data, start, 3000.0, method="flow", stop=pl.Stop(loss=1e-8))
    assert sol.network.dtype == np.float64
    assert sol.certify().digest == data.digest()
    assert pl.certify(data, start).state is start


def test_the_reduced_problem_is_said_to_be_one() -> None:
    data, start = pl.data.sphere(4, 9, seed=1), pl.initial.torch_linear(14, 9, seed=2)
    small = pl.reduce(data, start)
    sol = pl.simulate(*small, 3000.0, method="flow", stop=pl.Stop(loss=1e-10))
    of_reduced, of_all = sol.certify(), pl.certify(data, small.lift(sol.network))
    assert of_reduced.verdict is Status.CONVERGED
    assert of_reduced.reduced
    assert "reduced data" in str(of_reduced)
    assert of_all.verdict is Status.CONVERGED
    assert not of_all.reduced
    assert "reduced" not in str(of_all)


def test_threads_never_change_a_certificate() -> None:
    data, sol = converging()
    one, two = (pl.certify(data, sol.network, threads=k) for k in (1, 2))
    assert one.margins == two.margins
    assert (one.rate, one.distance) == (two.rate, two.distance)
