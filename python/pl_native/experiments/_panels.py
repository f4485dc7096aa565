"""Marks on given axes, shared by the figures. Nothing here creates a figure, sets a style or imports
matplotlib. Colours are those of Okabe and Ito, which colour-blind readers tell apart.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pl_native._base.checks import Array
from pl_native.experiments._convergence import Curve
from pl_native.experiments._power_laws import Measure
from pl_native.experiments._scaling import Points
from pl_native.stats import Fit, Proportion, hoeffding

MARK = "#555555"

BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"


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


MEASURED = Look("ours", BLUE, "s", BLUE, "-", 1.8, 0.0)
PUBLISHED = Look("published", VERMILION, "o", "white", "--", 1.4, -0.007)

_MEASURED = {
    "torch_linear": replace(MEASURED, name="ours, $W$ uniform"),
    "asymmetric": Look("ours, $W$ Gaussian", GREEN, "D", GREEN, "-.", 1.4, 0.007),
}


def measured_look(initialisation: str) -> Look:
    """The look of our runs from an initialisation, named by the law of W."""
    return _MEASURED.get(initialisation, replace(MEASURED, name=f"ours, {initialisation}"))


def hollow(look: Look) -> Look:
    """The same look with empty marks, moved a little."""
    return replace(look, face="white", marker="v", shift=look.shift + 0.012)


def ramp(count: int) -> list[tuple[float, float, float]]:
    """`count` colours from dark violet over green to yellow, of rising lightness: an order of sizes."""
    stops = np.array(
        [[0.27, 0.0, 0.33], [0.23, 0.32, 0.55], [0.13, 0.57, 0.55], [0.37, 0.74, 0.35], [0.87, 0.78, 0.1]]
    )
    at = np.linspace(0.0, 4.0, max(count, 1))
    channels = [np.interp(at, np.arange(5.0), stops[:, k]) for k in range(3)]
    return [(float(r), float(g), float(b)) for r, g, b in zip(*channels, strict=True)]


def bars(estimates: Array, low: Array, high: Array) -> Array:
    """Lengths (2, m) of error bars between the ends of intervals; 0 where an end is infinite."""
    lengths = np.abs(np.stack([estimates - low, high - estimates]))
    return np.where(np.isfinite(lengths), lengths, 0.0)


def shares(
    ax: Any, curve: Curve, look: Look, interval: Callable[[Proportion], Proportion] | None = None
) -> list[Any]:
    """P(converged) against n with intervals, as the curve has them or as `interval` makes them."""
    found = [share if interval is None else interval(share) for share in curve.probability]
    share = np.array([q.estimate for q in found])
    ends = np.array([(q.interval.low, q.interval.high) for q in found]).T
    style = {"fmt": look.marker, "color": look.color, "mfc": look.face, "elinewidth": 0.8 * look.width}
    n = _shifted(curve, curve.n, look)
    return [ax.errorbar(n, share, bars(share, *ends), capsize=3, label=curve_label(curve, look), **style)]


def as_published(share: Proportion) -> Proportion:
    """The same runs with the paper's error bars."""
    return hoeffding(share.successes, share.trials)


def logistic(ax: Any, curve: Curve, look: Look) -> list[Any]:
    """The fitted logistic, its N and its interval."""
    threshold, artists = curve.threshold, []
    low, high = threshold.interval.low, threshold.interval.high
    if math.isfinite(threshold.estimate):
        n = np.linspace(curve.n[0], curve.n[-1], 801)
        artists += ax.plot(n, threshold.probability(n), look.line, color=look.color, lw=look.width)
    if math.isfinite(low) and math.isfinite(high):
        artists.append(ax.axvspan(low, high, color=look.color, alpha=0.15, lw=0))
    return artists


def label_probability(ax: Any, law: str = "P(loss < 1/(2n) by the horizon)") -> None:
    """Axes of a panel of P(converged) against n."""
    ax.set(xlabel="number of points $n$", ylabel=law, ylim=(-0.04, 1.04))
    ax.set_title("Convergence", loc="left")


