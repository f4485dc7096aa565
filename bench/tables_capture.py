"""Markdown tables of work and precision: capture beside fixed-step Euler and the flow."""

from __future__ import annotations

from typing import Any

from tables import grid, size, spread

Row = dict[str, Any]


def capture(rows: list[Row]) -> str:
    versions = sorted({row["numerics"] for row in rows if "numerics" in row})
    parts = [CAPTURE, *[f"Capture is of numerics {version}.\n" for version in versions]]
    parts += ["![Work and precision](figures/work_precision.png)\n"]
    parts += [_at_targets(rows), _winners(rows), _settings(rows)]
    return "\n".join(parts)


CAPTURE = """Error of a setting: the geometric mean over the draws of the largest relative error of loss(t)
over a few saved times, against the flow at rtol 1e-9 (n = 1700: 1e-7; how far it is off at ten
times that is said below). The error of one run is a matter of luck: at late times the loss depends on the
side on which repelling kinks were passed. Seconds are processor time of one thread, geometric
means of medians; costs include what capture began again. Euler runs in float32 too, which takes
half the time and whose rounding is far below these errors; the goals are held against the
faster of the two. SciPy and diffrax get the field as users write it and know of no kinks.
Why Euler wins where it does, and what was tried: [there](performance_avx512.md#where-euler-wins-and-why).
"""

EULER = ("euler float32", "euler")
GOALS = {1e-2: 1.0, 1e-3: 0.2, 1e-4: 0.1}
"""capture's seconds over Euler's, at most"""


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


def fastest_euler(found: Row) -> str:
    """Of the precisions that get there, else the one that got furthest for its money."""
    there = [name for name in EULER if found["cost"].get(name) is not None]
    costs = found["cost"] if there else found["dearest"]
    return min(there or [name for name in EULER if name in costs], key=lambda name: costs[name])


def _capture_goal(found: Row) -> str:
    """Ahead of Euler at every error, five and ten times at the finer ones. A bound on the ratio that is not
    good enough decides nothing."""
    if found["currency"] != "seconds":
        return "-"
    most, ratio = GOALS[found["target"]], over_capture(found, fastest_euler(found))
    if ratio == "-":
        return f"<= {most:g}: **missed**"
    times = float(ratio.lstrip("<> ")) / most
    if times <= 1.0 and not ratio.startswith(">"):
        return f"<= {most:g}: met"
    if ratio.startswith("<"):
        return f"<= {most:g}: open"
    least = "at least " if ratio.startswith(">") else ""
    return f"<= {most:g}: **missed**, by {least}{times:.2g}"


def _others(row: Row) -> list[str]:
    """Methods beside Euler and capture, those that could not run at the end."""
    names = [name for name in row["at_targets"][0]["cost"] if name not in (*EULER, "capture")]
    return names + [name for name in row.get("not_run", []) if name not in names]


def _at_targets(rows: list[Row]) -> str:
    others = _others(rows[0])
    head = ["n, d, p, t", "error", "cost in", "Euler", "Euler float32", "capture", *others,
            "capture : Euler", "goal"]  # fmt: skip
    lines = []
    for row in rows:
        for found in row["at_targets"]:
            digits = ".0f" if found["currency"] == "rhs" else ".2g"
            order = ("euler", "euler float32", "capture", *others)
            costs = [_cost(found, method, digits) for method in order]
            ratios = [over_capture(found, fastest_euler(found)), _capture_goal(found)]
            unit = "right-hand sides" if found["currency"] == "rhs" else "seconds"
            lines.append([_problem(row), f"{found['target']:g}", unit, *costs, *ratios])
    note = (
        "Below 1 capture is cheaper (of the two Eulers the faster one counts). Log-log between settings; "
        "`>` and `<`: no setting gets there. Where capture's loosest setting is better than the error "
        "asked, its cost is that setting's: it lands on every saved time, and cannot cost less.\n"
    )
    return note + _references(rows) + "\n" + grid(head, lines)


def _references(rows: list[Row]) -> str:
    """How far the two references are apart, and who could not run."""
    gaps = ", ".join(
        f"{row['reference_gap']:.1e} ({_problem(row)})" for row in rows if "reference_gap" in row
    )
    absent = [f"{name} ({_problem(row)})" for row in rows for name in row.get("not_run", [])]
    text = f"\nReferences differ by at most {gaps}.\n" if gaps else ""
    return text + (f"\nNot run: {', '.join(absent)}.\n" if absent else "")


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
    head = ["n, d, p, t", "method", "rtol or step", "error", "range over the draws",
            "right-hand sides", "seconds", "begun again"]  # fmt: skip
    lines = [
        [
            _problem(row),
            point["method"],
            f"{point['setting']:.3g}",
            "stopped" if point["error"] is None else f"{point['error']:.1e}",
            "-" if point["error"] is None else " .. ".join(f"{one:.1e}" for one in point["error_range"]),
            f"{point['rhs']:.0f}",
            spread(point["seconds"]),
            f"{sum(point['restarts'])} of {row['draws']}" if point["method"] == "capture" else "-",
        ]
        for row in rows
        for point in row["points"]
    ]
    return f"<details><summary>All settings</summary>\n\n{grid(head, lines)}\n</details>\n"
