"""`Network.kinks`: checked, carried by files, copies and dense output, and by a run that goes on."""

from __future__ import annotations

import functools
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from kinks_support import at_repelling_kink, flow, sliding
from pl_native import metrics
from pl_native._problem.kinks import OFF, ON, SLIDE

pytest.importorskip("pl_native._core")


@pytest.mark.parametrize("backend", ["native", "numpy"])
def test_a_run_begins_with_the_modes_known(backend: str) -> None:
    """On at the repelling kink, which the rule would not choose."""
    data, network = at_repelling_kink()
    on = pl.Network(network.W, network.a, kinks=pl.Kinks([0], [1], [ON]))
    sol = flow((data, on), 100.0, backend=backend)
    assert sol.n_active.tolist() == [2, 2]
    assert sol.loss[-1] < 1e-6
    assert sol.stats["start_kinks"] == 0
    assert metrics.n_active(data, on) == 2


@pytest.mark.parametrize("method", ["flow", "capture"])
def test_sliding_pairs_slide_on_by_every_method(method: str) -> None:
    data, _ = problem = sliding()
    sol = flow(problem, 20.0)
    start = pl.simulate(data, sol.network, 1.0, method=method)
    assert start.n_active[0] == sol.n_active[-1]
    assert start.local_pl[0] == pytest.approx(sol.local_pl[-1], rel=1e-6)
    assert start.loss[-1] == pytest.approx(sol.extend(21.0).loss[-1], rel=1e-6)
    oracle = flow((data, sol.network), 1.0, backend="numpy")
    assert oracle.local_pl[0] == pytest.approx(sol.local_pl[-1], rel=1e-9)
    assert oracle.network.kinks is not None
    assert (oracle.network.kinks.mode == SLIDE).sum() == 6


def test_kinks_are_saved_loaded_pickled_and_go_on(tmp_path: Path) -> None:
    sol = flow(sliding(), 20.0, save=pl.Save(count=5, states=True))
    sol.save(tmp_path / "run.npz")
    for other in (pl.Solution.load(tmp_path / "run.npz"), pickle.loads(pickle.dumps(sol))):
        assert other.network == sol.network
        assert other.network.kinks is not None
        assert [other.state(i).kinks for i in range(5)] == [sol.state(i).kinks for i in range(5)]
    longer = sol.extend(30.0, save=[25.0, 30.0])
    assert longer.state(4) == sol.state(4)
    assert longer.state(-1) == longer.network
    marked = pl.simulate(*sliding(), 20.0, method="flow", checkpoint=tmp_path / "mark.npz")
    assert pl.Solution.load(tmp_path / "mark.npz").network == marked.network


def test_dense_output_with_the_log_knows_the_kinks() -> None:
    data, _ = problem = sliding()
    sol = flow(problem, 20.0, save=pl.Save(times=[0.0, 13.0, 20.0], dense=True, switches=True))
    for t, expected in zip(sol.t, sol.local_pl, strict=True):
        assert metrics.local_pl(data, sol.at(t)) == pytest.approx(expected, rel=1e-6)
    assert flow(problem, 20.0, save=pl.Save(dense=True)).at(13.0).kinks is None
    again = flow((data, sol.network), 1.0, save=pl.Save(dense=True, switches=True))
    assert again.switches is not None
    assert (again.switches.to_mode[again.switches.t == 0] == SLIDE).sum() == 6
    assert metrics.local_pl(data, again.at(0.5)) < 0.01  # 0.15 by the signs of z


def test_of_other_data_kinks_say_nothing() -> None:
    sol = flow(sliding(), 20.0)
    other = pl.data.sphere(n=7, d=10, seed=5)
    bare = pl.Network(sol.network.W, sol.network.a)
    np.testing.assert_array_equal(metrics.active(other, sol.network), metrics.active(other, bare))
    assert flow((other, sol.network), 1.0).loss[-1] == flow((other, bare), 1.0).loss[-1]


