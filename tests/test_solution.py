"""Solution: files, repr, immutability; Interrupted."""

from __future__ import annotations

import gc
import io
import json
import math
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from outcomes import same
from pl_native._base import files
from pl_native._run import solution_file
from problems import orthogonal_problem, problem


def solved(**options: Any) -> pl.Solution:
    return pl.simulate(*problem(), 10.0, backend="numpy", **options)


@pytest.mark.parametrize(
    "make",
    [
        lambda: solved(),
        lambda: solved(save=pl.Save(count=4, states=True, observe=("loss", "active"))),
        lambda: pl.simulate(*orthogonal_problem(), 10.0, backend="numpy"),
        lambda: pl.simulate(*problem(dtype=np.float32), 1e4, step=100.0, backend="numpy"),
    ],
    ids=["plain", "states", "orthogonal", "not finite"],
)
@pytest.mark.parametrize("name", ["run.npz", "no extension"])
def test_save_and_load(tmp_path: Path, make: Any, name: str) -> None:
    sol = make()
    sol.save(tmp_path / name)
    again = pl.Solution.load(str(tmp_path / name))
    same(sol, again)
    assert again.stats == sol.stats
    assert repr(again) == repr(sol)
    assert list(again.observed) == list(sol.observed)
    for key, values in sol.observed.items():
        np.testing.assert_array_equal(again.observed[key], values)
        assert again.observed[key].dtype == values.dtype
    if sol.W_saved is not None:
        assert again.state(1) == sol.state(1)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_loading_needs_no_pickle(tmp_path: Path) -> None:
    solved().save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz", allow_pickle=False) as file:
        assert all(not file[name].dtype.hasobject for name in file.files)


def test_a_failed_save_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.npz"
    solved().save(path)
    before = path.read_bytes()

    def torn(file: Any, arrays: Any) -> None:
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(solution_file, "pack", torn)
    with pytest.raises(OSError, match="disk full"):
        solved(save=5).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("compress", [False, True])
def test_5_2_ctrl_c_while_a_file_is_written_is_ctrl_c(
    compress: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind faults 5.2: Ctrl-C while a shard was written came as zipfile's ValueError, exit code 2."""

    def pressed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(zipfile, "_ZipWriteFile", pressed)  # a member is open, its first byte not written
    with pytest.raises(KeyboardInterrupt):
        files.pack(io.BytesIO(), {"t": np.arange(9.0)}, compress=compress)
    gc.collect()  # an archive that is left open would speak when it is collected


@pytest.mark.parametrize("compress", [False, True])
def test_files_are_those_of_numpy(compress: bool) -> None:
    arrays = {"t": np.arange(9.0), "head": np.array("text"), "deep/x": np.zeros((0, 3), np.float32)}
    mine, theirs = io.BytesIO(), io.BytesIO()
    files.pack(mine, arrays, compress=compress)
    (np.savez_compressed if compress else np.savez)(theirs, **arrays)
    assert mine.getvalue() == theirs.getvalue()


def test_a_save_is_synced_before_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync, replace = files.os.fsync, files.os.replace
    monkeypatch.setattr(files.os, "fsync", lambda fd: (order.append("fsync"), fsync(fd))[1])
    monkeypatch.setattr(files.os, "replace", lambda a, b: (order.append("replace"), replace(a, b))[1])
    solved().save(tmp_path / "run.npz")
    assert order == ["fsync", "replace", "fsync"]


def test_files_that_are_not_ours(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    solved().save(path)
    whole = path.read_bytes()
    cases = {"text": b"hello", "empty": b"", "torn": whole[: len(whole) // 2]}
    for content in cases.values():
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"run\.npz: not a file written by Solution\.save"):
            pl.Solution.load(path)
    np.savez(path, t=np.zeros(2))
    with pytest.raises(ValueError, match="no head"):
        pl.Solution.load(path)
    np.save(tmp_path / "run.npy", np.zeros(2))
    with pytest.raises(ValueError, match="not a file written by"):
        pl.Solution.load(tmp_path / "run.npy")
    with pytest.raises(FileNotFoundError):
        pl.Solution.load(tmp_path / "none.npz")


def test_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    solved().save(path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    head = json.loads(str(arrays["head"])) | {"format": 99}
    np.savez(path, **arrays | {"head": np.array(json.dumps(head))})
    with pytest.raises(ValueError, match="format 99, this version reads format 1"):
        pl.Solution.load(path)


def test_objects_are_not_saved(tmp_path: Path) -> None:
    sol = solved(save=pl.Save(observe=lambda t, net: object()))
    with pytest.raises(TypeError, match="object arrays cannot be saved"):
        sol.save(tmp_path / "run.npz")
    assert list(tmp_path.iterdir()) == []


def test_arrays_are_locked() -> None:
    sol = solved(save=pl.Save(states=True, observe="active"))
    for array in (sol.t, sol.loss, sol.W_saved, sol.observed["active"], sol.network.W):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(AttributeError):
        sol.status = pl.Status.TARGET  # type: ignore[misc]


def test_repr_tells_the_story() -> None:
    text = repr(solved(save=3))
    for part in ("HORIZON: the end time was reached", "n=12, d=5, p=7 (float64)", "10 steps of 1", "(numpy)"):
        assert part in text
    for part in ("t 0..10 in 3 saved times", "average_pl", "rises", "criterion_time"):
        assert part in text
    assert len(text) < 500


def test_pickle() -> None:
    sol = solved(save=pl.Save(states=True))
    again = pickle.loads(pickle.dumps(sol))
    same(again, sol)
    assert not again.loss.flags.writeable


def test_average_pl_at_the_edges() -> None:
    assert math.isnan(solved(save=[10.0]).average_pl())
    zero = pl.simulate(pl.Dataset([[1.0]], [1.0]), pl.Network([[1.0]], [1.0]), 1.0, backend="numpy")
    assert math.isnan(zero.average_pl())
    assert math.isnan(replace(solved(), loss=np.zeros(2)).average_pl())
    later = solved(save=[4.0, 10.0])
    assert later.average_pl() == pytest.approx(math.log(later.loss[0] / later.loss[1]) / 6)


def test_interrupted_is_a_keyboard_interrupt() -> None:
    error = pl.Interrupted([solved()], [3], 9)
    assert isinstance(error, KeyboardInterrupt)
    assert not isinstance(error, Exception)
    assert str(error) == "interrupted: 1 of 9 runs finished, 0 under way"
    assert (error.indices, len(error.solutions)) == ([3], 1)


@pytest.mark.parametrize("method", ["euler", "flow"])
def test_repr_says_where_the_network_is_when_the_times_asked_for_end_before_the_run(method: str) -> None:
    data, network = pl.data.sphere(n=20, d=8, seed=1), pl.initial.asymmetric(p=6, d=8, seed=2)
    for save, beyond in (([0.0, 1.0], True), ([1.0, 3.0], False), (3, False)):
        sol = pl.simulate(data, network, 3.0, method=method, save=save)
        assert ("(the network is that of t 3, which was not saved)" in str(sol)) == beyond
