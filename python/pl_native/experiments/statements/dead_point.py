"""Dead points by runs: where no correctly signed neuron lives the loss keeps its share, elsewhere it goes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import pl_native as pl
from pl_native import model, theory
from pl_native.experiments.statements.frame import Finding, Setting, seeds

NAME = "Dead point"

Flags = NDArray[np.bool_]


def check(setting: Setting) -> list[Finding]:
    """Findings about dead points: orthogonal data, Assumption 1, few neurons so that points die often."""
    count = setting.size(10, 150, 1500)
    problems = []
    for draw in range(count):
        data_seed, network_seed = seeds(NAME, draw)
        n, p = 4 + draw % 9, 2 + draw % 4
        data = pl.data.orthogonal(n, n + draw % 3, seed=data_seed)
        law = pl.initial.balanced if draw % 5 == 0 else pl.initial.asymmetric
        problems.append((data, law(p, data.d, seed=network_seed, data=data)))
    sols = pl.simulate_ensemble(problems, 4000.0, method="flow", rtol=1e-9, save=60)
    below, level, dead_runs, early = [], [], 0, 0
    rest, live, stray = 0.0, 0, 0.0
    for (data, network), sol in zip(problems, sols, strict=True):
        starts, ends = _dead(data, network), _dead(data, sol.network)
        r = np.abs(model.residual(data, sol.network) / data.y)
        if starts.any():
            dead_runs += 1
            below.append(float(sol.loss.min()))
            level.append(theory.dead_point_bound(data, network) * (1 - 1e-12))
        early += int(np.count_nonzero(ends & ~starts))
        live += int(np.count_nonzero(~ends))
        rest = max(rest, float(np.max(r[~ends], initial=0.0)))
        stray = max(stray, float(np.max(1 - r[ends], initial=0.0)))
    margin = setting.lower(np.array(below), np.array(level)) if below else 0.0
    told = sum(
        sol.status is pl.Status.DEAD_POINT
        for sol in pl.simulate_ensemble(problems, 4000.0, method="flow", stop=pl.Stop(criterion=True))
    )
    finally_dead = sum(bool(_dead(d, s.network).any()) for (d, _), s in zip(problems, sols, strict=True))
    hypotheses = "orthogonal, Assumption 1"
    return [
        Finding(
            "Dead point, the loss", hypotheses + ", a point dead at the start", dead_runs, count,
            "L(t) >= sum over dead i of y_i^2/(2n) for ever",
            f"least L/bound {margin * setting.tighten:.6f} at 60 times of {dead_runs} runs",
            margin >= 1, margin,
        ),
        Finding(
            "Dead point, r_i -> 0 iff a correct neuron lives", hypotheses, count, count,
            "abs(r_i) -> 0 on live points, abs(r_i) >= abs(y_i) on dead ones",
            f"at t = 4000 abs(r_i/y_i) <= {rest:.0e} on {live} live points, >= 1 - {max(stray, 0.0):.0e} on "
            f"dead ones ({early} died on the way)",
            rest < 1e-3 and stray < 1e-9,
        ),
        Finding(
            "Dead point, status", hypotheses, finally_dead, count, "DEAD_POINT exactly on these runs",
            f"{told} runs ended DEAD_POINT, {finally_dead} have a dead point at the end",
            told == finally_dead,
        ),
    ]  # fmt: skip


def _dead(data: pl.Dataset, network: pl.Network) -> Flags:
    """(n,) points without a correct pair, what rests at rounding counted as dead."""
    alive: Flags = np.any(theory.live_pairs(data, network).correct, axis=0)
    return ~alive
