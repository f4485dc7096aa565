"""The closed form of section 4 against the flow, and the paper's (69), which parts from both where c0 < 1."""

from __future__ import annotations

import numpy as np

import pl_native as pl
from pl_native import theory
from pl_native.experiments.statements.frame import Curve, Finding, Floats, Panel, Setting, seed
from pl_native.experiments.statements.group_starts import Problem, spread
from pl_native.streams import Purpose

NAME = "Section 4"
RTOL = 1e-9
TOLERANCE = 1e-6  # of runs at RTOL: relative, of the loss down to 1e-6 of the first


def check(setting: Setting) -> list[Finding]:
    """Findings of the closed form."""
    return [_against_runs(setting), _printed(setting)]


def _problems(count: int) -> list[Problem]:
    """n from 4 to 10^4, one to eight groups, any cosine, starts of any size below and above the limit."""
    found = []
    for draw in range(count):
        rng = np.random.default_rng(seed(NAME, draw, Purpose.NOISE))
        p = int(rng.integers(1, 9))
        n = p * max(1, round(4 * 10 ** rng.uniform(0, 3.4) / p))
        sizes = rng.uniform(1, 2, n)
        N0 = 10 ** rng.uniform(-3, 0.3, p) * p * np.sqrt(n / p)
        found.append(spread(sizes, p, rng, width=float(rng.choice([0.0, 0.3, 1.0, 2.0])), N0=N0))
    return found


def _against_runs(setting: Setting) -> Finding:
    count = setting.size(4, 60, 400)
    worst_loss, worst_norm, worst_mu, lowest = 0.0, 0.0, 0.0, 1.0
    problems = _problems(count)
    for data, network in problems:
        sol, exact, start = _run(data, network, 40)
        seen = exact.loss > 1e-6 * exact.loss[0]
        lowest = min(lowest, float(start.c0.min()))
        worst_loss = max(worst_loss, float(np.max(np.abs(sol.loss / exact.loss - 1)[seen])))
        worst_mu = max(worst_mu, float(np.max(np.abs(sol.local_pl / exact.local_pl - 1)[seen])))
        norms = sol.observed["norms_sq"] / exact.n_sq - 1
        worst_norm = max(worst_norm, float(np.max(np.abs(norms))))
    margin = setting.upper(max(worst_loss, worst_norm, worst_mu), TOLERANCE)
    return Finding(
        "Section 4, closed form",
        "group initialisation, orthonormal inputs",
        count,
        count,
        f"N, L and mu as formulas, to {TOLERANCE:g}",
        f"largest relative difference from {count} runs at rtol {RTOL:g} (c0 from {lowest:.2f} to 1): N "
        f"{worst_norm:.1e}, L {worst_loss:.1e}, mu {worst_mu:.1e}",
        margin >= 1,
        margin,
    )


def _run(
    data: pl.Dataset, network: pl.Network, times: int
) -> tuple[pl.Solution, theory.GroupSolution, theory.GroupStart]:
    start, n, p = theory.group_start(data, network), data.n, network.p
    t_end = (
        3
        * n
        / float(start.label_norms.min())
        * (2 + np.log1p(float(np.max(start.label_norms / start.N0)) * p))
    )

    def norms_sq(_: float, state: pl.Network) -> Floats:
        return state.norms_sq

    save = pl.Save(count=times, observe=(norms_sq,))
    sol = pl.simulate(data, network, t_end, method="flow", rtol=RTOL, save=save)
    exact = theory.group_closed_form(sol.t, start.label_norms, n, p, N0=start.N0, c0=start.c0)
    return sol, exact, start


def _printed(setting: Setting) -> Finding:
    """(69) against runs at n = 4 10^4 and against the closed form at n = 10^16."""
    n, p = setting.size(2_500, 40_000, 250_000), 1
    rng = np.random.default_rng(seed(NAME, 0, Purpose.BOOTSTRAP))
    data, network = spread(rng.uniform(1, 2, n), p, rng, width=0.75, N0=0.01)
    sol, exact, start = _run(data, network, 200)
    printed = theory.group_norm_as_printed(sol.t, start.label_norms, n, p, N0=start.N0, c0=start.c0)
    run = sol.observed["norms_sq"]
    seen, right = float(np.max(printed / run - 1)), float(np.max(np.abs(exact.n_sq / run - 1)))
    far = {c0: _excess(c0) for c0 in (0.76, 0.3)}
    shown = all(abs(100 * far[c0].max() - claim) < 0.06 for c0, claim in ((0.76, 13.64), (0.3, 53.85)))
    return Finding(
        "Section 4, (69) as printed",
        "c0 < 1",
        1,
        1,
        "N by (69) is the flow's",
        f"(69) exceeds the run's N by {100 * seen:.1f} % at n = {n}, c0 = {start.c0[0]:.3f} (closed form: "
        f"{right:.0e}); as n grows by 2/(1 + c0) - 1: {100 * far[0.76].max():.1f} % at c0 = 0.76, "
        f"{100 * far[0.3].max():.1f} % at 0.3 (n = 1e16)",
        seen > 0.05 and right < TOLERANCE and shown,
        refutes=True,
        panels=(_panel(),),
    )


def _excess(c0: float, n: int = 10**16) -> Floats:
    """(69) over N(t), minus 1, at kappa t from 0 to 30."""
    Y = float(np.sqrt(n))
    t = np.linspace(0, 30, 301) * n / Y
    printed = theory.group_norm_as_printed(t, Y, n, 1, c0=c0)
    excess: Floats = (printed / theory.group_closed_form(t, Y, n, 1, c0=c0).n_sq - 1)[:, 0]
    return excess


def _panel() -> Panel:
    x = np.linspace(0, 30, 301)
    curves = [Curve(x, _excess(c0), f"c0 = {c0:g}") for c0 in (0.3, 0.5, 0.76, 0.95, 1.0)]
    return Panel("Where (69) parts from N(t), n = 1e16", "norm(Y) t/n", "(69)/N - 1", tuple(curves))
