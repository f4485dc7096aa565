"""What the rows say of the paper's findings, with intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from pl_native.experiments._rows import real
from pl_native.experiments.experiment1 import tables
from pl_native.experiments.experiment1.presets import CURVE, MOMENTS, column
from pl_native.experiments.verdict import Tally
from pl_native.store import Row

CLAIMS = {2000: (1.3, 1.4), 2500: (2.0, 2.4)}
"""Finding 1: the criterion's time, in t_inf."""

FINE = 1e-3
"""rtol of the runs that stand for the flow."""

SHOWN = (*(f"loss_{t}" for t in MOMENTS), column(1), column(2), column(4))


def _share(tally: Tally) -> str:
    interval = tally.share().interval
    return f"[{interval.low:.2f}, {interval.high:.2f}]"


def _word(holds: Sequence[bool]) -> str:
    """Confirmed if it held in every run, refuted if in none."""
    if not holds:
        return "no runs"
    share = _share(Tally(sum(holds), len(holds) - sum(holds), 0))
    word = "mixed" if any(holds) and not all(holds) else "confirmed" if all(holds) else "refuted"
    return f"**{word}** ({sum(holds)} of {len(holds)} runs, share {share})"


def _between(row: Row, low: float, high: float) -> bool:
    """Whether the run reached the criterion in (low, high] t_inf."""
    time = tables.criterion_time(row)
    return time is not None and low < time <= high


def finding_1(rows: Sequence[Row]) -> str:
    """The threshold near 1650 is set by the horizon."""
    lines = ["### 1. The threshold near 1650 is set by the horizon\n\nThe flow at rtol 0.001.\n"]
    for n in tables.sizes(rows):
        flow = tables.select(rows, FINE, n=n, method="capture")
        reached = sum(_between(row, 0.0, math.inf) for row in flow)
        if n in CLAIMS and flow:
            lines.append(_claim(n, flow))
        elif flow:
            lines.append(
                f"- n = {n}, of which the finding says nothing: the flow reaches the criterion in {reached} "
                f"of {len(flow)} runs, share {_share(Tally(reached, 0, len(flow) - reached))}; "
                f"time {tables.criterion(flow)} t_inf."
            )
    return "\n".join(lines) + "\n"


def _claim(n: int, flow: Sequence[Row]) -> str:
    low, high = CLAIMS[n]
    times = [time for row in flow if (time := tables.criterion_time(row)) is not None]
    inside = [low - 0.05 <= time < high + 0.05 for time in times]
    late = [_between(row, 1.0, math.inf) for row in flow]
    return (
        f"- n = {n}: every run reaches the criterion, after the horizon: {_word(late)}. Time "
        f"{tables.criterion(flow)} t_inf; between {low} and {high} to the digits given: {_word(inside)}."
    )


def finding_2(rows: Sequence[Row]) -> str:
    """At n = 3000 step 1 is past the edge of stability."""
    head = "### 2. At n = 3000 step 1 is past the edge of stability\n\n"
    one, quarter = (tables.select(rows, step, n=3000, method="euler") for step in (1.0, 0.25))
    if not one or not quarter:
        return head + "No runs at n = 3000.\n"
    checks: list[tuple[str, Sequence[Row], Callable[[Row], bool]]] = [
        ("step 1: the loss at t = 800 is above that at t = 600", one, _rises_late),
        ("step 1: the criterion is not reached by 8 t_inf", one, lambda row: not _between(row, 0.0, 8.0)),
        (
            "step 0.25: the loss at t = 800 is below that at t = 600",
            quarter,
            lambda row: not _rises_late(row),
        ),
        ("step 0.25 reaches the criterion", quarter, lambda row: _between(row, 0.0, math.inf)),
    ]
    lines = [f"- {text}: {_word([check(row) for row in mine])}." for text, mine, check in checks]
    factors = _ratios(one, quarter, column(4))
    lines.append(
        f"- Loss of step 1 over that of step 0.25 at 4 t_inf: {tables.spread(factors)}, said to be 75 to "
        f"220; at least 75: {_word([factor >= 75 for factor in factors])}."
    )
    return head + "\n".join(lines) + "\n\nLosses at times t and multiples of t_inf:\n\n" + _losses(rows)


