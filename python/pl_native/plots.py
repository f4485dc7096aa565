"""Figures: the package's style, the axes, the files. matplotlib is imported when a function is called.

Functions of one panel take `ax=` (a new figure without it) and return the artists they added.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from pl_native import theory
from pl_native._problem import Dataset
from pl_native._run.solution import Solution
from pl_native.experiments import _panels, _trajectory, experiment1, fig3, fig4
from pl_native.experiments._convergence import Comparison
from pl_native.experiments.statements import Panel
from pl_native.sweep import width


def available() -> bool:
    """Whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def _matplotlib() -> Any:
    if not available():
        raise ImportError("plots need matplotlib: pip install 'pl_native[plot]'")
    import matplotlib

    return matplotlib


@contextmanager
def style() -> Iterator[None]:
    """The package's style for the figures made inside, whatever the user's defaults; restored on leaving."""
    _matplotlib()
    from matplotlib import pyplot, rc_context

    with rc_context(), resources.as_file(resources.files("pl_native") / "pl_native.mplstyle") as sheet:
        pyplot.style.use(["default", sheet])
        yield


def _new_axes(rows: int, columns: int) -> Any:
    """(rows, columns) axes of a figure that no window manager knows; it goes when its last reference does."""
    _matplotlib()
    from matplotlib.figure import Figure

    return Figure(figsize=(5.4 * columns, 4.3 * rows)).subplots(rows, columns, squeeze=False)


def convergence_probability(
    comparison: Comparison, factor: int = 1, d: int = fig3.D, *, ax: Any = None
) -> list[Any]:
    """P(converged) against n, fitted logistic, thresholds, published points, n = d p at width `factor`."""
    with style():
        axes = _new_axes(1, 1)[0, 0] if ax is None else ax
        return _panels.probability_panel(axes, comparison, partial(width, factor=factor), d)


def loss_ratio(comparison: Comparison, *, ax: Any = None) -> list[Any]:
    """Loss ratio against n, logarithmic, with bootstrap intervals and the published means."""
    with style():
        axes = _new_axes(1, 1)[0, 0] if ax is None else ax
        return _panels.loss_panel(axes, comparison)


def figure3(summary: fig3.Summary) -> Any:
    """Figure 3 as a matplotlib Figure: a row of two panels for each width and initialisation."""
    if not summary.comparisons:
        raise ValueError("summary: expected rows of at least one setting")
    with style():
        axes = _new_axes(len(summary.comparisons), 2)
        fig3.draw(summary, axes)
        return axes[0, 0].figure


def figure4(summary: fig4.Summary) -> Any:
    """Figure 4 as a matplotlib Figure: thresholds against d, and convergence against n/d."""
    if not summary.comparisons:
        raise ValueError("summary: expected rows of at least one dimension")
    with style():
        axes = _new_axes(1, 2)
        fig4.draw(summary, axes)
        return axes[0, 0].figure


def panel(shown: Panel, *, ax: Any = None) -> list[Any]:
    """A panel of a statement's check: its curves, labelled."""
    with style():
        axes = _new_axes(1, 1)[0, 0] if ax is None else ax
        artists = [line for c in shown.curves for line in axes.plot(c.x, c.y, c.style, label=c.label)]
        axes.set(title=shown.title, xlabel=shown.x_label, ylabel=shown.y_label)
        axes.set(xscale=shown.x_scale, yscale=shown.y_scale)
        axes.legend()
        return artists


def panel_svg(shown: Panel) -> str:
    """`panel` as an SVG element, for a page."""
    with style():
        axes = _new_axes(1, 1)[0, 0]
        panel(shown, ax=axes)
        text = io.StringIO()
        axes.figure.savefig(text, format="svg")
    return text.getvalue()[text.getvalue().index("<svg") :]


def trajectory(sol: Solution | theory.Overlay, data: Dataset | None = None) -> Any:
    """A run over its bounds as a matplotlib Figure: loss, local PL, invariant, pairs; transitions as lines.

    `sol` is any Solution (`data` as in `theory.overlay`, which says where bounds are known) or an Overlay.
    """
    found = sol if isinstance(sol, theory.Overlay) else theory.overlay(sol, data)
    with style():
        axes = _new_axes(2, 2)
        _trajectory.draw(found, axes)
        return axes[0, 0].figure


def beyond_the_horizon(summary: experiment1.Summary) -> Any:
    """Experiment 1's losses against time as a matplotlib Figure: the flow, and Euler with step 1."""
    with style():
        axes = _new_axes(1, 2)
        experiment1.draw(summary, axes)
        return axes[0, 0].figure


FIGURES: dict[str, Callable[[Any], Any]] = {
    "fig3": figure3,
    "fig4": figure4,
    "experiment1": beyond_the_horizon,
}
"""For each available experiment, its summary as a Figure."""


def save(figure: Any, stem: Path) -> tuple[Path, Path]:
    """Write `figure` as `stem`.pdf and `stem`.png; returns both paths."""
    paths = stem.with_name(stem.name + ".pdf"), stem.with_name(stem.name + ".png")
    with style():
        for path in paths:
            figure.savefig(path)
    return paths
