"""Rows on disk: bit for bit, complete or absent, and every fault of a disk told and survived."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import math
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from pl_native import cli, store, sweep
from pl_native._base.build import NUMERICS
from pl_native.store import (
    COLUMNS,
    SCHEMA,
    Store,
    columns,
    disk,
    export,
    folder,
    manifest,
    row_arrays,
    row_text,
    shards,
)
from pl_native.store.details import Details
from sweeping import bits, cell, plan, run


@pytest.fixture
def filled(tmp_path):
    """A folder with four rows in two shards."""
    run(tmp_path / "a", cell())
    run(tmp_path / "a", cell(), cell(n=13))
    return Store(tmp_path / "a")


def some_row(**changes):
    row = dict.fromkeys(COLUMNS)
    row |= {"seed": 1, "loss_end": 0.1 + 0.2, "status": "TARGET", "n": -3, "average_pl": math.nan}
    row["id"] = columns.row_id(row | changes)
    return row | changes


# ---------------------------------------------------------------- rows


def test_rows_survive_the_disk_bit_for_bit(tmp_path):
    _, rows = run(tmp_path, cell())
    assert bits(Store(tmp_path).rows()) == bits(rows)
    text = (tmp_path / "rows.csv").read_text()
    assert next(csv.reader(text.splitlines())) == list(COLUMNS)
    assert bits(store.rows_from_csv(text)) == bits(rows)


def test_odd_values_survive_arrays_and_text():
    odd = [
        some_row(),
        some_row(loss_end=-0.0, error='a,b "c"\nd', n=2**62),
        some_row(loss_end=5e-324, status=None),
    ]
    odd += [some_row(loss_end=value) for value in (math.inf, -math.inf, math.nan)]
    assert bits(row_arrays.from_arrays(row_arrays.as_arrays(odd))) == bits(odd)
    assert bits(row_text.rows_from_csv(row_text.csv_header() + row_text.csv_lines(odd))) == bits(odd)


def test_ids_are_pinned():
    assert store.content_id({"b": 1, "a": 0.1, "c": None}) == (
        hashlib.sha256(b'{"a":0.1,"b":1,"c":null}').hexdigest()
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"extra": 1}, r"missing or unknown columns \['extra'\]"),
        ({"n": 1.0}, "expected int or None in n, got 1.0"),
        ({"loss_end": 1}, "expected float or None in loss_end, got 1"),
        ({"steps": True}, "expected int or None in steps, got True"),
    ],
)
def test_rows_of_another_form_are_refused(change, words, tmp_path):
    with pytest.raises(ValueError, match=words), Store(tmp_path).writing("s", lambda found: None) as writer:
        writer.add([some_row() | change])
    assert Store(tmp_path).rows() == []


def test_shards_have_no_pickle_and_their_hash_in_their_names(filled):
    for path in shards.shard_paths(filled.shards):
        assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(path.stem.split("-")[1])
        with np.load(path, allow_pickle=False) as stored:
            assert not any(stored[name].dtype.hasobject for name in stored.files)


def test_the_manifest_says_where_rows_come_from(filled):
    found = json.loads((filled.folder / "manifest.json").read_text())
    assert (found["schema"], found["numerics"], found["name"]) == (
        store.SCHEMA,
        {"euler": NUMERICS["euler"]},
        "sweep",
    )
    assert len(found["plans"]) == len(found["sessions"]) == 2
    last = found["sessions"][-1]
    for name in (
        "pl_native",
        "numerics",
        "python",
        "numpy",
        "platform",
        "cpu",
        "host",
        "pid",
        "argv",
        "slurm",
    ):
        assert name in last
    if last["native"] is not None:
        assert {"compiler", "fp_flags", "level", "parallel_runtime"} <= last["native"].keys()
    assert last["started"] <= last["ended"]


def test_slurm_s_words_are_kept(monkeypatch):
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    assert manifest.provenance()["slurm"] == {"SLURM_ARRAY_TASK_ID": "3"}


# ---------------------------------------------------------------- the order of operations, and power cuts


class Recorder:
    """The operations on files as they reach the system, and what a power cut after any of them can leave."""

    def __init__(self, monkeypatch):
        self.events, self._paths = [], {}
        real = {name: getattr(os, name) for name in ("fsync", "replace", "open", "rename")}

        def opened(path, flags, *rest, **more):
            handle = real["open"](path, flags, *rest, **more)
            self._paths[handle] = os.fspath(path)
            return handle

        def synced(handle):
            real["fsync"](handle)
            path = os.readlink(f"/proc/self/fd/{handle}") if sys.platform == "linux" else self._paths[handle]
            size = os.fstat(handle).st_size
            self.events.append(("sync", path, size))

        def renamed(old, new):
            self.events.append(("rename", os.fspath(old), os.fspath(new)))
            real["replace"](old, new)

        monkeypatch.setattr(os, "open", opened)
        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(os, "replace", renamed)
        monkeypatch.setattr(os, "rename", renamed)

    def faults(self, target, size):
        """What is wrong with how `target` of `size` bytes came to be; empty when a power cut cannot hurt."""
        names = [e for e in self.events if e[0] == "rename" and e[2] == str(target)]
        if len(names) != 1:
            return [f"{len(names)} renames"]
        at = self.events.index(names[0])
        source, found = names[0][1], []
        if ("sync", source, size) not in self.events[:at]:
            found.append("renamed before its bytes were on disk")
        if os.path.dirname(source) != os.path.dirname(str(target)):
            found.append("temporary file in another folder")
        if not any(e[:2] == ("sync", os.path.dirname(str(target))) for e in self.events[at:]):
            found.append("name not on disk")
        return found


def rename_first(path, content):
    """Planted: rename, then sync."""
    temporary = path.with_name(".tmp-x")
    with open(temporary, "wb") as file:
        file.write(content)
        os.replace(temporary, path)
        file.flush()
        os.fsync(file.fileno())
    disk.sync_folder(path.parent)


def no_folder_sync(path, content):
    """Planted: the folder is never synced."""
    temporary = path.with_name(".tmp-x")
    with open(temporary, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def synced_before_flush(path, content):
    """Planted: sync while the bytes are still in the program."""
    temporary = path.with_name(".tmp-x")
    with open(temporary, "wb") as file:
        file.write(content)
        os.fsync(file.fileno())
    os.replace(temporary, path)
    disk.sync_folder(path.parent)


def in_place(path, content):
    """Planted: no temporary file at all."""
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("writer", "faults"),
    [
        (disk.write_atomically, []),
        (rename_first, ["renamed before its bytes were on disk"]),
        (synced_before_flush, ["renamed before its bytes were on disk"]),
        (no_folder_sync, ["name not on disk"]),
        (in_place, ["0 renames"]),
    ],
)
def test_files_are_on_disk_before_they_have_their_names(writer, faults, tmp_path, monkeypatch):
    recorder = Recorder(monkeypatch)
    writer(tmp_path / "x", b"content")
    assert (tmp_path / "x").read_bytes() == b"content"
    assert recorder.faults(tmp_path / "x", 7) == faults


def test_shards_manifest_and_csv_are_all_written_so(tmp_path, monkeypatch):
    recorder = Recorder(monkeypatch)
    store_here = Store(tmp_path / "a")
    with store_here.writing("s", lambda found: None) as writer:
        recorder.events.clear()
        writer.add([some_row()])
        assert ("sync", str(tmp_path), 0) not in recorder.events
        (path,) = shards.shard_paths(store_here.shards)
        assert recorder.faults(path, path.stat().st_size) == []
        assert recorder.faults(store_here.path, store_here.path.stat().st_size) == []
        recorder.events.clear()
    made = manifest.path_of(store_here.folder)
    assert recorder.faults(made, made.stat().st_size) == []


def test_unfinished_files_are_removed_by_the_next_writer(filled):
    left = [filled.folder / ".tmp-1", filled.shards / ".tmp-2"]
    for path in left:
        path.write_bytes(b"half")
    assert run(filled.folder, cell())[0] == 0
    assert not any(path.exists() for path in left)


# ---------------------------------------------------------------- faults


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("fault", [flip, cut, empty])
def test_a_damaged_shard_is_told_and_its_runs_are_repeated(fault, filled, tmp_path):
    before = filled.rows()
    first, _ = shards.shard_paths(filled.shards)
    fault(first)
    with pytest.warns(RuntimeWarning, match=r"damaged: its \d+ bytes do not have the hash in its name"):
        kept = filled.rows()
    assert bits(kept) == bits(before[2:])
    verified = store.verify(filled.folder)
    assert not verified.ok
    assert str(first) in str(verified)
    with pytest.warns(RuntimeWarning, match="set aside as .*damaged, its runs are repeated"):
        new, rows = run(filled.folder, cell(), cell(n=13))
    assert new == 2
    assert bits(rows) == bits(before)
    assert store.verify(filled.folder).ok


def test_every_flipped_bit_is_seen(filled):
    path = shards.shard_paths(filled.shards)[0]
    whole = path.read_bytes()
    for where in np.random.default_rng(0).integers(8 * len(whole), size=200).tolist():
        content = bytearray(whole)
        content[where // 8] ^= 1 << where % 8
        path.write_bytes(content)
        assert isinstance(shards.read_shard(path), shards.Damage)
    path.write_bytes(whole)
    assert not isinstance(shards.read_shard(path), shards.Damage)


def test_shards_of_another_form_are_told_and_not_touched(filled, monkeypatch):
    path = shards.shard_paths(filled.shards)[0]
    shutil.copy(path, filled.shards / "mine.npz")
    monkeypatch.setitem(columns.COLUMNS, "new", int)
    reasons = [damage.reason for damage in store.verify(filled.folder).damaged]
    assert sum("columns of another version: ['new']" in reason for reason in reasons) == 2
    assert sum(reason == "not the name of a shard" for reason in reasons) == 1
    monkeypatch.undo()
    with pytest.warns(RuntimeWarning, match="not the name of a shard"):
        assert len(filled) == 4


@pytest.mark.parametrize(("number", "words"), [(errno.ENOSPC, "disk is full"), (errno.EDQUOT, "disk is full"),
                                               (errno.EROFS, "read-only"), (errno.EACCES, "read-only"),
                                               (errno.EIO, "Run the same again")])  # fmt: skip
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failing_disk_is_told_and_rows_are_kept(call, number, words, filled, tmp_path, monkeypatch):
    before = bits(filled.rows())

    def failing(*_):
        raise OSError(number, os.strerror(number))

    real = folder.write_shard

    def write_shard(*arguments):
        monkeypatch.setattr(os, call, failing)
        return real(*arguments)

    monkeypatch.setattr(folder, "write_shard", write_shard)
    with pytest.raises(OSError, match=rf"{words}.*shards") as caught:
        run(filled.folder, cell(), cell(n=14))
    assert caught.value.errno == number
    assert any("could not be brought up to date" in note for note in caught.value.__notes__)
    monkeypatch.undo()
    assert bits(filled.rows()) == before
    assert not list(filled.shards.glob(".tmp-*"))
    assert run(filled.folder, cell(), cell(n=14))[0] == 2


def test_a_folder_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    with pytest.raises(OSError, match="this folder cannot be made"):
        run("/proc/pl_native/rows" if sys.platform == "linux" else "/dev/null/rows", cell())
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        tmp_path.chmod(0o500)
        with pytest.raises(PermissionError, match="read-only"):
            run(tmp_path / "a", cell())
        tmp_path.chmod(0o700)


def test_two_writers_of_one_share_are_kept_apart(tmp_path):
    claim = lambda found: None  # noqa: E731
    with (
        Store(tmp_path).writing("sweep", claim),
        pytest.raises(ValueError, match="another process is writing"),
    ):
        run(tmp_path, cell())
    with Store(tmp_path).writing("sweep", claim, (1, 2)):
        with pytest.raises(ValueError, match="another process is writing here"):
            run(tmp_path, cell(), share=(1, 2))
        with pytest.raises(ValueError, match="another process is writing here"):
            run(tmp_path, cell())
        with pytest.raises(ValueError, match="another process is writing here"):
            store.compact(tmp_path)
        assert run(tmp_path, cell(), share=(2, 2))[0] == 1
    assert run(tmp_path, cell())[0] == 1


def test_without_locks_two_writers_do_no_harm(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "lock", lambda path, **_: None)
    claim = lambda found: None  # noqa: E731
    rows = run(tmp_path / "b", cell())[1]
    with (
        Store(tmp_path / "a").writing("sweep", claim) as one,
        Store(tmp_path / "a").writing("sweep", claim) as two,
    ):
        one.add(rows)
        two.add(rows)
    assert bits(Store(tmp_path / "a").rows()) == bits(rows)
    verified = store.verify(tmp_path / "a")
    assert verified.ok
    assert verified.duplicates == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"schema": SCHEMA + 1},
            f"written in layout {SCHEMA + 1} of 'pl_native rows', this version reads layout {SCHEMA}",
        ),
        ({"format": "other"}, "of 'other', this version reads"),
        ({"numerics": {"euler": 0}}, "holds rows of euler of numerics 0, this version computes numerics"),
        ({"numerics": 0}, "holds rows of euler of numerics 0, this version computes numerics"),
        ({"name": "other"}, "holds rows of the sweep 'other', not of 'sweep'"),
    ],
)
def test_manifests_of_others_are_told_and_rows_kept(change, words, filled):
    before, path = bits(filled.rows()), manifest.path_of(filled.folder)
    text = path.read_text()
    path.write_text(json.dumps(json.loads(text) | change))
    with pytest.raises(ValueError, match=words):
        run(filled.folder, cell(n=14))
    path.write_text(text)
    assert bits(filled.rows()) == before
    assert store.verify(filled.folder).ok


def test_a_damaged_manifest_is_told_and_can_be_written_anew(filled):
    before, path = bits(filled.rows()), manifest.path_of(filled.folder)
    path.write_text(path.read_text()[:100])
    with pytest.raises(ValueError, match=r"manifest.json: damaged.*move this file away"):
        run(filled.folder, cell())
    path.unlink()
    assert run(filled.folder, cell())[0] == 0
    assert bits(filled.rows()) == before


def test_folders_of_others_are_refused(filled, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="expected a folder for rows, this is a file"):
        Store(tmp_path / "file")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "rows.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="not written by this package"):
        Store(tmp_path / "other")
    with pytest.raises(ValueError, match="another sweep called 'sweep', without a cell in common"):
        run(filled.folder, cell(d=7))
    assert len(filled) == 4
    assert run(filled.folder, cell(d=7), extend=True)[0] == 2


def test_reading_creates_nothing(tmp_path):
    assert Store(tmp_path / "none").rows() == []
    assert store.verify(tmp_path / "none").ok
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- upkeep


def test_verify_sees_wrong_ids_conflicts_and_a_stale_csv(filled):
    rows = filled.rows()
    with filled.writing("sweep", lambda found: None) as writer:
        writer.add([rows[0] | {"loss_end": 0.5}, rows[1] | {"replicate": 99}, rows[2] | {"seconds": 1.0}])
    found = store.verify(filled.folder)
    assert (found.conflicts, found.duplicates) == ((rows[0]["id"], rows[1]["id"]), 3)
    assert found.wrong_ids == (rows[1]["id"],)
    assert not found.ok
    assert found.csv_agrees
    filled.path.write_text(filled.path.read_text().replace("TARGET", "HORIZON").replace("torch", "horch"))
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
    assert len(json.loads((tmp_path / "all" / "manifest.json").read_text())["sessions"]) == 3


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


# ---------------------------------------------------------------- exports


def test_tables_have_the_rows(filled, tmp_path):
    pandas = pytest.importorskip("pandas")
    rows = filled.rows()
    frame = store.to_pandas(rows)
    assert list(frame.columns) == list(COLUMNS)
    assert frame["loss_end"].tolist() == [row["loss_end"] for row in rows]
    assert frame["switches"].isna().all()
    assert str(frame["n"].dtype) == "Int64"
    pytest.importorskip("pyarrow")
    assert sweep.export(filled.folder, tmp_path / "rows.parquet") == 4
    pandas.testing.assert_frame_equal(pandas.read_parquet(tmp_path / "rows.parquet"), frame)


def test_xarray_has_the_rows(filled):
    pytest.importorskip("xarray")
    rows = filled.rows()
    found = store.to_xarray(rows)
    assert found["loss_end"].values.tolist() == [row["loss_end"] for row in rows]
    assert found["n"].dtype == np.int64
    assert np.isnan(found["switches"].values).all()
    assert found["run_id"].values.tolist() == [row["id"] for row in rows]


def test_exports_name_what_they_need(filled, tmp_path, monkeypatch):
    sweep.export(filled.folder, tmp_path / "x.csv")
    assert bits(store.rows_from_csv((tmp_path / "x.csv").read_text())) == bits(filled.rows())
    with pytest.raises(ValueError, match=r"expected a name that ends in .csv or .parquet, got .*x.xls"):
        sweep.export(filled.folder, tmp_path / "x.xls")
    for name in ("pandas", "pyarrow", "xarray"):
        monkeypatch.setitem(sys.modules, name, None)
    for call in (
        store.to_pandas,
        store.to_xarray,
        lambda rows: store.to_parquet(rows, tmp_path / "x.parquet"),
    ):
        with pytest.raises(ImportError, match=r"pip install 'pl_native\[table\]'"):
            call([])
    assert export.SUFFIXES == (".csv", ".parquet")


def test_the_shell_tells_what_is_wrong(filled, capsys, monkeypatch):
    flip(shards.shard_paths(filled.shards)[0])
    monkeypatch.setenv("PL_NATIVE_BACKEND", "numpy")
    assert cli.main(["sweep", "verify", str(filled.folder)]) == 1
    assert "damaged" in capsys.readouterr().out
    assert cli.main(["sweep", "resume", str(filled.folder)]) == 0
    told = capsys.readouterr()
    assert "pl-native: warning: " in told.err
    assert "set aside" in told.err
    assert "2 new rows" in told.out
    assert cli.main(["sweep", "verify", str(filled.folder)]) == 0
    assert cli.main(["sweep", "compact", str(filled.folder)]) == 0
