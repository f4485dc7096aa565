"""The command line: what it leaves behind, what it says, and its exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

import pl_native as pl
from pictures import drawn
from pl_native import cli, plots
from pl_native.cli import doctor
from pl_native.experiments import fig2, fig3, fig4, fig5, fig6
from pl_native.store import Store


@pytest.fixture
def tiny(monkeypatch):
    """`quick` at sizes the NumPy backend does at once."""
    monkeypatch.setenv("PL_NATIVE_BACKEND", "numpy")
    monkeypatch.setattr(plots, "save", drawn)
    monkeypatch.setitem(fig3.PRESETS, "quick", (fig3.Grid((12, 18, 24), 1, ("torch_linear",), 2),))


def reproduce(folder, *extra):
    return cli.main(["reproduce", "fig3", "--preset", "quick", "--out", str(folder), *extra])


def code(arguments):
    """Exit code, of a return or of argparse."""
    try:
        return cli.main(arguments)
    except SystemExit as end:
        return end.code


def test_reproduce_leaves_rows_figure_and_table(tiny, tmp_path, capsys):
    assert reproduce(tmp_path, "--seed", "3") == 0
    assert len(Store(tmp_path / "fig3")) == 6
    names = {path.name for path in tmp_path.iterdir()}
    assert {"fig3", "fig3.txt"} <= names
    if plots.available():
        assert {"fig3.pdf", "fig3.png"} <= names
    printed = capsys.readouterr().out
    assert "6 runs, 0 of them already" in printed
    assert (tmp_path / "fig3.txt").read_text(encoding="utf-8") in printed
    assert "logistic fit" in printed


def test_running_again_reuses_every_row(tiny, tmp_path, capsys):
    reproduce(tmp_path)
    before = (tmp_path / "fig3" / "rows.csv").read_bytes()
    capsys.readouterr()
    assert reproduce(tmp_path) == 0
    assert "6 runs, 6 of them already" in capsys.readouterr().out
    assert (tmp_path / "fig3" / "rows.csv").read_bytes() == before


def test_seeds_add_rows_and_figures_use_their_own(tiny, tmp_path, capsys):
    reproduce(tmp_path, "--seed", "1")
    reproduce(tmp_path, "--seed", "2", "--jobs", "2")
    assert len(Store(tmp_path / "fig3")) == 12
    assert "(6 runs" in capsys.readouterr().out.split("12 of them")[-1]


def test_all_runs_what_has_the_preset(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(plots, "available", lambda: False)
    monkeypatch.setitem(fig4.PRESETS, "published", (fig4.Grid((10,), 1),))
    assert cli.main(["reproduce", "all", "--preset", "published", "--out", str(tmp_path / "one")]) == 0
    assert {path.name for path in (tmp_path / "one").glob("*.txt")} == {"fig4.txt", "costs.txt"}
    monkeypatch.setitem(fig2.PRESETS, "paper", (100,))
    monkeypatch.setitem(fig3.PRESETS, "paper", (fig3.Grid((12,), 1, ("torch_linear",), 1),))
    monkeypatch.setitem(fig4.PRESETS, "paper", (fig4.Grid((10,), 1),))
    monkeypatch.setitem(fig5.PRESETS, "paper", {5: (range(10, 12), 2)})
    monkeypatch.setattr(fig6, "SIZES", (20, 30))
    monkeypatch.setattr(fig6, "D", 40)
    monkeypatch.setitem(fig6.PRESETS, "paper", (fig6.Grid(1, 0.01, 2),))
    assert cli.main(["reproduce", "all", "--preset", "paper", "--out", str(tmp_path / "two")]) == 0
    names = {path.name for path in (tmp_path / "two").glob("*.txt")}
    assert names == {*(f"fig{k}.txt" for k in range(1, 7)), "costs.txt"}
    assert (tmp_path / "two" / "report.html").exists()
    assert "preset paper, fig4: " in capsys.readouterr().out
    costs = (tmp_path / "two" / "costs.txt").read_text(encoding="utf-8")
    assert [line.split()[:2] for line in costs.splitlines()[2:8]] == [
        ["fig1", "1"], ["fig2", "1"], ["fig3", "1"], ["fig4", "10"], ["fig5", "4"], ["fig6", "4"],
    ]  # fmt: skip
    assert "Peak of one thread" in costs


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required"),
        (["reproduce", "fig9", "--out", "x"], "invalid choice: 'fig9'"),
        (["reproduce", "fig3"], "--out"),
        (["reproduce", "fig3", "--out", "x", "--preset", "fast"], "invalid choice: 'fast'"),
        (["reproduce", "fig3", "--out", "x", "--preset", "flow"], "preset: expected one of 'quick', 'paper'"),
        (["reproduce", "fig3", "--out", "x", "--seed", "-1"], "expected a whole number >= 0, got -1"),
        (["reproduce", "fig3", "--out", "x", "--seed", "1.5"], "expected a whole number, got '1.5'"),
        (["reproduce", "fig3", "--out", "x", "--jobs", "0"], "expected a whole number >= 1, got 0"),
        (["reproduce", "fig3", "--out", __file__], "is a file"),
    ],
)
def test_wrong_arguments_are_one_clear_line(arguments, words, tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert code(arguments) == 2
    errors = capsys.readouterr().err
    assert words in errors
    assert errors.count("\n") == 1
    assert errors.startswith("pl-native")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_a_failure(tiny, tmp_path, monkeypatch, capsys):
    def refused(*_):
        raise PermissionError(13, "Permission denied", "rows")

    monkeypatch.setattr(os, "replace", refused)
    assert reproduce(tmp_path) == 1
    assert "pl-native: failed: [Errno 13] cannot be written (read-only)" in capsys.readouterr().err


def test_without_matplotlib_rows_and_table_remain(tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(plots, "available", lambda: False)
    assert reproduce(tmp_path) == 0
    assert "matplotlib is missing" in capsys.readouterr().err
    assert not (tmp_path / "fig3.png").exists()


LONG = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where it is ignored from the start
from pl_native import cli
from pl_native.experiments import _paper_cell, fig2, fig3
fig3.PRESETS["quick"] = (fig3.Grid((60, 70), 1, ("torch_linear",), 6),)
_paper_cell.horizon = lambda n, p: 2000.0
sys.exit(cli.main(sys.argv[1:]))
"""


