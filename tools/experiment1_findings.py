"""What the rows of `experiment1-flow` say of the paper's findings, with intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from experiment1_tables import Row, criterion, grid, label, networks, number, select, sizes, spread, words
from pl_native.stats import clopper_pearson

CLAIMS = {"2000": (1.3, 1.4), "2500": (2.0, 2.4)}  # finding 1: the criterion's time, in t_inf

MOMENTS = (
    "loss_at_600",
    "loss_at_700",
    "loss_at_800",
    "loss_at_1_t_inf",
    "loss_at_2_t_inf",
    "loss_at_4_t_inf",
)


def counted(holds: Sequence[bool]) -> str:
    share = clopper_pearson(sum(holds), len(holds)).interval
    return f"{sum(holds)} of {len(holds)} runs, share [{share.low:.2f}, {share.high:.2f}]"


def word(holds: Sequence[bool]) -> str:
    """Confirmed if it held in every run, refuted if in none."""
    if not holds:
        return "no runs"
    if any(holds) and not all(holds):
        return f"**mixed** ({counted(holds)})"
    return f"**{'confirmed' if all(holds) else 'refuted'}** ({counted(holds)})"


def reached(rows: Sequence[Row], least: float = 0.0) -> list[bool]:
    """Whether each run reached the criterion, later than `least` t_inf."""
    times = [number(row, "criterion_over_t_inf") for row in rows]
    return [time is not None and time > least for time in times]


def finding_1(rows: Sequence[Row]) -> str:
    """The threshold near 1650 is set by the horizon."""
    lines = ["### 1. The threshold near 1650 is set by the horizon\n\nThe flow at rtol 0.001.\n"]
    for n in sorted({row["n"] for row in rows}, key=int):
        flow = select(rows, n=n, method="capture", setting="0.001")
        if n in CLAIMS and flow:
            lines.append(_claim(n, flow))
        elif flow:
            there = ["converged" if done else "undecided" for done in reached(flow)]
            lines.append(
                f"- n = {n}, of which the finding says nothing: the flow reaches the criterion in "
                f"{sum(reached(flow))} of {len(flow)} runs, share {share(there)}; "
                f"time {criterion(flow)} t_inf."
            )
    return "\n".join(lines) + "\n"


def _claim(n: str, flow: Sequence[Row]) -> str:
    low, high = CLAIMS[n]
    times = [time for row in flow if (time := number(row, "criterion_over_t_inf")) is not None]
    inside = [low - 0.05 <= time < high + 0.05 for time in times]
    return (
        f"- n = {n}: every run reaches the criterion, after the horizon: {word(reached(flow, 1.0))}. Time "
        f"{criterion(flow)} t_inf; between {low} and {high} to the digits given: {word(inside)}."
    )


def by(row: Row, end: float) -> bool:
    time = number(row, "criterion_over_t_inf")
    return time is not None and time <= end


def finding_2(rows: Sequence[Row]) -> str:
    """At n = 3000 step 1 is past the edge of stability."""
    one, quarter = (select(rows, n="3000", method="euler", setting=step) for step in ("1.0", "0.25"))
    head = "### 2. At n = 3000 step 1 is past the edge of stability\n\n"
    if not one or not quarter:
        return head + "No runs at n = 3000.\n"
    checks: list[tuple[str, Sequence[Row], Callable[[Row], bool]]] = [
        ("step 1: the loss at t = 800 is above that at t = 600", one, rises_late),
        (
            "step 1: the criterion is not reached by 8 t_inf",
            one,
            lambda row: not reached([row])[0] or float(row["criterion_over_t_inf"]) > 8,
        ),
        ("step 0.25: the loss at t = 800 is below that at t = 600", quarter, lambda row: not rises_late(row)),
        ("step 0.25 reaches the criterion", quarter, lambda row: bool(row["criterion_over_t_inf"])),
    ]
    lines = [f"- {text}: {word([check(row) for row in mine])}." for text, mine, check in checks]
    factors = [
        float(row["loss_at_4_t_inf"]) / float(other["loss_at_4_t_inf"])
        for row in one
        for other in quarter
        if row["draw"] == other["draw"]
    ]
    lines.append(
        f"- Loss of step 1 over that of step 0.25 at 4 t_inf: {spread(factors)}, said to be 75 to 220; at "
        f"least 75: {word([factor >= 75 for factor in factors])}."
    )
    return head + "\n".join(lines) + "\n\nLosses at times t and multiples of t_inf:\n\n" + moments(rows)


def moments(rows: Sequence[Row]) -> str:
    """Losses of every run at n = 3000."""
    found = select(rows, n="3000")
    found.sort(key=lambda row: (int(row["draw"]), row["method"], -float(row["setting"])))
    lines = []
    for row in found:
        losses = [f"{float(row[name]):.4g}" if row[name] else "-" for name in MOMENTS]
        lines.append([row["draw"], label(row), *losses, row["first_rise"] or "-"])
    columns = [name.removeprefix("loss_at_").replace("_t_inf", " t_inf") for name in MOMENTS]
    return grid(["draw", "method", *columns, "first rise, step"], lines)


def rises_late(row: Row) -> bool:
    return float(row["loss_at_800"]) > float(row["loss_at_600"])


def share(verdicts: Sequence[str]) -> str:
    """Of networks that converge, the interval widened by those that are undecided."""
    runs, sure, undecided = len(verdicts), verdicts.count("converged"), verdicts.count("undecided")
    low = clopper_pearson(sure, runs).interval.low
    high = clopper_pearson(sure + undecided, runs).interval.high
    return f"[{low:.2f}, {high:.2f}]"


def tails(rows: Sequence[Row], curves: Sequence[Row]) -> str:
    """Whether the flow converges, and how fast the undecided runs still fall."""
    flow = select(rows, method="capture")
    lines = []
    for n in sizes(flow):
        found = networks(select(flow, n=n))
        lines.append(f"- n = {n}: {words(found)} of {len(found)}; share that converges {share(found)}.")
    stalled = select(flow, status="STALLED")
    text = [
        "### 3. Does the flow converge beyond the criterion?\n",
        *lines,
        f"- Runs that stalled: {len(stalled)} of {len(flow)}. A run stalls when local_pl t, which is "
        "-d log L/d log t, falls below 1e-6. A loss that falls as t^-k has k there for ever, so a "
        "power law towards 0 never stalls; only a loss that comes to rest above 0 does.",
    ]
    if stalled:
        heights = [float(row["loss_end"]) / float(row["level"]) for row in stalled]
        ends = [float(row["t_end"]) / float(row["t_inf"]) for row in stalled]
        text.append(
            f"- Those that stalled (n = {', '.join(sizes(stalled))}) came to rest at {spread(heights)} times "
            f"the criterion's level, by {spread(ends)} t_inf. Two tolerances may end at different points of "
            "rest: branches on the way decide which."
        )
    table = falling(flow, curves)
    if table:
        text.append(
            "\nUndecided networks, the longest run of each. Powers: -d log L/d log t over the last "
            "factor of two of the time but one, and over the last. A power that rises is a loss "
            "that falls faster than a power law; one that falls, a loss that slows down and may come to "
            "rest above 0.\n\n" + table
        )
    return "\n".join(text) + "\n"


def falling(flow: Sequence[Row], curves: Sequence[Row]) -> str:
    """Undecided networks, the longest run of each: how fast its loss falls where it ends."""
    lines = []
    for n, draw in sorted({(int(row["n"]), row["draw"]) for row in flow}):
        mine = select(flow, n=str(n), draw=draw)
        if networks(mine) != ["undecided"]:
            continue
        row = max(mine, key=lambda one: float(one["t_end"]))
        same = {name: row[name] for name in ("n", "draw", "method", "setting")}
        power = next((decay(curve) for curve in select(curves, **same)), None)
        ratio, end = float(row["loss_end"]) / float(row["level"]), float(row["t_end"]) / float(row["t_inf"])
        cells = [str(n), draw, row["setting"], f"{end:.3g}", f"{ratio:.2g}", row["loss_error"][:5]]
        lines.append([*cells, "-" if power is None else f"{power[0]:.2g}, {power[1]:.2g}"])
    head = ["n", "draw", "rtol", "ends", "loss at the end / level", "its estimated error", "powers"]
    return grid(head, lines) if lines else ""


def decay(curve: Row) -> tuple[float, float] | None:
    """-d log L/d log t over the last two factors of two of the curve; None where it is too short."""
    known = [(float(t), float(loss)) for t, loss in curve.items() if t[0].isdigit() and loss]
    if len(known) < 7:
        return None
    (t0, u), (t1, v), (t2, w) = known[-7], known[-4], known[-1]
    return math.log(u / v) / math.log(t1 / t0), math.log(v / w) / math.log(t2 / t1)


def edges(rows: Sequence[Row]) -> str:
    """Where each step leaves the flow: its loss at 2 t_inf over capture's."""
    lines = []
    for n in sorted({row["n"] for row in rows}, key=int):
        flow = {row["draw"]: row for row in select(rows, n=n, method="capture", setting="0.001")}
        cells = []
        for step in ("1.0", "0.5", "0.25"):
            mine = [row for row in select(rows, n=n, method="euler", setting=step) if row["draw"] in flow]
            name = "loss_at_2_t_inf"
            cells.append(spread([float(row[name]) / float(flow[row["draw"]][name]) for row in mine], ".2g"))
        lines.append([n, *cells])
    head = ["n", "step 1", "step 0.5", "step 0.25"]
    return (
        "### Where each step leaves the flow\n\nLoss of Euler at 2 t_inf over that of capture (rtol 1e-3); "
        "up to a factor of 2 either way is what branches do.\n\n" + grid(head, lines)
    )
