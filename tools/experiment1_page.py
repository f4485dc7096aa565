"""The page of `experiment1-flow`: tables from its rows, and what they say of the paper's findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import Any

from pl_native.stats import clopper_pearson

Row = dict[str, Any]

INTRODUCTION = """# Experiment 1 beyond its horizon

d = 100, width 1x, `torch_linear`. The paper follows gradient descent (Euler) with step 1 to the horizon
t_inf = 1.5 (sqrt(n p)/4) log(n p). Here each network is also followed by the flow itself
(`method="capture"`), to 8 t_inf, until the loss is 1e-6 of the criterion's level, min y^2/(2n), or the run
stalls (doubling the time would lower the loss by less than 1e-6). Euler runs beside it in float32 with
steps 1, 0.5 and 0.25, to the same time. *Converged*: that 1e-6 was reached; *undecided*: neither that nor a
stall by 8 t_inf.

Made by `tools/experiment1-flow` (one thread; seconds are those of a busy machine); one run per row in
`results/experiment1/rows.csv`. Of several draws the mean is given, and the range [least, largest], which
covers the median of the law with probability 1 - 2^(1-m) for m draws (3 draws: 75 %). Shares of runs have
Clopper-Pearson intervals (95 %). `1 of 3 > 8`: one of three runs had not got there when it ended, at 8.

Late losses of one network depend on which branches its repelling kinks take, and no practical tolerance
settles that; capture is therefore run at two tolerances (of the loss, or 1 % of the first loss where that
is more), and what differs between them is not known better than that.
"""


def page(rows: Sequence[Row]) -> str:
    """The whole page."""
    parts = [
        INTRODUCTION,
        "## How far each method gets\n",
        outcomes(rows),
        "## Findings\n",
        finding_1(rows),
        finding_2(rows),
        edges(rows),
    ]
    return "\n".join(parts)


def label(row: Row) -> str:
    return (
        f"capture, rtol {row['setting']}" if row["method"] == "capture" else f"Euler, step {row['setting']}"
    )


def select(rows: Iterable[Row], **wanted: str) -> list[Row]:
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def grid(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    listed = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in listed) + "\n"


def number(row: Row, name: str) -> float | None:
    return float(row[name]) if row[name] else None


def spread(values: Sequence[float], digits: str = ".3g") -> str:
    """Mean and range."""
    if not values:
        return "-"
    if len(values) == 1:
        return f"{values[0]:{digits}}"
    return f"{fmean(values):{digits}} [{min(values):{digits}}, {max(values):{digits}}]"


def criterion(rows: Sequence[Row]) -> str:
    """Times of the criterion in units of t_inf; runs without one with the time they were followed to."""
    times = [time for row in rows if (time := number(row, "criterion_over_t_inf")) is not None]
    ended = [float(row["t_end"]) / float(row["t_inf"]) for row in rows if not row["criterion_over_t_inf"]]
    parts = [spread(times)] if times else []
    if ended:
        parts.append(f"{len(ended)} of {len(rows)} > {min(ended):.2g}")
    return "; ".join(parts)


def verdicts(rows: Sequence[Row]) -> str:
    counts = {name: sum(row["verdict"] == name for row in rows) for name in ("converged", "not", "undecided")}
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def outcomes(rows: Sequence[Row]) -> str:
    """One line per size and method, over its draws."""
    head = ["n", "method", "runs", "criterion, t/t_inf", "loss at the end / level", "rises"]
    head += ["right-hand sides", "seconds", "verdict"]
    lines = []
    for n in sorted({row["n"] for row in rows}, key=int):
        for name in dict.fromkeys(label(row) for row in rows):
            mine = [row for row in select(rows, n=n) if label(row) == name]
            if not mine:
                continue
            lines.append(
                [
                    n,
                    name,
                    str(len(mine)),
                    criterion(mine),
                    spread([float(row["loss_end"]) / float(row["level"]) for row in mine], ".2g"),
                    spread([float(row["rises"]) for row in mine], ".0f"),
                    spread([float(row["rhs"]) for row in mine], ".0f"),
                    spread([float(row["seconds"]) for row in mine], ".2g"),
                    verdicts(mine),
                ]
            )
    return grid(head, lines)


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


CLAIMS = {"2000": (1.3, 1.4), "2500": (2.0, 2.4)}  # finding 1: the criterion's time, in t_inf


def finding_1(rows: Sequence[Row]) -> str:
    """The threshold near 1650 is set by the horizon."""
    lines = ["### 1. The threshold near 1650 is set by the horizon\n"]
    for n in sorted({row["n"] for row in rows}, key=int):
        flow = select(rows, n=n, method="capture", setting="0.001")
        if n in CLAIMS and flow:
            lines.append(_claim(n, flow))
        elif flow:
            text = (
                f"- n = {n}, of which the finding says nothing: the flow reaches the criterion by 8 t_inf in "
            )
            lines.append(text + counted(reached(flow)) + f"; time {criterion(flow)} t_inf.")
    return "\n".join(lines) + "\n"


def _claim(n: str, flow: Sequence[Row]) -> str:
    low, high = CLAIMS[n]
    times = [time for row in flow if (time := number(row, "criterion_over_t_inf")) is not None]
    inside = [low - 0.05 <= time < high + 0.05 for time in times]
    return (
        f"- n = {n}: every run reaches the criterion, after the horizon: {word(reached(flow, 1.0))}. Time "
        f"{criterion(flow)} t_inf; between {low} and {high} to the digits given: {word(inside)}."
    )


def finding_2(rows: Sequence[Row]) -> str:
    """At n = 3000 step 1 is past the edge of stability."""
    one, quarter = (select(rows, n="3000", method="euler", setting=step) for step in ("1.0", "0.25"))
    head = "### 2. At n = 3000 step 1 is past the edge of stability\n\n"
    if not one or not quarter:
        return head + "No runs at n = 3000.\n"
    checks: list[tuple[str, Sequence[Row], Callable[[Row], bool]]] = [
        ("step 1: the loss at t = 800 is above that at t = 600", one, rises_late),
        ("step 1: the criterion is not reached by 8 t_inf", one, lambda row: not row["criterion_over_t_inf"]),
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


MOMENTS = (
    "loss_at_600",
    "loss_at_700",
    "loss_at_800",
    "loss_at_1_t_inf",
    "loss_at_2_t_inf",
    "loss_at_4_t_inf",
)


def rises_late(row: Row) -> bool:
    return float(row["loss_at_800"]) > float(row["loss_at_600"])


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
