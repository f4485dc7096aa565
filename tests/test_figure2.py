"""Figures 1 and 2: the closed form in many digits, the simulated flow on it, the start that is drawn."""

from __future__ import annotations

import dataclasses

import mpmath
import numpy as np
import pytest

import pl_native as pl
from pl_native import experiments, sweep
from pl_native.experiments import _staircase, fig1, fig2
from pl_native.store import Store


def in_many_digits(t, n):
    """L(t t_n) of p = 2 groups with D = 1 and 2, c0 = N0 = 1: logistic growth of each group's norm."""
    with mpmath.workdps(60):
        p, n = 2, mpmath.mpf(n)
        t_n, total = mpmath.sqrt(n * p) / 4 * mpmath.log(n * p), mpmath.mpf(0)
        for target in (1, 2):
            Y = target * mpmath.sqrt(n / p)
            growth = mpmath.exp(2 * Y / n * mpmath.mpf(t) * t_n)
            N = p * Y * growth / (p * Y - 1 + growth)
            total += (Y - N / p) ** 2 / (2 * n)
        return float(total)


@pytest.mark.parametrize("n", [100, 10**8, _staircase.STILL])
def test_the_closed_form_is_right_at_all_thousand_times(n):
    t = fig2.times()
    assert t.shape == (1000,)
    exact = [in_many_digits(one, n) for one in t.tolist()]
    np.testing.assert_allclose(_staircase.closed_form(t, n), exact, rtol=0, atol=1e-10)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Figure 2 at n = 100 and 1000: plan, store, and the rows that `run` gave."""
    store = Store(tmp_path_factory.mktemp("rows") / "fig2")
    plan = sweep.plan(fig2.tasks("quick")[:2], seed=3, name="fig2")
    return plan, store, experiments.run("fig2", plan, store)


def test_the_simulated_flow_is_the_closed_form(ran):
    summary = fig2.summarise(ran[2])
    assert [run.n for run in summary.runs] == [100, 1000]
    assert all(run.distance < 1e-7 for run in summary.runs)
    assert summary.disagreements() == []
    assert "Reproduced" in summary.table()
    assert "D_j sqrt(n)" in summary.table()


def test_a_simulation_off_the_closed_form_is_called_so(ran):
    runs = fig2.summarise(ran[2]).runs
    wrong = fig2.Summary((dataclasses.replace(runs[0], distance=2e-7), runs[1]))
    assert wrong.verdict() == "NOT REPRODUCED: n = 100: simulated loss 2.0e-07 from the closed form."


def test_stored_losses_are_those_of_the_run(ran, monkeypatch):
    plan, store, rows = ran
    monkeypatch.setattr("pl_native.experiments._loss_curves.simulate", None)
    assert experiments.stored("fig2", plan, store) == rows
    assert experiments.run("fig2", plan, store) == rows


def test_the_film_has_210_frames_up_to_the_still():
    sizes = [_staircase.frame_size(frame) for frame in range(1, _staircase.FRAMES + 1)]
    assert (len(sizes), sizes[0], sizes[-1]) == (210, 101, _staircase.STILL)
    assert pytest.approx(1.7e18, rel=0.03) == _staircase.STILL


def test_a_film_is_drawn_once_and_every_frame_is_another(tmp_path, monkeypatch):
    """What stands still is drawn once, whatever the number of frames: 210 of them in seconds."""
    pytest.importorskip("matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    from pl_native import plots

    draws = []
    draw = FigureCanvasAgg.draw
    monkeypatch.setattr(FigureCanvasAgg, "draw", lambda canvas: (draws.append(1), draw(canvas)))
    (path, *_) = plots.film(tmp_path / "film", frames=range(1, 31))
    assert len(draws) == 1
    with Image.open(path) as film:
        assert film.n_frames == 30  # though the first frames have one n
        seen = []
        for k in (0, 29):
            film.seek(k)
            seen.append(np.asarray(film.convert("RGB")))
    assert (seen[0] != seen[1]).any(axis=2).sum() > 1000
    assert (seen[0][:20, :60] != 255).any()  # n, above the axes


def test_labels_of_groups_have_the_norms_asked_for():
    data = pl.data.group(12, 3, seed=1, D=[1.0, 2.0, 0.5])
    np.testing.assert_allclose(np.linalg.norm(data.y.reshape(3, 4), axis=1), 2 * np.array([1, 2, 0.5]))
    plain = pl.data.group(12, 3, seed=1)
    np.testing.assert_allclose(data.y[:4] / data.y[0], plain.y[:4] / plain.y[0])
    with pytest.raises(ValueError, match="D: expected"):
        pl.data.group(12, 3, seed=1, D=[1.0, -2.0, 0.5])


def test_figure_1_draws_an_actual_start(tmp_path):
    plan = sweep.plan(fig1.tasks("quick"), seed=1, name="fig1")
    summary = fig1.summarise(experiments.run("fig1", plan, Store(tmp_path / "fig1")))
    np.testing.assert_array_equal(summary.z > 0, np.kron(np.eye(3), np.ones(2)) > 0)
    assert summary.disagreements() == []
    moved = pl.Network(summary.network.W, -summary.network.a)
    assert dataclasses.replace(summary, network=moved).verdict().startswith("NOT REPRODUCED: network")


def test_both_are_drawn(ran, tmp_path):
    pytest.importorskip("matplotlib")
    from PIL import Image

    from pl_native import plots

    left, middle, right = plots.figure2(fig2.summarise(ran[2])).axes
    for ax in (left, middle):
        words = [text.get_text() for text in ax.texts]
        assert {"5/4", "1/4", "0", "$1/D = 1/2$", "$1/D = 1$"} <= set(words)
    assert any("sqrt{n}" in text.get_text() for text in left.get_legend().get_texts())
    assert right.get_yscale() == "log"
    films = plots.film(tmp_path / "film", frames=(1, 100, 210))
    with Image.open(films[0]) as film:
        assert (film.n_frames, film.info["duration"]) == (3, 40)
    with pytest.raises(ValueError, match="rows: expected at least one run"):
        fig2.summarise([])
    with pytest.raises(ValueError, match="rows: expected at least one run"):
        fig1.summarise([])
