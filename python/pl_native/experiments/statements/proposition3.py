"""Proposition 3 by runs: the collapse, what its condition leaves out, a map of outcomes."""

from __future__ import annotations

import numpy as np

import pl_native as pl
from pl_native import theory
from pl_native.experiments.statements.frame import Curve, Finding, Floats, Panel, Setting, seeds

NAME = "Prop. 3"
T_END = 400.0  # some 1000 times 1/abs(y_2) of the labels near 10; times go like 1/abs(y)


def check(setting: Setting) -> list[Finding]:
    """Findings of Proposition 3."""
    return [_example(), _neighbour(), _random(setting), _sufficient_only(), _map(setting)]


def _ends(problems: list[tuple[pl.Dataset, pl.Network]], t_end: float = T_END) -> list[pl.Solution]:
    return pl.simulate_ensemble(problems, t_end, method="flow", rtol=1e-9)


def _collapsed(data: pl.Dataset, sol: pl.Solution) -> bool:
    """L >= y_2^2/4 for ever: no neuron is on at the second point, and orthogonal inputs keep it so."""
    correct, wrong = theory.live_pairs(data, sol.network)
    return not bool((correct | wrong)[:, 1].any())


def _example() -> Finding:
    data, network = theory.collapse_example()
    (sol,) = _ends([(data, network)])
    a = sol.network.a
    good = abs(sol.loss[-1] - 6.25) < 1e-6 and np.allclose(a, (2.9423, 3.0715), atol=5e-5)
    return Finding(
        "Prop. 3, the example",
        "z(0) = [[1, .9], [1.1, 1]], a = (.01, -.01), y = (10, -5)",
        1,
        1,
        "L -> 6.25, a -> (2.9423, 3.0715)",
        f"L({T_END:g}) = {sol.loss[-1]:.9f}, a = ({a[0]:.4f}, {a[1]:.4f})",
        bool(good) and theory.collapse_expected(data, network),
    )


def _neighbour() -> Finding:
    """The same inner weights and labels with Assumption 1, and the least abs(a) that is enough."""
    enough = float(np.linalg.norm([1.1, 1.0]))  # the larger norm(w_j)
    (sol,) = _ends([theory.collapse_example(outer=enough)])
    outers = np.geomspace(0.01, enough, 40)
    problems = [theory.collapse_example(outer=float(v)) for v in outers]
    fits = np.array([s.loss[-1] < 1e-6 for s in _ends(problems)])
    first = float(outers[int(np.argmax(fits))])
    return Finding(
        "Prop. 3, the neighbour with Assumption 1",
        "the example with abs(a_j) >= norm(w_j)",
        1,
        1,
        "L -> 0",
        f"L({T_END:g}) = {sol.loss[-1]:.0e}; abs(a) = {first:.3f} is the first of 40 from 0.01 up to fit",
        bool(sol.loss[-1] < 1e-12),
    )


def _random(setting: Setting) -> Finding:
    """Random starts that meet the condition on the labels. How large y_1 has to be depends on the start: from
    there on it collapses at every larger y_1. With abs(a_j) = norm(w_j) and two signs it does not."""
    count = setting.size(20, 200, 2000)
    collapsed: dict[float, Floats] = {}
    met, margin = 0, 0.0
    for large in (20.0, 200.0, 2000.0, 20_000.0):
        problems = [_start(draw, large) for draw in range(count)]
        met = sum(theory.collapse_expected(*problem) for problem in problems)
        ends = _ends(problems, 20 * T_END / large)
        collapsed[large] = np.array([_collapsed(*pair) for pair in _with_data(problems, ends)])
        level = [float(data.y[1]) ** 2 / 4 * (1 - 1e-6) for data, _ in problems]
        margin = setting.lower([sol.loss[-1] for sol in ends], level)
    stays = bool(np.all(np.diff(np.array(list(collapsed.values()), int), axis=0) >= 0))
    balanced = [_balanced(*problem) for problem in problems]
    fits = sum(sol.loss[-1] < 1e-9 * sol.loss[0] for sol in _ends(balanced, 20 * T_END / large))
    shown = ", ".join(f"{its.sum()} of {count} at abs(y_1) = {large:g}" for large, its in collapsed.items())
    return Finding(
        "Prop. 3, random starts",
        "all z > 0, abs(a) = 1e-4, abs(y_2/y_1) < min z/max z, abs(y_1) = 20000",
        met,
        count,
        "lim L >= y_2^2/4 once y_1 is large, and at all larger ones",
        f"collapsed: {shown}; {fits} of {count} fit with abs(a_j) = norm(w_j)",
        margin >= 1 and met == count and stays and fits == count,
        margin,
    )


