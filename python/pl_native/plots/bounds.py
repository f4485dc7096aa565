"""One run over the bounds that the paper has for it."""

from __future__ import annotations

from textwrap import fill
from typing import Any

from pl_native import theory
from pl_native._problem import Dataset
from pl_native._run.solution import Solution
from pl_native.experiments._trajectory import draw
from pl_native.plots import canvas


def trajectory(sol: Solution | theory.Overlay, data: Dataset | None = None) -> Any:
    """A run over its bounds as a matplotlib Figure: loss, local PL, invariant, pairs; transitions as lines.

    `sol` is any Solution (`data` as in `theory.overlay`) or an Overlay; its notes, why a bound is not drawn,
    are below the panels. `Save(count=200, states=True)` keeps all that can be drawn.
    """
    canvas.require()
    found = sol if isinstance(sol, theory.Overlay) else theory.overlay(sol, data)
    with canvas.style():
        axes = canvas.new_axes(2, 2)
        draw(found, axes)
        figure = axes[0, 0].figure
        if found.notes:
            words = fill("Not drawn, or in part: " + "; ".join(found.notes) + ".", 150)
            figure.supxlabel(words, fontsize=10.5, ha="left", x=0.02, color="0.35")
        return figure
