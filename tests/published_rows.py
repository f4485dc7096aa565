"""Rows as the published law would give them."""

from __future__ import annotations

import math

import numpy as np

from pl_native import sweep
from pl_native.experiments import _last_losses, _mu_measures, fig3, fig4, fig5, fig6, published
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


def figure4(seed=0, runs=20, shift=1.0, dimensions=(10, 30, 60, 100)):
    """Rows as the published law would give them, at n/shift of the published grid."""
    table, rng, rows = published.load(fig4.TABLE), np.random.default_rng(seed), []
    for d in dimensions:
        here = table["d"] == d
        share = table["converged"][here] / table["runs"][here]
        for n in table["n"][here].tolist():
            for replicate in range(runs):
                done = rng.random() < np.interp(n * shift, table["n"][here], share)
                row = dict.fromkeys(COLUMNS) | {
                    "id": f"{d}-{n}-{replicate}",
                    "d": d,
                    "n": n,
                    "p": 30,
                    "step": 1.0,
                    "initialisation": "torch_linear",
                }
                row |= {
                    "loss_start": 1.0,
                    "loss_end": (0.5 if done else 1.5) / (2 * n),
                    "stop_loss": 1 / (2 * n),
                }
                rows.append(row | {"status": "TARGET" if done else "HORIZON"})
    return rows


def figure5_row(n, p, done, replicate):
    row = dict.fromkeys(COLUMNS) | {"id": f"{p}-{n}-{replicate}", "d": 30, "n": n, "p": p}
    row |= {"loss_start": 1.0, "loss_end": (0.5 if done else 1.5) / (2 * n), "stop_loss": 1 / (2 * n)}
    return row | {"status": "TARGET" if done else "HORIZON"}


def figure5(seed=0, runs=25, shift=1.0):
    """Rows as the published law would give them, at n/shift of the published grid."""
    table, rng, rows = published.load(fig5.TABLE), np.random.default_rng(seed), []
    for p in (50, 100, 200, 400):
        here = table["p"] == p
        for n in table["n"][here].tolist():
            share = np.interp(n * shift, table["n"][here], table["probability"][here])
            rows += [figure5_row(n, p, rng.random() < share, k) for k in range(runs)]
    return rows


def figure6(which=(1, 0.01), runs=60, spread=0.2, tilt=0.0, seed=0):
    """Rows whose measures have the published means, tilted in n."""
    table = published.load(fig6.PUBLISHED[which].table)
    rng, rows = np.random.default_rng(seed), []
    for i, n in enumerate(table["n"].tolist()):
        for replicate in range(runs):
            row = dict.fromkeys(COLUMNS) | dict.fromkeys(_last_losses.COLUMNS)
            row |= {"id": f"{n}-{replicate}", "n": n, "p": sweep.width(n, which[0]), "scale": which[1]}
            row |= {"status": "TARGET"}
            for name, column in _mu_measures.MEASURES.items():
                level = table[f"log_mu_{name}"][i] + tilt * math.log(n / 1400)
                row[column] = float(np.exp(level + spread * rng.standard_normal() - spread**2 / 2))
            row["pl_gradient"] = row["pl_last_ratio"] = row["pl_last_hundred"]
            rows.append(row)
    return rows
