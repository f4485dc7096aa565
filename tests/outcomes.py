"""Runs compared with each other, and interrupted."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from pl_native import backends
from pl_native._run.reading import CURVES

NATIVE = "native" in backends.available()
native = pytest.mark.skipif(not NATIVE, reason="the native core is not built")


def same(left: pl.Solution, right: pl.Solution) -> None:
    assert left.status is right.status
    assert left.network == right.network
    for name in CURVES:
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)
    for name in ("steps", "rises", "first_rise", "criterion_time", "proved_time", "loss_bound"):
        assert left.stats[name] == right.stats[name]


def same_bits(u: pl.Solution, v: pl.Solution) -> None:
    """Everything but the cost."""
    for name in (*CURVES, "W_saved", "a_saved"):
        one, two = getattr(u, name), getattr(v, name)
        assert (one is None) == (two is None), name
        if one is not None:
            assert (one.dtype, one.shape) == (two.dtype, two.shape), name
            assert one.tobytes() == two.tobytes(), name
    for name in ("W", "a", "w_perp_sq"):
        assert getattr(u.network, name).tobytes() == getattr(v.network, name).tobytes(), name
    assert u.status is v.status
    assert u.stats | {"seconds": 0} == v.stats | {"seconds": 0}
    assert list(u.observed) == list(v.observed)
    for name, values in u.observed.items():
        assert values.tobytes() == v.observed[name].tobytes(), name


def interrupting(after: int) -> Any:
    """A progress function that presses Ctrl-C at its call number `after`."""
    calls = itertools.count(1)

    def progress(done: int, total: int) -> None:
        if next(calls) == after:
            raise KeyboardInterrupt

    return progress
