"""What figures cost, from their rows: operations, seconds, and the share of the processor's peak."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pl_native._base.build import fma_peak
from pl_native.experiments._rows import number
from pl_native.store import Row
from pl_native.sweep.functions import NORMS_ONLY


@dataclass(frozen=True, slots=True)
class Cost:
    """The rows of one experiment.

    flops    of explicit Euler on dense inputs, 4 n d p per step; NaN where there are other methods, whose
             work is not counted in steps, or inputs that are never formed, where dead pairs cost nothing
    seconds  of one thread, summed over runs that were done side by side
    """

    name: str
    runs: int
    flops: float
    seconds: float


def cost(name: str, rows: Sequence[Row]) -> Cost:
    """What the rows of an experiment cost, whenever and wherever they were computed."""
    spent = (row["seconds"] for row in rows)
    seconds = sum(one for one in spent if isinstance(one, float) and not math.isnan(one))
    return Cost(name, len(rows), math.fsum(_flops(row) for row in rows), seconds)


def _flops(row: Row) -> float:
    if row["steps"] is None:
        return 0.0
    if row["method"] != "euler" or row["data"] in NORMS_ONLY:
        return math.nan
    return 4.0 * number(row, "n") * number(row, "d") * number(row, "p") * number(row, "steps")


def peak_of_a_thread() -> float:
    """FLOP/s of one thread at fused multiply-adds in float32, by its own time, whatever else the machine
    does: the best of five short measurements.
    """
    return max(map(_peak, range(5)))


def _peak(_: int) -> float:
    wall, own = time.perf_counter(), time.thread_time()
    rate = 1e9 * fma_peak(1, 0.02, "float32")
    own = time.thread_time() - own
    return rate * (time.perf_counter() - wall) / own if own > 0.0 else rate


def table(costs: Iterable[Cost], peak: float) -> str:
    """A line for each experiment; `peak` is that of one thread, in FLOP/s."""
    titles = ("experiment", "runs", "Tflop", "thread seconds", "GFLOP/s a thread", "of peak")
    lines = [_line(*titles), "-" * len(_line(*titles))]
    for one in costs:
        rate = one.flops / one.seconds if one.seconds > 0 else math.nan
        known = (f"{one.flops / 1e12:.2f}", f"{rate / 1e9:.1f}", f"{rate / peak:.0%}")
        tflop, speed, share = ("-", "-", "-") if math.isnan(rate) else known
        lines.append(_line(one.name, f"{one.runs}", tflop, f"{one.seconds:.1f}", speed, share))
    found = f"{peak / 1e9:.1f} GFLOP/s of fused multiply-adds in float32"
    return "\n".join([*lines, f"Peak of one thread, measured now: {found}."]) + "\n"


def _line(*cells: str) -> str:
    widths = (14, 7, 9, 15, 17, 8)
    padded = [f"{cell:>{width}}" for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return " ".join([f"{cells[0]:<{widths[0]}}", *padded])
