"""Cells share the calls of a backend, and the time left is right."""

from __future__ import annotations

import time

import pytest

import pl_native as pl
from pl_native import sweep
from pl_native.sweep import chunks, meter, worker
from sweeping import bits, cell, plan, run

native = pytest.mark.skipif("native" not in pl.backends.available(), reason="needs the compiled core")


def test_fault_7_6_cells_share_the_calls_of_a_backend(tmp_path, monkeypatch):
    """40 cells of one replicate, each with horizon, step and stop of its own: one call, the same rows."""
    grid = [cell(n=10 + k, replicates=1, t_end=10.0 + k, step=0.5 + k / 100, stop=pl.Stop(loss=0.01 * k))
            for k in range(40)]  # fmt: skip
    alone = [run(tmp_path / f"{k}", one)[1][0] for k, one in enumerate(grid[:4])]
    real, calls = worker.execute, []
    monkeypatch.setattr(
        worker, "execute", lambda works, *others: calls.append(len(works)) or real(works, *others)
    )
    _, rows = run(tmp_path / "all", *grid, chunk_seconds=100.0)
    assert calls == [40]
    assert bits(rows[:4]) == bits(alone)
    calls.clear()
    mixed = [
        cell(),
        cell(method="flow", stop=pl.Stop(), t_end=0.1),
        cell(method="flow", rtol=1e-3, stop=pl.Stop(), t_end=0.1),
    ]
    run(tmp_path / "mixed", *mixed, chunk_seconds=100.0)
    assert calls == [2, 2, 2]  # one of each method and tolerance


@native
def test_fault_7_6_many_cells_cost_what_many_replicates_do(tmp_path):
    """Processor time of 400 x 1 against 10 x 40; within 1.25 on a quiet machine, twice and more before."""

    def cost(cells, replicates, where):
        todo = plan(*(cell(scale=1 + k / 1e5, replicates=replicates) for k in range(cells)), backend="native")
        began = time.process_time()
        sweep.run(todo, where, progress=False, threads=1, chunk_seconds=100.0)
        return time.process_time() - began

    for k in range(5):  # other processes disturb single figures
        ratio = cost(400, 1, tmp_path / f"{k}a") / cost(10, 40, tmp_path / f"{k}b")
        if ratio < 1.5:
            return
    pytest.fail(f"{ratio:.2f} times the cost")


class Clock:
    """Seconds by a cost that is known, so that estimates can be judged without a machine."""

    def __init__(self, each, slowness):
        self.each, self.slowness, self.now = each, slowness, 0.0

    def of(self, runs):
        return self.each * len(runs) + self.slowness * chunks.arithmetic_of(runs)


TINY, LARGE = (
    cell(replicates=4000, n=2, d=2, p=2, t_end=5.0),
    cell(replicates=20, n=400, d=50, p=60, t_end=3e4),
)
FLOWS = [
    cell(method="flow", n=n, d=10, p=8, t_end=50.0, stop=pl.Stop(), replicates=100) for n in (20, 60, 120)
]


@pytest.mark.parametrize("truth", [(5e-4, 1.0), (8e-4, 1.0), (5e-4, 3.0), (3e-4, 0.5)], ids=str)
@pytest.mark.parametrize(
    "cells",
    [(TINY, LARGE), (LARGE, TINY), FLOWS, FLOWS[::-1]],
    ids=["tiny first", "large first", "flows up", "flows down"],
)
def test_fault_7_7_the_time_left_is_right_after_a_tenth_of_it(cells, truth, monkeypatch):
    """Within a factor of 2, also on machines on which what a run costs is not as guessed."""
    runs, clock, pace, told = list(plan(*cells, backend="native")), Clock(*truth), chunks.Pace("native"), []

    class Shown:
        poll = staticmethod(lambda done, total: told.append((clock.now, done / total)))

    monkeypatch.setattr(meter.time, "perf_counter", lambda: clock.now)
    shown = meter.Meter(runs, Shown, pace, 1)
    for chunk in chunks.chunks(runs, pace, 1, 0.5):
        took = clock.of(chunk)
        for tenth in range(10):
            clock.now += 0.1 * took
            shown.show(chunk, (tenth + 1) / 10 if tenth < 9 else 0.99)
        pace.learn(chunk, took)
        shown.show(chunk, 1.0)
    now = clock.now
    late = [(at, at * (1 - share) / share) for at, share in told if 0.1 * now < at < 0.9 * now]
    assert late
    for at, left in late:
        assert 0.5 < left / (now - at) < 2.0, (at, left, now)
