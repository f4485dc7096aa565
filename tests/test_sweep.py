"""Sweeps: what their rows say, how they are described, shared and resumed, and rows reopened."""

from __future__ import annotations

import json
import math
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pl_native as pl
from pl_native import cli, data, initial, simulation, store, sweep
from pl_native._problem import Status, Stop
from pl_native._run.interrupted import Interrupted
from pl_native.store import CONTENT, ERROR, Store
from pl_native.sweep import cells, chunks, functions, inventory, plans, worker
from sweeping import SEED, bits, broken_data, cell, own_network, plan, run, wrong_network

PURPOSES = (pl.streams.Purpose.DATA, pl.streams.Purpose.NETWORK)
TINY = 1e-9  # seconds of a chunk: one run at a time


# ---------------------------------------------------------------- rows of a sweep


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


# ---------------------------------------------------------------- failures are rows


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


# ---------------------------------------------------------------- users' functions


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


# ---------------------------------------------------------------- grids and TOML


def test_grids_are_products_and_fields_may_follow_from_others():
    grid = sweep.grid(
        n=range(100, 301, 100), d=[10, 20], p=pl.minimal_width, initialisation="torch_linear",
        t_end=pl.horizon, stop=lambda n: Stop(loss=1 / (2 * n)), replicates=3, dtype="float32",
    )  # fmt: skip
    assert [(c.n, c.d) for c in grid] == [(n, d) for n in (100, 200, 300) for d in (10, 20)]
    for c in grid:
        assert c.p == pl.minimal_width(c.n)
        assert c.t_end == pl.horizon(c.n, c.p)
        assert c.stop == Stop(loss=1 / (2 * c.n))
    words = sweep.grid(
        n={"from": 100, "to": 300, "step": 100}, d=np.array([10, 20]), p="width 1x",
        initialisation="torch_linear", t_end="horizon", stop={"loss": "1/(2n)"}, replicates=3,
        dtype="float32",
    )  # fmt: skip
    assert words == grid


def test_rules_in_words():
    base = {"n": 200, "d": 5, "initialisation": "balanced", "replicates": 1, "p": 7, "t_end": 1.0}
    assert sweep.grid(**base | {"p": "width 4x"})[0].p == 4 * (pl.minimal_width(200) - 1) + 1
    assert sweep.grid(**base | {"t_end": "0.9 * horizon"})[0].t_end == 0.9 * pl.horizon(200, 7)
    assert sweep.grid(**base, stop={"loss": "1e-6/(2n)", "criterion": True})[0].stop == Stop(True, 1e-6 / 400)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"t_end": "long"}, "t_end: expected a number or 'horizon', '0.9 \\* horizon', got 'long'"),
        ({"p": "wide"}, "p: expected a number or 'width 1x', got 'wide'"),
        ({"stop": {"loss": "low"}}, "stop.loss: expected a number or '1/\\(2n\\)', got 'low'"),
        ({"stop": {"los": 1}}, "stop: unknown los"),
        ({"width": 3}, "width: unknown; expected fields of a cell"),
        ({"n": []}, "n: expected at least one value"),
        ({"n": {"from": 1, "to": 3, "by": 2}}, "n: expected from, to, step, got from, to, by"),
        ({"p": lambda n, q: 1}, "p: expected a function of n, d, it also asks for q"),
        ({"n": 3.5}, "n: expected an integer"),
    ],
)
def test_grids_refuse_nonsense(change, words):
    base = {"n": 20, "d": 5, "initialisation": "balanced", "replicates": 1, "p": 7, "t_end": 1.0}
    with pytest.raises((ValueError, TypeError), match=words):
        sweep.grid(**base | change)
    with pytest.raises(ValueError, match=r"d, p: missing; every cell needs"):
        sweep.grid(n=1, initialisation="balanced", t_end=1.0, replicates=1)


TOML = """
name = "pair"
seed = 7
backend = "numpy"
[cell]
d = 6
p = 5
initialisation = "torch_linear"
t_end = 20.0
dtype = "float32"
replicates = 2
stop = { loss = 0.05 }
[grid]
n = { from = 12, to = 13 }
[[cells]]
n = 14
scale = [1.0, 2.0]
"""


