"""Proposition 1 along runs: the explicit bound, the two steps of its proof, the tightest starts."""

from __future__ import annotations

import math

import numpy as np

import pl_native as pl
from pl_native import metrics, theory
from pl_native.experiments.statements.frame import Curve, Finding, Floats, Panel, Setting, seed, seeds
from pl_native.experiments.statements.search import worst
from pl_native.streams import Purpose

NAME = "Prop. 1"
ROUNDING = 1 + 1e-6  # of runs at rtol 1e-6
HYPOTHESES = "orthogonal, Assumption 1, only correct pairs left"

_BALANCED = np.array([0.0, math.log(2.0), -9.0, -20.0])
"""`_start` of one point and one neuron with a = norm(w) = exp(-9): where factor 1 is attained."""

Row = tuple[float, float, float, Floats]  # mu, bound, sharp bound, the two steps


def check(setting: Setting) -> list[Finding]:
    """Findings of Proposition 1."""
    return [*_along_runs(setting), *_tightest(setting)]


def _rows(data: pl.Dataset, start: pl.Network, sol: pl.Solution) -> list[tuple[float, Row]]:
    """(t, numbers) at the saved times at which no wrong pair lives and the residual is not rounding."""
    found = []
    for i, t in enumerate(sol.t):
        state = sol.state(i)
        bound = theory.pl_upper_bound_orthogonal(data, start, state)
        if math.isnan(bound) or sol.loss[i] < 1e-20 * sol.loss[0]:
            continue
        sharp = theory.pl_upper_bound_orthogonal(data, start, state, sharp=True)
        row = (float(metrics.local_pl(data, state)), bound, sharp, theory.growth_bounds(data, state))
        found.append((float(t), row))
    return found


def _along_runs(setting: Setting) -> list[Finding]:
    count = setting.size(4, 36, 400)
    problems = []
    for draw in range(count):
        data_seed, network_seed = seeds(NAME, draw)
        n = (3, 10, 40, 120)[draw % 4]
        d = n * (10, 1000)[draw % 2]
        data = pl.data.orthogonal(n, d, seed=data_seed)
        problems.append((data, pl.initial.asymmetric(pl.minimal_width(n), d, seed=network_seed, data=data)))
    ends = [4 * pl.horizon(data.n, network.p) for data, network in problems]
    save = pl.Save(count=30, states=True)
    sols = pl.simulate_ensemble(problems, ends, method="flow", rtol=1e-8, save=save)
    runs = [_rows(data, network, sol) for (data, network), sol in zip(problems, sols, strict=True)]
    rows = [row for run in runs for _, row in run]
    met, never = sum(bool(run) for run in runs), sum(not run for run in runs)
    if not rows:
        return [
            Finding("Prop. 1, upper bound along runs", HYPOTHESES, 0, count, "mu <= bound", "none", False)
        ]
    mu, bound, sharp, steps = (np.array(v) for v in zip(*rows, strict=True))
    margins = [setting.upper(mu, b * ROUNDING) for b in (bound, sharp)]
    inner = [setting.upper(steps[:, k, 0], steps[:, k, 1] * ROUNDING) for k in (0, 1)]
    typical, sharper = (float(np.median(b[mu > 0] / mu[mu > 0])) for b in (bound, sharp))
    told = f"{len(rows)} states of {met} runs (a wrong pair lived to the end of {never})"
    slack = setting.tighten * np.array([*margins, *inner])
    table = (
        ("upper bound along runs", "mu <= bound with factor pi/sqrt 6", margins[0],
         f"bound/mu: median {typical:.1f}, least {slack[0]:.2f}, {told}"),
        ("the same with factor 1", "mu <= sharper bound", margins[1],
         f"bound/mu: median {sharper:.1f}, least {slack[1]:.2f}"),
        ("first step of its proof", "sum_j a_j^2 norm(w_j+)^2 <= n p^2 (Cy+/Cx-)^2 delta^2", inner[0],
         f"least factor of slack {slack[2]:.3f}"),
        ("second step of its proof", "(1/p) sum_j norm(w_j+)^2 <= sqrt(p n) (Cy+/Cx-) delta", inner[1],
         f"least factor of slack {slack[3]:.3f}"),
    )  # fmt: skip
    panels = (_panel(next(run for run in runs if run)),)
    return [
        Finding(
            f"Prop. 1, {what}", HYPOTHESES, met, count, claim, found, margin >= 1, margin,
            panels=panels if margin is margins[0] else (),
        )
        for what, claim, margin, found in table
    ]  # fmt: skip


