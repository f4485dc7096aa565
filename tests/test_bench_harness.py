"""The benchmarks' harness on scripted clocks, and `pl-native bench` with tiny efforts. No time is judged."""

import json
import math

import numpy as np
import pytest

from pl_native.bench import contest, dense, harness, machine, problems, rivals, rivals_numpy

_core = pytest.importorskip("pl_native._core")


def scripted(name, times, calls):
    values = iter(times)

    def run():
        calls.append(name)
        return next(values)

    return harness.Arm(name, run)


def test_rounds_alternate_and_ratios_are_per_round():
    calls = []
    a = scripted("a", [1, 2, 20, 2, 2], calls)  # the first is the warm-up; then a slow neighbour
    b = scripted("b", [1, 1, 10, 1, 1.25], calls)
    rounds = harness.measure([a, b], harness.Budget(rounds=4, sample=0.5))
    assert calls == ["a", "b"] + ["a", "b", "b", "a"] * 2
    assert rounds.order == [["a", "b"], ["b", "a"]] * 2
    ratio = rounds.ratio("a", "b")
    assert (ratio.median, ratio.low, ratio.high) == (2.0, 1.6, 2.0)
    assert ratio.differs
    assert rounds.summary("a", 10) == {"median": 20, "low": 20, "high": 200}


def test_band_must_exclude_one():
    ratio = harness.Ratio
    assert ratio(1.5, 1.01, 2).differs
    assert ratio(0.8, 0.7, 0.99).differs
    assert not ratio(1.5, 0.99, 2).differs
    assert not ratio(0.8, 0.7, 1.0).differs


def test_short_arms_are_repeated():
    calls = []
    quick = scripted("quick", [0.1] + [0.2] * 10, calls)
    rounds = harness.measure([quick], harness.Budget(rounds=2, sample=0.5))
    assert len(calls) == 1 + 2 * 5
    assert rounds.seconds["quick"] == pytest.approx([0.2, 0.2])


def test_budget_ends_after_an_even_number_of_rounds():
    now = iter(range(0, 1000, 3))
    rounds = harness.measure(
        [harness.Arm("a", lambda: 1.0)], harness.Budget(rounds=10, sample=1, total=5), clock=lambda: next(now)
    )
    assert len(rounds.order) == 4  # 3 s after two rounds, 6 s after four
    with pytest.raises(ValueError, match="rounds"):
        harness.Budget(rounds=3, sample=1)
    with pytest.raises(ValueError, match="distinct"):
        harness.measure([harness.Arm("a", float)] * 2, harness.Budget(2, 1))


def test_a_wrong_state_is_refused():
    check = harness.assert_same_state
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


def test_sizes_are_told_apart_by_the_cache_that_holds_them(bench):
    places = bench("bench_orthogonal").places
    caches = {1: 100, 2: 1000}
    assert places([10, 50, 51, 500, 501], caches) == {"level 1": [0, 1], "level 2": [2, 3], "memory": [4]}
    assert places([1], {}) == {"memory": [0]}


def test_live_pairs_are_fitted_by_place(bench, monkeypatch):
    script, tables = bench("bench_orthogonal"), bench("tables")
    monkeypatch.setattr(script, "PAIR_SIZES", [64, 128, 256])
    monkeypatch.setattr(script, "cache_bytes", lambda: {1: 2 * 256 * 160, 2: 2**40})
    tiny = harness.Effort(True, 1e-4, harness.Budget(2, 1e-9))
    row = script.live_pairs("float32", tiny)
    assert row["state_bytes"] == [n * script.PAIR_WIDTH * 4 for n in (64, 128, 256)]
    assert [(part["place"], part["n"]) for part in row["by_place"]] == [("level 1", [64, 128, 256])]
    assert row["by_place"][0]["slope"] == row["slope"]
    text = tables._live_pairs(row)
    assert "| all sizes | 64 .. 256 |" in text
    assert "| level 1 | 64 .. 256 |" in text


@pytest.fixture
def small_ceilings(bench, monkeypatch):
    """bench/ceilings.py with an array of 40 kB and a short peak."""
    script = bench("ceilings")
    monkeypatch.setattr(script, "array_bytes", lambda: 40_004)
    monkeypatch.setattr(machine, "PEAK_SECONDS", 1e-3)
    return script


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_every_element_is_added_to_once(small_ceilings, threads):
    array = np.arange(10_001, dtype=np.float32)
    with small_ceilings.ThreadPoolExecutor(threads) as pool:
        small_ceilings.add_in_place(array, threads, pool)
    assert np.array_equal(array, np.arange(1, 10_002))


def test_the_array_of_the_ceiling_is_beyond_the_caches(bench, monkeypatch):
    script = bench("ceilings")
    for caches, expected in [({}, 64), ({1: 2**15, 3: 2**25}, 128), ({3: 2**30}, 1024)]:
        monkeypatch.setattr(script, "cache_bytes", lambda caches=caches: caches)
        assert script.array_bytes() == expected * 2**20


def test_ceilings_are_ratios_of_their_own_arms(small_ceilings):
    with small_ceilings.ceilings(2) as arms:
        assert all(arm.run() > 0 for arm in arms)
        names = [arm.name for arm in arms]
    assert sorted(names) == ["FMA loop, 1", "FMA loop, 2", "addition, 1", "addition, 2"]
    seconds = dict(zip(sorted(names), ([3.0, 3.0], [2.0, 2.0], [5.0, 5.0], [4.0, 4.0]), strict=True))
    found = small_ceilings.ratios(harness.Rounds(seconds), 2)
    assert {name: one["median"] for name, one in found["ceilings"].items()} == {
        "FMA loop": 1.5,
        "addition": 1.25,
    }


