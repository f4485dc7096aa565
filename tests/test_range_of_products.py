"""Products beyond range, of numbers that are within: no step and no status takes them for others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pl_native as pl
from flow_support import make_task
from fuzz.odd import problem as fuzzed
from pl_native._run.choosing import auto as choosing
from pl_native.backends import adaptive, native

pytest.importorskip("pl_native._core")


@pytest.mark.parametrize("seed", [210, 233, 297])
def test_a_step_that_was_never_made_is_not_taken(seed: int) -> None:
    """Products beyond the range of single precision: the fine mesh took its empty trial, of loss 0."""
    rng = np.random.default_rng(seed)
    X, y, W = rng.standard_normal((4, 3)), rng.standard_normal(4), rng.standard_normal((5, 3))
    a = np.sign(rng.standard_normal(5))
    size = 10 ** rng.uniform(17.5, 20)
    data, net = pl.Dataset(X, y), pl.Network(W * size, a * size)
    sol = pl.simulate(data, net, 1.0, method="capture", stop=pl.Stop(max_steps=100))
    assert sol.status is pl.Status.NON_FINITE
    assert sol.loss[-1] == pytest.approx(pl.metrics.loss(data, sol.network), rel=1e-9)


def test_a_start_beyond_range_is_no_run_that_was_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C after the part of capture: told INTERRUPTED of a loss of inf, as if the flow could go on."""

    def once(backend: Any, method: str, name: str) -> Any:
        real = adaptive(backend, method, name)
        return lambda tasks, *, threads, poll: (real(tasks, threads=threads, poll=None)[0], True)

    monkeypatch.setattr(choosing, "adaptive", once)
    data, net = fuzzed("one-dimensional", 4, 150, 150)
    found, interrupted = choosing.auto(native)(
        [make_task(data.X, data.y, net.W, net.a, 30.0, 1e-3)], threads=1, poll=None
    )
    assert interrupted
    assert found[0].status == pl.Status.NON_FINITE
