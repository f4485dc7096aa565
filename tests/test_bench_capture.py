"""Work and precision: interpolation, bounds and words of the table, and a tiny problem from end to end."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pictures
from pl_native.bench import harness

pytest.importorskip("pl_native._core")

BENCH = Path(__file__).parents[1] / "bench"
pytestmark = pytest.mark.skipif(not BENCH.exists(), reason="needs the source tree")


def test_costs_are_interpolated_where_the_error_first_falls_below(bench):
    cost_at = bench("bench_capture").cost_at
    errors, costs = [1e-1, 1e-3], [10.0, 1000.0]
    assert cost_at(1e-2, errors, costs) == pytest.approx(100)
    assert cost_at(1e-2, errors[::-1], costs[::-1]) == pytest.approx(100)
    assert cost_at(1e-3, errors, costs) == 1000
    assert cost_at(1e-4, errors, costs) is None
    assert cost_at(0.5, errors, costs) == 10
    # a dearer setting that is worse counts for nothing, nor does one that comes after the target is met
    assert cost_at(1e-2, [1e-1, 5e-1, 1e-3, 1e-1], [10.0, 50.0, 1000.0, 2000.0]) == pytest.approx(100)


def point(method, setting, error, rhs, seconds):
    spread = {"median": seconds, "low": seconds, "high": seconds}
    found = {"method": method, "setting": setting, "error": error, "rhs": rhs, "seconds": spread}
    return found | {"error_range": [error, error], "restarts": [0]}


def test_ratios_and_bounds(bench):
    script, tables = bench("bench_capture"), bench("tables_capture")
    points = [point("capture", 1e-2, 2e-3, 50, 0.1), point("capture", 1e-4, 2e-5, 500, 1.0)]
    points += [point("euler", 1.0, 1e-2, 20, 0.001), point("euler", 0.1, 1e-3, 200, 0.01)]
    points += [point("flow", 1e-2, 1e-8, 9000, 2.0)]
    found = list(script.ratios(points))
    assert [(one["target"], one["currency"]) for one in found[:2]] == [(1e-2, "rhs"), (1e-2, "seconds")]
    first, last = found[0], found[-1]
    assert first["cost"] == {"capture": 50.0, "euler": 20.0, "flow": 9000.0}
    assert tables.over_capture(first, "euler") == "2.5"
    assert last["cost"]["euler"] is None
    assert tables.over_capture(last, "euler").startswith("< ")
    row = {"n": 61, "d": 7, "p": 5, "t_end": 20.0, "draws": 1, "points": points, "at_targets": found}
    text = tables.capture([row])
    assert (
        "- 61, 7, 5, t <= 20, right-hand sides: cheapest at error 0.01 **euler**, 0.001 **capture**" in text
    )
    assert "> 200" in text
    assert "| 1e+02 | <= 1: **missed**, by 1e+02 |" in text
    assert text.count("| 61, 7, 5, t <= 20 | 0.01 |") == 2


def test_means_are_geometric(bench):
    script = bench("bench_capture")
    entry = script.Entry("capture", 0.1)

    def draw(error, rhs, seconds):
        spread = {"median": seconds, "low": seconds, "high": seconds}
        return {entry: {"error": error, "rhs": rhs, "seconds": spread, "restarts": 1}}

    (row,) = script.points([draw(1e-2, 10, 1.0), draw(1e-4, 1000, 4.0)])
    assert row["error"] == pytest.approx(1e-3)
    assert row["rhs"] == pytest.approx(100)
    assert row["seconds"]["median"] == pytest.approx(2)
    assert row["restarts"] == [1, 1]
    # who did not get there on one draw has a cost but no error
    (row,) = script.points([draw(1e-2, 10, 1.0), draw(None, 1000, 4.0)])
    assert row["error"] is None
    assert row["seconds"]["median"] == pytest.approx(2)
    assert next(script.ratios([row]))["cost"] == {"capture": None}


def test_a_tiny_problem_from_end_to_end(bench, tmp_path, monkeypatch):
    script, tables, figures = bench("bench_capture"), bench("tables_capture"), bench("figures")
    case = script.Case(31, 7, 5, (2.0, 4.0), 2.0, (1, 3), (1e-4,), finest=1 / 64)
    monkeypatch.setattr(script, "QUICK", (case,))
    effort = replace(harness.QUICK, budget=harness.Budget(rounds=2, sample=0.0, total=1.0))
    rows = script.run(effort, tmp_path)
    assert [(row["t_end"], row["draws"]) for row in rows] == [(2.0, 2), (4.0, 2)]
    assert len(list(tmp_path.glob("reference-*.npz"))) == 2
    for row in rows:
        assert row["reference_gap"] < 1e-6
        by_method = {}
        for one in row["points"]:
            by_method.setdefault(one["method"], []).append(one)
        assert max(one["error"] for one in by_method["flow"]) < 1e-4
        steps = by_method["euler"]
        assert [one["rhs"] for one in steps] == pytest.approx([row["t_end"] * 2**k for k in range(7)])
        single = by_method["euler float32"]
        assert single[0]["error"] == pytest.approx(steps[0]["error"], rel=1e-3)
        assert by_method["SciPy RK45"][-1]["error"] < 1e-3
        # first order: the error falls with the step, by and large in proportion
        assert math.log2(steps[0]["error"] / steps[-1]["error"]) > 3
        assert by_method["capture"][-1]["error"] < 1e-4
    assert "31, 7, 5, t <= 4" in tables.capture(rows)
    figure = figures.work_precision(rows)
    assert len(figure.axes) == 4
    pictures.png(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000


def test_a_solver_that_takes_too_long_is_stopped(bench):
    script, solvers = bench("bench_capture"), bench("solvers")
    case = script.Case(31, 7, 5, (8.0,), 2.0, (1,), ())
    found = solvers.solve(solvers.SCIPY, case.problem(1), case.times(8.0), 1e-3, 0.0)
    assert found.loss is None
    assert script.error(found, (np.arange(9.0), np.ones(9))) is None


def test_the_error_is_the_largest_over_saved_times(bench):
    script = bench("bench_capture")

    class Run:
        t, loss = np.array([0.0, 2.0, 4.0]), np.array([1.0, 0.9, 0.303])

    exact = np.arange(5.0), np.array([1.0, 7.0, 1.0, 7.0, 0.3])
    assert script.error(Run, exact) == pytest.approx(0.1)
