"""Capture on small starts: the problems, one of them from end to end, and the table of the page."""

from pathlib import Path

import numpy as np
import pytest

import pl_native as pl

pytest.importorskip("pl_native._core")

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not (ROOT / "bench").exists(), reason="needs the source tree")


def test_the_problems_are_those_asked_for(bench):
    script = bench("bench_small_capture")
    asked = [script.question(index) for index in range(script.COUNT)]
    for kind in ("balanced", "asymmetric"):
        for rtol in (1e-2, 1e-3):
            assert sum((q.kind, q.rtol) == (kind, rtol) for q in asked) == 50
    for name, low, high in (("n", 12, 100), ("d", 4, 40), ("p", 4, 40), ("scale", 1e-6, 1e-1)):
        values = [getattr(q, name) for q in asked]
        assert low <= min(values) < 1.3 * low
        assert high / 1.3 < max(values) <= high
    assert script.question(3) == asked[3]


def test_rows_are_kept_and_completed(bench, tmp_path):
    script, path = bench("bench_small_capture"), tmp_path / "rows.csv"
    script.make(path, 1)
    first = path.read_text(encoding="utf-8")
    script.make(path, 2)
    assert path.read_text(encoding="utf-8").startswith(first)
    rows = script.read(path)
    assert [row["index"] for row in rows] == [0, 1]
    assert rows[0]["error"] < 3 * rows[0]["rtol"]
    assert rows[0]["spread"] < 1e-5
    assert rows[0]["seconds"] > 0


def test_the_page_has_what_the_rows_say(bench):
    script = bench("bench_small_capture")
    table = script.summary(script.read(ROOT / "docs" / "results" / "small_capture.csv"))
    assert table in (ROOT / "docs" / "numerics.md").read_text(encoding="utf-8")
    assert table.count("\n") == 16


def test_fresh_rows_count_for_themselves(bench):
    script = bench("bench_small_capture")
    rows = script.read(ROOT / "docs" / "results" / "small_capture.csv")
    parts = {"chosen on": rows[:200], "looked into": rows[200:600], "fresh": rows[600:]}
    for part, kept in parts.items():
        table = script.summary(kept)
        assert f"| {part}: all | {len(kept)} |" in table
        assert not any(other in table for other in parts if other != part)
        assert all(line in script.summary(rows) for line in table.splitlines())


def test_shares_have_their_intervals(bench):
    assert bench("bench_small_capture").share(np.arange(200) < 172) == "86 % [81, 90]"


@pytest.mark.parametrize("index", [1, 5])
def test_small_neurons_beside_outer_weights_of_order_one(bench, index):
    """Off by 0.038 and 0.27 where steps were held by how far w_j moved over norm(w_j, a_j)."""
    row = bench("bench_small_capture").measure(bench("bench_small_capture").question(index))
    assert row["error"] < row["rtol"] == 0.01


def test_a_small_neuron_goes_through_0(bench):
    """From w_j = 0 a step is as long as what it leads to: measured by that alone, none was short enough."""
    script = bench("bench_small_capture")
    problem = script.question(93).problem()
    sol, _ = script.timed(problem, 55.0, method="capture", rtol=0.01)
    assert sol.status is pl.Status.HORIZON


@pytest.mark.parametrize("index", [17, 121])
def test_told_is_what_lasts(bench, index):
    """For a step or two the meshes, which meet a kink in different parts of it, differ by 3.8 and 6.9 times
    the error: that was told."""
    row = bench("bench_small_capture").measure(bench("bench_small_capture").question(index))
    assert row["error"] < row["told"] < 3 * row["error"]