def losses(ax: Any, curve: Curve, look: Look) -> list[Any]:
    """Loss ratio against n, logarithmic, with bootstrap intervals; not where every run converged."""
    n, mean, ends = _positive(curve)
    if not n.size:
        return []
    known = np.isfinite(ends[1]).any()
    low = np.where(np.isfinite(ends[0]), np.maximum(ends[0], 1e-300), -math.inf)
    style = {"fmt": look.marker + look.line, "color": look.color, "mfc": look.face, "lw": 0.8 * look.width}
    label = f"{look.name}, 95 % bootstrap" if known else f"{look.name}, means only"
    return [
        ax.errorbar(_shifted(curve, n, look), mean, bars(mean, low, ends[1]), label=label, capsize=3, **style)
    ]


def label_losses(ax: Any, curves: Sequence[Curve], limits: tuple[float, float]) -> None:
    """Axes of a panel of loss ratios over `limits` of n; bars that reach zero leave through its floor."""
    means = [mean.estimate for curve in curves for mean in curve.loss_ratio if mean.estimate > 0]
    ax.set_yscale("log")
    if means:
        ax.set_ylim(0.4 * min(means), 2.2 ** len(curves) * max(means))  # room for the legend
        ax.legend(loc="upper left")
    ax.set(xlabel="number of points $n$", ylabel=r"mean of $L_\mathrm{end}/L_\mathrm{start}$ (converged: 0)")
    ax.set_xlim(*limits)
    ax.set_title("Loss ratio", loc="left")


def points(ax: Any, these: Points, look: Look, label: str, *, over: bool = False) -> list[Any]:
    """Thresholds N against a size with 95 % bars (or N/size where `over`); nothing without points."""
    if not these.x.size:
        return []
    unit = these.x if over else np.ones_like(these.x)
    half = None if these.errors is None else 1.96 * these.errors / unit
    x = these.x + look.shift * np.ptp(these.x)
    style = {"fmt": look.marker, "color": look.color, "mfc": look.face}
    return [ax.errorbar(x, these.n / unit, half, capsize=3, label=label, **style)]


def fitted(ax: Any, found: Fit, label: str | None, style: str = "-", **how: Any) -> list[Any]:
    """A fitted curve over its range."""
    x = np.geomspace(found.x.min(), found.x.max(), 201)
    drawn: list[Any] = ax.plot(x, found(x), style, label=label, **how)
    return drawn


def powers(
    ax: Any, found: Measure, look: Look, label: str, more: str = "", unit: float | None = None
) -> list[Any]:
    """Means over runs with 95 % intervals against n in logarithms, and the line of their slope; over `unit`
    if given, with the slope in the label.
    """
    scale = 1.0 if unit is None else unit
    means = np.array([mean.estimate for mean in found.means]) / scale
    ends = np.array([(mean.interval.low, mean.interval.high) for mean in found.means]).T / scale
    artists: list[Any] = []
    if found.slope is not None:
        if unit is not None:
            low, high = found.slope.interval.low, found.slope.interval.high
            label = f"{label}: {found.slope.slope:.2f} [{low:.2f}, {high:.2f}]{more}"
        line = np.exp(found.slope.intercept + found.slope.slope * np.log(found.n)) / scale
        artists += ax.plot(found.n, line, look.line, color=look.color, lw=look.width)
    style = {"fmt": look.marker, "color": look.color, "mfc": look.face, "ms": 5}
    artists.append(ax.errorbar(found.n, means, bars(means, *ends), capsize=3, label=label, **style))
    ax.set(xscale="log", yscale="log")
    return artists


def log_sizes(ax: Any, n: Array) -> None:
    """A logarithmic axis of n with a few of them as ticks, written out."""
    wanted = np.geomspace(n[0], n[-1], 5)
    near = sorted({int(n[np.argmin(np.abs(n - one))]) for one in wanted})
    apart = 0.6 * math.log(wanted[1] / wanted[0])  # nearer than this, labels of four digits touch
    ticks = near[:1] + [b for a, b in itertools.pairwise(near) if math.log(b / a) >= apart]
    ax.set_xscale("log")
    ax.set_xticks(ticks, [f"{tick}" for tick in ticks])
    ax.xaxis.set_tick_params(which="minor", length=0)
    ax.xaxis.set_minor_formatter(lambda *_: "")
    ax.set_xlabel("number of points $n$")


