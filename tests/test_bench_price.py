"""Price and truth of capture: the smallest problem from end to end."""

from pathlib import Path

import pytest

pytest.importorskip("pl_native._core")

BENCH = Path(__file__).parents[1] / "bench"
pytestmark = pytest.mark.skipif(not BENCH.exists(), reason="needs the source tree")


def test_price_and_truth_of_a_small_problem(bench, tmp_path):
    script = bench("bench_price")
    size = (40, 5, 6)
    found = script.price(size, 0.1, 1.0, rounds=3)
    assert found["capture"] > 0
    assert found["ratio"] > 0
    true = script.truth(size, 0.1, (1, 2, 3), tmp_path)
    assert true["draws"] == 3
    assert true["attempts_most"] <= 2
    assert 0 <= true["within"] <= 1
    assert len(list(tmp_path.glob("horizon-*.npy"))) == 3
    assert script.truth(size, 0.1, (1, 2, 3), tmp_path) == true  # references are kept


def test_means_are_geometric(bench):
    assert bench("bench_price").mean([1e-2, 1e-4]) == pytest.approx(1e-3)
