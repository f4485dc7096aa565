"""Appendix C.2: at a repelling kink a continuum of solutions starts; which of them Euler tends to."""

from __future__ import annotations

from functools import cache

import numpy as np

import pl_native as pl
from pl_native import theory
from pl_native.experiments.statements.frame import Curve, Finding, Floats, Panel, Setting, seed
from pl_native.experiments.statements.search import worst
from pl_native.streams import Purpose

Y, A0, NORM, B = 2.0, 1.5, 1.2, 0.7  # label, outer weight, norm(x), weight across x
T_END = 3.0


@cache
def _data() -> pl.Dataset:
    """One point; not made at import, which would fail wherever memory is refused."""
    return pl.Dataset([[NORM, 0.0]], [Y])


def check(setting: Setting) -> list[Finding]:
    """Findings of Appendix C.2."""
    return [_branches(setting), _reached(setting), *_euler(setting), _flow(), _two_points(setting)]


def _branch(t: Floats, leave: float) -> theory.Branch:
    """The neuron w = (0, B), a0 = A0 on one point: abs(a0) enters, B is silent."""
    return theory.kink_branch(t, leave, y=Y, a0=A0, norm=NORM)


def _branches(setting: Setting) -> Finding:
    """Each branch solves the inclusion: its derivative is that of the flow with share 0 before it leaves and
    1 after, L falls on it, and a^2 - norm(w)^2 stays.
    """
    count = setting.size(5, 50, 500)
    t = np.linspace(0, T_END, 3001)
    h = t[1] - t[0]
    worst, rises, drift = 0.0, 0, 0.0
    leaves = np.linspace(0, T_END, count)
    for leave in leaves:
        b = _branch(t, float(leave))
        r = Y - b.a * np.maximum(b.z, 0)
        smooth = (t[1:-1] <= leave - h) | (t[1:-1] >= leave + h)
        share = np.where(t >= leave, 1.0, 0.0)
        dz, da = share * b.a * r * NORM**2, r * np.maximum(b.z, 0)
        slope_z, slope_a = (v[2:] - v[:-2] for v in (b.z, b.a))
        gap = np.maximum(np.abs(slope_z / (2 * h) - dz[1:-1]), np.abs(slope_a / (2 * h) - da[1:-1]))
        worst = max(worst, float(gap[smooth].max()))
        rises += int(np.count_nonzero(np.diff(b.loss) > 1e-15))
        drift = max(drift, float(np.max(np.abs(b.a**2 - (b.z / NORM) ** 2 - A0**2))))
    margin = setting.upper(worst, 1e-3)
    shown = [0.0, 0.5, 1.0, 1.5, 2.0, np.inf]
    curves = tuple(Curve(t[::30], _branch(t, v).loss[::30], f"leaves at {v:g}") for v in shown)
    return Finding(
        "App. C.2, a continuum of solutions",
        "z(0) = 0, a r > 0, one point",
        count,
        count,
        "leaving at any time, or never, solves the inclusion; L falls on each",
        f"{count} branches: differences within {worst:.1e} of the inclusion, {rises} rises of L, "
        f"a^2 - norm(w)^2 within {drift:.0e}; L({T_END:g}) from {_branch(t, 0.0).loss[-1]:.4f} to "
        f"{_branch(t, np.inf).loss[-1]:.4f}",
        margin >= 1 and rises == 0 and drift < 1e-12,
        margin,
        panels=(Panel("Appendix C.2: one start, many solutions", "t", "L", curves),),
    )


def _reached(setting: Setting) -> Finding:
    """The branch that leaves at once, by the flow from z = delta: distance of order delta."""
    deltas = np.geomspace(1e-2, 1e-8, setting.size(3, 7, 13))
    t = np.linspace(0, T_END, 31)
    apart = []
    for delta in deltas:
        sol = pl.simulate(_data(), _at(delta), T_END, method="flow", rtol=1e-11, save=pl.Save(times=t))
        apart.append(float(np.max(np.abs(sol.loss - _branch(sol.t, 0.0).loss))))
    margin = setting.upper(np.array(apart), 5 * deltas + 1e-9)
    return Finding(
        "App. C.2, the flow from z = delta",
        "delta -> 0+",
        len(deltas),
        len(deltas),
        "tends to the branch that leaves at once",
        f"largest difference of L {apart[0]:.1e} at delta = {deltas[0]:g}, {apart[-1]:.1e} at {deltas[-1]:g}",
        margin >= 1,
        margin,
    )


