"""The figure of `experiment1-flow`: loss over the criterion's level against time, from the stored curves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiment1_rows import Row, key_of
from pl_native import plots

LINES = {"0.001": "-", "0.1": "--", "1.0": "-"}
PANELS = (("capture", ("0.001", "0.1"), "flow"), ("euler", ("1.0",), "Euler, step 1"))


def draw(rows: Sequence[Row], curves: Sequence[Row], path: Path) -> None:
    """Two panels, the flow and Euler with step 1, a colour per size."""
    sizes = sorted({row["n"] for row in curves}, key=int)
    ends = {
        key_of(row): (
            float(row["t_end"]) / float(row["t_inf"]),
            float(row["loss_end"]) / float(row["level"]),
        )
        for row in rows
    }
    with plots.style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(10.8, 4.6), layout="constrained")
        axes = figure.subplots(1, 2, sharex=True, sharey=True)
        for ax, (method, settings, title) in zip(axes, PANELS, strict=True):
            for row in curves:
                if row["method"] == method and row["setting"] in settings:
                    _line(ax, row, ends[key_of(row)], f"C{sizes.index(row['n'])}")
            ax.axhline(1.0, color="0.5", lw=0.8)
            ax.axhline(1e-6, color="0.5", lw=0.8, ls=":")
            ax.axvline(1.0, color="0.5", lw=0.8)
            ax.set(xscale="log", yscale="log", title=title, xlabel="t / t_inf")
        axes[0].set_ylabel("loss / level of the criterion")
        handles = [axes[1].plot([], [], color=f"C{k}", label=f"n = {n}")[0] for k, n in enumerate(sizes)]
        axes[1].legend(handles=handles, loc="lower left")
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=130, metadata={"Software": None})


def _line(ax: Any, row: Row, end: tuple[float, float], color: str) -> None:
    known = [(float(t), float(loss)) for t, loss in row.items() if t[0].isdigit() and loss]
    if end[0] > (known[-1][0] if known else 0.0):  # a run stopped at once has no times at all
        known.append(end)
    if not known:
        return
    width, alpha = (1.4, 1.0) if row["draw"] == "0" else (0.8, 0.4)
    times, losses = zip(*known, strict=True)
    ax.plot(times, losses, LINES[row["setting"]], color=color, lw=width, alpha=alpha)
