"""The comparison with published counts: its stored rows give its stored logs, and a few cells try it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pl_native import protocol
from pl_native.experiments import planted_faults
from pl_native.experiments._paper_cell import paper_cell
from sweeping import run

RESULTS = Path(__file__).parent.parent / "docs" / "results"


@pytest.mark.skipif(not RESULTS.exists(), reason="needs the source tree")
@pytest.mark.parametrize("target", ["fig3-1x", "fig3-4x", pytest.param("fig4", marks=pytest.mark.slow)])
def test_the_logs_are_rebuilt_from_the_stored_rows(target):
    rows = planted_faults.stored(target, RESULTS / "paper" / f"{target[:4]}.csv")
    moved = planted_faults.stored(target, RESULTS / "published" / f"{target}-shifted.csv")
    log = (RESULTS / "published" / f"{target}.log").read_text(encoding="utf-8")
    report = planted_faults.report(target, rows, moved)
    assert log.split("\n\n", 1)[1] == report
    assert "Planted: horizon 10% shorter:" in report
    cells = planted_faults.cells(target)
    assert len(rows) == sum(cell.replicates for cell in cells)
    assert {(row["n"], row["d"], row["p"]) for row in rows} == {(c.n, c.d, c.p) for c in cells}


def test_a_tiny_comparison_leaves_rows_and_a_log(tmp_path):
    def compare():
        return planted_faults.compare(
            "fig4", tmp_path / "rows", results=tmp_path, first=10, runs=3, progress=False
        )

    log = compare()
    assert (tmp_path / "fig4.log").read_text(encoding="utf-8") == log
    assert log.startswith("fig4: 10 cells, 30 runs, seed 2026; pl_native ")
    for words in (
        "As published:",
        "Planted: n shifted by 3%:",
        "Planted: horizon 10% shorter:",
        "Figure 4: d = 10",
    ):
        assert words in log
    assert log.count("over all n: ") >= 3
    for name in ("fig4.csv", "fig4-shifted.csv"):
        assert len((tmp_path / name).read_text(encoding="utf-8").splitlines()) == 31
    stored = [planted_faults.stored("fig4", tmp_path / name) for name in ("fig4.csv", "fig4-shifted.csv")]
    assert planted_faults.report("fig4", *stored) == log.split("\n\n", 1)[1]
    assert compare() == log


def test_other_targets_are_refused(tmp_path):
    with pytest.raises(ValueError, match="target: expected one of 'fig3-1x', 'fig3-4x', 'fig4', got 'fig5'"):
        planted_faults.compare("fig5", tmp_path)


CELL = paper_cell(16, 20, 20, "torch_linear", 200)


@pytest.fixture(scope="module")
def to_the_horizon(tmp_path_factory):
    return run(tmp_path_factory.mktemp("rows"), CELL)[1]


@pytest.mark.parametrize("factor", [0.4, 0.6, 0.8])
def test_a_shorter_horizon_is_what_running_it_gives(to_the_horizon, factor, tmp_path):
    rows = to_the_horizon
    direct = run(tmp_path, replace(CELL, t_end=factor * CELL.t_end))[1]
    cut = planted_faults.cut_short(rows, factor)
    known = [
        [(r["status"] == "TARGET", r["loss_end"] <= r["stop_loss"]) for r in some] for some in (cut, direct)
    ]
    assert known[0] == known[1]
    assert 0 < sum(o[1] for o in known[1]) <= sum(r["loss_end"] <= r["stop_loss"] for r in rows)


def test_shifted_cells_are_labelled_by_where_they_come_from():
    cell = paper_cell(1700, 100, 37, "torch_linear", 2)
    moved = planted_faults.shifted(cell, 1.03)
    assert (moved.n, moved.p, moved.t_end) == (1751, 37, protocol.horizon(1751, 37))
    assert moved.stop.loss == 1 / 3502
    assert planted_faults.labelled([{"n": 1751}], 1.03, [1650, 1700]) == [{"n": 1700}]
