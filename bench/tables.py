"""Markdown tables from result rows. Nothing is measured or judged here beyond comparing with stated goals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Row = dict[str, Any]


def grid(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def spread(found: Row, digits: int = 3) -> str:
    """Median with the range."""
    median, low, high = (f"{found[key]:.{digits}g}" for key in ("median", "low", "high"))
    return f"{median} [{low}, {high}]"


def ratio(found: Row, lost: str = "rival wins") -> str:
    """A ratio: bold when its band excludes 1, with `lost` when it is below."""
    text = spread(found)
    if not found["differs"]:
        return text + " (no difference)"
    return f"**{text}**" + (f" **{lost}**" if found["median"] < 1 else "")


def against(goal: float | None, value: float, at_most: bool = False) -> str:
    if goal is None:
        return "-"
    met = value <= goal if at_most else value >= goal
    return f"{'<=' if at_most else '>='} {goal:g}: {'met' if met else '**missed**'}"


def machine(facts: Row) -> str:
    native = facts["pl_native"]["native"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items() if version)
    peaks = "; ".join(f"{name} {value:g}" for name, value in facts["fma_peak_gflops"].items())
    lines = [
        f"- {facts['cpu']}, {facts['cores']} cores used, {facts['memory_gib']} GiB; {facts['platform']}",
        f"- pl_native {facts['pl_native']['pl_native']}, level {native['level']}, {native['compiler']}, "
        f"{native['parallel_runtime']}, flags {native['fp_flags']}",
        f"- Python {facts['pl_native']['python']}, {versions}",
        f"- FMA peak of a register-only loop, GFLOP/s: {peaks}",
        f"- {facts['when']}, load average before the run {facts['load_average_before']}",
    ]
    return "\n".join(lines) + "\n"


def size(row: Row) -> str:
    return f"{row['n']}, {row['d']}, {row['p']}"


def kernel(rows: list[Row]) -> str:
    head = ["n, d, p", "dtype", "us per step and network", "share of FMA peak", "goal"]
    lines = [
        [
            size(row),
            row["dtype"],
            spread(row["us_per_step_and_network"]),
            spread(row["share_of_peak"]),
            against(row["share_of_peak"]["goal"], row["share_of_peak"]["median"]),
        ]
        for row in rows
    ]
    parts = [
        "Useful work is 4ndp per step and network; one network per core. pl_native does fewer operations "
        "than that (masked sums are tabulated), so a share near or above 1 is possible.\n",
        grid(head, lines),
        rivals(rows, "us_per_step_and_network", "us per step and network"),
        widths(rows),
        variants(rows),
        "![Rivals](figures/rivals.png)\n",
    ]
    return "\n".join(parts)


def rivals(rows: list[Row], key: str, title: str) -> str:
    head = ["n, d, p", "dtype", "rival (best variant)", title, "rival / pl_native", "goal"]
    lines = [
        [
            size(row),
            row["dtype"],
            rival["best"],
            spread(rival[key]),
            ratio(rival),
            against(rival["goal"], rival["median"]),
        ]
        for row in rows
        for rival in row["rivals"]
    ]
    return grid(head, lines)


def widths(rows: list[Row]) -> str:
    lines = [
        [
            row["dtype"],
            spread(row["time_37_over_48"]),
            against(row["time_37_over_48"]["goal"], row["time_37_over_48"]["median"], at_most=True),
        ]
        for row in rows
        if "time_37_over_48" in row
    ]
    return grid(["dtype", "time(p = 37) / time(p = 48), n = 1700, d = 100", "goal"], lines)


def variants(rows: list[Row]) -> str:
    """All variants that were in the heats, folded away."""
    head = ["n, d, p", "dtype", "variant", "us per step and network, heat", "distance from our state"]
    lines = []
    for row in rows:
        for one in row["variants"]:
            if "not_run" in one:
                result = [f"not run: {one['not_run']}", "-"]
            else:
                heat = one["seconds_per_step"] / row["replicates"] * 1e6
                result = [f"{heat:.4g}", f"{one['distance']:.1e}"]
            lines.append([size(row), row["dtype"], one["name"], *result])
    return f"<details><summary>All variants</summary>\n\n{grid(head, lines)}\n</details>\n"


def scaling(rows: list[Row]) -> str:
    head = ["sweep", "dtype", "sizes", "slope", "goal", "least throughput / best", "goal"]
    lines = [
        [
            row["axis"],
            row["dtype"],
            f"{row['sizes'][0]} .. {row['sizes'][-1]}",
            spread(row["slope"]),
            against(row["slope_goal"], abs(row["slope"]["median"] - 1), at_most=True) + " (from 1)",
            f"{min(row['relative_throughput']):.2f}",
            against(row["throughput_goal"], min(row["relative_throughput"])),
        ]
        for row in rows
    ]
    base = ", ".join(str(part) for part in rows[0]["base"])
    text = f"Around (n, d, p) = ({base}), one network per core.\n"
    return "\n".join([text, grid(head, lines), "![Scaling](figures/scaling.png)\n"])


CEILINGS = """The last two columns are ceilings, the same ratio in the same rounds: of a loop that touches
registers only, and of NumPy adding 1 in place to an array of {:.0f} MiB, beyond the caches. Where two CPUs
are hardware threads of one core, or have neighbours, or share the way to memory, the ceilings are below 2:
work bound by arithmetic cannot pass the first, work bound by memory the second. The goals stay as they are.
"""


def ensemble(rows: list[Row]) -> str:
    lines = []
    for row in rows:
        if row["kind"] != "speed-up":
            continue
        missing = "not_run" in row
        result = f"not run: {row['not_run']}" if missing else ratio(row, "two threads are slower")
        limits = [spread(one) for one in row.get("ceilings", {}).values()] or ["-", "-"]
        lines.append([row["name"], result, "-" if missing else against(row["goal"], row["median"]), *limits])
    parts = [grid(["work", "time with 1 thread / with 2", "goal", "FMA loop", "addition"], lines)]
    sizes = [row["addition_mib"] for row in rows if "addition_mib" in row]
    parts += [CEILINGS.format(max(sizes))] if sizes else []
    parts += [
        f"Peak memory of {row['name']}: {row['peak_mib']:.1f} MiB above the start ({row['peak_mib_100']:.1f} "
        f"MiB over 100 problems); the inputs of all would take {row['inputs_of_all_mib']:.0f} MiB.\n"
        for row in rows
        if row["kind"] == "memory"
    ]
    return "\n".join(parts)


def orthogonal(rows: list[Row]) -> str:
    contests = [row for row in rows if row["kind"] == "contest"]
    head = ["n, d, p", "dtype", "steps", "reached the target", "ms per network", "us per step and network"]
    lines = [
        [
            size(row),
            row["dtype"],
            str(row["steps"]),
            "yes" if row["target_reached"] else "**no**",
            spread(row["ms_per_network"]),
            spread(row["us_per_step_and_network"]),
        ]
        for row in contests
    ]
    parts = [grid(head, lines), rivals(contests, "ms_per_network", "ms per network")]
    parts += [_live_pairs(row) for row in rows if row["kind"] == "live pairs"]
    parts += [_memory(row) for row in rows if row["kind"] == "memory"]
    parts += [variants(contests), "![Orthogonal](figures/orthogonal.png)\n"]
    return "\n".join(parts)


def _live_pairs(row: Row) -> str:
    head = ["where the state is held", "n", "slope", "goal", "time of a step / of an in-place addition"]
    lines = []
    for part in [{"place": "all sizes", "n": row["n"], "slope": row["slope"]}, *row["by_place"]]:
        over = [
            ratio["median"] for n, ratio in zip(row["n"], row["step_over_add"], strict=True) if n in part["n"]
        ]
        goal = against(row["slope_goal"], abs(part["slope"]["median"] - 1), at_most=True) + " (from 1)"
        sizes = f"{part['n'][0]} .. {part['n'][-1]}"
        lines.append(
            [part["place"], sizes, spread(part["slope"]), goal, f"{min(over):.2g} .. {max(over):.2g}"]
        )
    return (
        f"Time of a step against live pairs, {row['dtype']}, one thread. A step reads and writes each pair "
        "once from where the state is held; beside it NumPy adds 1 in place to an array of as many bytes. "
        f"Least throughput {min(row['relative_throughput']):.2f} of the best.\n\n" + grid(head, lines)
    )


def _memory(row: Row) -> str:
    start = f"Ten steps with n = {row['n']}, p = {row['p']}: "
    if "not_run" in row:
        return start + f"not run ({row['not_run']}).\n"
    return start + f"{row['peak_gib']:.2f} GiB; goal at most {row['goal_gib']} GiB for n = 1000000.\n"
