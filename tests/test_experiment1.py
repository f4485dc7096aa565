"""Experiment 1 beyond its horizon: runs go on in stages, and the page says what their rows say."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pl_native as pl
from pictures import small
from pl_native import cli, experiments, plots, sweep
from pl_native.experiments import experiment1, verdict
from pl_native.experiments.experiment1 import findings, follow, presets, tables
from pl_native.store import COLUMNS, COST_COLUMNS, Store

pytest.importorskip("pl_native._core")

DOCS = Path(__file__).parent.parent / "docs"
GRID = presets.Grid((40, 61), (8.0, presets.END), 2, d=7)


def plan_of(grid=GRID, method=None):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(experiment1.PRESETS, "quick", grid)
        tasks = experiment1.tasks("quick")
    chosen = [cell for cell in tasks if method in (None, cell.method)]
    return sweep.plan(chosen, seed=3, backend="native", name="experiment1")


def run(folder, plan):
    return experiments.run("experiment1", plan, Store(folder), threads=1, progress=False)


def free(rows):
    """Rows without what they cost."""
    return [{name: value for name, value in row.items() if name not in COST_COLUMNS} for row in rows]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder of finished runs, and their rows."""
    folder = tmp_path_factory.mktemp("experiment1")
    return folder, run(folder, plan_of())


@pytest.fixture
def folder(finished, tmp_path):
    """One's own copy of it."""
    return shutil.copytree(finished[0], tmp_path, dirs_exist_ok=True)


# ---------------------------------------------------------------- runs


def test_the_presets_are_the_paper_s_networks():
    quick, flow = experiment1.tasks("quick"), experiment1.tasks("flow")
    assert set(quick) <= {replace(cell, replicates=1) for cell in flow}  # what quick has run is not run again
    assert {cell.n for cell in flow} == {1700, 2000, 2500, 3000, 3500, 4000}
    for cell in flow:
        assert (cell.d, cell.p) == (100, pl.minimal_width(cell.n))
        assert cell.stop == pl.Stop(loss=1e-6 / (2 * cell.n), stall=1e-6)
        assert cell.t_end <= (
            60_000 * cell.step if cell.method == "euler" else 1000 * pl.horizon(cell.n, cell.p)
        )
        assert cell.dtype == ("float32" if cell.method == "euler" else "float64")
    assert len(set(flow)) == len(flow)


def test_what_is_there_is_not_run_again(finished, folder, monkeypatch):
    before = (
        (folder / "rows.csv").read_text(encoding="utf-8"),
        (folder / "details.csv").read_text(encoding="utf-8"),
    )
    monkeypatch.setattr(follow, "_brought", None)
    assert run(folder, plan_of()) == finished[1]
    assert (
        (folder / "rows.csv").read_text(encoding="utf-8"),
        (folder / "details.csv").read_text(encoding="utf-8"),
    ) == before


def test_rows_lost_are_made_from_the_states_or_anew(tmp_path, monkeypatch):
    """With the states at their ends nothing is simulated; without, the same bits come."""
    plan = plan_of(presets.Grid((40,), (8.0,), 1, d=7))
    first = run(tmp_path, plan)
    (tmp_path / "details.csv").unlink()
    with pytest.raises(ValueError, match=r"details.csv: holds no details of 5 rows"):
        run(tmp_path, plan)
    shutil.rmtree(tmp_path / "shards")
    with monkeypatch.context() as patch:
        patch.setattr(follow, "simulate", None)
        assert free(run(tmp_path, plan)) == free(first)
    for lost in ("shards", "states"):
        shutil.rmtree(tmp_path / lost)
    assert free(run(tmp_path, plan)) == free(first)
    early = plan_of(presets.Grid((40,), (1.0,), 1, d=7))  # the states are beyond
    assert free(run(tmp_path, early)) == free(run(tmp_path / "early", early))


