"""What Experiment 1 beyond its horizon runs, and the times whose losses it keeps."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pl_native._base import checks
from pl_native._problem import Stop
from pl_native._run import time_grid
from pl_native.experiments.verdict import FOLLOWED
from pl_native.protocol import horizon
from pl_native.sweep import Cell, width

METHODS = (("capture", 1e-1), ("capture", 1e-3), ("euler", 1.0), ("euler", 0.5), ("euler", 0.25))
"""Methods with their rtol or step; in their order, as the cheap ones come first."""

ATOL = 1e-2
"""Error of the loss allowed, in units of the first loss: late losses differ between branches, and no
tolerance would settle which of them is taken."""

END = 1000.0
"""t_inf at which a run is given up."""

MOST_STEPS = 60_000
"""Of Euler."""

MOMENTS = (600, 700, 800)
CURVE = tuple(10 ** (k / 10) for k in range(-20, 31))
MULTIPLES = sorted({*CURVE, 2.0, 4.0})


@dataclass(frozen=True, slots=True)
class Grid:
    """A preset: these n, each brought to the `stages` (in t_inf) one after the other, `draws` times."""

    n: tuple[int, ...]
    stages: tuple[float, ...]
    draws: int
    d: int = 100


PRESETS = {
    "quick": Grid((1700, 2000), (8.0,), 1),
    "flow": Grid((1700, 2000, 2500, 3000, 3500, 4000), (8.0, 30.0, 100.0, 300.0, END), 3),
}


BESIDE = {"flow": ("proofs",)}
"""Experiments that are reproduced with this one, before it: what is proved of the flow across n = p d."""


def tasks(preset: str) -> list[Cell]:
    """Cells of a preset, stage by stage: what is there is even over sizes. ValueError for an unknown preset.

    A later stage is the same runs to a later horizon; `run` takes them on from where they are.
    """
    checks.choice("preset", preset, tuple(PRESETS))
    grid = PRESETS[preset]
    cells = [
        _cell(n, grid, stage, method, setting)
        for stage in grid.stages
        for n in grid.n
        for method, setting in METHODS
    ]
    return list(dict.fromkeys(cells))  # Euler's stages end at its number of steps


def _cell(n: int, grid: Grid, stage: float, method: str, setting: float) -> Cell:
    p, euler = width(n, 1), method == "euler"
    end = stage * horizon(n, p)
    if euler:  # to a step, which is then the last time kept
        end = setting * min(time_grid.n_steps(end, setting), MOST_STEPS)
    accuracy = {"step": setting} if euler else {"rtol": setting, "atol": ATOL}
    return Cell(
        n=n,
        d=grid.d,
        p=p,
        initialisation="torch_linear",
        replicates=grid.draws,
        dtype="float32" if euler else "float64",
        method=method,
        t_end=end,
        stop=Stop(loss=FOLLOWED / (2 * n), stall=1e-6),
        **accuracy,  # type: ignore[arg-type]
    )


def kept_times(t_inf: float = math.nan) -> dict[str, float]:
    """Columns of losses, each with its flow time: at fixed times and at multiples of t_inf."""
    fixed = {f"loss_{t}": float(t) for t in MOMENTS}
    return fixed | {column(k): k * t_inf for k in MULTIPLES}


def column(multiple: float) -> str:
    """Of the losses at this multiple of t_inf."""
    return f"loss_{multiple:.4g}_t_inf"
