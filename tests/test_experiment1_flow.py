"""The tool that follows Experiment 1 beyond its horizon: rows are resumed, its page says what they say."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pl_native._core")

TOOLS = Path(__file__).parents[1] / "tools"
SCRIPT = TOOLS / "experiment1-flow"
pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="needs the source tree")


@pytest.fixture
def page(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    yield importlib.import_module("experiment1_page")
    sys.modules.pop("experiment1_page", None)


def run(folder, *more):
    command = [sys.executable, str(SCRIPT), "--sizes", "40", "61", "--dimension", "7", "--draws", "2"]
    command += ["--rows", str(folder / "rows.csv"), "--page", str(folder / "page.md"), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_run_that_was_cut_goes_on_with_the_rows_that_are_missing(tmp_path):
    assert len(run(tmp_path)) == 20
    whole, made = (tmp_path / "rows.csv").read_text(), (tmp_path / "page.md").read_text()
    assert run(tmp_path) == []
    assert (tmp_path / "rows.csv").read_text() == whole
    assert "| 61 | Euler, step 0.25 | 2 |" in made
    lines = whole.splitlines()
    (tmp_path / "rows.csv").write_text("\n".join(lines[:14]) + "\n")
    assert len(run(tmp_path)) == 7
    again = (tmp_path / "rows.csv").read_text().splitlines()
    assert [line.rsplit(",", 1)[0] for line in again] == [line.rsplit(",", 1)[0] for line in lines]


def test_rows_hold_the_run(tmp_path, page):
    run(tmp_path)
    names, *lines = (tmp_path / "rows.csv").read_text().splitlines()
    for row in (dict(zip(names.split(","), line.split(","), strict=True)) for line in lines):
        end, t_inf, level = float(row["t_end"]), float(row["t_inf"]), float(row["level"])
        assert end <= 8 * t_inf + 1
        assert (row["verdict"] == "converged") == (float(row["loss_end"]) <= 1e-6 * level)
        assert (row["status"] == "TARGET") <= (row["verdict"] == "converged")
        if row["method"] == "euler":
            assert int(row["rhs"]) - end / float(row["setting"]) in (0, 1)  # the last state is evaluated
        else:
            assert (row["rises"], row["first_rise"]) == ("0", "")
            assert float(row["loss_at_1_t_inf"]) >= float(row["loss_at_2_t_inf"]) >= float(row["loss_end"])
        if row["criterion_over_t_inf"]:
            assert float(row["loss_end"]) < level or row["method"] == "euler"


def row(n, method, setting, criterion, losses=(3.0, 2.0, 1.0, 1.0, 0.5, 0.1), draw="0"):
    moments = ("600", "700", "800", "1_t_inf", "2_t_inf", "4_t_inf")
    fixed = {"verdict": "undecided", "t_inf": "100", "t_end": "800", "loss_end": "0.1", "level": "0.01"}
    fixed |= {"first_rise": "", "rises": "0", "rhs": "10", "seconds": "1"}
    head = {"n": n, "draw": draw, "method": method, "setting": setting, "criterion_over_t_inf": criterion}
    return head | fixed | {f"loss_at_{name}": str(loss) for name, loss in zip(moments, losses, strict=True)}


def test_the_words_follow_from_the_rows(page):
    inside = [row("2000", "capture", "0.001", time, draw=str(k)) for k, time in enumerate(("1.26", "1.44"))]
    text = page.finding_1(inside)
    assert text.count("**confirmed** (2 of 2 runs, share [0.16, 1.00])") == 2
    late = [*inside, row("2000", "capture", "0.001", "", draw="2")]
    assert "after the horizon: **mixed** (2 of 3" in page.finding_1(late)
    assert "1.35 [1.26, 1.44]; 1 of 3 > 8" in page.finding_1(late)
    early = [row("2500", "capture", "0.001", "0.9")]
    assert page.finding_1(early).count("**refuted**") == 2
    other = page.finding_1([row("3500", "capture", "0.001", "")])
    assert "0 of 1 runs" in other
    assert "refuted" not in other


def test_the_edge_of_stability_is_told_from_the_losses(page):
    rising, falling = (1.0, 1.5, 2.0, 2.0, 2.0, 20.0), (3.0, 2.0, 1.0, 1.0, 0.5, 0.1)
    one, quarter = row("3000", "euler", "1.0", "", rising), row("3000", "euler", "0.25", "5", falling)
    text = page.finding_2([one, quarter])
    assert text.count("**confirmed**") == 5
    assert "4 t_inf: 200," in text
    text = page.finding_2([one | {"loss_at_800": "0.5"}, quarter | {"criterion_over_t_inf": ""}])
    assert text.count("**refuted**") == 2
    assert "No runs" in page.finding_2([one])


def test_steps_are_held_against_the_flow_draw_by_draw(page):
    low, high = (1.0, 1.0, 1.0, 1.0, 0.5, 0.1), (1.0, 1.0, 1.0, 1.0, 2.0, 0.1)
    rows = [row("61", "capture", "0.001", "", low, "0"), row("61", "capture", "0.001", "", high, "1")]
    rows += [row("61", "euler", "1.0", "", high, "0"), row("61", "euler", "1.0", "", high, "1")]
    assert "| 61 | 2.5 [1, 4] | - | - |" in page.edges(rows)
