"""Theorem 1 at its worst: its bound at a start, the limit of mu, the floor of the pre-activations."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

import pl_native as pl
from pl_native import metrics, theory
from pl_native.experiments.statements.frame import Finding, Floats, Setting, seed
from pl_native.experiments.statements.search import worst
from pl_native.streams import Purpose

NAME = "Theorem 1"
HYPOTHESES = "Assumptions 1 and 2, I, L(0) <= 2 (Cy+)^2"
_N, _P = 2, 3
_TIMES = np.concatenate([[0.0], np.geomspace(1e-3, 30.0, 40)])

SLACK = 1e-7  # for the tolerance of the runs: the floor is attained

Measure = Callable[[pl.Dataset, pl.Network], float]


def check(setting: Setting) -> list[Finding]:
    """The worst starts found of Theorem 1's bounds, each as least measured/bound."""
    small, large = (100, 2000, 10_000), (20, 400, 2000)  # starts; those that cost a run are fewer
    rows = (
        ("mu >= (C/n) min abs(1 - r/y), worst start", "mu(0) >= bound", "mu/bound", _at_the_start, small,
         _near_the_worst()),
        ("avg_mu(inf) >= C/n, worst start", "mu(inf) >= C/n", "mu(inf) n/C", _in_the_limit, large,
         _near_the_worst()),
        ("floor (36), worst start", "largest correct z_ji(t) >= its floor, where that is below its start",
         "z/floor", _over_the_floor, large, _near_the_floor()),
    )  # fmt: skip
    return [_searched(setting, *row) for row in rows]


def _searched(
    setting: Setting,
    what: str,
    claim: str,
    ratio: str,
    measure: Measure,
    draws: tuple[int, int, int],
    known: Floats,
) -> Finding:
    """The least of `measure`, which is measured/bound, over starts that meet all hypotheses."""

    def value(place: Floats) -> float:
        data, network = _decoded(place)
        if not theory.theorem_1_hypotheses(data, network).all:
            return -math.inf
        ratio = measure(data, network)
        return 1 / ratio if ratio > 0 else math.inf

    title = f"{NAME}, {what}"
    rng = np.random.default_rng(seed(title, 0, Purpose.NOISE))
    size, count = 1 + _N + _P * (_N + 1), setting.size(*draws)
    found, place, met = worst(value, lambda r: r.standard_normal(size), rng, count, count, [known])
    margin = setting.upper(max(found, 0.0), 1 + SLACK)
    off = metrics.off(_decoded(place)[0])
    return Finding(
        title, HYPOTHESES, met, count + 1, claim,
        f"least {ratio} {1 / found if found > 0 else math.inf:.4f}, climbed to from {met} starts of "
        f"n = {_N}, p = {_P}; off there {off:.3f}",
        margin >= 1, margin,
    )  # fmt: skip


def _at_the_start(data: pl.Dataset, start: pl.Network) -> float:
    return float(metrics.local_pl(data, start) / theory.theorem_1_lower_bound(data, start))


def _in_the_limit(data: pl.Dataset, start: pl.Network) -> float:
    """mu(inf) n/C: the average up to infinity is mu's limit, read off where the loss has all but gone."""
    stop, unit = (
        pl.Stop(loss=1e-14 * float(metrics.loss(data, start))),
        data.n / theory.theorem_1_constant(data),
    )
    sol = pl.simulate(data, start, 200 * unit, method="flow", rtol=1e-8, stop=stop, threads=1)
    if sol.status is not pl.Status.TARGET:
        return 0.0  # exp(-200) at the rate claimed: a run that is not there has broken the claim
    return float(sol.local_pl[-1]) * unit


def _over_the_floor(data: pl.Dataset, start: pl.Network) -> float:
    """Least largest correct z_ji over its floor, where that is below the value at the start; inf if nowhere.

    Elsewhere the floor is the value at the start, attained at t = 0 by every run.
    """
    save = pl.Save(times=_TIMES, states=True)
    sol = pl.simulate(data, start, float(_TIMES[-1]), method="flow", rtol=1e-10, save=save, threads=1)
    z, floor = metrics.largest_correct(data, sol), theory.preactivation_floor(data, start, sol.t)
    below = floor < z[0] * (1 - 1e-12)
    return float(np.min(z[below] / floor[below], initial=math.inf))


def _near_the_floor() -> Floats:
    """Equal neurons that overshoot two orthogonal points by a thousandth: z falls to abs(y_i)/a, which is the
    floor before it has begun to sink like 1/sqrt t.
    """
    z = math.sqrt(1.001 / math.sqrt(2))
    return np.concatenate([[0.0, 1.0, 1.0], np.full(_N * _P, z), np.full(_P, 0.5)])


def _near_the_worst() -> Floats:
    """All neurons along the bisector of two inputs as correlated as Assumption 2 allows, r = (1, -1) eps.

    Then every w_j is orthogonal to X^T R, and mu/bound tends to (1 - c)/(0.6 sqrt((1 + c)/2)) = 1.31 as
    eps -> 0, c -> 1/(2 sqrt 2).
    """
    c, eps = 0.35, 1e-3
    bisector = np.array([1 + c, math.sqrt(1 - c * c)]) / math.sqrt(2 + 2 * c)
    h = math.sqrt((1 + c) / 2)
    W, extra = np.tile(bisector, _P), np.full(_P, 0.5)
    return np.concatenate([[math.asin(c) / 0.3, h + eps, h - eps], W, extra])


def _decoded(place: Floats) -> tuple[pl.Dataset, pl.Network]:
    """Two unit inputs of some correlation, and a network that meets Assumption 1."""
    X = np.array([[1.0, 0.0], [math.sin(place[0] * 0.3), math.cos(place[0] * 0.3)]])
    y, W = place[1 : 1 + _N], place[1 + _N : 1 + _N + _P * _N].reshape(_P, _N)
    extra = place[1 + _N + _P * _N :]
    a = np.sign(extra) * (np.linalg.norm(W, axis=1) + np.maximum(np.abs(extra) - 0.5, 0))
    return pl.Dataset(X, np.where(y == 0, 1.0, y)), pl.Network(W, a)