def family(ax: Any, curve: Curve, unit: float, color: Any, label: str | None) -> list[Any]:
    """One of a family of curves against n/unit: shares, the fitted logistic, N with its 95 % interval."""
    share = [q.estimate for q in curve.probability]
    found = curve.threshold
    fitted = math.isfinite(found.estimate)
    look = {"color": color, "ms": 4, "alpha": 0.5, "label": None if fitted else label}
    artists: list[Any] = ax.plot(curve.n / unit, share, "." if fitted else ".-", **look)
    if not fitted:
        return artists
    n = np.linspace(curve.n[0], curve.n[-1], 201)
    artists += ax.plot(n / unit, found.probability(n), "-", color=color, lw=1.5, label=label)
    ends = np.array([found.interval.low, found.interval.high])
    half = bars(np.array([found.estimate]), ends[:1], ends[1:]) / unit
    style = {"fmt": "o", "color": color, "ms": 4, "capsize": 3, "zorder": 3}
    return [*artists, ax.errorbar([found.estimate / unit], [0.5], xerr=half, **style)]


def family_legend(ax: Any, size: str, curves: Iterable[Curve]) -> None:
    """The legend of a family of curves, in room made for it on the right; how many runs there are."""
    low, high = ax.get_xlim()
    ax.set_xlim(low, high + 0.3 * (high - low))
    ax.legend(title=f"{size}; bars: $N$", loc="upper right", borderaxespad=0.0)
    runs = sorted({int(m) for curve in curves for m in curve.runs})
    many = f"{runs[0]}" if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
    ax.set_title(f"{many} runs per $n$", loc="right", fontsize="small")


def chance(p_value: float) -> str:
    """A p-value in a label."""
    return "p < 0.001" if p_value < 1e-3 else f"p = {p_value:.2g}"


def mark_interpolation(ax: Any, width: Callable[[int], int], d: int) -> list[Any]:
    """n = d p(n), beyond C times which nothing interpolates: a line, or an arrow to where it lies."""
    size = d
    while d * width(size + 1) > size:
        size += 1
    low, high = ax.get_xlim()
    if low < size < high:
        line = ax.axvline(size, color=MARK, ls=":", lw=1.4)
        return [line, ax.annotate(f"$n = d\\,p = {size}$", (size, 0.5), rotation=90, color=MARK, ha="right")]
    side = 1.0 if size >= high else 0.0
    text = ax.annotate(
        f"$n = d\\,p$ at {size}",
        xy=(side, 0.36),
        xytext=(abs(side - 0.05), 0.36),
        xycoords="axes fraction",
        textcoords="axes fraction",
        ha="right" if side else "left",
        va="center",
        color=MARK,
        arrowprops={"arrowstyle": "->", "color": MARK},
    )
    return [text]


def curve_label(curve: Curve, look: Look) -> str:
    """Who, how many runs, and where N is."""
    few, most = int(curve.runs.min()), int(curve.runs.max())
    runs = f"{few}" if few == most else f"{few} to {most}"
    where = f"$N$ {curve.threshold.located('.0f')}"
    paper = "" if math.isnan(curve.estimator) else f"\npaper's estimator: {curve.estimator:.0f}"
    return f"{look.name}, {runs} runs per $n$\n{where}{paper}"


def _shifted(curve: Curve, n: Array, look: Look) -> Array:
    places: Array = n + look.shift * (curve.n[-1] - curve.n[0])
    return places


def _positive(curve: Curve) -> tuple[Array, Array, Array]:
    """n, loss ratio and the ends of its interval where it is positive."""
    keep: Sequence[int] = [i for i, mean in enumerate(curve.loss_ratio) if mean.estimate > 0.0]
    mean = np.array([curve.loss_ratio[i].estimate for i in keep])
    ends = np.array([(curve.loss_ratio[i].interval.low, curve.loss_ratio[i].interval.high) for i in keep])
    return curve.n[keep], mean, ends.reshape(-1, 2).T
