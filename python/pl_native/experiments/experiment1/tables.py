"""What the rows say, in tables: times, costs, verdicts. Times are in units of t_inf."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean

from pl_native.experiments._rows import number, real
from pl_native.experiments.experiment1.presets import METHODS
from pl_native.experiments.verdict import Outcome, Tally, of_flow
from pl_native.protocol import horizon
from pl_native.store import Row

STEPS = tuple(setting for method, setting in METHODS if method == "euler")


def t_inf(row: Row) -> float:
    return horizon(number(row, "n"), number(row, "p"))


def setting(row: Row) -> float:
    """rtol, or the step of Euler."""
    return real(row, "rtol" if row["method"] == "capture" else "step")


def order(row: Row) -> tuple[int, int, str, float]:
    """By what a row is of; loose tolerances and long steps first."""
    return number(row, "n"), number(row, "replicate"), str(row["method"]), -setting(row)


def label(row: Row) -> str:
    return f"{'capture, rtol' if row['method'] == 'capture' else 'Euler, step'} {setting(row)}"


def name_of(row: Row) -> str:
    """A run of capture in words."""
    return f"n = {row['n']}, draw {row['replicate']}, rtol {setting(row):g}"


def select(rows: Iterable[Row], at: float | None = None, **wanted: object) -> list[Row]:
    """Rows with these values in their columns, and with this rtol or step."""
    found = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return [row for row in found if at is None or setting(row) == at]


def sizes(rows: Iterable[Row]) -> list[int]:
    return sorted({number(row, "n") for row in rows})


def grid(head: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    listed = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in listed) + "\n"


def spread(values: Sequence[float], digits: str = ".3g") -> str:
    """Mean and range."""
    if not values:
        return "-"
    if len(values) == 1:
        return f"{values[0]:{digits}}"
    return f"{fmean(values):{digits}} [{min(values):{digits}}, {max(values):{digits}}]"


def ends(row: Row) -> float:
    return real(row, "t_end") / t_inf(row)


def height(row: Row) -> float:
    """The loss at the end, in units of the criterion's level."""
    return real(row, "loss_end") / real(row, "criterion_level")


def criterion_time(row: Row) -> float | None:
    return None if row["criterion_time"] is None else real(row, "criterion_time") / t_inf(row)


def _target_time(row: Row) -> float | None:
    return ends(row) if of_flow(row) is Outcome.CONVERGED else None


def _times(rows: Sequence[Row], time: Callable[[Row], float | None]) -> str:
    """Times of those that got there, and of the others how many, and when they ended."""
    reached = [found for row in rows if (found := time(row)) is not None]
    ended = [ends(row) for row in rows if time(row) is None]
    parts = [spread(reached)] if reached else []
    if ended:
        between = dict.fromkeys(f"{end:.3g}" for end in (min(ended), max(ended)))
        parts.append(f"{len(ended)} of {len(rows)} > {'..'.join(between)}")
    return "; ".join(parts)


def criterion(rows: Sequence[Row]) -> str:
    """When the criterion was reached."""
    return _times(rows, criterion_time)


def target(rows: Sequence[Row]) -> str:
    """When 1e-6 of the criterion's level was reached."""
    return _times(rows, _target_time)


def by_network(flow: Iterable[Row]) -> list[list[Row]]:
    """The runs of each network, one or more tolerances."""
    found: dict[tuple[int, int], list[Row]] = {}
    for row in flow:
        found.setdefault((number(row, "n"), number(row, "replicate")), []).append(row)
    return list(found.values())


def networks(flow: Iterable[Row]) -> Tally:
    """The verdict on each network: decided if one of its runs is."""
    verdicts = [set(map(of_flow, runs)) for runs in by_network(flow)]
    return Tally.of(next(outcome for outcome in Outcome if outcome in found) for found in verdicts)


def overview(rows: Sequence[Row]) -> str:
    """One line per size: when the criterion and 1e-6 of it are reached, and what becomes of the networks."""
    head = ["n", "p d", "criterion: flow", *(f"Euler {step:g}" for step in STEPS)]
    lines = []
    for n in sizes(select(rows, method="capture")):
        flow = select(rows, n=n, method="capture")
        euler = [criterion(select(rows, step, n=n, method="euler")) or "-" for step in STEPS]
        size = number(flow[0], "p") * number(flow[0], "d")
        lines.append([n, size, criterion(flow), *euler, target(flow), networks(flow)])
    return grid([*head, "1e-6 of it: flow", "flow of the networks"], lines)


def outcomes(rows: Sequence[Row]) -> str:
    """One line per size and method, over its draws."""
    head = ["n", "method", "runs", "criterion", "1e-6 of it", "ends", "loss at the end / level", "rises"]
    lines = []
    for n in sizes(rows):
        for method, at in METHODS:
            mine = select(rows, at, n=n, method=method)
            if mine:
                numbers = [
                    spread([ends(row) for row in mine]),
                    spread([height(row) for row in mine], ".2g"),
                    spread([number(row, "rises") for row in mine], ".0f"),
                    spread([number(row, "rhs") for row in mine], ".0f"),
                    spread([real(row, "seconds") for row in mine], ".2g"),
                ]
                times = [criterion(mine), target(mine)]
                tally = Tally.of(map(of_flow, mine))
                lines.append([n, label(mine[0]), len(mine), *times, *numbers, tally])
    return grid([*head, "right-hand sides", "seconds", "verdict"], lines)