def test_kinks_are_part_of_a_network_and_checked() -> None:
    bare = pl.Network([[1.0, 0.0]], [1.0])
    kinked = pl.Network([[1.0, 0.0]], [1.0], kinks=pl.Kinks([0], [1], [SLIDE], [0.25]))
    assert bare.kinks is None
    assert bare != kinked
    assert bare.digest() != kinked.digest()
    assert bare.digest() == "3444ae99b3f2280629f6e941461a192fdc60d84276abc73799aa13e5ca56bf15"
    assert kinked == pickle.loads(pickle.dumps(kinked))
    assert np.isnan(pl.Kinks([0], [1], [SLIDE]).share[0])
    ordered = pl.Kinks([1, 0, 0], [0, 2, 1], [ON, OFF, ON])
    assert ordered.point.tolist() == [1, 2, 0]
    assert ordered.share.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (([0], [0], [3]), r"kinks.mode: expected integers within \[0, 2\], got 3 .. 3"),
        (([-1], [0], [1]), r"kinks.neuron: expected integers within"),
        (([0], [0], [1], [0.5]), "kinks.share: expected 0 where off"),
        (([0, 0], [1, 1], [1, 0]), "kinks: expected every pair once"),
        (([0], [0, 1], [1]), "kinks.point: expected one array of at least one entry"),
        (([], [], []), r"kinks\.mode: expected integers"),
    ],
)
def test_odd_kinks_are_refused(arrays: Any, said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        pl.Kinks(*arrays)


def test_a_network_refuses_kinks_of_neurons_it_has_not() -> None:
    with pytest.raises(ValueError, match=r"kinks\.neuron: expected numbers below p = 1, got 1"):
        pl.Network([[1.0]], [1.0], kinks=pl.Kinks([1], [0], [0]))
    with pytest.raises(TypeError, match=r"kinks: expected None or pl\.Kinks"):
        pl.Network([[1.0]], [1.0], kinks=[0])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("kinks/point", np.arange(20, 26, dtype=np.int32), "points below n"),
        ("kinks/neuron", np.arange(6, dtype=np.int32), "neurons below p"),
        ("kinks/mode", np.full(6, 3, np.int8), r"kinks\.mode: expected integers"),
        ("kinks_saved/offsets", np.array([0, 1, 99]), "kinks_saved: expected 3 offsets"),
    ],
)
def test_files_with_odd_kinks_are_refused(tmp_path: Path, name: str, value: Any, said: str) -> None:
    sol = flow(sliding(), 20.0, save=pl.Save(count=2, states=True))
    sol.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz") as stored:
        arrays = {key: stored[key] for key in stored.files}
    assert name in arrays
    np.savez(tmp_path / "odd.npz", **arrays | {name: value})
    with pytest.raises(ValueError, match=said):
        pl.Solution.load(tmp_path / "odd.npz")


def test_records_of_versions_without_the_counts_of_kinks_go_on(tmp_path: Path) -> None:
    data, _ = problem = sliding()
    sol = flow(problem, 10.0)
    sol.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz") as stored:
        arrays = {key: stored[key] for key in stored.files if not key.startswith("kinks")}
    arrays["past/resume/count"] = arrays["past/resume/count"][:15]
    np.savez(tmp_path / "old.npz", **arrays)
    old = pl.Solution.load(tmp_path / "old.npz")
    assert old.network.kinks is None
    assert old.extend(20.0, data=data).network == sol.extend(20.0).network


def test_ctrl_c_while_pairs_are_compared_is_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Ctrl-C inside that comparison became a TypeError (found by the fuzzer, one in 1255 presses)."""

    def unique(*_: Any, **__: Any) -> None:
        raise TypeError("Cannot compare structured arrays unless they have a common dtype.")

    monkeypatch.setattr(np, "unique", unique)
    assert len(pl.Kinks([0, 1, 1], [2, 0, 1], [SLIDE] * 3)) == 3
    with pytest.raises(ValueError, match="every pair once"):
        pl.Kinks([1, 1], [2**31 - 1] * 2, [SLIDE] * 2)


@functools.cache
def slid() -> pl.Solution:
    """Five pairs slide at the second row."""
    return flow(sliding(), 20.0, rtol=1e-8, save=[0.0, 1.0, 20.0])


@pytest.mark.parametrize("power", [-60, -20, -14, 0, 20, 60])
def test_modes_do_not_depend_on_the_size_of_labels(power: int) -> None:
    """y f and sqrt(f) (W, a) have the modes of y, W, a; labels of 1e-14 gave half as much again of local_pl:
    what attracts was told from rounding by a number that is one of labels of 1."""
    f = 4.0 ** round(power * np.log2(10) / 2)
    data, _ = sliding()
    end = slid()
    net = pl.Network(end.network.W * f**0.5, end.network.a * f**0.5)
    small = pl.Dataset(data.X, data.y * f)
    assert metrics.local_pl(small, net) / f == pytest.approx(end.local_pl[-1], rel=1e-6)
    assert metrics.n_active(small, net) == end.n_active[-1]
    start = sliding()[1]
    scaled = pl.Network(start.W * f**0.5, start.a * f**0.5)
    oracle = flow((small, scaled), 1.0 / f, rtol=1e-8, backend="numpy", save=pl.Save(switches=True))
    assert oracle.switches is not None
    assert np.any(oracle.switches.to_mode == SLIDE)
    assert oracle.loss[-1] / f / f == pytest.approx(end.loss[1], rel=1e-5)
