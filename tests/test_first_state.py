"""`wall_time` that passes before the first state of a run is known: the run ends with what it was given."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from outcomes import interrupting, same_bits
from pl_native._run import checkpoint
from pl_native.sweep.result_row import outcome

pytest.importorskip("pl_native._core")

METHODS = ("euler", "flow", "capture", "auto")
LATE = pl.Stop(wall_time=1e-9)


def slow(calls: int = 3) -> Callable[[int, int], None]:
    """A progress function: the first asks of a call take longer than a first state is waited for."""
    count = itertools.count()

    def progress(done: int, total: int) -> None:
        if next(count) < calls:
            time.sleep(0.06)

    return progress


def problem(orthogonal: bool = False) -> tuple[pl.Dataset, pl.Network]:
    if orthogonal:
        data = pl.data.orthogonal(12, 20, seed=1)
        return data, pl.initial.asymmetric(5, 20, seed=2, data=data)
    return pl.data.sphere(n=20, d=4, seed=1), pl.initial.asymmetric(p=5, d=4, seed=2)


def unbegun(
    method: str, orthogonal: bool = False, save: Any = None, progress: Any = None, **stop: Any
) -> pl.Solution:
    rules, told = pl.Stop(wall_time=1e-9, **stop), progress or slow()
    return pl.simulate(
        *problem(orthogonal), 5.0, method=method, rtol=1e-3, save=save, stop=rules, progress=told
    )


@pytest.mark.parametrize("orthogonal", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_a_run_late_before_its_first_state_returns_its_start(method: str, orthogonal: bool) -> None:
    _, net = problem(orthogonal)
    sol = unbegun(method, orthogonal, pl.Save(count=3, states=True), criterion=True, loss=1e9)
    assert sol.status is pl.Status.WALL_TIME
    assert "before the loss of the first state was known" in sol.message
    assert sol.t.tolist() == [0.0]
    assert all(np.isnan(column).all() for column in (sol.loss, sol.local_pl, sol.grad_norm))
    assert (sol.n_active.tolist(), sol.invariant_drift.tolist()) == ([-1], [0.0])
    for network in (sol.network, sol.state(0)):
        assert (network.W.tobytes(), network.a.tobytes()) == (net.W.tobytes(), net.a.tobytes())
    assert sol.stats["steps"] == 0
    assert sol.stats["criterion_time"] is sol.stats["proved_time"] is sol.stats["loss_bound"] is None
    assert 0.05 < sol.stats["seconds"] < 5.0
    assert math.isnan(sol.average_pl())
    assert "WALL_TIME" in repr(sol)
    assert "loss nan" in repr(sol)


@pytest.mark.parametrize("method", METHODS)
def test_a_first_state_that_is_soon_there_is_known(method: str) -> None:
    sol = pl.simulate(*problem(), 5.0, method=method, rtol=1e-3, stop=LATE)
    assert (sol.status, sol.stats["steps"]) == (pl.Status.WALL_TIME, 0)
    assert np.isfinite(sol.loss).all()
    assert sol.n_active[0] >= 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("save", [None, 4, [1.0, 2.0], pl.Save(every=2.0, states=True)])
def test_it_goes_on_from_its_start(method: str, save: Any, tmp_path: Path) -> None:
    data, net = problem()
    sol = unbegun(method, save=save)
    whole = pl.simulate(data, net, 5.0, method=method, rtol=1e-3, save=save)
    same_bits(sol.extend(5.0, stop=pl.Stop()), whole)
    sol.save(tmp_path / "unbegun.npz")
    read = pl.Solution.load(tmp_path / "unbegun.npz")
    assert read.message == sol.message
    same_bits(read.extend(5.0, data=data, stop=pl.Stop()), whole)
    again = sol.extend(5.0, progress=slow())
    assert again.status is pl.Status.WALL_TIME
    assert np.isnan(again.loss).all()
    assert again.t.tolist() == [0.0]
    assert again.stats["seconds"] > sol.stats["seconds"]


@pytest.mark.parametrize("method", ["euler", "flow", "capture"])
def test_ctrl_c_there_returns_nothing(method: str) -> None:
    with pytest.raises(pl.Interrupted) as caught:
        unbegun(method, progress=interrupting(1))
    assert caught.value.solutions == []


def test_others_of_an_ensemble_run_on() -> None:
    """The first is held up before its first state, the others are not."""
    pairs = [problem()] * 3
    stop = pl.Stop(wall_time=0.05)
    sols = pl.simulate_ensemble(pairs, t_end=5.0, method="flow", threads=1, stop=stop, progress=slow(2))
    assert sols[0].status is pl.Status.WALL_TIME
    assert sols[2].status is pl.Status.HORIZON


@pytest.mark.parametrize("method", METHODS)
def test_slices_of_a_checkpoint_grow_until_it_is_known(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "_SECONDS", 1e-9)
    lengths: list[float] = []
    of_slice = checkpoint._slice
    monkeypatch.setattr(checkpoint, "_slice", lambda *given: (lengths.append(given[3]), of_slice(*given))[1])
    data, net = problem()
    sol = pl.simulate(
        data, net, 5.0, method=method, rtol=1e-3, checkpoint=tmp_path / "run.ckpt.npz", progress=slow()
    )
    assert sol.status is pl.Status.HORIZON
    assert sol.loss[0] == pytest.approx(pl.metrics.loss(data, net))
    assert lengths[0] == 1e-9
    assert lengths[1] > 0.1
    assert sum(length > 1e-9 for length in lengths) < 5


def test_a_row_of_a_sweep_holds_no_loss() -> None:
    sol = unbegun("flow")
    row = outcome(problem()[0], sol)
    assert (row["status"], row["t_end"], row["steps"]) == ("WALL_TIME", 0.0, 0)
    assert math.isnan(row["loss_start"])
    assert math.isnan(row["loss_end"])


@pytest.mark.slow
def test_wall_time_is_kept_where_the_first_state_takes_seconds() -> None:
    """Faults 2.6: explicit Euler (20000, 1, 2 * 10^6) answered after 14 s."""
    data, net = pl.data.sphere(n=20_000, d=1, seed=1), pl.initial.asymmetric(p=1_000_000, d=1, seed=2)
    began = time.process_time()
    sol = pl.simulate(data, net, 1e6, step=0.01, threads=1, stop=pl.Stop(wall_time=0.3))
    assert sol.status is pl.Status.WALL_TIME
    assert np.isnan(sol.loss[0])
    assert min(sol.stats["seconds"], time.process_time() - began) < 0.4 + 0.1
