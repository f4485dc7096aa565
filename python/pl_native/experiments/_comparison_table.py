"""Measured beside published, in plain text: every number with its interval and its run count, and a
verdict in words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import fill

from pl_native.experiments._convergence import Comparison, Curve
from pl_native.experiments._power import ENOUGH, LEVEL, power_text, sufficient
from pl_native.experiments._power_laws import predicted
from pl_native.stats import MeanEstimate, Proportion, Threshold, overlap

_WIDTH = 118

_ENOUGH = 5  # runs that did not converge, below which a bootstrap interval of the loss ratio means nothing


def wrapped(text: str) -> str:
    """A long line of a table, broken and indented."""
    return fill(text, _WIDTH, subsequent_indent="    ")


def joined(lines: Sequence[str]) -> str:
    """A text of lines, long ones broken, and of tables that come as they are."""
    return "\n".join([*(line if "\n" in line else wrapped(line) for line in lines), ""])


def comparison_table(comparison: Comparison) -> str:
    """All of one comparison: a line per n, the thresholds, the test, the verdict."""
    measured, reference = comparison.measured, comparison.published
    lines = [comparison.label, "", *_curve_lines(comparison), "", *_threshold_lines(measured, reference)]
    return "\n".join([*lines, "", *_verdict(comparison)]) + "\n"


def _curve_lines(comparison: Comparison) -> list[str]:
    head = f"{'n':>6} {'p':>4}  {'P(converged)':<30} {'published':<30} {'loss ratio':<30} {'published':<10}"
    lines = [head, "-" * len(head)]
    for i, j in comparison.pairs():
        curve, other = comparison.measured, comparison.published
        their_p, their_ratio, note = "-", "-", ""
        if other is not None and j is not None:
            their_p, their_ratio = _share(other.probability[j]), _published_ratio(other.loss_ratio[j])
            note = ", ".join(_notes(curve, i, other, j))
        lines.append(
            f"{curve.n[i]:>6} {curve.p[i]:>4}  {_share(curve.probability[i]):<30} {their_p:<30} "
            f"{_ratio(curve.loss_ratio[i]):<30} {their_ratio:<10}" + (f" {note}" if note else "")
        )
    return [line.rstrip() for line in lines]


def _threshold_lines(measured: Curve, reference: Curve | None) -> list[str]:
    lines = [f"{'threshold N':<22} {'measured':<44} published"]
    fit = "-" if reference is None else _threshold(reference.threshold)
    lines.append(f"{'  logistic fit':<22} {_threshold(measured.threshold):<44} {fit}")
    theirs = "-" if reference is None else f"{reference.estimator:.0f}"
    lines.append(
        f"{'  published estimator':<22} {f'{measured.estimator:.0f} (no interval)':<44} {theirs}".rstrip()
    )
    return lines


def disagreements(comparison: Comparison) -> list[str]:
    """Every way in which the measurement contradicts what was published, in words; empty if none."""
    return on_the_whole(comparison) + _at_single_n(comparison)


def on_the_whole(comparison: Comparison) -> list[str]:
    """Those of `disagreements` that are not about a single n."""
    measured, reference, test, found = comparison.measured, comparison.published, comparison.test, []
    if test is not None and test.p_value < LEVEL:
        side = "more" if test.excess > 0 else "fewer"
        found.append(
            f"convergence over all n: rejected at {LEVEL:.0%} (p = {test.p_value:.2g}; "
            f"{abs(test.excess):.0f} {side} converged runs than expected)"
        )
    if reference is not None and not overlap(measured.threshold.interval, reference.threshold.interval):
        found.append("threshold N: the two 95 % intervals do not overlap")
    return found


def _at_single_n(comparison: Comparison) -> list[str]:
    measured, reference = comparison.measured, comparison.published
    if reference is None:
        return []
    pairs = [(i, j) for i, j in comparison.pairs() if j is not None]
    return [f"n = {measured.n[i]}: {note}" for i, j in pairs for note in _notes(measured, i, reference, j)]


def _verdict(comparison: Comparison) -> list[str]:
    test = comparison.test
    if test is None:
        return ["No published numbers for this setting."]
    lines = [
        f"Two-sample test over {test.n.size} shared n: p = {test.p_value:.3g} ({test.runs[0]} runs against "
        f"{test.runs[1]} published)."
    ]
    lines.append(f"Power: {power_text([comparison])}.")
    whole, single = on_the_whole(comparison), _at_single_n(comparison)
    if whole:
        lines += ["NOT REPRODUCED:", *(f"  - {what}" for what in whole)]
    elif not sufficient([comparison]):
        lines.append(f"Undecided: nothing is rejected, but so few runs would not find {ENOUGH:.0%}.")
    else:
        lines.append(
            "Reproduced: convergence over all n (not rejected at 1 %) and threshold N (95 % intervals)."
        )
    if single:
        compared = sum(
            comparison.measured.not_converged[i] >= _ENOUGH and not math.isnan(other.loss_ratio[j].estimate)
            for i, j in comparison.pairs()
            if j is not None and (other := comparison.published) is not None
        )
        lines += ["Outside the 95 % intervals:", *(f"  - {what}" for what in single)]
        lines.append(
            f"({compared} loss ratios were compared; {0.05 * compared:.1f} would be outside by chance.)"
        )
    return lines


def _notes(measured: Curve, i: int, reference: Curve, j: int) -> list[str]:
    notes = []
    if not overlap(measured.probability[i].interval, reference.probability[j].interval):
        notes.append("P differs")
    ours, theirs = measured.loss_ratio[i], reference.loss_ratio[j]
    known = measured.not_converged[i] >= _ENOUGH and not math.isnan(theirs.estimate)
    if known and theirs.estimate not in predicted(ours, theirs.runs):
        notes.append(f"loss ratio differs ({ours.estimate / theirs.estimate:.2g} of published)")
    return notes


def _share(share: Proportion) -> str:
    low, high = share.interval.low, share.interval.high
    return f"{share.estimate:.3f} [{low:.3f}, {high:.3f}] {share.successes}/{share.trials}"


def _published_ratio(mean: MeanEstimate) -> str:
    return "-" if math.isnan(mean.estimate) else f"{mean.estimate:.2e}"


def _ratio(mean: MeanEstimate) -> str:
    if mean.interval.width == 0.0:
        return f"{mean.estimate:.2e}"
    return f"{mean.estimate:.2e} [{mean.interval.low:.2e}, {mean.interval.high:.2e}]"


def _threshold(fit: Threshold) -> str:
    kind = "" if fit.kind in ("regular", "undecided") else f", {fit.kind}"
    undecided = f"{fit.undecided} undecided of " if fit.undecided else ""
    return f"{fit.located('.0f').removeprefix('= ')} ({undecided}{fit.runs} runs{kind})"