def test_a_later_stage_is_the_run_continued(tmp_path, monkeypatch):
    """Euler to the bit; capture from its state, not from the start."""
    short, whole = (presets.Grid((40,), stages, 1, d=7) for stages in ((1.0, 8.0), (8.0,)))
    began = []
    simulate = follow.simulate
    monkeypatch.setattr(follow, "simulate", lambda *a, **k: began.append(1) or simulate(*a, **k))
    staged = [row for row in run(tmp_path / "a", plan_of(short)) if row["horizon"] > 2 * tables.t_inf(row)]
    assert len(began) == 5  # the five methods, once each
    for row, once in zip(staged, run(tmp_path / "b", plan_of(whole)), strict=True):
        assert row["id"] == once["id"]
        if row["method"] == "euler":
            assert free([row]) == free([once])
        else:
            assert row["loss_1_t_inf"] == pytest.approx(once["loss_1_t_inf"], rel=0.05)
            assert row["rhs"] != once["rhs"]


def test_an_interrupted_run_goes_on_from_its_state(tmp_path, monkeypatch):
    """Ctrl-C in the first stage of the first run: what it had is kept, and the rows are those of one run."""
    plan = plan_of(presets.Grid((40,), (8.0,), 1, d=7), "euler")
    simulate = follow.simulate

    def cut(data, network, t_end, *, save, stop, **how):
        sol = simulate(data, network, t_end, save=save, stop=replace(stop, max_steps=50), **how)
        raise pl.Interrupted([replace(sol, status=pl.Status.INTERRUPTED)], [0], 1)

    monkeypatch.setattr(follow, "simulate", cut)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, plan)
    (state,) = (tmp_path / "states").iterdir()
    assert pl.Solution.load(state).stats["steps"] == 50
    assert len(Store(tmp_path)) == 0
    monkeypatch.setattr(follow, "simulate", simulate)
    extend, went_on = pl.Solution.extend, []

    def told(sol, t_end, **how):
        went_on.append(sol.stats["steps"])
        return extend(sol, t_end, **how)

    monkeypatch.setattr(pl.Solution, "extend", told)
    again = run(tmp_path, plan)
    assert went_on == [50]
    whole = run(tmp_path / "whole", plan)
    assert [row["loss_end"] for row in again] == [row["loss_end"] for row in whole]


def test_the_rows_are_those_of_a_sweep(finished, tmp_path):
    """Euler's rows to the bit, whoever computes them."""
    plan = plan_of(method="euler")
    found = {row["id"]: row for row in finished[1]}
    sweep.run(plan, tmp_path, threads=1, progress=False)
    rows = Store(tmp_path).rows(plan.ids)
    assert len(rows) == len(plan) == 24
    for one, row in zip(plan, rows, strict=True):
        assert free([row]) == free([{name: found[one.id][name] for name in COLUMNS}])
        data, _ = sweep.problem(one.cell, 3, one.replicate)
        assert row["criterion_level"] == pytest.approx(min(float(y) ** 2 for y in data.y) / (2 * data.n))


def test_engines_that_would_part_the_stages_are_refused(tmp_path):
    for how in ({"share": (1, 2)}, {"executor": object()}):
        with pytest.raises(ValueError, match="executor, share: expected None"):
            experiments.run("experiment1", plan_of(), Store(tmp_path), **how)


def test_rows_hold_the_run(finished):
    rows = experiment1.summarise(finished[1]).rows
    assert len(rows) == 20
    for row in rows:
        end, t_inf, level = row["t_end"], tables.t_inf(row), row["criterion_level"]
        outcome = verdict.of_flow(row)
        assert level >= 1 / (2 * row["n"])
        assert end <= 1000 * t_inf + 1
        assert (outcome is verdict.Outcome.CONVERGED) == (row["loss_end"] <= 1e-6 * level)
        assert (row["status"] == "TARGET") <= (outcome is verdict.Outcome.CONVERGED)
        losses = [loss for _, loss in findings.curve(row)]
        if row["method"] == "euler":
            assert row["rhs"] - end / row["step"] in (0, 1)  # the last state is evaluated
            assert row["rhs"] <= 60_001
            assert outcome is verdict.Outcome.CONVERGED or row["rhs"] >= 60_000
            assert row["rank"] is None
        else:
            assert (row["rises"], row["first_rise"]) == (0, None)
            assert losses == sorted(losses, reverse=True)
            assert losses[-1] >= row["loss_end"]
            assert row["loss_1_t_inf"] == losses[20]
            assert row["velocity_ratio"] == pytest.approx(1, abs=0.05)
            assert row["rank"] <= min(row["n"], row["free_weights"])
        times = [t for t, _ in findings.curve(row)]
        assert times == [
            t for t in presets.CURVE if t * t_inf <= end + row["n"] * 1e-9 + 0.5 * (row["step"] or 0)
        ]
        if row["criterion_time"] is not None:
            assert row["loss_end"] < level or row["method"] == "euler"


