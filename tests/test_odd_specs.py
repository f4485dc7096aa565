"""Sweeps described badly, generators that do more than draw, folders that are links: one line each.

Found by some 300 files and 60 commands.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pl_native as pl
from pl_native.cli import main
from pl_native.cli.pipes import pipes_may_close
from pl_native.store import ERROR, Store

TOML = """
name = "odd"
seed = 3
[cell]
n = 4
d = 3
p = 2
initialisation = "asymmetric"
t_end = 20.0
replicates = 1
"""


def cell(**change: object) -> pl.sweep.Cell:
    whole = {"n": 4, "d": 3, "p": 2, "initialisation": "asymmetric", "t_end": 5.0, "replicates": 2}
    return pl.sweep.Cell(**(whole | change))  # type: ignore[arg-type]


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a command that fails says, in one line."""
    assert main(arguments) in (1, 2)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("[cell]", "[[cell]]"), "cell: expected a table [cell], got an object of type list"),
        (("[cell]", "grid = 3\n[cell]"), "grid: expected a table [grid], got 3 (int)"),
        (("[cell]", "cells = 3\n[cell]"), "cells: expected tables [[cells]], got 3 (int)"),
        (("[cell]", "cells = [1]\n[cell]"), "cells: expected a table [[cells]], got 1 (int)"),
        (('"odd"', "3"), "name: expected a name, got 3 (int)"),
        (('"odd"', '"a\\nb"'), "name: expected a printable name"),
        (("seed", "backend = 3\nseed"), "backend: expected one of 'auto'"),
        (
            ("p = 2", "p = 2\ndata_options = { normes = [1, 2] }"),
            "'sphere' does not know 'normes'",
        ),
        (
            ("p = 2", "p = 2\ninitial_options = { N0 = 1 }"),
            "does not know 'N0', expected some of none",
        ),
    ],
)
def test_nonsense_in_a_specification(
    change: tuple[str, str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "s.toml"
    file.write_text(TOML.replace(*change))
    said = told(["sweep", "plan", str(file)], capsys)
    assert words in said
    assert said.count(str(file)) == 1


def test_a_file_is_named_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(["sweep", "plan", str(tmp_path)], capsys).count(str(tmp_path)) == 1


def test_one_is_no_plural(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.toml").write_text(TOML)
    out = str(tmp_path / "a")
    for words in (["run", str(tmp_path / "s.toml"), "--out", out], ["verify", out], ["compact", out]):
        assert main(["sweep", *words]) == 0
    assert main(["sweep", "plan", str(tmp_path / "s.toml")]) == 0
    said = capsys.readouterr().out
    for expected in ("1 new row in", "1 of 1 run done", "1 row (0 failed runs) in 1 shard", "1 cell, 1 run,"):
        assert expected in said
    assert "1 shard before" in said
    kinks = pl.Kinks([0], [0], [2])
    assert ", 1 pair at kinks)" in repr(pl.Network(np.ones((1, 2)), np.ones(1), kinks=kinks))


def test_seeds_of_numpy_are_the_same_plan() -> None:
    usual = pl.sweep.plan([cell()], seed=3)
    for seed in (np.int64(3), np.uint8(3)):
        found = pl.sweep.plan([cell()], seed=seed)  # type: ignore[arg-type]
        assert (found.id, found.ids) == (usual.id, usual.ids)


def test_what_are_no_cells_options_or_folders(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"^cells: expected several Cells"):
        pl.sweep.plan(np.array(1.0), seed=0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^stop: unknown 1"):
        cell(stop={1: 2})
    with pytest.raises(ValueError, match=r"^sources: expected at least one folder"):
        pl.sweep.merge(tmp_path / "a", [])
    with pytest.raises(TypeError, match=r"^sources: expected several folders"):
        pl.sweep.merge(tmp_path / "a", str(tmp_path))
    with pytest.raises(TypeError, match=r"^shard: unknown, expected some of executor, threads, share"):
        pl.sweep.run(pl.sweep.plan([cell()], seed=0), tmp_path / "a", shard=(1, 2))
    assert not (tmp_path / "a").exists()
    with pytest.raises(TypeError, match=r"^event\.function: expected a function of \(t, network\)"):
        pl.Event(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "words",
    [["run", "s.toml", "--out", ""], ["run", "", "--out", "a"], ["status", ""], ["merge", "a", ""]],
)
def test_an_unset_variable_is_not_the_current_folder(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--out "$UNSET"` filled whatever folder the command was given in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.toml").write_text(TOML)
    with pytest.raises(SystemExit):
        main(["sweep", *words])
    assert "expected a file or folder, got ''" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["s.toml"]
    with pytest.raises(ValueError, match=r"^folder: expected a path"):
        Store("")


@pytest.mark.parametrize("name", ["caf\u00e9", "\udcff"])
def test_names_that_the_output_has_no_letters_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep in such a folder was run, and then failed: "codec can't encode"."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    with pipes_may_close():
        print(f"3 rows in {name}")
    sys.stdout.flush()
    assert raw.getvalue() in (b"3 rows in caf\\xe9\n", b"3 rows in \\udcff\n")


@pytest.mark.parametrize("name", ["pipe", "s.toml/x.json", "folder"])
def test_where_a_bench_is_to_be_written_is_looked_at_first(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pl_native.bench.dense.run", lambda *_: pytest.fail("measured before"))
    (tmp_path / "s.toml").write_text(TOML)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert "--out: expected a f" in told(["bench", "--quick", "--rivals", "--out", name], capsys)


def test_what_are_no_rows_texts_or_contents() -> None:
    for value in (None, 3, [1]):
        with pytest.raises(TypeError, match=r"^text: expected"):
            pl.store.rows_from_csv(value)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"^content: expected"):
            pl.store.content_id(value)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"^row: expected a row"):
            pl.store.row_id(value)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^row: expected all columns .*lacks 'data'"):
        pl.store.row_id({})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def f(:", "SyntaxError"),
        ("raise RuntimeError('not today')", "RuntimeError: not today"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
    ],
)
def test_a_module_that_cannot_be_imported(
    text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A traceback, and for sys.exit an end without a word."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    name = f"odd_module_{len(text)}"
    (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "s.toml").write_text(TOML.replace("p = 2", f'p = 2\ndata = "{name}:f"'))
    said = told(["sweep", "plan", "s.toml", "--allow", f"{name}:f"], capsys)
    assert f"cannot import '{name}:f' ({words}" in said


def test_a_generator_that_leaves_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """sys.exit in a generator ended the sweep, its finished runs with it, without a word."""
    (tmp_path / "odd_leaving.py").write_text(
        "import pl_native as pl\n"
        "def f(n, d, *, seed, dtype):\n"
        "    if seed.spawn_key[1]: raise SystemExit('gone')\n"
        "    return pl.data.sphere(n, d, seed=seed, dtype=dtype)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import odd_leaving  # type: ignore[import-not-found]

    plan = pl.sweep.plan([cell(data=odd_leaving.f, replicates=3)], seed=1)
    assert pl.sweep.run(plan, tmp_path / "a") == 3
    rows = Store(tmp_path / "a").rows(plan.ids)
    assert [row["status"] == ERROR for row in rows] == [False, True, True]
    assert rows[1]["error"] == "SystemExit: gone"


@pytest.mark.parametrize("circle", [False, True])
def test_a_link_to_nowhere_is_told(circle: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It said "File exists; rows written before are kept"."""
    (tmp_path / "s.toml").write_text(TOML)
    link = tmp_path / "out"
    link.symlink_to(link if circle else tmp_path / "unmounted")
    said = told(["sweep", "run", str(tmp_path / "s.toml"), "--out", str(link / "a")], capsys)
    assert "symbolic link" in said
    assert "kept" not in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_that_cannot_be_written_is_no_success(option: str) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "pl_native", option]
        found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert found.returncode == 1
    assert "failed: output" in found.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs ulimit")
def test_a_limit_of_sizes_is_no_full_disk(tmp_path: Path) -> None:
    import resource

    (tmp_path / "s.toml").write_text(TOML)
    command = [sys.executable, "-m", "pl_native", "sweep", "run", "s.toml", "--out", "a"]
    found = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )  # fmt: skip
    assert found.returncode == 1
    assert "ulimit -f" in found.stderr
