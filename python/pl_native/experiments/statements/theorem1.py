"""Theorem 1 against runs on which all its hypotheses hold: its four claims, and their worst starts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

import pl_native as pl
from pl_native import metrics, theory
from pl_native.experiments.statements import theorem1_worst
from pl_native.experiments.statements.frame import Curve, Finding, Floats, Panel, Setting, seeds

NAME = "Theorem 1"
POINTS = (4, 8, 16, 32, 64)
RATIO = 500  # d/n^2
HYPOTHESES = "Assumptions 1 and 2, I, L(0) <= 2 (Cy+)^2"
SMALL = 1e-12  # loss at which a run ends, of its start: beyond the proof of convergence, before rounding


@dataclass(frozen=True, slots=True)
class _Run:
    """What is kept of a run: no states, of which wide runs have thousands."""

    proved: bool  # that L -> 0
    small: bool  # whether L <= SMALL L(0) was reached
    rows: int
    events: int
    bound: float  # margin of mu >= the lower bound over its rows, and so on
    limit: float
    so_far: float
    floor: float
    later: float  # least largest correct z over its floor after t = 0
    least: float
    panels: tuple[Panel, ...]


def check(setting: Setting) -> list[Finding]:
    """Findings of Theorem 1."""
    runs, draws = _runs(setting)
    rows = (_converges, _lower_bound, _average, _alive)
    return [*(row(setting, runs, draws) for row in rows), *theorem1_worst.check(setting)]


def _runs(setting: Setting) -> tuple[list[_Run], int]:
    """Runs of the draws that meet all hypotheses, with a row at every event; and the number of draws."""
    runs, draws = [], 0
    for n in POINTS[: setting.size(3, 5, 5)]:
        for k in range(setting.size(1, max(1, 24 // n), min(40, 320 // n))):
            draws += 1
            data_seed, network_seed = seeds(f"{NAME}, n = {n}", k)
            d, p = RATIO * n * n, 2 * pl.minimal_width(n)
            data = pl.data.sphere(n, d, seed=data_seed, reduced=True)
            start = pl.initial.asymmetric(p, d, seed=network_seed, data=data)
            if theory.theorem_1_hypotheses(data, start).all:
                runs.append(_measured(setting, data, start, *_followed(data, start)))
    return runs, draws


def _followed(data: pl.Dataset, start: pl.Network) -> tuple[pl.Solution, int]:
    """The run with rows at its events, up to n = 16 also beside them, as mu jumps; and how many there are."""
    options: dict[str, Any] = {
        "method": "flow",
        "rtol": 1e-8,
        "stop": pl.Stop(loss=SMALL * metrics.loss(data, start)),
    }
    t_end = 1000 * pl.horizon(data.n, start.p)
    first = pl.simulate(data, start, t_end, save=pl.Save(switches=True), **options)
    assert first.switches is not None
    end = float(first.t[-1])
    sides = (1 - 1e-7, 1.0, 1 + 1e-7) if data.n <= 16 else (1.0,)
    events = np.concatenate([side * first.switches.t for side in sides])
    times = np.unique(np.concatenate([np.linspace(0, end, 200), events[events < end]]))
    save = pl.Save(times=times, states=True, switches=True)
    return pl.simulate(data, start, t_end, save=save, **options), len(first.switches.t)


def _measured(setting: Setting, data: pl.Dataset, start: pl.Network, sol: pl.Solution, events: int) -> _Run:
    """The claims along one run.

    mu settles, so its average tends to its limit: that of the last row, where all r_i/y_i are 0. The floor of
    the pre-activations is attained at t = 0, to rounding.
    """
    states = metrics.states(data, sol)
    claim = np.asarray(theory.theorem_1_lower_bound(data, states))
    least_average = theory.theorem_1_constant(data) / data.n
    z, floor = metrics.largest_correct(data, states), theory.preactivation_floor(data, start, sol.t)
    return _Run(
        proved=sol.stats["proved_time"] is not None,
        small=sol.status is pl.Status.TARGET,
        rows=len(sol.t),
        events=events,
        bound=setting.lower(sol.local_pl, claim),
        limit=setting.lower(sol.local_pl[-1], least_average),
        so_far=sol.average_pl() / least_average,
        floor=setting.lower(z / floor * (1 + 1e-9), 1.0),
        later=float(np.min((z / floor)[1:])),
        least=float(z.min()),
        panels=_panels(data, sol, states, claim, (z.min(axis=1), floor.min(axis=1))),
    )


def _panels(
    data: pl.Dataset, sol: pl.Solution, states: metrics.States, claim: Floats, alive: tuple[Floats, Floats]
) -> tuple[Panel, ...]:
    return (
        Panel(
            f"Theorem 1 along a run, n = {data.n}", "t", "mu",
            (
                Curve(sol.t, metrics.pl_upper_bound(data, states), "Lemma 7, upper", ":"),
                Curve(sol.t, sol.local_pl, "mu"),
                Curve(sol.t, metrics.pl_lower_bound(data, states), "Lemma 7, lower", ":"),
                Curve(sol.t, claim, "Theorem 1", "--"),
            ),
            y_scale="log",
        ),
        Panel(
            f"Theorem 1, n = {data.n}: largest correct pre-activation", "t", "min over points",
            (Curve(sol.t, alive[0], "run"), Curve(sol.t, alive[1], "floor", "--")),
            y_scale="log",
        ),
    )  # fmt: skip


def _converges(setting: Setting, runs: list[_Run], draws: int) -> Finding:
    proved, small = sum(run.proved for run in runs), sum(run.small for run in runs)
    return Finding(
        "Theorem 1, L -> 0", f"{HYPOTHESES}; d = {RATIO} n^2, n = 4 to {POINTS[-1]}", len(runs), draws,
        "L -> 0", f"proved in {proved} of {len(runs)} runs; L <= {SMALL:g} L(0) reached in {small}",
        len(runs) > 0 and proved == small == len(runs),
    )  # fmt: skip


def _lower_bound(setting: Setting, runs: list[_Run], draws: int) -> Finding:
    margin = _least(run.bound for run in runs)
    rows, events = sum(run.rows for run in runs), sum(run.events for run in runs)
    return Finding(
        "Theorem 1, mu >= (C/n) min abs(1 - r/y) along runs", HYPOTHESES, len(runs), draws,
        "mu(t) >= bound for all t",
        f"least mu/bound {margin * setting.tighten:.3f} at {rows} rows, {events} events among them",
        margin >= 1, margin, panels=runs[-1].panels if runs else (),
    )  # fmt: skip


def _average(setting: Setting, runs: list[_Run], draws: int) -> Finding:
    margin, so_far = _least(run.limit for run in runs), _least(run.so_far for run in runs)
    return Finding(
        "Theorem 1, avg_mu(inf) >= C/n", HYPOTHESES, len(runs), draws, "avg_mu(inf) >= C/n",
        f"least mu(inf) n/C {margin * setting.tighten:.3f}; average up to the end of the run {so_far:.3f}",
        margin >= 1, margin,
    )  # fmt: skip


def _alive(setting: Setting, runs: list[_Run], draws: int) -> Finding:
    """The largest correct pre-activation against its floor; the floor's first part is attained at t = 0."""
    margin, least = _least(run.floor for run in runs), _least(run.least for run in runs)
    return Finding(
        "Theorem 1, largest correct z_ji stays positive", HYPOTHESES, len(runs), draws,
        "max over a_j y_i > 0 of z_ji(t) >= its floor (36) > 0",
        f"least value {least:.2e}; least value/floor {_least(run.later for run in runs):.3f} after t = 0, "
        "where the floor is attained",
        margin >= 1 and least > 0, margin,
    )  # fmt: skip


def _least(values: Iterable[float]) -> float:
    return min(values, default=math.inf)
