"""Arrays of jobs on clusters: shares that leave the rest to others, scripts with odd names."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess

import pytest

from pl_native import cli, store, sweep
from pl_native.store import folder
from sweeping import cell, plan, run, write_spec


def test_fault_7_1_a_share_leaves_rows_csv_to_others(tmp_path, monkeypatch):
    """It would read the rows of all its neighbours, again and again while they write."""
    monkeypatch.setattr(folder, "write_csv", lambda store: pytest.fail("a share derives rows.csv"))
    for share in ((1, 2), (2, 2)):
        assert run(tmp_path, cell(replicates=4), share=share, chunk_seconds=1e-9)[0] == 2
        assert not (tmp_path / "rows.csv").exists()
    found = store.verify(tmp_path)
    assert found.ok
    assert found.csv_missing == 4
    assert "4 not yet in rows.csv" in str(found)
    monkeypatch.undo()
    assert run(tmp_path, cell(replicates=4))[0] == 0  # without a share: nothing to do, but rows.csv
    assert store.verify(tmp_path).csv_missing == 0


def test_fault_7_1_a_task_with_nothing_to_do_reads_ids_alone(tmp_path, monkeypatch):
    """Of 10^5 rows it once parsed every column: seconds where a few tenths do."""
    run(tmp_path, cell(replicates=4))
    monkeypatch.setattr(store.shards, "from_arrays", lambda arrays: pytest.fail("whole rows are read"))
    todo = plan(cell(replicates=4))
    assert sweep.run(todo, tmp_path, share=(1, 2), progress=False) == 0
    assert sweep.status(tmp_path).missing == 0


@pytest.fixture
def odd_folder(tmp_path):
    """A folder whose name means something to sbatch, to a shell and to `%A`."""
    found = tmp_path / "a b#c%A'd\"e;$HOME(é)"
    found.mkdir()
    return found


def directives(script):
    """What sbatch makes of the lines of a script (its `_get_argument`)."""
    lines = [line.removeprefix("#SBATCH ") for line in script.splitlines() if line.startswith("#SBATCH ")]
    return dict(argument(line).removeprefix("--").split("=", 1) for line in lines)


def argument(line):
    """One word: a backslash takes the meaning from any character but a blank outside quotes, a bare # ends
    the line even between quotes. Nothing may follow."""
    found, quote, rest = "", "", iter(enumerate(line))
    for i, c in rest:
        if not quote and c.isspace():
            raise AssertionError(f"Invalid directive: {line[i:]}")
        if c == "\\":
            found += next(rest)[1]
        elif c == "#":
            raise AssertionError(f"cut at #: {line}")
        elif c in "\"'" and quote in ("", c):
            quote = "" if quote else c
        else:
            found += c
    assert not quote, f"unmatched {quote}: {line}"
    return found


def test_fault_7_2_slurm_scripts_survive_odd_names(odd_folder):
    text = sweep.slurm_script(odd_folder, "my sweep; é", 3, 2, 90, ["mine:f"])
    found = directives(text)
    pattern = str(odd_folder).replace("%", "%%") + "/slurm-%A_%a.log"
    assert found["output"] == pattern
    assert found["job-name"] == "my_sweep___"
    command = shlex.split(text.splitlines()[-1])
    assert command[:5] == ["exec", "pl-native", "sweep", "resume", str(odd_folder)]
    assert command[-2:] == ["--allow", "mine:f"]
    for name in ("back\\slash", "new\nline"):
        with pytest.raises(ValueError, match="without backslashes and control characters"):
            sweep.slurm_script(odd_folder / name, "x", 3, 2, 90)


@pytest.mark.skipif(shutil.which("sbatch") is None, reason="needs SLURM's sbatch")
def test_fault_7_2_sbatch_itself_reads_what_was_meant(odd_folder, tmp_path):
    script = odd_folder / "sweep.sbatch"
    script.write_text(sweep.slurm_script(odd_folder, "x", 3, 2, 90))
    done = subprocess.run(["sbatch", "-v", "--test-only", str(script)], capture_output=True, text=True,
                          timeout=60)  # fmt: skip
    told = done.stdout + done.stderr
    assert "Invalid directive" not in told
    options = dict(re.findall(r"^sbatch: ([a-z-]+) +: (.*)$", told, re.MULTILINE))
    assert options["output"] == str(odd_folder).replace("%", "%%") + "/slurm-%A_%a.log"
    assert options["array"] == "1-3"


def test_fault_7_2_printed_commands_can_be_pasted(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_spec(tmp_path / "s.toml")
    assert cli.main(["sweep", "plan", "s.toml", "--out", "a b", "--slurm"]) == 0
    assert "To start it: sbatch 'a b/sweep.sbatch'" in capsys.readouterr().out
