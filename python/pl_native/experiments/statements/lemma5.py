"""Lemma 5: the exact probability of event I against draws, and both bounds over all widths, exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

import pl_native as pl
from pl_native import metrics, theory
from pl_native.experiments.statements.frame import Curve, Finding, Panel, Setting, seeds
from pl_native.stats import Proportion, clopper_pearson

NAME = "Lemma 5"
WIDTH, POINTS = 12, 20
INSIDE = (
    0.999  # level of the intervals that must hold an exact value: one check in a thousand is a false alarm
)


def check(setting: Setting) -> list[Finding]:
    """Findings of Lemma 5."""
    draws = setting.size(400, 6000, 60_000)
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


def _given_signs(found: Proportion) -> Finding:
    exact = theory.well_initialised_probability(WIDTH, POINTS // 2, POINTS // 2).probability
    return Finding(
        "Lemma 5, exact P(I) given the labels' signs",
        "orthogonal inputs",
        found.trials,
        found.trials,
        f"P(I) = {exact:.5f} at n+ = n- = {POINTS // 2}, p = {WIDTH}",
        repr(found),
        exact in found.interval,
    )


def _averaged(setting: Setting) -> Finding:
    draws = setting.size(400, 3000, 30_000)
    exact, hits = theory.well_initialised_average(WIDTH, POINTS).probability, 0
    for k in range(draws):
        data_seed, network_seed = seeds(f"{NAME}, averaged", k)
        data = pl.data.orthogonal(POINTS, seed=data_seed)
        network = pl.initial.balanced(WIDTH, POINTS, seed=network_seed, data=data)
        hits += metrics.well_initialised(data, network)
    found = clopper_pearson(hits, draws, INSIDE)
    return Finding(
        "Lemma 5, exact P(I) averaged over the labels' signs",
        "orthogonal inputs",
        draws,
        draws,
        f"P(I) = {exact:.5f} at n = {POINTS}, p = {WIDTH}",
        repr(found),
        exact in found.interval,
    )


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


def _union(setting: Setting) -> Finding:
    """n (3/4)^p over 1 - P(I): it is attained by one point, and in the limit of large p."""
    cases, ratios = 0, []
    for n in _sizes(setting):
        for p in (1, 2, 5, 10, 30, 100, 300):
            for positive in _splits(n):
                missed = theory.well_initialised_probability(p, positive, n - positive).complement
                ratios.append(theory.union_bound(p, n) / missed)
                cases += 1
    margin = setting.upper(1.0, np.array(ratios) * (1 + 1e-12))
    return Finding(
        "Lemma 5, union bound",
        f"any inputs; here orthogonal, n to {MOST}",
        cases,
        cases,
        "1 - P(I) <= n (3/4)^p",
        f"least ratio {min(ratios):.12f}, attained by one point",
        margin >= 1,
        margin,
    )


def _sufficient(setting: Setting) -> Finding:
    """At each width the worst eps is n exp(-p/4): 1 - P(I) must not exceed it."""
    cases, ratios, points = 0, [], []
    for n in _sizes(setting):
        least = max(1, math.ceil(4 * math.log(n) + 1e-9))
        for p in range(least, least + setting.size(20, 120, 300)):
            eps = n * math.exp(-p / 4)
            if eps >= 1:
                continue
            missed = theory.well_initialised_probability(p, n // 2, n - n // 2).complement
            ratios.append(eps / missed)
            points.append((n, p))
            cases += 1
    margin = setting.upper(1.0, ratios)
    n, p = points[int(np.argmin(ratios))]
    return Finding(
        "Lemma 5, p >= 4 log(n/eps)",
        "orthogonal inputs, the worst eps of each width",
        cases,
        cases,
        "P(I) >= 1 - eps",
        f"least eps/(1 - P) {min(ratios):.4f}, at n = {n}, p = {p}; n to {MOST}, exactly",
        margin >= 1,
        margin,
    )


def _converse(setting: Setting) -> Finding:
    """At each width the largest eps <= 1/2 with p <= 3 log(n/eps) - 2: 1 - P(I) must exceed it."""
    cases, ratios, points = 0, [], []
    turns = [math.ceil(0.5 * math.exp((p + 2) / 3)) for p in range(1, 60)]  # where eps becomes 1/2
    for n in sorted({*_sizes(setting), *(n for n in turns if n <= MOST)}):
        for p in _widths(setting, math.floor(theory.insufficient_width(n, 1e-6))):
            eps = min(0.5, n * math.exp(-(p + 2) / 3))
            for positive in _splits(n):
                missed = theory.well_initialised_probability(p, positive, n - positive).complement
                ratios.append(missed / eps)
                points.append((n, p, positive))
                cases += 1
    margin = setting.lower(ratios, 1.0)
    n, p, positive = points[int(np.argmin(ratios))]
    panel = Panel(
        "Lemma 5, exact: 1 - P(I) at n = 1000",
        "p",
        "1 - P(I)",
        tuple(_curves(1000)),
        y_scale="log",
    )
    return Finding(
        "Lemma 5, p <= 3 log(n/eps) - 2",
        f"orthogonal inputs, eps <= 1/2, n <= {MOST} (corrected)",
        cases,
        cases,
        "P(I) < 1 - eps",
        f"least (1 - P)/eps {min(ratios):.4f}, at n = {n}, p = {p}, n+ = {positive}, exactly",
        margin > 1,
        margin,
        panels=(panel,),
    )


def _curves(n: int) -> Iterator[Curve]:
    p = np.arange(8, 81)
    missed = [theory.well_initialised_probability(int(k), n // 2, n - n // 2).complement for k in p]
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
