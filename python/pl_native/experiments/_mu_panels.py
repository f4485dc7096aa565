"""Panels of figure 6, each of one width and scale."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pl_native.experiments import _panels
from pl_native.experiments._mu_measures import Setting, slope_text

_LOOKS = {
    "upp": _panels.Look("$\\mu_\\mathrm{upp}$", _panels.PURPLE, "^", _panels.PURPLE, "-", 1.6, 0.0),
    "average": _panels.Look("$\\mu$ average", _panels.GREEN, "D", _panels.GREEN, "-", 1.6, 0.0),
    "end": _panels.Look("$\\mu$ at the end", _panels.BLUE, "s", _panels.BLUE, "-", 1.6, 0.0),
    "low": _panels.Look("$\\mu_\\mathrm{low}$", _panels.ORANGE, "v", _panels.ORANGE, "-", 1.6, 0.0),
}
_RING = {"marker": "o", "mfc": "none", "mec": _panels.VERMILION, "ms": 10, "mew": 1.3, "ls": "none"}


def _looks(setting: Setting) -> list[tuple[str, _panels.Look]]:
    return [(name, look) for name, look in _LOOKS.items() if name in setting.measures]


def levels(ax: Any, setting: Setting) -> list[Any]:
    """The published measures against n in logarithms."""
    artists: list[Any] = []
    for name, look in _looks(setting):
        beside = setting.published.get(name)
        artists += _panels.powers(ax, setting.measures[name], look, look.name)
        if beside is not None:
            title = "published" if name == "low" else None
            artists += ax.plot(beside.n, np.exp(beside.theirs), label=title, **_RING)
    _panels.log_sizes(ax, setting.measures["average"].n)
    ax.set_ylabel("mean over runs")
    ax.legend(loc="center", bbox_to_anchor=(0.5, 0.62), ncols=2)
    return artists


def fan(ax: Any, setting: Setting) -> list[Any]:
    """Every measure over its fitted value at the least n, beside n^(-1/2) and n^(-1)."""
    artists: list[Any] = []
    for name, look in _looks(setting):
        ours, beside = setting.measures[name], setting.published.get(name)
        if ours.slope is None:
            continue
        unit = math.exp(ours.slope.intercept + ours.slope.slope * math.log(ours.n[0]))
        their = "" if beside is None else f" ({beside.slope:.2f})"
        artists += _panels.powers(ax, ours, look, look.name, their, unit=unit)
        if beside is not None:
            artists += ax.plot(beside.n, np.exp(beside.theirs) / unit, **_RING)
    n = setting.measures["average"].n
    for power, text in ((-0.5, "$n^{-1/2}$"), (-1.0, "$n^{-1}$")):
        artists += ax.plot(n, (n / n[0]) ** power, ":", color=_panels.MARK, lw=1.4)
        end = (n[-1], (n[-1] / n[0]) ** power)
        how = {"xytext": (12, 3), "textcoords": "offset points", "va": "center", "annotation_clip": False}
        artists.append(ax.annotate(text, end, color=_panels.MARK, **how))
    _panels.log_sizes(ax, n)
    ax.set_ylabel("mean / fit at the least $n$")
    ticks = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.yaxis.set_minor_formatter(lambda *_: "")
    ax.set_ylim(0.25, 1.25)
    ax.legend(loc="lower left", title="slope [95 %] (published)")
    return artists


def ends(ax: Any, setting: Setting) -> list[Any]:
    """The three measures at the end, relative to the first."""
    names = {
        "gradient": ("$p\\,|\\nabla L|^2/L$", _panels.BLUE, "-"),
        "last ratio": ("$\\log(L_{K-1}/L_K)$", _panels.GREEN, "D"),
        "published": ("published code: mean of 100 steps", _panels.VERMILION, "o"),
    }
    artists: list[Any] = []
    for k, (name, (label, color, marker)) in enumerate(names.items()):
        if name not in setting.ends:
            continue
        ours, (ratio, error) = setting.ends[name], setting.ratios[name]
        label = label if ours.slope is None else f"{label}\nslope {slope_text(ours)}"
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
