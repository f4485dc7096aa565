"""Figures: the package's style, the axes, the files. matplotlib is imported when a function is called.

`convergence`, `loss_ratio`, `threshold` and `slope` draw rows of any sweep, a user's own or a figure's, on
`ax=` (a new figure without it) and return the artists they added. `figure1` to `figure6` are the paper's.
"""

from pl_native.plots.bounds import trajectory
from pl_native.plots.canvas import available, save, style
from pl_native.plots.check_panels import panel, panel_svg
from pl_native.plots.paper import (
    FIGURES,
    FILMS,
    beyond_the_horizon,
    figure1,
    figure2,
    figure3,
    figure4,
    figure5,
    figure6,
    film,
    proofs_by_size,
)
from pl_native.plots.sweeps import convergence, loss_ratio, slope, threshold

__all__ = [
    "FIGURES",
    "FILMS",
    "available",
    "beyond_the_horizon",
    "convergence",
    "figure1",
    "figure2",
    "figure3",
    "figure4",
    "figure5",
    "figure6",
    "film",
    "loss_ratio",
    "panel",
    "panel_svg",
    "proofs_by_size",
    "save",
    "slope",
    "style",
    "threshold",
    "trajectory",
]
