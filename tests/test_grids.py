"""From grids and TOML to plans, and what is refused on the way."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import pl_native as pl
from pl_native import sweep
from pl_native._problem import Stop
from pl_native.store import Store
from pl_native.sweep import cells, plans
from sweeping import TOML, cell, own_network, plan

PURPOSES = (pl.streams.Purpose.DATA, pl.streams.Purpose.NETWORK)
TINY = 1e-9  # seconds of a chunk: one run at a time


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
    assert again.id in json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["plans"]
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
