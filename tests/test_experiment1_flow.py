"""The tool that follows Experiment 1 beyond its horizon: rows are resumed, its page says what they say."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pl_native._core")

TOOLS = Path(__file__).parents[1] / "tools"
SCRIPT = TOOLS / "experiment1-flow"
pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="needs the source tree")


def run(folder, *more):
    command = [sys.executable, str(SCRIPT), "--sizes", "40", "61", "--dimension", "7", "--draws", "2"]
    command += ["--rows", str(folder / "rows.csv"), "--page", str(folder / "page.md")]
    command += ["--states", str(folder / "states"), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def listed(path):
    names, *lines = path.read_text().splitlines()
    return [dict(zip(names.split(","), line.split(","), strict=True)) for line in lines]


def without_seconds(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a finished call, and the lines it printed."""
    folder = tmp_path_factory.mktemp("experiment1")
    return folder, run(folder)


@pytest.fixture
def folder(finished, tmp_path):
    """One's own copy of it."""
    return shutil.copytree(finished[0], tmp_path, dirs_exist_ok=True)


def test_a_run_that_was_cut_goes_on_with_the_rows_that_are_missing(finished, folder):
    assert len(finished[1]) > 20  # a line per stage
    whole, curves, made = ((folder / name).read_text() for name in ("rows.csv", "curves.csv", "page.md"))
    rows = listed(folder / "rows.csv")
    assert len(rows) == len(listed(folder / "curves.csv")) == 20
    assert run(folder) == []
    assert (folder / "rows.csv").read_text() == whole
    assert "| 61 | Euler, step 0.25 | 2 |" in made
    lines = whole.splitlines()
    (folder / "rows.csv").write_text("\n".join(lines[:14]) + "\n")
    assert len(run(folder)) == 7  # the states are there, at the end: nothing is left to compute
    assert (folder / "rows.csv").read_text() == whole
    for file in (folder / "states").iterdir():
        file.unlink()
    (folder / "rows.csv").write_text("\n".join(lines[:14]) + "\n")
    run(folder)
    assert without_seconds(listed(folder / "rows.csv")) == without_seconds(rows)
    assert (folder / "curves.csv").read_text() == curves


def test_a_run_that_was_given_more_time_goes_on_from_its_state(finished, tmp_path):
    """What a wall time ends is undecided, and neither lost nor final."""
    run(tmp_path, "--methods", "capture", "--seconds", "1e-6")
    early = listed(tmp_path / "rows.csv")
    assert {row["status"] for row in early} == {"WALL_TIME"}
    assert {row["verdict"] for row in early} == {"undecided"}
    run(tmp_path, "--methods", "capture")
    late = listed(tmp_path / "rows.csv")
    at_once = [row for row in listed(finished[0] / "rows.csv") if row["method"] == "capture"]
    for before, after, whole in zip(early, late, at_once, strict=True):
        assert after["loss_end"] != whole["loss_end"]  # a run begun anew would have its bits
        assert float(after["t_end"]) > float(before["t_end"])
        assert int(after["rhs"]) > int(before["rhs"])
    curves = listed(tmp_path / "curves.csv")
    for curve, after in zip(curves, late, strict=True):
        ends = float(after["t_end"]) / float(after["t_inf"])
        known = {t for t in curve if t[0].isdigit() and curve[t]}
        assert known == {t for t in curve if t[0].isdigit() and float(t) <= ends * (1 + 1e-4)}


def test_rows_hold_the_run(folder):
    curves = listed(folder / "curves.csv")
    for row, curve in zip(listed(folder / "rows.csv"), curves, strict=True):
        end, t_inf, level = float(row["t_end"]), float(row["t_inf"]), float(row["level"])
        assert end <= 1000 * t_inf + 1
        assert (row["verdict"] == "converged") == (float(row["loss_end"]) <= 1e-6 * level)
        assert (row["status"] == "TARGET") <= (row["verdict"] == "converged")
        if row["method"] == "euler":
            assert int(row["rhs"]) - end / float(row["setting"]) in (0, 1)  # the last state is evaluated
            assert int(row["rhs"]) <= 60_001
            decided = row["verdict"] == "converged" or int(row["rhs"]) >= 60_000
            assert decided or end > 999 * t_inf
        else:
            assert (row["rises"], row["first_rise"]) == ("0", "")
            assert float(row["loss_at_1_t_inf"]) >= float(row["loss_at_2_t_inf"]) >= float(row["loss_end"])
            assert float(curve["1"]) == pytest.approx(float(row["loss_at_1_t_inf"]) / level, rel=1e-3)
            losses = [float(curve[t]) for t in curve if t[0].isdigit() and curve[t]]
            assert losses == sorted(losses, reverse=True)
        if row["criterion_over_t_inf"]:
            assert float(row["loss_end"]) < level or row["method"] == "euler"


def test_the_figure_is_drawn_from_stored_rows(folder, tool):
    pytest.importorskip("matplotlib")
    file = folder / "figures" / "experiment1.png"
    drawn = file.read_bytes()
    assert len(drawn) > 10_000
    run(folder, "--page-only")
    assert file.read_bytes() == drawn
    rows, curves = listed(folder / "rows.csv"), listed(folder / "curves.csv")
    tool("figure").draw(rows, [curve for curve in curves if curve["method"] == "capture"], file)
    assert file.read_bytes() != drawn


