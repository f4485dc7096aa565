"""Folders of rows audited, compacted and merged, details with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pl_native import store, sweep
from pl_native.store import (
    Store,
    shards,
)
from pl_native.store.details import Details
from sweeping import bits, cell, flip, plan, run


def test_verify_sees_wrong_ids_conflicts_and_a_stale_csv(filled):
    rows = filled.rows()
    with filled.writing("sweep", lambda found: None) as writer:
        writer.add([rows[0] | {"loss_end": 0.5}, rows[1] | {"replicate": 99}, rows[2] | {"seconds": 1.0}])
    found = store.verify(filled.folder)
    assert (found.conflicts, found.duplicates) == ((rows[0]["id"], rows[1]["id"]), 3)
    assert found.wrong_ids == (rows[1]["id"],)
    assert not found.ok
    assert found.csv_agrees
    filled.path.write_text(
        filled.path.read_text(encoding="utf-8").replace("TARGET", "HORIZON").replace("torch", "horch")
    )
    assert not store.verify(filled.folder).csv_agrees


def test_compact_keeps_every_row_once(filled, monkeypatch):
    before = filled.rows()
    with filled.writing("sweep", lambda found: None) as writer:
        writer.add(before[:3])
    assert store.compact(filled.folder) == (3, 1)
    assert sorted(map(str, bits(filled.rows()))) == sorted(map(str, bits(before)))
    assert store.verify(filled.folder).ok
    monkeypatch.setattr(store.upkeep, "_COMPACT_ROWS", 3)
    assert store.compact(filled.folder) == (1, 2)
    assert len(filled) == 4
    with pytest.raises(ValueError, match="holds no rows of a sweep"):
        store.compact(filled.folder / "none")


def test_a_crash_in_compact_loses_nothing(filled, monkeypatch):
    before = filled.rows()
    monkeypatch.setattr(Path, "unlink", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        store.compact(filled.folder)
    monkeypatch.undo()
    assert sorted(map(str, bits(filled.rows()))) == sorted(map(str, bits(before)))


def test_compact_leaves_damaged_shards_alone(filled):
    first = shards.shard_paths(filled.shards)[0]
    flip(first)
    with pytest.warns(RuntimeWarning, match="damaged"):
        store.compact(filled.folder)
    assert first.exists()


def test_merge_joins_what_several_machines_did(tmp_path):
    cells = cell(replicates=3), cell(n=13)
    for i in (1, 2):
        run(tmp_path / f"part{i}", *cells, share=(i, 2))
    parts = [tmp_path / "part1", tmp_path / "part2"]
    assert sweep.merge(tmp_path / "all", parts) == []
    assert sweep.merge(tmp_path / "all", parts) == []  # again: nothing changes
    whole = run(tmp_path / "whole", *cells)[1]
    assert run(tmp_path / "all", *cells)[0] == 0
    assert bits(Store(tmp_path / "all").rows(plan(*cells).ids)) == bits(whole)
    assert store.verify(tmp_path / "all").duplicates == 0
    assert len(json.loads((tmp_path / "all" / "manifest.json").read_text(encoding="utf-8"))["sessions"]) == 3


def test_details_of_rows_are_added_attached_and_merged(tmp_path):
    folders = tmp_path / "a", tmp_path / "b"
    kinds = {"id": str, "rate": float, "words": str}
    made = []
    for k, where in enumerate(folders):
        _, rows = run(where, cell(n=12 + k))
        made += rows
        further = Details(where, kinds)
        assert further.read() == {}
        with pytest.raises(ValueError, match=r"details\.csv: holds no details of 2 rows"):
            further.attach(rows)
        for row in rows:
            further.add([{"id": row["id"], "rate": 0.1 * k, "words": "two, or more"}])
        further.add([{"id": rows[0]["id"], "rate": None, "words": "again"}])
        assert [row["words"] for row in further.attach(rows)] == ["again", "two, or more"]
    store.merge(tmp_path / "all", folders)
    assert [row["rate"] for row in Details(tmp_path / "all", kinds).attach(made)] == [None, 0.0, None, 0.1]
    failed = made[0] | {"id": "of a run that failed", "status": "ERROR"}
    assert Details(tmp_path / "all", kinds).attach([failed]) == []
    with pytest.raises(ValueError, match=r"unknown columns \['words'\]"):
        Details(folders[0], {"id": str, "rate": float}).read()
    (folders[0] / "details.csv").write_text("id,rate,words\nx,much,\n")
    with pytest.raises(ValueError, match="line 2: damaged row"):
        Details(folders[0], kinds).read()


def test_merge_refuses_others_and_leaves_out_what_is_damaged(filled, tmp_path):
    flip(shards.shard_paths(filled.shards)[0])
    (damage,) = sweep.merge(tmp_path / "b", [filled.folder])
    assert "damaged" in damage.reason
    assert len(Store(tmp_path / "b")) == 2
    sweep.run(plan(cell(), name="other"), tmp_path / "c")
    with pytest.raises(ValueError, match=r"rows of the sweep 'other'.*expected one sweep"):
        sweep.merge(tmp_path / "d", [tmp_path / "b", tmp_path / "c"])
    with pytest.raises(ValueError, match="holds no rows of a sweep"):
        sweep.merge(tmp_path / "d", [tmp_path / "none"])
    assert not (tmp_path / "d").exists()
