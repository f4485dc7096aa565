"""Inputs opposite or parallel but for rounding (faults 1.7): the rule of exact ones, counted and said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pl_native as pl
from flow_support import draw
from kinks_support import Problem, sliding
from turning import forced

pytest.importorskip("pl_native._core")

BENCH = Path(__file__).parents[1] / "bench"


def opposite_but_for_rounding(seed: int = 3) -> Problem:
    X, y, W, a = draw(6, 3, 4, seed)
    X[2] = -0.7 * X[1]
    return pl.Dataset(X, y), pl.Network(W, a)


@pytest.mark.parametrize(
    ("method", "backend"), [("flow", "native"), ("flow", "numpy"), ("capture", "native"), ("auto", "native")]
)
def test_1_7_inputs_taken_as_dependent_are_counted(method: str, backend: str) -> None:
    """By every method that takes them so, through a pause and a file, and never where there are none."""
    data, network = opposite_but_for_rounding()
    options: dict[str, Any] = {"method": method, "backend": backend}
    sol = pl.simulate(data, network, 20.0, **options)
    assert sol.stats["dependent_inputs"] > 0
    assert "inputs parallel to 1e-9 were taken as exactly so" in str(sol)
    if backend == "native":
        assert sol.extend(20.5).stats["dependent_inputs"] >= sol.stats["dependent_inputs"]
    sol = pl.simulate(*sliding(), 20.0, **options)
    assert sol.stats["dependent_inputs"] == 0
    assert "parallel" not in str(sol)


def test_1_7_auto_adds_the_counts_of_its_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    data, network = opposite_but_for_rounding()
    forced(monkeypatch, (("capture", 60.0), ("flow", None)))
    sol = pl.simulate(data, network, 20.0, method="auto", rtol=1e-3)
    assert [name for name, _ in sol.stats["methods"]] == ["capture", "flow"]
    assert sol.stats["dependent_inputs"] > 0


def test_1_7_parallel_inputs_in_one_dimension_are_no_choice() -> None:
    """All kinks are w_j = 0 there, where the neuron stays."""
    data, network = pl.data.sphere(n=6, d=1, seed=1), pl.initial.asymmetric(p=4, d=1, seed=2)
    sol = pl.simulate(data, network, 20.0, method="capture")
    assert sol.stats["dependent_inputs"] == 0


@pytest.mark.skipif(not BENCH.exists(), reason="needs the source tree")
def test_1_7_where_none_was_counted_the_flow_is_that_of_the_inputs_as_given(bench: Any) -> None:
    """The rounding made longer decides as it does; all 400 problems are counted in docs/numerics.md."""
    script = bench("bench_opposite_inputs")
    checked = 0
    for seed in range(40):
        data, network = script.problem(seed)
        sol = script.end(data, network, method="flow")
        given = [script.end(script.magnified(data, size), network, method="flow") for size in script.SIZES]
        assert not script.apart(given[0].loss[-1], given[1].loss[-1])
        assert all(one.stats["dependent_inputs"] == 0 for one in given)
        if sol.stats["dependent_inputs"] == 0:
            assert not script.apart(sol.loss[-1], given[1].loss[-1])
            checked += 1
    assert checked >= 10


@pytest.mark.skipif(not BENCH.exists(), reason="needs the source tree")
def test_where_a_weight_passes_0_on_a_slide_between_opposites_the_flow_goes_by_the_rule(bench: Any) -> None:
    """Both sides are solutions. Off is the rule's, and the others push up; Euler was on the other side."""
    script = bench("bench_opposite_inputs")
    data, network = script.problem(106)
    ends = [
        script.end(data, network, method="flow").loss[-1],
        script.end(data, network, method="flow", backend="numpy").loss[-1],
        script.end(data, network, method="capture", rtol=1e-4).loss[-1],
        script.end(data, network, step=1e-3).loss[-1],
    ]
    assert ends == pytest.approx([0.0111485, 0.0111485, 0.0111485, 0.0074814], rel=1e-4)