def test_toml_says_what_python_says(tmp_path):
    path = tmp_path / "sweep.toml"
    path.write_text(TOML)
    spec = sweep.load(path)
    assert (spec.name, spec.seed, spec.backend) == ("pair", 7, "numpy")
    assert list(spec.cells) == [cell(n=12), cell(n=13), cell(n=14), cell(n=14, scale=2.0)]
    path.write_text(TOML.replace('name = "pair"\n', ""))
    assert sweep.load(path).name == "sweep"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("seed = 7", "sead = 7", "sead: unknown; expected name, seed"),
        ("seed = 7", "seed = -7", "seed: expected an integer >= 0, got -7"),
        ("p = 5", "q = 5", "q: unknown; expected fields of a cell"),
        ("p = 5", "", "p: missing; every cell needs"),
        ("[cell]", "[cell", "Expected ']'"),
    ],
)
def test_toml_mistakes_name_the_file(old, new, words, tmp_path):
    path = tmp_path / "sweep.toml"
    path.write_text(TOML.replace(old, new, 1))
    with pytest.raises(ValueError, match=rf"sweep.toml: {words}"):
        sweep.load(path)
    with pytest.raises(ValueError, match="no such file; expected a sweep in TOML"):
        sweep.load(tmp_path / "none.toml")


# ---------------------------------------------------------------- plans


def test_plans_refuse_nonsense():
    with pytest.raises(ValueError, match="two of them have the same runs"):
        plan(cell(), cell())
    with pytest.raises(ValueError, match="seed: expected an integer >= 0, got -1"):
        plan(cell(), seed=-1)
    with pytest.raises(ValueError, match=r"seed: expected an integer <= 9223372036854775807"):
        plan(cell(), seed=2**63)
    with pytest.raises(ValueError, match="cells: expected at least one"):
        plan()
    with pytest.raises(ValueError, match="name: expected a name, got ' '"):
        plan(cell(), name=" ")
    with pytest.raises(ValueError, match="initialisation: expected one of"):
        cell(initialisation="zero")
    with pytest.raises(ValueError, match="replicates: expected an integer >= 1, got 0"):
        cell(replicates=0)
    with pytest.raises(TypeError, match=r"stop: expected pl\.Stop, got 3"):
        cell(stop=3)
    with pytest.raises(TypeError, match="data_options: expected JSON values"):
        cell(data_options={"x": object()})


def test_two_laws_with_one_number_are_refused(monkeypatch):
    monkeypatch.setattr(sweep.Cell, "number", property(lambda self: 1))
    with pytest.raises(ValueError, match="have one number"):
        plan(cell(), cell(n=13))


def test_plans_survive_the_manifest(tmp_path):
    todo = plan(cell(stop=Stop(rise=2.0)), cell(initialisation=own_network, initial_options={"factor": 2}))
    sweep.run(todo, tmp_path, progress=False)
    (again,) = plans.of_folder(Store(tmp_path))
    assert again == todo
    assert again.ids == todo.ids
    assert again.id in json.loads((tmp_path / "manifest.json").read_text())["plans"]
    assert [cells.cell_of(row) for row in Store(tmp_path).rows(todo.ids)][::2] == [
        replace(c, replicates=1, rtol=1e-6) for c in todo.cells
    ]
    with pytest.raises(ValueError, match="holds no sweep"):
        sweep.status(tmp_path / "none")


def test_resume_needs_the_folder_only(tmp_path):
    todo = plan(cell(replicates=3), cell(n=13))
    sweep.run(todo, tmp_path, progress=False, share=(1, 2))
    state = sweep.status(tmp_path)
    assert (state.total, state.done, state.missing) == (5, 3, 2)
    assert "3 of 5 runs done (60 %), 2 missing" in str(state)
    assert sweep.resume(tmp_path, progress=False) == 2
    assert sweep.status(tmp_path).missing == 0
    assert sweep.resume(tmp_path, progress=False) == 0


# ---------------------------------------------------------------- chunks and progress


class Fixed:
    """A pace that is known."""

    def __init__(self, seconds):
        self._seconds = seconds

    def seconds(self, cell):
        return self._seconds


def test_chunks_are_a_few_seconds_of_work():
    runs = list(plan(cell(replicates=5), cell(n=13, replicates=3)))
    sizes = [len(chunk) for chunk in chunks.chunks(runs, Fixed(1.0), 1, 2.0)]
    assert sizes == [2, 2, 2, 2]
    found = list(chunks.chunks(runs, Fixed(1.0), 2, 1.5))
    assert [len(chunk) for chunk in found] == [4, 4]
    assert [run for chunk in found for run in chunk] == runs
    assert [len(chunk) for chunk in chunks.chunks(runs, Fixed(100.0), 2, 1.0)] == [2, 2, 2, 2]  # whole teams
    assert [len(chunk) for chunk in chunks.chunks(runs, Fixed(1e-9), 2, 1.0)] == [8]


