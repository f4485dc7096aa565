"""Figures of the performance page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FixedLocator, NullFormatter, StrMethodFormatter

import pl_native

Row = dict[str, Any]
COLOURS = {"float32": "#0072B2", "float64": "#D55E00"}
WON, LOST, EVEN = "#0072B2", "#D55E00", "0.6"  # colours of a ratio above 1, below 1, not different from 1
FLOOR = 1e-9  # errors below that of the reference are drawn here
STYLE = Path(pl_native.__file__).parent / "pl_native.mplstyle"
TICKS = (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64)
METHODS = {
    "euler": ("#D55E00", "s", "Euler, step 1 .. 1/1024"),
    "euler float32": ("#E69F00", "^", "Euler in float32"),
    "capture": ("#0072B2", "o", "capture, rtol 0.1 .. 1e-5"),
    "flow": ("#009E73", "D", "flow, every event located"),
    "SciPy RK45": ("#CC79A7", "v", "SciPy RK45"),
    "diffrax Tsit5": ("#56B4E9", "x", "diffrax Tsit5"),
}
DRAWN = {"kernel": "rivals", "scaling": "scaling", "orthogonal": "orthogonal", "capture": "work_precision"}
"""question -> file"""


def draw_all(found: dict[str, Row], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    drawers = {"kernel": rivals, "scaling": scaling, "orthogonal": live_pairs, "capture": work_precision}
    for question, draw in drawers.items():
        if question in found:
            figure = draw(found[question]["rows"])
            figure.savefig(folder / f"{DRAWN[question]}.png", dpi=130)
            plt.close(figure)


def rivals(rows: list[Row]) -> Any:
    """Time of each family's best over ours, with the band; one panel per size."""
    chosen = [row for row in rows if row["dtype"] == "float32" and len(row["rivals"]) > 1]
    figure, axes = plt.subplots(
        1, len(chosen), figsize=(4 * len(chosen), 3), squeeze=False, layout="constrained"
    )
    for axis, row in zip(axes[0], chosen, strict=True):
        for k, rival in enumerate(row["rivals"]):
            bar = [[rival["median"] - rival["low"]], [rival["high"] - rival["median"]]]
            colour = WON if rival["median"] > 1 else LOST
            colour = colour if rival["differs"] else EVEN
            axis.errorbar(rival["median"], k, xerr=bar, fmt="o", color=colour, capsize=3)
            if rival["goal"]:
                axis.plot(rival["goal"], k, "|", color="0.4", markersize=16)
        axis.set_yticks(range(len(row["rivals"])), [rival["family"] for rival in row["rivals"]])
        axis.axvline(1, color="0.6", linewidth=1)
        axis.set_xscale("log")
        plain_ticks(axis.xaxis, TICKS)
        axis.set_title(f"n, d, p = {row['n']}, {row['d']}, {row['p']}", fontsize=10)
        axis.set_xlabel("time / time of pl_native (bar: goal)")
        axis.margins(y=0.15)
    figure.suptitle("float32: right of 1 pl_native is faster; grey: no difference", fontsize=10)
    return figure


def scaling(rows: list[Row]) -> Any:
    """Time of a step against size, and throughput relative to the best, one column per sweep."""
    names = list(dict.fromkeys(row["axis"] for row in rows))
    figure, axes = plt.subplots(
        2, len(names), figsize=(4 * len(names), 5.5), sharex="col", squeeze=False, layout="constrained"
    )
    for row in rows:
        time_axis, rate_axis = axes[:, names.index(row["axis"])]
        label = f"{row['dtype']}, slope {row['slope']['median']:.3f}"
        style = {"color": COLOURS[row["dtype"]], "marker": "o", "markersize": 4}
        time_axis.loglog(row["sizes"], [1e6 * s for s in row["seconds_per_step"]], label=label, **style)
        rate_axis.semilogx(row["sizes"], row["relative_throughput"], **style)
        rate_axis.axhline(row["throughput_goal"], color="0.6", linewidth=1, linestyle="--")
        rate_axis.set(xlabel=row["axis"], ylim=(0, 1.05))
        plain_ticks(rate_axis.xaxis, row["sizes"][::2])
        time_axis.yaxis.set_minor_formatter(NullFormatter())
        time_axis.legend(fontsize=8)
    axes[0, 0].set_ylabel("microseconds per step")
    axes[1, 0].set_ylabel("throughput / best (dashed: goal)")
    return figure


def live_pairs(rows: list[Row]) -> Any:
    figure, axis = plt.subplots(figsize=(5, 3.5), layout="constrained")
    for row in rows:
        if row["kind"] == "live pairs":
            label = f"{row['dtype']}, slope {row['slope']['median']:.3f}"
            seconds = [1e6 * s for s in row["seconds_per_step"]]
            axis.loglog(row["pairs"], seconds, "o-", color=COLOURS[row["dtype"]], label=label, markersize=4)
            axis.loglog(
                row["pairs"],
                [1e6 * s for s in row["seconds_per_add"]],
                ":",
                color=COLOURS[row["dtype"]],
                label=f"{row['dtype']}, adding 1 to as many bytes",
            )
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.set(xlabel="live pairs", ylabel="microseconds per step, one thread", title="Orthogonal data")
    axis.legend(fontsize=8)
    return figure


def work_precision(rows: list[Row]) -> Any:
    """Error of the loss against right-hand sides (above) and seconds (below), one column per problem."""
    with plt.style.context(STYLE):
        figure, axes = plt.subplots(
            2, len(rows), figsize=(4.3 * len(rows), 7.2), sharey="all", squeeze=False, layout="constrained"
        )
        for (above, below), row in zip(axes.T, rows, strict=True):
            title = f"n, d, p = {row['n']}, {row['d']}, {row['p']}, t ≤ {row['t_end']:g}"
            above.set_title(
                title + (f"\n{row['draws']} draws, geometric mean" if row["draws"] > 1 else "\none draw")
            )
            above.set_xlabel("right-hand sides")
            below.set_xlabel("seconds, one thread")
            for axis, cost in ((above, _rhs), (below, _seconds)):
                _curves(axis, row["points"], cost)
        for axis in axes[:, 0]:
            axis.set_ylabel("largest relative error of loss(t)")
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
        figure.suptitle("Down and left is better; grey: errors of 1 % to 0.01 %", fontsize=11)
    return figure


def _rhs(point: Row) -> float:
    return float(point["rhs"])


def _seconds(point: Row) -> float:
    return float(point["seconds"]["median"])


def _curves(axis: Any, points: list[Row], cost: Callable[[Row], float]) -> None:
    for method, (colour, marker, label) in METHODS.items():
        mine = [point for point in points if point["method"] == method and point["error"] is not None]
        if not mine:
            continue
        costs, errors = [cost(point) for point in mine], [max(point["error"], FLOOR) for point in mine]
        axis.loglog(
            costs, errors, marker=marker, color=colour, label=label, linestyle="-" if len(mine) > 1 else ""
        )
    axis.axhspan(1e-4, 1e-2, color="0.95", zorder=0)  # the errors of the table


def plain_ticks(axis: Any, ticks: Sequence[float]) -> None:
    """Labels as plain numbers at `ticks`; minor labels of a logarithmic axis would overlap."""
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())
