"""The rate after the criterion: along runs, at the worst state; why the criterion alone proves nothing."""

from __future__ import annotations

import math

import numpy as np

import pl_native as pl
from pl_native import metrics, streams, theory
from pl_native.experiments.statements.frame import Finding, Floats, Setting, seed, seeds
from pl_native.experiments.statements.search import worst

NAME = "After the criterion"
HYPOTHESES = "Assumption 1, off < (Cx-)^2, sum r^2 < (Cy-)^2"


def check(setting: Setting) -> list[Finding]:
    """Findings on the rate after the criterion."""
    return [_along_runs(setting), _worst_state(setting), _alone()]


def _along_runs(setting: Setting) -> Finding:
    count, met, ratios = setting.size(4, 40, 200), 0, [np.array([math.inf])]
    problems = []
    for k in range(count):
        data_seed, network_seed = seeds(NAME, k)
        n = 3 + k % 8
        data = pl.data.sphere(n, 40 * n * n, seed=data_seed, reduced=True)
        problems.append((data, pl.initial.asymmetric(4 * n, data.d, seed=network_seed, data=data)))
    save = pl.Save(count=60, states=True, switches=True)
    stop = pl.Stop(loss=1e-18)
    sols = pl.simulate_ensemble(problems, 200.0, method="flow", rtol=1e-8, save=save, stop=stop)
    for (data, _), sol in zip(problems, sols, strict=True):
        below = 2 * data.n * sol.loss < np.min(np.abs(data.y)) ** 2
        if metrics.off(data) >= data.norms.min() ** 2 or not below.any():
            continue
        met += 1
        ratios.append(sol.local_pl[below] / np.asarray(theory.rate_after_criterion(data, sol))[below])
    found = np.concatenate(ratios)
    margin = setting.lower(found, 1.0)
    return Finding(
        "After the criterion, along runs", HYPOTHESES, met, count, "mu >= rate from then on",
        f"least mu/rate {found.min():.3f} at {len(found) - 1} rows of {met} runs", margin >= 1, margin,
    )  # fmt: skip


_N, _P = 2, 2


def _worst_state(setting: Setting) -> Finding:
    def value(place: Floats) -> float:
        data, network = _decoded(place)
        rate = float(theory.rate_after_criterion(data, network))
        if rate <= 0 or not theory.assumption_1(network):
            return -math.inf
        return rate / float(metrics.local_pl(data, network))

    rng = np.random.default_rng(seed(NAME, 0, streams.Purpose.NOISE))
    size = 1 + _N + _P * (_N + 1)
    draws, rounds = setting.size(200, 2000, 10_000), setting.size(200, 4000, 20_000)
    climbed, _, met = worst(value, lambda r: r.standard_normal(size), rng, draws, rounds)
    margin = setting.upper(max(climbed, 0.0), 1 + 1e-12)
    return Finding(
        "After the criterion, worst state",
        HYPOTHESES,
        met,
        draws,
        "mu >= rate",
        f"least mu/rate {1 / climbed if climbed > 0 else math.inf:.4f}, climbed to from {met} states of "
        f"n = {_N}, p = {_P}",
        margin >= 1,
        margin,
    )


def _decoded(place: Floats) -> tuple[pl.Dataset, pl.Network]:
    """Two unit inputs, a network of Assumption 1, labels that leave a small residual."""
    X = np.array([[1.0, 0.0], [math.sin(place[0]), math.cos(place[0])]])
    W = place[1 + _N : 1 + _N + _P * _N].reshape(_P, _N)
    extra = place[1 + _N + _P * _N :]
    a = np.sign(extra) * (np.linalg.norm(W, axis=1) + np.maximum(np.abs(extra) - 0.5, 0))
    h = a @ np.maximum(W @ X.T, 0) / _P
    y = h + 0.3 * place[1 : 1 + _N]
    return pl.Dataset(X, np.where(y == 0, 1.0, y)), pl.Network(W, a)


def _alone() -> Finding:
    """Three points on a line, one neuron: the criterion holds for ever, and the loss stays above 0."""
    data = pl.Dataset([[1.0], [1.5], [2.0]], [1.0, 1.55, 2.0])
    sol = pl.simulate(data, pl.Network([[1.0]], [1.02]), 1e4, method="flow")
    left = 2 * data.n * float(sol.loss[-1])
    return Finding(
        "After the criterion, for correlated inputs",
        "sum r^2 < (Cy-)^2 alone",
        1,
        1,
        "L -> 0",
        f"sum r^2 = {left:.2e} at t = 1e4, mu t = {float(sol.local_pl[-1]) * 1e4:.1e}: it rests there",
        left > 1e-3 and float(sol.local_pl[-1]) < 1e-12,
        refutes=True,
    )
