"""Store, sweep and figure 3 on tiny problems with the NumPy backend: rows kept, resumed and compared."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from pl_native import data, experiments, initial, published, simulation, sweep
from pl_native.experiments import _curves, fig3
from pl_native.solution import Interrupted
from pl_native.store import COLUMNS, COST_COLUMNS, Store, content_id, write_atomically

SEED = 7


def cell(n=12, replicates=2, **changes):
    fields = {"n": n, "d": 6, "p": 5, "initialisation": "torch_linear", "t_end": 20.0, "stop_loss": 0.05}
    return sweep.Cell(**{**fields, "replicates": replicates, **changes})


def plan(*cells, seed=SEED):
    return sweep.plan(cells, seed=seed, backend="numpy")


def run(folder, *cells, seed=SEED):
    todo, store = plan(*cells, seed=seed), Store(folder)
    new = sweep.run(todo, store, progress=False)
    return new, store.rows(todo.ids)


def without_cost(rows):
    return [{name: value for name, value in row.items() if name not in COST_COLUMNS} for row in rows]


# ---------------------------------------------------------------- rows and their store


def test_rows_say_what_was_run_and_what_came_out(tmp_path):
    new, rows = run(tmp_path, cell())
    assert new == len(rows) == 2
    row = rows[1]
    drawn, network = sweep.problem(cell(), SEED, 1)
    stop = simulation.Stop(loss=0.05)
    sol = simulation.simulate(drawn, network, 20.0, stop=stop, backend="numpy")
    assert row["loss_start"] == sol.loss[0]
    assert row["loss_end"] == sol.loss[-1]
    assert row["t_end"] == sol.t[-1]
    assert row["status"] == sol.status.name
    assert row["steps"] == sol.stats["steps"]
    assert row["average_pl"] == sol.average_pl()
    assert 0 <= row["pl_low"] < row["pl_upp"]
    assert (row["n"], row["d"], row["p"], row["seed"], row["replicate"]) == (12, 6, 5, SEED, 1)
    assert (row["method"], row["dtype"], row["backend"], row["isa"]) == ("euler", "float32", "numpy", "numpy")
    assert row["switches"] is None


def test_rows_survive_the_disk_bit_for_bit(tmp_path):
    _, rows = run(tmp_path, cell())
    assert Store(tmp_path).rows() == rows
    with open(tmp_path / "rows.csv", newline="") as file:
        assert next(csv.reader(file)) == list(COLUMNS)


def test_resuming_reuses_rows_and_adds_the_missing_ones(tmp_path):
    few, more = cell(replicates=2), cell(replicates=4)
    run(tmp_path / "parts", few)
    before = Store(tmp_path / "parts").rows()
    new, rows = run(tmp_path / "parts", more, cell(n=13))
    assert new == 4
    assert rows[:2] == before
    assert run(tmp_path / "parts", more, cell(n=13))[0] == 0
    _, whole = run(tmp_path / "whole", cell(n=13), more)
    assert without_cost(rows) == without_cost(whole[2:] + whole[:2])


def test_interrupted_sweeps_keep_finished_rows_and_resume_to_the_same(tmp_path, monkeypatch):
    cells = [cell(n=n) for n in (10, 11, 12)]
    real, calls = sweep.simulate_ensemble, []

    def interrupted(problems, **options):
        calls.append(1)
        solutions = real(problems, **options)
        if len(calls) == 2:
            raise Interrupted(solutions[1:], [1], len(solutions))
        return solutions

    monkeypatch.setattr(sweep, "_CHUNK_WORK", 1.0)
    monkeypatch.setattr(sweep, "simulate_ensemble", interrupted)
    monkeypatch.setattr(sweep, "_team", lambda backend, threads: 2)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "a", *cells)
    assert len(Store(tmp_path / "a")) == 3
    new, rows = run(tmp_path / "a", *cells)
    assert new == 3
    monkeypatch.undo()
    assert without_cost(rows) == without_cost(run(tmp_path / "b", *cells)[1])


def test_every_fact_that_matters_is_in_the_id():
    base = {run.id for run in plan(cell()).runs}
    others = [
        cell(n=13), cell(d=7), cell(p=6), cell(t_end=21.0), cell(stop_loss=0.04), cell(step=0.5),
        cell(scale=2.0), cell(initialisation="asymmetric"), cell(data="gaussian"), cell(dtype="float64"),
    ]  # fmt: skip
    ids = [{run.id for run in plan(other).runs} for other in others] + [
        {r.id for r in plan(cell(), seed=8).runs}
    ]
    assert all(len(some) == 2 for some in ids)
    assert len(base.union(*ids)) == 2 * (len(ids) + 1)
    assert {run.id for run in plan(cell(t_end=20, step=1)).runs} == base  # integers that mean the same floats


def test_ids_are_pinned():
    assert content_id({"b": 1, "a": 0.1, "c": None}) == (
        hashlib.sha256(b'{"a":0.1,"b":1,"c":null}').hexdigest()
    )
    assert cell().number == 542316403


def test_streams_do_not_depend_on_the_other_cells_and_differ_between_runs():
    alone, beside = plan(cell()), plan(cell(n=9), cell())
    assert set(alone.ids) < set(beside.ids)
    first, again = sweep.problem(cell(), SEED, 0), sweep.problem(cell(dtype="float64"), SEED, 0)
    np.testing.assert_array_equal(first[0].X, again[0].X.astype(np.float32))
    assert not np.array_equal(first[0].X, sweep.problem(cell(), SEED, 1)[0].X)
    assert not np.array_equal(first[1].W, sweep.problem(cell(), SEED + 1, 0)[1].W)


def test_a_replicate_is_drawn_from_its_own_documented_streams():
    drawn, network = sweep.problem(cell(), SEED, 1)
    streams = [np.random.SeedSequence(SEED, spawn_key=(cell().number, 1, purpose)) for purpose in (0, 1)]
    by_hand = data.sphere(12, 6, seed=streams[0], dtype=np.float32)
    np.testing.assert_array_equal(drawn.X, by_hand.X)
    np.testing.assert_array_equal(drawn.y, by_hand.y)
    expected = initial.torch_linear(5, 6, seed=streams[1], dtype=np.float32)
    np.testing.assert_array_equal(network.W, expected.W)
    np.testing.assert_array_equal(network.a, expected.a)


def test_plans_refuse_nonsense():
    with pytest.raises(ValueError, match="two of them have the same runs"):
        plan(cell(), cell())
    with pytest.raises(ValueError, match="seed: expected an integer >= 0, got -1"):
        plan(cell(), seed=-1)
    with pytest.raises(ValueError, match="initialisation: expected one of"):
        cell(initialisation="zero")
    with pytest.raises(ValueError, match="replicates: expected an integer >= 1, got 0"):
        cell(replicates=0)


def test_two_laws_with_one_number_are_refused(monkeypatch):
    monkeypatch.setattr(sweep.Cell, "number", property(lambda self: 1))
    with pytest.raises(ValueError, match="have one number"):
        plan(cell(), cell(n=13))


def test_chunks_are_of_one_cell_and_of_bounded_work(monkeypatch):
    runs = plan(cell(replicates=5), cell(n=13, replicates=3)).runs
    monkeypatch.setattr(sweep, "_CHUNK_WORK", 2.1 * cell().work)
    chunks = list(sweep._chunks(runs, 2))
    assert [len(chunk) for chunk in chunks] == [2, 2, 1, 2, 1]
    assert [run for chunk in chunks for run in chunk] == list(runs)


def test_progress_grows_to_the_end(tmp_path):
    seen = []
    sweep.run(
        plan(cell(), cell(n=13)), Store(tmp_path), progress=lambda done, total: seen.append((done, total))
    )
    done, totals = zip(*seen, strict=True)
    assert list(done) == sorted(done)
    assert set(totals) == {80}
    assert done[-1] == 80


def test_stores_refuse_what_they_cannot_use(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="expected a folder for rows, this is a file"):
        Store(tmp_path / "file")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "rows.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="columns of another version or program"):
        Store(tmp_path / "other")
    run(tmp_path / "torn", cell())
    path = tmp_path / "torn" / "rows.csv"
    path.write_text(path.read_text()[:-150])
    with pytest.raises(ValueError, match=r"line 3: damaged row"):
        Store(tmp_path / "torn")
    with pytest.raises(RuntimeError, match="open the store for writing first"):
        Store(tmp_path / "new").add([])
    with (
        Store(tmp_path / "new") as store,
        pytest.raises(ValueError, match=r"row x: missing or unknown columns \["),
    ):
        store.add([{"id": "x"}])


def test_one_writer_at_a_time(tmp_path):
    with Store(tmp_path), pytest.raises(ValueError, match="another process is writing here"):
        run(tmp_path, cell())
    assert run(tmp_path, cell())[0] == 2


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    run(tmp_path, cell())
    before = (tmp_path / "rows.csv").read_text()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        run(tmp_path, cell(n=13))
    assert (tmp_path / "rows.csv").read_text() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == [".lock", "rows.csv"]


def test_files_are_synced_before_they_are_renamed(tmp_path, monkeypatch):
    events = []
    real_sync, real_replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (events.append("sync"), real_sync(fd))[1])
    monkeypatch.setattr(os, "replace", lambda a, b: (events.append("rename"), real_replace(a, b))[1])
    write_atomically(tmp_path / "x", "text")
    assert events == ["sync", "rename", "sync"]
    assert (tmp_path / "x").read_text() == "text"


KILLED = """
import sys
from pl_native import sweep
from pl_native.store import Store
sys.path.insert(0, {tests!r})
from test_experiments import long_cells
sweep._CHUNK_WORK = 1.0
sweep.run(sweep.plan(long_cells(), seed=7, backend="numpy"), Store({folder!r}), progress=False)
"""


def long_cells():
    return [cell(n=n, replicates=6, t_end=600.0, stop_loss=0.0) for n in (20, 21)]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_sweep_resumes_to_the_same_rows(tmp_path, how):
    script = KILLED.format(tests=os.path.dirname(__file__), folder=str(tmp_path / "a"))
    process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    rows = tmp_path / "a" / "rows.csv"
    while process.poll() is None and not rows.exists():
        time.sleep(0.01)
    process.send_signal(how)
    assert process.wait(timeout=30) != 0
    kept = len(Store(tmp_path / "a"))
    assert 0 < kept < 12
    new, rows = run(tmp_path / "a", *long_cells())
    assert new == 12 - kept
    assert without_cost(rows) == without_cost(run(tmp_path / "b", *long_cells())[1])


# ---------------------------------------------------------------- figure 3


def as_published(name, factor, seed=0, runs=12, every=2, shift=1.0):
    """Rows as the published law would give them, at n/shift of the published grid."""
    table, rng, rows = published.load(name), np.random.default_rng(seed), []
    share = table["converged"] / table["runs"]
    for n in table["n"][::every].tolist():
        probability = np.interp(n * shift, table["n"], share)
        level = np.interp(n * shift, table["n"], table["loss_ratio"])
        for replicate in range(runs):
            done = rng.random() < probability
            end = 0.5 / (2 * n) if done else max(level / max(1 - probability, 0.05), 1.1 / (2 * n))
            row = dict.fromkeys(COLUMNS)
            row |= {"id": f"{n}-{replicate}", "initialisation": "torch_linear", "step": 1.0, "d": 100, "n": n}
            row |= {"p": fig3.width(n, factor), "loss_start": 1.0, "loss_end": float(end)}
            rows.append(row | {"stop_loss": 1 / (2 * n), "status": "TARGET" if done else "HORIZON"})
    return rows


def test_quick_tasks_are_the_paper_s_protocol():
    cells = fig3.tasks("quick")
    assert [c.n for c in cells] == list(range(1300, 2101, 100))
    assert {(c.d, c.dtype, c.step, c.initialisation) for c in cells} == {
        (100, "float32", 1.0, "torch_linear")
    }
    for c in cells:
        assert c.p == initial.minimal_width(c.n)
        assert c.t_end == initial.horizon(c.n, c.p)
        assert c.stop_loss == 1 / (2 * c.n)
    assert sum(c.work * c.replicates for c in cells) < 3.6e12  # 20 s on two cores at 90 GFLOP/s each


@pytest.mark.parametrize("name", ["fig3_published", "fig3_first"])
def test_widths_are_the_published_ones(name):
    table = published.load(name)
    factor = {"fig3_published": 1, "fig3_first": 4}[name]
    assert [fig3.width(n, factor) for n in table["n"].tolist()] == table["p"].tolist()


@pytest.mark.parametrize("preset", ["paper", "flow"])
def test_later_presets_name_what_there_is(preset):
    with pytest.raises(ValueError, match=rf"preset: '{preset}' is not available .* available: 'quick'"):
        fig3.tasks(preset)


def test_unknown_figures_and_presets_are_refused():
    with pytest.raises(ValueError, match="preset: expected one of 'quick'"):
        fig3.tasks("fast")
    with pytest.raises(ValueError, match="figure: 'fig4' is not available in this version; available: fig3"):
        experiments.experiment("fig4")
    with pytest.raises(ValueError, match="figure: expected one of"):
        experiments.experiment("fig9")
    assert experiments.experiment("fig3") is fig3


def test_a_wider_preset_is_only_data(monkeypatch):
    grids = (fig3.Grid((2500, 3000), 4, ("torch_linear", "asymmetric"), 25),)
    monkeypatch.setitem(fig3.PRESETS, "paper", grids)
    cells = fig3.tasks("paper")
    assert [(c.n, c.p, c.initialisation, c.replicates) for c in cells] == [
        (2500, 149, "torch_linear", 25),
        (3000, 153, "torch_linear", 25),
        (2500, 149, "asymmetric", 25),
        (3000, 153, "asymmetric", 25),
    ]


def test_summary_counts_and_locates():
    rows = as_published("fig3_published", 1)
    summary = fig3.summarise(rows[::-1])
    comparison = summary.comparisons[1, "torch_linear"]
    measured = comparison.measured
    np.testing.assert_array_equal(measured.n, np.arange(1300, 2101, 100))
    np.testing.assert_array_equal(measured.runs, 12)
    by_hand = [sum(r["status"] == "TARGET" for r in rows if r["n"] == n) for n in measured.n]
    np.testing.assert_array_equal(measured.converged, by_hand)
    last = [r["loss_end"] / r["loss_start"] for r in rows if r["n"] == 2100]
    assert measured.loss_ratio[-1].estimate == pytest.approx(np.mean(last))
    assert measured.loss_ratio[0].estimate == 0.0
    assert comparison.test.p_value > 0.01
    assert comparison.test.runs == (108, 720)
    assert round(comparison.published.threshold.estimate) == 1656
    assert round(comparison.published.estimator) == 1651


def test_both_widths_are_told_apart():
    rows = as_published("fig3_published", 1) + [
        row | {"id": f"4x {row['id']}"} for row in as_published("fig3_first", 4, every=1)
    ]
    summary = fig3.summarise(rows)
    assert list(summary.comparisons) == [(1, "torch_linear"), (4, "torch_linear")]
    wide = summary.comparisons[4, "torch_linear"]
    assert 2950 < wide.measured.threshold.estimate < 3020
    assert wide.test.p_value > 0.01
    assert "width 4x" in summary.table()


def test_a_shifted_law_is_called_a_disagreement():
    summary = fig3.summarise(as_published("fig3_published", 1, runs=40, shift=1.05))
    table, found = summary.table(), summary.disagreements()
    assert "NOT REPRODUCED" in table
    assert any("rejected at 1%" in what and "fewer converged" in what for what in found)
    assert any("threshold N" in what for what in found)
    assert any("loss ratio differs" in what for what in found)


def test_the_published_law_is_called_reproduced():
    summary = fig3.summarise(as_published("fig3_published", 1))
    assert "Reproduced: convergence over all n" in summary.table()
    assert not any("threshold" in what or "over all n" in what for what in summary.disagreements())


def test_the_table_carries_intervals_and_run_counts():
    table = fig3.summarise(as_published("fig3_published", 1)).table()
    line = next(line for line in table.splitlines() if line.lstrip().startswith("2100"))
    assert line.split()[:3] == ["2100", "38", "0.000"]
    assert "0/12" in line
    assert "0/80" in line
    assert "1656 [1646, 1665] (1360 runs)" in table
    assert max(map(len, table.splitlines())) <= 160


def test_undecided_runs_are_counted_apart():
    rows = as_published("fig3_published", 1)
    for row in rows:
        if row["n"] == 1700 and row["status"] == "HORIZON" and row["id"].endswith(("-1", "-2", "-3", "-4")):
            row["status"] = "WALL_TIME"
    measured = fig3.summarise(rows).comparisons[1, "torch_linear"].measured
    where = list(measured.n).index(1700)
    assert measured.undecided[where] > 0
    assert measured.probability[where].trials == 12 - measured.undecided[where]
    assert measured.threshold.undecided == measured.undecided[where]


def test_partial_and_foreign_rows():
    rows = as_published("fig3_published", 1)
    partial = fig3.summarise([row for row in rows if row["n"] <= 1400])
    assert partial.comparisons[1, "torch_linear"].measured.threshold.kind == "all converged"
    assert "1300" in partial.table()
    with pytest.raises(ValueError, match=r"p = 50 is not a width of figure 3 at n = 1300"):
        fig3.summarise([rows[0] | {"p": 50}])
    with pytest.raises(TypeError, match="expected a number in loss_end, got None"):
        fig3.summarise([rows[0] | {"loss_end": None}])
    with pytest.raises(ValueError, match="rows: expected at least one run"):
        _curves.curve([])
    assert fig3.summarise([]).table() == ""


def test_a_setting_without_published_numbers_says_so():
    rows = [row | {"initialisation": "asymmetric"} for row in as_published("fig3_published", 1)]
    summary = fig3.summarise(rows)
    assert summary.comparisons[1, "asymmetric"].published is None
    assert "No published numbers for this setting." in summary.table()
    assert summary.disagreements() == []


def test_rows_of_a_real_run_make_a_summary(tmp_path, monkeypatch):
    monkeypatch.setitem(fig3.PRESETS, "quick", (fig3.Grid((12, 18), 1, ("torch_linear",), 3),))
    _, rows = run(tmp_path, *fig3.tasks("quick"))
    measured = fig3.summarise(rows).comparisons[1, "torch_linear"].measured
    np.testing.assert_array_equal(measured.runs, 3)
    expected = [sum(r["loss_end"] <= 1 / (2 * n) for r in rows if r["n"] == n) for n in (12, 18)]
    np.testing.assert_array_equal(measured.converged, expected)
    json.dumps(rows)
