"""Lemma 2 against runs: the integral of mu, taken between switches, is the logarithm of the loss ratio."""

from __future__ import annotations

import numpy as np

import pl_native as pl
from pl_native import metrics
from pl_native.experiments.statements.frame import Curve, Finding, Floats, Panel, Setting, seeds

NAME = "Lemma 2"
NODES, WEIGHTS = np.polynomial.legendre.leggauss(7)


def check(setting: Setting) -> list[Finding]:
    """Findings of Lemma 2."""
    count = setting.size(2, 20, 200)
    errors, switches, shown = [], 0, None
    for k in range(count):
        data_seed, network_seed = seeds(NAME, k)
        n, d, p = 6 + k % 9, 3 + k % 4, 3 + k % 4
        data = pl.data.sphere(n, d, seed=data_seed)
        network = pl.initial.asymmetric(p, d, seed=network_seed)
        sol, edges = _at_nodes(data, network, 10.0)
        integral = _integral(sol, edges)
        inner = np.isin(sol.t, edges)
        logs = np.log(sol.loss[0] / sol.loss[inner])
        errors.append(float(np.max(np.abs(integral - logs) / np.maximum(np.abs(logs), 1e-2))))
        switches += len(edges) - 2
        shown = sol if shown is None else shown
    margin = setting.upper(errors, 1e-8)
    assert shown is not None
    average = metrics.average_pl(shown.t, shown.loss)
    panel = Panel(
        "Lemma 2: mu and its average",
        "t",
        "mu",
        (Curve(shown.t, shown.local_pl, "mu(t)"), Curve(shown.t[1:], average[1:], "average of mu", "--")),
        y_scale="log",
    )
    return [
        Finding(
            "Lemma 2",
            "none",
            count,
            count,
            "L(t) = L(0) exp(-t avg_mu(t))",
            f"integral of mu against log(L(0)/L(t)): relative error at most {max(errors):.1e} at {switches} "
            f"switches of {count} runs",
            margin >= 1,
            margin,
            panels=(panel,),
        )
    ]


def _at_nodes(data: pl.Dataset, network: pl.Network, t_end: float) -> tuple[pl.Solution, Floats]:
    """The run again with rows at Gauss nodes between its switches, and the edges of these intervals."""
    first = pl.simulate(data, network, t_end, method="flow", rtol=1e-9, save=pl.Save(switches=True))
    assert first.switches is not None
    edges = np.unique(np.concatenate([np.linspace(0, t_end, 65), first.switches.t]))
    edges = edges[np.append(True, np.diff(edges) > 1e-9)]
    edges[-1] = t_end
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    nodes = middle[:, None] + half[:, None] * NODES
    times = np.unique(np.concatenate([edges, nodes.ravel()]))
    return pl.simulate(data, network, t_end, method="flow", rtol=1e-9, save=times), edges


def _integral(sol: pl.Solution, edges: Floats) -> Floats:
    """int_0^t mu at each edge, by the rows at the nodes between them."""
    inside = sol.local_pl[~np.isin(sol.t, edges)].reshape(-1, len(NODES))
    pieces = np.diff(edges) / 2 * (inside @ WEIGHTS)
    return np.append(0.0, np.cumsum(pieces))
