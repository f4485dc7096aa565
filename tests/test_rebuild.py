"""Rows reopened as full trajectories, bit for bit, whatever their method; and what does not fit is told."""

from __future__ import annotations

import numpy as np
import pytest

from outcomes import native
from pl_native import store, sweep
from pl_native._base.build import NUMERICS
from pl_native._problem import Stop
from pl_native.store import Store
from pl_native.sweep import full_run
from sweeping import cell, plan, run


def test_any_row_can_be_reopened_bit_for_bit(tmp_path, backend):
    todo = plan(cell(), cell(n=30, dtype="float64", t_end=7.5, step=0.5), backend=backend)
    sweep.run(todo, tmp_path, progress=False)
    for row in Store(tmp_path).rows(todo.ids):
        sol = sweep.rebuild(row["id"][:12], tmp_path)
        assert sol.loss[-1] == row["loss_end"]
        assert sol.t[-1] == row["t_end"]
        assert len(sol.t) == row["steps"] + 1
        assert sol.average_pl() == row["average_pl"]
        assert len(sweep.rebuild(row["id"], tmp_path, save=3).t) == 3


@pytest.mark.parametrize(
    ("method", "backend"),
    [
        pytest.param("flow", "native", marks=native),
        ("flow", "numpy"),
        pytest.param("capture", "native", marks=native),
    ],
)
def test_rows_of_adaptive_methods_can_be_reopened(method, backend, tmp_path, monkeypatch):
    """Saved times are landed on, events by dense output: such a run has other steps."""
    monkeypatch.setattr(full_run, "_TIMES", 11)
    few = 1 if backend == "numpy" else 2  # the oracle is slow
    one = cell(method=method, dtype="float64", t_end=2.0, rtol=1e-4, stop=Stop(), replicates=few)
    todo = plan(one, backend=backend)
    sweep.run(todo, tmp_path, progress=False)
    for row in Store(tmp_path).rows(todo.ids):
        sol = sweep.rebuild(row["id"], tmp_path)
        if (method, backend) == ("flow", "native"):
            assert list(sol.t) == [0.0, 2.0]
            assert sol.loss[-1] == pytest.approx(row["loss_end"], rel=1e-3)
            assert sol.at(1.0) != sol.network
        else:
            assert len(sol.t) == 11
            assert sol.loss[-1] == pytest.approx(row["loss_end"], rel=1e-3)
        three = sweep.rebuild(row["id"], tmp_path, save=3)
        assert list(three.t) == [0.0, 1.0, 2.0]
        assert (np.diff(three.loss) < 0).all()
        assert three.loss[-1] == pytest.approx(row["loss_end"], rel=1e-3)


@native
def test_a_run_whose_steps_dense_output_leaves_alone_is_run_once(tmp_path, monkeypatch):
    runs = []
    again = full_run.simulate
    monkeypatch.setattr(full_run, "simulate", lambda *a, **k: (runs.append(1), again(*a, **k))[1])
    for t_end in (1e-6, 2.0):  # without an event, and with some
        one = cell(method="flow", dtype="float64", t_end=t_end, rtol=1e-4, stop=Stop(), replicates=1)
        todo = plan(one, backend="native")
        sweep.run(todo, tmp_path, progress=False, extend=True)
        runs.clear()
        row = next(iter(Store(tmp_path).rows(todo.ids)))
        assert sweep.rebuild(row["id"], tmp_path).at(t_end / 2) is not None
        assert len(runs) == (1 if t_end < 1 else 2)


def test_a_rebuilt_run_that_ends_elsewhere_is_told(tmp_path, monkeypatch):
    todo = plan(cell(method="flow", dtype="float64", t_end=1.0, stop=Stop(), replicates=1))
    sweep.run(todo, tmp_path, progress=False)
    monkeypatch.setattr(full_run, "_SLACK", 0)
    with pytest.warns(RuntimeWarning, match="ends HORIZON with loss .*, and so other steps, the run"):
        sweep.rebuild(todo.ids[0], tmp_path, save=5)


def test_rebuild_tells_what_does_not_fit(tmp_path, monkeypatch):
    _, rows = run(tmp_path, cell())
    row = rows[0]
    for name, words in (("abc", "at least 6"), ("f" * 64, "no rows in"), (3, "expected an id")):
        with pytest.raises(ValueError, match=words):
            sweep.rebuild(name, tmp_path)
    with Store(tmp_path).writing("sweep", lambda found: None) as writer:
        fakes = [row | {"replicate": 90, "loss_end": 0.5}, row | {"replicate": 91, "isa": "v9"}]
        fakes = [fake | {"id": store.row_id(fake)} for fake in fakes] + [row | {"id": "0" * 64}]
        writer.add(fakes)
    with pytest.raises(ValueError, match=r"not reproduced to the last bit, .*loss_end.* differ"):
        sweep.rebuild(fakes[0]["id"], tmp_path)
    with pytest.raises(ValueError, match="computed at level v9, this machine uses numpy"):
        sweep.rebuild(fakes[1]["id"], tmp_path)
    with pytest.raises(ValueError, match="its id is not that of its content"):
        sweep.rebuild("0" * 64, tmp_path)


def test_rebuild_of_other_numerics_is_refused(tmp_path):
    _, rows = run(tmp_path, cell())
    old = rows[0] | {"numerics": 0}
    old["id"] = store.row_id(old)
    with Store(tmp_path).writing("sweep", lambda found: None) as writer:
        writer.add([old])
    with pytest.raises(
        ValueError, match=f"of numerics 0, this version computes numerics {NUMERICS['euler']}"
    ):
        sweep.rebuild(old["id"], tmp_path)
