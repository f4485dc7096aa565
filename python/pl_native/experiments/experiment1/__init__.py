"""Experiment 1 beyond its horizon: the flow itself beside gradient descent at three steps.

d = 100, width 1x, torch_linear. Each network is followed by capture at two tolerances (their difference shows
how much branches matter) and by Euler in float32, as published, until the loss is 1e-6 of the criterion's
level or the run stalls, at most to 1000 t_inf or, Euler, 60 000 steps. Runs go there in stages (`run`).

    tasks(preset) -> cells, stage by stage     summarise(rows) -> Summary     draw(summary, axes) -> artists

The tables and findings of docs/experiment1.md are `summarise(stored("docs/results/experiment1")).table()`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pl_native.experiments._rows import real
from pl_native.experiments.experiment1 import tables
from pl_native.experiments.experiment1.findings import curve, edges, finding_1, finding_2, tails
from pl_native.experiments.experiment1.follow import DETAILS, run
from pl_native.experiments.experiment1.presets import BESIDE, METHODS, PRESETS, tasks
from pl_native.experiments.experiment1.states import states
from pl_native.experiments.verdict import FOLLOWED
from pl_native.store import Row
from pl_native.store.details import Details
from pl_native.store.row_text import read_columns, write_columns

COMPACT = ("id", "d", "n", "p", "initialisation", "dtype", "method", "step", "rtol", "atol", "horizon",
           "stop_loss", "stop_stall", "numerics", "seed", "cell", "replicate", "status", "t_end",
           "loss_start", "loss_end", "first_rise", "criterion_time", "criterion_level",
           "seconds")  # fmt: skip
"""The store's columns that the files under docs/results/experiment1 keep."""

_DASHES = {1e-3: "-", 1e-1: "--", 1.0: "-"}
_PANELS = (("capture", (1e-3, 1e-1), "flow"), ("euler", (1.0,), "Euler, step 1"))


@dataclass(frozen=True, slots=True)
class Summary:
    """The runs, each where it was followed to: rows of the store with their details."""

    rows: tuple[Row, ...]

    def table(self) -> str:
        """Tables and findings with their intervals, as Markdown. Times are in units of t_inf."""
        rows = self.rows
        parts = [tables.overview(rows), "## Findings\n", finding_1(rows), finding_2(rows), tails(rows)]
        parts += [states(rows), edges(rows), "## Times, costs and verdicts\n", tables.outcomes(rows)]
        return "\n".join(part for part in parts if part)


def summarise(rows: Sequence[Row]) -> Summary:
    """Of rows with their details (those of `run`, or `stored`), in any order; of a run its last stage."""
    last: dict[tuple[object, ...], Row] = {}
    for row in sorted(rows, key=lambda row: real(row, "horizon")):
        last[row["d"], *tables.order(row)] = row
    return Summary(tuple(sorted(last.values(), key=tables.order)))


def stored(folder: str | os.PathLike[str]) -> list[Row]:
    """The rows of a folder of compact files, `rows.csv` and `details.csv`."""
    return Details(Path(folder), DETAILS).attach(read_columns(Path(folder) / "rows.csv"))


def keep(summary: Summary, folder: str | os.PathLike[str]) -> None:
    """Write the rows of a summary to `folder` as compact files that `stored` reads."""
    write_columns(Path(folder) / "rows.csv", summary.rows, COMPACT)
    Details(Path(folder), DETAILS).write(summary.rows)


def draw(summary: Summary, axes: Sequence[Sequence[Any]]) -> list[Any]:
    """Loss over the criterion's level against time: left the flow, right Euler with step 1; `axes[0]`
    is the pair."""
    artists: list[Any] = []
    axes[0][1].sharex(axes[0][0])
    axes[0][1].sharey(axes[0][0])
    listed = tables.sizes(summary.rows)
    for ax, (method, settings, title) in zip(axes[0], _PANELS, strict=True):
        for row in tables.select(summary.rows, method=method):
            if tables.setting(row) in settings:
                artists += _line(ax, row, f"C{listed.index(int(row['n'] or 0))}")
        artists += [
            ax.axhline(level, color="0.5", lw=0.8, ls=ls) for level, ls in ((1.0, "-"), (FOLLOWED, ":"))
        ]
        artists.append(ax.axvline(1.0, color="0.5", lw=0.8))
        ax.set(xscale="log", yscale="log", xlabel=r"$t/t_\infty$", ylabel="loss / level of the criterion")
        ax.set_title(title, loc="left")
    handles = [axes[0][1].plot([], [], color=f"C{k}", label=f"$n = {n}$")[0] for k, n in enumerate(listed)]
    axes[0][1].legend(handles=handles, loc="lower left")
    return artists


def _line(ax: Any, row: Row, color: str) -> list[Any]:
    known = [(t, loss / real(row, "criterion_level")) for t, loss in curve(row)]
    if len(known) < 2:
        return []
    if tables.ends(row) > known[-1][0]:
        known.append((tables.ends(row), tables.height(row)))
    width, alpha = (1.4, 1.0) if row["replicate"] == 0 else (0.8, 0.4)
    found: list[Any] = ax.plot(
        *zip(*known, strict=True), _DASHES[tables.setting(row)], color=color, lw=width, alpha=alpha
    )
    return found


__all__ = [
    "BESIDE",
    "COMPACT",
    "METHODS",
    "PRESETS",
    "Summary",
    "draw",
    "keep",
    "run",
    "stored",
    "summarise",
    "tasks",
]
