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
def problem(
    kind: str, seed: int, inputs: int = 0, weights: int = 0, dtype: str = "float64", labels: int = 0
) -> Any:
    """`proving.start`, inputs, weights and labels times powers of ten: (data, network)."""
    data, net = start(kind, seed)
    with np.errstate(over="ignore"):
        X, y = data.X * 10.0**inputs, data.y * 10.0**labels
        made = pl.Dataset(X, y, dtype=dtype) if inputs or labels or dtype != "float64" else data
        return made, pl.Network(net.W * 10.0**weights, net.a * 10.0**weights, dtype=dtype)


def any_problem(rng: random.Random) -> tuple[Any, str]:
    """A problem, mostly of moderate scales, and the words that make it again."""
    kind, seed = rng.choice(KINDS), rng.randrange(40)
    inputs = rng.choice((0,) * 16 + (-150, -80, -30, -3, 2, 19, 80, 150))
    weights = rng.choice((0,) * 14 + (-150, -12, -6, 1, 19, 80, 150))
    labels = rng.choice((0,) * 24 + (-290, -150, -20, -8, 8, 20, 150, 290))
    narrow = max(abs(inputs), abs(weights), abs(labels)) < 30
    dtype = "float32" if rng.random() < 0.15 and narrow else "float64"
    which = kind, seed, inputs, weights, dtype, labels
    return problem(*which), f"problem{which}"


def shown(value: Any) -> str:
    """In few words."""
    if isinstance(value, np.ndarray):
        if value.size > 60:
            return f"array of shape {value.shape}, {value.dtype}, strides {value.strides}"
        return f"np.array({value.tolist()!r}, {str(value.dtype)!r})"
    return repr(value)[:300]
