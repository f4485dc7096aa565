"""The paper's figures and the questions beyond them, one module each, with the same three functions.

    tasks(preset)         -> list of `sweep.Cell`: what is run (`PRESETS` names the presets)
    summarise(rows)       -> the numbers of the figure, each with its interval and its number of runs
    draw(summary, axes)   -> the figure's artists, on axes given

A summary also offers `table()`, measured beside published. Figures are rebuilt from rows alone. What became
of a run is decided in `verdict`, for all of them.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from pl_native import sweep
from pl_native._base import checks
from pl_native.experiments import experiment1, fig1, fig2, fig3, fig4, fig5, fig6, proofs
from pl_native.store import Row, Store

AVAILABLE: dict[str, ModuleType] = {
    "fig1": fig1,
    "fig2": fig2,
    "fig3": fig3,
    "fig4": fig4,
    "fig5": fig5,
    "fig6": fig6,
    "experiment1": experiment1,
    "proofs": proofs,
}
FIGURES = ("fig1", "fig2", "fig3", "fig4", "fig5", "fig6")
"""Those of the paper."""
NAMES = tuple(AVAILABLE)
PRESETS = tuple(dict.fromkeys(preset for module in AVAILABLE.values() for preset in module.PRESETS))
"""Every preset that an experiment has."""


def experiment(name: str) -> ModuleType:
    """The module of one experiment; ValueError for names that do not exist."""
    return AVAILABLE[checks.choice("experiment", name, NAMES)]


def with_preset(preset: str) -> tuple[str, ...]:
    """Names of the paper's figures that have this preset."""
    checks.choice("preset", preset, PRESETS)
    return tuple(name for name in FIGURES if preset in AVAILABLE[name].PRESETS)


def together(name: str, preset: str) -> tuple[str, ...]:
    """What reproducing an experiment runs: it, and before it those that stand `BESIDE` it at this preset."""
    beside: dict[str, tuple[str, ...]] = getattr(experiment(name), "BESIDE", {})
    return (*beside.get(preset, ()), name)


def run(name: str, plan: sweep.Plan, store: Store, **how: Any) -> list[Row]:
    """Run what `store` has not got of `plan`, the runs of an experiment; its rows, as `summarise` takes them.

    `how` are keywords of `sweep.run`. An experiment whose runs go on in stages has a `run` of its own.
    """
    own = getattr(experiment(name), "run", None)
    if own is not None:
        found: list[Row] = own(plan, store, **how)
        return found
    sweep.run(plan, store, **how)
    return store.rows(plan.ids)


def stored(name: str, plan: sweep.Plan, store: Store) -> list[Row]:
    """What `run` has left of `plan` in `store`, as `summarise` takes it; nothing is simulated."""
    own = getattr(experiment(name), "stored", None)
    found: list[Row] = store.rows(plan.ids) if own is None else own(plan, store)
    return found


__all__ = [
    "AVAILABLE",
    "FIGURES",
    "NAMES",
    "PRESETS",
    "experiment",
    "experiment1",
    "fig1",
    "fig2",
    "fig3",
    "fig4",
    "fig5",
    "fig6",
    "proofs",
    "run",
    "stored",
    "together",
    "with_preset",
]
