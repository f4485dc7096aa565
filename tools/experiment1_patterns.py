"""What the rows of `experiment1-spectrum` say: can states come to loss 0 with their kinks as they are?"""

from __future__ import annotations

import math
from collections.abc import Sequence

from experiment1_rows import Row
from experiment1_tables import grid

HEAD = ["n", "draw", "rtol", "state at", "loss / level", "pairs at rest", "free weights", "rank"]
HEAD += ["floor / level", "slowest rate x t_inf", "level at", "1e-6 of it at"]

ALIKE = 0.05  # relative; the square of a velocity

WHAT = """States with their patterns frozen (`tools/experiment1-spectrum`): every pair (j, i) stays on, off or
at rest at its kink, and the flow is linearised, dr/dt = -K r/(n p). A neuron has d free weights less one for
each input at rest on it (a_j follows, Lemma 1), and the rank of K is at most their number. What of the loss
lies where K is 0, the floor, the frozen flow never removes. Rates are those of r; the loss falls twice as
fast.
"""


def patterns(rows: Sequence[Row]) -> str:
    """The table of states, and what follows from it."""
    if not rows:
        return ""
    lines = [degrees(rows), floors(rows), *(end_of(row) for row in rows if stuck(row)), accuracy(rows)]
    return "\n".join([WHAT, grid(HEAD, map(cells, rows)), *(f"- {line}" for line in lines if line)]) + "\n"


def cells(row: Row) -> list[str]:
    fixed = [
        row["n"],
        row["draw"],
        row["rtol"],
        short(row["t_end_over_t_inf"]),
        short(row["loss_over_level"]),
    ]
    counts = [row["resting"], row["freedom"], row["rank"]]
    rates = [short(row["floor_over_level"]), short(row["slowest_times_t_inf"])]
    return [*fixed, *counts, *rates, when(row["level_at"]), when(row["target_at"])]


def short(number: str) -> str:
    return f"{float(number):.3g}"


def when(time: str) -> str:
    if not time:
        return "passed"
    return short(time) if math.isfinite(float(time)) else "never"


def stuck(row: Row) -> bool:
    """Whether the frozen flow never comes to 1e-6 of the level."""
    return math.isinf(float(row["target_at"] or 0))


def named(rows: Sequence[Row]) -> str:
    """The sizes, and of how many states."""
    listed = ", ".join(sorted({row["n"] for row in rows}, key=int))
    return f"n = {listed} ({len(rows)} state{'s' if len(rows) > 1 else ''})"


def degrees(rows: Sequence[Row]) -> str:
    """Where free weights exceed n."""
    many = [row for row in rows if int(row["freedom"]) > int(row["n"])]
    few = [row for row in rows if int(row["freedom"]) < int(row["n"])]
    parts = [f"more than n at {named(many)}"] if many else []
    parts += [f"fewer than n at {named(few)}"] if few else []
    bound = [row for row in few if int(row["weights"]) <= int(row["n"])]
    text = f"Free weights: {'; '.join(parts) or 'as many as n'}."
    if bound:
        text += f" At {named(bound)} p d is not above n, so a single pair at rest is enough for that."
    return text


def floors(rows: Sequence[Row]) -> str:
    """Where the frozen flow can remove all of the loss."""
    free = [row for row in rows if not stuck(row)]
    held = [row for row in rows if stuck(row)]
    parts = [f"is below 1e-6 of the level at {named(free)}"] if free else []
    parts += (
        [f"is above at {named(held)}: with its kinks as they are the loss cannot, to first order, go to 0"]
        if held
        else []
    )
    return f"The floor {'; it '.join(parts)}."


def end_of(row: Row) -> str:
    """Whether the pattern of a state with a floor outlasts the frozen flow."""
    share = float(row["floor_over_level"]) / float(row["loss_over_level"])
    head = f"n = {row['n']}, draw {row['draw']}, rtol {row['rtol']}: {share:.1%} of the loss is floor. "
    crossing, let_go = int(row["crossing"]), int(row["let_go"])
    way = (
        f"On the frozen flow's way to it {crossing} pairs would pass their kinks, and at its end {let_go} of "
        f"the {row['resting']} pairs at rest would be let go: "
    )
    if crossing + let_go:
        return head + way + "the pattern changes before that; the floor is no proof of where the flow ends."
    return head + way + "to first order the flow itself comes to rest there, above 0."


def accuracy(rows: Sequence[Row]) -> str:
    """Whether the runs recorded the speed of these patterns."""
    ratios = [float(row["velocity_sq_over_recorded"]) for row in rows]
    good = [abs(ratio - 1) for ratio in ratios if abs(ratio - 1) <= ALIKE]
    parts = [f"to {max(good):.1g}, relative, in {len(good)} of {len(rows)} states"] if good else []
    for row, ratio in zip(rows, ratios, strict=True):
        if abs(ratio - 1) > ALIKE:
            parts.append(
                f"not at n = {row['n']}, draw {row['draw']}, rtol {row['rtol']} ({ratio:.2g} times it)"
            )
    return f"The square of the patterns' velocity is that which the run recorded {'; '.join(parts)}."
