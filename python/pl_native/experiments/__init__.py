"""The paper's figures, one module each, with the same three functions.

    tasks(preset)         -> list of `sweep.Cell`: what is run
    summarise(rows)       -> the numbers of the figure, each with its interval and its number of runs
    draw(summary, axes)   -> the figure's artists, on axes given

A summary also offers `table()`, measured beside published. Figures are rebuilt from rows alone.
"""

from __future__ import annotations

from types import ModuleType

from pl_native._base import checks
from pl_native.experiments import fig3, fig4

AVAILABLE: dict[str, ModuleType] = {"fig3": fig3, "fig4": fig4}
FIGURES = ("fig1", "fig2", "fig3", "fig4", "fig5", "fig6")
PRESETS = ("quick", "paper", "flow")


def experiment(figure: str) -> ModuleType:
    """The module of one figure; ValueError for names that do not exist or are not available yet."""
    checks.choice("figure", figure, FIGURES)
    if figure not in AVAILABLE:
        raise ValueError(
            f"figure: {figure!r} is not available in this version; available: {', '.join(AVAILABLE)}"
        )
    return AVAILABLE[figure]


__all__ = ["AVAILABLE", "FIGURES", "PRESETS", "experiment", "fig3", "fig4"]
