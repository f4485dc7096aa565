"""Marks on given axes, shared by the figures. Nothing here creates a figure, sets a style
or imports matplotlib.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pl_native._base.checks import Array
from pl_native.experiments._convergence import Comparison, Curve

MARK = "#555555"


@dataclass(frozen=True, slots=True)
class Look:
    """How one source of numbers is drawn; `shift` moves its points along n, as a fraction of its range."""

    name: str
    color: str
    marker: str
    face: str
    line: str
    width: float
    shift: float


MEASURED = Look("measured", "#1f5fa8", "s", "#1f5fa8", "-", 1.6, 0.004)
PUBLISHED = Look("published", "#d9822b", "o", "white", "--", 1.2, -0.004)


def probability_panel(ax: Any, comparison: Comparison, width: Callable[[int], int], d: int) -> list[Any]:
    """P(converged) against n with Clopper-Pearson intervals, both fits and thresholds, and n = d p."""
    artists: list[Any] = []
    for curve, look in _sources(comparison):
        artists += _shares(ax, curve, look)
        artists += _fit(ax, curve, look)
    ax.set(xlabel="number of points $n$", ylabel="P(loss < 1/(2n) by the horizon)", ylim=(-0.04, 1.04))
    ax.set_title("Probability of convergence", loc="left")
    artists += _interpolation_mark(ax, width, d)
    ax.legend(loc="upper right", handlelength=1.2, borderaxespad=0.2)
    return artists


def loss_panel(ax: Any, comparison: Comparison) -> list[Any]:
    """Loss ratio against n, logarithmic, with bootstrap intervals; not where every run converged."""
    artists: list[Any] = []
    ax.set_yscale("log")
    means = []
    for curve, look in _sources(comparison):
        n, mean, ends = _positive(curve)
        known = np.isfinite(ends[1])
        bars = np.where(known, np.abs(np.stack([mean - np.maximum(ends[0], 1e-300), ends[1] - mean])), 0.0)
        style = {"fmt": look.marker + look.line, "color": look.color, "mfc": look.face, "lw": look.width}
        label = f"{look.name}, 95 % bootstrap" if known.any() else f"{look.name}, means only"
        artists.append(ax.errorbar(_shifted(curve, n, look), mean, bars, label=label, capsize=3, **style))
        means += mean.tolist()
    if means:  # a bar that reaches zero leaves the panel through its floor
        ax.set_ylim(0.4 * min(means), 2.5 * max(means))
    low, high = comparison.measured.n[0], comparison.measured.n[-1]
    margin = 0.04 * max(high - low, 1)
    ax.set(xlabel="number of points $n$", ylabel=r"mean of $L_\mathrm{end}/L_\mathrm{start}$ (converged: 0)")
    ax.set_xlim(low - margin, high + margin)
    ax.set_title("Loss ratio", loc="left")
    ax.legend(loc="lower right")
    return artists


def _sources(comparison: Comparison) -> list[tuple[Curve, Look]]:
    """Published first: the measurement is drawn over it."""
    theirs = [] if comparison.published is None else [(comparison.published, PUBLISHED)]
    return [*theirs, (comparison.measured, MEASURED)]


def _shifted(curve: Curve, n: Array, look: Look) -> Array:
    places: Array = n + look.shift * (curve.n[-1] - curve.n[0])
    return places


def _label(curve: Curve, look: Look) -> str:
    few, most = int(curve.runs.min()), int(curve.runs.max())
    runs = f"{few}" if few == most else f"{few} to {most}"
    where = f"N {curve.threshold.located('.0f')}"
    paper = "" if math.isnan(curve.estimator) else f"\npaper's estimator: {curve.estimator:.0f}"
    return f"{look.name}, {runs} runs per n\n{where}{paper}"


def _shares(ax: Any, curve: Curve, look: Look) -> list[Any]:
    share = np.array([q.estimate for q in curve.probability])
    ends = np.array([(q.interval.low, q.interval.high) for q in curve.probability]).T
    bars = np.abs(np.stack([share - ends[0], ends[1] - share]))
    style = {"fmt": look.marker, "color": look.color, "mfc": look.face, "elinewidth": look.width}
    return [
        ax.errorbar(
            _shifted(curve, curve.n, look), share, bars, capsize=3, label=_label(curve, look), **style
        )
    ]


def _fit(ax: Any, curve: Curve, look: Look) -> list[Any]:
    """The fitted logistic, its N and its interval."""
    fit, artists = curve.threshold, []
    if math.isfinite(fit.estimate):
        n = np.linspace(curve.n[0], curve.n[-1], 801)
        artists += ax.plot(n, fit.probability(n), look.line, color=look.color, lw=look.width)
        artists.append(ax.axvline(fit.estimate, color=look.color, ls=look.line, lw=0.9, alpha=0.7))
    if math.isfinite(fit.interval.low) and math.isfinite(fit.interval.high):
        artists.append(ax.axvspan(fit.interval.low, fit.interval.high, color=look.color, alpha=0.12, lw=0))
    return artists


def _interpolation_mark(ax: Any, width: Callable[[int], int], d: int) -> list[Any]:
    """n = d p(n): a line if it is on the axis, else an arrow to where it lies (interpolation needs
    n < C d p).
    """
    size = d
    while d * width(size + 1) > size:
        size += 1
    low, high = ax.get_xlim()
    if low < size < high:
        line = ax.axvline(size, color=MARK, ls=":", lw=1.2)
        return [line, ax.annotate(f"$n = d\\,p = {size}$", (size, 0.5), rotation=90, color=MARK, ha="right")]
    side = 1.0 if size >= high else 0.0
    text = ax.annotate(
        f"$n = d\\,p$ at {size}",
        xy=(side, 0.56),
        xytext=(abs(side - 0.04), 0.56),
        xycoords="axes fraction",
        textcoords="axes fraction",
        ha="right" if side else "left",
        va="center",
        color=MARK,
        arrowprops={"arrowstyle": "->", "color": MARK},
    )
    return [text]


def _positive(curve: Curve) -> tuple[Array, Array, Array]:
    """n, loss ratio and the ends of its interval where it is positive."""
    keep: Sequence[int] = [i for i, mean in enumerate(curve.loss_ratio) if mean.estimate > 0.0]
    mean = np.array([curve.loss_ratio[i].estimate for i in keep])
    ends = np.array([(curve.loss_ratio[i].interval.low, curve.loss_ratio[i].interval.high) for i in keep])
    return curve.n[keep], mean, ends.reshape(-1, 2).T
