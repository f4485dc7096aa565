"""Figures: the package's style, the axes, the files. matplotlib is imported when a function is called.

`convergence`, `loss_ratio`, `threshold` and `slope` draw rows of any sweep, a user's own or a figure's, on
`ax=` (a new figure without it) and return the artists they added. `figure3` to `figure6` are the paper's.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from pathlib import Path
from textwrap import fill
from typing import Any

from pl_native import theory
from pl_native._base import checks
from pl_native._problem import Dataset
from pl_native._run.solution import Solution
from pl_native.experiments import _film, _panels, experiment1, fig1, fig2, fig3, fig4, fig5, fig6, verdict
from pl_native.experiments import proofs as by_theorem
from pl_native.experiments._convergence import Judge, curve
from pl_native.experiments._panels import MEASURED
from pl_native.experiments._power_laws import measure
from pl_native.experiments._scaling import by_size, equation, logistic_points
from pl_native.experiments._staircase import FRAMES, FRAMES_PER_SECOND
from pl_native.experiments._staircase import film as staircase_film
from pl_native.experiments._trajectory import draw as draw_trajectory
from pl_native.experiments.statements import Panel
from pl_native.stats import FORMS
from pl_native.store import COLUMNS, Row


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

    width = 5.8 if columns < 3 else 5.1  # a slide is some 13 inches wide: three panels are shrunk to it
    return Figure(figsize=(width * columns, 4.6 * rows)).subplots(rows, columns, squeeze=False)


@contextmanager
def _axes(ax: Any) -> Iterator[Any]:
    """Inside the style: `ax`, or the axes of a new figure."""
    with style():
        yield _new_axes(1, 1)[0, 0] if ax is None else ax


def convergence(
    rows: Sequence[Row],
    *,
    judge: Judge = verdict.by_horizon,
    label: str = "",
    color: str = MEASURED.color,
    ax: Any = None,
) -> list[Any]:
    """P(converged) against n with 95 % Clopper-Pearson intervals, the fitted logistic, N and its interval.

    `rows` of one law of problems (a sweep over n), each run as `judge` finds it: `experiments.verdict`'s
    `by_horizon` (loss <= stop.loss) or `of_flow`. Call it again with other rows, `label` and `color` for a
    second curve on the same axes. Returns the artists. ValueError for no rows.
    """
    found = curve(rows, judge)
    look = replace(MEASURED, name=label or "runs", color=color, face=color)
    law = "P(converged)" if judge is not verdict.by_horizon else "P(loss reaches its target)"
    with _axes(ax) as axes:
        artists = _panels.shares(axes, found, look) + _panels.logistic(axes, found, look)
        _panels.label_probability(axes, law)
        axes.legend(loc="best")
    return artists


def threshold(
    rows: Sequence[Row],
    by: str,
    *,
    judge: Judge = verdict.by_horizon,
    form: str | None = "linear",
    label: str = "",
    color: str = MEASURED.color,
    ax: Any = None,
) -> list[Any]:
    """The threshold N against another size of the problem, `by` ("d" or "p"), with 95 % intervals.

    `rows` of a sweep over n at several values of `by`; those whose N is not located are left out. `form`: a
    fit of `stats.FORMS` through them, or None. Returns the artists. ValueError for no rows and other sizes.
    """
    checks.choice("by", by, ("d", "p"))
    if form is not None:
        checks.choice("form", form, FORMS)
    if not rows:
        raise ValueError("rows: expected at least one run")
    found = logistic_points({size: curve(members, judge) for size, members in by_size(rows, by).items()})
    look = replace(MEASURED, color=color, face=color)
    with _axes(ax) as axes:
        artists = _panels.points(axes, found, look, f"{label or 'runs'}, 95 %")
        line = None if form is None else found.fit(form)
        if line is not None:
            artists += _panels.fitted(axes, line, equation(line, by), color=color, lw=1.4)
        axes.set(xlabel=f"${by}$", ylabel="threshold $N$")
        if artists:
            axes.legend(loc="best")
    return artists


def slope(
    rows: Sequence[Row],
    column: str = "average_pl",
    *,
    label: str = "",
    color: str = MEASURED.color,
    ax: Any = None,
) -> list[Any]:
    """Mean over runs of a positive column against n, in logarithms, with 95 % bootstrap intervals and the
    least-squares slope.

    `rows` of a sweep over at least two n, at least two runs each. Returns the artists. ValueError for other
    columns, fewer runs, or values that are not positive.
    """
    checks.choice("column", column, tuple(name for name, kind in COLUMNS.items() if kind is float))
    found = measure(rows, column)
    look = replace(MEASURED, color=color, face=color)
    with _axes(ax) as axes:
        artists = _panels.powers(axes, found, look, label or column, unit=1.0)
        _panels.log_sizes(axes, found.n)
        axes.set_ylabel(f"mean of {column}")
        axes.legend(loc="best", title="slope [95 %]")
    return artists


def loss_ratio(
    rows: Sequence[Row],
    *,
    judge: Judge = verdict.by_horizon,
    label: str = "",
    color: str = MEASURED.color,
    ax: Any = None,
) -> list[Any]:
    """Mean of loss at the end over loss at the start, converged runs as 0, against n, with 95 % bootstrap
    intervals; `rows`, `judge` and errors as in `convergence`. Nothing where every run converged.
    """
    found = curve(rows, judge)
    look = replace(MEASURED, name=label or "runs", color=color, face=color)
    with _axes(ax) as axes:
        artists = _panels.losses(axes, found, look)
        margin = 0.04 * max(found.n[-1] - found.n[0], 1)
        _panels.label_losses(axes, [found], (found.n[0] - margin, found.n[-1] + margin))
    return artists


def _figure(summary: Any, draw: Callable[[Any, Any], Any], rows: int, columns: int) -> Any:
    """A summary as a matplotlib Figure of rows x columns panels. ValueError for a summary of no rows."""
    if not rows:
        raise ValueError("summary: expected rows of at least one setting")
    with style():
        axes = _new_axes(rows, columns)
        draw(summary, axes)
        return axes[0, 0].figure


def figure1(summary: fig1.Summary) -> Any:
    """Figure 1: which neuron is on at which point, and each neuron in the plane of its group."""
    return _figure(summary, fig1.draw, 1, 2)


def figure2(summary: fig2.Summary) -> Any:
    """Figure 2: the closed form and its limit, the simulated flow, the distance of the two."""
    return _figure(summary, fig2.draw, 1, 3)


def film(stem: Path, frames: Sequence[int] = range(1, FRAMES + 1)) -> list[Path]:
    """Figure 2 over n as `stem`.gif, and as `stem`.mp4 where ffmpeg is installed; 25 frames a second."""
    numbers = [checks.integer("frames", frame, 1, FRAMES) for frame in frames]
    with style():
        axes = _new_axes(1, 1)[0, 0]
        figure = axes.figure
        figure.set_layout_engine("none")  # a frame must not cost, or move, the layout
        figure.set_dpi(100)
        axes.set_position((0.12, 0.16, 0.83, 0.74))
        return _film.write(figure, staircase_film(axes, fig2.times()), numbers, stem, FRAMES_PER_SECOND)


def figure3(summary: fig3.Summary) -> Any:
    """Figure 3: a row of two panels for each width, with what explains the two published thresholds."""
    figure = _figure(summary, fig3.draw, len(summary.factors), 2)
    with style():
        bars = "Bars: of published shares Hoeffding's, as in the paper; of ours Clopper-Pearson's, 95 %."
        words = f"{summary.explanation()} {bars} Shaded: N, 95 %."
        figure.supxlabel(fill(words, 140), fontsize=10.5, ha="left", x=0.02)
    return figure


def figure4(summary: fig4.Summary) -> Any:
    """Figure 4: thresholds against d, points per dimension, convergence against n/d."""
    return _figure(summary, fig4.draw, min(1, len(summary.settings)), 3)


def figure5(summary: fig5.Summary) -> Any:
    """Figure 5: thresholds against p with three fits, their exponent, convergence against n."""
    return _figure(summary, fig5.draw, min(1, len(summary.comparisons)), 3)


def figure6(summary: fig6.Summary) -> Any:
    """Figure 6: a row of three panels for each width: the published measures, their slopes, mu at the end."""
    return _figure(summary, fig6.draw, len(summary.settings), 3)


def panel(shown: Panel, *, ax: Any = None) -> list[Any]:
    """A panel of a statement's check: its curves, labelled."""
    with _axes(ax) as axes:
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

    `sol` is any Solution (`data` as in `theory.overlay`) or an Overlay; its notes, why a bound is not drawn,
    are below the panels. `Save(count=200, states=True)` keeps all that can be drawn.
    """
    found = sol if isinstance(sol, theory.Overlay) else theory.overlay(sol, data)
    with style():
        axes = _new_axes(2, 2)
        draw_trajectory(found, axes)
        figure = axes[0, 0].figure
        if found.notes:
            words = fill("Not drawn, or in part: " + "; ".join(found.notes) + ".", 150)
            figure.supxlabel(words, fontsize=10.5, ha="left", x=0.02, color="0.35")
        return figure


def beyond_the_horizon(summary: experiment1.Summary) -> Any:
    """Experiment 1's losses against time as a matplotlib Figure: the flow, and Euler with step 1."""
    return _figure(summary, experiment1.draw, 1, 2)


FIGURES: dict[str, Callable[[Any], Any]] = {
    "fig1": figure1,
    "fig2": figure2,
    "fig3": figure3,
    "fig4": figure4,
    "fig5": figure5,
    "fig6": figure6,
    "experiment1": beyond_the_horizon,
    "proofs": lambda summary: _figure(summary, by_theorem.draw, 1, len(summary.dimensions)),
}
"""For each available experiment, its summary as a Figure."""

FILMS: dict[str, Callable[[Path], list[Path]]] = {"fig2": film}
"""Experiments that also have a film, written to the files of a stem."""


def save(figure: Any, stem: Path, dpi: int | None = None) -> tuple[Path, Path]:
    """Write `figure` as `stem`.pdf and `stem`.png, at `dpi` or the style's; returns both paths."""
    paths = stem.with_name(stem.name + ".pdf"), stem.with_name(stem.name + ".png")
    with style():
        for path in paths:
            figure.savefig(path, dpi=dpi)
    return paths
