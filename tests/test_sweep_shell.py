"""Sweeps from the shell."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import pl_native as pl
from pl_native import cli, store, sweep
from pl_native.store import Store
from pl_native.sweep import inventory
from sweeping import TOML, bits

PURPOSES = (pl.streams.Purpose.DATA, pl.streams.Purpose.NETWORK)
TINY = 1e-9  # seconds of a chunk: one run at a time


@pytest.fixture
def spec(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pair.toml").write_text(TOML)
    return "pair.toml"


def test_a_sweep_from_plan_to_table_in_the_shell(spec, tmp_path, capsys):
    assert cli.main(["sweep", "plan", spec]) == 0
    assert "pair: 4 cells, 8 runs, 0 of them already done" in capsys.readouterr().out
    assert cli.main(["sweep", "run", spec, "--out", "a", "--shard", "1/2", "--jobs", "2"]) == 0
    assert cli.main(["sweep", "run", spec, "--out", "b", "--shard", "2/2", "--chunk-seconds", "0.001"]) == 0
    assert "4 new rows" in capsys.readouterr().out
    assert cli.main(["sweep", "status", "a"]) == 0
    assert "4 of 8 runs done (50 %), 4 missing" in capsys.readouterr().out
    assert cli.main(["sweep", "plan", spec, "--out", "a"]) == 0
    assert "8 runs, 4 of them already done" in capsys.readouterr().out
    assert cli.main(["sweep", "merge", "c", "a", "b"]) == 0
    assert "8 of 8 runs done" in capsys.readouterr().out
    assert cli.main(["sweep", "resume", "c"]) == 0
    assert "0 new rows" in capsys.readouterr().out
    assert cli.main(["sweep", "export", "c", "all.csv"]) == 0
    assert len(store.rows_from_csv((tmp_path / "all.csv").read_text(encoding="utf-8"))) == 8
    loaded = sweep.load(spec)
    sweep.run(whole := sweep.plan(loaded.cells, seed=7, backend="numpy", name="pair"), "d", progress=False)
    assert bits(Store("c").rows(whole.ids)) == bits(Store("d").rows(whole.ids))


def test_the_shell_tells_of_failed_runs(spec, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "mine_here.py").write_text("def f(n, d, *, seed, dtype):\n    raise OSError('no file')\n")
    (tmp_path / spec).write_text(TOML.replace("[grid]", 'data = "mine_here:f"\n[grid]'))
    assert cli.main(["sweep", "run", spec, "--out", "a", "--allow", "mine_here:f"]) == 0
    told = capsys.readouterr()
    assert "8 runs failed: status ERROR, column error" in told.err
    assert "ERROR          8" in told.out
    assert cli.main(["sweep", "resume", "a", "--retry-errors"]) == 0
    assert "8 new rows" in capsys.readouterr().out


def test_slurm_scripts_run_what_was_planned(spec, tmp_path, capsys):
    arguments = [
        "sweep",
        "plan",
        spec,
        "--out",
        "a dir",
        "--slurm",
        "--parts",
        "3",
        "--cpus",
        "2",
        "--minutes",
        "90",
    ]
    assert cli.main(arguments) == 0
    script = (tmp_path / "a dir" / "sweep.sbatch").read_text(encoding="utf-8")
    for line in ("#SBATCH --array=1-3", "#SBATCH --cpus-per-task=2", "#SBATCH --time=01:30:00",
                 "#SBATCH --job-name=pair"):  # fmt: skip
        assert line in script.splitlines()
    (tmp_path / spec).unlink()  # what runs is in the folder
    import os
    import subprocess

    shim = tmp_path / "bin" / "pl-native"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -m pl_native.cli "$@"\n')
    shim.chmod(0o755)
    for task in "123":
        env = {**os.environ, "SLURM_ARRAY_TASK_ID": task, "PATH": f"{shim.parent}:{os.environ['PATH']}"}
        subprocess.run(["bash", "a dir/sweep.sbatch"], check=True, env=env, capture_output=True)
    assert sweep.status("a dir").missing == 0
    assert store.verify("a dir").duplicates == 0
    capsys.readouterr()
    assert inventory.status("a dir").done == 8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "pair.toml", "--slurm"], "--slurm: expected --out DIR"),
        (["run", "pair.toml"], "the following arguments are required: --out"),
        (["run", "none.toml", "--out", "x"], "none.toml: no such file"),
        (["run", "pair.toml", "--out", "pair.toml"], "expected a folder for rows, this is a file"),
        (["run", "pair.toml", "--out", "x", "--shard", "3/2"], "shard: expected i/N"),
        (["run", "pair.toml", "--out", "x", "--chunk-seconds", "0"], "chunk_seconds: expected a number > 0"),
        (["status", "x"], "x: holds no sweep"),
        (["resume", "x"], "x: holds no sweep"),
        (["export", "x", "x.doc"], "expected a name that ends in"),
        (["merge", "x", "y"], "y: holds no rows of a sweep"),
        ([], "the following arguments are required: VERB"),
    ],
)
def test_wrong_arguments_are_one_clear_line(arguments, words, spec, tmp_path, capsys):
    try:
        code = cli.main(["sweep", *arguments])
    except SystemExit as end:
        code = end.code
    assert code == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["pair.toml"]


DOCS = Path(__file__).parent.parent / "docs" / "sweeps.md"


@pytest.mark.skipif(not DOCS.exists(), reason="needs the source tree")
def test_the_documentation_s_examples_run_and_agree(tmp_path, monkeypatch, capsys):
    text = DOCS.read_text(encoding="utf-8")
    small = {"n=[100, 200, 300]": "n=[20, 30]", "replicates=40": "replicates=2",
             "replicates = 40": "replicates = 2",
             "from = 100, to = 300, step = 100": "from = 20, to = 30, step = 10"}  # fmt: skip
    for old, new in small.items():
        assert old in text
        text = text.replace(old, new)
    monkeypatch.chdir(tmp_path)
    exec(re.search(r"```python\n(.*?)```", text, re.S)[1], {})
    Path("first.toml").write_text(re.search(r"```toml\n(.*?)```", text, re.S)[1])
    assert "4 of 4 runs done" in capsys.readouterr().out
    for line in re.findall(r"^pl-native (sweep [a-z]+ first.*?)(?:  |$)", text, re.M)[:4]:
        assert cli.main(line.split()) == 0
    assert "0 new rows" in capsys.readouterr().out
