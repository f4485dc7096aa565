"""Lemma 7 against states: both bounds attained, by construction and by search; the printed one broken."""

from __future__ import annotations

import math

import numpy as np

import pl_native as pl
from pl_native import metrics, streams, theory
from pl_native.experiments.statements.frame import Curve, Finding, Floats, Panel, Setting, seed, seeds
from pl_native.experiments.statements.search import worst

NAME = "Lemma 7"
ROUNDING = 1 + 1e-12

State = tuple[pl.Dataset, pl.Network]


def attaining_upper(n: int = 10) -> State:
    """Duplicated inputs, every neuron along them: mu equals the corrected upper bound."""
    X = np.ones((n, 1)) @ [[0.6, 0.8]]
    return pl.Dataset(X, np.full(n, 2.0)), pl.Network([[0.3, 0.4], [0.9, 1.2]], [1.0, -2.0])


def attaining_lower(n: int = 10) -> State:
    """Orthonormal inputs, every w_j orthogonal to the residual: mu equals the lower bound.

    With all pairs on, z = (1, ..., 1) for each neuron and labels such that r = (1, -1, 1, -1, ...).
    """
    if n % 2:
        raise ValueError(f"n: expected an even number, so that r can be orthogonal to (1, ..., 1), got {n}")
    W, a = np.ones((2, n)), np.array([2.0 * math.sqrt(n), math.sqrt(n)])
    h = float(a.sum()) / 2
    return pl.Dataset.orthogonal(np.ones(n), h + np.tile([1.0, -1.0], n // 2)), pl.Network(W, a)


def check(setting: Setting) -> list[Finding]:
    """Findings of Lemma 7."""
    return [*_along_runs(setting), _upper(setting), _lower(setting), _printed()]


def _along_runs(setting: Setting) -> list[Finding]:
    """Both bounds at all rows of runs that slide; the lower one where off < (Cx-)^2."""
    count = setting.size(4, 60, 300)
    problems = []
    for k in range(count):
        data_seed, network_seed = seeds(NAME, k)
        n, d, p = ((6, 200, 5), (14, 4, 6), (8, 40, 4))[k % 3]
        data = pl.data.sphere(n, d, seed=data_seed)
        problems.append((data, pl.initial.asymmetric(p, d, seed=network_seed)))
    save = pl.Save(count=40, states=True, switches=True)
    sols = pl.simulate_ensemble(problems, 30.0, method="flow", rtol=1e-8, save=save)
    runs = [(data, sol) for (data, _), sol in zip(problems, sols, strict=True)]
    upper = setting.upper(
        np.concatenate([sol.local_pl[_known(sol)] for _, sol in runs]),
        np.concatenate([metrics.pl_upper_bound(data, sol)[_known(sol)] for data, sol in runs]) * ROUNDING,
    )
    weak = [(data, sol) for data, sol in runs if metrics.off(data) < data.norms.min() ** 2]
    lower = setting.lower(
        np.concatenate([sol.local_pl[_known(sol)] for _, sol in weak]) * ROUNDING,
        np.concatenate([metrics.pl_lower_bound(data, sol)[_known(sol)] for data, sol in weak]),
    )
    slid = sum(int(np.sum(metrics.n_sliding(data, sol))) for data, sol in runs)
    return [
        Finding(
            "Lemma 7, upper bound along runs", "none", count, count, "mu <= bound",
            f"least bound/mu {upper * setting.tighten:.4f} at 40 times of {count} runs, {slid} sliding pairs",
            upper >= 1, upper, panels=(_panel(*weak[0]),),
        ),
        Finding(
            "Lemma 7, lower bound along runs", "off < (Cx-)^2", len(weak), count, "mu >= bound",
            f"least mu/bound {lower * setting.tighten:.4f} at 40 times of {len(weak)} runs",
            lower >= 1, lower,
        ),
    ]  # fmt: skip


def _known(sol: pl.Solution) -> np.ndarray:
    """Rows whose residual is more than rounding, so that mu means something."""
    return np.asarray(sol.loss > 1e-24 * sol.loss[0])


def _panel(data: pl.Dataset, sol: pl.Solution) -> Panel:
    return Panel(
        "Lemma 7 along a run",
        "t",
        "mu",
        (
            Curve(sol.t, metrics.pl_upper_bound(data, sol), "upper bound", "--"),
            Curve(sol.t, sol.local_pl, "mu"),
            Curve(sol.t, metrics.pl_lower_bound(data, sol), "lower bound", "--"),
        ),
        y_scale="log",
    )


def _upper(setting: Setting) -> Finding:
    """Worst states: stored ones, random ones, and the best of these climbed from."""

    def value(place: Floats) -> float:
        state = _decoded(place)
        bound = float(metrics.pl_upper_bound(*state))
        return float(metrics.local_pl(*state)) / bound if bound > 0 else -math.inf

    stored = attaining_upper()
    reached = float(metrics.local_pl(*stored) / metrics.pl_upper_bound(*stored))
    return _bound(setting, "Lemma 7, upper bound, worst case", "none", "mu <= bound", value, reached)


def _lower(setting: Setting) -> Finding:
    def value(place: Floats) -> float:
        state = _decoded(place)
        bound = float(metrics.pl_lower_bound(*state))
        return bound / float(metrics.local_pl(*state)) if bound > 0 else -math.inf  # then mu > 0 too

    stored = attaining_lower()
    reached = float(metrics.pl_lower_bound(*stored) / metrics.local_pl(*stored))
    return _bound(
        setting,
        "Lemma 7, lower bound, worst case",
        "off < (Cx-)^2, every point live",
        "mu >= bound",
        value,
        reached,
    )


def _bound(
    setting: Setting, title: str, hypotheses: str, claim: str, value: object, reached: float
) -> Finding:
    rng = np.random.default_rng(seed(title, 0, streams.Purpose.NOISE))
    draws, rounds = setting.size(30, 400, 2000), setting.size(100, 4000, 20_000)
    climbed, _, met = worst(value, lambda r: r.standard_normal(_SIZE), rng, draws, rounds)  # type: ignore[arg-type]
    margin = setting.upper(max(climbed, reached), ROUNDING)
    return Finding(
        title,
        hypotheses,
        met + 1,
        draws + 1,
        claim,
        f"share of the bound: {reached:.6f} at the stored state, {climbed:.4f} by search from the worst of "
        f"{met} random states",
        margin >= 1 and reached >= 0.99,
        margin,
    )


_N, _D, _P = 2, 3, 2
_SIZE = _N * _D + _N + _P * _D + _P


def _decoded(place: Floats) -> State:
    """A problem of n = 2, d = 3, p = 2 from a vector."""
    X, y, W, a = np.split(place, np.cumsum([_N * _D, _N, _P * _D]))
    return pl.Dataset(X.reshape(_N, _D), y), pl.Network(W.reshape(_P, _D), a)


def _printed() -> Finding:
    """Ten equal inputs: mu beyond the upper bound as printed, without `+ off`."""
    data, network = pl.Dataset(np.ones((10, 1)), np.ones(10)), pl.Network([[0.45]], [1.0])
    mu, printed = metrics.local_pl(data, network), theory.pl_upper_bound_printed(data, network)
    corrected = metrics.pl_upper_bound(data, network)
    return Finding(
        "Lemma 7, upper bound as printed",
        "duplicated inputs",
        1,
        1,
        f"mu <= {printed:.3f} (no `+ off`)",
        f"mu = {mu:.3f}; corrected bound {corrected:.3f}",
        printed < mu <= corrected * ROUNDING,
        refutes=True,
    )