def _rises_late(row: Row) -> bool:
    return real(row, "loss_800") > real(row, "loss_600")


def _ratios(rows: Sequence[Row], others: Sequence[Row], column: str) -> list[float]:
    """Losses of `rows` over those of `others`, draw by draw."""
    there = {row["replicate"]: real(row, column) for row in others}
    return [real(row, column) / there[row["replicate"]] for row in rows if row["replicate"] in there]


def _losses(rows: Sequence[Row]) -> str:
    """Losses of every run at n = 3000."""
    lines = []
    for row in sorted(tables.select(rows, n=3000), key=tables.order):
        losses = ["-" if row[name] is None else f"{row[name]:.4g}" for name in SHOWN]
        first = "-" if row["first_rise"] is None else row["first_rise"]
        lines.append([row["replicate"], tables.label(row), *losses, first])
    columns = [name.removeprefix("loss_").replace("_t_inf", " t_inf") for name in SHOWN]
    return tables.grid(["draw", "method", *columns, "first rise, step"], lines)


def tails(rows: Sequence[Row]) -> str:
    """Whether the flow converges, and how fast the undecided runs still fall."""
    flow = tables.select(rows, method="capture")
    text = ["### 3. Does the flow converge beyond the criterion?\n"]
    for n in tables.sizes(flow):
        tally = tables.networks(tables.select(flow, n=n))
        text.append(f"- n = {n}: {tally} of {tally.runs}; share that converges {_share(tally)}.")
    stalled = tables.select(flow, status="STALLED")
    text.append(
        f"- Runs that stalled: {len(stalled)} of {len(flow)}. A run stalls when local_pl t, which is "
        "-d log L/d log t, falls below 1e-6. A loss that falls as t^-k has k there for ever, so a "
        "power law towards 0 never stalls; only a loss that comes to rest above 0 does. That is no proof, "
        "so these runs are undecided."
    )
    if stalled:
        where = ", ".join(map(str, tables.sizes(stalled)))
        heights, ends = (tables.spread([*map(of, stalled)]) for of in (tables.height, tables.ends))
        text.append(
            f"- Those that stalled (n = {where}) came to rest at {heights} times the criterion's level, by "
            f"{ends} t_inf. Two tolerances may end at different points of rest: branches on the way decide "
            "which."
        )
    longest = (max(mine, key=tables.ends) for mine in tables.by_network(flow) if _is_open(mine))
    text += [f"- Undecided: {_end(row)}." for row in longest if row["status"] != "STALLED"]
    return "\n".join(text) + "\n"


def _is_open(runs: Sequence[Row]) -> bool:
    return tables.networks(runs).undecided > 0


def _end(row: Row) -> str:
    """Where a run stands, and its power -d log L/d log t = local_pl t there."""
    height, end = tables.height(row), tables.ends(row)
    power = real(row, "local_pl_end") * real(row, "t_end")
    where = f"{height:.2g} times the level by {end:.3g} t_inf"
    return f"{tables.name_of(row)} is at {where}, falling as t^-{power:.2g}"


def curve(row: Row) -> list[tuple[float, float]]:
    """Times in t_inf, ten a decade, and losses there, as far as the run went."""
    return [(t, real(row, column(t))) for t in CURVE if row[column(t)] is not None]


def edges(rows: Sequence[Row]) -> str:
    """Where each step leaves the flow: its loss at 2 t_inf over capture's."""
    lines = []
    for n in tables.sizes(rows):
        flow = tables.select(rows, FINE, n=n, method="capture")
        euler = (tables.select(rows, step, n=n, method="euler") for step in tables.STEPS)
        lines.append([n, *(tables.spread(_ratios(mine, flow, column(2)), ".2g") for mine in euler)])
    return (
        "### Where each step leaves the flow\n\nLoss of Euler at 2 t_inf over that of capture (rtol 1e-3); "
        "up to a factor of 2 either way is what branches do.\n\n"
        + tables.grid(["n", *(f"step {step:g}" for step in tables.STEPS)], lines)
    )
