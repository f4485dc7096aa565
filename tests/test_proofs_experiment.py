"""Experiment 1 by theorem: every network has one kind, and what is drawn and printed are the counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pl_native as pl
from pictures import small
from pl_native import backends, cli, experiments, plots, sweep
from pl_native._base.build import NUMERICS
from pl_native.experiments import proofs
from pl_native.experiments.experiment1 import presets
from pl_native.store import Row, Store

pytestmark = pytest.mark.skipif("native" not in backends.available(), reason="the core proves")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(proofs.PRESETS, "quick", proofs.Grid((20, 40), 2, 6))
        cells = proofs.tasks("quick")
    plan = sweep.plan(cells, seed=1, name="proofs")
    folder = tmp_path_factory.mktemp("proofs")
    found = experiments.run("proofs", plan, Store(folder), threads=1, progress=False)
    assert experiments.run("proofs", plan, Store(folder), threads=1, progress=False) == found
    return found


def test_every_network_has_a_kind_that_its_status_allows(rows: list[Row]) -> None:
    assert len(rows) == 4
    for row in rows:
        assert row["kind"] in proofs.KINDS
        if row["status"] == "CONVERGED":
            assert row["kind"] == "converged"
            assert 0 < row["rate_over_local_pl"] <= 1  # type: ignore[operator]
        if row["status"] == "TRAPPED":
            assert row["kind"] == "trapped"
            assert row["proof_limit_low"] > 0  # type: ignore[operator]


def test_the_table_and_the_figure_are_the_counts(rows: list[Row], tmp_path: Path) -> None:
    summary = proofs.summarise(rows[::-1])
    assert summary == proofs.summarise(rows)
    assert summary.sizes == [(6, 20), (6, 40)]
    for d, n in summary.sizes:
        assert sum(summary.counts(d, n).values()) == 2
    assert len(summary.table().splitlines()) == 4
    assert summary.table().splitlines()[-1].endswith(f" {NUMERICS['capture']} |")
    other = [row | {"numerics": 7} if row["replicate"] == 0 else row for row in rows]
    assert proofs.summarise(other).table().splitlines()[-1].endswith(f" 7, {NUMERICS['capture']} |")
    proofs.keep(summary, tmp_path)
    assert proofs.summarise(proofs.stored(tmp_path)).table() == summary.table()
    if plots.available():
        bars = [bar for bar in plots.FIGURES["proofs"](summary).axes[0].patches if bar.get_height() > 0]
        heights = sorted(bar.get_height() for bar in bars)
        shares = [count / 2 for size in summary.sizes for count in summary.counts(*size).values() if count]
        assert heights == pytest.approx(sorted(shares))


class Said:
    """What `kind_of` looks at of a certificate."""

    def __init__(self, verdict: Any = None, held: Any = None, gain: float | None = None) -> None:
        self.verdict, self.held_until = verdict, held
        self.at_zero = None if gain is None else (type("Z", (), {"gain": gain})(),)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (Said(pl.Status.CONVERGED), "converged"),
        (Said(pl.Status.TRAPPED, gain=0.1), "trapped"),
        (Said(pl.Status.DEAD_POINT), "trapped"),
        (Said(held=(100.0, 0.1), gain=0.1), "at 0 by the rule"),
        (Said(held=(100.0, 0.1), gain=0.0), "held"),
        (Said(held=(99.0, 0.1)), "undecided"),
        (Said(), "undecided"),
    ],
)
def test_kinds(said: Any, kind: str) -> None:
    assert proofs.kind_of(said, 10.0) == kind


def test_runs_are_certified_where_they_are(tmp_path: Path) -> None:
    plan = sweep.plan(proofs.tasks("quick"), seed=1, name="proofs")
    with pytest.raises(ValueError, match="executor, share: expected None"):
        experiments.run("proofs", plan, Store(tmp_path), share=(1, 2), progress=False)


def test_the_command_line_offers_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(proofs.PRESETS, "quick", proofs.Grid((20,), 1, 6))
    monkeypatch.setattr(plots, "save", small)
    assert cli.main(["reproduce", "proofs", "--out", str(tmp_path), "--jobs", "1"]) == 0
    assert "| converged |" in (tmp_path / "proofs.txt").read_text(encoding="utf-8")


def test_experiment_1_of_the_flow_comes_with_the_shares_of_what_is_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(proofs.PRESETS, "flow", proofs.Grid((20,), 2, 6))
    monkeypatch.setitem(presets.PRESETS, "flow", presets.Grid((40,), (8.0,), 1, d=8))
    monkeypatch.setattr(plots, "save", small)
    assert experiments.together("experiment1", "quick") == ("experiment1",)
    assert (
        cli.main(["reproduce", "experiment1", "--preset", "flow", "--out", str(tmp_path), "--jobs", "1"]) == 0
    )
    for name in ("proofs", "experiment1"):
        assert (tmp_path / name / "rows.csv").exists()
        if plots.available():
            assert (tmp_path / f"{name}.png").exists()
    assert "| 6 | 20 | 0." in (tmp_path / "proofs.txt").read_text(encoding="utf-8")


def test_what_capture_leaves_at_rest_is_proved_of_the_flow_from_there() -> None:
    """Where capture ends before it is on all of its kinks (here early); the flow comes onto them."""
    data, start = pl.data.sphere(60, 5, seed=79), pl.initial.torch_linear(6, 5, seed=179)
    sol = pl.simulate(data, start, 1e5, method="capture", rtol=1e-2, stop=pl.Stop(stall=1e-2))
    assert sol.status is pl.Status.STALLED
    assert proofs.kind_of(sol.certify(), sol.t[-1]) == "undecided"
    tail = proofs._tail(data, sol, 1)
    assert tail.status is pl.Status.TRAPPED
    assert proofs.kind_of(tail.certify(), sol.t[-1]) == "trapped"
