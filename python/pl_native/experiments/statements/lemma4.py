"""Lemma 4 against many networks: mean, variance and law of sqrt p (n mu(0) - beta0)."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

import pl_native as pl
from pl_native import metrics, streams, theory
from pl_native.experiments.statements.frame import Curve, Finding, Floats, Panel, Setting, seed, seeds

NAME = "Lemma 4"
N, D = 4, 6
WIDTH = 1024  # of the networks
LEVEL = 0.999  # of the intervals, and 1 minus the level of the test of normality
BLOCK = 250
LAWS = (("asymmetric", 1.0), ("asymmetric", 0.1), ("balanced", 1.0))


def check(setting: Setting) -> list[Finding]:
    """Findings of Lemma 4."""
    data = pl.data.sphere(N, D, seed=seeds(NAME, 0)[0])
    found: list[Finding] = []
    for name, scale in LAWS if setting.effort != "smoke" else LAWS[2:]:
        count = setting.size(400, 5000, 10_000)
        found += _of_law(setting, data, name, scale, count)
    return [*found, _power(setting, data), _torch_linear()]


def _scaled(
    data: pl.Dataset, name: str, scale: float, p: int, count: int, curve: theory.StartCurvature
) -> Floats:
    """sqrt p (n mu(0) - beta0) of `count` networks."""
    mu = []
    for first in range(0, count, BLOCK):
        block = range(first, min(first + BLOCK, count))
        draw = getattr(pl.initial, name)
        label = f"{NAME}, {name} {scale:g}, p = {p}"
        nets = [draw(p, D, seed=seeds(label, k)[1], scale=scale) for k in block]
        mu.append(metrics.local_pl(data, nets))
    return math.sqrt(p) * (data.n * np.concatenate(mu) - curve.beta0)


def _curvature(setting: Setting, data: pl.Dataset, name: str, scale: float) -> theory.StartCurvature:
    directions = setting.size(50_000, 400_000, 4_000_000)
    stream = seed(NAME, 1, streams.Purpose.NOISE)
    return theory.start_curvature(data, theory.law(name, D, scale), directions=directions, seed=stream)


def _of_law(setting: Setting, data: pl.Dataset, name: str, scale: float, count: int) -> list[Finding]:
    curve, p = _curvature(setting, data, name, scale), setting.size(WIDTH, WIDTH, 4 * WIDTH)
    x = _scaled(data, name, scale, p, count, curve)
    z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    mean, half = float(x.mean()), z * float(x.std(ddof=1)) / math.sqrt(count)
    variance = float(x.var(ddof=1))
    fourth = float(np.mean((x - mean) ** 4))
    spread = z * math.hypot(math.sqrt(max(fourth - variance**2, 0.0) / count), curve.gamma_sq_error)
    tested = x[:p]  # at width p the law is 0.5/sqrt p from its limit (skewness): more than p networks see it
    p_value = kolmogorov(tested / math.sqrt(curve.gamma_sq))
    label = f"Lemma 4, {name}" + ("" if scale == 1 else f", scale {scale:g}")
    runs = f"{count} networks of p = {p}"
    off = setting.upper(abs(variance - curve.gamma_sq), spread)
    common = ("rotation-invariant law", count, count)
    return [
        Finding(
            f"{label}: beta0", *common, f"n mu(0) -> beta0 = {curve.beta0:.4f}",
            f"{curve.beta0 + mean / math.sqrt(p):.4f} -+ {half / math.sqrt(p):.4f} (99.9 %), {runs}",
            setting.upper(abs(mean), half) >= 1,
            setting.upper(abs(mean), half),
        ),
        Finding(
            f"{label}: gamma0^2", *common,
            f"p Var(n mu(0)) -> gamma0^2 = {curve.gamma_sq:.3f} -+ {z * curve.gamma_sq_error:.3f}",
            f"{variance:.3f} -+ {spread:.3f} (99.9 %), {runs}", off >= 1,
            off,
        ),
        Finding(
            f"{label}: normal", *common, "sqrt p (n mu(0) - beta0) -> N(0, gamma0^2)",
            f"Kolmogorov-Smirnov p = {p_value:.3f}, {len(tested)} networks of p = {p}", p_value > 1 - LEVEL,
            panels=(_panel(label, x / math.sqrt(curve.gamma_sq)),),
        ),
    ]  # fmt: skip


def _power(setting: Setting, data: pl.Dataset) -> Finding:
    """The test of normality on networks of 4 neurons, where the limit is far: it must reject."""
    name, scale = LAWS[0]
    count = setting.size(WIDTH, WIDTH, 4 * WIDTH)  # as many as are tested
    curve = _curvature(setting, data, name, scale)
    x = _scaled(data, name, scale, 4, count, curve)
    p_value = kolmogorov((x - x.mean()) / x.std(ddof=1))
    wide = kolmogorov(np.array([NormalDist(0, 1.4).inv_cdf((k + 0.5) / count) for k in range(count)]))
    return Finding(
        "Lemma 4, power of its test of normality",
        "networks of 4 neurons, their own mean and variance",
        count,
        count,
        "normal at p = 4 too",
        f"Kolmogorov-Smirnov p = {p_value:.1e} for {count} networks; p = {wide:.1e} for normal numbers of a "
        "standard deviation 40 % too large",
        max(p_value, wide) < 1 - LEVEL,
        refutes=True,
    )


def _torch_linear() -> Finding:
    try:
        theory.law("torch_linear", D)
        said = ""
    except ValueError as error:
        said = str(error)
    return Finding(
        "Lemma 4, torch_linear",
        "a law that is not rotation invariant",
        1,
        1,
        "nothing",
        f"refused: {said}",
        "not rotation invariant" in said,
    )


def kolmogorov(x: Floats) -> float:
    """p-value of the Kolmogorov-Smirnov test of N(0, 1), by Stephens' form of the limit law."""
    count = len(x)
    cdf = np.array([NormalDist().cdf(value) for value in np.sort(x)])
    steps = np.arange(count + 1) / count
    distance = max(float(np.max(steps[1:] - cdf)), float(np.max(cdf - steps[:-1])))
    root = math.sqrt(count)
    scaled = distance * (root + 0.12 + 0.11 / root)
    if scaled < 0.3:
        return 1.0
    tail = 2 * math.fsum((-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, tail))


def _panel(label: str, x: Floats) -> Panel:
    """Sorted values against normal quantiles."""
    chosen = np.unique(np.linspace(0, len(x) - 1, 200).astype(int))
    quantiles = np.array([NormalDist().inv_cdf((k + 0.5) / len(x)) for k in chosen])
    return Panel(
        label,
        "normal quantile",
        "sqrt p (n mu(0) - beta0)/gamma0",
        (Curve(quantiles, np.sort(x)[chosen], "networks", "."), Curve(quantiles, quantiles, "N(0, 1)", "-")),
    )
