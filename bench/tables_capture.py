"""Markdown tables of work and precision: capture beside fixed-step Euler and the flow."""

from __future__ import annotations

from typing import Any

from tables import grid, size, spread

Row = dict[str, Any]


def capture(rows: list[Row]) -> str:
    parts = [CAPTURE, "![Work and precision](figures/work_precision.png)\n"]
    parts += [_at_targets(rows), _winners(rows), _settings(rows)]
    return "\n".join(parts)


CAPTURE = """Error: the largest relative error of loss(t) over a few saved times, against the flow at rtol
1e-8. Costs include what capture began again; all in float64 (Euler in float32 takes
about half the time, and its rounding is far below these errors). At late times the loss depends on the side
on which repelling kinks were passed; one draw of the five below is decided by a close pass that neither
capture at 1e-4 nor Euler at step 1/64 gets right. The flow's error hardly depends on its tolerance: it pays
for events, which are located in any case.
"""


def _problem(row: Row) -> str:
    return f"{size(row)}, t <= {row['t_end']:g}"


def _cost(found: Row, method: str, digits: str) -> str:
    if method not in found["cost"]:
        return "not run"
    cost = found["cost"][method]
    return f"> {found['dearest'][method]:{digits}}" if cost is None else f"{cost:{digits}}"


def over_capture(found: Row, method: str) -> str:
    """capture's cost over the method's: above 1 the other wins. A bound where one does not get there."""
    if method not in found["cost"]:
        return "-"
    mine, other = found["cost"]["capture"], found["cost"][method]
    if mine is None:
        return "-" if other is None else f"> {found['dearest']['capture'] / other:.2g}"
    return f"{mine / other:.2g}" if other is not None else f"< {mine / found['dearest'][method]:.2g}"


def _capture_goal(found: Row) -> str:
    """Ahead of Euler at every error, five times at 1e-3. A bound on the ratio counts as it stands."""
    most = 0.2 if found["target"] == 1e-3 else 1.0
    ratio = over_capture(found, "euler").lstrip("<> ")
    met = ratio != "-" and float(ratio) <= most and not over_capture(found, "euler").startswith(">")
    return f"<= {most:g}: " + ("met" if met else "**missed**")


def _at_targets(rows: list[Row]) -> str:
    head = ["n, d, p, t", "error", "cost in", "Euler", "capture", "flow", "capture : Euler",
            "goal", "capture : flow"]  # fmt: skip
    lines = []
    for row in rows:
        for found in row["at_targets"]:
            digits = ".0f" if found["currency"] == "rhs" else ".2g"
            costs = [_cost(found, method, digits) for method in ("euler", "capture", "flow")]
            ratios = [over_capture(found, method) for method in ("euler", "flow")]
            ratios.insert(1, _capture_goal(found))
            unit = "right-hand sides" if found["currency"] == "rhs" else "seconds"
            lines.append([_problem(row), f"{found['target']:g}", unit, *costs, *ratios])
    note = (
        "Below 1 capture is cheaper. Log-log between settings; `>` and `<`: no setting gets there. Where "
        "capture's loosest setting is better than the error asked, its cost is that setting's: it lands on "
        "every saved time, and cannot cost less.\n"
    )
    return note + "\n" + grid(head, lines)


def _winners(rows: list[Row]) -> str:
    """Who is cheapest at each error, in words."""
    lines = []
    for row in rows:
        for currency, unit in (("rhs", "right-hand sides"), ("seconds", "seconds")):
            wins = []
            for found in row["at_targets"]:
                costs = {name: cost for name, cost in found["cost"].items() if cost is not None}
                if found["currency"] == currency and costs:
                    wins.append(f"{found['target']:g} **{min(costs, key=lambda name: costs[name])}**")
            lines.append(f"- {_problem(row)}, {unit}: cheapest at error {', '.join(wins)}")
    return "\n".join(lines) + "\n"


def _settings(rows: list[Row]) -> str:
    head = ["n, d, p, t", "method", "rtol or step", "error", "right-hand sides", "seconds",
            "all cores", "restarts"]  # fmt: skip
    lines = [
        [
            _problem(row),
            point["method"],
            f"{point['setting']:.3g}",
            f"{point['error']:.1e}",
            f"{point['rhs']:.0f}",
            spread(point["seconds"]),
            f"{point['seconds_all_cores']:.3g}" if "seconds_all_cores" in point else "-",
            str(sum(point["restarts"])) if point["method"] == "capture" else "-",
        ]
        for row in rows
        for point in row["points"]
    ]
    return f"<details><summary>All settings</summary>\n\n{grid(head, lines)}\n</details>\n"
