"""Figure 6: the curvature mu of orthogonal data against n, in logarithms, and its slopes.

Protocol of the paper: d = 2000, n = 1000 to 2000; data and network are redrawn together until every point has a
live, correctly signed neuron (event I); Euler with step 1 in float32 until L < 1e-6/(2n), at most
10 (floor(t_inf) + 1) steps. Later data: width 1x, W scaled by 0.01. First data, which the text quotes: width
4x, W as drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pl_native import sweep
from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._problem import Stop
from pl_native.experiments import _panels, published
from pl_native.experiments._last_losses import with_last_losses
from pl_native.experiments._rows import number, real
from pl_native.experiments._scaling import by_size
from pl_native.experiments._slopes import LEVEL, Against, Measure, against, measure
from pl_native.protocol import horizon, minimal_width
from pl_native.store import Row, Store
from pl_native.sweep import Cell, How, Plan, width

D = 2000
SIZES = tuple(range(1000, 2001, 100))

MEASURES = {
    "end": "pl_last_hundred",
    "average": "pl_recorded",
    "low": "pl_low",
    "upp": "pl_upp",
}
"""What was published (`log_mu_...`), and the column of ours that is defined as it was."""

ENDS = {
    "gradient": "local_pl_end",
    "last ratio": "pl_last_ratio",
    "published": "pl_last_hundred",
}
"""The measures of mu at the end: p |grad L|^2/L, log(L_{K-1}/L_K), the published code's mean over 100 steps."""


@dataclass(frozen=True, slots=True)
class Published:
    """A published table, its number of runs per n, and the slopes that the text quotes of it."""

    table: str
    runs: int | None
    said: dict[str, float]


PUBLISHED = {
    (1, 0.01): Published("fig6_published", 500, {"end": -0.81, "average": -0.73, "low": -0.73, "upp": -0.50}),
    (4, 1.0): Published("fig6_first", None, {"end": -0.57, "average": -0.55, "low": -0.52, "upp": -0.52}),
}
"""By width factor and scale of W. Runs of the first data were not recorded: their scatter about a line is that of some
tens, their code has 250."""


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
class Setting:
    """One width and scale: `MEASURES` and `ENDS` against n, the latter also as ratios of means to the first
    with their standard errors (both (m,), run by run), and the former beside what was published.
    """

    measures: dict[str, Measure]
    ends: dict[str, Measure]
    ratios: dict[str, tuple[Array, Array]]
    published: dict[str, Against]
    target: tuple[int, int]
    """runs that reached L < 1e-6/(2n), and runs"""


@dataclass(frozen=True, slots=True)
class Summary:
    """One `Setting` for each width factor and scale that has rows."""

    settings: dict[tuple[int, float], Setting]

    def table(self) -> str:
        """Measured beside published, as text."""
        parts = [_table(which, setting) for which, setting in self.settings.items()]
        return "\n".join([*parts, EXPLANATION, ""]) if parts else ""

    def disagreements(self) -> list[str]:
        """What was published and is not reproduced, in words."""
        return [
            what
            for which, setting in self.settings.items()
            for name in setting.published
            for what in _differences(which, name, setting)
        ]


