"""Section 4.2: curvature from order 1/n to 1/sqrt n while the neurons grow to order sqrt n."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

import pl_native as pl
from pl_native import metrics, stats, theory
from pl_native.experiments.statements.frame import Curve, Finding, Floats, Panel, Setting, seed, seeds
from pl_native.experiments.statements.group_starts import spread
from pl_native.streams import Purpose

NAME = "Section 4.2"
GROUPS = 4


def check(setting: Setting) -> list[Finding]:
    """Findings of section 4.2."""
    return [*_group(setting), _standard_start(setting)]


def _group(setting: Setting) -> list[Finding]:
    """Flows from group initialisations, n over four decades (smoke: two)."""
    top = setting.size(3, 5, 6)
    grid = [10**e for e in range(1 if top < 6 else 2, top + 1)]
    grid = [GROUPS * n // 4 if n % GROUPS == 0 else GROUPS * (n // GROUPS + 1) for n in grid]
    repeats = [setting.size(2, 8, 12) if n <= 10_000 else setting.size(2, 4, 3) for n in grid]
    first, last, grown, lag, curves = [], [], [], [], []
    for n, count in zip(grid, repeats, strict=True):
        rows = [_run(n, draw) for draw in range(count)]
        first.append([mu[0] for _, mu, _ in rows])
        last.append([mu[-1] for _, mu, _ in rows])
        grown.append([N[-1] for _, _, N in rows])
        lag.append(max(abs(_middle(t, mu) / _middle(t, N) - 1) for t, mu, N in rows))
        curves.append((n, *rows[0]))
    slopes = [stats.loglog_slope(grid, values, seed=0) for values in (first, last, grown)]
    panels = (_panel("mu n", curves, lambda n: n), _panel("mu sqrt n", curves, lambda n: math.sqrt(n)))
    count, decades = sum(repeats), round(math.log10(grid[-1] / grid[0]))
    rows_of = (("mu(0)", -1.0, slopes[0]), ("mu at the end", -0.5, slopes[1]),
               ("norm(w)^2 at the end, from 1", 0.5, slopes[2]))  # fmt: skip
    findings = []
    for what, claim, slope in rows_of:
        # mu(0) is 1/n to rounding, and on some processors the slope is -1 to the last bit
        margin = setting.upper(max(abs(slope.slope - claim), np.finfo(np.float64).eps), 0.05)
        findings.append(
            Finding(
                f"Section 4.2, slope of log {what}, group initialisation",
                "orthonormal inputs, p = 4, c0 = N0 = 1",
                count, count, f"{claim:g} +- 0.05 over {decades} decades",
                f"{slope!r}, flows to n = {grid[-1]:.0e}",
                margin >= 1, margin, panels=panels if claim == -1 else (),
            )
        )  # fmt: skip
    margin = setting.upper(lag, np.maximum(4 / np.log(grid), 0.0))
    findings.append(
        Finding(
            "Section 4.2, mu and norm(w)^2 rise together", "group initialisation", count, count,
            "half-way on the log scale at the same time, up to O(1/log n)",
            "relative lag " + ", ".join(f"{v:.3f}" for v in lag) + f" for n = {grid[0]}..{grid[-1]:.0e}",
            margin >= 1, margin,
        )
    )  # fmt: skip
    return findings


def _run(n: int, draw: int) -> tuple[Floats, Floats, Floats]:
    """(t, mu, mean norm(w_j)^2) of a flow to the end of its transition and as long again.

    In parts, as what is observed is seen from kept states: at most some 10^6 weights times 12 rows at once.
    """
    rng = np.random.default_rng(seed(NAME, 10 * n + draw, Purpose.NOISE))
    data, network = spread(rng.uniform(1, 2, n), GROUPS, rng)
    least = float(theory.group_start(data, network).label_norms.min())
    t_end = n / least * (math.log(GROUPS * least) + 4)

    def size(_: float, state: pl.Network) -> float:
        return float(np.mean(state.norms_sq))

    parts, found = max(1, n // 100_000), []
    edges = np.linspace(0, t_end, parts + 1)
    for begin, end in pairwise(edges):
        save = pl.Save(count=120 // parts + 1, observe=(size,))
        sol = pl.simulate(data, network, float(end - begin), method="flow", save=save)
        network = sol.network
        found.append((begin + sol.t[:-1], sol.local_pl[:-1], sol.observed["size"][:-1]))
    t, mu, sizes = (np.concatenate(column) for column in zip(*found, strict=True))
    return t, mu, sizes


def _middle(t: Floats, values: Floats) -> float:
    """When a rising curve passes the geometric mean of its ends."""
    logs = np.log(values)
    level = (logs[0] + logs[-1]) / 2
    i = int(np.argmax(logs > level))
    return float(t[i - 1] + (t[i] - t[i - 1]) * (level - logs[i - 1]) / (logs[i] - logs[i - 1]))


def _panel(label: str, curves: list[tuple[int, Floats, Floats, Floats]], factor: object) -> Panel:
    assert callable(factor)
    drawn = tuple(
        Curve(t / theory.time_unit(n, GROUPS), mu * factor(n), f"n = {n:.0e}") for n, t, mu, _ in curves
    )
    return Panel(f"Section 4.2, {label}, group initialisation", "t/t_n", label, drawn, y_scale="log")


def _standard_start(setting: Setting) -> Finding:
    """mu(0) of the standard initialisation on orthogonal data, with p of order log n (Lemma 4's beta0/n)."""
    grid = [10**e for e in range(1, setting.size(3, 5, 5) + 1)]
    repeats = setting.size(4, 6, 40)
    values = []
    for n in grid:
        row = []
        for draw in range(repeats):
            data_seed, network_seed = seeds(f"{NAME}, standard {n}", draw)
            data = pl.data.orthogonal(n, seed=data_seed)
            network = pl.initial.asymmetric(pl.minimal_width(n), n, seed=network_seed, data=data)
            row.append(float(metrics.local_pl(data, network)))
        values.append(row)
    slope = stats.loglog_slope(grid, values, seed=0)
    margin = setting.upper(abs(slope.slope + 1), 0.05)
    count = len(grid) * repeats
    sizes = (16, 64, 256)[: setting.size(2, 3, 3)]
    flows = [_standard_flow(n) for n in sizes]
    panels = tuple(
        Panel(
            f"Section 4.2, {label}, standard initialisation", "t/t_n", label,
            tuple(Curve(t, mu * factor(n), f"n = {n}") for n, t, mu in flows), y_scale="log",
        )
        for label, factor in (("mu n", float), ("mu sqrt n", math.sqrt))
    )  # fmt: skip
    return Finding(
        "Section 4.2, slope of log mu(0), standard initialisation",
        "orthogonal inputs, asymmetric network, p = minimal_width(n)",
        count,
        count,
        f"-1 +- 0.05 over {len(grid) - 1} decades",
        f"{slope!r}",
        margin >= 1,
        margin,
        panels=panels,
    )


def _standard_flow(n: int) -> tuple[int, Floats, Floats]:
    """(n, t/t_n, mu) from the standard initialisation, p = 2 minimal_width(n), to the horizon."""
    data_seed, network_seed = seeds(f"{NAME}, flow {n}", 0)
    data = pl.data.orthogonal(n, 4 * n, seed=data_seed)
    network = pl.initial.asymmetric(2 * pl.minimal_width(n), 4 * n, seed=network_seed, data=data)
    t_end = pl.horizon(n, network.p)
    sol = pl.simulate(data, network, t_end, method="flow", save=100)
    return n, sol.t / theory.time_unit(n, network.p), sol.local_pl
