"""Lemma 8 by runs: its three claims where they are claimed, how they fail at small d, and labels of 0."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

import pl_native as pl
from pl_native import stats, theory
from pl_native.experiments.statements import lemma8_worst
from pl_native.experiments.statements.frame import Curve, Finding, Panel, Setting, seeds

NAME = "Lemma 8"
GAP = 1.0  # A of the networks drawn here


class Tally(NamedTuple):
    """Sums over draws at one (n, d)."""

    runs: int
    correct: int
    shrunk: int
    wrong: int
    alive: int
    moved: tuple[float, ...]


def check(setting: Setting) -> list[Finding]:
    """Findings of Lemma 8."""
    return [
        *_claims(setting),
        *lemma8_worst.check(setting),
        _dimension(setting),
        _published(setting),
        _lone_zero(setting),
        _zeros(setting),
    ]


def start(n: int, p: int, d: int, draw: int) -> tuple[pl.Dataset, pl.Network]:
    """Orthogonal data, w_j ~ N(0, I/d), a_j^2 = norm(w_j)^2 + A with a fair sign."""
    data_seed, network_seed = seeds(f"{NAME}, {n} {d}", draw)
    data = pl.data.orthogonal(n, d, seed=data_seed)
    even = pl.initial.balanced(p, d, seed=network_seed, data=data)
    a = np.sign(even.a) * np.sqrt(np.square(even.a) + GAP)
    return data, pl.Network(even.W, a, w_perp_sq=even.w_perp_sq)


def _tally(n: int, d: int, count: int, *, condition: bool = False) -> tuple[Tally, int]:
    """Sums over those of `count` draws on which event I held, with `condition` the explicit one too."""
    found, moved = np.zeros(4, int), []
    for draw in range(count):
        data, network = start(n, pl.minimal_width(n), d, draw)
        if not theory.live_pairs(data, network).correct.any(axis=0).all():
            continue
        if condition and not theory.extinction_condition(data, network, gap=GAP).holds:
            continue
        t_n = theory.extinction_time(data, network, gap=GAP)
        sol = pl.simulate(data, network, t_n, method="flow", save=pl.Save(count=17, states=True))
        claims = theory.extinction(data, [sol.state(i) for i in range(len(sol.t))])
        found += (claims.correct, claims.shrunk, claims.wrong, claims.alive)
        moved.append(claims.moved)
    correct, shrunk, wrong, alive = (int(v) for v in found)
    return Tally(len(moved), correct, shrunk, wrong, alive, tuple(moved)), len(moved)


def _claims(setting: Setting) -> list[Finding]:
    """The three claims where all hypotheses hold, d large by `theory.extinction_condition`."""
    n, count = 20, setting.size(5, 60, 600)
    tally, met = _tally(n, 10_000 * n, count, condition=True)
    hypotheses = "orthogonal, event I, a_j^2 - norm(w_j)^2 >= 1, extinction_condition; d = 10^4 n"
    largest = max(tally.moved, default=math.nan)
    margin = setting.upper(largest, 0.5)
    rows = (
        ("correct pairs", "none smaller at t_n than at 0", f"{tally.shrunk} of {tally.correct} shrunk",
         tally.shrunk == 0, None),
        ("wrong pairs", "all 0 at t_n", f"{tally.alive} of {tally.wrong} alive", tally.alive == 0, None),
        ("residuals", "no r_i moves by more than abs(y_i)/2 before t_n",
         f"largest move {largest:.3f} abs(y_i) in {met} runs", margin >= 1, margin),
    )  # fmt: skip
    return [
        Finding(f"Lemma 8, {what}", hypotheses, met, count, claim, found, good, slack)
        for what, claim, found, good, slack in rows
    ]


def _dimension(setting: Setting) -> Finding:
    """Shares against d = n, 10 n, 100 n, ...: the third claim and with it the proof needs d >> n."""
    n, count = 10, setting.size(5, 40, 400)
    factors = (1, 10, 100, 1000)
    tallies = [_tally(n, factor * n, count)[0] for factor in factors]
    share = [stats.clopper_pearson(t.alive, t.wrong) for t in tallies]
    over = [sum(m > 0.5 for m in t.moved) for t in tallies]
    curve = Curve(
        np.array(factors) * float(n), np.array([s.estimate for s in share]), "wrong pairs alive", "o-"
    )
    moved = Curve(
        np.array(factors) * float(n),
        np.array([k / max(t.runs, 1) for k, t in zip(over, tallies, strict=True)]),
        "runs with a residual moved by more than abs(y)/2",
        "s-",
    )
    at = ", ".join(
        f"d = {f} n: {s.successes}/{s.trials} alive {s.interval!r}, {k}/{t.runs} runs beyond abs(y)/2"
        for f, s, k, t in zip(factors, share, over, tallies, strict=True)
    )
    return Finding(
        "Lemma 8 without a large d (A = 1)",
        "orthogonal, event I, a_j^2 - norm(w_j)^2 >= 1, d = n",
        sum(t.runs for t in tallies),
        len(factors) * count,
        "its three claims hold at any d",
        at,
        over[0] > 0 and over[-1] <= over[0],
        refutes=True,
        panels=(Panel("Lemma 8 at t_n, n = 10", "d", "share", (curve, moved), x_scale="log"),),
    )


def _published(setting: Setting) -> Finding:
    """The asymmetric law, whose gap is not bounded away from 0, at t = 40 n: d = n, 10 n, 100 n."""
    n, count = 10, setting.size(8, 40, 400)
    p, alive, wrong = pl.minimal_width(10), [], []
    for factor in (1, 10, 100):
        problems = []
        for draw in range(count):
            data_seed, network_seed = seeds(f"{NAME}, asymmetric {factor}", draw)
            data = pl.data.orthogonal(n, factor * n, seed=data_seed)
            problems.append((data, pl.initial.asymmetric(p, factor * n, seed=network_seed, data=data)))
        sols = pl.simulate_ensemble(problems, 40.0 * n, method="flow")
        pairs = [
            (theory.live_pairs(data, network).wrong, theory.live_pairs(data, sol.network).wrong)
            for (data, network), sol in zip(problems, sols, strict=True)
        ]
        wrong.append(sum(int(before.sum()) for before, _ in pairs))
        alive.append(sum(int((before & after).sum()) for before, after in pairs))
    shares = [stats.clopper_pearson(k, m) for k, m in zip(alive, wrong, strict=True)]
    shown = ", ".join(f"d = {f} n: {s!r}" for f, s in zip((1, 10, 100), shares, strict=True))
    return Finding(
        "Lemma 8 at d = n (asymmetric law)",
        f"orthogonal, n = 10, p = {p}, t = 40 n",
        3 * count,
        3 * count,
        "wrong pairs are 0 by then",
        f"share alive {shown}",
        alive[0] > 0 and shares[2].interval.low < 0.01,
        refutes=True,
    )


def _lone_zero(setting: Setting) -> Finding:
    """A label of 0 with one live neuron: z = z(0) exp(-(norm(x)^2/(n p)) int a_j^2), which is never 0."""
    count, worst = setting.size(3, 20, 200), 0.0
    positive = True
    for draw in range(count):
        data_seed, _ = seeds(f"{NAME}, zero label", draw)
        rng = np.random.default_rng(data_seed)
        norm, a0, z0 = rng.uniform(1, 2), rng.uniform(1, 3), rng.uniform(0.1, 0.9)
        data = pl.Dataset.orthogonal([norm], [0.0], zero_labels=True)
        sol = pl.simulate(
            data, pl.Network([[z0 / norm]], [a0]), 10.0, method="flow", rtol=1e-10,
            save=pl.Save(count=3000, states=True),
        )  # fmt: skip
        assert sol.W_saved is not None
        assert sol.a_saved is not None
        z, a_sq = sol.W_saved[:, 0, 0] * norm, np.square(sol.a_saved[:, 0])
        steps = np.diff(sol.t) * (a_sq[1:] + a_sq[:-1]) / 2
        wanted = -(norm**2) * np.concatenate([[0.0], np.cumsum(steps)])
        seen = z > 1e-9 * z0  # below, the run is at its own tolerance
        positive = positive and bool(np.all(z > 0))
        worst = max(worst, float(np.max(np.abs(np.log(np.where(seen, z, z0) / z0) - wanted)[seen])))
    margin = setting.upper(worst, 0.01)
    return Finding(
        "Lemma 8, remark on y_i = 0, one live neuron",
        "orthogonal, y_i = 0, one neuron on at i",
        count,
        count,
        "log z falls like -(norm(x)^2/(n p)) int a^2: z -> 0, not in finite time",
        f"log z within {worst:.1e} to z = 1e-9 z(0) in {count} runs, z > 0 throughout: {positive}",
        margin >= 1 and positive,
        margin,
    )


def _zeros(setting: Setting) -> Finding:
    """Two neurons on: of one sign, the smaller is 0 in finite time; of two signs, neither vanishes."""
    del setting  # two stored problems
    data = pl.Dataset.orthogonal([1.0], [0.0], zero_labels=True)
    same = pl.simulate(
        data, pl.Network([[0.02], [0.9]], [1.0, 1.0]), 60.0, method="flow", rtol=1e-10, save=200
    )
    gone = abs(float(same.network.W[0, 0])) < 1e-13
    at = float(same.t[int(np.argmax(same.n_active == 1))])
    both = pl.simulate(data, pl.Network([[0.5], [0.5]], [1.0, -2.0]), 200.0, method="flow", rtol=1e-10)
    rest = both.network.W[:, 0]
    return Finding(
        "Lemma 8, remark on y_i = 0, several live neurons",
        "orthogonal, y_i = 0, two neurons on at i",
        2,
        2,
        "pairs on y_i = 0 vanish, but not in finite time",
        f"a = (1, 1), z = (.02, .9): the smaller is 0 from t = {at:.2f} on; a = (1, -2), z = (.5, .5): z -> "
        f"({rest[0]:.3f}, {rest[1]:.3f}), L = {both.loss[-1]:.0e}",
        gone and 0 < at < 5 and both.loss[-1] < 1e-15 and rest.max() > 0.1,
        refutes=True,
    )
