"""Runs that fail are rows; users' functions are known by what they are."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

import pl_native as pl
from pl_native import initial, store, sweep
from pl_native.store import ERROR, Store
from pl_native.sweep import cells, functions, worker
from sweeping import SEED, broken_data, cell, own_network, plan, run, wrong_network

PURPOSES = (pl.streams.Purpose.DATA, pl.streams.Purpose.NETWORK)
TINY = 1e-9  # seconds of a chunk: one run at a time


def test_a_failing_run_becomes_a_row_and_ends_nothing(tmp_path):
    grid = cell(data=broken_data, replicates=12), cell()
    new, rows = run(tmp_path, *grid)
    assert new == len(rows) == 14
    failed = [row for row in rows if row["status"] == ERROR]
    assert 0 < len(failed) < 12
    assert {row["error"] for row in failed} == {"RuntimeError: no data today"}
    assert failed[0]["loss_end"] is None
    good = sweep.problem(cell(data="sphere"), SEED, 0)
    assert good[0].n == 12
    assert run(tmp_path, *grid)[0] == 0  # not again, unless asked
    assert run(tmp_path, *grid, retry_errors=True)[0] == len(failed)
    state = sweep.status(tmp_path)
    assert (state.errors, state.done, state.missing) == (len(failed), 14, 0)
    with pytest.raises(ValueError, match="this run failed: RuntimeError: no data today"):
        sweep.rebuild(failed[0]["id"], tmp_path)


def test_a_run_that_failed_once_may_succeed_later(tmp_path, monkeypatch):
    def out_of_memory(*_):
        raise MemoryError("needs 3 GB, 1 GB available")

    monkeypatch.setattr(worker, "execute", out_of_memory)
    _, rows = run(tmp_path, cell())
    assert {row["error"] for row in rows} == {"MemoryError: needs 3 GB, 1 GB available"}
    monkeypatch.undo()
    new, rows = run(tmp_path, cell(), retry_errors=True)
    assert new == 2
    assert ERROR not in {row["status"] for row in rows}
    assert len(Store(tmp_path)) == 2
    assert store.verify(tmp_path).ok


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"initialisation": wrong_network},
            "TypeError: initialisation: expected 'sweeping:wrong_network'",
        ),
        (
            {"data": broken_data, "data_options": {"x": 1}},
            "TypeError: broken_data.. got an unexpected",
        ),
        ({"data": "orthogonal", "n": 7}, "ValueError: n: expected n <= d = 6"),
    ],
)
def test_what_a_generator_does_wrong_is_in_the_row(change, words, tmp_path):
    _, rows = run(tmp_path, cell(**change))
    assert [row["status"] for row in rows] == [ERROR, ERROR]
    assert re.match(words, rows[0]["error"])


def test_users_functions_are_known_by_import_path_and_source(tmp_path, monkeypatch):
    mine = cell(initialisation=own_network, initial_options={"factor": 2.0}, dtype="float64")
    assert mine.initialisation == "sweeping:own_network"
    assert mine == cell(
        initialisation="sweeping:own_network", initial_options='{"factor": 2.0}', dtype="float64"
    )
    _, rows = run(tmp_path, mine)
    expected = initial.balanced(
        5, 6, seed=pl.streams.stream(SEED, mine.number, 0, pl.streams.Purpose.NETWORK), scale=2
    )
    np.testing.assert_array_equal(sweep.problem(mine, SEED, 0)[1].W, expected.W)
    assert len(rows[0]["code"]) == 64
    sweep.rebuild(rows[0]["id"], tmp_path)
    monkeypatch.setattr(cells, "code_of", lambda **_: "other")
    with pytest.raises(ValueError, match="the functions sphere, sweeping:own_network have changed since"):
        sweep.rebuild(rows[0]["id"], tmp_path)
    assert set(plan(mine).ids).isdisjoint(row["id"] for row in rows)


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (lambda n, d: None, ValueError, "other processes and later sessions can import"),
        (replace, None, None),
        (
            "nothing",
            ValueError,
            "initialisation: expected one of 'asymmetric', .* or 'module:function', got 'nothing'",
        ),
        ("no_module:f", ValueError, "initialisation: cannot import 'no_module:f'"),
        ("sweeping:nothing", ValueError, "cannot import 'sweeping:nothing'"),
        ("sweeping:SEED", TypeError, "expected a function, 'sweeping:SEED' is 7"),
        (3, TypeError, "or a function, got 3"),
    ],
)
def test_functions_that_others_cannot_import_are_refused(value, error, words, monkeypatch):
    monkeypatch.setattr(functions, "_allowed", {"no_module:f", "sweeping:nothing", "sweeping:SEED"})
    if error is None:
        assert functions.named("initialisation", value, sweep.INITIAL) == "dataclasses:replace"
        return
    with pytest.raises(error, match=words):
        plan(cell(initialisation=value))
