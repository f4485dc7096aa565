"""Theorem 2 by closed form to n = 10^18 and by runs to n = 10^6: the staircase, its times and its windows."""

from __future__ import annotations

import math

import numpy as np

import pl_native as pl
from pl_native import theory
from pl_native.experiments.statements.frame import Curve, Finding, Floats, Panel, Setting, seed
from pl_native.experiments.statements.group_starts import spread
from pl_native.streams import Purpose

NAME = "Theorem 2"
FAR = tuple(10**e for e in (3, 6, 9, 12, 15, 18))
D = (1.0, 2.0)
_EQUAL = (1.0, 1.0)

Run = tuple[int, Floats, pl.Solution]


def check(setting: Setting) -> list[Finding]:
    """Findings of Theorem 2."""
    equal = _runs(_EQUAL, setting.size(4, 5, 6))
    return [_staircase(setting), _by_runs(setting), _windows(setting, equal), _printed_prefactor(equal),
            _merging(setting), *_shifts(setting)]  # fmt: skip


def _staircase(setting: Setting) -> Finding:
    """Distance in time between L(t t_n) = the middle of each step and the step of L_inf, times log(n p)."""
    t = np.linspace(0, 1.75, 20_001)
    times, levels = theory.staircase(D, 2)
    late, plateau = [], []
    for n in FAR:
        loss = theory.rescaled_loss(t, D, n, 2)
        late.append(
            [
                abs(_crossing(t, loss, (a + b) / 2) - s)
                for s, a, b in zip(times, levels, levels[1:], strict=False)
            ]
        )
        plateau.append(float(abs(np.interp(0.75, t, loss) - levels[1])))
    scaled = np.array(late) * np.log(2 * np.array(FAR))[:, None]
    bound = 2 * np.log(2) + 1.8  # the shift of D = 2, 2 log(D)/D, and half a window
    margin = setting.upper(float(scaled.max()), bound)
    shrinking = bool(np.all(np.diff(plateau) < 0))
    return Finding(
        "Theorem 2, staircase by closed form",
        "group initialisation, p = 2 fixed",
        len(FAR),
        len(FAR),
        f"L(t t_n) -> L_inf(t); steps within {bound:.2f}/log(n p) of 1/D",
        f"steps off by at most {scaled.max():.3f}/log(n p) for n = 10^3..10^18; on the plateau L - 1/4 = "
        f"{plateau[0]:.3f}, ..., {plateau[-1]:.4f}",
        margin >= 1 and shrinking,
        margin,
        panels=(_panel(t),),
    )


def _crossing(t: Floats, loss: Floats, level: float) -> float:
    """First time at which the falling loss passes `level`, by linear interpolation of its logarithm."""
    i = int(np.argmax(loss < level))
    a, b = math.log(loss[i - 1]), math.log(loss[i])
    return float(t[i - 1] + (t[i] - t[i - 1]) * (a - math.log(level)) / (a - b))


def _sizes(n: int, targets: tuple[float, ...], rng: np.random.Generator) -> Floats:
    """Labels of every group, of random sizes within a factor 2 and norm D sqrt k exactly."""
    k = n // len(targets)
    rows = rng.uniform(1, 2, (len(targets), k))
    rows *= (np.asarray(targets) * math.sqrt(k) / np.linalg.norm(rows, axis=1))[:, None]
    return rows.ravel()


def _run(
    n: int, targets: tuple[float, ...], *, N0: float = 1.0, width: float = 0.0, end: float = 1.75
) -> tuple[Floats, pl.Solution, theory.GroupStart]:
    """(t/t_n, run, start) of a flow from a group initialisation."""
    rng = np.random.default_rng(seed(NAME, n, Purpose.NOISE))
    p = len(targets)
    data, network = spread(_sizes(n, targets, rng), p, rng, N0=N0, width=width)
    unit = theory.time_unit(n, p)
    save = np.linspace(0, end, 141) * unit
    sol = pl.simulate(data, network, float(save[-1]), method="flow", rtol=1e-6, save=save)
    return sol.t / unit, sol, theory.group_start(data, network)


def _runs(targets: tuple[float, ...], top: int) -> list[Run]:
    """Runs at n = 10^3, ..., 10^top."""
    return [(10**e, *_run(10**e, targets)[:2]) for e in range(3, top + 1)]


def _by_runs(setting: Setting) -> Finding:
    runs = _runs(D, setting.size(4, 6, 6))
    apart = 0.0
    for n, t, sol in runs:
        exact = theory.rescaled_loss(t, D, n, 2)
        apart = max(apart, float(np.max(np.abs(sol.loss - exact)) / exact[0]))
    margin = setting.upper(apart, 1e-5)
    sizes = ", ".join(f"10^{round(math.log10(n))}" for n, _, _ in runs)
    curves = tuple(Curve(t, sol.loss, f"run, n = 10^{round(math.log10(n))}") for n, t, sol in runs)
    steps = np.linspace(0, 1.75, 701)
    limit = Curve(steps, theory.limit_loss(steps, D, 2), "L_inf", "k--")
    return Finding(
        "Theorem 2, staircase by runs",
        "group initialisation, p = 2",
        len(runs),
        len(runs),
        "rescaled loss of the flow = closed form, to 1e-5 of L(0)",
        f"largest difference {apart:.1e} of L(0) at 141 times, n = {sizes}",
        margin >= 1,
        margin,
        panels=(Panel("Theorem 2 by runs", "t/t_n", "L", (*curves, limit)),),
    )


