"""The page of the benchmarks: what was measured on another machine than the rest says so."""

import copy
from pathlib import Path

import pytest

pytest.importorskip("pl_native._core")
pytest.importorskip("matplotlib")

BENCH = Path(__file__).parents[1] / "bench"
pytestmark = pytest.mark.skipif(not BENCH.exists(), reason="needs the source tree")

HERE = {
    "quick": False,
    "cpu": "Some processor",
    "cores": 2,
    "memory_gib": 8,
    "platform": "Linux",
    "versions": {"numpy": "2"},
    "fma_peak_gflops": {"float32, 1 thread": 100.0},
    "when": "then",
    "load_average_before": 0.1,
    "pl_native": {
        "pl_native": "0",
        "python": "3",
        "native": {"level": "v3", "compiler": "GNU", "parallel_runtime": "OpenMP", "fp_flags": "-f"},
    },
}


def test_a_section_measured_elsewhere_names_its_machine(bench, monkeypatch):
    report = bench("report")
    monkeypatch.setattr(report, "QUESTIONS", dict.fromkeys(("kernel", "capture"), lambda rows: "rows"))
    there = copy.deepcopy(HERE)
    there["pl_native"]["native"]["level"] = "v4"

    def page(machine):
        return report.page(
            {
                "kernel": {"machine": HERE, "question": "K?", "rows": []},
                "capture": {"machine": machine, "question": "C?", "rows": []},
            }
        )

    assert page(HERE).count("level v3") == 1
    other = page(there)
    assert other.count("level v3") == other.count("level v4") == 1
    assert other.index("level v4") > other.index("## C?")


def test_what_a_call_costs_is_shown_with_its_tenth_percentile(bench):
    us = {
        what: {"median": us + 0.4, "low": us - 9.6}
        for what, us in (("alone", 111), ("core", 12), ("of_many", 72))
    }
    shown = bench("tables_call").call([{"n": 10, "d": 3, "p": 4, "problems": 200, "methods": {"euler": us}}])
    assert "| 10, 3, 4 | euler | 111 (101) | 12 (2) | 72 (62) |" in shown
