"""What the states that capture ended at say: can they come to loss 0 with their kinks as they are?"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pl_native.experiments._rows import number, real
from pl_native.experiments.experiment1 import tables
from pl_native.store import Row

HEAD = ["n", "draw", "rtol", "state at", "loss / level", "pairs at rest", "free weights", "rank",
        "floor / level", "slowest rate x t_inf", "level at", "1e-6 of it at", "would cross", "let go",
        "velocity^2 / recorded"]  # fmt: skip

WHAT = """States with their patterns frozen (`theory.frozen_flow`): every pair (j, i) stays on, off or
at rest at its kink, and the flow is linearised, dr/dt = -K r/(n p). A neuron has d free weights less one for
each input at rest on it (a_j follows, Lemma 1), and the rank of K is at most their number. What of the loss
lies where K is 0, the floor, the frozen flow never removes. Rates are those of r; the loss falls twice as
fast. Last columns: pairs that would pass their kinks on the way to the frozen flow's end, pairs at rest that
would be let go there (either changes the pattern before), and the pattern's velocity beside the run's.
"""


def states(rows: Sequence[Row]) -> str:
    """The table of states, and what their floors say; "" without states."""
    known = sorted((row for row in rows if row["rank"] is not None), key=tables.order)
    if not known:
        return ""
    free, stuck = ([row for row in known if _is_stuck(row) is which] for which in (False, True))
    lines = [f"- The floor is below 1e-6 of the level at {_named(free)}."] if free else []
    lines += [_above(stuck)] if stuck else []
    return "\n".join([WHAT, tables.grid(HEAD, map(_cells, known)), *lines]) + "\n"


def _cells(row: Row) -> list[object]:
    rate = real(row, "slowest_rate") * tables.t_inf(row)
    fixed = [row["n"], row["replicate"], f"{tables.setting(row):g}"]
    heights = [f"{tables.ends(row):.3g}", f"{tables.height(row):.3g}"]
    counts = [row["resting"], row["free_weights"], row["rank"]]
    left = [f"{real(row, 'floor') / real(row, 'criterion_level'):.3g}", f"{rate:.3g}"]
    times = [_when(row, "to_level"), _when(row, "to_target")]
    ways = [row["crossing"], row["let_go"] if _is_stuck(row) else "-", f"{real(row, 'velocity_ratio'):.3g}"]
    return [*fixed, *heights, *counts, *left, *times, *ways]


def _when(row: Row, left: str) -> str:
    time = real(row, left)
    if time == 0:
        return "passed"
    return f"{tables.ends(row) + time / tables.t_inf(row):.3g}" if math.isfinite(time) else "never"


def _is_stuck(row: Row) -> bool:
    """Whether the frozen flow never comes to 1e-6 of the level."""
    return math.isinf(real(row, "to_target"))


def _named(rows: Sequence[Row]) -> str:
    """The sizes, and of how many states."""
    return f"n = {', '.join(map(str, tables.sizes(rows)))} ({len(rows)} state{'s' * (len(rows) != 1)})"


def _above(stuck: Sequence[Row]) -> str:
    floors = tables.spread([100 * real(row, "floor") / real(row, "loss_end") for row in stuck], ".1f")
    changing = sum(number(row, "crossing") + number(row, "let_go") > 0 for row in stuck)
    return (
        f"- It is above at {_named(stuck)}: with its kinks as they are the loss cannot, to first order, go "
        f"to 0. {floors} % of the loss is floor. In {changing} of {len(stuck)} the pattern changes before "
        "the frozen flow's end: no proof of where the flow itself ends."
    )