def test_chunks_are_bounded_in_number_and_memory(monkeypatch):
    runs = list(plan(cell(replicates=8)))
    monkeypatch.setattr(chunks, "_MOST_RUNS", 3)
    assert [len(chunk) for chunk in chunks.chunks(runs, Fixed(1e-9), 1, 1.0)] == [3, 3, 2]
    monkeypatch.setattr(chunks, "_MOST_BYTES", 2 * cell().bytes)
    assert [len(chunk) for chunk in chunks.chunks(runs, Fixed(1e-9), 1, 1.0)] == [2, 2, 2, 2]


def test_the_pace_is_learnt():
    runs = list(plan(cell()))
    pace = chunks.Pace("numpy")
    for _ in range(60):
        pace.learn(runs, 5.0)
    assert pace.seconds(cell()) == pytest.approx(2.5, rel=1e-3)
    before = pace.seconds(cell())
    pace.learn(runs, 1e9)
    assert pace.seconds(cell()) < 4 * before
    orthogonal = cell(data="orthogonal", d=10**6, n=100)
    assert orthogonal.work == 4 * 100 * 5 * 20
    assert orthogonal.bytes < 10**5


def test_progress_grows_to_the_end(tmp_path):
    seen = []
    grid = plan(cell(), cell(n=13))
    sweep.run(grid, tmp_path, progress=lambda done, total: seen.append((done, total)), chunk_seconds=TINY)
    done, totals = zip(*seen, strict=True)
    assert list(done) == sorted(done)
    assert all(part <= whole for part, whole in seen)
    assert done[-1] == totals[-1] > 0


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"threads": 0}, "threads: expected an integer >= 1"),
        ({"chunk_seconds": 0}, "chunk_seconds: expected a number > 0"),
        ({"retry_errors": 1}, "retry_errors: expected True or False"),
        ({"extend": 1}, "extend: expected True or False"),
        ({"progress": 1}, "progress: expected None, True, False or a function"),
        ({"executor": 1}, "executor: expected None, a concurrent.futures.Executor"),
        ({"workers": 1}, "unexpected keyword argument 'workers'"),
    ],
)
def test_wrong_keywords_are_told_before_any_work(how, words, tmp_path):
    with pytest.raises((ValueError, TypeError), match=words):
        sweep.run(plan(cell()), tmp_path / "a", **how)
    assert not (tmp_path / "a").exists()


# ---------------------------------------------------------------- the shell


