"""Sweeps: rows, ids and streams, resuming, shares."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import pl_native as pl
from pl_native import data, initial, simulation, store, sweep
from pl_native._problem import Status, Stop
from pl_native._run.interrupted import Interrupted
from pl_native.store import CONTENT, Store
from pl_native.sweep import cells, chunks, worker
from sweeping import SEED, bits, cell, own_network, plan, run

PURPOSES = (pl.streams.Purpose.DATA, pl.streams.Purpose.NETWORK)
TINY = 1e-9  # seconds of a chunk: one run at a time


def test_rows_say_what_was_run_and_what_came_out(tmp_path):
    new, rows = run(tmp_path, cell())
    assert new == len(rows) == 2
    row = rows[1]
    drawn, network = sweep.problem(cell(), SEED, 1)
    sol = simulation.simulate(drawn, network, 20.0, stop=Stop(loss=0.05), backend="numpy")
    assert row["loss_start"] == sol.loss[0]
    assert row["loss_end"] == sol.loss[-1]
    assert row["t_end"] == sol.t[-1]
    assert row["status"] == sol.status.name
    assert row["steps"] == sol.stats["steps"]
    assert row["average_pl"] == sol.average_pl()
    assert row["criterion_time"] == sol.stats["criterion_time"]
    assert 0 <= row["pl_low"] < row["pl_upp"]
    assert (row["n"], row["d"], row["p"], row["seed"], row["replicate"]) == (12, 6, 5, SEED, 1)
    assert (row["method"], row["dtype"], row["backend"], row["isa"]) == ("euler", "float32", "numpy", "numpy")
    assert (row["switches"], row["rtol"], row["code"], row["error"]) == (None, None, None, None)


def test_teacher_and_group_are_drawn_by_name(tmp_path):
    taught = cell(data="teacher", data_options={"network": 3, "noise": 0.1})
    grouped = cell(
        data="group", initialisation="group", d=20, p=4, initial_options={"N0": 0.5, "c0": 0.9}, stop=Stop()
    )
    new, rows = run(tmp_path, taught, grouped)
    assert new == len(rows) == 4
    assert {row["error"] for row in rows} == {None}
    streams = [pl.streams.stream(SEED, taught.number, 1, what) for what in PURPOSES]
    by_hand = data.teacher(12, 6, seed=streams[0], network=3, noise=0.1, dtype=np.float32)
    assert np.array_equal(sweep.problem(taught, SEED, 1)[0].y, by_hand.y)
    streams = [pl.streams.stream(SEED, grouped.number, 0, what) for what in PURPOSES]
    drawn, network = sweep.problem(grouped, SEED, 0)
    by_hand = data.group(12, 4, 20, seed=streams[0], dtype=np.float32)
    expected = initial.group(4, 20, seed=streams[1], N0=0.5, c0=0.9, dtype=np.float32, data=by_hand)
    assert np.array_equal(drawn.y, by_hand.y)
    assert np.array_equal(network.W, expected.W)
    assert np.array_equal(network.a, expected.a)
    dense = replace(grouped, data="gaussian", initialisation="balanced", initial_options={})
    assert (grouped.work, grouped.bytes) < (dense.work / 10, dense.bytes)


def drawn_by_hand(replicate, words=None):
    """Faults of a draw whose stream must be SeedSequence(seed, spawn_key=(cell, replicate, purpose))."""
    drawn, network = sweep.problem(cell(), SEED, replicate)
    keys = [(cell().number, replicate, purpose) for purpose in (0, 1)]
    numbers = [np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=key)) for key in keys]
    inputs = numbers[0].standard_normal((12, 6))
    inputs *= numbers[0].uniform(1.0, 2.0, (12, 1)) / np.linalg.norm(inputs, axis=1, keepdims=True)
    bound = 1 / math.sqrt(6)
    W = numbers[1].uniform(-bound, bound, (5, 6))
    streams = [pl.streams.stream(SEED, cell().number, replicate, what) for what in PURPOSES]
    by_hand = data.sphere(12, 6, seed=streams[0], dtype=np.float32)
    expected = initial.torch_linear(5, 6, seed=streams[1], dtype=np.float32)
    pairs = {"X": (drawn.X, by_hand.X), "y": (drawn.y, by_hand.y)}
    pairs |= {"W": (network.W, expected.W), "a": (network.a, expected.a)}
    assert np.allclose(by_hand.X, inputs, rtol=1e-6)
    assert np.array_equal(expected.W, W.astype(np.float32))
    return [name for name, (got, wanted) in pairs.items() if not np.array_equal(got, wanted)]


def test_any_replicate_can_be_drawn_by_hand(monkeypatch):
    assert drawn_by_hand(1) == []
    real = cells.stream
    monkeypatch.setattr(
        cells, "stream", lambda seed, c, r, what: real(seed, r, c, what)
    )  # planted: words swapped
    assert drawn_by_hand(1) == ["X", "y", "W", "a"]
    monkeypatch.setattr(cells, "stream", lambda seed, c, r, what: real(c, seed, r, what))
    assert drawn_by_hand(1) == ["X", "y", "W", "a"]


def test_every_fact_that_matters_is_in_the_id():
    base = {run.id for run in plan(cell())}
    others = [
        cell(n=13), cell(d=7), cell(p=6), cell(t_end=21.0), cell(stop=Stop(loss=0.04)), cell(step=0.5),
        cell(scale=2.0), cell(initialisation="asymmetric"), cell(data="gaussian"), cell(dtype="float64"),
        cell(given="well_initialised"), cell(data_options={"norms": [1, 1]}),
        cell(initialisation=own_network),
        cell(initialisation=own_network, initial_options={"factor": 2}),
        *(cell(stop=Stop(loss=0.05, **more)) for more in (
            {"criterion": True}, {"stall": 1e-6}, {"wall_time": 5.0}, {"max_steps": 3}, {"rise": 2.0})),
    ]  # fmt: skip
    ids = [{run.id for run in plan(other)} for other in others] + [{r.id for r in plan(cell(), seed=8)}]
    assert all(len(some) == 2 for some in ids)
    assert len(base.union(*ids)) == 2 * (len(ids) + 1)
    assert {run.id for run in plan(cell(t_end=20, step=1))} == base  # integers that mean the same floats
    assert {run.id for run in plan(cell(rtol=1e-3))} == base  # no tolerance of Euler's
    common = cells.content(cell(), SEED, "numpy")
    assert common.keys() | {"replicate", "given", "stop_proof"} == CONTENT.keys()  # nothing is given: no fact
    assert cells.run_ids(common)(0) in base
    assert cells.run_ids(common)(12345) == store.content_id(common | {"replicate": 12345})
    assert cells.run_ids(common | {"numerics": 0})(0) not in base
    assert cells.run_ids(common | {"backend": "native"})(0) not in base


def test_numbers_of_cells_are_pinned():
    assert cell().number == 542316403


def test_streams_do_not_depend_on_the_other_cells_and_differ_between_runs():
    alone, beside = plan(cell()), plan(cell(n=9), cell())
    assert set(alone.ids) < set(beside.ids)
    first, again = sweep.problem(cell(), SEED, 0), sweep.problem(cell(dtype="float64"), SEED, 0)
    np.testing.assert_array_equal(first[0].X, again[0].X.astype(np.float32))
    assert not np.array_equal(first[0].X, sweep.problem(cell(), SEED, 1)[0].X)
    assert not np.array_equal(first[1].W, sweep.problem(cell(), SEED + 1, 0)[1].W)


def test_resuming_reuses_rows_and_adds_the_missing_ones(tmp_path):
    few, more = cell(replicates=2), cell(replicates=4)
    run(tmp_path / "parts", few)
    before = bits(Store(tmp_path / "parts").rows())
    new, rows = run(tmp_path / "parts", more, cell(n=13))
    assert new == 4
    assert bits(rows)[:2] == before
    assert run(tmp_path / "parts", more, cell(n=13))[0] == 0
    _, whole = run(tmp_path / "whole", cell(n=13), more)
    assert bits(rows) == bits(whole[2:] + whole[:2])


def test_interrupted_sweeps_keep_finished_rows_and_resume_to_the_same(tmp_path, monkeypatch):
    grid = [cell(n=n) for n in (10, 11, 12)]
    real, calls = worker.execute, []

    def interrupted(works, *others):
        calls.append(1)
        solutions = real(works, *others)
        if len(calls) == 2:
            under_way = replace(solutions[0], status=Status.INTERRUPTED)  # no result of that run
            raise Interrupted([under_way, solutions[1]], [0, 1], len(solutions))
        return solutions

    monkeypatch.setattr(worker, "execute", interrupted)
    monkeypatch.setattr(chunks, "_MOST_RUNS", 2)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "a", *grid)
    assert len(Store(tmp_path / "a")) == 3
    new, rows = run(tmp_path / "a", *grid)
    assert new == 3
    monkeypatch.undo()
    assert bits(rows) == bits(run(tmp_path / "b", *grid)[1])


@pytest.mark.parametrize("how", [{"chunk_seconds": TINY}, {"threads": 2}, {"chunk_seconds": 100.0}])
def test_rows_do_not_depend_on_how_they_were_computed(how, tmp_path, backend):
    grid = plan(cell(replicates=3), cell(n=30, dtype="float64"), backend=backend)
    sweep.run(grid, tmp_path / "a", progress=False, threads=1)
    sweep.run(grid, tmp_path / "b", progress=False, **how)
    assert bits(Store(tmp_path / "a").rows(grid.ids)) == bits(Store(tmp_path / "b").rows(grid.ids))
    parts = len(list((tmp_path / "b" / "shards").iterdir()))
    assert parts >= 3 if how.get("chunk_seconds") == TINY else parts == 1


def test_shares_are_a_partition(tmp_path):
    grid = cell(replicates=3), cell(n=13)
    counts = [run(tmp_path, *grid, share=(i, 3))[0] for i in (1, 2, 3)]
    assert counts == [2, 2, 1]
    assert run(tmp_path, *grid)[0] == 0
    assert store.verify(tmp_path).ok
    for share, words in (
        ((0, 3), r"share\[0\]: expected an integer >= 1"),
        ((4, 3), "i <= N, got \\(4, 3\\)"),
    ):
        with pytest.raises(ValueError, match=words):
            run(tmp_path, *grid, share=share)
    assert sweep.parse_share("3/16") == (3, 16)
    for text in ("3", "0/4", "5/4", "a/b", "1/"):
        with pytest.raises(ValueError, match="shard: expected i/N"):
            sweep.parse_share(text)
