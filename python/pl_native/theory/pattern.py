"""Which pairs are on, and which rest at their kinks, in a state that a run's steps have left: by how near to
their kinks they are, where `model.modes` goes by what rounding leaves and by `network.kinks` alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pl_native import model
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network
from pl_native._problem.kinks import ON, SLIDE
from pl_native.model.lines import Lines
from pl_native.model.modes import modes_of
from pl_native.model.selection import select

NEAR = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """Which pairs are on and which rest at their kinks, (p, n) bool each; all others are off."""

    on: Array
    rests: Array


def nearness(data: Dataset, network: Network, known: int, least: float = NEAR) -> float:
    """|z_ji| / max_i |z_ji| up to which pairs count as at their kinks, where a run had `known` at rest.

    Steps leave pairs at rest 1e-15 to 1e-5 from their kinks, loose tolerances up to 1e-4; some tens of others
    are within 1e-5. So all within `least` are taken, and more where the run's count says so: up to the widest
    gap between the attracting pairs (a_j r_i < 0) nearest to their kinks in which the count is exceeded by at
    most a twentieth, since those just let go are still there. The count alone does not do: a run that is
    stopped among very short steps has let go most of its pairs (of 730, it kept 39).
    """
    if known == 0:
        return least
    z, pull = np.abs(model.preactivations(data, network)), network.a[:, None] * model.residual(data, network)
    largest = z.max(axis=1, keepdims=True)  # 0 where w_j = 0, which no run counts as a pair at rest
    ratios = np.sort((z / np.where(largest > 0, largest, 1.0))[(pull < 0) & (largest > 0)])
    below = np.maximum(ratios[known - 1 : known + known // 20], 1e-300)
    above = ratios[known : known + len(below)]
    if len(above) == 0:  # all that attract
        return max(least, 1.0)
    below = below[: len(above)]
    k = int(np.argmax(above / below))
    return max(least, float(np.sqrt(above[k] * below[k])))


def pattern(data: Dataset, network: Network, near: float) -> Pattern:
    """The pattern that the inclusion selects, where pairs up to `near` (see `nearness`) are at their kinks,
    and so are those that `network.kinks` has sliding.

    Such a pair rests if a_j r_i < 0 makes its kink attracting and the selected velocity (the one of least
    norm) holds it there; others at attracting kinks are on or off as that velocity has them, and at repelling
    ones as their z says.
    """
    z, r = model.preactivations(data, network), model.residual(data, network)
    on, rests = z > 0, np.zeros(z.shape, bool)
    labels = float(np.abs(data.y).max())
    close = np.abs(z) <= near * np.abs(z).max(axis=1, keepdims=True)
    close |= slides(data, network)
    for j in range(network.p):
        pull = np.sign(network.a[j]) * r
        kinks = np.flatnonzero(close[j])
        ahead, behind = Lines.of(data.X[kinks]).push(pull[kinks])
        kinks = kinks[ahead - behind < 0]
        on[j, kinks] = False
        modes = select(data.X[kinks], pull[kinks], (pull * on[j]) @ data.X, labels).modes
        rests[j, kinks], on[j, kinks] = modes == SLIDE, modes == ON
    return Pattern(on, rests)


def slides(data: Dataset, network: Network) -> Array:
    """The pairs that slide by `network.kinks`, or at z = 0 by the selection rule, (p, n) bool."""
    result: Array = modes_of(data, network, model.preactivations(data, network)).mode == SLIDE
    return result
