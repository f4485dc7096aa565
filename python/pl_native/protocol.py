"""The paper's protocol: how wide a network, how long a run (section 6 of the notation page)."""

from __future__ import annotations

import math

from pl_native._base import checks


def minimal_width(n: int, eps: float = 0.05) -> int:
    """Width at which every point has a live, correctly signed neuron with probability >= 1 - eps (Lemma 5).

    floor(log(n/eps) / log(4/3)) + 1: the union bound P(I) >= 1 - n (3/4)^p; sufficient and nearly sharp.
    """
    points, level = checks.integer("n", n, 1), checks.positive("eps", eps)
    if level >= 1:
        raise ValueError(f"eps: expected a probability in (0, 1), got {level!r}")
    ratio = points / level
    whole = math.log(ratio) if ratio < math.inf else math.log(points) - math.log(level)
    return math.floor(whole / math.log(4 / 3)) + 1


def horizon(n: int, p: int) -> float:
    """End time of the paper's experiments, 1.5 (sqrt(n p)/4) log(n p), in units of flow time."""
    size = checks.integer("n", n, 1) * checks.integer("p", p, 1)
    return 1.5 * math.sqrt(size) / 4 * math.log(size)


def width(n: int, factor: int) -> int:
    """The paper's widths: 1x p = floor(log(n/0.05)/log(4/3)) + 1, and in general factor * floor(...) + 1."""
    return checks.integer("factor", factor, 1) * (minimal_width(n) - 1) + 1
