"""The command line where outputs cannot be written, folders hold nothing, and files are none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pl_native import cli, report, sweep
from pl_native.store import Store
from sweeping import TOML, cell, run


def told(arguments: list[str], capsys: pytest.CaptureFixture[str], code: int = 2) -> str:
    """What a command that ends with `code` says, in one line."""
    assert cli.main(arguments) == code
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    return said


@pytest.mark.parametrize("verb", ["verify", "export", "status", "compact", "resume"])
@pytest.mark.parametrize("place", ["nowhere", "other"])
def test_a_folder_without_rows_is_no_sweep(verb, place, tmp_path, capsys):
    """`verify nowhere` said "all intact", `export nowhere x.csv` wrote a file of no rows."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("x")
    more = [str(tmp_path / "x.csv")] if verb == "export" else []
    said = told(["sweep", verb, str(tmp_path / place), *more], capsys)
    assert f"{place}: holds no" in said
    assert not (tmp_path / "x.csv").exists()


@pytest.mark.parametrize("name", ["gone/x.csv", "a.csv", "x.txt"])
def test_an_export_s_file_is_looked_at_before_rows_are_read(name, tmp_path, monkeypatch, capsys):
    """It said that the folder was "gone, moved or deleted while this ran, and the rows in it with it"."""
    run(tmp_path / "rows", cell())
    (tmp_path / "a.csv").mkdir()
    monkeypatch.setattr(Store, "rows", lambda self: pytest.fail("read"))
    assert "path: expected a" in told(
        ["sweep", "export", str(tmp_path / "rows"), str(tmp_path / name)], capsys
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["reproduce", "fig1", "--out", "FILE/x"],
        ["check", "lemma1", "--out", "FILE/x/y"],
        ["report", "ROWS", "--out", "FILE"],
        ["report", "ROWS", "--out", "FILE/x"],
        ["report", "ROWS", "--compact", "FILE"],
        ["report", "ROWS", "--page", "FILE/page.md"],
        ["report", "ROWS", "--page", "ROWS"],
    ],
)
def test_a_file_in_a_folder_s_place(arguments, tmp_path, monkeypatch, capsys):
    """They said "rows written before are kept. Run the same again"."""
    monkeypatch.chdir(tmp_path)
    Path("FILE").write_text("x")
    Path("ROWS").mkdir()
    for where in (report, report.sources):
        monkeypatch.setattr(where, "read", lambda folder: [])
    said = told(arguments, capsys)
    assert "expected a f" in said
    assert "again" not in said


NOTES = [
    "",
    "[]",
    '{"fig3": 1}',
    '{"fig3": {"plan": 1, "command": "x"}}',
    "\xff",
    '{"fig3": {"plan": "a", "command": "b", "peak": 0}}',
    '{"fig3": {"plan": "a", "command": "b", "peak": "x"}}',
    "[" * 10**5,
]


