"""The four panels of one run over its bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from pl_native import theory


def draw(found: theory.Overlay, axes: Any) -> None:
    """Loss; local PL with its bounds; drift of the invariant; live and sliding pairs. Axes (2, 2)."""
    t = found.t
    _curves(axes[0, 0], t, {"loss": (found.loss, "-")}, "L", positive=True)
    mu = {
        "mu": (found.local_pl, "-"),
        "average of mu": (found.average_pl, "--"),
        "Lemma 7": (found.lemma_7_high, ":"),
        "Lemma 7, lower": (found.lemma_7_low, ":"),
        "Theorem 1": (found.theorem_1, "-."),
        "Proposition 1": (found.proposition_1, "-."),
    }
    _curves(axes[0, 1], t, mu, "mu", positive=True)
    drift = {"max_j": (found.invariant_drift, "-")}
    _curves(axes[1, 0], t, drift, "change of a_j^2 - norm(w_j)^2", positive=True)
    pairs = {"on": (found.live, "-"), "sliding": (found.sliding, "--")}
    _curves(axes[1, 1], t, pairs, "pairs", positive=False)
    for ax in axes.flat:
        for time in found.transitions:
            ax.axvline(time, color="0.7", lw=0.8, zorder=0)


def _curves(ax: Any, t: Any, curves: dict[str, tuple[Any, str]], label: str, *, positive: bool) -> None:
    """Those that are known somewhere; logarithmic where `positive` and something is."""
    any_positive = False
    for name, (values, style) in curves.items():
        known = np.isfinite(values) & ((values > 0) | (not positive))
        if known.any():
            marker = "o" if known.sum() == 1 else ""
            ax.plot(t[known], values[known], style, marker=marker, label=name)
            any_positive = True
    if positive and any_positive:
        ax.set_yscale("log")
    ax.set(xlabel="t", ylabel=label)
    if any_positive:
        ax.legend()