def test_of_the_stages_of_a_run_the_last_is_told(finished):
    rows = finished[1]
    assert len(rows) == 40
    summary = experiment1.summarise(rows[::-1])
    assert summary == experiment1.summarise(rows)
    for row in summary.rows:
        stages = [other["horizon"] for other in rows if tables.order(other) == tables.order(row)]
        assert (len(stages), row["horizon"]) == (2, max(stages))


def test_reproduce_writes_page_and_figure(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(experiment1.PRESETS, "quick", presets.Grid((40,), (8.0,), 1, d=7))
    monkeypatch.setattr(plots, "save", small)
    assert cli.main(["reproduce", "experiment1", "--out", str(tmp_path), "--jobs", "1"]) == 0
    page = (tmp_path / "experiment1.txt").read_text(encoding="utf-8")
    assert page in capsys.readouterr().out
    assert "| 40 | Euler, step 0.25 | 1 |" in page
    assert (tmp_path / "experiment1.png").stat().st_size > 10_000 or not plots.available()


# ---------------------------------------------------------------- the page in docs, from its rows


@pytest.mark.skipif(not DOCS.exists(), reason="needs the source tree")
def test_the_page_is_rebuilt_from_the_stored_rows():
    rows = experiment1.stored(DOCS / "results" / "experiment1")
    assert len(rows) == 90
    assert {row["n"] for row in rows} == {1700, 2000, 2500, 3000, 3500, 4000}
    page = (DOCS / "experiment1.md").read_text(encoding="utf-8")
    assert experiment1.summarise(rows).table() in page
    early = [row for row in rows if row["numerics"] is None]
    assert f"{len(early)} of the {len(rows)} rows (draws 0, 1, 2; without `numerics`)" in page
    assert page.count("\n| 4000 |") == 11  # no table stands there that is not rebuilt


@pytest.mark.skipif(not DOCS.exists(), reason="needs the source tree")
def test_the_figure_is_drawn_from_the_stored_rows():
    pytest.importorskip("matplotlib")
    summary = experiment1.summarise(experiment1.stored(DOCS / "results" / "experiment1"))
    figure = plots.FIGURES["experiment1"](summary)
    left, right = ([line for line in ax.lines if len(line.get_xdata()) > 2] for ax in figure.axes)
    drawn = [row for row in summary.rows if len(findings.curve(row)) > 1]
    assert len(left) == sum(row["method"] == "capture" for row in drawn) == 36
    assert len(right) == sum(row["step"] == 1.0 for row in drawn) == 6
    row = next(row for row in drawn if (row["n"], row["rtol"]) == (3500, 1e-3))
    heights = [loss / row["criterion_level"] for _, loss in findings.curve(row)]
    assert any(np.array_equal(line.get_ydata(), [*heights, tables.height(row)]) for line in left)


def test_compact_rows_come_back(tmp_path, finished):
    rows = experiment1.summarise(finished[1]).rows
    experiment1.keep(experiment1.Summary(rows), tmp_path)
    back = experiment1.summarise(experiment1.stored(tmp_path)).rows
    kept = (*experiment1.COMPACT, *follow.DETAILS)
    assert [[row[name] for name in kept] for row in back] == [[row[name] for name in kept] for row in rows]
    assert experiment1.Summary(back).table() == experiment1.Summary(rows).table()
    (tmp_path / "rows.csv").write_text("id,colour\nx,red\n")
    with pytest.raises(ValueError, match=r"rows.csv: unknown columns \['colour'\]"):
        experiment1.stored(tmp_path)


# ---------------------------------------------------------------- words
