"""A dense Euler step: share of the FMA peak, and pl_native's time against its rivals'.

All cores busy with one replicate each. Useful work is 4ndp per step (the two dense products); pl_native does
less than that, because it tabulates masked sums, so its share of the FMA peak may exceed what the dense
products would allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pl_native._run.solution import Solution
from pl_native.bench.contest import OURS, Match, Outcome, contest
from pl_native.bench.harness import Arm, Effort, enough_steps, timed
from pl_native.bench.machine import PEAK_FLOPS, cores, peak_arm
from pl_native.bench.problems import Case, Problem, arrays, final_states
from pl_native.bench.rivals import Crews, Rival
from pl_native.simulation import simulate_ensemble

# Flow time of every run: long enough to move, short enough that rounding is not amplified by masks that flip,
# because all must end in the same state. The distance allowed is relative to the way gone.
T_END = 2.0
TOLERANCE = {"float32": 2e-3, "float64": 1e-9}
SIZES = [(1700, 100, 37), (300, 30, 31), (350, 30, 400)]
"""(n, d, p) of the paper's Experiment 1, of a small problem, and of a wide network."""
DTYPES = ("float32", "float64")

Row = dict[str, Any]


def native(problems: list[Problem], steps: int) -> list[Solution]:
    """What is timed: the public call on all cores."""
    return simulate_ensemble(problems, t_end=T_END, step=T_END / steps)


def steps_for(case: Case, seconds: float) -> int:
    """Steps that keep pl_native busy for about `seconds`."""
    problems = case.problems()
    return enough_steps(lambda steps: native(problems, steps), seconds)


def one_case(
    case: Case, rivals: Sequence[Rival], crews: Crews, effort: Effort, beside: Case | None = None
) -> Row:
    """One size in one precision, checked and timed; `beside` is another case for the same rounds."""
    problems, steps = case.problems(), steps_for(case, effort.work)
    final = final_states(native(problems, steps))
    ours = timed(lambda: native(problems, steps))
    match = Match(ours, lambda _: final, arrays(problems, T_END / steps), steps, TOLERANCE[case.dtype])
    extra = [peak_arm(case.dtype, cores())]
    if beside is not None:
        others = beside.problems()
        extra.append(Arm("beside", timed(lambda: native(others, steps))))
    return _row(case, steps, contest(match, rivals, crews, effort.budget, extra))


def _row(case: Case, steps: int, outcome: Outcome) -> Row:
    rounds, scale = outcome.rounds, 1e6 / steps / case.replicates
    row: Row = case.sizes() | {"steps": steps, "rounds": len(rounds.order)}
    row["us_per_step_and_network"] = rounds.summary(OURS, scale)
    share = rounds.ratio("FMA peak", OURS).scaled(case.flops * steps / PEAK_FLOPS)
    row["share_of_peak"] = share.as_json()
    row["rivals"] = [
        {"family": family, "best": name}
        | rounds.ratio(name, OURS).as_json()
        | {"us_per_step_and_network": rounds.summary(name, scale)}
        for family, name in outcome.best.items()
    ]
    row["variants"] = outcome.variants
    if "beside" in rounds.seconds:
        row["over_beside"] = rounds.ratio(OURS, "beside").as_json()
    return row


def run(effort: Effort, rivals: Sequence[Rival]) -> list[Row]:
    """The reference sizes in both precisions, said line by line as they are done."""
    rows = []
    with Crews() as crews:
        for n, d, p in SIZES:
            for dtype in DTYPES:
                rows.append(one_case(Case(n, d, p, dtype, cores()), rivals, crews, effort))
                effort.say(describe(rows[-1]))
    return rows


def describe(row: Row) -> str:
    """A line for pl_native and one for each family's best."""
    size = f"n={row['n']} d={row['d']} p={row['p']} {row['dtype']}"
    share = f"{_spread(row['share_of_peak'])} of the FMA peak"
    lines = [f"{size:30s} {_spread(row['us_per_step_and_network'])} us per step and network, {share}"]
    for rival in row["rivals"]:
        verdict = "no difference" if not rival["differs"] else "slower" if rival["median"] > 1 else "FASTER"
        lines.append(f"    {rival['best']:50s} {_spread(rival)} x our time: {verdict}")
    absent = [f"    {one['name']}: not run ({one['not_run']})" for one in row["variants"] if "not_run" in one]
    return "\n".join(lines + absent)


def _spread(found: Row) -> str:
    return f"{found['median']:.3g} [{found['low']:.3g}, {found['high']:.3g}]"
