"""How fast is one Euler step of a dense problem, against the processor's limit and against rivals?

All cores busy with one replicate each. Useful work is 4ndp per step (the two dense products); pl_native does
less than that, because it tabulates masked sums, so its share of the FMA peak may exceed what the dense
products would allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pl_native as pl
from contest import OURS, Match, Outcome, contest
from harness import PEAK_FLOPS, Arm, cores, enough_steps, peak_arm, timed
from options import Effort, parse, save
from problems import Case, Problem, arrays, final_states
from rivals import DENSE, LOOP, Crews, Rival

# Flow time of every run: long enough to move, short enough that rounding is not amplified by masks that flip,
# because all must end in the same state. The distance allowed is relative to the way gone.
T_END = 2.0
TOLERANCE = {"float32": 2e-3, "float64": 1e-9}
SIZES = [(1700, 100, 37), (300, 30, 31), (350, 30, 400), (1700, 100, 48)]
ODD_SIZES = [(3, 2, 200_000), (100_000, 2, 3), (2000, 1, 50)]
# (n, d, p) -> goals: share of the peak in both precisions; float32 ratios over JAX, NumPy, the PyTorch loop
SHARE_GOALS = {(1700, 100, 37): 0.80, (300, 30, 31): 0.60, (350, 30, 400): 0.80}
RATIO_GOALS = {
    (1700, 100, 37): {"JAX vmap": 1.5, "JAX per core": 1.5, "NumPy": 1.8, LOOP: 3.5},
    (300, 30, 31): {"JAX vmap": 3.0, "JAX per core": 3.0, "NumPy": 3.5, LOOP: 25.0},
    (350, 30, 400): {"JAX vmap": 1.5, "JAX per core": 1.5, "NumPy": 1.8, LOOP: 3.5},
}
WIDTH_GOAL = 0.85  # time(p = 37) over time(p = 48), at most


def native(problems: list[Problem], steps: int) -> list[pl.Solution]:
    return pl.simulate_ensemble(problems, t_end=T_END, step=T_END / steps)


def steps_for(case: Case, seconds: float) -> int:
    """Steps that keep pl_native busy for about `seconds`."""
    problems = case.problems()
    return enough_steps(lambda steps: native(problems, steps), seconds)


def one_case(case: Case, rivals: Sequence[Rival], crews: Crews, effort: Effort) -> dict[str, Any]:
    problems, steps = case.problems(), steps_for(case, effort.work)
    final = final_states(native(problems, steps))
    ours = timed(lambda: native(problems, steps))
    match = Match(ours, lambda _: final, arrays(problems, T_END / steps), steps, TOLERANCE[case.dtype])
    extra = [peak_arm(case.dtype, cores())]
    if case.p == 37:
        wider = replace(case, p=48).problems()
        extra.append(Arm("pl_native, p = 48", timed(lambda: native(wider, steps))))
    outcome = contest(match, rivals, crews, effort.budget, extra)
    return row_of(case, steps, outcome)


def row_of(case: Case, steps: int, outcome: Outcome) -> dict[str, Any]:
    rounds, size = outcome.rounds, (case.n, case.d, case.p)
    single = case.dtype == "float32"
    row: dict[str, Any] = case.sizes() | {"steps": steps, "rounds": len(rounds.order)}
    row["us_per_step_and_network"] = rounds.summary(OURS, 1e6 / steps / case.replicates)
    share = rounds.ratio("FMA peak", OURS).scaled(case.flops * steps / PEAK_FLOPS)
    row["share_of_peak"] = share.as_json() | {"goal": SHARE_GOALS.get(size)}
    row["rivals"] = []
    for family, name in outcome.best.items():
        goal = RATIO_GOALS.get(size, {}).get(family) if single else None
        if size in ODD_SIZES and family == "NumPy":
            goal = 1.0
        row["rivals"].append(
            {"family": family, "best": name, "goal": goal}
            | rounds.ratio(name, OURS).as_json()
            | {"us_per_step_and_network": rounds.summary(name, 1e6 / steps / case.replicates)}
        )
    row["variants"] = outcome.variants
    if "pl_native, p = 48" in rounds.seconds:
        narrow = rounds.ratio(OURS, "pl_native, p = 48").as_json()
        row["time_37_over_48"] = narrow | {"goal": WIDTH_GOAL}
    return row


def run(effort: Effort) -> list[dict[str, Any]]:
    rivals = [rival for rival in DENSE if not (effort.quick and rival.slow_start)]
    numpy_only = [rival for rival in rivals if rival.family == "NumPy"]
    rows = []
    with Crews() as crews:
        for n, d, p in SIZES + ODD_SIZES:
            for dtype in ("float32", "float64"):
                field = numpy_only if (n, d, p) not in SHARE_GOALS else rivals
                if effort.quick and dtype == "float64":
                    field = numpy_only
                case = Case(n, d, p, dtype, cores())
                rows.append(one_case(case, field, crews, effort))
                effort.say(describe(rows[-1]))
    return rows


def describe(row: dict[str, Any]) -> str:
    against = "  ".join(f"{rival['family']} {rival['median']:.3g}x" for rival in row["rivals"])
    size = f"n={row['n']} d={row['d']} p={row['p']} {row['dtype']}"
    each, share = row["us_per_step_and_network"]["median"], row["share_of_peak"]["median"]
    return f"{size:36s} {each:10.2f} us/step/network  {share:5.2f} of peak  {against}"


if __name__ == "__main__":
    chosen: tuple[Effort, Path] = parse(__doc__)
    save("kernel", __doc__, run, *chosen)
