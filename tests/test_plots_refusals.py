"""What `plots` is given: arguments that cannot be drawn are named before any work, odd runs are drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

import pl_native as pl
from pl_native import plots, theory
from published_rows import as_published

ROWS = as_published("fig3_published", 1)
OF_ROWS: dict[str, Callable[..., Any]] = {
    "convergence": plots.convergence,
    "loss_ratio": plots.loss_ratio,
    "slope": lambda rows, **more: plots.slope(rows, "loss_end", **more),
    "threshold": lambda rows, **more: plots.threshold(rows, "d", **more),
}
each = pytest.mark.parametrize("draw", OF_ROWS.values(), ids=OF_ROWS)


@each
@pytest.mark.parametrize("rows", [None, 3, "text", {}, [1], ["id"], np.ones(3), np.ones((2, 2))], ids=str)
def test_what_are_no_rows(draw: Any, rows: Any) -> None:
    with pytest.raises(TypeError, match=r"^rows(\[0\])?: expected"):
        draw(rows)


@each
@pytest.mark.parametrize("rows", [[{}], [ROWS[0] | {"n": "7"}]], ids=["nothing", "text"])
def test_rows_without_their_columns(draw: Any, rows: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"row.*: expected"):
        draw(rows)


@each
@pytest.mark.parametrize("ax", [3, "text", np.array([Figure().subplots()]), Figure()], ids=str)
def test_what_are_no_axes(draw: Any, ax: Any) -> None:
    with pytest.raises(TypeError, match=r"^ax: expected the Axes"):
        draw(ROWS, ax=ax)


@each
def test_what_is_no_label_and_no_colour(draw: Any) -> None:
    for label in (None, 3, np.ones(2)):
        with pytest.raises(TypeError, match=r"^label: expected text"):
            draw(ROWS, label=label)
    for color in (None, "no such colour", 3, np.ones((2, 2))):
        with pytest.raises(ValueError, match=r"^color: expected a color"):
            draw(ROWS, color=color)


@pytest.mark.parametrize("draw", [plots.convergence, plots.loss_ratio])
def test_what_is_no_judge(draw: Any) -> None:
    for judge in (None, 3, "text"):
        with pytest.raises(TypeError, match=r"^judge: expected a function"):
            draw(ROWS, judge=judge)
    for found in (True, None, "TARGET", np.ones(2)):
        with pytest.raises(ValueError, match=r"^judge: expected it to find one of 'converged'"):
            draw(ROWS, judge=lambda row, found=found: found)
    assert draw(ROWS, judge=lambda row: "not converged"), "words as they are printed"


def test_rows_may_come_one_by_one() -> None:
    assert plots.convergence(row for row in ROWS)


def test_of_a_failed_run_it_is_said_that_it_failed() -> None:
    failed = dict.fromkeys(ROWS[0]) | {"status": "ERROR", "n": 1300, "d": 100, "p": 37, "id": "a1"}
    for draw in (plots.convergence, plots.loss_ratio, OF_ROWS["threshold"]):
        with pytest.raises(TypeError, match=r"row a1: this run failed; leave it out, or run .*retry_errors"):
            draw([*ROWS, failed])


def test_losses_beyond_range_are_named_by_their_row() -> None:
    for start, end in ((0.0, 1.0), (float("inf"), 1.0), (1.0, float("inf"))):
        odd = ROWS[0] | {"id": "a1", "loss_start": start, "loss_end": end, "stop_loss": 0.0}
        with pytest.raises(ValueError, match=r"^row a1: expected losses, the first > 0"):
            plots.loss_ratio([*ROWS, odd])


def test_what_is_no_summary() -> None:
    for name in plots.FIGURES:
        for given in (None, 3, ROWS):
            with pytest.raises(TypeError, match=r"^summary: expected what experiments\.\w+\.summarise"):
                plots.FIGURES[name](given)


def test_what_is_no_panel_and_no_solution() -> None:
    for draw in (plots.panel, plots.panel_svg):
        with pytest.raises(TypeError, match=r"^shown: expected a Panel"):
            draw(None)
    with pytest.raises(TypeError, match=r"^sol: expected a pl\.Solution"):
        plots.trajectory(None)


def test_where_pictures_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    figure = Figure()
    for given in (None, 3, figure):
        with pytest.raises(TypeError, match=r"^stem: expected a path"):
            plots.save(figure, given)
        with pytest.raises(TypeError, match=r"^stem: expected a path"):
            plots.film(given)
    for nameless in ("", Path("/"), "\0"):
        with pytest.raises(ValueError, match=r"^stem: expected"):
            plots.save(figure, nameless)
        with pytest.raises(ValueError, match=r"^stem: expected"):
            plots.film(nameless)
    with pytest.raises(TypeError, match=r"^figure: expected a matplotlib Figure"):
        plots.save(None, "x")
    for dpi in (0, -1, 3, 10**9, 2.5, True, "fine"):
        with pytest.raises((ValueError, TypeError), match=r"^dpi: expected an integer"):
            plots.save(figure, "x", dpi)
    for frames in (None, 3):
        with pytest.raises(TypeError, match=r"^frames: expected whole numbers"):
            plots.film("x", frames)
    assert not list(tmp_path.iterdir()), "refused before any work"
    assert [path.name for path in plots.save(figure, "x", 20)] == ["x.pdf", "x.png"]


def test_euler_s_rising_loss_has_an_overlay() -> None:
    """A step too long: between two saved times the loss rises. It was "local_pl: expected numbers >= 0"."""
    problem = pl.data.sphere(n=12, d=5, seed=1), pl.initial.asymmetric(p=4, d=5, seed=2)
    sol = pl.simulate(*problem, 400.0, step=20.0, save=pl.Save(count=21, states=True))
    assert sol.stats["rises"] > 0
    assert np.all(np.diff(sol.loss) < 0) == np.False_
    assert len(plots.trajectory(sol).axes) == 4
    assert np.all(np.diff(theory.overlay(sol).transitions) > 0)


@pytest.mark.parametrize("scale", [0.0, 1e100], ids=["nothing to fit", "beyond range"])
def test_a_run_without_a_positive_loss_is_drawn_without_a_warning(scale: float) -> None:
    data = pl.Dataset([[1.0]], [1.0])
    weights = (1.0, 1.0) if scale == 0.0 else (scale, scale)
    sol = pl.simulate(data, pl.Network([[weights[0]]], [weights[1]]), 10.0, save=5)
    assert len(plots.trajectory(sol).axes) == 4
