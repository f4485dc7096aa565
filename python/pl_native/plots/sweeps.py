"""Rows of any sweep, a user's own or a figure's, on axes of the caller's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pl_native._base import checks
from pl_native.experiments import _panels, _rows, verdict
from pl_native.experiments._convergence import Judge, curve
from pl_native.experiments._panels import MEASURED
from pl_native.experiments._power_laws import measure
from pl_native.experiments._scaling import by_size, equation, logistic_points
from pl_native.plots import canvas
from pl_native.stats import FORMS
from pl_native.store import COLUMNS, Row


def _checked(rows: object, label: object, color: object, ax: object) -> list[Row]:
    """The rows, as a list. TypeError or ValueError for what is no row, text, colour or axes."""
    canvas.check_axes(ax)
    canvas.check_look(label, color)
    return _rows.several(rows)


def convergence(
    rows: Iterable[Row],
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
    found = curve(_checked(rows, label, color, ax), judge)
    look = replace(MEASURED, name=label or "runs", color=color, face=color)
    law = "P(converged)" if judge is not verdict.by_horizon else "P(loss reaches its target)"
    with canvas.axes_of(ax) as axes:
        artists = _panels.shares(axes, found, look) + _panels.logistic(axes, found, look)
        _panels.label_probability(axes, law)
        axes.legend(loc="best")
    return artists


def threshold(
    rows: Iterable[Row],
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
    given = _checked(rows, label, color, ax)
    found = logistic_points({size: curve(members, judge) for size, members in by_size(given, by).items()})
    look = replace(MEASURED, color=color, face=color)
    with canvas.axes_of(ax) as axes:
        artists = _panels.points(axes, found, look, f"{label or 'runs'}, 95 %")
        line = None if form is None else found.fit(form)
        if line is not None:
            artists += _panels.fitted(axes, line, equation(line, by), color=color, lw=1.4)
        axes.set(xlabel=f"${by}$", ylabel="threshold $N$")
        if artists:
            axes.legend(loc="best")
    return artists


def slope(
    rows: Iterable[Row],
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
    found = measure(_checked(rows, label, color, ax), column)
    look = replace(MEASURED, color=color, face=color)
    with canvas.axes_of(ax) as axes:
        artists = _panels.powers(axes, found, look, label or column, unit=1.0)
        _panels.log_sizes(axes, found.n)
        axes.set_ylabel(f"mean of {column}")
        axes.legend(loc="best", title="slope [95 %]")
    return artists


def loss_ratio(
    rows: Iterable[Row],
    *,
    judge: Judge = verdict.by_horizon,
    label: str = "",
    color: str = MEASURED.color,
    ax: Any = None,
) -> list[Any]:
    """Mean of loss at the end over loss at the start, converged runs as 0, against n, with 95 % bootstrap
    intervals; `rows`, `judge` and errors as in `convergence`. Nothing where every run converged.
    """
    found = curve(_checked(rows, label, color, ax), judge)
    look = replace(MEASURED, name=label or "runs", color=color, face=color)
    with canvas.axes_of(ax) as axes:
        artists = _panels.losses(axes, found, look)
        margin = 0.04 * max(found.n[-1] - found.n[0], 1)
        _panels.label_losses(axes, [found], (found.n[0] - margin, found.n[-1] + margin))
    return artists