def _at(z: float) -> pl.Network:
    return pl.Network([[z / NORM, B]], [A0])


_SIGNS = (("+delta", 1.0, "leaves at once"), ("0", 0.0, "never leaves"), ("-delta", -1.0, "never leaves"))
_STEPS = 0.1 * 0.5 ** np.arange(4)


def _euler(setting: Setting) -> list[Finding]:
    """Euler from z = +delta, 0, -delta, delta = step^2, as step -> 0: leaves at once, never, never.

    The neuron is also on at a second point, so that every solution moves; the start for which Euler is
    furthest from its solution is searched for.
    """
    findings = []
    for name, sign, claim in _SIGNS:
        title = f"App. C.2, Euler from z = {name}"
        rng = np.random.default_rng(seed(title, 0, Purpose.NOISE))
        draws, rounds = setting.size(10, 60, 300), setting.size(20, 200, 1000)

        def furthest(place: Floats, sign: float = sign) -> float:
            return float(np.max(_apart(place, sign) / _STEPS))

        found, place, met = worst(furthest, lambda r: r.standard_normal(6), rng, draws, rounds)
        margin = setting.upper(found, 3.0)
        apart = _apart(place, sign)
        findings.append(
            Finding(
                title, "delta = step^2; y, norm(x) in [1, 2], a in [1/2, 3/2], z_2 in [0, 1]", met, draws,
                f"tends to the solution that {claim}: L within 3 step of it",
                f"at the worst start found {found:.3f} step; there {apart[0]:.1e} at step {_STEPS[0]:g}, "
                f"{apart[-1]:.1e} at {_STEPS[-1]:g}",
                margin >= 1, margin,
            )
        )  # fmt: skip
    return findings


def _apart(place: Floats, sign: float) -> Floats:
    """Largest difference of L between Euler from z_1 = sign step^2 and what it should tend to, by steps.

    That is the flow from z_1 > 0 tiny, or from z_1 < 0: z_1 rests there, whatever its size.
    """
    share = 1 / (1 + np.exp(-place))
    y, norms, a, z = 1 + share[:2], 1 + share[2:4], 0.5 + share[4], share[5]
    data = pl.Dataset.orthogonal(norms, y)

    def at(first: float) -> pl.Network:
        return pl.Network([[first / norms[0], z / norms[1]]], [a])

    limit = pl.simulate(
        data, at(1e-12 if sign > 0 else -1.0), T_END, method="flow", rtol=1e-9, save=31, threads=1
    )
    runs = [pl.simulate(data, at(sign * s**2), T_END, step=float(s), save=31, threads=1) for s in _STEPS]
    return np.array([np.max(np.abs(run.loss - np.interp(run.t, limit.t, limit.loss))) for run in runs])


def _flow() -> Finding:
    """The selection rule (sigma'(0) = 0): the branch that never leaves."""
    sol = pl.simulate(_data(), _at(0.0), T_END, method="flow", save=31)
    apart = float(np.max(np.abs(sol.loss - _branch(sol.t, np.inf).loss)))
    return Finding(
        "App. C.2, the flow's own choice",
        "z(0) = 0, a r > 0",
        1,
        1,
        "off stays off: the branch that never leaves",
        f"L = {sol.loss[-1]:.6f} throughout (largest difference {apart:.0e})",
        apart < 1e-12,
    )


def _two_points(setting: Setting) -> Finding:
    """With another point pushing z up there is no choice: -delta, 0 and +delta end on one solution."""
    data = pl.Dataset([[1.0, 0.0], [0.6, 0.8]], [Y, Y])
    step = setting.size(10, 8, 8) ** -1.0 * 1e-2
    ends = []
    for z in (-1e-6, 0.0, 1e-6):
        sol = pl.simulate(data, pl.Network([[z, B]], [A0]), T_END, step=step)
        ends.append(float(sol.loss[-1]))
    flow = pl.simulate(data, pl.Network([[0.0, B]], [A0]), T_END, method="flow", rtol=1e-9).loss[-1]
    apart = float(np.max(np.abs(np.array(ends) - flow)))
    margin = setting.upper(apart, 10 * step)
    return Finding(
        "App. C.2, a kink that is crossed",
        "another point pushes z up through the kink",
        1,
        1,
        "Euler from -delta, 0, +delta and the flow agree",
        f"L({T_END:g}) = {flow:.6f} by the flow, Euler within {apart:.1e} at step {step:.0e}",
        margin >= 1,
        margin,
    )
