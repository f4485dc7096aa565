"""Experiment 1 beyond its horizon: the flow itself beside gradient descent at three steps.

d = 100, width 1x, torch_linear. Each network is followed by capture at two tolerances (their difference shows
how much branches matter) and by Euler in float32, as published, until the loss is 1e-6 of the criterion's
level or the run stalls, at most to 1000 t_inf or, Euler, 60 000 steps. Runs go there in stages (`run`).

    tasks(preset) -> cells, stage by stage     summarise(rows) -> Summary     draw(summary, axes) -> artists

docs/experiment1.md is `summarise(stored(docs/results/experiment1)).table()`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pl_native.experiments import _rows
from pl_native.experiments.experiment1 import tables
from pl_native.experiments.experiment1.findings import curve, edges, finding_1, finding_2, tails
from pl_native.experiments.experiment1.follow import run, with_details
from pl_native.experiments.experiment1.presets import END, METHODS, MOST_STEPS, PRESETS, tasks
from pl_native.experiments.experiment1.states import states
from pl_native.experiments.verdict import FOLLOWED
from pl_native.store import Row

COMPACT = ("id", "d", "n", "p", "initialisation", "dtype", "method", "step", "rtol", "atol", "horizon",
           "stop_loss", "stop_stall", "numerics", "seed", "cell", "replicate", "status", "t_end",
           "loss_start", "loss_end", "first_rise", "criterion_time", "criterion_level",
           "seconds")  # fmt: skip
"""The store's columns that the files under docs/results/experiment1 keep."""

INTRODUCTION = """# Experiment 1 beyond its horizon

d = 100, width 1x, `torch_linear`. The paper follows gradient descent (Euler) with step 1 to the horizon
t_inf = 1.5 (sqrt(n p)/4) log(n p). Here each network is followed by the flow itself (`method="capture"`)
until the loss is 1e-6 of the criterion's level, min y^2/(2n) (*converged*), or the run stalls, and by Euler
in float32 with steps 1, 0.5 and 0.25. Times are in units of t_inf.
"""

FIGURE = """![Loss over the criterion's level against time](figures/experiment1.png)

*From the stored curves. Flow: solid rtol 0.001, dashed rtol 0.1; faint: further draws. Grey: the criterion,
1e-6 of it, and the paper's horizon.*
"""

HOW = f"""## How it was made

By `pl-native reproduce experiment1 --preset flow`: one run per row of `results/experiment1/rows.csv`, with
its losses and its state's spectrum in `details.csv` there. Seconds are those of one thread of a busy machine.
A run ends at {END:g} t_inf, or at {MOST_STEPS:,} steps of Euler, if nothing ended it before; the column
"ends" says where. Of several draws the mean is given, and the range [least, largest], which covers the median
of the law with probability 1 - 2^(1-m) for m draws (3 draws: 75 %). Shares have Clopper-Pearson intervals
(95 %); undecided networks widen them to both sides. `1 of 3 > 8`: one of three runs had not got there when it
ended, at 8.

Late losses of one network depend on which branches its repelling kinks take, and no practical tolerance
settles that; capture is therefore run at two tolerances (of the loss, or 1 % of the first loss where that
is more), and what differs between them is not known better than that. That 1e-6 of the level was reached is
claimed with a margin of two estimated errors of the loss: its time is an upper bound.
""".replace(",000", " 000")

_DASHES = {1e-3: "-", 1e-1: "--", 1.0: "-"}
_PANELS = (("capture", (1e-3, 1e-1), "flow"), ("euler", (1.0,), "Euler, step 1"))


@dataclass(frozen=True, slots=True)
class Summary:
    """The runs, each where it was followed to: rows of the store with their details."""

    rows: tuple[Row, ...]

    def table(self) -> str:
        """The page: tables and findings with their intervals, as Markdown."""
        rows = self.rows
        parts = [
            INTRODUCTION,
            tables.overview(rows),
            FIGURE if any(len(curve(row)) > 1 for row in rows) else "",
            "## Findings\n",
        ]
        parts += [finding_1(rows), finding_2(rows), tails(rows), states(rows), edges(rows)]
        parts += ["## Times, costs and verdicts\n", tables.outcomes(rows), HOW, self._origin()]
        return "\n".join(part for part in parts if part)

    def _origin(self) -> str:
        """Which rows an earlier state of the code has made."""
        early = [row for row in self.rows if row["numerics"] is None]
        if not early:
            return ""
        draws = ", ".join(sorted({str(row["replicate"]) for row in early}))
        return (
            f"{len(early)} of the {len(self.rows)} rows (draws {draws}; without `numerics`) are of an "
            "earlier build, which\nended every run at 8 t_inf and kept no curves.\n"
        )


def summarise(rows: Sequence[Row]) -> Summary:
    """Of rows with their details (those of `run`, or `stored`), in any order; of a run its last stage."""
    last: dict[tuple[object, ...], Row] = {}
    for row in sorted(rows, key=lambda row: _rows.real(row, "horizon")):
        last[row["d"], *tables.order(row)] = row
    return Summary(tuple(sorted(last.values(), key=tables.order)))


def stored(folder: str | os.PathLike[str]) -> list[Row]:
    """The rows of a folder of compact files, `rows.csv` and `details.csv`."""
    return with_details(_rows.read(Path(folder) / "rows.csv"), Path(folder) / "details.csv")


def draw(summary: Summary, axes: Sequence[Sequence[Any]]) -> list[Any]:
    """Loss over the criterion's level against time: left the flow, right Euler with step 1; `axes[0]` is the
    pair."""
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
    known = [(t, loss / _rows.real(row, "criterion_level")) for t, loss in curve(row)]
    if len(known) < 2:
        return []
    if tables.ends(row) > known[-1][0]:
        known.append((tables.ends(row), tables.height(row)))
    width, alpha = (1.4, 1.0) if row["replicate"] == 0 else (0.8, 0.4)
    found: list[Any] = ax.plot(
        *zip(*known, strict=True), _DASHES[tables.setting(row)], color=color, lw=width, alpha=alpha
    )
    return found


__all__ = ["COMPACT", "METHODS", "PRESETS", "Summary", "draw", "run", "stored", "summarise", "tasks"]