@pytest.fixture
def spec(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pair.toml").write_text(TOML)
    return "pair.toml"


def test_a_sweep_from_plan_to_table_in_the_shell(spec, tmp_path, capsys):
    assert cli.main(["sweep", "plan", spec]) == 0
    assert "pair: 4 cells, 8 runs, 0 of them already done" in capsys.readouterr().out
    assert cli.main(["sweep", "run", spec, "--out", "a", "--shard", "1/2", "--jobs", "2"]) == 0
    assert cli.main(["sweep", "run", spec, "--out", "b", "--shard", "2/2", "--chunk-seconds", "0.001"]) == 0
    assert "4 new rows" in capsys.readouterr().out
    assert cli.main(["sweep", "status", "a"]) == 0
    assert "4 of 8 runs done (50 %), 4 missing" in capsys.readouterr().out
    assert cli.main(["sweep", "plan", spec, "--out", "a"]) == 0
    assert "8 runs, 4 of them already done" in capsys.readouterr().out
    assert cli.main(["sweep", "merge", "c", "a", "b"]) == 0
    assert "8 of 8 runs done" in capsys.readouterr().out
    assert cli.main(["sweep", "resume", "c"]) == 0
    assert "0 new rows" in capsys.readouterr().out
    assert cli.main(["sweep", "export", "c", "all.csv"]) == 0
    assert len(store.rows_from_csv((tmp_path / "all.csv").read_text())) == 8
    loaded = sweep.load(spec)
    sweep.run(whole := sweep.plan(loaded.cells, seed=7, backend="numpy", name="pair"), "d", progress=False)
    assert bits(Store("c").rows(whole.ids)) == bits(Store("d").rows(whole.ids))


def test_the_shell_tells_of_failed_runs(spec, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "mine_here.py").write_text("def f(n, d, *, seed, dtype):\n    raise OSError('no file')\n")
    (tmp_path / spec).write_text(TOML.replace("[grid]", 'data = "mine_here:f"\n[grid]'))
    assert cli.main(["sweep", "run", spec, "--out", "a", "--allow", "mine_here:f"]) == 0
    told = capsys.readouterr()
    assert "8 runs failed: status ERROR, column error" in told.err
    assert "ERROR          8" in told.out
    assert cli.main(["sweep", "resume", "a", "--retry-errors"]) == 0
    assert "8 new rows" in capsys.readouterr().out


def test_slurm_scripts_run_what_was_planned(spec, tmp_path, capsys):
    arguments = [
        "sweep",
        "plan",
        spec,
        "--out",
        "a dir",
        "--slurm",
        "--parts",
        "3",
        "--cpus",
        "2",
        "--minutes",
        "90",
    ]
    assert cli.main(arguments) == 0
    script = (tmp_path / "a dir" / "sweep.sbatch").read_text()
    for line in ("#SBATCH --array=1-3", "#SBATCH --cpus-per-task=2", "#SBATCH --time=01:30:00",
                 "#SBATCH --job-name=pair"):  # fmt: skip
        assert line in script.splitlines()
    (tmp_path / spec).unlink()  # what runs is in the folder
    import os
    import subprocess

    shim = tmp_path / "bin" / "pl-native"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -m pl_native.cli "$@"\n')
    shim.chmod(0o755)
    for task in "123":
        env = {**os.environ, "SLURM_ARRAY_TASK_ID": task, "PATH": f"{shim.parent}:{os.environ['PATH']}"}
        subprocess.run(["bash", "a dir/sweep.sbatch"], check=True, env=env, capture_output=True)
    assert sweep.status("a dir").missing == 0
    assert store.verify("a dir").duplicates == 0
    capsys.readouterr()
    assert inventory.status("a dir").done == 8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "pair.toml", "--slurm"], "--slurm: expected --out DIR"),
        (["run", "pair.toml"], "the following arguments are required: --out"),
        (["run", "none.toml", "--out", "x"], "none.toml: no such file"),
        (["run", "pair.toml", "--out", "pair.toml"], "expected a folder for rows, this is a file"),
        (["run", "pair.toml", "--out", "x", "--shard", "3/2"], "shard: expected i/N"),
        (["run", "pair.toml", "--out", "x", "--chunk-seconds", "0"], "chunk_seconds: expected a number > 0"),
        (["status", "x"], "x: holds no sweep"),
        (["resume", "x"], "x: holds no sweep"),
        (["export", "x", "x.doc"], "expected a name that ends in"),
        (["merge", "x", "y"], "y: holds no rows of a sweep"),
        ([], "the following arguments are required: VERB"),
    ],
)
def test_wrong_arguments_are_one_clear_line(arguments, words, spec, tmp_path, capsys):
    try:
        code = cli.main(["sweep", *arguments])
    except SystemExit as end:
        code = end.code
    assert code == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["pair.toml"]


DOCS = Path(__file__).parent.parent / "docs" / "sweeps.md"


@pytest.mark.skipif(not DOCS.exists(), reason="needs the source tree")
def test_the_documentation_s_examples_run_and_agree(tmp_path, monkeypatch, capsys):
    text = DOCS.read_text(encoding="utf-8")
    small = {"n=[100, 200, 300]": "n=[20, 30]", "replicates=40": "replicates=2",
             "replicates = 40": "replicates = 2",
             "from = 100, to = 300, step = 100": "from = 20, to = 30, step = 10"}  # fmt: skip
    for old, new in small.items():
        assert old in text
        text = text.replace(old, new)
    monkeypatch.chdir(tmp_path)
    exec(re.search(r"```python\n(.*?)```", text, re.S)[1], {})
    Path("first.toml").write_text(re.search(r"```toml\n(.*?)```", text, re.S)[1])
    assert "4 of 4 runs done" in capsys.readouterr().out
    for line in re.findall(r"^pl-native (sweep [a-z]+ first.*?)(?:  |$)", text, re.M)[:4]:
        assert cli.main(line.split()) == 0
    assert "0 new rows" in capsys.readouterr().out
