"""The statements of the paper against simulations: one module per statement, each with `check(setting)`.

`pl-native check` runs them all and prints one table. A check draws what its statement talks about, counts the
draws on which *all* hypotheses held, and compares; for each bound it also searches for the worst case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from pl_native._base import checks
from pl_native.experiments.statements import (
    appendix_c2,
    closed_form,
    conjecture1,
    criterion,
    dead_point,
    lemma1,
    lemma2,
    lemma3,
    lemma4,
    lemma5,
    lemma7,
    lemma8,
    proposition1,
    proposition2,
    proposition3,
    section42,
    theorem1,
    theorem2,
)
from pl_native.experiments.statements.frame import Curve, Finding, Panel, Setting, Verdict, failures

__all__ = ["CHECKS", "Curve", "Finding", "Panel", "Setting", "Verdict", "failures", "run"]

Check = Callable[[Setting], Sequence[Finding]]

CHECKS: dict[str, Check] = {
    "lemma1": lemma1.check,
    "lemma2": lemma2.check,
    "lemma3": lemma3.check,
    "lemma4": lemma4.check,
    "lemma5": lemma5.check,
    "lemma7": lemma7.check,
    "theorem1": theorem1.check,
    "criterion": criterion.check,
    "lemma8": lemma8.check,
    "dead_point": dead_point.check,
    "proposition1": proposition1.check,
    "proposition2": proposition2.check,
    "closed_form": closed_form.check,
    "theorem2": theorem2.check,
    "section42": section42.check,
    "conjecture1": conjecture1.check,
    "proposition3": proposition3.check,
    "appendix_c2": appendix_c2.check,
}
"""By name, in the order of the paper: what `pl-native check NAME` runs."""


def run(setting: Setting, names: Sequence[str] | None = None) -> Iterator[tuple[str, Sequence[Finding]]]:
    """The findings of the named checks (None: of all), one check at a time."""
    chosen = list(CHECKS) if names is None else [checks.choice("names", n, tuple(CHECKS)) for n in names]
    for name in chosen:
        yield name, CHECKS[name](setting)
