"""The figure of docs/sensitivity.md, and the numbers that the page gives, from the rows of
`bench_sensitivity.py`.
"""

from __future__ import annotations

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
FAR = 30.0  # closest passes
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


def ends(rows: Sequence[Row], method: str = "flow") -> dict[tuple[int, int], list[Row]]:
    """Rows at t_inf by size and draw, least eps first."""
    found: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        if row["method"] == method and row["share"] == 1.0:
            found.setdefault((int(row["n"]), int(row["draw"])), []).append(row)
    return {key: sorted(mine, key=lambda row: float(row["eps"])) for key, mine in found.items()}


def scatter_of_flows(axis: Any, rows: Sequence[Row]) -> None:
    """Of every draw over what was told, against eps over the closest pass."""
    labels: set[int] = set()
    for (n, _), mine in sorted(ends(rows).items()):
        x = [row["eps"] / row["closest"] for row in mine]
        y = [row["scatter"] / row["told"] for row in mine]
        label = None if n in labels else f"n = {n}"
        labels.add(n)
        axis.loglog(x, y, ".-", color=COLOURS[n], alpha=0.55, linewidth=1, markersize=5, label=label)
    axis.axhline(1, color="k", linewidth=1)
    axis.axvline(1, color="k", linewidth=1, linestyle=":")
    axis.annotate("scatter told", (0.02, 1.25), xycoords=("axes fraction", "data"), va="bottom")
    axis.set(xlabel="change of the weights / closest pass", ylabel="scatter of log L / scatter told")
    axis.set_title("Flows hold together up to the closest pass")
    axis.legend(loc="lower right")


def found_against_told(axis: Any, rows: Sequence[Row]) -> None:
    """Of ensembles of the flow that are off by far more than the closest pass, and of capture on another
    mesh; at each of the three times.
    """
    for n, colour in COLOURS.items():
        mine = [row for row in rows if row["method"] == "flow" and row["n"] == n and is_far(row)]
        axis.loglog(*pairs(mine, "scatter"), "o", color=colour, alpha=0.7, label=f"flow, n = {n}")
    for n, colour in CAPTURED.items():
        mine = [row for row in rows if is_captured(row, n)]
        axis.loglog(*pairs(mine, "furthest"), "x", color=colour, label=f"capture, n = {n}")
    span = np.array([1e-4, 1.0])
    axis.plot(span, span, color="k", linewidth=1)
    axis.fill_between(span, span / 10, span * 10, color="k", alpha=0.06, linewidth=0)
    axis.set(xlabel="scatter of log L told", ylabel="found", xlim=(5e-4, 0.4), ylim=(1e-5, 3))
    axis.set_title("What one run tells of many")
    axis.legend(loc="lower right", ncols=2, fontsize=10)


def is_far(row: Row) -> bool:
    """Copies have gone FAR times the closest pass, at least, by a time before which there was one."""
    return bool(row["closest"] < np.inf and row["eps"] > FAR * row["closest"] and row["eps"] < 0.1)


def is_captured(row: Row, n: int) -> bool:
    return bool(row["method"] == "capture" and row["rtol"] == 0.1 and row["n"] == n and row["eps"] < 1e-9)


def pairs(rows: Sequence[Row], found: str) -> tuple[list[float], list[float]]:
    return [row["told"] for row in rows], [row[found] for row in rows]


def parting(mine: Sequence[Row]) -> float:
    """The least eps at which copies are on several branches; NaN: none of those tried."""
    base = mine[0]["scatter"] / mine[0]["eps"]
    return next((row["eps"] for row in mine if row["scatter"] > BRANCHED * base * row["eps"]), np.nan)


def quantiles(values: Sequence[float]) -> str:
    low, middle, high = np.quantile(np.array(values), (0.1, 0.5, 0.9))
    return f"{low:.2g} | {middle:.2g} | {high:.2g}"


def summary(rows: Sequence[Row]) -> list[str]:
    """Lines of the page's tables: 10 %, median and 90 % over the draws, at t_inf."""
    lines = []
    for n in COLOURS:
        flows = [mine for (size, _), mine in ends(rows).items() if size == n]
        if not flows:
            continue
        tiny = [mine[0]["scatter"] / mine[0]["eps"] for mine in flows]
        lines.append(f"| flow {n}, scatter at 1e-10, of it | {len(tiny)} | {quantiles(tiny)} |")
        laddered = [mine for mine in flows if len(mine) > 3]
        part = [parting(mine) / mine[0]["closest"] for mine in laddered if parting(mine) > 0]
        lines.append(f"| flow {n}, branch at, of the closest pass | {len(part)} | {quantiles(part)} |")
        for over in (10.0, 100.0):
            far = [
                min(mine, key=lambda row: abs(np.log(row["eps"] / (over * row["closest"]))))
                for mine in laddered
                if mine[0]["closest"] < np.inf
            ]
            ratio = [row["scatter"] / row["told"] for row in far]
            lines.append(
                f"| flow {n}, at {over:g} closest passes, of what is told | {len(far)} | {quantiles(ratio)} |"
            )
    for rtol in (0.1, 0.01):
        for n in (300, 600, 1000, 1700):
            mine = [
                d
                for (size, _), d in ends([r for r in rows if r["rtol"] == rtol], "capture").items()
                if size == n
            ]
            if mine:
                tiny = [d[0]["scatter"] for d in mine]
                apart = [d[0]["furthest"] / d[0]["told"] for d in mine]
                lines.append(
                    f"| capture {n}, rtol {rtol:g}, scatter at 1e-10 | {len(tiny)} | {quantiles(tiny)} |"
                )
                lines.append(
                    f"| capture {n}, rtol {rtol:g}, other mesh, of what is told | {len(apart)} | {quantiles(apart)} |"
                )
    return lines