def _with_data(
    problems: list[tuple[pl.Dataset, pl.Network]], ends: list[pl.Solution]
) -> list[tuple[pl.Dataset, pl.Solution]]:
    return [(data, sol) for (data, _), sol in zip(problems, ends, strict=True)]


def _balanced(data: pl.Dataset, network: pl.Network) -> tuple[pl.Dataset, pl.Network]:
    """The same start with abs(a_j) = norm(w_j), Assumption 1, and a neuron of either sign: event I."""
    return data, pl.Network(network.W, np.array([1.0, -1.0]) * np.linalg.norm(network.W, axis=1))


def _start(draw: int, large: float) -> tuple[pl.Dataset, pl.Network]:
    rng = np.random.default_rng(seeds(NAME, draw)[1])
    z = rng.uniform(0.5, 1.5, (2, 2))
    share = rng.uniform(0.05, 1.0) * z.min() / z.max()
    a = 1e-4 * rng.choice([-1.0, 1.0], 2)
    y = rng.choice([-1.0, 1.0]) * large * np.array([1.0, -share])
    return pl.Dataset.orthogonal([1.0, 1.0], y), pl.Network(z, a)


def _sufficient_only() -> Finding:
    """y = (10, -9.9) and (2, -1) collapse as well."""
    problems = [theory.collapse_example(y) for y in ((10.0, -9.9), (2.0, -1.0))]
    ends = _ends(problems)
    outside = not theory.collapse_expected(*problems[0])
    return Finding(
        "Prop. 3, its condition as a necessary one",
        "the example's start with y = (10, -9.9) and (2, -1)",
        2,
        2,
        "no collapse where abs(y_2/y_1) >= min z/max z, or y_1 is not large",
        f"L -> {ends[0].loss[-1]:.4f} (y_2^2/4 = {9.9**2 / 4:.4f}) and {ends[1].loss[-1]:.4f} (0.25)",
        outside and all(_collapsed(data, sol) for (data, _), sol in zip(problems, ends, strict=True)),
        refutes=True,
    )


def _map(setting: Setting) -> Finding:
    """The outcome over (y_1, abs(y_2/y_1)) from the example's start."""
    side = setting.size(6, 20, 60)
    ones, shares = np.geomspace(0.1, 20, side), np.linspace(0.05, 1.5, side)
    problems = [theory.collapse_example((float(u), -float(u * v))) for u in ones for v in shares]
    ends = _ends(problems)
    final = np.array([4 * s.loss[-1] for s in ends]).reshape(side, side)
    y1, y2 = np.repeat(ones[:, None], side, axis=1), ones[:, None] * shares
    outcomes = [final < 1e-6, np.isclose(final, y2**2, rtol=1e-3), np.isclose(final, y1**2, rtol=1e-3)]
    kinds = np.select(outcomes, [0, 1, 2], 3)
    names = ("fits both", "gives up y_2", "gives up y_1", "neither")
    condition = float(0.9 / 1.1)
    inside = kinds[(ones[:, None] >= 5) & (shares < condition)]
    counts = ", ".join(f"{name} {int(np.sum(kinds == k))}" for k, name in enumerate(names))
    return Finding(
        "Prop. 3, map over (y_1, abs(y_2/y_1))",
        "the example's start; printed condition abs(y_2/y_1) < 0.818 and y_1 >= 5",
        int(inside.size),
        side * side,
        "gives up y_2 wherever the condition holds and y_1 is large",
        f"{int(np.sum(inside == 1))} of {inside.size} there; on the whole grid: {counts}",
        bool(np.all(inside == 1)),
        panels=(_panel(ones, shares, kinds, names),),
    )


def _panel(ones: Floats, shares: Floats, kinds: np.ndarray, names: tuple[str, ...]) -> Panel:
    curves = []
    for k, name in enumerate(names):
        i, j = np.nonzero(kinds == k)
        if len(i):
            curves.append(Curve(ones[i], shares[j], name, ("o", "s", "^", "x")[k]))
    return Panel("Proposition 3: what the flow gives up", "y_1", "abs(y_2/y_1)", tuple(curves), x_scale="log")
