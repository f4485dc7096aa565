"""Every fault of a disk, a lock or a folder is told, and rows are kept."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import sys
import zipfile

import numpy as np
import pytest

from pl_native import store, sweep
from pl_native.store import (
    SCHEMA,
    Store,
    columns,
    disk,
    folder,
    manifest,
    shards,
)
from sweeping import bits, cell, flip, run


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


def as_npy(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)
    return file.getvalue()


ODD = {
    "objects": as_npy(np.array([1, None], dtype=object)),
    "of version 2": as_npy(np.arange(2), (2, 0)),
    "cut": as_npy(np.arange(2))[:-1],
    "no npy": b"12",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_member_that_is_no_plain_array_is_damage(odd, filled):
    path = shards.shard_paths(filled.shards)[0]
    with zipfile.ZipFile(path) as stored:
        members = {name: stored.read(name) for name in stored.namelist()}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as stored:
        for name, content in (members | {"n.npy": odd}).items():
            stored.writestr(name, content)
    other = path.with_name(f"{path.name[:17]}{shards._hash(file.getvalue())}.npz")
    other.write_bytes(file.getvalue())
    assert shards.read_shard(other).reason.startswith("not readable by this version: ")


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
    text = path.read_text(encoding="utf-8")
    path.write_text(json.dumps(json.loads(text) | change))
    with pytest.raises(ValueError, match=words):
        run(filled.folder, cell(n=14))
    path.write_text(text)
    assert bits(filled.rows()) == before
    assert store.verify(filled.folder).ok


def test_a_damaged_manifest_is_told_and_can_be_written_anew(filled):
    before, path = bits(filled.rows()), manifest.path_of(filled.folder)
    path.write_text(path.read_text(encoding="utf-8")[:100])
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
    for look in (store.verify, lambda folder: sweep.export(folder, tmp_path / "x.csv")):
        with pytest.raises(ValueError, match="none: holds no rows of a sweep"):
            look(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []
