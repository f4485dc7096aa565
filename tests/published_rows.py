"""Rows as the published law would give them."""

from __future__ import annotations

import numpy as np

from pl_native.experiments import fig3, published
from pl_native.store import COLUMNS


def as_published(name, factor, seed=0, runs=12, every=2, shift=1.0):
    """Rows as the published law would give them, at n/shift of the published grid."""
    table, rng, rows = published.load(name), np.random.default_rng(seed), []
    share = table["converged"] / table["runs"]
    for n in table["n"][::every].tolist():
        probability = np.interp(n * shift, table["n"], share)
        level = np.interp(n * shift, table["n"], table["loss_ratio"])
        for replicate in range(runs):
            done = rng.random() < probability
            end = 0.5 / (2 * n) if done else max(level / max(1 - probability, 0.05), 1.1 / (2 * n))
            row = dict.fromkeys(COLUMNS)
            row |= {"id": f"{n}-{replicate}", "initialisation": "torch_linear", "step": 1.0, "d": 100, "n": n}
            row |= {"p": fig3.width(n, factor), "loss_start": 1.0, "loss_end": float(end)}
            rows.append(row | {"stop_loss": 1 / (2 * n), "status": "TARGET" if done else "HORIZON"})
    return rows


def law_of(d, threshold, scale):
    """A curve of 40 runs per n with exactly the shares of a logistic."""
    n = np.arange(max(threshold // d - 6, 1), threshold // d + 7) * d
    rows = []
    for size in n.tolist():
        yes = round(40 / (1 + np.exp((size - threshold) / scale)))
        row = {"id": "x", "d": d, "n": size, "p": 30, "loss_start": 1.0, "stop_loss": 0.1}
        row |= {"initialisation": "torch_linear", "status": "HORIZON"}
        rows += [row | {"loss_end": 0.05 if k < yes else 0.2} for k in range(40)]
    return rows


def figure3():
    """n, converged runs and all runs of figure 3 as published."""
    table = published.load("fig3_published")
    return table["n"], table["converged"], table["runs"]
