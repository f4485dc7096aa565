"""What an observer raises ends nothing (faults 3.2)."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from outcomes import same
from pl_native import backends
from problems import problem


def late(t: float, state: pl.Network) -> list[float]:
    """Raises from t = 2 on."""
    if t >= 2:
        raise ZeroDivisionError("mine")
    return [t, 1.0]


@pytest.mark.parametrize("method", ["euler", "flow", "capture"])
def test_3_2_an_observer_that_raises_late_loses_nothing(method: str) -> None:
    """Faults 3.2: the whole ensemble was lost. Now its values are NaN from there on, all else is whole."""
    problems, ends = [problem(seed=i) for i in range(3)], [1.0, 3.0, 4.0]
    save = pl.Save(every=1.0, observe=("loss", late))
    options: dict[str, Any] = {"method": method, "backend": "native" if method != "euler" else "auto"}
    if options["backend"] not in ("auto", *backends.available()):
        pytest.skip("needs the core")
    with pytest.warns(RuntimeWarning) as told:
        sols = pl.simulate_ensemble(problems, ends, save=save, **options)
    assert [str(one.message) for one in told] == [
        "save.observe: 'late' raised in 2 of 3 runs, first at t = 2: ZeroDivisionError: mine; its values are "
        "NaN from there on"
    ]
    for (data, net), end, sol in zip(problems, ends, sols, strict=True):
        same(sol, pl.simulate(data, net, end, save=pl.Save(every=1.0), **options))
        np.testing.assert_allclose(sol.observed["loss"], sol.loss, rtol=1e-10)
        good = sol.t < 2
        np.testing.assert_array_equal(sol.observed["late"][good, 0], sol.t[good])
        assert np.isnan(sol.observed["late"][~good]).all()
        assert ("observer_errors" in sol.stats) == (end >= 2)
    assert sols[2].stats["observer_errors"] == {"late": "at t = 2: ZeroDivisionError: mine"}
    assert "observed 'late' is NaN from an error on, at t = 2: ZeroDivisionError: mine" in repr(sols[2])


def test_3_2_other_ways_for_an_observer_to_go_wrong(tmp_path: Path) -> None:
    def ragged(t: float, state: pl.Network) -> list[float]:
        return [1.0] * (1 + int(t))

    def never(t: float, state: pl.Network) -> float:
        raise MemoryError("mine")

    def integers(t: float, state: pl.Network) -> int:
        return int(t) if t < 2 else 1 // 0

    def texts(t: float, state: pl.Network) -> str:
        return "word" if t < 2 else str(1 // 0)

    save = pl.Save(count=4, observe=(ragged, never, integers, texts))
    with pytest.warns(RuntimeWarning) as told:
        sol = pl.simulate(*problem(), 3.0, save=save, backend="numpy")
    assert len(told) == 4
    np.testing.assert_array_equal(sol.observed["ragged"], [[1.0], [np.nan], [np.nan], [np.nan]])
    assert np.isnan(sol.observed["never"]).all()
    np.testing.assert_array_equal(sol.observed["integers"], [0, 1, np.nan, np.nan])
    assert sol.observed["texts"].tolist() == ["word", "word", None, None]
    assert sol.stats["observer_errors"]["ragged"] == (
        "at t = 1: ValueError: the value has shape (2,), those before have (1,)"
    )


def test_3_2_lazily_with_a_checkpoint_and_on_going_on(tmp_path: Path) -> None:
    data, net = problem()
    save = pl.Save(every=1.0, observe=late)
    options: dict[str, Any] = {"save": save, "backend": "numpy"}
    with pytest.warns(RuntimeWarning):
        whole = pl.simulate(data, net, 4.0, **options)
    with pytest.warns(RuntimeWarning):
        lazily = list(pl.iter_ensemble([(data, net)] * 2, 4.0, **options))
    with pytest.warns(RuntimeWarning):
        kept = pl.simulate(data, net, 4.0, checkpoint=tmp_path / "run.npz", **options)
    first = pl.simulate(data, net, 1.0, **options)
    with pytest.warns(RuntimeWarning):
        longer = first.extend(4.0)
    for sol in (*lazily, kept, longer, pl.Solution.load(tmp_path / "run.npz")):
        same(sol, whole)
        np.testing.assert_array_equal(sol.observed["late"], whole.observed["late"])
        assert sol.stats["observer_errors"] == whole.stats["observer_errors"]
    with pytest.warns(RuntimeWarning):
        again = longer.extend(5.0)
    assert again.observed["late"].shape == (6, 2)


def test_3_2_ctrl_c_in_an_observer_keeps_the_runs() -> None:
    """Observers are called after the runs, and may take long."""

    def pressed(t: float, state: pl.Network) -> float:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return t

    calls = itertools.count(1)
    with pytest.raises(pl.Interrupted) as caught:
        pl.simulate_ensemble([problem()] * 3, 3.0, save=pl.Save(observe=pressed), backend="numpy")
    sols = caught.value.solutions
    assert [sol.status for sol in sols] == [pl.Status.HORIZON] * 3
    assert [np.isnan(sol.observed["pressed"]).tolist() for sol in sols] == [
        [False] * 2,
        [True] * 2,
        [True] * 2,
    ]
    assert sols[1].stats["observer_errors"] == {"pressed": "interrupted"}
    assert next(calls) == 4


def test_an_observer_whose_values_no_file_can_hold_costs_the_checkpoint_alone(tmp_path: Path) -> None:
    """The run was done, and then lost to a TypeError of the file."""
    save = pl.Save(count=3, observe=lambda t, network: {"t": t})
    with pytest.warns(RuntimeWarning, match=r"not written \(observed/.*: object arrays cannot be saved"):
        sol = pl.simulate(*problem(), 3.0, save=save, checkpoint=tmp_path / "c.npz", backend="numpy")
    assert [value["t"] for value in sol.observed["<lambda>"]] == [0.0, 1.0, 3.0]
