"""Markdown table of what a call costs."""

from __future__ import annotations

from typing import Any

from tables import grid, size

Row = dict[str, Any]


def call(rows: list[Row]) -> str:
    head = ["n, d, p", "method", "one call, us", "of it the core", "a problem of an ensemble, us"]
    lines = [
        [size(row), method, *(_spent(costs[what]) for what in ("alone", "core", "of_many"))]
        for row in rows
        for method, costs in row["methods"].items()
    ]
    return f"{CALL}\n{grid(head, lines)}"


def _spent(us: dict[str, float]) -> str:
    return f"{us['median']:.0f} ({us['low']:.0f})"


CALL = """Processor time of whole public calls that compute next to nothing, one thread, medians and, in
brackets, tenth percentiles, which are nearer to what it takes on a machine that does nothing else. Euler
takes one step, the others go to t = 0.1 at rtol 0.1 (capture in one step at n = 300). An ensemble is of 200
problems, all different. What is not the core's is checks of arguments, the task, its way through the
bindings, the `Solution`, and that a call finds little of what it needs in the caches.

On the same day, before the version of numerics 12 (tenth percentiles, one call): Euler 267, 264 and 330 us
at the three sizes, flow 373, 404 and 3902, capture 431, 418 and 774, "auto" 605, 616 and 1022. What went:
the free memory was read from files at every call (now from 16 MiB on, or where a limit is set); NumPy put
the name of a dtype together seven times; pairs at kinks were sorted and checked once more; "auto" asked its
laws eight times, and whether neurons are small also where its choice did not hang on it; and glibc gave the
pages of small blocks back, which the next call took anew (at (300, 30, 31) up to 140 of them, a quarter of
a millisecond).
"""
