"""The benchmarks' harness on scripted clocks. Nothing is timed here."""

import importlib
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

_core = pytest.importorskip("pl_native._core")

BENCH = Path(__file__).parents[1] / "bench"


@pytest.fixture
def bench(monkeypatch):
    """Imports a module of bench/, whose scripts import each other as siblings; forgotten afterwards."""
    monkeypatch.syspath_prepend(str(BENCH))
    names = {path.stem for path in BENCH.glob("*.py")}
    others = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    yield importlib.import_module
    for name in names:
        sys.modules.pop(name, None)
    sys.modules.update(others)


def scripted(harness, name, times, calls):
    values = iter(times)

    def run():
        calls.append(name)
        return next(values)

    return harness.Arm(name, run)


def test_rounds_alternate_and_ratios_are_per_round(bench):
    harness, calls = bench("harness"), []
    a = scripted(harness, "a", [1, 2, 20, 2, 2], calls)  # the first is the warm-up; then a slow neighbour
    b = scripted(harness, "b", [1, 1, 10, 1, 1.25], calls)
    rounds = harness.measure([a, b], harness.Budget(rounds=4, sample=0.5))
    assert calls == ["a", "b"] + ["a", "b", "b", "a"] * 2
    assert rounds.order == [["a", "b"], ["b", "a"]] * 2
    ratio = rounds.ratio("a", "b")
    assert (ratio.median, ratio.low, ratio.high) == (2.0, 1.6, 2.0)
    assert ratio.differs
    assert rounds.summary("a", 10) == {"median": 20, "low": 20, "high": 200}


def test_band_must_exclude_one(bench):
    ratio = bench("harness").Ratio
    assert ratio(1.5, 1.01, 2).differs
    assert ratio(0.8, 0.7, 0.99).differs
    assert not ratio(1.5, 0.99, 2).differs
    assert not ratio(0.8, 0.7, 1.0).differs


def test_short_arms_are_repeated(bench):
    harness, calls = bench("harness"), []
    quick = scripted(harness, "quick", [0.1] + [0.2] * 10, calls)
    rounds = harness.measure([quick], harness.Budget(rounds=2, sample=0.5))
    assert len(calls) == 1 + 2 * 5
    assert rounds.seconds["quick"] == pytest.approx([0.2, 0.2])


def test_budget_ends_after_an_even_number_of_rounds(bench):
    harness = bench("harness")
    now = iter(range(0, 1000, 3))
    rounds = harness.measure(
        [harness.Arm("a", lambda: 1.0)], harness.Budget(rounds=10, sample=1, total=5), clock=lambda: next(now)
    )
    assert len(rounds.order) == 4  # 3 s after two rounds, 6 s after four
    with pytest.raises(ValueError, match="rounds"):
        harness.Budget(rounds=3, sample=1)
    with pytest.raises(ValueError, match="distinct"):
        harness.measure([harness.Arm("a", float)] * 2, harness.Budget(2, 1))


def test_a_wrong_state_is_refused(bench):
    check = bench("harness").assert_same_state
    start = np.full((1, 2, 3), 9.0), np.zeros((1, 2))
    end = np.full((1, 2, 3), 10.0), np.ones((1, 2))
    assert check("same", end, end, start, 1e-12) == 0
    off = end[0] + 1e-6, end[1]
    assert check("near", off, end, start, 1e-5) == pytest.approx(1e-6)  # of the way gone, 1
    with pytest.raises(AssertionError, match="off: W differs"):
        check("off", off, end, start, 1e-7)
    with pytest.raises(AssertionError, match="unmoved: W differs by 1,"):
        check("unmoved", start, end, start, 0.5)
    with pytest.raises(AssertionError, match="nan: a differs"):
        check("nan", (end[0], end[1] * math.nan), end, start, 1.0)
    with pytest.raises(AssertionError, match="shape"):
        check("shape", (end[0][0], end[1]), end, start, 1.0)


def test_slope_of_exact_powers(bench):
    slope = bench("bench_scaling").slope
    sizes = [10, 20, 80, 640]
    assert slope(sizes, [3e-6 * s for s in sizes]) == pytest.approx(1)
    assert slope(sizes, [s**2.5 for s in sizes]) == pytest.approx(2.5)


@pytest.mark.parametrize("variant", ["plain", "by points", "by neurons", "batched"])
def test_numpy_rivals_end_in_our_state(bench, variant):
    kernel, problems = bench("bench_kernel"), bench("problems")
    case = problems.Case(20, 5, 7, "float64", 2)
    made = problems.arrays(case.problems(), kernel.T_END / 16)
    end = bench("rivals_numpy").VARIANTS[variant](made)(16)
    ours = problems.final_states(kernel.native(case.problems(), 16))
    bench("harness").assert_same_state(variant, end, ours, (made.W, made.a), 1e-12)


def test_every_family_has_variants_of_its_own_name(bench):
    rivals = bench("rivals")
    for listed in (rivals.DENSE, rivals.ORTHOGONAL):
        names = [rival.name for rival in listed]
        assert len(set(names)) == len(names)
    dense = [rival.family for rival in rivals.DENSE]
    assert all(dense.count(family) >= 3 for family in set(dense))


def test_a_lost_race_is_reported_as_lost(bench):
    ratio = bench("tables").ratio
    assert "rival wins" in ratio({"median": 0.8, "low": 0.7, "high": 0.9, "differs": True})
    assert "rival wins" not in ratio({"median": 1.8, "low": 1.7, "high": 1.9, "differs": True})
    assert "no difference" in ratio({"median": 0.9, "low": 0.8, "high": 1.1, "differs": False})


def test_json_round_trip(bench, tmp_path):
    bench("harness").write_json(tmp_path / "deep" / "x.json", "Q?", [{"a": 1}], {"cpu": "c"})
    found = json.loads((tmp_path / "deep" / "x.json").read_text())
    assert found == {"question": "Q?", "machine": {"cpu": "c"}, "rows": [{"a": 1}]}
    assert not list(tmp_path.rglob("*.tmp"))


def test_fma_peak_refuses_nonsense():
    assert _core.fma_peak(1, 1e-3, True) > 0
    for threads, seconds in [(0, 0.1), (-1, 0.1), (10**6, 0.1), (1, 0.0), (1, -1.0), (1, math.nan), (1, 1e9)]:
        with pytest.raises(ValueError, match=r"threads|seconds"):
            _core.fma_peak(threads, seconds, False)
