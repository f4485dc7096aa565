"""The figure of docs/sensitivity.md, and the numbers that the page gives, from the rows of
`bench_sensitivity.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import pl_native

Row = dict[str, Any]
STYLE = Path(pl_native.__file__).parent / "pl_native.mplstyle"
COLOURS = {60: "#56b4e9", 120: "#0072b2", 300: "#d55e00"}
CAPTURED = {300: "#009e73", 600: "#e69f00", 1000: "#cc79a7", 1700: "k"}
TURNS, THROUGH = "#0072b2", "#d55e00"
JUMP = 5e-3  # of log L, that is seen
CLOSE = 0.01  # distance below which passes are counted
PER_FLIP = 30.0  # passes within a change of the weights, of which one is taken the other way
SMOOTH = 0.05
LATE = 0.1  # of t_inf: up to the first time saved steps are the same whatever times follow
BRANCHED = 3.0  # times what is proportional to eps: from there on copies are on several branches


def draw(rows: Sequence[Row], line: Sequence[Row], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with plt.style.context(STYLE):
        figure = plt.figure(figsize=(14, 9.6))
        above, below = figure.subfigures(2, 1, hspace=0.04)
        picture, right = above.subfigures(1, 2, wspace=0.03, width_ratios=(1, 1.25))
        one_branch(picture.subplots())
        along_a_line(right.subplots(2, 1, sharex=True, height_ratios=(1, 1)), line)
        ladder, judged = below.subplots(1, 2)
        scatter_of_flows(ladder, rows)
        found_against_told(judged, rows)
        figure.savefig(folder / "sensitivity.png", dpi=130)
        plt.close(figure)


def passing(z0: float, s: Any, k: float, J: float) -> Any:
    """z of one pair about the time s = 0 at which it would turn at z0, with acceleration k while it is on,
    and a push J that ends where it goes off.
    """
    z = z0 + 0.5 * k * s**2
    if z0 >= 0:
        return z
    off = -np.sqrt(-2 * z0 / k)
    return np.where(s > off, z - J * (s - off), z)


def one_branch(axis: Any) -> None:
    s = np.linspace(-1.7, 1.7, 800)
    for sign, colour in ((1, TURNS), (-1, THROUGH)):
        for m, z0 in enumerate((0.03, 0.14, 0.3)):
            axis.plot(s, passing(sign * z0, s, 1.0, 1.3), color=colour, alpha=1 - 0.28 * m)
    axis.axhline(0, color="k", linewidth=1)
    axis.set(xlim=(-1.7, 1.7), ylim=(-1.5, 1.5), xlabel="time about the pass", ylabel="$z_{ji}$")
    axis.set_xticks([0])
    axis.set_yticks([0])
    axis.annotate("it turns, just before:\nits push stays", (0, 0.97), color=TURNS, ha="center", fontsize=12)
    axis.annotate("it goes through,\njust so: its push\nis gone", (-1.6, -1.3), color=THROUGH, fontsize=12)
    axis.annotate("", (0, 0.3), (0, 0), arrowprops={"arrowstyle": "<->", "color": "0.3"})
    axis.annotate("distance of the pass", (0, 0.42), color="0.3", ha="center", va="bottom", fontsize=11)
    axis.set_title("A repelling kink decides")


def along_a_line(axes: Any, line: Sequence[Row]) -> None:
    shift, loss, closest = (np.array([row[name] for row in line]) for name in ("shift", "loss", "closest"))
    above, below = axes
    steps = np.abs(np.diff(np.log(loss)))
    small, large = (np.flatnonzero(steps > least) for least in (10 * np.median(steps), JUMP))
    for part in np.split(np.arange(len(shift)), large + 1):
        above.plot(1e3 * shift[part], loss[part], color="k")
    below.semilogy(1e3 * shift, closest, color=TURNS, linewidth=1.2)
    for axis in axes:
        for k in small:
            colour = THROUGH if k in large else "0.6"
            axis.axvline(500 * (shift[k] + shift[k + 1]), color=colour, linewidth=1, linestyle="--")
    above.set(ylabel=r"$L(t_\infty)$", title="The loss jumps where a pass has distance 0 (n = 120)")
    below.set(ylabel="closest pass told", xlabel="change of the initial weights, thousandths of them")
    below.set_xlim(1e3 * shift[0], 1e3 * shift[-1])
    above.figure.align_ylabels()


def scatter_of_flows(axis: Any, rows: Sequence[Row]) -> None:
    """To t_inf, of every draw over what was told, against eps over the closest pass."""
    draws: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        if row["method"] == "flow" and row["share"] == 1.0 and row["close"] > 0:
            draws.setdefault((int(row["n"]), int(row["draw"])), []).append(row)
    labels: set[int] = set()
    for (n, _), mine in sorted(draws.items()):
        mine.sort(key=lambda row: float(row["eps"]))
        x = [row["eps"] / row["closest"] for row in mine]
        y = [row["scatter"] / row["told"] for row in mine]
        label = None if n in labels else f"n = {n}"
        labels.add(n)
        axis.loglog(x, y, ".-", color=COLOURS[n], alpha=0.55, linewidth=1, markersize=5, label=label)
    axis.axhline(1, color="k", linewidth=1)
    axis.axvline(1, color="k", linewidth=1, linestyle=":")
    axis.annotate("scatter told", (0.02, 1.4), xycoords=("axes fraction", "data"), va="bottom")
    axis.annotate("closest pass told", (0.75, 1e-11), ha="right", fontsize=11)
    axis.set(xlabel="change of the weights / closest pass", ylabel="scatter of log L / scatter told")
    axis.set_title("Flows hold together up to the closest pass")
    axis.legend(loc="lower right")


def found_against_told(axis: Any, rows: Sequence[Row]) -> None:
    """Of ensembles of the flow within whose change there are passes, and of capture on another mesh."""
    for n, colour in COLOURS.items():
        mine = [row for row in flows(rows) if row["n"] == n and within(row) >= 1]
        x, y = [expected(row) for row in mine], [row["scatter"] for row in mine]
        axis.loglog(x, y, "o", color=colour, alpha=0.6, markersize=5, label=f"flow, n = {n}")
    for n, colour in CAPTURED.items():
        mine = [row for row in captures(rows, 0.1) if row["n"] == n and row["share"] > LATE]
        x, y = [expected(row) for row in mine], [row["furthest"] for row in mine]
        axis.loglog(x, y, "x", color=colour, markeredgewidth=2, label=f"capture, n = {n}")
    span = np.array([1e-5, 1.0])
    axis.plot(span, span, color="k", linewidth=1)
    axis.fill_between(span, span / 10, span * 10, color="k", alpha=0.06, linewidth=0)
    axis.annotate("a factor\nof ten", (0.2, 2.5e-2), color="0.35", fontsize=11)
    axis.set(
        xlabel="scatter of log L expected, from one run", ylabel="found", xlim=(5e-5, 0.5), ylim=(1e-6, 20)
    )
    axis.set_title("What one run tells of many")
    axis.legend(loc="upper left", ncols=2, fontsize=10)


def flows(rows: Sequence[Row]) -> list[Row]:
    """Those that tell passes, off by little enough that all else is proportional to eps."""
    return [row for row in rows if row["method"] == "flow" and row["close"] > 0 and row["eps"] < SMOOTH]


def captures(rows: Sequence[Row], rtol: float) -> list[Row]:
    return [row for row in rows if row["method"] == "capture" and row["rtol"] == rtol and row["eps"] < 1e-9]


def within(row: Row) -> float:
    """Passes closer than eps, by their density."""
    return float(row["close"] * row["eps"] / CLOSE)


def expected(row: Row) -> float:
    """Scatter of log L over copies, or, of capture, its own error by branches."""
    flips = row["flips"] if row["method"] == "capture" else within(row) / PER_FLIP
    return float(row["told"] * -np.expm1(-flips))


def quantiles(values: Sequence[float]) -> str:
    """10 %, the median and 90 %, as cells of a table."""
    return " | ".join(f"{q:.2g}" for q in np.quantile(np.array(values), (0.1, 0.5, 0.9)))


def summary(rows: Sequence[Row]) -> list[str]:
    """Lines of the page's tables."""
    return [*sizes(rows), *changes(rows), *meshes(rows)]