def test_ceilings_stand_beside_the_ratio(bench, small_ceilings):
    script, tables = bench("bench_ensemble"), bench("tables")
    tiny = harness.Effort(True, 1e-4, harness.Budget(2, 1e-9))
    row = script.speed_up("small", problems.Case(20, 5, 7, "float32", 2).problems(), 1.9, tiny)
    assert {name: one["low"] > 0 for name, one in row["ceilings"].items()} == {
        "FMA loop": True,
        "addition": True,
    }
    ratio = {"low": 1.2, "high": 1.4, "differs": True}
    row |= ratio | {"median": 1.25, "addition_mib": 128.0}
    row["ceilings"] = {"FMA loop": ratio | {"median": 1.31}, "addition": ratio | {"median": 1.22}}
    older = {key: value for key, value in row.items() if key not in ("ceilings", "addition_mib")}
    absent = {"kind": "speed-up", "name": "large", "goal": 1.8, "not_run": "no memory"}
    text = tables.ensemble([row, older, absent])
    start = "| small | **1.25 [1.2, 1.4]** | >= 1.9: **missed** |"  # judged by the ratio itself
    assert f"{start} 1.31 [1.2, 1.4] | 1.22 [1.2, 1.4] |" in text
    assert f"{start} - | - |" in text
    assert "| large | not run: no memory | - | - | - |" in text
    assert "128 MiB" in text
    assert "ceilings" not in tables.ensemble([older])


@pytest.mark.parametrize("variant", ["plain", "by points", "by neurons", "batched"])
def test_numpy_rivals_end_in_our_state(variant):
    case = problems.Case(20, 5, 7, "float64", 2)
    made = problems.arrays(case.problems(), dense.T_END / 16)
    end = rivals_numpy.VARIANTS[variant](made)(16)
    ours = problems.final_states(dense.native(case.problems(), 16))
    harness.assert_same_state(variant, end, ours, (made.W, made.a), 1e-12)


def test_every_family_has_variants_of_its_own_name():
    for listed in (rivals.DENSE, rivals.ORTHOGONAL):
        names = [rival.name for rival in listed]
        assert len(set(names)) == len(names)
    families = [rival.family for rival in rivals.DENSE]
    assert all(families.count(family) >= 3 for family in set(families))


def test_a_lost_race_is_reported_as_lost(bench):
    ratio = bench("tables").ratio
    assert "rival wins" in ratio({"median": 0.8, "low": 0.7, "high": 0.9, "differs": True})
    assert "rival wins" not in ratio({"median": 1.8, "low": 1.7, "high": 1.9, "differs": True})
    assert "no difference" in ratio({"median": 0.9, "low": 0.8, "high": 1.1, "differs": False})


def test_json_round_trip(tmp_path):
    machine.write_json(tmp_path / "deep" / "x.json", "Q?", [{"a": 1}], {"cpu": "c"})
    found = json.loads((tmp_path / "deep" / "x.json").read_text(encoding="utf-8"))
    assert found == {"question": "Q?", "machine": {"cpu": "c"}, "rows": [{"a": 1}]}
    assert not list(tmp_path.rglob("*.tmp"))


def test_fma_peak_refuses_nonsense():
    assert _core.fma_peak(1, 1e-3, True) > 0
    for threads, seconds in [(0, 0.1), (-1, 0.1), (10**6, 0.1), (1, 0.0), (1, -1.0), (1, math.nan), (1, 1e9)]:
        with pytest.raises(ValueError, match=r"threads|seconds"):
            _core.fma_peak(threads, seconds, False)


class OneCrew:
    """Stands for the processes of all rivals: runs in this one, and takes `extra` steps too many."""

    def __init__(self, extra):
        self.extra, self.runs = extra, {}

    def get(self, rival):
        return self

    def load(self, variant, made):
        self.runs[variant] = rivals_numpy.VARIANTS[variant](made)

    def states(self, variant, steps):
        return [self.runs[variant](steps + self.extra)]

    def seconds(self, variant, steps):
        return 1e-3 * (1 + list(self.runs).index(variant))

    def forget(self):
        self.runs = {}


def meet(extra):
    case = problems.Case(20, 5, 7, "float64", 2)
    made, final = (
        problems.arrays(case.problems(), 0.1),
        problems.final_states(dense.simulate_ensemble(case.problems(), t_end=1.6, step=0.1)),
    )
    match = contest.Match(lambda: 2e-3, lambda _: final, made, 16, 1e-12)
    numpy_rivals = [rivals.Rival("NumPy", name, "numpy", False) for name in ("plain", "batched")]
    return contest.contest(match, numpy_rivals, OneCrew(extra), harness.Budget(2, 1e-3))


def test_the_best_variant_meets_us_and_a_wrong_one_ends_the_benchmark():
    outcome = meet(extra=0)
    assert outcome.best == {"NumPy": "NumPy: plain (together)"}
    assert outcome.rounds.ratio("NumPy: plain (together)", contest.OURS).median == pytest.approx(0.5)
    with pytest.raises(AssertionError, match=r"NumPy: plain \(together\): W differs"):
        meet(extra=1)


def test_a_peak_that_could_not_run_is_measured_for_longer(monkeypatch):
    asked = []

    def busy(threads, seconds, dtype):
        asked.append(seconds)
        return 0.0 if len(asked) < 3 else 50.0

    monkeypatch.setattr(machine, "fma_peak", busy)
    assert machine.peak_arm("float32", 2).run() == pytest.approx(machine.PEAK_FLOPS / 50e9)
    assert asked == [machine.PEAK_SECONDS * factor for factor in (1, 2, 4)]
