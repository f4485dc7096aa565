"""Conjecture 1 by flows on orthogonal data: L -> 0, avg_mu(inf) of order 1/sqrt n, two-sided constants.

The runs are small; the large study of the exponent is an experiment of its own.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

import pl_native as pl
from pl_native import stats, theory
from pl_native.experiments.statements.frame import Curve, Finding, Panel, Setting, seeds

NAME = "Conjecture 1"
RTOL = 1e-5  # mu(inf) as by the flow to 1e-8, at a tenth of its cost: thousands of pairs die one by one early
LATE = 40.0  # end of the runs over sqrt n: L has fallen by many orders by then


class Sample(NamedTuple):
    """Flows at one n: how many were drawn, met event I, converged; mu(inf) of those that did."""

    n: int
    p: int
    draws: int
    met: int
    converged: int
    final: tuple[float, ...]
    end: tuple[float, ...]  # mu at the end of the run


def check(setting: Setting) -> list[Finding]:
    """Findings of Conjecture 1."""
    top, count = setting.size(64, 128, 1024), setting.size(8, 12, 60)
    grid = [n for n in (16, 32, 64, 128, 256, 512, 1024) if n <= top]
    samples = [_sample(n, count) for n in grid]
    return [_converges(samples), _limit(setting, samples), _slope(samples), _constants(samples)]


def _sample(n: int, count: int) -> Sample:
    """p = 4 minimal_width(n), d = 4 n: the paper's width 4x, to where L has all but gone."""
    p = 4 * pl.minimal_width(n)
    problems = []
    for draw in range(count):
        data_seed, network_seed = seeds(f"{NAME}, {n}", draw)
        data = pl.data.orthogonal(n, 4 * n, seed=data_seed)
        network = pl.initial.asymmetric(p, 4 * n, seed=network_seed, data=data)
        if theory.live_pairs(data, network).correct.any(axis=0).all():
            problems.append((data, network))
    above = pl.Stop(loss=1e-20)  # a step further down the loss is rounding, and mu not known
    sols = pl.simulate_ensemble(problems, LATE * math.sqrt(n), method="capture", rtol=RTOL, stop=above)
    gone = [sol.loss[-1] < 1e-10 * sol.loss[0] for sol in sols]
    pairs = [(data, sol) for (data, _), sol, fine in zip(problems, sols, gone, strict=True) if fine]
    final = tuple(theory.final_pl(data, sol.network) for data, sol in pairs)
    end = tuple(float(sol.local_pl[-1]) for _, sol in pairs)
    return Sample(n, p, count, len(problems), sum(gone), final, end)


def _converges(samples: list[Sample]) -> Finding:
    met, done = sum(s.met for s in samples), sum(s.converged for s in samples)
    share = stats.clopper_pearson(done, met)
    return Finding(
        "Conjecture 1, L -> 0",
        "orthogonal, p = 4 minimal_width(n), event I",
        met,
        sum(s.draws for s in samples),
        "L -> 0",
        f"L below 1e-10 L(0) by t = {LATE:g} sqrt n in {share!r}, n = {samples[0].n}..{samples[-1].n}",
        done == met,
    )


def _limit(setting: Setting, samples: list[Sample]) -> Finding:
    """mu at the end of a run over (2/n) lam_min(M) there: at least 1 (Rayleigh), and on its way to 1."""
    ratio = np.concatenate([np.array(s.end) / np.array(s.final) for s in samples])
    margin = setting.lower(ratio * (1 + 1e-6), np.ones_like(ratio))
    near = float(np.median(ratio))
    return Finding(
        "Conjecture 1, mu(inf) = (2/n) lam_min(M(inf))",
        "L -> 0",
        len(ratio),
        len(ratio),
        "mu(t) above (2/n) lam_min(M(t)), and tends to it",
        f"ratio at t = {LATE:g} sqrt n: {ratio.min():.6f} to {ratio.max():.3f}, median {near:.4f}",
        margin >= 1 and near < 1.05,
        margin,
    )


def _slope(samples: list[Sample]) -> Finding:
    """The exponent between these n, with its interval: nothing asymptotic is concluded from it."""
    n = [s.n for s in samples]
    whole = stats.loglog_slope(n, [s.final for s in samples], seed=0)
    half = len(n) // 2
    late = stats.loglog_slope(n[half - 1 :], [s.final for s in samples[half - 1 :]], seed=0)
    curves = (
        Curve(np.array(n, float), np.array([np.mean(s.final) for s in samples]), "mean mu(inf)", "o-"),
        Curve(np.array(n, float), np.mean(samples[0].final) * np.sqrt(n[0] / np.array(n)), "n^(-1/2)", "--"),
        Curve(np.array(n, float), np.mean(samples[0].final) * n[0] / np.array(n, float), "1/n", ":"),
    )
    return Finding(
        "Conjecture 1, slope",
        *_met(samples),
        "avg_mu(inf) of order 1/sqrt n; tested here: the slope is above -1, that of order 1/n",
        f"{whole!r}; from n = {n[half - 1]} on {late.slope:.3f} {late.interval!r}",
        bool(whole.interval.low > -1 and whole.interval.high < -0.3),
        panels=(Panel("Conjecture 1", "n", "mu(inf)", curves, x_scale="log", y_scale="log"),),
    )


def _constants(samples: list[Sample]) -> Finding:
    """The extremes of sqrt(n) mu(inf), each n's bootstrap interval of the mean between them.

    Of m runs the share of the law between their extremes is Beta(m - 1, 2): its 5 % quantile is told.
    """
    scaled = [math.sqrt(s.n) * np.array(s.final) for s in samples]
    low, high = min(float(v.min()) for v in scaled), max(float(v.max()) for v in scaled)
    count = sum(map(len, scaled))
    share = stats.clopper_pearson(count - 1, count, 0.9).interval.low
    shown = ", ".join(
        f"n = {s.n}: {stats.mean_interval(v, seed=0)!r}" for s, v in zip(samples, scaled, strict=True)
    )
    return Finding(
        "Conjecture 1, two-sided constants",
        *_met(samples),
        "C1/sqrt n <= avg_mu(inf) <= C2/sqrt n; tested here: at these n, C2 < 20 C1",
        f"on all runs with C1 = {low:.3f}, C2 = {high:.3f}, so of such runs on at least {share:.3f} (95 %); "
        f"sqrt n mu(inf): {shown}",
        0 < low <= high < 20 * low,
    )


def _met(samples: list[Sample]) -> tuple[str, int, int]:
    """The hypotheses, on how many draws they held, and of how many."""
    return (
        "orthogonal, p = 4 minimal_width(n), L -> 0",
        sum(s.converged for s in samples),
        sum(s.draws for s in samples),
    )
