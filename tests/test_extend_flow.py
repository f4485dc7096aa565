"""The flow goes on to tolerance, its switches, its dense output and what is claimed of it with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from outcomes import native
from problems import (
    endless_criterion,
    problem,
)


@native
@pytest.mark.parametrize("shape", [(40, 8, 6), (60, 5, 12), (30, 40, 5)], ids=str)
@pytest.mark.parametrize("splits", [(0.7,), (3.0,), (0.1, 2.0, 5.5)], ids=str)
def test_the_flow_goes_on(shape: tuple[int, int, int], splits: Any) -> None:
    """Sliding pairs included: modes are carried, so no switch is lost or made by the split."""
    rtol = 1e-8
    data, net = problem(*shape, seed=5)
    save = pl.Save(every=1.0, switches=True, dense=True, states=True)
    options: dict[str, Any] = {"method": "flow", "rtol": rtol, "save": save}
    whole = pl.simulate(data, net, 8.0, **options)
    sol = pl.simulate(data, net, splits[0], **options)
    for end in (*splits[1:], 8.0):
        sol = sol.extend(end)
    assert sol.t.tolist() == whole.t.tolist()
    assert sol.status is whole.status
    np.testing.assert_allclose(sol.loss, whole.loss, rtol=10 * rtol * 10)
    scale = np.abs(whole.network.W).max()
    np.testing.assert_allclose(sol.network.W, whole.network.W, rtol=0, atol=10 * rtol * scale)
    np.testing.assert_allclose(sol.invariant_drift, whole.invariant_drift, atol=1e-12)
    for name in ("neuron", "point", "from_mode", "to_mode"):
        assert getattr(sol.switches, name).tolist() == getattr(whole.switches, name).tolist(), name
    np.testing.assert_allclose(sol.switches.t, whole.switches.t, atol=1e-6)
    for name in ("events", "on", "off", "slide_in", "slide_to_on", "slide_to_off", "zero_neuron",
                 "sliding_end", "sliding_max", "a_zero", "repelling"):  # fmt: skip
        assert sol.stats[name] == whole.stats[name], name
    assert sol.stats["steps"] >= whole.stats["steps"]
    for t in (0.0, 0.05, 0.7, 2.9, 3.1, 7.9, 8.0):
        np.testing.assert_allclose(sol.at(t).W, whole.at(t).W, rtol=0, atol=10 * rtol * scale)


@native
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_flow_of_orthogonal_data_goes_on(tmp_path: Path, dtype: Any) -> None:
    data = pl.data.orthogonal(31, 33, seed=3, dtype=dtype)
    net = pl.initial.asymmetric(13, 33, seed=4, dtype=dtype)
    whole = pl.simulate(data, net, 200.0, method="flow", rtol=1e-8)
    first = pl.simulate(data, net, 30.0, method="flow", rtol=1e-8)
    first.save(tmp_path / "run.npz")
    sol = pl.Solution.load(tmp_path / "run.npz").extend(200.0, data=data)
    np.testing.assert_allclose(sol.network.W, whole.network.W, rtol=1e-7, atol=1e-7)
    assert {k: sol.stats[k] for k in ("events", "off", "on")} == {
        k: whole.stats[k] for k in ("events", "off", "on")
    }
    assert sol.stats["loss_bound"] == pytest.approx(whole.stats["loss_bound"]) or (
        sol.stats["loss_bound"] is whole.stats["loss_bound"] is None
    )


@native
def test_the_flow_after_a_step_limit_and_a_wall_clock() -> None:
    """A run cut at a step of its own goes on with the same steps."""
    data, net = problem(40, 8, 6, seed=5)
    whole = pl.simulate(data, net, 8.0, method="flow")
    for stop in (pl.Stop(max_steps=40), pl.Stop(wall_time=1e-9)):
        first = pl.simulate(data, net, 8.0, method="flow", stop=stop)
        assert first.status in (pl.Status.STEP_LIMIT, pl.Status.WALL_TIME)
        sol = first.extend(8.0, stop=pl.Stop())
        np.testing.assert_allclose(sol.network.W, whole.network.W, rtol=0, atol=1e-6)
        assert sol.stats["events"] == whole.stats["events"]
        assert sol.stats["accepted"] == whole.stats["accepted"]
    again = pl.simulate(data, net, 8.0, method="flow", stop=pl.Stop(max_steps=40)).extend(8.0)
    assert (again.status, again.stats["steps"]) == (pl.Status.STEP_LIMIT, 40)


@native
def test_criterion_time_of_the_flow_is_kept() -> None:
    data, net = endless_criterion()
    whole = pl.simulate(data, net, 50.0, method="flow")
    first = pl.simulate(data, net, 49.0, method="flow")
    assert whole.stats["criterion_time"] is not None
    assert first.extend(50.0).stats["criterion_time"] == whole.stats["criterion_time"]