EXPLANATION = (
    "Two sets of slopes were published, of two widths. The text's values near -1/2 are those of the first data: "
    "width 4x, W as drawn. The later data, with slopes near -0.8, are at width 1x with W scaled by 0.01. Neither "
    "is an exponent: slopes keep moving with n, and the window 1000..2000 cannot tell -1/2 from anything near."
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
    """Run what `store` has not got of `plan`, then the last steps of each run once more for the measures made of
    them; keywords of `sweep.run`. Rows with `_last_losses.COLUMNS`, those that failed left out.
    """
    asked = How(**how)
    sweep.run(plan, store, **how)
    path = store.folder / "details.csv"
    return with_last_losses(store.rows(plan.ids), path, asked.threads, asked.progress)


def summarise(rows: Sequence[Row]) -> Summary:
    """Means and slopes with intervals from the rows of `run`, of any preset, complete or not."""
    groups: dict[tuple[int, float], list[Row]] = {}
    for row in rows:
        groups.setdefault(_group(row), []).append(row)
    return Summary({which: _setting(which, members) for which, members in sorted(groups.items())})


def _group(row: Row) -> tuple[int, float]:
    n, p = number(row, "n"), number(row, "p")
    factor = round((p - 1) / (minimal_width(n) - 1))
    if width(n, factor) != p:
        raise ValueError(f"row {row['id']}: p = {p} is not a width of figure 6 at n = {n}")
    return factor, real(row, "scale")


def _setting(which: tuple[int, float], rows: Sequence[Row]) -> Setting:
    measures = {name: measure(rows, column) for name, column in MEASURES.items()}
    theirs = PUBLISHED.get(which)
    found = {}
    if theirs is not None:
        table = published.load(theirs.table)
        for name, ours in measures.items():
            beside = against(ours, table["n"], table[f"log_mu_{name}"], theirs.runs)
            if beside is not None:
                found[name] = beside
    reached = sum(row["status"] == "TARGET" for row in rows)
    ends = {name: measure(rows, column) for name, column in ENDS.items()}
    ratios = {name: _ratio(rows, column) for name, column in ENDS.items()}
    return Setting(measures, ends, ratios, found, (reached, len(rows)))


def _ratio(rows: Sequence[Row], column: str) -> tuple[Array, Array]:
    """Mean of a column over the mean of the gradient's measure at each n, with standard errors: the runs are the
    same, so most of their spread cancels.
    """
    found, errors = [], []
    for members in by_size(rows, "n").values():
        pairs = [(row[column], row[ENDS["gradient"]]) for row in members if row[column] is not None]
        top, bottom = np.array(pairs, dtype=np.float64).T
        ratio = float(top.mean() / bottom.mean())
        found.append(ratio)
        errors.append(float(np.std(top - ratio * bottom, ddof=1)) / math.sqrt(top.size) / bottom.mean())
    return np.array(found), np.array(errors)


def _title(which: tuple[int, float]) -> str:
    factor, scale = which
    return f"width {factor}x, W {'as drawn' if scale == 1.0 else f'scaled by {scale:g}'}"


def _table(which: tuple[int, float], setting: Setting) -> str:
    reached, runs = setting.target
    lines = [f"Figure 6: d = {D}, orthogonal, {_title(which)}, Euler step 1, event I", ""]
    lines += [f"{reached} of {runs} runs reached L < 1e-6/(2n).", *_means(setting), ""]
    head = f"{'mu':<22} {'slope (95 %)':<28} {'published':>10} {'in the text':>12}  verdict"
    lines += [head, "-" * len(head)]
    said = PUBLISHED[which].said if which in PUBLISHED else {}
    for name, ours in setting.measures.items():
        beside = setting.published.get(name)
        their = "-" if beside is None else f"{beside.slope:.3f}"
        word = "" if beside is None else _word(which, name, setting)
        quoted = f"{said[name]:.2f}" if name in said else "-"
        lines.append(f"{name:<22} {_slope(ours):<28} {their:>10} {quoted:>12}  {word}".rstrip())
    for name, ours in setting.ends.items():
        lost = int(ours.missing.sum())
        note = f"  {lost} runs without a number" if lost else ""
        lines.append(f"{f'end, {name}':<22} {_slope(ours):<28}{note}")
    lines += ["", *(_power(name, one) for name, one in setting.published.items()), ""]
    return "\n".join(lines)


def _means(setting: Setting) -> list[str]:
    """log(mean over runs) at each n, ours with interval beside the published ones."""
    lines = ["", f"{'n':>5} {'runs':>5}" + "".join(f" {f'log mu_{name}':<34}" for name in setting.measures)]
    first = next(iter(setting.measures.values()))
    for i, n in enumerate(first.n):
        cells = []
        for name, ours in setting.measures.items():
            mean, beside = ours.means[i], setting.published.get(name)
            low, high = (math.log(max(end, 1e-300)) for end in (mean.interval.low, mean.interval.high))
            there = [] if beside is None else beside.theirs[beside.n == n].tolist()
            their = f" pub. {there[0]:.3f}" if there else ""
            cells.append(f" {f'{math.log(mean.estimate):.3f} [{low:.3f}, {high:.3f}]{their}':<34}")
        lines.append((f"{n:>5} {first.means[i].runs:>5}" + "".join(cells)).rstrip())
    return lines


def _slope(ours: Measure) -> str:
    if ours.slope is None:
        return "-"
    low, high = ours.slope.interval.low, ours.slope.interval.high
    return f"{ours.slope.slope:.3f} [{low:.3f}, {high:.3f}]"


def _differences(which: tuple[int, float], name: str, setting: Setting) -> list[str]:
    """How one measure contradicts what was published, in words; empty if it does not."""
    beside, found = setting.published[name], []
    if not beside.slopes_agree:
        low, high = beside.joint.low, beside.joint.high
        found.append(
            f"{_title(which)}, slope of mu_{name}: {beside.slope:.3f} as published, outside the joint 95 % "
            f"interval [{low:.3f}, {high:.3f}]"
        )
    if beside.p_value < LEVEL:
        found.append(
            f"{_title(which)}, means of mu_{name}: rejected at {LEVEL:.0%} (p = {beside.p_value:.2g}; "
            f"ours are {math.expm1(beside.difference):+.1%})"
        )
    return found


def _word(which: tuple[int, float], name: str, setting: Setting) -> str:
    odd = _differences(which, name, setting)
    return "Reproduced" if not odd else "NOT REPRODUCED: " + "; ".join(what.split(", ", 2)[2] for what in odd)


def _power(name: str, beside: Against) -> str:
    return (
        f"mu_{name}: means equal at all n: p = {beside.p_value:.2g} (ours {math.expm1(beside.difference):+.2%}); "
        f"slopes {beside.detectable:.3f} apart would be told apart (at 1 %) with probability 90 %"
    )


def draw(summary: Summary, axes: Sequence[Sequence[Any]]) -> list[Any]:
    """Left the four published measures against n in logarithms, in the middle each relative to its own start so
    that slopes show, right the three measures at the end: `axes[i]` are the three of the i-th width.
    """
    artists: list[Any] = []
    for (which, setting), (left, middle, right) in zip(summary.settings.items(), axes, strict=True):
        artists += _levels(left, setting) + _fan(middle, setting) + _ends(right, setting)
        left.set_title("Curvature", loc="left")
        left.set_title(_title(which).replace("W", "$W$"), loc="right", fontsize="small")
        middle.set_title("Slopes", loc="left")
        right.set_title("Three measures at the end", loc="left")
        few, most = (of(setting.ends["gradient"].runs) for of in (min, max))
        runs = f"{few if few == most else f'{few} to {most}'} runs per $n$"
        middle.set_title(runs, loc="right", fontsize="small")
    return artists


_LOOKS = {
    "upp": _panels.Look("$\\mu_\\mathrm{upp}$", _panels.PURPLE, "^", _panels.PURPLE, "-", 1.6, 0.0),
    "average": _panels.Look("$\\mu$ average", _panels.GREEN, "D", _panels.GREEN, "-", 1.6, 0.0),
    "end": _panels.Look("$\\mu$ at the end", _panels.BLUE, "s", _panels.BLUE, "-", 1.6, 0.0),
    "low": _panels.Look("$\\mu_\\mathrm{low}$", _panels.ORANGE, "v", _panels.ORANGE, "-", 1.6, 0.0),
}
_RING = {"marker": "o", "mfc": "none", "mec": _panels.VERMILION, "ms": 10, "mew": 1.3, "ls": "none"}


def _levels(ax: Any, setting: Setting) -> list[Any]:
    artists: list[Any] = []
    for name, look in _LOOKS.items():
        beside = setting.published.get(name)
        artists += _panels.powers(ax, setting.measures[name], look, look.name)
        if beside is not None:
            title = "published" if name == "low" else None
            artists += ax.plot(beside.n, np.exp(beside.theirs), label=title, **_RING)
    _panels.log_sizes(ax, setting.measures["end"].n)
    ax.set_ylabel("mean over runs")
    ax.legend(loc="center", bbox_to_anchor=(0.5, 0.62), ncols=2)
    return artists


def _fan(ax: Any, setting: Setting) -> list[Any]:
    """Every measure over its fitted value at the least n, beside n^(-1/2) and n^(-1)."""
    artists: list[Any] = []
    for name, look in _LOOKS.items():
        ours, beside = setting.measures[name], setting.published.get(name)
        if ours.slope is None:
            continue
        unit = math.exp(ours.slope.intercept + ours.slope.slope * math.log(ours.n[0]))
        their = "" if beside is None else f" (published {beside.slope:.2f})"
        artists += _panels.powers(ax, ours, look, look.name, their, unit=unit)
        if beside is not None:
            artists += ax.plot(beside.n, np.exp(beside.theirs) / unit, **_RING)
    n = setting.measures["end"].n
    for power, text in ((-0.5, "$n^{-1/2}$"), (-1.0, "$n^{-1}$")):
        artists += ax.plot(n, (n / n[0]) ** power, ":", color=_panels.MARK, lw=1.4)
        artists.append(ax.annotate(text, (n[-1], (n[-1] / n[0]) ** power), color=_panels.MARK, va="bottom"))
    _panels.log_sizes(ax, n)
    ax.set_ylabel("mean / fit at the least $n$")
    ticks = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.yaxis.set_minor_formatter(lambda *_: "")
    ax.set_ylim(0.25, 1.25)
    ax.legend(loc="lower left", title="slope [95 %]")
    return artists


def _ends(ax: Any, setting: Setting) -> list[Any]:
    names = {
        "gradient": ("$p\\,|\\nabla L|^2/L$", _panels.BLUE, "-"),
        "last ratio": ("$\\log(L_{K-1}/L_K)$", _panels.GREEN, "D"),
        "published": ("published code: mean of 100 steps", _panels.VERMILION, "o"),
    }
    artists: list[Any] = []
    for k, (name, (label, color, marker)) in enumerate(names.items()):
        ours, (ratio, error) = setting.ends[name], setting.ratios[name]
        label = label if ours.slope is None else f"{label}\nslope {_slope(ours)}"
        if name == "gradient":
            artists += ax.plot(ours.n, ratio, color=color, label=label)
            continue
        n = ours.n * (1 + 0.004 * (2 * k - 3))
        bars = {"fmt": marker, "color": color, "capsize": 3, "ms": 5}
        artists.append(ax.errorbar(n, ratio, 1.96 * error, label=label, **bars))
    _panels.log_sizes(ax, setting.ends["gradient"].n)
    ax.set_ylabel("mean / mean of $p\\,|\\nabla L|^2/L$")
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.8 * (high - low))
    ax.legend(loc="upper center")
    return artists
