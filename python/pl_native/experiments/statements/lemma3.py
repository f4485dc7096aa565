"""Lemmas 3 and 6, Corollary 1 and the width of Theorem 1: how likely the hypotheses of Theorem 1 are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import pl_native as pl
from pl_native import metrics, theory
from pl_native.experiments.statements.frame import Curve, Finding, Panel, Setting, seeds
from pl_native.stats import Proportion, clopper_pearson, logistic_threshold

Flags = NDArray[np.bool_]

EPS = 0.05
NEAR = {16: 200.0, 64: 345.0, 200: 395.0}
"""d/n^2 at which the probability of Assumption 2 passes 1/2 for `sphere`, as measured earlier."""
POINTS = 16
LARGE = 4.0  # scale at which the loss of a narrow network is above 2 (Cy+)^2
RATIO = 500  # d/n^2 of the draws on which the widths are tried


def check(setting: Setting) -> list[Finding]:
    """Findings of Lemmas 3 and 6, Corollary 1, and the width of Theorem 1."""
    found = [_threshold(setting, n) for n in ((16,) if setting.effort == "smoke" else (16, 64))]
    if setting.effort == "full":
        found.append(_threshold(setting, 200))
    return [*found, _dimension(setting), *_widths(setting)]


def _hits(n: int, ratio: float, draws: int) -> int:
    """How many of `draws` reduced data sets of d = ratio n^2 satisfy Assumption 2."""
    d = round(ratio * n * n)
    label = f"Lemma 3, n = {n}, d/n^2 = {ratio:g}"
    sets = (pl.data.sphere(n, d, seed=seeds(label, k)[0], reduced=True) for k in range(draws))
    return sum(theory.assumption_2(data).holds for data in sets)


def _threshold(setting: Setting, n: int) -> Finding:
    """Where the probability passes 1/2, from a logistic fit in d/n^2 (failures decrease with it)."""
    draws = setting.size(20, 100, 500)
    ratios = np.round(NEAR[n] * np.array([0.55, 0.7, 0.85, 1.0, 1.15, 1.3, 1.5]))
    hits = np.array([_hits(n, float(ratio), draws) for ratio in ratios])
    fit = logistic_threshold(ratios, draws - hits, hits)
    d_half, d_eps = fit.estimate * n**2, (fit.estimate + fit.scale * math.log(1 / EPS - 1)) * n**2
    constants = [theory.dimension_constant(d, n, eps) for d, eps in ((d_half, 0.5), (d_eps, EPS))]
    panel = Panel(
        f"Lemma 3: P(Assumption 2), n = {n}",
        "d/n^2",
        "probability",
        (
            Curve(ratios, hits / draws, f"{draws} draws each", "o"),
            Curve(ratios, 1 - fit.probability(ratios), "logistic fit"),
        ),
    )
    return Finding(
        f"Lemma 3, P(Assumption 2) = 1/2, n = {n}",
        "sphere, norms and sizes of labels in [1, 2]",
        draws * len(ratios),
        draws * len(ratios),
        f"near d/n^2 = {NEAR[n]:g}",
        f"d/n^2 = {fit.estimate:.1f} {fit.interval!r}, {draws * len(ratios)} draws; implied C = "
        f"{constants[0]:.0f} at eps = 1/2, {constants[1]:.0f} at eps = {EPS:g}",
        abs(fit.estimate / NEAR[n] - 1) <= 0.1 or NEAR[n] in fit.interval,
        panels=(panel,),
    )


def _dimension(setting: Setting) -> Finding:
    draws = setting.size(80, 200, 1000)
    sizes = setting.size(2, 4, 5)
    found = {n: clopper_pearson(_hits(n, RATIO, draws), draws) for n in (4, 16, 32, 64, 128)[:sizes]}
    constants = [theory.dimension_constant(RATIO * n * n, n, EPS) for n in found]
    margin = setting.lower([share.interval.low for share in found.values()], 1 - EPS)
    return Finding(
        f"Lemma 3, d = {RATIO} n^2",
        "sphere, norms and sizes of labels in [1, 2]",
        draws * len(found),
        draws * len(found),
        f"P(Assumption 2) >= {1 - EPS:g} with C = {min(constants):.0f} to {max(constants):.0f}",
        "; ".join(f"n = {n}: {share!r}" for n, share in found.items()),
        margin >= 1,
        margin,
    )


@dataclass(frozen=True, slots=True)
class _Draws:
    """For each draw and each width up to the largest: does I hold, is L(0) <= 2 (Cy+)^2; and Assumption 2."""

    well: Flags
    small: Flags
    weak: Flags

    @property
    def both(self) -> Flags:
        """I and the bound on L(0)."""
        return self.well & self.small


def _draws(name: str, draws: int, most: int) -> _Draws:
    """A network of the first p neurons is a network of p neurons: all widths from one draw."""
    d = RATIO * POINTS**2
    well, small, weak = [], [], []
    for k in range(draws):
        data_seed, network_seed = seeds(f"Theorem 1, width, {name}", k)
        data = pl.data.sphere(POINTS, d, seed=data_seed, reduced=True)
        network = getattr(pl.initial, name)(most, d, seed=network_seed, data=data)
        z = metrics.preactivations(data, network)
        right = (z > 0) & (np.sign(network.a)[:, None] * np.sign(data.y) > 0)
        well.append(np.all(np.logical_or.accumulate(right, axis=0), axis=1))
        width = np.arange(1, most + 1)[:, None]
        r = data.y - np.cumsum(network.a[:, None] * np.maximum(z, 0), axis=0) / width
        small.append(np.sum(r**2, axis=1) / (2 * POINTS) <= 2 * np.max(np.abs(data.y)) ** 2)
        weak.append(theory.assumption_2(data).holds)
    return _Draws(np.array(well), np.array(small), np.array(weak))


def _stated(formula: object) -> float:
    """The width that holds for any data of the law: at Cx+/Cy+ = 2, the largest ratio."""
    d = RATIO * POINTS**2
    data = pl.Dataset.orthogonal(np.full(POINTS, 2.0), np.ones(POINTS), d)
    return float(formula(data, theory.law("balanced", d), EPS))  # type: ignore[operator]


def _widths(setting: Setting) -> list[Finding]:
    draws = setting.size(80, 500, 2500)
    stated = math.ceil(_stated(theory.theorem_1_width))
    whole = math.ceil(_stated(theory.corollary_1_width))
    found = _draws("balanced", draws, whole)
    both, loss = _share(found.both[:, stated - 1]), _share(found.small[:, stated - 1])
    everything = _share(found.both[:, whole - 1] & found.weak)
    where = f"n = {POINTS}, d = {RATIO} n^2"
    law = "balanced: a sub-Gaussian, rotation-invariant law"
    rows = [
        ("Lemma 6, L(0) <= 2 (Cy+)^2", f"p = {stated}", loss),
        ("Theorem 1, width: I and L(0) <= 2 (Cy+)^2", f"p = {stated} = 4 log(4n/eps)(...)", both),
        ("Corollary 1, all hypotheses of Theorem 1", f"p = {whole} = 4 log(6n/eps)(...)", everything),
    ]
    findings = []
    for title, width, share in rows:
        margin = setting.lower(share.interval.low, 1 - EPS)
        claim = f"P >= {1 - EPS:g} at {width}, {where}"
        said = repr(share)
        if share is loss:
            said += f"; p = {_least(found.small)[1]} is enough for this alone"
        findings.append(Finding(title, law, draws, draws, claim, said, margin >= 1, margin))
    return [_large_start(setting), *findings, _smallest(setting, found, stated), _asymmetric(draws)]


def _large_start(setting: Setting) -> Finding:
    """Lemma 6 where it has something to say: a start so large that narrow networks miss the bound."""
    draws, law = setting.size(80, 500, 2500), theory.law("balanced", POINTS, LARGE)
    data = pl.Dataset.orthogonal(np.full(POINTS, 2.0), np.tile([1.0, -2.0], POINTS // 2))
    stated = math.ceil(theory.theorem_1_width(data, law, EPS))
    nets = [
        pl.initial.balanced(stated, POINTS, seed=seeds("Lemma 6", k)[1], scale=LARGE, data=data)
        for k in range(draws)
    ]
    terms = np.array([net.a[:, None] * np.maximum(metrics.preactivations(data, net), 0) for net in nets])
    r = data.y - np.cumsum(terms, axis=1) / np.arange(1, stated + 1)[:, None]
    small = np.sum(r**2, axis=2) / (2 * POINTS) <= 2 * np.max(np.abs(data.y)) ** 2
    share, (low, middle, high) = _share(small[:, -1]), _least(small)
    margin = setting.lower(share.interval.low, 1 - EPS)
    return Finding(
        f"Lemma 6, W and a {LARGE:g} times larger",
        "balanced: a sub-Gaussian, rotation-invariant law",
        draws,
        draws,
        f"P(L(0) <= 2 (Cy+)^2) >= {1 - EPS:g} at p = {stated} = 4 log(4n/eps)(1 + (C_aw Cx+/Cy+)^2), "
        f"C_aw = {theory.psi1_norm(law):.3f}, n = d = {POINTS}",
        f"{share!r}; {_share(small[:, 0]).estimate:.3f} at p = 1; smallest p that works {middle} "
        f"[{low}, {high}]",
        margin >= 1 and not small[:, 0].all(),
        margin,
    )


def _share(hits: Flags) -> Proportion:
    return clopper_pearson(int(np.count_nonzero(hits)), len(hits))


def _least(hits: Flags) -> tuple[int | None, int | None, int | None]:
    """The smallest width with P >= 1 - eps: by upper ends of the intervals, by shares, by lower ends."""
    shares = [clopper_pearson(int(np.count_nonzero(column)), len(column)) for column in hits.T]

    def first(values: list[float]) -> int | None:
        above = [p for p, value in enumerate(values, 1) if value >= 1 - EPS]
        return above[0] if above else None

    return (
        first([s.interval.high for s in shares]),
        first([s.estimate for s in shares]),
        first([s.interval.low for s in shares]),
    )


def _smallest(setting: Setting, found: _Draws, stated: int) -> Finding:
    low, middle, high = _least(found.both)
    draws, most = found.both.shape
    width = np.arange(1.0, most + 1)
    panel = Panel(
        f"Theorem 1's width, n = {POINTS}",
        "p",
        "probability",
        (
            Curve(width, found.both.mean(axis=0), "I and L(0) <= 2 (Cy+)^2"),
            Curve(width, found.well.mean(axis=0), "I", "--"),
            Curve(width, found.small.mean(axis=0), "L(0) <= 2 (Cy+)^2", ":"),
        ),
    )
    margin = setting.upper(math.inf if middle is None else middle, stated)
    return Finding(
        "Theorem 1, smallest width that works",
        "balanced",
        draws,
        draws,
        f"at most {stated}",
        f"p = {middle} [{low}, {high or f'> {most}'}] (95 % at each width), {draws} draws",
        margin >= 1,
        margin,
        panels=(panel,),
    )


def _asymmetric(draws: int) -> Finding:
    low, middle, high = _least(_draws("asymmetric", draws, 40).both)
    constant = theory.psi1_norm(theory.law("asymmetric", RATIO * POINTS**2))
    return Finding(
        "Theorem 1, width for the paper's own law",
        "asymmetric: abs(a) - norm(w) ~ Exp(1) is not sub-Gaussian",
        draws,
        draws,
        f"none: C_aw = {constant}",
        f"p = {middle} [{low}, {high or '> 40'}] works all the same, {draws} draws",
        math.isinf(constant) and middle is not None,
    )
