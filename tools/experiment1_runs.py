"""What a run of Experiment 1 is of, for the tools that follow it and those that read its states."""

from __future__ import annotations

import pl_native as pl
from pl_native.streams import Purpose, stream

ROOT_SEED = 2026
TARGET = 1e-6  # of the criterion's level: how far the loss is followed


def dataset(n: int, d: int, draw: int, dtype: str = "float64") -> pl.Dataset:
    return pl.data.sphere(n, d, seed=stream(ROOT_SEED, n, draw, Purpose.DATA), dtype=dtype)