def _windows(setting: Setting, runs: list[Run]) -> Finding:
    """From 1 - eps to eps of the loss of two groups with D = 1, by runs; of D = 2 by the closed form."""
    worst_case, widths, draws = 0.0, [], 0
    for n, t, sol in runs:
        for eps in (0.1, 0.01):
            draws += 1
            if sol.loss[0] <= (1 - eps) / 2:
                continue  # the group does not start above the fraction 1 - eps
            measured = _width(t, sol.loss, eps)
            claimed = theory.window(eps, 1.0, n, 2)
            worst_case = max(worst_case, abs(measured / claimed - 1))
            widths.append((n, eps, measured))
    exact = [theory.fraction_time(0.1, 2.0, n, 2) - theory.fraction_time(0.9, 2.0, n, 2) for n in FAR]
    far = max(abs(w / theory.window(0.1, 2.0, n, 2) - 1) for w, n in zip(exact, FAR, strict=True))
    margin = setting.upper(worst_case, 0.02)
    shown = ", ".join(f"{w:.3f}" for _, eps, w in widths if eps == 0.1)
    return Finding(
        "Theorem 2, window",
        "c0 = 1, eps < 1/2, start above the fraction 1 - eps",
        len(widths),
        draws,
        "(2/D) log(...)/log(n p) in units of t_n",
        f"runs: {shown} at eps = 0.1, n = 10^3.. (within {worst_case:.1e}); closed form to n = 1e18 within "
        f"{far:.0e}, {exact[-1]:.4f} at D = 2",
        margin >= 1 and far < 1e-9 and abs(exact[-1] - 0.0875) < 5e-5,
        margin,
    )


def _width(t: Floats, loss: Floats, eps: float) -> float:
    """From the fraction 1 - eps to eps of the groups' norm(Y)^2/(2n), which add up to 1/2 where D = 1."""
    return _crossing(t, loss, eps / 2) - _crossing(t, loss, (1 - eps) / 2)


def _printed_prefactor(runs: list[Run]) -> Finding:
    n, t, sol = runs[-1]
    measured, printed = _width(t, sol.loss, 0.1), theory.window_as_printed(0.1, 1.0, n, 2)
    return Finding(
        "Theorem 2, window with the printed prefactor 1/(2 D)",
        "c0 = 1",
        1,
        1,
        f"{printed:.4f} t_n at n = {n:.0e}, D = 1, eps = 0.1",
        f"{measured:.4f} t_n by a run: {measured / printed:.3f} times the printed window",
        abs(measured / printed - 4) < 0.1,
        refutes=True,
    )


def _merging(setting: Setting) -> Finding:
    """p = 4, D = (1, 2, 2, 1): two steps, each of two groups at once."""
    n = setting.size(1_000, 100_000, 1_000_000)
    targets = (1.0, 2.0, 2.0, 1.0)
    t, sol, _ = _run(n, targets)
    times, levels = theory.staircase(targets, 4)
    apart = float(np.max(np.abs(sol.loss - theory.rescaled_loss(t, targets, n, 4))) / sol.loss[0])
    margin = setting.upper(apart, 1e-5)
    return Finding(
        "Theorem 2, groups of equal D merge",
        "p = 4, D = (1, 2, 2, 1)",
        1,
        1,
        f"steps at {times.tolist()}, levels {levels.tolist()}",
        f"run at n = {n:.0e} within {apart:.1e} of the closed form; levels {sol.loss[0]:.3f}, "
        f"{float(np.interp(0.72, t, sol.loss)):.3f}, {sol.loss[-1]:.0e}",
        margin >= 1 and len(times) == 2,
        margin,
    )


def _shifts(setting: Setting) -> list[Finding]:
    """c0 < 1 and N0 != 1 move a step by O(1/log n): half-way of N by runs against `transition_time`, to a
    twentieth of the shift itself."""
    n = setting.size(30_000, 100_000, 1_000_000)
    rows = []
    for title, N0, width in (("N0 = 0.01", 0.01, 0.0), ("N0 = 4", 4.0, 0.0), ("c0 < 1", 1.0, 1.0)):
        t, sol, start = _run(n, (1.0,), N0=N0, width=width, end=3.0)
        c0 = float(start.c0[0])
        measured = _crossing(t, sol.loss, _half_way(c0, n) * float(start.label_norms[0]) ** 2 / (2 * n))
        claimed = theory.transition_time(1.0, n, 1, N0=N0, c0=c0)
        plain = theory.transition_time(1.0, n, 1)
        margin = setting.upper(abs(measured - claimed), 0.05 * abs(claimed - plain))
        rows.append(
            Finding(
                f"Theorem 2, shift by {title}", "D = 1, p = 1", 1, 1,
                f"step at {claimed:.3f} t_n instead of {plain:.3f}, n = {n:.0e}",
                f"{measured:.3f} t_n by a run" + (f", c0 = {c0:.3f}" if width else ""),
                margin >= 1, margin,
            )
        )  # fmt: skip
    return rows


def _half_way(c0: float, n: int) -> float:
    """Share of norm(Y)^2/(2n) left when N = p norm(Y)/2: (1/2)^2, and what the cosine still misses."""
    Y = math.sqrt(n)
    x = np.linspace(0, math.log(n), 4001)
    found = theory.group_closed_form(x * n / Y, Y, n, 1, c0=c0)
    i = int(np.argmax(found.n_sq[:, 0] > Y / 2))
    return float(found.loss[i] * 2 * n / Y**2)


def _panel(t: Floats) -> Panel:
    thin = t[::40]
    curves = [Curve(thin, theory.rescaled_loss(thin, D, n, 2), f"n = 10^{round(math.log10(n))}") for n in FAR]
    limit = Curve(thin, theory.limit_loss(thin, D, 2), "L_inf", "k--")
    return Panel("Theorem 2, closed form", "t/t_n", "L", (*curves, limit))
