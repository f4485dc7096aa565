"""Numbers near the ends of their ranges: no step, loop or status takes what is beyond for something else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pl_native as pl
from flow_support import make_task
from fuzz import claims
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


def test_a_step_is_not_halved_without_end() -> None:
    """Capture went on by 2^19 parts of one step, each of which moved the state at rest to and fro (14 s), and
    asked no clock: no step had been taken in the call."""
    data, net = fuzzed("generic", 4, labels=20)
    stop = pl.Stop(wall_time=2.0, criterion=True)
    sol = pl.simulate(data, net, 20.0, method="auto", rtol=1e-2, save=200, stop=stop)
    assert sol.status is pl.Status.STEP_LIMIT
    assert sol.stats["accepted"] < 10_000


def test_where_neither_method_goes_on_the_run_ends() -> None:
    """Capture NON_FINITE and the flow STEP_LIMIT, in turn, a thousand times each."""
    data, net = fuzzed("integer", 35, inputs=19, weights=-150, labels=20)
    stop = pl.Stop(wall_time=2.0, criterion=True)
    sol = pl.simulate(data, net, 1e4, method="auto", rtol=1e-2, save=200, stop=stop)
    assert sol.status is pl.Status.STEP_LIMIT
    assert len(sol.stats["methods"]) < 6


def test_a_release_that_does_not_come_is_not_waited_for() -> None:
    """A neuron of 1e-12, followed alone at rest, came to the same release seven million times in one step, in
    which nothing asks the clock."""
    data, sol = claims.run(52770)
    later = claims.followed(data, sol)
    assert later.status is pl.Status.HORIZON
    assert later.stats["rhs"] < 1_000_000
