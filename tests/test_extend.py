"""`Solution.extend`: a run that goes on is the single run, to the last bit (Euler) or to tolerance (flow)."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pl_native as pl
from outcomes import interrupting, native, same_bits
from pl_native._run import extend
from problems import (
    any_size,
    endless_criterion,
    energy,
    orthogonal_problem,
    problem,
    reduced_problem,
    wide_orthogonal,
)

PROBLEMS: dict[str, Any] = {
    "one": lambda: problem(1, 1, 1),
    "dense": lambda: problem(97, 7, 13),
    "float32": lambda: problem(61, 13, 7, dtype=np.float32),
    "orthogonal": orthogonal_problem,
    "wide orthogonal": wide_orthogonal,
    "reduced": reduced_problem,
    "criterion": endless_criterion,
}


@pytest.mark.parametrize("make", PROBLEMS.values(), ids=list(PROBLEMS))
@pytest.mark.parametrize("splits", [(1,), (23,), (1, 2, 37), (0,)], ids=str)
@pytest.mark.parametrize(
    "save", [None, pl.Save(every=3.0, states=True, observe="loss")], ids=["ends", "every"]
)
def test_euler_goes_on_to_the_same_bits(backend: str, make: Any, splits: Any, save: Any) -> None:
    data, net = make()
    options: dict[str, Any] = {"backend": backend, "save": save, "step": 1.0}
    sol = pl.simulate(data, net, float(splits[0]), **options)
    for end in (*splits[1:], 60):
        sol = sol.extend(float(end))
    same_bits(sol, pl.simulate(data, net, 60.0, **options))


@native
@settings(max_examples=60)
@given(any_size, any_size, any_size, st.integers(0, 40), st.integers(1, 9), st.booleans(), st.booleans())
def test_any_size_and_split(n: int, d: int, p: int, split: int, more: int, small: bool, flat: bool) -> None:
    dtype = np.float32 if small else np.float64
    if flat:
        data = pl.data.orthogonal(n, n + 2, seed=p, dtype=dtype)
        net = pl.initial.asymmetric(p, n + 2, seed=d, data=data, dtype=dtype)
    else:
        data, net = problem(n, d, p, dtype=dtype)
    options: dict[str, Any] = {"step": 0.5, "save": pl.Save(every=2.0)}
    whole = pl.simulate(data, net, 0.5 * (split + more), **options)
    same_bits(pl.simulate(data, net, 0.5 * split, **options).extend(0.5 * (split + more)), whole)


@native
def test_a_problem_cut_into_superblocks() -> None:
    data, net = problem(6000, 60, 150, dtype=np.float32)
    whole = pl.simulate(data, net, 4.0, threads=2)
    same_bits(pl.simulate(data, net, 1.0, threads=1).extend(4.0, threads=2), whole)


@native
def test_pruned_tiles_of_a_large_orthogonal_run() -> None:
    """Past the first prune, and where a superblock has dead tiles: the list of live ones starts anew."""
    data = pl.data.orthogonal(3001, 3001, seed=1)
    net = pl.initial.asymmetric(37, 3001, seed=2, data=data)
    whole = pl.simulate(data, net, 600.0, step=4.0, save=pl.Save(every=40.0))
    first = pl.simulate(data, net, 200.0, step=4.0, save=pl.Save(every=40.0))
    assert whole.n_active[-1] < 0.6 * whole.n_active[0]
    same_bits(first.extend(600.0), whole)


STOPS = {
    "criterion": (endless_criterion, pl.Stop(criterion=True), 0.3),
    "target": (problem, pl.Stop(loss=0.05), 1.0),
    "stall": (problem, pl.Stop(stall=0.2), 1.0),
    "max_steps": (problem, pl.Stop(max_steps=17), 1.0),
    "rise": (problem, pl.Stop(rise=1.5), 20.0),
    "not finite": (problem, pl.Stop(), 100.0),
    "dead": (lambda: orthogonal_problem(n=13, d=13, p=2), pl.Stop(criterion=True), 1.0),
    "proved": (lambda: orthogonal_problem(n=3, d=5, p=31), pl.Stop(criterion=True), 0.1),
}


@pytest.mark.parametrize(("make", "stop", "step"), STOPS.values(), ids=list(STOPS))
@pytest.mark.parametrize("save", [None, pl.Save(every=100.0), [50.0, 90.0]], ids=["ends", "every", "times"])
def test_stop_rules_see_the_whole_run(backend: str, make: Any, stop: pl.Stop, step: float, save: Any) -> None:
    """Before the rule holds, at the very step and after it (where the run has already ended)."""
    data, net = make()
    t_end, options = 100.0 * step, {"stop": stop, "step": step, "backend": backend}
    if isinstance(save, list):
        save = np.array(save) * step
    whole = pl.simulate(data, net, t_end, save=save, **options)
    plan = None if isinstance(save, np.ndarray) else save
    at = whole.stats["steps"]
    for split in sorted({1, 7, at // 2, max(at - 1, 0), at, min(at + 5, 99)}):
        if split == 100:
            continue
        held = save if isinstance(save, np.ndarray) and split > 90 else plan
        first = pl.simulate(data, net, split * step, save=held, **options)
        end = pl.simulate(data, net, t_end, save=held, **options)
        if first.stats["steps"] < 100:
            same_bits(first.extend(t_end), end)


def test_verdicts_are_about_the_whole_run(backend: str) -> None:
    """Rises, UNSTABLE and the drift are measured from the original start."""
    data, net = problem(20, 5, 7, seed=3)
    whole = pl.simulate(data, net, 60.0, step=9.0, backend=backend, save=pl.Save(every=9.0))
    assert whole.stats["rises"] > 0
    for steps in (1, 2, whole.stats["first_rise"], whole.stats["first_rise"] + 1):
        first = pl.simulate(data, net, 9.0 * steps, step=9.0, backend=backend, save=pl.Save(every=9.0))
        sol = first.extend(60.0)
        same_bits(sol, whole)
    assert sol.invariant_drift[0] == 0


def test_past_a_rule_with_other_rules(backend: str) -> None:
    data, net = problem()
    first = pl.simulate(data, net, 500.0, backend=backend, stop=pl.Stop(loss=0.2))
    assert first.status is pl.Status.TARGET
    still = first.extend(600.0)
    assert (still.status, still.t[-1]) == (pl.Status.TARGET, first.t[-1])
    on = first.extend(500.0, stop=pl.Stop())
    same_bits(on, pl.simulate(data, net, 500.0, backend=backend))
    limited = first.extend(500.0, stop=pl.Stop(max_steps=1))  # counts from the very start: already over
    assert (limited.status, limited.t[-1]) == (pl.Status.STEP_LIMIT, first.t[-1])


def test_wall_time_and_interrupted_runs_come_to_their_end(backend: str) -> None:
    data, net = problem()
    options: dict[str, Any] = {"backend": backend, "save": 7}
    whole = pl.simulate(data, net, 3000.0, **options)
    short = pl.simulate(data, net, 3000.0, stop=pl.Stop(wall_time=1e-9), **options)
    assert (short.status, short.stats["steps"]) == (pl.Status.WALL_TIME, 0)
    same_bits(short.extend(3000.0, stop=pl.Stop()), whole)
    step = short.extend(3000.0)  # a continuation takes a step at least
    assert (step.status, step.stats["steps"]) == (pl.Status.WALL_TIME, 1)
    with pytest.raises(pl.Interrupted) as caught:
        pl.simulate(data, net, 1e7, backend=backend, progress=interrupting(2))
    (cut,) = caught.value.solutions
    end = cut.stats["steps"] + 50.0
    if end < 200_000:
        same_bits(cut.extend(end), pl.simulate(data, net, end, backend=backend))


def test_a_run_out_of_time_at_its_very_end_is_finished_there(backend: str) -> None:
    data, net = problem()
    cut = pl.simulate(data, net, 0.0, backend=backend, stop=pl.Stop(wall_time=1e-9))
    assert cut.status is pl.Status.WALL_TIME
    same_bits(cut.extend(0.0), pl.simulate(data, net, 0.0, backend=backend))


def test_ctrl_c_in_the_continuation_carries_the_whole(backend: str) -> None:
    data, net = problem()
    first = pl.simulate(data, net, 10.0, backend=backend, save=pl.Save(every=2.0))
    with pytest.raises(pl.Interrupted) as caught:
        first.extend(1e7, progress=interrupting(2), save=[1e7])
    (cut,) = caught.value.solutions
    assert cut.status is pl.Status.INTERRUPTED
    assert cut.t[:6].tolist() == [0, 2, 4, 6, 8, 10]
    assert cut.t[-1] == cut.stats["steps"] > 10
    further = cut.extend(cut.t[-1] + 3, save=2)
    assert further.stats["steps"] == further.t[-1] == cut.t[-1] + 3


@pytest.mark.parametrize("method", ["euler", pytest.param("flow", marks=native)])
def test_which_rows_are_kept(method: str) -> None:
    data, net = problem()

    def run(t_end: float, save: Any) -> pl.Solution:
        return pl.simulate(data, net, t_end, save=save, method=method)

    def times(sol: pl.Solution) -> list[float]:
        return [round(float(t), 9) for t in sol.t]

    assert times(run(10.0, None).extend(20.0)) == [0, 20]
    assert times(run(10.0, pl.Save(every=4.0)).extend(20.0)) == [0, 4, 8, 12, 16, 20]
    assert times(run(10.0, pl.Save(every=4.0)).extend(18.0)) == [0, 4, 8, 12, 16, 18]
    assert times(run(10.0, [3.0, 7.0]).extend(20.0)) == [3, 7]
    assert times(run(10.0, 3).extend(20.0)) == [0, 5, 10, 20]
    assert times(run(10.0, 3).extend(20.0).extend(30.0)) == [0, 5, 10, 30]
    assert times(run(10.0, None).extend(20.0, save=3)) == [0, 10, 15, 20]
    assert times(run(10.0, None).extend(20.0, save=[12.0, 17.0])) == [0, 10, 12, 17]
    assert times(run(10.0, 2).extend(20.0, save=pl.Save(every=8.0))) == [0, 10, 16, 20]
    assert times(run(10.0, 2).extend(20.0, save=pl.Save(every=8.0)).extend(26.0)) == [0, 10, 16, 24, 26]
    cut = pl.simulate(data, net, 10.0, save=[3.0, 7.0], stop=pl.Stop(max_steps=5), step=1.0)
    assert times(cut) == [3, 5]
    assert times(cut.extend(10.0, stop=pl.Stop())) == [3, 7]
    assert times(cut.extend(6.0, stop=pl.Stop(max_steps=6))) == [3]


def test_saved_and_loaded_solutions_go_on(backend: str, tmp_path: Path) -> None:
    data, net = problem()
    options: dict[str, Any] = {
        "backend": backend, "stop": pl.Stop(stall=1e-9, rise=100.0, max_steps=10_000),
        "save": pl.Save(times=[0.0, 3.0, 10.0], states=True, observe=("active", energy)),
    }  # fmt: skip
    whole = pl.simulate(data, net, 30.0, **options)
    first = pl.simulate(data, net, 11.0, **options)
    on = first.extend(30.0)
    same_bits(on, whole)
    assert on.stats["seconds"] > first.stats["seconds"]
    first.save(tmp_path / "run.npz")
    for again in (pl.Solution.load(tmp_path / "run.npz"), pickle.loads(pickle.dumps(first))):
        same_bits(again, first)
        with pytest.raises(ValueError, match=r"data: expected the pl\.Dataset of this run, got None"):
            again.extend(30.0)
        with pytest.raises(ValueError, match="SHA-256"):
            again.extend(30.0, data=problem(seed=1)[0])
        with pytest.raises(ValueError, match="observed functions that a file does not hold"):
            again.extend(30.0, data=data)
        same_bits(again.extend(30.0, data=problem()[0], save=pl.Save(observe=("active", energy))), whole)


def test_a_chain_through_files(backend: str, tmp_path: Path) -> None:
    data, net = wide_orthogonal()
    sol = pl.simulate(data, net, 3.0, backend=backend, save=3)
    for end in (4.0, 9.0, 20.0):
        sol.save(tmp_path / "run.npz")
        sol = pl.Solution.load(tmp_path / "run.npz").extend(end, data=data)
    same_bits(sol, pl.simulate(data, net, 3.0, backend=backend, save=3).extend(20.0))
    assert sol.network == pl.simulate(data, net, 20.0, backend=backend).network
    assert sol.t.tolist() == [0, 1, 3, 20]


WRONG = [
    ({"t_end": 5.0}, ValueError, r"t_end: expected a time after the end of this run, t = 10.0, got 5.0"),
    ({"t_end": 10.0}, ValueError, "t_end: expected a time after the end"),
    ({"t_end": "20"}, TypeError, "t_end: expected a real number"),
    ({"t_end": math.inf}, ValueError, "t_end"),
    ({"data": 3}, TypeError, "data: expected a pl.Dataset, got 3"),
    ({"stop": 3}, TypeError, "stop: expected None or pl.Stop"),
    ({"save": [4.0, 12.0]}, ValueError, r"save\.times: expected times between the end of this run, t = 10"),
    ({"save": [21.0]}, ValueError, r"and t_end = 20\.0, got 21\.0"),
    ({"save": pl.Save(states=True)}, ValueError, "save.states: expected False"),
    ({"save": pl.Save(dense=True)}, ValueError, "save.dense: expected False"),
    ({"save": pl.Save(observe="active")}, ValueError, "save.observe: expected what the run observed"),
    ({"threads": 0}, ValueError, "threads"),
    ({"progress": 3}, TypeError, "progress"),
]


@pytest.mark.parametrize(("options", "error", "message"), WRONG, ids=lambda v: str(v)[:30])
def test_wrong_arguments(options: dict[str, Any], error: Any, message: str) -> None:
    sol = pl.simulate(*problem(), 10.0)
    with pytest.raises(error, match=message):
        sol.extend(**{"t_end": 20.0} | options)


def test_a_run_without_a_record_says_so() -> None:
    sol = pl.simulate(*problem(), 1.0, method="flow", backend="numpy")
    with pytest.raises(ValueError, match="extend: this 'flow' run of backend 'numpy' holds no record"):
        sol.extend(2.0)


def test_the_data_are_kept_by_reference() -> None:
    data, net = problem()
    sol = pl.simulate(data, net, 1.0)
    assert sol._record is not None
    assert sol._record.data is data
    assert pickle.loads(pickle.dumps(sol))._record.data is None


def test_dense_output_of_no_step_joins() -> None:
    assert extend._dense(None, None) is None