def sizes(rows: Sequence[Row]) -> list[str]:
    """Of flows to t_inf by size: passes, and how far copies are apart that are off by 1e-10."""
    lines = []
    for n in COLOURS:
        mine = [row for row in rows if (row["method"], row["n"], row["share"]) == ("flow", n, 1.0)]
        tiny = [row for row in mine if row["eps"] < 1e-9]
        if not tiny:
            continue
        close, closest = (np.median([row[name] for row in tiny]) for name in ("close", "closest"))
        apart = quantiles([row["scatter"] / row["eps"] for row in tiny])
        n, d, p = (int(tiny[0][name]) for name in "ndp")
        lines.append(f"| {n}, {d}, {p} | {len(tiny)} | {close:.0f} | {closest:.1g} | {apart} |")
    return lines


def changes(rows: Sequence[Row]) -> list[str]:
    """Of flows, all times: found over told, by how many passes the change reaches."""
    lines = []
    mine = flows(rows)
    slope = slopes(mine)
    early = [row for row in mine if row["eps"] < row["closest"]]
    bins = {"below the closest pass": early}
    for low, high in itertools.pairwise((0.1, 1, 10, 30, np.inf)):
        name = f"{low:g} to {high:g}" if high < np.inf else f"{low:g} and more"
        bins[name] = [row for row in mine if low <= within(row) < high]
    for name, those in bins.items():
        ratio = np.array([row["scatter"] / row["told"] for row in those])
        close = [0.1 < row["scatter"] / expected(row) < 10 for row in those]
        right = f"{np.mean(close):.0%}" if those and within(those[0]) >= 1 else "-"
        branched = np.mean([row["scatter"] > BRANCHED * slope[draw_of(row)] * row["eps"] for row in those])
        lines.append(f"| {name} | {len(those)} | {branched:.0%} | {quantiles(ratio)} | {right} |")
    return lines


def draw_of(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("n", "draw", "share"))


def slopes(rows: Sequence[Row]) -> dict[tuple[Any, ...], float]:
    """Scatter over eps at the least eps, by draw and time: what is proportional to eps."""
    ordered = sorted(rows, key=lambda row: -float(row["eps"]))
    return {draw_of(row): row["scatter"] / row["eps"] for row in ordered}


def meshes(rows: Sequence[Row]) -> list[str]:
    """Of capture to t_inf: what it tells, how far it is off on another mesh, and copies off by 1e-10."""
    lines = []
    for rtol, n in itertools.product((0.1, 0.01), CAPTURED):
        mine = [row for row in captures(rows, rtol) if row["n"] == n and row["share"] == 1.0]
        if not mine:
            continue
        told, flips = (np.median([row[name] for row in mine]) for name in ("told", "flips"))
        n, d, p = (int(mine[0][name]) for name in "ndp")
        apart, tiny = (quantiles([row[name] for row in mine]) for name in ("furthest", "scatter"))
        head = f"| {n}, {d}, {p} | {rtol:g} | {len(mine)} | {told:.2g} | {flips:.2g}"
        lines.append(f"{head} | {apart} | {tiny} |")
    return lines
