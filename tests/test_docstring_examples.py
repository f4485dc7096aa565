"""Every public function of `metrics` and `theory` shows a short example, and every example runs."""

from __future__ import annotations

import doctest
import inspect
import re
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from pl_native import metrics, theory

LONGEST = 10  # lines of an example, its output included
NAMES = {"pl": pl, "np": np, "metrics": metrics, "theory": theory}
PACKAGES: tuple[ModuleType, ...] = (metrics, theory)
CERTIFIES = {"verify"}  # the compiled core proves

STATEMENTS: dict[str, tuple[object, ...]] = {
    "Assumption 1": (theory.assumption_1,),
    "Assumption 2": (theory.assumption_2,),
    "Lemma 1": (theory.keeps_sign, theory.euler_drift),
    "Lemma 2": (metrics.average_pl,),
    "Lemma 3": (theory.dimension_constant,),
    "Lemma 4": (theory.start_curvature,),
    "Lemma 5": (theory.union_bound, theory.sufficient_width, theory.insufficient_width),
    "Lemma 6": (theory.small_initial_loss,),
    "Lemma 7": (metrics.pl_lower_bound, metrics.pl_upper_bound),
    "Lemma 8": (theory.extinction_time, theory.extinction, theory.extinction_condition),
    "Theorem 1": (theory.theorem_1_width, theory.theorem_1_lower_bound, theory.preactivation_floor),
    "Corollary 1": (theory.corollary_1_width,),
    "dead point": (theory.dead_point_bound,),
    "after the criterion": (theory.rate_after_criterion,),
    "Proposition 1": (theory.pl_upper_bound_orthogonal,),
    "Proposition 2": (theory.group_curvature_bounds, theory.group_limit),
    "Theorem 2": (theory.limit_loss, theory.window),
    "Conjecture 1": (theory.final_pl,),
    "Proposition 3": (theory.collapse_expected,),
    "Appendix C.2": (theory.kink_branch,),
}
"""Every statement of the paper as functions."""

PUBLIC = [(package, name) for package in PACKAGES for name in package.__all__]


def examples(owner: Any, name: str) -> list[doctest.DocTest]:
    return doctest.DocTestFinder(recurse=False).find(getattr(owner, name), name, globs=dict(NAMES))


@pytest.mark.parametrize(("package", "name"), PUBLIC, ids=[f"{p.__name__}.{n}" for p, n in PUBLIC])
def test_example(package: ModuleType, name: str) -> None:
    found = [test for test in examples(package, name) if test.examples]
    if inspect.isclass(getattr(package, name)) and not found:
        return  # it is what functions return: their examples show it
    if name in CERTIFIES and "native" not in pl.backends.available():
        pytest.skip("needs the compiled core")
    assert found, f"{package.__name__}.{name} has no example"
    doc = inspect.getdoc(getattr(package, name)) or ""
    shown = doc[doc.index(">>>") :].splitlines()
    assert len(shown) <= LONGEST, f"{package.__name__}.{name}: an example of {len(shown)} lines"
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    report: list[str] = []
    for test in found:
        runner.run(test, out=report.append)
    assert runner.failures == 0, "".join(report)


@pytest.mark.parametrize("statement", list(STATEMENTS))
def test_a_statement_says_claim_hypotheses_and_source(statement: str) -> None:
    for function in STATEMENTS[statement]:
        words = " ".join((inspect.getdoc(function) or "").split())
        for part in ("Claim", "Hypotheses", "Source"):
            assert re.search(rf"\b{part}s?\b", words), f"{statement}: no {part} in {function}"
        assert re.search(rf"Source: [^:]*{statement}", words), f"{statement}: {function} has another source"


def test_a_wrong_example_is_seen() -> None:
    def planted() -> int:
        """
        >>> planted()
        2
        """
        return 1

    test = doctest.DocTestFinder(recurse=False).find(planted, "planted", globs={"planted": planted})[0]
    runner = doctest.DocTestRunner()
    runner.run(test, out=lambda text: None)
    assert runner.failures == 1
