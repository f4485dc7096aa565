"""Figure 1: a group initialisation, p = 3 neurons and n = 6 points in groups of k = 2, as drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network
from pl_native.experiments import _panels
from pl_native.experiments._rows import number
from pl_native.store import Row
from pl_native.sweep import Cell, problem
from pl_native.sweep.cells import cell_of
from pl_native.theory import group_start, time_unit

P, N = 3, 6
COSINE = 0.9
PRESETS = {"quick": 1, "paper": 1}
"""Runs of each preset."""

_COLORS = (_panels.BLUE, _panels.VERMILION, _panels.GREEN)


@dataclass(frozen=True, slots=True)
class Summary:
    """The start of one run, redrawn from its seeds: z (p, n) are the pre-activations."""

    data: Dataset
    network: Network
    z: Array

    def table(self) -> str:
        """Pre-activations, labels and outer weights, as text."""
        lines = [f"Figure 1: group initialisation, p = {P}, k = {N // P}, n = {N}, cosine {COSINE:g}", ""]
        head = f"{'':>8}" + "".join(f"{f'x_{i + 1}':>9}" for i in range(N)) + f"{'a_j':>10}"
        lines += [head, "-" * len(head)]
        for j, (row, outer) in enumerate(zip(self.z, self.network.a, strict=True)):
            lines.append(f"{f'z_{j + 1}i':>8}" + "".join(f"{one:>9.4f}" for one in row) + f"{outer:>10.4f}")
        lines.append(f"{'y_i':>8}" + "".join(f"{one:>9.4f}" for one in self.data.y))
        return "\n".join([*lines, "", self.verdict(), ""])

    def verdict(self) -> str:
        """Whether it is what the paper calls a group initialisation."""
        odd = self.disagreements()
        return f"NOT REPRODUCED: {odd[0]}." if odd else (
            "Reproduced: z_ji > 0 exactly on the group of neuron j, a_j = s_j norm(w_j)."
        )  # fmt: skip

    def disagreements(self) -> list[str]:
        """What of a group initialisation does not hold, in words."""
        try:
            group_start(self.data, self.network)
        except ValueError as error:
            return [str(error)]
        return []


def tasks(preset: str) -> list[Cell]:
    """The one cell of a preset. ValueError for an unknown preset."""
    checks.choice("preset", preset, tuple(PRESETS))
    return [
        Cell(
            n=N,
            d=N,
            p=P,
            data="group",
            initialisation="group",
            initial_options={"c0": COSINE},  # type: ignore[arg-type]
            t_end=time_unit(N, P),
            replicates=PRESETS[preset],
            method="flow",
        )
    ]


def summarise(rows: Sequence[Row]) -> Summary:
    """The start of the first row. ValueError for no rows, and for rows of other problems."""
    if not rows:
        raise ValueError("rows: expected at least one run")
    row = rows[0]
    if (number(row, "n"), number(row, "p")) != (N, P):
        raise ValueError(
            f"row {row['id']}: n = {row['n']}, p = {row['p']}, expected those of figure 1, {N} and {P}"
        )
    data, network = problem(cell_of(row), number(row, "seed"), number(row, "replicate"))
    z = network.W[:, :N] * data.norms  # the inputs are the canonical basis, scaled
    return Summary(data, network, z)


def draw(summary: Summary, axes: Sequence[Sequence[Any]]) -> list[Any]:
    """Left which neuron is on at which point, right each neuron in the plane of its group; `axes[0]` is the
    pair."""
    left, right = axes[0]
    return _graph(left, summary) + _planes(right, summary)


def _graph(ax: Any, summary: Summary) -> list[Any]:
    """Neurons above points: a line where z_ji > 0, as thick as z_ji."""
    k, artists = N // P, []
    above = k * np.arange(P) + (k - 1) / 2
    for j, i in zip(*np.nonzero(summary.z > 0), strict=True):
        width = 6.0 * summary.z[j, i] / summary.z.max()
        artists += ax.plot([above[j], i], [1.0, 0.0], color=_COLORS[j], lw=width, alpha=0.7, zorder=1)
    for j in range(P):
        sign = "+" if summary.network.a[j] > 0 else "-"
        artists.append(ax.scatter(above[j], 1.0, s=900, color=_COLORS[j], zorder=2))
        artists.append(_inside(ax, f"$w_{j + 1}$", above[j], 1.0, "white"))
        artists.append(
            ax.annotate(f"$a_{j + 1} = {summary.network.a[j]:+.2f}$", (above[j], 1.17), ha="center")
        )
        where, text = (above[j], -0.36), f"group {j + 1}, $s_{j + 1} = {sign}1$"
        artists.append(ax.annotate(text, where, ha="center", color=_COLORS[j]))
    for i in range(N):
        color = _COLORS[i // k]
        artists.append(ax.scatter(i, 0.0, s=700, marker="s", color="white", edgecolor=color, lw=2, zorder=2))
        artists.append(_inside(ax, f"$x_{i + 1}$", i, 0.0, color))
        artists.append(ax.annotate(f"$y = {summary.data.y[i]:+.2f}$", (i, -0.22), ha="center", fontsize=11))
    ax.set(xlim=(-0.6, N - 0.4), ylim=(-0.45, 1.3))
    ax.set_axis_off()
    ax.set_title("Lines: $z_{ji} = \\langle w_j, x_i\\rangle > 0$", loc="left")
    return artists


def _inside(ax: Any, text: str, x: float, y: float, color: str) -> Any:
    return ax.annotate(text, (x, y), ha="center", va="center", color=color, fontsize=13, zorder=3)


def _planes(ax: Any, summary: Summary) -> list[Any]:
    """Each neuron (arrow) beside the direction of its group's labels (dashed), in the plane of its points."""
    k, artists = N // P, []
    for j in range(P):
        own = slice(j * k, (j + 1) * k)
        labels, weights = np.abs(summary.data.y[own]), summary.network.W[j, own]
        arrow = {"arrowstyle": "-|>", "color": _COLORS[j], "lw": 2.2}
        artists.append(ax.annotate("", xy=tuple(weights), xytext=(0, 0), arrowprops=arrow))
        first = j * k + 1
        named = f"$w_{j + 1}$ on $x_{first}, x_{first + 1}$"
        artists += ax.plot([], [], color=_COLORS[j], lw=2.2, label=named)
        end = 1.12 * labels / np.linalg.norm(labels)
        dashes = ((0.0, 4.0, 2.0)[j], (4, 4))  # directions may coincide: one shows in the gaps of another
        artists += ax.plot([0, end[0]], [0, end[1]], ls=dashes, lw=1.8, color=_COLORS[j])
    artists += ax.plot([], [], ls="--", lw=1.3, color=_panels.MARK, label="direction of the group's $s\\,Y$")
    ax.set(xlim=(0, 1.3), ylim=(0, 1.5), aspect="equal")
    ax.set(xlabel="weight on the group's first point", ylabel="weight on its second point")
    ax.set_title("In each group's plane", loc="left")
    ax.legend(loc="upper right", title=f"$c_0 = {COSINE:g}$, $N_0 = 1$")
    return artists