def row(n, method, setting, criterion, losses=(3.0, 2.0, 1.0, 1.0, 0.5, 0.1), draw="0"):
    moments = ("600", "700", "800", "1_t_inf", "2_t_inf", "4_t_inf")
    fixed = {
        "verdict": "undecided",
        "status": "HORIZON",
        "loss_error": "0.1",
        "t_inf": "100",
        "t_end": "800",
        "loss_end": "0.1",
        "level": "0.01",
    }
    fixed |= {"first_rise": "", "rises": "0", "rhs": "10", "seconds": "1"}
    head = {"n": n, "draw": draw, "method": method, "setting": setting, "criterion_over_t_inf": criterion}
    return head | fixed | {f"loss_at_{name}": str(loss) for name, loss in zip(moments, losses, strict=True)}


def test_the_words_follow_from_the_rows(tool):
    findings = tool("findings")
    inside = [row("2000", "capture", "0.001", time, draw=str(k)) for k, time in enumerate(("1.26", "1.44"))]
    text = findings.finding_1(inside)
    assert text.count("**confirmed** (2 of 2 runs, share [0.16, 1.00])") == 2
    late = [*inside, row("2000", "capture", "0.001", "", draw="2")]
    assert "after the horizon: **mixed** (2 of 3" in findings.finding_1(late)
    assert "1.35 [1.26, 1.44]; 1 of 3 > 8" in findings.finding_1(late)
    early = [row("2500", "capture", "0.001", "0.9")]
    assert findings.finding_1(early).count("**refuted**") == 2
    other = findings.finding_1([row("3500", "capture", "0.001", "")])
    assert "0 of 1 runs, share [0.00, 1.00]; time 1 of 1 > 8 t_inf" in other  # not there yet is undecided
    assert "refuted" not in other


def test_the_edge_of_stability_is_told_from_the_losses(tool):
    findings = tool("findings")
    rising, falling = (1.0, 1.5, 2.0, 2.0, 2.0, 20.0), (3.0, 2.0, 1.0, 1.0, 0.5, 0.1)
    one, quarter = row("3000", "euler", "1.0", "", rising), row("3000", "euler", "0.25", "5", falling)
    text = findings.finding_2([one, quarter])
    assert text.count("**confirmed**") == 5
    assert "4 t_inf: 200," in text
    text = findings.finding_2([one | {"loss_at_800": "0.5"}, quarter | {"criterion_over_t_inf": ""}])
    assert text.count("**refuted**") == 2
    assert "No runs" in findings.finding_2([one])


def test_steps_are_held_against_the_flow_draw_by_draw(tool):
    findings = tool("findings")
    low, high = (1.0, 1.0, 1.0, 1.0, 0.5, 0.1), (1.0, 1.0, 1.0, 1.0, 2.0, 0.1)
    rows = [row("61", "capture", "0.001", "", low, "0"), row("61", "capture", "0.001", "", high, "1")]
    rows += [row("61", "euler", "1.0", "", high, "0"), row("61", "euler", "1.0", "", high, "1")]
    assert "| 61 | 2.5 [1, 4] | - | - |" in findings.edges(rows)


def test_undecided_networks_widen_the_share_to_both_sides(tool):
    """A network is decided by any of its runs."""
    findings = tool("findings")
    rows = [row("61", "capture", rtol, "", draw=str(k)) for k in range(3) for rtol in ("0.1", "0.001")]
    assert "n = 61: 3 undecided of 3; share that converges [0.00, 1.00]" in findings.tails(rows, [])
    rows[0] |= {"verdict": "converged"}
    rows[3] |= {"verdict": "not", "status": "STALLED"}
    text = findings.tails(rows, [])
    assert "n = 61: 1 converged, 1 not, 1 undecided of 3; share that converges [0.01, 0.99]" in text
    assert "Runs that stalled: 1 of 6." in text


def test_the_power_of_a_tail(tool):
    """t^-2 up to 10, t^-3 beyond: a factor of two is three of the ten times per decade."""
    times = [10 ** (k / 10) for k in range(-20, 14)]
    curve = {f"{t:.4g}": str(t**-2.0 if t <= 10 else 10 * t**-3.0) for t in times}
    power = tool("findings").decay({"n": "61", "draw": "0", **curve, "39.81": ""})
    assert power == (pytest.approx(2.0, abs=1e-3), pytest.approx(3.0, abs=1e-3))
    assert tool("findings").decay({"n": "61", "0.01": "1", "0.02": ""}) is None


def test_times_not_reached_are_told_with_the_ends_of_their_runs(tool):
    tables = tool("tables")
    rows = [row("61", "capture", "0.1", "1.5"), row("61", "capture", "0.1", "") | {"t_end": "3000"}]
    assert tables.criterion(rows) == "1.5; 1 of 2 > 30"
    rows[0] |= {"verdict": "converged", "t_end": "1234"}
    assert tables.target(rows) == "12.3; 1 of 2 > 30"
    rows.append(row("61", "capture", "0.1", ""))
    assert tables.target(rows) == "12.3; 2 of 3 > 8..30"
