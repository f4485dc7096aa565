"""Every check of a statement: good as it stands, red when a bound is tightened just past the margin found."""

from __future__ import annotations

import csv
import math
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from pl_native import simulation
from pl_native._run.execute import execute
from pl_native.experiments import statements
from pl_native.experiments.statements import Finding, Setting, Verdict, closed_form, lemma4, proposition2
from pl_native.experiments.statements.search import ascend, worst
from pl_native.metrics import where

SMOKE = Setting("smoke")
FOUND: dict[str, list[Finding]] = {}

REMEMBERED = (closed_form, "_run"), (lemma4, "_scaled"), (proposition2, "_final"), (where, "_saved")
"""What takes checks longest before they hold a bound against it: none is given a Setting."""


@pytest.fixture(scope="module", autouse=True)
def remembered() -> Iterator[None]:
    """Tasks that have been run are not run again, nor searches that have climbed: a tightened bound is held
    against the same Solutions and worst cases."""
    runs: dict[Any, list[pl.Solution]] = {}
    climbs: dict[str, tuple[float, Any, int, Any]] = {}

    def once(works: Any, options: Any, poll: Any) -> list[pl.Solution]:
        if options.observers or options.events:
            return execute(works, options, poll)
        key = options.method, options.backend.NAME, pickle.dumps([work.task for work in works])
        if key not in runs:
            runs[key] = execute(works, options, poll)
        return list(runs[key])

    def climbed(
        objective: Any, draw: Any, rng: np.random.Generator, *size: Any, **known: Any
    ) -> tuple[float, Any, int]:
        key = repr((rng.bit_generator.state, size, known))
        if key not in climbs or objective(climbs[key][1]) != climbs[key][0]:  # or it is another objective
            climbs[key] = (*worst(objective, draw, rng, *size, **known), rng.bit_generator.state)
        *found, rng.bit_generator.state = climbs[key]
        return found[0], found[1], found[2]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulation, "execute", once)
        for module in vars(statements).values():
            if getattr(module, "worst", None) is worst:
                patch.setattr(module, "worst", climbed)
        for place, name in REMEMBERED:
            patch.setattr(place, name, kept(getattr(place, name)))
        yield


def kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """What `function` returned of the same arguments before."""
    values: dict[bytes, Any] = {}

    def known(*args: Any) -> Any:
        key = pickle.dumps(args)
        if key not in values:
            values[key] = function(*args)
        return values[key]

    return known


def findings(name: str) -> list[Finding]:
    """Of one check at its smallest effort, made once."""
    if name not in FOUND:
        FOUND[name] = list(statements.CHECKS[name](SMOKE))
    return FOUND[name]


@pytest.mark.parametrize("name", list(statements.CHECKS))
def test_a_check_finds_what_it_should(name: str) -> None:
    found = findings(name)
    assert found
    for finding in found:
        assert finding.verdict.good, finding
        assert finding.met > 0
        assert finding.claimed
        assert finding.measured
        assert (finding.margin is None) or 1 <= finding.margin < math.inf  # infinite: nothing was bounded
        for panel in finding.panels:
            for curve in panel.curves:
                assert len(curve.x) == len(curve.y) > 0


@pytest.mark.parametrize("name", list(statements.CHECKS))
def test_a_bound_tightened_past_its_margin_fails(name: str) -> None:
    """All bounds of a check tightened by the least of their margins: that one turns red, and no other."""
    margins = {f.statement: f.margin for f in findings(name) if f.margin is not None}
    if not margins:
        return  # nothing here is bounded by a factor
    least, most = min(margins.values()), max(margins.values())

    def failed(tighten: float) -> set[str]:
        again = list(statements.CHECKS[name](Setting("smoke", tighten)))
        return {f.statement for f in again if f.margin is not None and f.verdict is Verdict.FAILS}

    assert failed(least * (1 - 1e-9)) == set()
    first = failed(least * (1 + 1e-9))
    assert first
    assert (first if least == most else failed(most * (1 + 1e-9))) >= set(margins)


