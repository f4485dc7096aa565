"""Files of a folder that are something else, and closed pipes: a message, no hang."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pl_native as pl
from pl_native import cli, store, sweep
from pl_native._base import files
from pl_native.store import Store
from pl_native.sweep import functions
from problems import problem
from sweeping import SEED, cell, plan, run, write_spec


def test_fault_2_9_a_pipe_among_the_shards_is_told(tmp_path):
    run(tmp_path, cell())
    good = next((tmp_path / "shards").glob("*.npz")).name
    for name in ("x.npz", f"f{good[1:]}"):
        os.mkfifo(tmp_path / "shards" / name)
    with pytest.warns(RuntimeWarning) as told:
        assert sweep.status(tmp_path).done == 2
    assert sorted(str(one.message).rpartition(": ")[2].partition(";")[0] for one in told) == [
        "expected a file, this is a pipe",
        "not the name of a shard",
    ]
    assert len(store.verify(tmp_path).damaged) == 2


@pytest.mark.parametrize("name", ["manifest.json", "rows.csv"])
def test_fault_2_9_other_pipes_are_told_too(name, tmp_path):
    run(tmp_path, cell())
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    if name == "rows.csv":
        assert not store.verify(tmp_path).ok
        return
    with pytest.raises(ValueError, match="expected a file, this is a pipe"):
        sweep.status(tmp_path)


def test_read_regular_refuses_what_may_never_end(tmp_path):
    (tmp_path / "f").write_bytes(b"x" * 10)
    assert files.read_regular(tmp_path / "f") == b"x" * 10
    for path, kind in ((tmp_path, "folder"), (Path("/dev/zero"), "device")):
        with pytest.raises(ValueError, match=f"expected a file, this is a {kind}"):
            files.read_regular(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m["plans"]["x"]["cells"][0].update(replicates=10**12), "at most 10000000 runs in all"),
        (lambda m: m["plans"]["x"]["cells"][0].update(zz=1), "plan x: .*unexpected keyword argument 'zz'"),
        (lambda m: m["plans"]["x"].update(cells=[3]), "plan x: "),
        (lambda m: m["plans"]["x"].update(cells=[]), "plan x: cells: expected at least one"),
        (lambda m: m["plans"]["x"].update(backend="zz"), "plan x: backend: expected one of"),
        (lambda m: m["plans"]["x"].update(backend=[]), "plan x: backend: "),
        (lambda m: m["plans"]["x"].update(seed=-1), "plan x: seed: expected an integer >= 0"),
        (lambda m: m["plans"]["x"].update(seed="1"), "plan x: seed: "),
        (lambda m: m["plans"]["x"].pop("cells"), "plans: expected plans by id"),
        (lambda m: m.pop("plans"), "plans: expected plans by id.* got nothing"),
        (lambda m: m.update(plans=[]), "plans: expected plans by id"),
        (lambda m: m.pop("name"), "name: expected the name of a sweep, got nothing"),
        (lambda m: m.update(name=3), "name: expected the name of a sweep, got 3"),
        (lambda m: m.update(numerics="4"), "numerics: expected a whole number, or whole numbers by method"),
        (lambda m: m.update(sessions=[{}]), "sessions: expected a list of sessions"),
        (lambda m: m["plans"]["x"]["cells"][0].update(data_options="[" * 10**5), "plan x: data_options: "),
    ],
)  # fmt: skip
def test_fault_4_6_nonsense_in_a_manifest_is_a_message(change, words, tmp_path, capsys):
    run(tmp_path, cell())
    path = tmp_path / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["plans"] = {"x": next(iter(content["plans"].values()))}
    change(content)
    path.write_text(json.dumps(content))
    for verb in ("status", "resume"):
        assert cli.main(["sweep", verb, str(tmp_path)]) == 2
        assert re.search(words, capsys.readouterr().err)


def test_fault_4_6_deep_nesting_is_a_message(tmp_path):
    run(tmp_path, cell())
    (tmp_path / "manifest.json").write_text("[" * 10**5)
    with pytest.raises(ValueError, match="damaged, it is not a manifest"):
        sweep.status(tmp_path)
    (tmp_path / "s.toml").write_text("a = " + "[" * 10**5)
    with pytest.raises(ValueError, match=r"s\.toml: "):
        sweep.load(tmp_path / "s.toml")


def test_fault_4_6_huge_grids_are_a_message(tmp_path):
    with pytest.raises(ValueError, match="n: expected at most 1000000 values or cells"):
        sweep.grid(n={"from": 1, "to": 10**12}, d=1, p=1, initialisation="balanced", t_end=1.0, replicates=1)
    with pytest.raises(ValueError, match="grid: expected at most 1000000"):
        sweep.grid(
            n=range(1, 2000), d=range(1, 2000), p=1, initialisation="balanced", t_end=1.0, replicates=1
        )
    with pytest.raises(
        ValueError, match="replicates: expected at most 10000000 runs in all, got 1000000000000"
    ):
        plan(cell(replicates=10**12))


@pytest.fixture
def nothing_allowed(monkeypatch):
    monkeypatch.setattr(functions, "_allowed", set())


def test_fault_4_6_what_a_file_names_is_not_imported(tmp_path, nothing_allowed, monkeypatch, capsys):
    """`data = "os:system"` in a manifest, a TOML file or a row: refused, unless it was allowed by name."""
    called = []
    monkeypatch.setattr(os, "system", lambda *arguments, **named: called.append(arguments))
    run(tmp_path / "a", cell())
    path = tmp_path / "a" / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"sphere"', '"os:system"'))
    write_spec(tmp_path / "s.toml", data="os:system")
    out = str(tmp_path / "b")
    for arguments in (["resume", str(tmp_path / "a")], ["status", str(tmp_path / "a")],
                      ["run", str(tmp_path / "s.toml"), "--out", out]):  # fmt: skip
        assert cli.main(["sweep", *arguments]) == 2
        assert "'os:system' is imported only when you allow it" in capsys.readouterr().err
    assert called == []
    assert not Path(out).exists()
    with pytest.raises(ValueError, match="only when you allow it"):
        sweep.problem(cell(data="os:system"), SEED, 0)
    with pytest.raises(ValueError, match="expected a function or 'module:function', got 'os'"):
        sweep.allow("os")


def test_fault_4_6_functions_are_allowed_by_hand_or_on_the_command_line(
    tmp_path, nothing_allowed, monkeypatch
):
    module = tmp_path / "laws_of_mine.py"
    module.write_text("from pl_native import data\ndef law(n, d, *, seed, dtype):\n"
                      "    return data.sphere(n, d, seed=seed, dtype=dtype)\n")  # fmt: skip
    write_spec(tmp_path / "s.toml", data="laws_of_mine:law")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert cli.main(["sweep", "run", "s.toml", "--out", "a"]) == 2
    assert cli.main(["sweep", "run", "s.toml", "--out", "a", "--allow", "laws_of_mine:law"]) == 0
    functions._allowed.clear()
    row = Store("a").rows()[0]
    with pytest.raises(ValueError, match="only when you allow it"):
        sweep.rebuild(row["id"], "a")
    import laws_of_mine

    cell(data=laws_of_mine.law)  # handed over: allowed from here on
    assert sweep.rebuild(row["id"], "a").loss[-1] == row["loss_end"]


def test_fault_4_6_shards_of_odd_columns_are_told(tmp_path):
    """The right hash and columns of other kinds or shapes: damage, not a traceback."""
    _, rows = run(tmp_path, cell())
    arrays = store.row_arrays.as_arrays(rows)
    for change in ({"id": np.arange(2)}, {"status": np.array("x")}, {"n": np.array([1.5, 2.5])}):
        odd = arrays | change
        with pytest.raises(ValueError, match="column"):
            store.row_arrays.from_arrays(odd)


@pytest.mark.parametrize(
    "arguments",
    [["doctor"], ["sweep", "run", "s.toml", "--out", "a"],
     *(pytest.param(some.split(), marks=pytest.mark.slow) for some in (
         "--help", "--version", "sweep status b", "sweep plan s.toml", "sweep verify b",
         "sweep export b x.csv", "sweep compact b", "sweep resume b", "sweep merge c b"))],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["at the end", "at once"])
def test_fault_3_7_a_closed_pipe_is_no_error(arguments, unbuffered, tmp_path):
    """`pl-native ... | true`: quiet, and what was to be done is done."""
    write_spec(tmp_path / "s.toml")
    loaded = sweep.load(tmp_path / "s.toml")
    sweep.run(sweep.plan(loaded.cells, seed=7, backend="numpy"), tmp_path / "b", progress=False)
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "pl_native", *arguments]
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(
        command, stdout=write, stderr=subprocess.PIPE, cwd=tmp_path, env=environment, timeout=60
    )
    assert "rror" not in done.stderr.decode()
    assert "roken" not in done.stderr.decode()
    assert done.returncode == 0
    os.close(write)
    if arguments[1:2] == ["run"]:
        assert len(Store(tmp_path / "a")) == 2


def test_what_is_no_file_is_not_replaced_by_one(tmp_path):
    """A pipe, a socket, a device, also behind a link: as root `save("/dev/stdin")` took /dev/null away."""
    sol = pl.simulate(*problem(), 1.0, backend="numpy")
    os.mkfifo(tmp_path / "pipe")
    kinds = ["pipe", "socket"]
    with socket.socket(socket.AF_UNIX) as one:
        with contextlib.chdir(tmp_path):  # names of sockets are short
            one.bind("socket")
        with contextlib.suppress(PermissionError):
            os.mknod(tmp_path / "device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
            kinds.append("device")
        for kind in kinds:
            (tmp_path / f"link to {kind}").symlink_to(kind)
            before = os.lstat(tmp_path / kind)
            for path in (tmp_path / kind, tmp_path / f"link to {kind}"):
                for write in (sol.save, lambda path: store.to_csv([], path)):
                    with pytest.raises(ValueError, match=f"expected a file to write, this is a {kind}"):
                        write(path)
            assert os.lstat(tmp_path / kind) == before
    assert len(list(tmp_path.iterdir())) == 2 * len(kinds)
