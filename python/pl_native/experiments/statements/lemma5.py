"""Lemma 5: the exact probability of event I against draws, and both bounds over all widths, exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

import numpy as np

import pl_native as pl
from pl_native import metrics, theory
from pl_native.experiments.statements.frame import Curve, Finding, Panel, Setting, seeds
from pl_native.stats import Proportion, clopper_pearson

NAME = "Lemma 5"
WIDTH, POINTS = 12, 20
INSIDE = 0.999
"""Level of the intervals that must hold an exact value: one check in a thousand is a false alarm."""


def check(setting: Setting) -> list[Finding]:
    """Findings of Lemma 5."""
    draws = setting.size(400, 6000, 30_000)
    given = _share(draws, np.repeat([1.0, -1.0], POINTS // 2))
    return [
        _given_signs(given),
        _averaged(setting),
        _product(given),
        _union(setting),
        _sufficient(setting),
        _converse(setting),
        _converse_of_many(),
        *(_converse_fails(eps, setting) for eps in (0.7, 0.9)),
        _duplicated(draws),
    ]


def _share(draws: int, y: np.ndarray) -> Proportion:
    """How often I holds for orthogonal inputs with these labels."""
    data = pl.Dataset.orthogonal(np.ones(len(y)), y)
    nets = [pl.initial.asymmetric(WIDTH, len(y), seed=seeds(NAME, k)[1], data=data) for k in range(draws)]
    return clopper_pearson(int(np.sum(metrics.well_initialised(data, nets))), draws, INSIDE)


def _exact(statement: str, exact: float, where: str, found: Proportion) -> Finding:
    """P(I) in closed form against how often it was found to hold."""
    return Finding(
        f"Lemma 5, exact P(I) {statement}",
        "orthogonal inputs",
        found.trials,
        found.trials,
        f"P(I) = {exact:.5f} at {where}, p = {WIDTH}",
        repr(found),
        exact in found.interval,
    )


def _given_signs(found: Proportion) -> Finding:
    exact = theory.well_initialised_probability(WIDTH, POINTS // 2, POINTS // 2).probability
    return _exact("given the labels' signs", exact, f"n+ = n- = {POINTS // 2}", found)


def _averaged(setting: Setting) -> Finding:
    draws = setting.size(400, 3000, 15_000)
    exact, hits = theory.well_initialised_average(WIDTH, POINTS).probability, 0
    for k in range(draws):
        data_seed, network_seed = seeds(f"{NAME}, averaged", k)
        data = pl.data.orthogonal(POINTS, seed=data_seed)
        network = pl.initial.balanced(WIDTH, POINTS, seed=network_seed, data=data)
        hits += metrics.well_initialised(data, network)
    found = clopper_pearson(hits, draws, INSIDE)
    return _exact("averaged over the labels' signs", exact, f"n = {POINTS}", found)


def _product(found: Proportion) -> Finding:
    wrong = theory.product_form(WIDTH, POINTS)
    exact = theory.well_initialised_probability(WIDTH, POINTS // 2, POINTS // 2).probability
    return Finding(
        "Lemma 5, points taken for independent",
        "orthogonal inputs",
        found.trials,
        found.trials,
        f"P(I) = (1 - (3/4)^p)^n = {wrong:.5f}",
        f"{exact:.5f} exactly; {found!r}",
        wrong not in found.interval or abs(exact - wrong) > 0.05,
        refutes=True,
    )


MOST = 300_000  # points up to which the converse holds at eps <= 1/2 whatever the labels; at 308 719 it fails


def _sizes(setting: Setting) -> list[int]:
    return sorted({round(10**e) for e in np.linspace(0, math.log10(MOST), setting.size(5, 25, 61))})


def _widths(setting: Setting, most: int) -> range:
    """1, 2, .. most; every third in the smallest effort, and the last, which is the tightest."""
    return range(most, 0, -setting.size(3, 1, 1))


def _splits(n: int) -> Iterator[int]:
    """Numbers of positive labels, up to symmetry."""
    yield from sorted({0, min(1, n), n // 8, n // 4, n // 2})


def _missed(p: int, n: int, positive: int) -> float:
    """1 - P(I) for n orthogonal inputs, so many with positive labels."""
    return theory.well_initialised_probability(p, positive, n - positive).complement


Case: TypeAlias = tuple[float, float, str]
"""1 - P(I), exactly, the bound on it, and where, in words."""


def _over_union(setting: Setting) -> Iterator[Case]:
    for n in _sizes(setting):
        for p in (1, 2, 5, 10, 30, 100, 300):
            for positive in _splits(n):
                yield _missed(p, n, positive), theory.union_bound(p, n) * (1 + 1e-12), f"n = {n}, p = {p}"


def _over_sufficient(setting: Setting) -> Iterator[Case]:
    """The worst eps of each width is n exp(-p/4)."""
    for n in _sizes(setting):
        least = max(1, math.ceil(4 * math.log(n) + 1e-9))
        for p in range(least, least + setting.size(20, 120, 300)):
            if (eps := n * math.exp(-p / 4)) < 1:
                yield _missed(p, n, n // 2), eps, f"n = {n}, p = {p}"


def _over_converse(setting: Setting) -> Iterator[Case]:
    """The worst eps of each width is the largest <= 1/2 with p <= 3 log(n/eps) - 2."""
    turns = [math.ceil(0.5 * math.exp((p + 2) / 3)) for p in range(1, 60)]  # where eps becomes 1/2
    for n in sorted({*_sizes(setting), *(n for n in turns if n <= MOST)}):
        for p in _widths(setting, math.floor(theory.insufficient_width(n, 1e-6))):
            eps = min(0.5, n * math.exp(-(p + 2) / 3))
            for positive in _splits(n):
                yield _missed(p, n, positive), eps, f"n = {n}, p = {p}, n+ = {positive}"


def _bound(setting: Setting, statement: str, hypotheses: str, claimed: str, cases: Iterator[Case]) -> Finding:
    """An upper bound on 1 - P(I), or a lower one where P(I) < ... is claimed, over exact cases."""
    below = claimed.startswith("P(I) <")
    missed, bounds, where = zip(*cases, strict=True)
    ratios = np.divide(missed, bounds) if below else np.divide(bounds, missed)
    margin = setting.lower(missed, bounds) if below else setting.upper(missed, bounds)
    ratio = "(1 - P)/eps" if below else "eps/(1 - P)"
    worst = int(np.argmin(ratios))
    return Finding(
        statement,
        hypotheses,
        len(where),
        len(where),
        claimed,
        f"least {ratio} {ratios[worst]:.4f}, at {where[worst]}; n to {MOST}, exactly",
        margin > 1 if below else margin >= 1,
        margin,
    )


def _union(setting: Setting) -> Finding:
    """It is attained by one point, and in the limit of large p."""
    hypotheses = "any inputs; here orthogonal"
    claimed = "1 - P(I) <= eps = n (3/4)^p"
    return _bound(setting, "Lemma 5, union bound", hypotheses, claimed, _over_union(setting))


def _sufficient(setting: Setting) -> Finding:
    hypotheses = "orthogonal inputs, the worst eps of each width"
    cases = _over_sufficient(setting)
    return _bound(setting, "Lemma 5, p >= 4 log(n/eps)", hypotheses, "P(I) >= 1 - eps", cases)


def _converse(setting: Setting) -> Finding:
    hypotheses = f"orthogonal inputs, eps <= 1/2, n <= {MOST} (corrected)"
    cases = _over_converse(setting)
    found = _bound(setting, "Lemma 5, p <= 3 log(n/eps) - 2", hypotheses, "P(I) < 1 - eps", cases)
    title, curves = "Lemma 5, exact: 1 - P(I) at n = 1000", tuple(_curves(1000))
    return replace(found, panels=(Panel(title, "p", "1 - P(I)", curves, y_scale="log"),))


def _curves(n: int) -> Iterator[Curve]:
    p = np.arange(8, 81)
    missed = [_missed(int(k), n, n // 2) for k in p]
    yield Curve(p.astype(float), np.array(missed), "exact, half of the labels positive")
    yield Curve(p.astype(float), np.minimum(1, n * 0.75**p), "n (3/4)^p", "--")
    yield Curve(p.astype(float), np.minimum(1, n * np.exp(-p / 4)), "eps of p = 4 log(n/eps)", ":")
    yield Curve(p.astype(float), np.minimum(1, n * np.exp(-(p + 2) / 3)), "eps of p = 3 log(n/eps) - 2", ":")


def _converse_fails(eps: float, setting: Setting) -> Finding:
    """A width and labels with p <= 3 log(n/eps) - 2 and P(I) >= 1 - eps all the same."""
    found, tried = "", 0
    for n in range(1, setting.size(60, 200, 2000)):
        for p in range(1, math.floor(theory.insufficient_width(n, eps)) + 1):
            chance = theory.well_initialised_probability(p, n, 0)
            tried += 1
            if not found and chance.probability >= 1 - eps:
                found = (
                    f"n = {n}, p = {p}, labels of one sign: P(I) = {chance.probability:.5f} >= {1 - eps:.2f}"
                )
    return Finding(
        f"Lemma 5, its converse at eps = {eps:g}",
        "orthogonal inputs, as printed",
        tried,
        tried,
        "p <= 3 log(n/eps) - 2 gives P(I) < 1 - eps",
        found or "no counter-example",
        bool(found),
        refutes=True,
    )


def _converse_of_many() -> Finding:
    """For fixed eps the width that P(I) turns at grows like (2/log 2) log n, and 2/log 2 = 2.885 < 3."""
    n, p = 308_719, 38
    chance = theory.well_initialised_probability(p, n, 0)
    return Finding(
        "Lemma 5, its converse for any n",
        "orthogonal inputs, eps = 1/2, labels of one sign",
        1,
        1,
        f"p = {p} <= 3 log(n/eps) - 2 = {theory.insufficient_width(n, 0.5):.5f} gives P(I) < 1/2 at n = {n}",
        f"P(I) = {chance.probability:.5f} exactly",
        p <= theory.insufficient_width(n, 0.5) and chance.probability >= 0.5,
        refutes=True,
    )


def _duplicated(draws: int) -> Finding:
    """Many equal inputs with labels of one sign are one point: P(I) = 1 - (3/4)^p whatever n."""
    n, eps, p = 1000, 0.1, 20
    data = pl.Dataset(np.ones((n, 1)) @ [[0.6, 0.8]], np.ones(n))
    nets = [pl.initial.asymmetric(p, 2, seed=seeds(f"{NAME}, duplicated", k)[1]) for k in range(draws // 4)]
    one = pl.Dataset(data.X[:1], data.y[:1])
    found = clopper_pearson(int(np.sum(metrics.well_initialised(one, nets))), len(nets), INSIDE)
    exact = theory.parallel_probability(p).probability
    allowed = theory.insufficient_width(n, eps)
    return Finding(
        "Lemma 5, its converse for duplicated inputs",
        "n equal inputs, labels of one sign",
        len(nets),
        len(nets),
        f"p = {p} <= 3 log(n/eps) - 2 = {allowed:.1f} gives P(I) < {1 - eps:g} at n = {n}",
        f"P(I) = 1 - (3/4)^p = {exact:.4f}; {found!r}",
        p <= allowed and exact >= 1 - eps and exact in found.interval,
        refutes=True,
    )
