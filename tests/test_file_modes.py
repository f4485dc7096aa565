"""Modes, owners, links, and folders that vanish."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from functools import partial
from pathlib import Path

import pytest

import pl_native as pl
from pl_native import cli, store, sweep
from pl_native._base import files
from pl_native.store import Store, manifest
from pl_native.sweep import worker
from sweeping import SEED, cell, plan, run, write_spec


@pytest.fixture
def umask():
    """Sets the umask; the old one comes back."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o002, 0o664), (0o022, 0o644)])
def test_fault_3_5_files_have_the_mode_the_umask_gives(mask, mode, umask, tmp_path):
    umask(mask)
    run(tmp_path / "a", cell())
    sol = pl.simulate(
        *sweep.problem(cell(), SEED, 0), t_end=2.0, backend="numpy", checkpoint=tmp_path / "c.npz"
    )
    sol.save(tmp_path / "s.npz")
    sweep.export(tmp_path / "a", tmp_path / "x.csv")
    found = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {".lock", ".lock-manifest", "manifest.json", "rows.csv", "c.npz", "s.npz", "x.csv"} <= {
        p.name for p in found
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {mode}


def test_fault_3_5_what_replaces_a_file_keeps_its_mode(tmp_path, umask):
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(0o640)
    with files.replacing(path) as file:
        file.write(b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs a second user")
@pytest.mark.parametrize("mask", [0o002, 0o022], ids=oct)
def test_fault_3_5_a_second_user_of_a_group_s_folder_goes_on(mask, tmp_path):
    """Two users of one group in a setgid folder; with umask 022 the first user's locks are only readable."""
    run(tmp_path, cell())  # all that is imported late, before users that cannot read it
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        shared = Path(place) / "shared"
        for made in (shared, shared / "shards"):
            made.mkdir()
            os.chown(made, 5001, 4321)
            made.chmod(0o2775)
        for user, replicates in ((5001, 2), (5002, 4), (5001, 6)):
            assert as_user(user, 4321, mask, partial(run, shared, cell(replicates=replicates))) == 0
        assert len(Store(shared)) == 6
        assert {path.stat().st_gid for path in shared.rglob("*")} == {4321}
        assert {path.stat().st_uid for path in shared.rglob("*.npz")} == {5001, 5002}


def as_user(user, group, mask, act):
    """Exit code of a process of that user that does `act`."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(group)
            os.setuid(user)
            os.umask(mask)
            act()
            code = 0
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_fault_3_6_links_are_followed(tmp_path):
    """A checkpoint, a saved solution, rows.csv and the manifest as symbolic links stay links."""
    real = tmp_path / "real"
    real.mkdir()
    for name in ("c.npz", "s.npz", "dangling.npz"):
        (tmp_path / name).symlink_to(real / name)
    problem = sweep.problem(cell(), SEED, 0)
    sol = pl.simulate(*problem, t_end=2.0, backend="numpy", checkpoint=tmp_path / "c.npz")
    sol.save(tmp_path / "s.npz")
    run(tmp_path / "a", cell())
    for name in ("rows.csv", "manifest.json"):
        shutil.move(tmp_path / "a" / name, real / name)
        (tmp_path / "a" / name).symlink_to(real / name)
    run(tmp_path / "a", cell(replicates=3))
    for link in (
        tmp_path / "c.npz",
        tmp_path / "s.npz",
        tmp_path / "a" / "rows.csv",
        tmp_path / "a" / "manifest.json",
    ):
        assert link.is_symlink(), link
        assert (real / link.name).is_file()
    assert len(store.rows_from_csv((real / "rows.csv").read_text(encoding="utf-8"))) == 3
    assert not list(tmp_path.rglob(f"{files.TEMPORARY}*"))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(OSError, match="symbolic links"), files.replacing(tmp_path / "loop"):
        pass


def test_fault_3_6_a_folder_deleted_while_rows_are_made_is_told_truly(tmp_path, monkeypatch, capsys):
    real, out = worker.execute, tmp_path / "a"

    def deleted(*arguments):
        shutil.rmtree(out)
        return real(*arguments)

    monkeypatch.setattr(worker, "execute", deleted)
    write_spec(tmp_path / "s.toml")
    assert cli.main(["sweep", "run", str(tmp_path / "s.toml"), "--out", str(out)]) == 1
    told = capsys.readouterr().err
    assert f"its folder {out}/shards is gone, moved or deleted while this ran" in told
    assert "rows written before are kept" not in told


def test_fault_3_6_interrupted_in_a_deleted_folder_does_not_say_kept(tmp_path, monkeypatch, capsys):
    out = tmp_path / "a"

    def deleted(*arguments):
        shutil.rmtree(out)
        raise KeyboardInterrupt

    monkeypatch.setattr(worker, "problem", deleted)
    write_spec(tmp_path / "s.toml")
    assert cli.main(["sweep", "run", str(tmp_path / "s.toml"), "--out", str(out)]) == 130
    told = capsys.readouterr().err
    assert "is gone" in told
    assert "kept" not in told


def test_fault_3_6_a_manifest_deleted_meanwhile_is_written_anew(tmp_path):
    todo, there = plan(cell()), Store(tmp_path)
    with there.writing("sweep", todo.claim):
        manifest.path_of(tmp_path).unlink()
    found = there.manifest()
    assert (found.name, set(found.plans), len(found.sessions)) == ("sweep", {todo.id}, 1)


def test_fault_3_6_a_checkpoint_s_folder_deleted_does_not_end_the_run(tmp_path, monkeypatch):
    from pl_native._run import checkpoint

    place = tmp_path / "gone"
    place.mkdir()
    real = checkpoint._slice

    def deleted(*arguments):
        shutil.rmtree(place, ignore_errors=True)
        return real(*arguments)

    monkeypatch.setattr(checkpoint, "_slice", deleted)
    with pytest.warns(RuntimeWarning, match=f"not written .the folder {place} is gone.; the run goes on"):
        sol = pl.simulate(
            *sweep.problem(cell(), SEED, 0), t_end=5.0, backend="numpy", checkpoint=place / "c.npz"
        )
    assert sol.status == pl.Status.HORIZON
