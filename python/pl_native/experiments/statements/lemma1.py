"""Lemma 1 against runs: the invariant, an Euler step's drift, signs of outer weights, the symmetry behind."""

from __future__ import annotations

import numpy as np

import pl_native as pl
from pl_native import metrics, streams, theory
from pl_native.experiments.statements.frame import Curve, Finding, Floats, Panel, Setting, seed, seeds

NAME = "Lemma 1"
RTOL = 1e-8
ROUNDING = 1e-13  # of a neuron's size: the flow keeps the invariant to rounding, whatever its rtol
LAWS = ("asymmetric", "balanced", "torch_linear")

Problem = tuple[pl.Dataset, pl.Network]


def check(setting: Setting) -> list[Finding]:
    """Findings of Lemma 1."""
    problems = [_problem(k) for k in range(setting.size(6, 60, 400))]
    save = pl.Save(count=25, states=True, switches=True)
    sols = pl.simulate_ensemble(problems, 30.0, method="flow", rtol=RTOL, save=save)
    runs = [(data, start, sol) for (data, start), sol in zip(problems, sols, strict=True)]
    return [_invariant(setting, runs), *_signs(setting, runs), _euler(setting), _symmetry(setting, problems)]


def _problem(k: int) -> Problem:
    """Up to four points a dimension, so that pairs slide; one in three starts with a_j too small for half."""
    data_seed, network_seed = seeds(NAME, k)
    n, d, p = 8 + k % 17, 3 + k % 5, 4 + k % 6
    data = pl.data.sphere(n, d, seed=data_seed)
    network = getattr(pl.initial, LAWS[k % 3])(p, d, seed=network_seed)
    if k % 3 == 2:
        network = pl.Network(network.W * 4, network.a)
    return data, network


def _invariant(setting: Setting, runs: list[tuple[pl.Dataset, pl.Network, pl.Solution]]) -> Finding:
    drifts = [_drift(data, sol) for data, _, sol in runs]
    slid = sum(int(np.sum(metrics.n_sliding(data, sol))) for data, _, sol in runs)
    worst = max(float(drift.max()) for drift in drifts)
    margin = setting.upper([drift.max() for drift in drifts], ROUNDING)
    data, _, sol = runs[0]
    curves = tuple(
        Curve(sol.t, metrics.invariant(data, sol)[:, j], f"neuron {j}") for j in range(min(4, sol.network.p))
    )
    return Finding(
        "Lemma 1, invariant",
        "none",
        len(runs),
        len(runs),
        "a_j^2 - norm(w_j)^2 constant",
        f"relative drift at most {worst:.1e} at 25 times of {len(runs)} runs (rtol {RTOL:g}), "
        f"{slid} sliding pairs among them",
        margin >= 1,
        margin,
        panels=(Panel("Lemma 1: the invariant", "t", "a_j^2 - norm(w_j)^2", curves),),
    )


def _drift(data: pl.Dataset, sol: pl.Solution) -> Floats:
    """Change of the invariant since the start over the neuron's size, (m, p)."""
    kept = np.asarray(metrics.invariant(data, sol))
    size = np.asarray(sol.a_saved) ** 2 + metrics.neuron_norms(data, sol) ** 2
    found: Floats = np.abs(kept - kept[0]) / np.maximum(size, size[0])
    return found


def _signs(setting: Setting, runs: list[tuple[pl.Dataset, pl.Network, pl.Solution]]) -> list[Finding]:
    """Neurons that meet the hypothesis keep their sign and stay outer-heavy; of the others some do not."""
    met, total, lost, ratios = 0, 0, 0, [np.inf]
    for data, start, sol in runs:
        keeps = theory.keeps_sign(start)
        a = np.asarray(sol.a_saved)
        same = np.all(np.sign(a) == np.sign(a[0]), axis=0)
        with np.errstate(divide="ignore"):
            ratio = np.min(np.abs(a) / metrics.neuron_norms(data, sol), axis=0)
        met, total = met + int(keeps.sum()), total + len(keeps)
        lost += int(np.count_nonzero(~same & ~keeps))
        ratios += list(np.where(same, ratio, 0.0)[keeps])
    margin = setting.lower(ratios, 1 - ROUNDING)
    return [
        Finding(
            "Lemma 1, sign of a_j",
            "abs(a_j(0)) >= norm(w_j(0))",
            met,
            total,
            "a_j keeps its sign, abs(a_j) >= norm(w_j)",
            f"least abs(a_j)/norm(w_j) {min(ratios):.9f} over {met} neurons",
            margin >= 1,
            margin,
        ),
        Finding(
            "Lemma 1, sign of a_j without its hypothesis",
            "abs(a_j(0)) < norm(w_j(0))",
            total - met,
            total,
            "a_j keeps its sign all the same",
            f"{lost} of {total - met} neurons change it",
            lost > 0,
            refutes=True,
        ),
    ]


def _euler(setting: Setting) -> Finding:
    """One step of Euler from many states, against the formula, in units of rounding."""
    count = setting.size(10, 200, 2000)
    errors = []
    for k in range(count):
        data, network = _problem(k)
        step = float(10 ** np.random.default_rng(seed(NAME, k, streams.Purpose.NOISE)).uniform(-3, 0.5))
        dW, da = metrics.velocity(data, network)
        after = pl.Network(network.W + step * dW, network.a + step * da)
        change = metrics.invariant(data, after) - metrics.invariant(data, network)
        size = np.square(after.a) + after.norms_sq + np.square(network.a) + network.norms_sq
        errors.append(float(np.max(np.abs(change - theory.euler_drift(data, network, step)) / size)))
    margin = setting.upper(errors, 1e-14)
    return Finding(
        "Lemma 1, drift of an Euler step",
        "none",
        count,
        count,
        "exactly eta^2 ((da/dt)^2 - norm(dw/dt)^2)",
        f"error at most {max(errors):.1e} of a^2 + norm(w)^2 over {count} steps of eta 1e-3 to 3",
        margin >= 1,
        margin,
    )


def _symmetry(setting: Setting, problems: list[Problem]) -> Finding:
    errors = []
    for k, (data, network) in enumerate(problems):
        rng = np.random.default_rng(seed(NAME, k, streams.Purpose.NOISE))
        other = theory.rescaled(network, np.exp(rng.normal(0, 1, network.p)))
        before, after = metrics.outputs(data, network), metrics.outputs(data, other)
        errors.append(
            float(np.max(np.abs(after - before)) / np.max(np.abs(data.y - before) + np.abs(data.y)))
        )
    margin = setting.upper(errors, 1e-13)
    return Finding(
        "Lemma 1, symmetry",
        "alpha > 0",
        len(problems),
        len(problems),
        "(alpha a, w/alpha) has the same outputs",
        f"relative change at most {max(errors):.1e} over {len(problems)} networks",
        margin >= 1,
        margin,
    )
