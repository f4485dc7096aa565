"""Worst cases: a random search that climbs, for bounds whose slack on random draws says nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from pl_native.experiments.statements.frame import Floats

Objective = Callable[[Floats], float]


def ascend(
    objective: Objective, start: Floats, rng: np.random.Generator, rounds: int, *, width: float = 0.3
) -> tuple[float, Floats]:
    """Largest value found from `start` (k,), and where: an evolution strategy of one, steps by the 1/5 rule.

    `objective` is -inf (or NaN) where the hypotheses fail, and such points are never taken.
    """
    place, best, size = np.array(start, np.float64), _value(objective(start)), width
    for _ in range(rounds):
        trial = place + size * rng.standard_normal(len(place))
        value = _value(objective(trial))
        if value >= best and value > -math.inf:
            size = min(size * 1.5, 10 * width) if value > best else size
            place, best = trial, value
        else:
            size = max(size * 1.5**-0.25, 1e-9)
    return best, place


def worst(
    objective: Objective,
    draw: Callable[[np.random.Generator], Floats],
    rng: np.random.Generator,
    draws: int,
    rounds: int,
    known: Sequence[Floats] = (),
) -> tuple[float, Floats, int]:
    """The best of `draws` random starts and of those `known`, climbed from for `rounds`.

    Value, place, and how many starts met the hypotheses.
    """
    starts = [*(draw(rng) for _ in range(draws)), *known]
    found = [(_value(objective(start)), start) for start in starts]
    met = [pair for pair in found if pair[0] > -math.inf]
    if not met:
        return -math.inf, found[0][1], 0
    value, place = ascend(objective, max(met, key=lambda pair: pair[0])[1], rng, rounds)
    return value, place, len(met)


def _value(number: float) -> float:
    return -math.inf if math.isnan(number) else float(number)