def _panel(run: list[tuple[float, Row]]) -> Panel:
    t = np.array([t for t, _ in run])
    curves = (
        Curve(t, np.array([row[1] for _, row in run]), "bound", "--"),
        Curve(t, np.array([row[2] for _, row in run]), "bound with factor 1", ":"),
        Curve(t, np.array([row[0] for _, row in run]), "mu"),
    )
    return Panel("Proposition 1 along a run", "t", "mu", curves, y_scale="log")


def _start(place: Floats, n: int, p: int) -> tuple[pl.Dataset, pl.Network]:
    """Orthogonal data, all labels and outer weights positive: only correct pairs, whatever the signs of z."""
    norms, y, W, rest = np.split(place, np.cumsum([n, n, p * n]))
    inner = np.exp(np.clip(W, -15, 3)).reshape(p, n)
    sizes = np.sqrt(np.square(inner).sum(axis=1) + np.exp(2 * np.clip(rest, -20, 3)))
    data = pl.Dataset.orthogonal(np.exp(np.clip(norms, -2, 2)), np.exp(np.clip(y, -3, 3)))
    return data, pl.Network(inner, sizes)


def _tightest(setting: Setting) -> list[Finding]:
    """The starts and times at which the bound comes closest to mu, with either factor; and where growth, the
    term that the factor is in, makes nine tenths of the bound.
    """
    titles = {
        "Prop. 1, tightest start": (False, 0.0),
        "Prop. 1, tightest start, factor 1": (True, 0.0),
        "Prop. 1, tightest start after growth": (False, 0.9),
        "Prop. 1, tightest start after growth, factor 1": (True, 0.9),
    }
    return [_searched(setting, title, *case) for title, case in titles.items()]


def _searched(setting: Setting, title: str, sharp: bool, grown: float) -> Finding:
    """Random starts of one to three points and one or two neurons, then ascent from the best."""
    best, where, met, draws = -math.inf, (0, 0), 0, 0
    tries, rounds = setting.size(5, 25, 100), setting.size(10, 150, 1000)
    for n, p in ((1, 1), (1, 2), (2, 2), (3, 2)):
        rng = np.random.default_rng(seed(title, 10 * n + p, Purpose.NOISE))

        def value(place: Floats, n: int = n, p: int = p) -> float:
            return _ratio(*_start(place, n, p), sharp, grown)

        def draw(rng: np.random.Generator, n: int = n, p: int = p) -> Floats:
            place = rng.standard_normal(2 * n + p * n + p)
            # what grows starts small and nearly balanced
            return place + np.r_[np.zeros(2 * n), np.full(p * n, -4), np.full(p, -9)] if grown else 3 * place

        found, _, counted = worst(value, draw, rng, tries, rounds)
        if (n, p) == (1, 1) and grown:
            found, counted, draws = max(found, value(_BALANCED)), counted + 1, draws + 1
        met, draws = met + counted, draws + tries
        if found > best:
            best, where = found, (n, p)
    margin = setting.upper(best, ROUNDING)
    return Finding(
        title,
        HYPOTHESES + (f", growth at least {grown:g} of the bound" if grown else ""),
        met,
        draws,
        "mu <= bound",
        f"least bound/mu {1 / best:.4f}, at n = {where[0]}, p = {where[1]}",
        margin >= 1,
        margin,
    )


def _ratio(data: pl.Dataset, start: pl.Network, sharp: bool, grown: float) -> float:
    """Largest mu/bound along a short flow from `start`, where growth makes `grown` of the bound."""
    unit = data.n / float(np.max(data.norms) * np.max(data.y))  # small neurons grow like exp(t/unit)
    times = np.r_[0.0, np.geomspace(0.05, 40, 16)] * unit
    save = pl.Save(times=times, states=True)
    sol = pl.simulate(data, start, float(times[-1]), method="flow", rtol=1e-6, save=save, threads=1)
    sizes = np.square(start.a) + start.norms_sq
    constant = 2 * float(np.max(data.norms)) ** 2 / data.n * float(np.mean(sizes))
    best = -math.inf
    for i in np.flatnonzero(sol.loss > 1e-10 * sol.loss[0]):
        bound = theory.pl_upper_bound_orthogonal(data, start, sol.state(int(i)), sharp=sharp)
        if bound - constant >= grown * bound:
            best = max(best, float(sol.local_pl[i]) / bound)
    return best
