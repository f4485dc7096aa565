"""Certificates: what is proved of a state, and what must never be; their words, files and errors."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pl_native as pl
import proving
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


def stalled(n: int, d: int, p: int, seed: int) -> tuple[pl.Dataset, pl.Solution]:
    data = pl.data.sphere(n, d, seed=seed)
    start = pl.initial.torch_linear(p, d, seed=100 + seed)
    rules = pl.Stop(stall=1e-13, max_steps=60_000)
    return data, pl.simulate(data, start, 1e6, method="flow", rtol=1e-9, stop=rules)


def converging() -> tuple[pl.Dataset, pl.Solution]:
    """n = 12 points in 10 dimensions, followed until the theorem holds; 17 pairs are still uncertain."""
    data = pl.data.sphere(12, 10, seed=0)
    start = pl.initial.torch_linear(12, 10, seed=100)
    return data, pl.simulate(data, start, 1e5, method="flow", rtol=1e-9, stop=pl.Stop(loss=1e-8))


def repelled(first: float) -> pl.Certificate:
    """Of x_1 = -2 x_2 and two neurons dead but for z_1 = `first` or -first/2."""
    data = pl.Dataset([[-2.0, 0.0], [1.0, 0.0]], [1.0, 1.2])
    return pl.certify(data, pl.Network([[-first / 2, 1.0], [-first / 2, 0.5]], [1.5, 1.0]))


# verdicts


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


def test_what_is_held_is_held_for_much_longer_than_the_run() -> None:
    for seed, times in ((6, 1e5), (15, 10)):
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


# the same for any number of threads


def test_threads_never_change_a_certificate() -> None:
    data, sol = converging()
    one, two = (pl.certify(data, sol.network, threads=k) for k in (1, 2))
    assert one.margins == two.margins
    assert (one.rate, one.distance) == (two.rate, two.distance)


# words


def test_a_certificate_reads_like_a_theorem() -> None:
    _, sol = converging()
    text = str(sol.certify())
    assert text.startswith("CONVERGED (proved")
    assert "Every solution of the flow from theta converges to zero loss" in text
    assert "Proof: " in text
    held = str(stalled(60, 5, 6, 5)[1].certify())
    assert held.startswith("HELD until t = ")
    assert "for all t <= " in held
    nothing = repelled(2e-17)
    assert str(nothing).startswith("NO VERDICT")
    assert nothing.reason in str(nothing)


@pytest.mark.parametrize("value", [0.12345678, 9.99999999, 1e-300, 123456.0, 0.0, math.inf])
def test_printed_bounds_are_bounds(value: float) -> None:
    from pl_native._run.certificate_text import _down, _up

    assert float(_down(value)) <= value <= float(_up(value))
    assert float(_up(value)) <= value * 1.0011


# files


def test_a_certificate_comes_back_from_its_file(tmp_path: Path) -> None:
    cases = [converging()[1].certify(), stalled(60, 5, 6, 0)[1].certify(), stalled(60, 5, 6, 5)[1].certify(),
             stalled(60, 5, 6, 4)[1].certify()]  # fmt: skip
    for c in cases:
        c.save(tmp_path / "c.npz")
        back = pl.Certificate.load(tmp_path / "c.npz")
        for f in dataclasses.fields(c):
            if f.name not in ("pairs", "dual", "at_zero"):
                assert getattr(back, f.name) == getattr(c, f.name), f.name
        for name in ("neuron", "point", "kind", "share"):
            assert np.array_equal(getattr(back.pairs, name), getattr(c.pairs, name))
        assert (back.dual is None) == (c.dual is None)
        assert c.dual is None or np.array_equal(back.dual, c.dual)  # type: ignore[arg-type]
        assert str(back) == str(c)
        assert repr(back) == repr(c)


def altered(path: Path, change: Any) -> None:
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    head = json.loads(str(arrays["head"]))
    change(head, arrays)
    arrays["head"] = np.array(json.dumps(head))
    np.savez(path, **arrays)


def negative(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["rate"] = -1.0


def unsaid(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["verdict"] = None


def other_status(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["verdict"] = "HORIZON"


def not_a_number(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["distance"] = math.nan


def wrong_kind(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["n"] = "twenty"


def missing(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    del head["limit_loss"]


def foreign(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["more"] = np.zeros(3)


def beyond(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["pairs/point"] = arrays["pairs/point"] + 1000


def uneven(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["pairs/share"] = arrays["pairs/share"][1:]


def infinite(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["W"][0, 0] = math.inf


def limits_crossed(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["limit_loss"] = head["limit_loss"][::-1]


def other_format(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["format"] = 99


def share_beyond_one(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["pairs/share"][0] = 2.0


def kind_of_another_dtype(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["pairs/kind"] = arrays["pairs/kind"].astype(np.float64)


def radius_below_zero(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["margins"]["radius"] = -1.0


def reason_a_number(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["reason"] = 5


def three_limits(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["limit_loss"].append(2.0)


def held_as_well(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["held_until"] = [1.0, 0.1]
    arrays["dual"] = np.ones(60)


def dual_of_nothing(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["dual"] = np.ones(60)


@pytest.mark.parametrize(
    "change",
    [negative, unsaid, other_status, not_a_number, wrong_kind, missing, foreign, beyond, uneven, infinite,
     limits_crossed, other_format, share_beyond_one, kind_of_another_dtype, radius_below_zero,
     reason_a_number, three_limits, held_as_well, dual_of_nothing],
)  # fmt: skip
def test_a_file_that_is_not_one_is_refused_by_name(tmp_path: Path, change: Any) -> None:
    path = tmp_path / "c.npz"
    stalled(60, 5, 6, 0)[1].certify().save(path)
    pl.Certificate.load(path)
    altered(path, change)
    with pytest.raises(ValueError, match=r"c\.npz: not a file written by Certificate\.save"):
        pl.Certificate.load(path)


def short_dual(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["dual"] = arrays["dual"][1:]


def no_dual(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    del arrays["dual"]


def negative_gain(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["at_zero/gain"] = -arrays["at_zero/gain"]


def infinite_direction(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["at_zero/direction"][0, 0] = math.inf


@pytest.mark.parametrize(
    ("seed", "change"),
    [(5, short_dual), (5, no_dual), (4, negative_gain), (4, infinite_direction)],
)
def test_what_is_held_and_what_is_at_zero_is_read_as_warily(tmp_path: Path, seed: int, change: Any) -> None:
    path = tmp_path / "c.npz"
    stalled(60, 5, 6, seed)[1].certify().save(path)
    altered(path, change)
    with pytest.raises(ValueError, match=r"c\.npz: not a file written by Certificate\.save"):
        pl.Certificate.load(path)


def test_torn_and_pickled_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    converging()[1].certify().save(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match="not a file written"):
        pl.Certificate.load(path)
    np.savez(path, head=np.array([{"format": 1}], object))
    with pytest.raises(ValueError, match="not a file written"):
        pl.Certificate.load(path)


# errors


def test_wrong_arguments_are_named(tmp_path: Path) -> None:
    data, state = proving.start("generic", 0)
    with pytest.raises(TypeError, match=r"data: expected pl\.Dataset"):
        pl.certify(data.X, state)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"state: expected pl\.Network"):
        pl.certify(data, state.W)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="network: W has"):
        pl.certify(data, pl.Network(np.ones((2, data.d + 1)), [1.0, 2.0]))
    with pytest.raises(TypeError, match="expected dtype"):
        pl.certify(data, pl.Network(state.W, state.a, dtype=np.float32))
    with pytest.raises(ValueError, match="threads: expected an integer >= 1"):
        pl.certify(data, state, threads=0)
    c = pl.certify(data, state)
    with pytest.raises(ValueError, match="escaped: expected a certificate with a neuron at w_j = 0"):
        c.escaped()
    with pytest.raises(ValueError, match="push: expected a number > 0"):
        c.escaped(push=0.0)


def test_a_solution_read_from_a_file_asks_for_its_data(tmp_path: Path) -> None:
    data, sol = converging()
    sol.save(tmp_path / "s.npz")
    loaded = pl.Solution.load(tmp_path / "s.npz")
    with pytest.raises(ValueError, match="data: expected"):
        loaded.certify()
    with pytest.raises(ValueError, match="data: expected"):
        loaded.certify(pl.data.sphere(12, 10, seed=2))
    assert loaded.certify(data).rate == sol.certify().rate


def test_memory_is_asked_for_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PL_NATIVE_MAX_BYTES", "100000")
    with pytest.raises(MemoryError, match="100"):
        pl.certify(pl.data.sphere(300, 10, seed=0), pl.initial.torch_linear(5, 10, seed=0))


def test_numpy_alone_cannot_prove(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pl_native.backends.native.available", lambda: False)
    with pytest.raises(ImportError, match="compiled core"):
        pl.certify(*proving.start("generic", 0))
