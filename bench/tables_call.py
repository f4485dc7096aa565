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
    return f"{us['median']:.0f} ({us['least']:.0f})"


CALL = """Processor time of whole public calls that compute next to nothing, one thread, medians and, in brackets,
the least: Euler takes one step, the others go to t = 0.1 at rtol 0.1 (capture in one step at n = 300). An
ensemble is of 200 problems, all different. What is not the core's is checks of arguments, the task, its way
through the bindings, the `Solution`; on a busy machine, where a call finds nothing in the caches, more.
"""
