"""The four panels of one run over its bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from pl_native import theory
from pl_native._base.checks import Array
from pl_native.experiments._panels import BLUE, GREEN, MARK, ORANGE, SKY, VERMILION

FEW = 12  # rows up to which each is marked: what lies between them is not the run's


@dataclass(frozen=True, slots=True)
class _Line:
    """A quantity over time; curves of one name share an entry of the legend."""

    values: Array
    name: str
    color: str
    style: str = "-"


def draw(found: theory.Overlay, axes: Any) -> None:
    """Loss; local PL with its bounds; drift of the invariant; live and sliding pairs. Axes (2, 2)."""
    (loss, curvature), (invariant, pairs) = axes
    _panel(loss, found, "Loss", "$L(t)$", [_Line(found.loss, "loss", BLUE)], log=True)
    bounds = [
        _Line(found.lemma_7_high, "Lemma 7", GREEN, ":"),
        _Line(found.lemma_7_low, "Lemma 7", GREEN, ":"),
        _Line(found.theorem_1, "Theorem 1, lower", ORANGE, "-."),
        _Line(found.proposition_1, "Proposition 1, upper", SKY, "-."),
    ]
    rates = [
        _Line(found.local_pl, r"$\mu(t)$", BLUE),
        _Line(found.average_pl, "its average", VERMILION, "--"),
    ]
    _panel(curvature, found, "Local PL curvature and its bounds", r"$\mu$", rates + bounds, log=True)
    drift = r"$\max_j\,|\mathrm{change\ of}\ a_j^2 - \|w_j\|^2|$"
    kept = [_Line(found.invariant_drift, "drift", BLUE)]
    _panel(invariant, found, "Invariant of Lemma 1", drift, kept, log=True)
    live = [_Line(found.live, "on", BLUE), _Line(found.sliding, "sliding", VERMILION, "--")]
    _panel(pairs, found, "Pairs of a neuron and a point", "number of pairs", live, log=False)
    if np.any(found.live > 0):
        pairs.set_ylim(0, 1.08 * float(np.max(found.live)))
    if loss.get_legend_handles_labels()[0]:
        loss.legend()  # with the phase transitions


def _panel(ax: Any, found: theory.Overlay, title: str, label: str, lines: list[_Line], *, log: bool) -> None:
    """The lines where they are known (and positive, if `log`), over the times of the transitions."""
    for k, time in enumerate(found.transitions):
        ax.axvline(time, color="0.75", lw=1.0, zorder=0, label="_" if k else "phase transition")
    shown: list[Array] = []
    names: set[str] = set()
    for line in lines:
        known = np.isfinite(line.values) & ((line.values > 0) | (not log))
        if known.any():
            marker = "o" if np.count_nonzero(known) <= FEW else ""
            name = "_" if line.name in names else line.name
            ax.plot(
                found.t[known], line.values[known], line.style, color=line.color, marker=marker, label=name
            )
            shown.append(line.values[known])
            names.add(line.name)
    if log and shown:
        ax.set_yscale("log")
        _whole_decades(ax, np.concatenate(shown))
    ax.set(xlabel="time $t$", ylabel=label, xlim=_span(found.t))
    ax.set_title(title, loc="left")
    if names - {"drift"}:
        entries = [entry for entry in zip(*ax.get_legend_handles_labels(), strict=True) if entry[1] in names]
        ax.legend(*zip(*entries, strict=True))
    if not shown:
        ax.text(0.5, 0.5, "0 throughout", color=MARK, ha="center", transform=ax.transAxes)


def _whole_decades(ax: Any, values: Array) -> None:
    """Limits at powers of ten, two apart, where the values span less: no labels between the powers."""
    low, high = math.log10(float(values.min())), math.log10(float(values.max()))
    if high - low < 2:
        top = math.floor(high) + 1
        ax.set_ylim(10.0 ** min(math.floor(low), top - 2), 10.0**top)


def _span(t: Array) -> tuple[float, float]:
    """Limits of the time axis, a margin about its ends."""
    margin = 0.02 * float(t[-1] - t[0]) or 1.0
    return float(t[0]) - margin, float(t[-1]) + margin
