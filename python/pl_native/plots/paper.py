"""The paper's figures, of their summaries, and the film of figure 2."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from textwrap import fill
from types import ModuleType
from typing import Any

from pl_native._base import checks
from pl_native.experiments import _film, experiment1, fig1, fig2, fig3, fig4, fig5, fig6, proofs
from pl_native.experiments._staircase import FRAMES, FRAMES_PER_SECOND
from pl_native.experiments._staircase import film as staircase_film
from pl_native.plots import canvas


def _figure(module: ModuleType, summary: Any, shape: Callable[[Any], tuple[int, int]]) -> Any:
    """A summary of an experiment as a matplotlib Figure of panels. TypeError for what is none of its
    summaries, ValueError for one of no rows.
    """
    if not isinstance(summary, module.Summary):
        name = module.__name__.removeprefix("pl_native.")
        raise TypeError(f"summary: expected what {name}.summarise returns, got {checks.kind(summary)}")
    rows, columns = shape(summary)
    if not (rows and columns):
        raise ValueError("summary: expected rows of at least one setting")
    with canvas.style():
        axes = canvas.new_axes(rows, columns)
        module.draw(summary, axes)
        return axes[0, 0].figure


def figure1(summary: fig1.Summary) -> Any:
    """Figure 1: which neuron is on at which point, and each neuron in the plane of its group."""
    return _figure(fig1, summary, lambda _: (1, 2))


def figure2(summary: fig2.Summary) -> Any:
    """Figure 2: the closed form and its limit, the simulated flow, the distance of the two."""
    return _figure(fig2, summary, lambda _: (1, 3))


def film(stem: str | os.PathLike[str], frames: Iterable[int] = range(1, FRAMES + 1)) -> list[Path]:
    """Figure 2 over n as `stem`.gif, and as `stem`.mp4 where ffmpeg is installed; 25 frames a second.

    `frames`: those of 1 to 210 that it has, in order. OSError where the files cannot be written.
    """
    path, numbers = canvas.stem_of(stem), _frames(frames)
    with canvas.style():
        axes = canvas.new_axes(1, 1)[0, 0]
        figure = axes.figure
        figure.set_layout_engine("none")  # a frame must not cost, or move, the layout
        figure.set_dpi(100)
        axes.set_position((0.12, 0.16, 0.83, 0.74))
        return _film.write(figure, staircase_film(axes, fig2.times()), numbers, path, FRAMES_PER_SECOND)


def _frames(frames: object) -> list[int]:
    if not isinstance(frames, Iterable):
        raise TypeError(f"frames: expected whole numbers from 1 to {FRAMES}, got {checks.kind(frames)}")
    return [checks.integer("frames", frame, 1, FRAMES) for frame in frames]


def figure3(summary: fig3.Summary) -> Any:
    """Figure 3: a row of two panels for each width, with what explains the two published thresholds."""
    figure = _figure(fig3, summary, lambda it: (len(it.factors), 2))
    with canvas.style():
        bars = "Bars: of published shares Hoeffding's, as in the paper; of ours Clopper-Pearson's, 95 %."
        words = f"{summary.explanation()} {bars} Shaded: N, 95 %."
        figure.supxlabel(fill(words, 140), fontsize=10.5, ha="left", x=0.02)
    return figure


def figure4(summary: fig4.Summary) -> Any:
    """Figure 4: thresholds against d, points per dimension, convergence against n/d."""
    return _figure(fig4, summary, lambda it: (min(1, len(it.settings)), 3))


def figure5(summary: fig5.Summary) -> Any:
    """Figure 5: thresholds against p with three fits, their exponent, convergence against n."""
    return _figure(fig5, summary, lambda it: (min(1, len(it.comparisons)), 3))


def figure6(summary: fig6.Summary) -> Any:
    """Figure 6: a row of three panels for each width: the published measures, their slopes, mu at the end."""
    return _figure(fig6, summary, lambda it: (len(it.settings), 3))


def beyond_the_horizon(summary: experiment1.Summary) -> Any:
    """Experiment 1's losses against time as a matplotlib Figure: the flow, and Euler with step 1."""
    return _figure(experiment1, summary, lambda it: (1, 2))


def proofs_by_size(summary: proofs.Summary) -> Any:
    """What was proved of runs of each size, as a matplotlib Figure: a panel for each dimension."""
    return _figure(proofs, summary, lambda it: (1, len(it.dimensions)))


FIGURES: dict[str, Callable[[Any], Any]] = {
    "fig1": figure1,
    "fig2": figure2,
    "fig3": figure3,
    "fig4": figure4,
    "fig5": figure5,
    "fig6": figure6,
    "experiment1": beyond_the_horizon,
    "proofs": proofs_by_size,
}
"""For each available experiment, its summary as a Figure."""

FILMS: dict[str, Callable[[Path], list[Path]]] = {"fig2": film}
"""Experiments that also have a film, written to the files of a stem."""