def test_ctrl_c_keeps_rows_and_says_how_to_go_on(tmp_path):
    arguments = ["reproduce", "fig3", "--out", str(tmp_path), "--seed", "5", "--chunk-seconds", "0.001"]
    process = subprocess.Popen(
        [sys.executable, "-c", LONG, *arguments],
        env={**os.environ, "PL_NATIVE_BACKEND": "numpy"},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    rows = tmp_path / "fig3" / "rows.csv"
    while process.poll() is None and not rows.exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"To go on: pl-native {' '.join(arguments)}" in errors
    assert "Traceback" not in errors
    assert 0 < len(Store(tmp_path / "fig3")) < 12


def test_version(capsys):
    assert code(["--version"]) == 0
    assert capsys.readouterr().out.startswith("pl_native ")


def test_doctor_tells_what_is_chosen(capsys, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    built = doctor.build_info()["native"] is not None
    assert cli.main(["doctor"]) == (0 if built else 1)
    printed = capsys.readouterr()
    for words in (
        "numpy",
        "backends",
        "CPUs of this process",
        "thread rule",
        "denormals",
        "OMP_NUM_THREADS        3",
    ):
        assert words in printed.out
    assert ("core: level" in printed.out) == built
    assert ("not built" in printed.err) != built


def test_doctor_shows_the_core_s_facts(capsys, monkeypatch):
    facts = {"python": "3", "native": {"levels": ["baseline", "v3"], "level": "v3", "openmp": "201511"}}
    monkeypatch.setattr(doctor, "build_info", lambda: facts)
    assert cli.main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert "core: levels           baseline, v3" in printed
    assert "core: openmp           201511" in printed


def test_denormals_are_kept_here():
    assert doctor.denormals_kept()


@pytest.mark.parametrize("module", ["pl_native", "pl_native.cli"])
def test_it_is_also_a_module(module: str) -> None:
    run = [sys.executable, "-m", module, "--version"]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert said == f"pl_native {pl.__version__}\n"
