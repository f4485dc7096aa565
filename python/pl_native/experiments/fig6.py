"""Figure 6: the curvature mu of orthogonal data against n, in logarithms, and its slopes.

Protocol of the paper: d = 2000, n = 1000 to 2000; data and network are redrawn together until every point
has a live, correctly signed neuron (event I); Euler with step 1 in float32 until L < 1e-6/(2n), at most
10 (floor(t_inf) + 1) steps. Later data: width 1x, W scaled by 0.01. First data, which the text quotes: width
4x, W as drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pl_native import sweep
from pl_native._base import checks
from pl_native._problem import Stop
from pl_native.experiments import _last_losses
from pl_native.experiments._comparison_table import wrapped
from pl_native.experiments._last_losses import with_last_losses
from pl_native.experiments._mu_measures import PUBLISHED, Setting, setting_of, slope_text, title
from pl_native.experiments._mu_panels import ends, fan, levels
from pl_native.experiments._power import LEVEL
from pl_native.experiments._power_laws import Against
from pl_native.experiments._rows import number, real
from pl_native.protocol import horizon, minimal_width
from pl_native.store import Row, Store
from pl_native.store.details import Details
from pl_native.sweep import Cell, How, Plan, width

D = 2000
SIZES = tuple(range(1000, 2001, 100))


@dataclass(frozen=True, slots=True)
class Grid:
    """Part of a preset: `replicates` runs at each of `SIZES`, width and scale as published once."""

    factor: int
    scale: float
    replicates: int


PRESETS: dict[str, tuple[Grid, ...]] = {
    "quick": (Grid(1, 0.01, 20), Grid(4, 1.0, 10)),
    "paper": (Grid(1, 0.01, 500), Grid(4, 1.0, 250)),
}


@dataclass(frozen=True, slots=True)
class Summary:
    """One `Setting` for each width factor and scale that has rows."""

    settings: dict[tuple[int, float], Setting]

    def table(self) -> str:
        """Measured beside published, as text."""
        parts = [_table(which, setting) for which, setting in self.settings.items()]
        return "\n".join([*parts, wrapped(EXPLANATION), ""]) if parts else ""

    def disagreements(self) -> list[str]:
        """What was published and is not reproduced, in words."""
        return [
            what
            for which, setting in self.settings.items()
            for name in setting.published
            for what in self.differences(which, name)
        ]

    def explanation(self) -> str:
        """Why the paper's text has slopes near -1/2 and its later data near -0.8."""
        return EXPLANATION

    def differences(self, which: tuple[int, float], name: str) -> list[str]:
        """Those of one width, scale and measure."""
        return _differences(which, name, self.settings[which])


EXPLANATION = (
    "Two sets of slopes were published, of two widths. The text's values near -1/2 are those of the first "
    "data: width 4x, W as drawn. The later data, with slopes near -0.8, are at width 1x with W scaled by "
    "0.01. Neither is an exponent: slopes keep moving with n, so the window 1000..2000 cannot decide -1/2."
)


def tasks(preset: str) -> list[Cell]:
    """Cells of a preset, in increasing n. ValueError for an unknown preset."""
    checks.choice("preset", preset, tuple(PRESETS))
    return [_cell(n, grid) for grid in PRESETS[preset] for n in SIZES]


def _cell(n: int, grid: Grid) -> Cell:
    p = width(n, grid.factor)
    return Cell(
        n=n,
        d=D,
        p=p,
        data="orthogonal",
        initialisation="torch_linear",
        scale=grid.scale,
        given="well_initialised",
        t_end=10.0 * (math.floor(horizon(n, p)) + 1),
        replicates=grid.replicates,
        dtype="float32",
        stop=Stop(loss=1e-6 / (2 * n)),
    )


def run(plan: Plan, store: Store, **how: Any) -> list[Row]:
    """Run what `store` has not got of `plan`, then the last steps of each run once more for the measures made
    of them; keywords of `sweep.run`. Rows with `_last_losses.COLUMNS`, those that failed left out.
    """
    asked = How(**how)
    sweep.run(plan, store, **how)
    return with_last_losses(store.rows(plan.ids), store.folder, asked.threads, asked.progress)


def stored(plan: Plan, store: Store) -> list[Row]:
    """The rows that `run` has left, nothing simulated."""
    return Details(store.folder, _last_losses.COLUMNS).attach(store.rows(plan.ids))


def summarise(rows: Sequence[Row]) -> Summary:
    """Means and slopes with intervals from the rows of `run`, of any preset, complete or not."""
    groups: dict[tuple[int, float], list[Row]] = {}
    for row in rows:
        groups.setdefault(_group(row), []).append(row)
    return Summary({which: setting_of(which, members) for which, members in sorted(groups.items())})


def _group(row: Row) -> tuple[int, float]:
    n, p = number(row, "n"), number(row, "p")
    factor = round((p - 1) / (minimal_width(n) - 1))
    if width(n, factor) != p:
        raise ValueError(f"row {row['id']}: p = {p} is not a width of figure 6 at n = {n}")
    return factor, real(row, "scale")


