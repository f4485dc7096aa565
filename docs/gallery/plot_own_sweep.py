"""
Curves, thresholds and slopes of a sweep of one's own
=====================================================

The functions that draw the paper's figures take the rows of any sweep. Here a small one: does the loss fall
below 1/(2n) by the horizon, how does the number of points at which it no longer does grow with the dimension,
and how does the average curvature fall with n on orthogonal data?
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib as mpl
import matplotlib.pyplot as plt

import pl_native as pl
from pl_native import plots

P, RUNS = 12, 30

# %%
# A cell is a law of problems: sizes, horizon, number of runs. Cells make a plan, a plan is run into a folder.
cells = [
    pl.sweep.Cell(
        n=n, d=d, p=P, t_end=pl.horizon(n, P), replicates=RUNS, stop=pl.Stop(loss=1.0 / (2 * n)),
        initialisation="torch_linear",
    )
    for d in (6, 10, 14)
    for n in range(d, 10 * d, d)
]  # fmt: skip
orthogonal = [
    pl.sweep.Cell(
        n=n, d=n, p=pl.minimal_width(n), data="orthogonal", given="well_initialised", replicates=RUNS,
        t_end=20.0 * n, stop=pl.Stop(loss=1e-6 / (2 * n)), initialisation="torch_linear",
    )
    for n in (30, 60, 120, 240)
]  # fmt: skip


def rows_of(listed: list[pl.sweep.Cell], name: str) -> list[pl.store.Row]:
    plan = pl.sweep.plan(listed, seed=1, name=name)
    with TemporaryDirectory() as folder:
        pl.sweep.run(plan, folder, progress=False)
        return pl.store.Store(Path(folder)).rows(plan.ids)


rows, straight = rows_of(cells, "thresholds"), rows_of(orthogonal, "slopes")

# %%
# Each function draws on the axes it is given, and returns the artists.
mpl.rcParams.update({"font.size": 12})
fig, (left, middle, right) = plt.subplots(1, 3, figsize=(15, 4.4), layout="constrained")
for d, color in ((6, "#0072b2"), (14, "#d55e00")):
    plots.convergence([row for row in rows if row["d"] == d], label=f"$d$ = {d}", color=color, ax=left)
plots.threshold(rows, "d", label=f"$p$ = {P}", ax=middle)
plots.slope(straight, "average_pl", label="average $\\mu$", ax=right)

target = Path(__file__).parents[1] / "figures" / "own_sweep.png" if "__file__" in globals() else None
if target is not None:
    fig.savefig(target, dpi=90)
