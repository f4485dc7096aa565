"""Markdown table of what a call costs."""

from __future__ import annotations

from typing import Any

from tables import grid, size

Row = dict[str, Any]


def call(rows: list[Row]) -> str:
    head = ["n, d, p", "method", "one call, us", "of it the core", "a problem of an ensemble, us"]
    lines = [
        [size(row), method, *(f"{costs[what]:.0f}" for what in ("alone", "core", "of_many"))]
        for row in rows
        for method, costs in row["methods"].items()
    ]
    return f"{CALL}\n{grid(head, lines)}"


CALL = """Processor time of whole public calls that compute next to nothing, one thread, medians: Euler takes
one step, the others go to t = 0.1 at rtol 0.1 (capture in one step at n = 300). An ensemble is of 200
problems of its own. What is not the core's is checks of arguments, the task, its way through the bindings,
the `Solution`.
"""
