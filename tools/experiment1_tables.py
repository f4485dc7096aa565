"""What the rows of `experiment1-flow` say, in tables: times, costs, verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

from experiment1_rows import Row


def label(row: Row) -> str:
    return (
        f"capture, rtol {row['setting']}" if row["method"] == "capture" else f"Euler, step {row['setting']}"
    )


def select(rows: Iterable[Row], **wanted: str) -> list[Row]:
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def sizes(rows: Iterable[Row]) -> list[str]:
    return sorted({row["n"] for row in rows}, key=int)


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
    return "; ".join([*parts, *later(ended, len(rows))])


def later(ended: Sequence[float], runs: int) -> list[str]:
    """Of runs that had not got somewhere: how many, and when they ended."""
    if not ended:
        return []
    ends = list(dict.fromkeys(f"{time:.3g}" for time in (min(ended), max(ended))))
    return [f"{len(ended)} of {runs} > {'..'.join(ends)}"]


def target(rows: Sequence[Row]) -> str:
    """Times at which 1e-6 of the level was reached, in t_inf."""
    ended = [(row["verdict"] == "converged", float(row["t_end"]) / float(row["t_inf"])) for row in rows]
    times, others = ([time for done, time in ended if done is which] for which in (True, False))
    parts = [spread(times)] if times else []
    return "; ".join([*parts, *later(others, len(rows))])


def networks(flow: Iterable[Row]) -> list[str]:
    """The verdict on each network: converged or not if a run of it, at any tolerance, is; else undecided."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in flow:
        found.setdefault((row["n"], row["draw"]), set()).add(row["verdict"])
    order = ("converged", "not", "undecided")
    return [next(name for name in order if name in verdicts) for verdicts in found.values()]


def words(verdicts: Sequence[str]) -> str:
    counts = {name: verdicts.count(name) for name in ("converged", "not", "undecided")}
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def overview(rows: Sequence[Row]) -> str:
    """One line per size: when the criterion and 1e-6 of it are reached, and what becomes of the networks."""
    head = ["n", "p d", "criterion: flow", "Euler 1", "Euler 0.5", "Euler 0.25"]
    head += ["1e-6 of it: flow", "flow of the networks"]
    lines = []
    for n in sizes(rows):
        flow = select(rows, n=n, method="capture")
        if not flow:
            continue
        euler = [select(rows, n=n, method="euler", setting=step) for step in ("1.0", "0.5", "0.25")]
        one = flow[0]
        product = str(int(one["p"]) * int(one["d"]))
        times = [criterion(flow), *(criterion(mine) or "-" for mine in euler), target(flow)]
        lines.append([n, product, *times, words(networks(flow))])
    return grid(head, lines)


def outcomes(rows: Sequence[Row]) -> str:
    """One line per size and method, over its draws."""
    head = ["n", "method", "runs", "criterion", "1e-6 of it", "ends", "loss at the end / level", "rises"]
    head += ["right-hand sides", "seconds", "verdict"]
    lines = []
    for n in sizes(rows):
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
                    target(mine),
                    spread([float(row["t_end"]) / float(row["t_inf"]) for row in mine]),
                    spread([float(row["loss_end"]) / float(row["level"]) for row in mine], ".2g"),
                    spread([float(row["rises"]) for row in mine], ".0f"),
                    spread([float(row["rhs"]) for row in mine], ".0f"),
                    spread([float(row["seconds"]) for row in mine], ".2g"),
                    words([row["verdict"] for row in mine]),
                ]
            )
    return grid(head, lines)
