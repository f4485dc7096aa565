"""Capture on small starts: the problems, one of them from end to end, and the table of the page."""

from pathlib import Path

import pytest

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
    first = path.read_text()
    script.make(path, 2)
    assert path.read_text().startswith(first)
    rows = script.read(path)
    assert [row["index"] for row in rows] == [0, 1]
    assert rows[0]["error"] < 3 * rows[0]["rtol"]
    assert rows[0]["spread"] < 1e-5
    assert rows[0]["seconds"] > 0


def test_the_page_has_what_the_rows_say(bench):
    script = bench("bench_small_capture")
    table = script.summary(script.read(ROOT / "docs" / "results" / "small_capture.csv"))
    assert table in (ROOT / "docs" / "numerics.md").read_text()
    assert table.count("\n") == 6
