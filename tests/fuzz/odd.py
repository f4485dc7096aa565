"""Values that no argument expects, and problems of every kind."""

from __future__ import annotations

import math
import random
from functools import lru_cache
from typing import Any

import numpy as np

import pl_native as pl
from proving import KINDS, start

ODD = (
    None, True, False, 0, 1, -1, 2, 3.0, 0.5, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1e-300, 1e300,
    2**31, 2**53 + 1, 2**63, 10**19, -(10**19), "", "1", "native", b"1", 1j, (), [], {}, [1.0], [0.0, 1.0],
    [1.0, 0.5], [[1.0]], [math.nan], {"a": 1}, np.float32(0.5), np.int64(3), np.bool_(True), np.array(1.0),
    np.zeros(0), np.zeros((2, 3)), np.array(["a"]), np.array([None]),
    np.array([1 + 1j]), np.broadcast_to(np.float64(1), (1 << 40,)),
)  # fmt: skip


@lru_cache(maxsize=256)
def problem(kind: str, seed: int, inputs: int = 0, weights: int = 0, dtype: str = "float64") -> Any:
    """`proving.start`, inputs and weights times powers of ten: (data, network)."""
    data, net = start(kind, seed)
    with np.errstate(over="ignore"):
        made = (
            pl.Dataset(data.X * 10.0**inputs, data.y, dtype=dtype) if inputs or dtype != "float64" else data
        )
        return made, pl.Network(net.W * 10.0**weights, net.a * 10.0**weights, dtype=dtype)


def any_problem(rng: random.Random) -> tuple[Any, str]:
    """A problem, mostly of moderate scales, and the words that make it again."""
    kind, seed = rng.choice(KINDS), rng.randrange(40)
    inputs = rng.choice((0,) * 12 + (-30, -3, 2, 20, 80, 150))
    weights = rng.choice((0,) * 12 + (-150, -12, -6, 1, 20, 80, 150))
    dtype = "float32" if rng.random() < 0.15 and abs(inputs) < 30 and abs(weights) < 30 else "float64"
    return problem(kind, seed, inputs, weights, dtype), f"problem{(kind, seed, inputs, weights, dtype)}"


def shown(value: Any) -> str:
    """In few words."""
    if isinstance(value, np.ndarray):
        if value.size > 60:
            return f"array of shape {value.shape}, {value.dtype}, strides {value.strides}"
        return f"np.array({value.tolist()!r}, {str(value.dtype)!r})"
    return repr(value)[:300]
