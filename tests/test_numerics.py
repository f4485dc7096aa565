"""Rows and checkpoints carry the number of their method: one that moves leaves the others as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import pl_native as pl
from pl_native import store, sweep
from pl_native._base.build import NUMERICS, version
from pl_native.store import Store, manifest
from pl_native.sweep import cells, remote
from problems import problem
from sweeping import bits, cell, run

FLOW: dict[str, Any] = {"method": "flow", "stop": pl.Stop(), "dtype": "float64", "t_end": 0.5, "rtol": 1e-3}


@pytest.fixture
def raised(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes this a version whose flow gives other numbers."""
    return lambda: monkeypatch.setitem(NUMERICS, "flow", NUMERICS["flow"] + 1)


def test_a_row_of_euler_has_the_id_that_it_had_when_there_was_one_number() -> None:
    common = cells.content(cell(), 7, "numpy")
    assert common["numerics"] == 5
    assert cells.run_ids(common)(0).startswith("646c5e7d46d42b4c5d17")


def test_ids_move_with_the_number_of_their_own_method(raised: Any) -> None:
    one, other = (cells.content(cell(**more), 7, "numpy") for more in ({}, FLOW))
    raised()
    assert cells.content(cell(), 7, "numpy") == one
    assert cells.content(cell(**FLOW), 7, "numpy") == other | {"numerics": NUMERICS["flow"]}


def test_a_folder_goes_on_where_another_method_has_moved(tmp_path: Path, raised: Any) -> None:
    _, before = run(tmp_path, cell())
    run(tmp_path / "flow", cell(**FLOW))
    raised()
    new, after = run(tmp_path, cell())
    assert (new, bits(after)) == (0, bits(before))
    assert sweep.rebuild(str(before[0]["id"]), tmp_path).loss[-1] == before[0]["loss_end"]
    assert run(tmp_path, cell(**FLOW), extend=True)[0] == 2  # its first of the flow
    words = rf"holds rows of flow of numerics {NUMERICS['flow'] - 1}, this version computes numerics"
    with pytest.raises(ValueError, match=words):
        run(tmp_path / "flow", cell(**FLOW))


def test_a_folder_with_one_number_is_of_the_methods_of_its_plans(tmp_path: Path, raised: Any) -> None:
    """As earlier versions wrote it."""
    _, before = run(tmp_path, cell())
    path = manifest.path_of(tmp_path)
    path.write_text(
        json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"numerics": NUMERICS["euler"]})
    )
    raised()
    assert Store(tmp_path).manifest().numerics == {"euler": NUMERICS["euler"]}  # type: ignore[union-attr]
    new, after = run(tmp_path, cell(), cell(n=13))
    assert (new, bits(after)[:2]) == (2, bits(before))
    assert run(tmp_path, cell(**FLOW), extend=True)[0] == 2


def test_folders_are_merged_unless_they_differ_in_a_method(tmp_path: Path, raised: Any) -> None:
    run(tmp_path / "a", cell())
    run(tmp_path / "b", cell(**FLOW))
    raised()
    run(tmp_path / "c", cell(**FLOW))
    assert sweep.merge(tmp_path / "ab", [tmp_path / "a", tmp_path / "b"]) == []
    assert store.verify(tmp_path / "ab").ok
    expected = {"euler": NUMERICS["euler"], "flow": NUMERICS["flow"] - 1}
    assert Store(tmp_path / "ab").manifest().numerics == expected  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="expected one sweep"):
        sweep.merge(tmp_path / "bc", [tmp_path / "b", tmp_path / "c"])


def test_a_checkpoint_is_of_its_own_method(tmp_path: Path, raised: Any) -> None:
    data, net = problem()
    path, options = {m: tmp_path / m for m in ("euler", "flow")}, {"progress": False, "backend": "auto"}
    for method in path:
        pl.simulate(data, net, 1.0, method=method, checkpoint=path[method], **options)
    raised()
    pl.simulate(data, net, 1.0, checkpoint=path["euler"], **options)
    with pytest.raises(ValueError, match="they differ in numerics"):
        pl.simulate(data, net, 1.0, method="flow", checkpoint=path["flow"], **options)


def test_a_worker_of_other_numerics_is_unfit(raised: Any) -> None:
    asked = dict(NUMERICS)
    assert remote.unfit(version(), asked) is None
    raised()
    assert "install one version everywhere" in str(remote.unfit(version(), asked))
