"""A run over its bounds, and `pl-native check`."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

import numpy as np
import pytest

import pl_native as pl
from pl_native import cli, metrics, plots, report, theory
from pl_native.experiments.statements import Curve, Finding, Panel
from problems import problem

FULL = pl.Save(count=20, states=True, switches=True)


def weak(n: int = 5) -> tuple[pl.Dataset, pl.Network]:
    """A start that meets all hypotheses of Theorem 1."""
    data = pl.data.sphere(n, 500 * n * n, seed=1, reduced=True)
    return data, pl.initial.asymmetric(24, data.d, seed=2, data=data)


def test_all_bounds_of_a_run_that_meets_the_hypotheses() -> None:
    data, start = weak()
    sol = pl.simulate(data, start, 20.0, method="flow", save=FULL)
    found = theory.overlay(sol)
    assert found.notes == ("Proposition 1: expects orthogonal inputs and labels != 0",)
    assert np.all(found.theorem_1 <= found.lemma_7_low * (1 + 1e-12))
    assert np.all(found.lemma_7_low <= found.local_pl)
    assert np.all(found.local_pl <= found.lemma_7_high)
    np.testing.assert_array_equal(found.live, sol.n_active)
    np.testing.assert_allclose(sol.loss[1:], sol.loss[0] * np.exp(-sol.t[1:] * found.average_pl[1:]))


def test_proposition_1_of_an_orthogonal_run() -> None:
    data = pl.data.orthogonal(8, 4000, seed=1)
    start = pl.initial.asymmetric(12, 4000, seed=2, data=data)
    found = theory.overlay(pl.simulate(data, start, 40.0, method="flow", save=FULL))
    known = np.isfinite(found.proposition_1)
    assert known.any()
    assert np.all(found.local_pl[known] <= found.proposition_1[known])


def test_runs_of_any_method_and_what_they_kept() -> None:
    data, start = problem()
    end = theory.overlay(pl.simulate(data, start, 3.0, step=0.01, save=3))
    assert np.isnan(end.lemma_7_high[:2]).all()
    assert end.lemma_7_high[2] >= end.local_pl[2]
    assert "no states were kept" in end.notes[0]
    names = ("pl_lower_bound", "pl_upper_bound", "n_sliding", "theorem_1_lower_bound", "rate_after_criterion")
    observed = pl.simulate(data, start, 3.0, step=0.01, save=pl.Save(count=3, observe=names, states=True))
    seen = theory.overlay(pl.simulate(data, start, 3.0, step=0.01, save=pl.Save(count=3, observe=names)))
    np.testing.assert_array_equal(seen.lemma_7_high, observed.observed["pl_upper_bound"])
    np.testing.assert_allclose(theory.overlay(observed).lemma_7_high, seen.lemma_7_high, rtol=1e-12)
    capture = pl.simulate(data, start, 3.0, method="capture", save=pl.Save(count=3, states=True))
    np.testing.assert_array_equal(theory.overlay(capture).sliding, metrics.n_sliding(data, capture))
    assert any("not met at the start: assumption 2" in note for note in theory.overlay(capture).notes)


def test_a_solution_from_a_file_needs_its_data(tmp_path: Path) -> None:
    data, start = weak()
    sol = pl.simulate(data, start, 5.0, method="flow", save=FULL)
    sol.save(tmp_path / "run.npz")
    loaded = pl.Solution.load(tmp_path / "run.npz")
    with pytest.raises(ValueError, match=r"data: expected the pl\.Dataset of this run"):
        theory.overlay(loaded)
    with pytest.raises(ValueError, match="data: expected the data of this run, got others"):
        theory.overlay(loaded, pl.data.sphere(5, data.d, seed=9, reduced=True))
    again = theory.overlay(loaded, data)
    np.testing.assert_array_equal(again.theorem_1, theory.overlay(sol).theorem_1)
    with pytest.raises(TypeError, match=r"sol: expected a pl\.Solution"):
        theory.overlay("run")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"data: expected a pl\.Dataset"):
        theory.overlay(sol, "data")  # type: ignore[arg-type]


def test_phase_transitions_of_two_groups() -> None:
    """Two groups, labels 1 and 4: two steps of the loss, near those of the closed form."""
    n, p = 2000, 2
    y = np.repeat([1.0, 4.0], n // 2)
    data = pl.Dataset.orthogonal(np.ones(n), y)
    start = pl.initial.group(p, n, seed=0, data=data)
    save = pl.Save(count=2000, observe=())
    sol = pl.simulate(data, start, 250.0, method="flow", save=save)
    found = theory.overlay(sol).transitions
    unit = theory.time_unit(n, p)
    expected = sorted(unit * theory.transition_time(D, n, p) for D in (1.0, 4.0))
    assert len(found) == 2
    np.testing.assert_allclose(found, expected, rtol=0.15)


def test_an_euler_run_across_kinks_has_the_transitions_of_the_flow() -> None:
    """Its gradients jump at every kink that it steps across, its loss does not: one transition, not three."""
    data, start = pl.data.sphere(n=60, d=20, seed=1), pl.initial.asymmetric(p=20, d=20, seed=2)
    euler = pl.simulate(data, start, 60.0, step=0.1, save=pl.Save(count=41))
    flow = pl.simulate(data, start, 60.0, method="flow", save=pl.Save(count=41))
    assert len(theory.transition_times(euler.t, euler.loss, euler.local_pl)) > 1  # as it was
    found = theory.overlay(euler).transitions
    assert len(found) == len(theory.overlay(flow).transitions) == 1
    np.testing.assert_allclose(found, theory.overlay(flow).transitions, atol=1.6)


def test_no_transition_where_nothing_happens() -> None:
    t = np.linspace(0, 5, 50)
    assert len(theory.transition_times(t, np.ones(50), np.zeros(50))) == 0


def test_trajectory_is_drawn() -> None:
    pytest.importorskip("matplotlib")
    data, start = weak()
    sol = pl.simulate(data, start, 10.0, method="flow", save=FULL)
    figure = plots.trajectory(sol)
    labels = {line.get_label() for ax in figure.axes for line in ax.get_lines()}
    assert {"loss", r"$\mu(t)$", "its average", "Lemma 7", "Theorem 1, lower", "on", "sliding"} <= labels
    assert len(plots.trajectory(theory.overlay(sol)).axes) == 4
    assert "Proposition 1: expects orthogonal" in figure.get_supxlabel()
    for ax in figure.axes:
        assert ax.get_title(loc="left")
        low, high = ax.get_ylim()
        assert high / low > 99 if ax.get_yscale() == "log" else low == 0  # no labels like 3 10^-14


def test_a_run_of_two_rows_shows_that_it_has_two() -> None:
    pytest.importorskip("matplotlib")
    data, start = weak()
    figure = plots.trajectory(pl.simulate(data, start, 10.0, save=2))
    drawn = [line for ax in figure.axes for line in ax.get_lines() if len(line.get_xdata()) <= 2]
    assert {line.get_marker() for line in drawn if line.get_label() in ("loss", "on", "Lemma 7")} == {"o"}
    assert "no states were kept" in figure.get_supxlabel().replace("\n", " ")


def test_sliding_pairs_need_no_log_of_switches() -> None:
    data, start = problem(40, 8, 6, 1)
    save = pl.Save(count=20, states=True)
    bare, logged = (
        theory.overlay(pl.simulate(data, start, 20.0, method="flow", save=kept)) for kept in (save, FULL)
    )
    np.testing.assert_array_equal(bare.sliding, logged.sliding)
    assert bare.sliding.max() > 0
    np.testing.assert_allclose(bare.lemma_7_high, logged.lemma_7_high, rtol=1e-9)


def test_check_prints_one_table_and_writes_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "lemma2", "--out", str(tmp_path / "page")]) == 0
    said = capsys.readouterr().out
    assert "Lemma 2" in said
    assert "worst margin" in said
    assert "1 of 1 as they should be" in said
    rows = (tmp_path / "page" / "findings.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == ",".join(report.FIELDS)
    assert len(rows) == 2
    assert rows[1].endswith(",holds")
    page = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert "L(t) = L(0) exp(-t avg_mu(t))" in page
    if plots.available():
        assert "<svg" in page


def test_check_refuses_what_it_does_not_know(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "lemma99"]) == 2
    assert "STATEMENT: expected names among lemma1" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert cli.main(["check", "lemma2", "--out", str(tmp_path / "file")]) == 2


def test_rows_of_the_statements_before_one_that_fails_to_end_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(setting: object) -> list[Finding]:
        raise KeyboardInterrupt

    monkeypatch.setitem(cli.check.statements.CHECKS, "dead_point", stopped)
    with contextlib.suppress(KeyboardInterrupt):
        cli.main(["check", "lemma2", "dead_point", "--out", str(tmp_path)])
    assert "Lemma 2" in (tmp_path / "findings.csv").read_text(encoding="utf-8")


def test_check_fails_with_its_statements(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = Finding("Lemma 0", "none", 0, 3, "claimed", "measured", True)
    monkeypatch.setitem(cli.check.statements.CHECKS, "lemma2", lambda setting: [wrong])
    assert cli.main(["check", "lemma2"]) == 1
    said = capsys.readouterr().out
    assert "NO DRAWS" in said
    assert "0 of 1 as they should be" in said


def test_the_page_escapes_and_marks_failures(tmp_path: Path) -> None:
    curve = Curve(np.arange(3.0), np.arange(3.0), "c")
    found = [
        Finding("A <b>", "x < y", 1, 1, "1 < 2", "m", False, 0.5, panels=(Panel("P", "x", "y", (curve,)),)),
        Finding("B", "none", 1, 1, "c", "m", True, math.inf),
    ]
    text = report.page(found, tmp_path, lambda panel: f"<svg>{panel.title}</svg>").read_text(encoding="utf-8")
    assert "A &lt;b&gt;" in text
    assert "<b>" not in text
    assert '<tr class="bad">' in text
    assert "<svg>P</svg>" in text
    assert "<svg>" not in report.page(found, tmp_path, None).read_text(encoding="utf-8")
    assert [report.margin_text(m) for m in (None, math.inf, 1.23456, 12345.0)] == [
        "-",
        "inf",
        "1.235",
        "1.2e+04",
    ]


def test_metrics_by_name_while_running() -> None:
    data, start = problem()
    names = ("pl_lower_bound", "pl_upper_bound", "pl_low", "pl_upp", "live_neurons", "largest_correct")
    sol = pl.simulate(data, start, 2.0, step=0.1, save=pl.Save(count=5, states=True, observe=names))
    for name in names:
        np.testing.assert_allclose(sol.observed[name], getattr(metrics, name)(data, sol), rtol=1e-12)