def test_statements_have_names_of_their_own() -> None:
    titles = [finding.statement for name in statements.CHECKS for finding in findings(name)]
    assert len(titles) == len(set(titles))


def test_the_committed_table_of_the_larger_samples_is_of_these_statements() -> None:
    """docs/results/statements: `pl-native check --full --out DIR`, findings.csv."""
    path = Path(__file__).parents[1] / "docs" / "results" / "statements" / "full.csv"
    with path.open(newline="") as file:
        rows = {row["statement"]: row for row in csv.DictReader(file)}
    for name in statements.CHECKS:
        for finding in findings(name):
            row = rows[finding.statement]
            assert row["verdict"] == finding.verdict.value
            assert int(row["draws"]) >= finding.draws
            assert (row["margin"] == "") is (finding.margin is None)
            assert finding.margin is None or 1 <= float(row["margin"]) < math.inf


def test_verdicts() -> None:
    def verdict(met: int, holds: bool, refutes: bool = False) -> Verdict:
        return Finding("s", "h", met, 5, "c", "m", holds, refutes=refutes).verdict

    assert verdict(5, True) is Verdict.HOLDS
    assert verdict(5, False) is Verdict.FAILS
    assert verdict(0, True) is Verdict.NO_DRAWS
    assert verdict(0, True, refutes=True) is Verdict.NO_DRAWS
    assert verdict(1, True, refutes=True) is Verdict.REFUTED
    assert verdict(1, False, refutes=True) is Verdict.NOT_REFUTED
    assert [v for v in Verdict if v.good] == [Verdict.HOLDS, Verdict.REFUTED]
    with pytest.raises(ValueError, match="met: expected 0 <= met <= draws"):
        Finding("s", "h", 6, 5, "c", "m", True)


def test_margins() -> None:
    plain, tight = Setting("smoke"), Setting("smoke", 2.0)
    assert plain.upper([1.0, 2.0], [4.0, 4.0]) == 2.0
    assert tight.upper([1.0, 2.0], [4.0, 4.0]) == 1.0
    assert plain.lower([3.0, 8.0], 2.0) == 1.5
    assert plain.upper([0.0], [1.0]) == math.inf
    assert plain.upper([1.0], [0.0]) == 0.0
    assert plain.upper([np.nan], [1.0]) == 0.0
    assert plain.lower([1.0], [np.nan]) == 0.0
    assert plain.upper([0.5, 0.0], [1.0, -1.0]) == 0.0  # a bound below what is measured, both signs
    assert plain.equal([1.1], [1.0], 0.2) == pytest.approx(2.0)
    with pytest.raises(ValueError, match="effort: expected one of"):
        Setting("little")
    with pytest.raises(ValueError, match="tighten"):
        Setting("smoke", 0.0)


def test_a_climb_reaches_the_top_and_stays_in_the_domain() -> None:
    def hill(x: np.ndarray) -> float:
        return -math.inf if x[0] > 1 else -float((x[0] - 2) ** 2 + x[1] ** 2)

    best, place = ascend(hill, np.zeros(2), np.random.default_rng(0), 2000)
    assert best == pytest.approx(-1, abs=1e-2)
    assert place[0] <= 1
    value, _, met = worst(hill, lambda r: r.normal(0, 1, 2), np.random.default_rng(0), 50, 500)
    assert value > -1.01
    assert 25 < met < 50
    none = worst(lambda x: -math.inf, lambda r: r.normal(0, 1, 2), np.random.default_rng(0), 5, 10)
    assert none[0] == -math.inf
    assert none[2] == 0


def test_a_check_is_the_same_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "execute", execute)
    assert [f.measured for f in statements.CHECKS["criterion"](SMOKE)] == [
        f.measured for f in findings("criterion")
    ]
