"""`pl-native bench` with tiny efforts. No time is judged."""

import json

import pytest

from pl_native import cli
from pl_native.bench import dense, harness, machine, rivals

pytest.importorskip("pl_native._core")


@pytest.fixture
def brief(monkeypatch):
    """`pl-native bench` on one small size."""
    monkeypatch.setattr(dense, "SIZES", [(20, 5, 7)])
    monkeypatch.setattr(cli.bench, "QUICK", harness.Effort(True, 1e-4, harness.Budget(2, 1e-4)))
    monkeypatch.setattr(machine, "PEAK_SECONDS", 0.02)


def test_bench_says_and_writes_what_it_measured(brief, tmp_path, capsys):
    assert cli.main(["bench", "--quick", "--out", str(tmp_path / "deep" / "here.json")]) == 0
    found = json.loads((tmp_path / "deep" / "here.json").read_text(encoding="utf-8"))
    assert [row["dtype"] for row in found["rows"]] == ["float32", "float64"]
    for row in found["rows"]:
        assert (row["n"], row["d"], row["p"], row["replicates"]) == (20, 5, 7, machine.cores())
        assert row["share_of_peak"]["low"] <= row["share_of_peak"]["median"] <= row["share_of_peak"]["high"]
        assert [rival["family"] for rival in row["rivals"]] == ["NumPy"]
        names = [one["name"] for one in row["variants"] if "not_run" not in one]
        assert len(names) == 6
        assert max(one["distance"] for one in row["variants"]) < 1e-4
    assert found["machine"]["quick"] is True
    assert found["machine"]["fma_peak_gflops"]["float64, 1 thread"] > 0
    printed = capsys.readouterr().out
    assert printed.count("of the FMA peak") == 2
    assert "x our time" in printed


def test_bench_without_rivals_starts_no_process(brief, monkeypatch, capsys):
    monkeypatch.setattr(rivals, "Crew", None)
    assert cli.main(["bench", "--quick", "--rivals"]) == 0
    assert "x our time" not in capsys.readouterr().out


def test_bench_refuses_what_it_cannot_do(monkeypatch, tmp_path, capsys):
    assert cli.main(["bench", "--out", str(tmp_path)]) == 2
    assert "--out: expected a file" in capsys.readouterr().err
    monkeypatch.setattr(rivals.importlib.util, "find_spec", lambda name: None if name == "jax" else "here")
    assert cli.main(["bench", "--rivals", "numpy", "jax"]) == 1
    assert "not installed: jax" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["bench", "--rivals", "fortran"])
    assert "invalid choice: 'fortran'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["bench", "--help"])
    assert "share of" in capsys.readouterr().out
