"""Figures 3 and 4 from rows: tasks, counts, thresholds, verdicts, and faults a comparison has to notice."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pl_native import experiments, protocol, stats
from pl_native.experiments import _convergence, fig3, fig4, published, verdict
from published_rows import as_published, figure4, law_of
from sweeping import run

# ---------------------------------------------------------------- figure 3


def test_quick_tasks_are_the_paper_s_protocol():
    cells = fig3.tasks("quick")
    assert [c.n for c in cells] == list(range(1300, 2101, 100))
    assert {(c.d, c.dtype, c.step, c.initialisation) for c in cells} == {
        (100, "float32", 1.0, "torch_linear")
    }
    for c in cells:
        assert c.p == protocol.minimal_width(c.n)
        assert c.t_end == protocol.horizon(c.n, c.p)
        assert c.stop.loss == 1 / (2 * c.n)
    assert sum(c.work * c.replicates for c in cells) < 5e12  # 28 s on two cores at 90 GFLOP/s each
    assert {c.replicates for c in cells} == {20}


@pytest.mark.parametrize("name", ["fig3_published", "fig3_first"])
def test_widths_are_the_published_ones(name):
    table = published.load(name)
    factor = {"fig3_published": 1, "fig3_first": 4}[name]
    assert [fig3.width(n, factor) for n in table["n"].tolist()] == table["p"].tolist()


@pytest.mark.parametrize("name", experiments.AVAILABLE)
def test_a_preset_is_offered_where_it_exists(name):
    module = experiments.experiment(name)
    for preset in experiments.PRESETS:
        figure = name in experiments.FIGURES  # `reproduce all` is the figures of the paper
        assert (name in experiments.with_preset(preset)) == (figure and preset in module.PRESETS)
        if preset in module.PRESETS:
            assert module.tasks(preset)
        else:
            with pytest.raises(ValueError, match=f"preset: expected one of 'quick', .*got '{preset}'"):
                module.tasks(preset)


def test_the_paper_preset_is_what_was_published():
    cells = fig3.tasks("paper")
    settings = {(c.initialisation, c.replicates, c.p == fig3.width(c.n, 1)): set() for c in cells}
    for c in cells:
        settings[c.initialisation, c.replicates, c.p == fig3.width(c.n, 1)].add(c.n)
    narrow, wide = (set(published.load(name)["n"].tolist()) for name in ("fig3_published", "fig3_first"))
    assert settings == {
        ("torch_linear", 80, True): narrow,
        ("asymmetric", 80, True): narrow,
        ("torch_linear", 25, False): wide,
    }
    assert {c.p == fig3.width(c.n, 4) for c in cells if c.replicates == 25} == {True}
    assert (
        2.9e14 < sum(c.work * c.replicates for c in cells) < 3.1e14
    )  # flop, if no run ended before its horizon
    quick = {(c.number, c.t_end) for c in fig3.tasks("quick")}
    assert quick < {(c.number, c.t_end) for c in cells}  # its runs are among them


def test_unknown_figures_and_presets_are_refused():
    with pytest.raises(ValueError, match="preset: expected one of 'quick'"):
        fig3.tasks("fast")
    with pytest.raises(ValueError, match="experiment: expected one of"):
        experiments.experiment("fig9")
    assert experiments.experiment("fig3") is fig3
    assert experiments.experiment("fig4") is fig4


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
    share, taken = measured.probability[where], stats.clopper_pearson
    yes, open_ = int(measured.converged[where]), int(measured.undecided[where])
    assert share.interval.low == taken(yes, 12).interval.low
    assert share.interval.high == taken(yes + open_, 12).interval.high


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
        _convergence.curve([], verdict.by_horizon)
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


# ---------------------------------------------------------------- figure 4


def test_figure_4_runs_the_published_grid():
    table = published.load(fig4.TABLE)
    cells = fig4.tasks("published")
    assert [(c.d, c.n, c.p, c.replicates) for c in cells] == list(
        zip(*(table[name].tolist() for name in ("d", "n", "p", "runs")), strict=True)
    )
    for c in cells:
        assert c.t_end == protocol.horizon(c.n, 30)
        assert (c.stop.loss, c.dtype, c.initialisation) == (1 / (2 * c.n), "float32", "torch_linear")
    assert {c.d for c in fig4.tasks("paper")} == set(range(10, 101, 10))
    assert fig4.sizes(20) == tuple(range(20, 401, 20))


@pytest.fixture(scope="module")
def of_figure_4():
    return fig4.summarise(figure4())


def test_figure_4_compares_each_dimension_and_all_together(of_figure_4):
    summary = of_figure_4
    setting = summary.settings["torch_linear"]
    assert [d for _, d in summary.comparisons] == list(setting.comparisons) == [10, 30, 60, 100]
    assert setting.test.p_value > 0.01
    for d, comparison in setting.comparisons.items():
        assert round(comparison.published.estimator) == pytest.approx(fig4.PUBLISHED_N[d], abs=1)
        assert comparison.test.p_value > 0.001
    table = summary.table()
    assert "Two-sample test over all dimensions and n" in table
    assert "degrees of freedom" in table
    assert max(map(len, table.splitlines())) <= 160
    assert 5 < setting.lines[0].slope < 15
    assert fig4.summarise(figure4(shift=1.1)).settings["torch_linear"].test.p_value < 0.01


def test_figure_4_shows_both_initialisations():
    rows = figure4(dimensions=(10,))
    rows += [row | {"id": "a", "initialisation": "asymmetric"} for row in rows]
    summary = fig4.summarise(rows[::-1])
    assert list(summary.settings) == ["torch_linear", "asymmetric"]
    assert summary.settings["asymmetric"].test is None  # nothing was published
    assert {(c.d, c.initialisation) for c in fig4.tasks("paper")} == {
        (d, name) for d in range(10, 101, 10) for name in ("torch_linear", "asymmetric")
    }


def test_figure_4_quick_brackets_every_published_threshold():
    cells = fig4.tasks("quick")
    for d, threshold in fig4.PUBLISHED_N.items():
        n = [c.n for c in cells if c.d == d]
        assert min(n) < threshold < max(n)
        assert set(n) <= set(fig4.sizes(d))


def test_figure_4_fits_lines_through_known_thresholds():
    rows = [row for d in (70, 80, 90, 100) for row in law_of(d, 12 * d + 50, 40)]
    summary = fig4.summarise(rows)
    (line,) = summary.settings["torch_linear"].lines
    assert 12 in line.slope_interval
    assert 50 in line.offset_interval
    assert line.p_value > 0.5
    assert "Undecided: with errors so large the published N, too, would be on a line" in (
        summary.table()  # from 70 on they are
    )
    everywhere = [row for d in range(10, 101, 10) for row in law_of(d, 12 * d + 50, 0.4 * d)]
    assert "contradicts no line" in fig4.summarise(everywhere).table()
    assert fig4.summarise(rows[: 2 * len(rows) // 4]).settings["torch_linear"].lines == ()


def test_figure_4_tells_a_curve_from_a_line():
    rows = [row for d in range(10, 101, 10) for row in law_of(d, round(3 * d + d**2 / 10), 0.4 * d)]
    summary = fig4.summarise(rows)
    assert summary.settings["torch_linear"].lines[0].p_value < 1e-3
    assert "NOT REPRODUCED: N is not linear in d" in summary.table()
    assert any("N linear in d: rejected" in what for what in summary.disagreements())


def test_figure_4_refuses_other_widths():
    with pytest.raises(ValueError, match="p = 31, expected the width of figure 4, 30"):
        fig4.summarise([figure4()[0] | {"p": 31}])
    assert fig4.summarise([]).table() == ""


def test_the_pooled_test_keeps_equal_n_of_different_curves_apart(of_figure_4):
    summary = of_figure_4
    pooled = summary.settings["torch_linear"].test
    assert pooled.n.size == sum(c.test.n.size for c in summary.comparisons.values())
    assert _convergence.pooled_test([]) is None