@pytest.mark.parametrize("text", NOTES, ids=range(len(NOTES)))
def test_damaged_notes_are_told_before_any_work(text, tmp_path, capsys):
    (tmp_path / "commands.json").write_bytes(text.encode("latin-1"))
    for arguments in (["report", str(tmp_path)], ["reproduce", "fig3", "--out", str(tmp_path)]):
        assert "commands.json: damaged, expected what" in told(arguments, capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["commands.json"]


def test_notes_are_read_back(tmp_path):
    note = report.Note("plan", "command")
    report.write_note(tmp_path, "fig3", note)
    assert json.loads((tmp_path / "commands.json").read_text(encoding="utf-8"))["fig3"]["plan"] == "plan"
    assert report.notes(tmp_path)["fig3"].command == "command"


ADDRESSES = ["", "nowhere", "bogus://x:1", "tcp://", "x:y"]

TOLD = """
import sys
from pl_native import cli
for address in sys.argv[3:]:
    print(cli.main(["sweep", "run", sys.argv[1], "--out", sys.argv[2], "--dask", address]))
    print(address, file=sys.stderr)
"""


def test_what_is_no_address_of_a_scheduler(tmp_path):
    """A client was made, refused, and printed a traceback at the end of the process.

    One process for all: Dask is long to import.
    """
    pytest.importorskip("distributed")
    (tmp_path / "s.toml").write_text(TOML)
    command = [sys.executable, "-c", TOLD, str(tmp_path / "s.toml"), str(tmp_path / "a"), *ADDRESSES]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert found.returncode == 0
    assert found.stdout.split() == ["2"] * len(ADDRESSES)
    said = found.stderr.splitlines()
    assert said[1::2] == ADDRESSES  # a line for each, and nothing at the end
    words = "executor (--dask): expected the address of a Dask scheduler"
    assert [words in line for line in said[::2]] == [True] * len(ADDRESSES)


WITHOUT_PICTURES = """
import runpy, sys
sys.modules["matplotlib"] = None  # the figure takes three times as long as all else
runpy.run_module("pl_native", run_name="__main__", alter_sys=True)
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("streams", [("stdout",), ("stdout", "stderr")])
def test_a_full_disk_under_the_output_does_not_end_the_work(streams, tmp_path):
    """`reproduce > log` on a full disk ended at its first line, before the first run."""
    command = ["reproduce", "fig1", "--out", str(tmp_path)]
    with open("/dev/full", "w") as full:
        to = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | dict.fromkeys(streams, full)
        command = [sys.executable, "-c", WITHOUT_PICTURES, *command]
        found = subprocess.run(command, **to, text=True, timeout=120)
    assert found.returncode == 1, "what was to be printed is lost"
    assert len(Store(tmp_path / "fig1")) == 1
    assert (tmp_path / "fig1.txt").exists()
    if streams == ("stdout",):
        assert "failed: output: [Errno 28]" in found.stderr
        assert "Traceback" not in found.stderr


@pytest.mark.parametrize(("command", "kept"), [("check", False), ("report", False), ("sweep", True)])
def test_ctrl_c_says_what_is_kept(command, kept, monkeypatch, capsys):
    """`check` and `bench` said that finished runs are kept."""

    def interrupted(parsed):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli._VERBS[command], "main", interrupted)
    arguments = {"check": ["check"], "report": ["report", "x"], "sweep": ["sweep", "status", "x"]}[command]
    assert cli.main(arguments) == 130
    said = capsys.readouterr().err
    assert ("finished runs are kept. To go on: pl-native sweep" in said) == kept
    assert ("To begin anew: pl-native" in said) != kept


PLANNED = sweep.plan([cell()], seed=1, name="x")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda out: sweep.plan(None, seed=1), "cells: expected several Cells, got None"),
        (lambda out: sweep.plan([3], seed=1), r"cells\[0\]: expected a Cell, got 3"),
        (lambda out: sweep.plan("text", seed=1), "cells: expected several Cells, got 'text'"),
        (lambda out: sweep.run([cell()], out), "plan: expected what `pl.sweep.plan` returns"),
        (lambda out: sweep.run(PLANNED, out, share=3), r"share: expected a pair \(i, N\), got 3"),
        (lambda out: sweep.run(PLANNED, out, share="12"), r"share: expected a pair \(i, N\), got '12'"),
        (lambda out: sweep.parse_share(3), "shard: expected i/N"),
        (lambda out: sweep.problem(None, 1, 0), "cell: expected a Cell, got None"),
        (lambda out: sweep.problem(cell(), 1, -1), "replicate: expected an integer >= 0"),
        (lambda out: sweep.slurm_script(None, "x", 1, 1, 1), "folder: expected a path"),
        (lambda out: sweep.slurm_script(out, "x", "all", 1, 1), "parts: expected an integer, got 'all'"),
        (lambda out: sweep.slurm_script(out, "x", 1, 1, 10**30), "minutes: expected an integer <= 1000000"),
        (lambda out: sweep.grid(n=range(10**12)), "n: expected at most 1000000 values or cells"),
        (lambda out: sweep.grid(n={"from": 1, "to": 10**15}), "n: expected at most 1000000 values or cells"),
        (lambda out: sweep.grid(n={"from": 1, "to": 10**30}), r"n\.to: expected an integer <="),
        (lambda out: sweep.grid(n={"from": 1, "to": "x"}), r"n\.to: expected an integer, got 'x'"),
        (lambda out: sweep.grid(n=5, d=4, p=3, t_end=max, initialisation="balanced", replicates=1),
         "t_end: expected a function of n, d, p, of <built-in function max> Python does not know"),
    ],
)  # fmt: skip
def test_arguments_of_sweeps_are_refused_by_name(call, words, tmp_path):
    with pytest.raises((TypeError, ValueError), match=f"^{words}"):
        call(tmp_path / "out")
    assert not (tmp_path / "out").exists()


TINY = "\n".join(["n,p,d", "1300,36,100"])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("fig3.csv", b"", "expected at least one run"),
        ("fig3.csv", b"\xff\xfe", "fig3.csv: 'utf-8' codec"),
        ("fig3.csv", b"a,b\n1,2\n", "fig3.csv: unknown columns"),
        ("fig3.csv", TINY.replace("36", "many").encode(), "fig3.csv: line 2: damaged row"),
        ("fig3.csv", b"n\n" + b"1" * 200_000, "fig3.csv: field larger than field limit"),
        ("fig3.csv", b"id,p\na1,36", "fig3.csv: row a1: expected a whole number in n, got None"),
        ("fig3.csv", b"id,n,p,d,initialisation\na1,6,3,6,group", "row a1: p = 3 is not a width of figure 3"),
        ("fig1.csv", b"id,n,p,d\na1,1300,36,100", "row a1: n = 1300, p = 36, expected those of figure 1"),
    ],
)
def test_files_of_other_rows_are_told_by_name(name, content, words, tmp_path, capsys):
    """Some said what NumPy or a codec had to say, without the file."""
    (tmp_path / name).write_bytes(content)
    assert words in told(["report", str(tmp_path)], capsys)


def test_a_figure_s_folder_has_that_figure_s_sweep(tmp_path, capsys):
    """Rows of another sweep ended as "operands could not be broadcast together"."""
    sweep.run(sweep.plan([cell()], seed=1, backend="numpy", name="mine"), tmp_path / "fig1")
    assert "fig1: holds rows of the sweep 'mine', not of 'fig1'" in told(["report", str(tmp_path)], capsys)