def _table(which: tuple[int, float], setting: Setting) -> str:
    reached, runs = setting.target
    lines = [f"Figure 6: d = {D}, orthogonal, {title(which)}, Euler step 1, event I", ""]
    lines += [f"{reached} of {runs} runs reached L < 1e-6/(2n).", *_means(setting), ""]
    head = f"{'mu':<22} {'slope (95 %)':<28} {'published':>10} {'in the text':>12}  verdict"
    lines += [head, "-" * len(head)]
    said = PUBLISHED[which].said if which in PUBLISHED else {}
    for name, ours in setting.measures.items():
        beside = setting.published.get(name)
        their = "-" if beside is None else f"{beside.slope:.3f}"
        word = "" if beside is None else _word(which, name, setting)
        quoted = f"{said[name]:.2f}" if name in said else "-"
        line = f"{name:<22} {slope_text(ours):<28} {their:>10} {quoted:>12}  {word}"
        lines.append(wrapped(line.rstrip()))
    for name, ours in setting.ends.items():
        lost = ours.missing
        note = f"  {lost} runs without a number" if lost else ""
        lines.append(f"{f'end, {name}':<22} {slope_text(ours):<28}{note}")
    lines += ["", *(_power(name, one) for name, one in setting.published.items()), ""]
    return "\n".join(lines)


def _means(setting: Setting) -> list[str]:
    """log(mean over runs) at each n, ours with interval beside the published ones."""
    lines = ["", f"{'n':>5} {'runs':>5}" + "".join(f" {f'log mu_{name}':<34}" for name in setting.measures)]
    average = setting.measures["average"]
    for n, runs in zip(average.n.tolist(), average.runs.tolist(), strict=True):
        cells = "".join(f" {_mean(setting, name, n):<34}" for name in setting.measures)
        lines.append(f"{n:>5} {runs:>5}{cells}".rstrip())
    return lines


def _mean(setting: Setting, name: str, n: int) -> str:
    """log(mean over runs) of a measure at n, with interval, beside what was published."""
    ours, beside = setting.measures[name], setting.published.get(name)
    if n not in ours.n:
        return "-"
    mean = ours.means[ours.n.tolist().index(n)]
    low, high = (math.log(max(end, 1e-300)) for end in (mean.interval.low, mean.interval.high))
    there = [] if beside is None else beside.theirs[beside.n == n].tolist()
    their = f" pub. {there[0]:.3f}" if there else ""
    return f"{math.log(mean.estimate):.3f} [{low:.3f}, {high:.3f}]{their}"


def _differences(which: tuple[int, float], name: str, setting: Setting) -> list[str]:
    """How one measure contradicts what was published, in words; empty if it does not."""
    beside, found = setting.published[name], []
    if not beside.slopes_agree:
        low, high = beside.joint.low, beside.joint.high
        found.append(
            f"{title(which)}, slope of mu_{name}: {beside.slope:.3f} as published, outside the joint 95 % "
            f"interval [{low:.3f}, {high:.3f}]"
        )
    if beside.p_value < LEVEL:
        found.append(
            f"{title(which)}, means of mu_{name}: rejected at {LEVEL:.0%} (p = {beside.p_value:.2g}; "
            f"ours are {math.expm1(beside.difference):+.1%})"
        )
    return found


def _word(which: tuple[int, float], name: str, setting: Setting) -> str:
    odd = _differences(which, name, setting)
    if odd:
        return "NOT REPRODUCED: " + "; ".join(what.split(", ", 2)[2] for what in odd)
    return (
        "Reproduced" if setting.published[name].decisive else "Undecided: too few runs to tell slopes apart"
    )


def _power(name: str, beside: Against) -> str:
    return (
        f"mu_{name}: means equal at all n: p = {beside.p_value:.2g} "
        f"(ours {math.expm1(beside.difference):+.2%}); slopes {beside.detectable:.3f} apart would be told "
        "apart (at 1 %) with probability 90 %"
    )


def draw(summary: Summary, axes: Sequence[Sequence[Any]]) -> list[Any]:
    """Left the four published measures against n in logarithms, in the middle each relative to its own start
    so that slopes show, right the three measures at the end: `axes[i]` are the three of the i-th width.
    """
    artists: list[Any] = []
    for (which, setting), (left, middle, right) in zip(summary.settings.items(), axes, strict=True):
        artists += levels(left, setting) + fan(middle, setting) + ends(right, setting)
        left.set_title("Curvature", loc="left")
        left.set_title(title(which).replace("W", "$W$"), loc="right", fontsize="small")
        middle.set_title("Slopes", loc="left")
        right.set_title("Three measures at the end", loc="left")
        few, most = (of(setting.measures["average"].runs) for of in (min, max))
        runs = f"{few if few == most else f'{few} to {most}'} runs per $n$"
        middle.set_title(runs, loc="right", fontsize="small")
        right.set_title("in float32", loc="right", fontsize="small")
    return artists
