"""What the paper claims of each figure, beside what was found here: a line of a table for each claim."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pl_native.experiments import fig1, fig2, fig3, fig4, fig5, fig6
from pl_native.experiments._comparison_table import on_the_whole
from pl_native.experiments._convergence import Comparison, pooled_difference
from pl_native.experiments._mu_measures import PUBLISHED, slope_text, title
from pl_native.experiments._panels import chance
from pl_native.experiments._power import LEVEL, power_text, sufficient
from pl_native.stats import CurveTest, Fit

REPRODUCED = "[Re]"
NOT_REPRODUCED = "[not Re]"
OPEN = "[open]"
"""The verdicts: reproduced, not reproduced, not decided by the runs at hand."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, the published number, ours with its interval and its runs, the verdict and its reason."""

    claim: str
    published: str
    ours: str
    runs: int
    verdict: str
    why: str


def claims(name: str, summary: Any) -> list[Claim]:
    """The claims of figure `name` against its summary."""
    return list(_OF[name](summary))


def _of_figure1(summary: fig1.Summary) -> Iterator[Claim]:
    odd, said = summary.disagreements(), "z_ji > 0 exactly on the group of neuron j"
    why = "; ".join(odd) or "every pre-activation and outer weight of the start drawn was looked at"
    held = "another start" if odd else "so at p = 3, k = 2, n = 6"
    yield Claim("a group initialisation", said, held, 1, _word(not odd), why)


def _of_figure2(summary: fig2.Summary) -> Iterator[Claim]:
    odd, worst = summary.disagreements(), max(run.distance for run in summary.runs)
    ours = f"largest distance {worst:.1e} at n = {summary.runs[0].n} to {summary.runs[-1].n}"
    why = "; ".join(odd) or "simulated flow within 1e-7 of the closed form, which nears the steps as n grows"
    said = "levels 5/4, 1/4, 0; steps at t/t_n = 1/2, 1"
    rest = (len(summary.runs), _word(not odd), why)
    yield Claim("the rescaled loss becomes the staircase L_inf (Theorem 2)", said, ours, *rest)


def _of_figure3(summary: fig3.Summary) -> Iterator[Claim]:
    for (factor, _), one in summary.comparisons.items():
        if one.published is None:
            continue
        odd = on_the_whole(one)
        said = f"N {one.published.threshold.located('.0f')}, {one.published.runs.max()} runs per n"
        if factor == 4:
            said += "; 3000 in the text"
        ours = f"N {one.measured.threshold.located('.0f')}"
        why = "; ".join(odd) or f"intervals of N overlap; {_test(one.test)}; {power_text([one])}"
        verdict = _judged(odd, sufficient([one]))
        if not odd and not math.isfinite(one.measured.threshold.estimate):
            verdict, why = OPEN, "N not located by these runs"
        rest = (one.measured.threshold.runs, verdict, why)
        yield Claim(f"convergence is lost past a threshold N, d = 100, width {factor}x", said, ours, *rest)


def _of_figure4(summary: fig4.Summary) -> Iterator[Claim]:
    for name, setting in summary.settings.items():
        listed = list(setting.comparisons.values())
        whose, runs = f"({name})", _runs(listed)
        line = setting.lines[0] if setting.lines else None
        said = "linear; N = 30 (d = 10) to 1301 (d = 100)"
        if line is None:
            yield Claim(f"N(d, 30) grows linearly in d {whose}", said, "-", runs, OPEN, "too few dimensions")
        else:
            linear = line.p_value >= LEVEL
            why = f"lack of fit of a straight line: {chance(line.p_value)}"
            if not linear:
                why += "; N/d rises with d before it settles"
            elif not setting.sees_curvature:
                why += "; with errors so large the published N would be on a line, too"
            verdict = OPEN if linear and not setting.sees_curvature else _word(linear)
            yield Claim(
                f"N(d, 30) grows linearly in d {whose}", said, f"slope {_slope(line)}", runs, verdict, why
            )
        yield from _shares(setting.test, listed, "figure 4")


def _of_figure5(summary: fig5.Summary) -> Iterator[Claim]:
    listed = list(summary.comparisons.values())
    ours, theirs, runs = summary.growths[0].power, summary.growths[2].power, _runs(listed)
    said = "sub-linear" + ("" if theirs is None else f"; its shares give b = {_slope(theirs)}")
    if ours is None:
        rest = ("-", runs, OPEN, "N located at fewer than three widths")
    else:
        ends = ours.slope_interval
        verdict = REPRODUCED if ends.high < 1.0 else NOT_REPRODUCED if ends.low >= 1.0 else OPEN
        where = {REPRODUCED: "is below 1", NOT_REPRODUCED: "is not below 1", OPEN: "holds 1"}[verdict]
        rest = (f"b = {_slope(ours)}", runs, verdict, f"the interval of b in N ~ p^b {where}")
    yield Claim("N(30, p) grows slower than p", said, *rest)
    yield from _shares(summary.test, listed, "figure 5")


def _of_figure6(summary: fig6.Summary) -> Iterator[Claim]:
    for which, setting in summary.settings.items():
        text = PUBLISHED[which].said if which in PUBLISHED else {}
        for name, beside in setting.published.items():
            odd, measure = summary.differences(which, name), setting.measures[name]
            said = f"{beside.slope:.3f}" + (f" ({text[name]:.2f} in the text)" if name in text else "")
            low, high = beside.joint.low, beside.joint.high
            within = f"published slope within the joint 95 % interval [{low:.3f}, {high:.3f}]"
            power = f"a difference of {beside.detectable:.2f} would be found (at 1%, with probability 90%)"
            why = "; ".join(odd) or f"{within}; {power}"
            rest = (int(measure.runs.sum()), _judged(odd, beside.decisive), why)
            yield Claim(f"slope of mu_{name} in n, {title(which)}", said, slope_text(measure), *rest)


def _shares(test: CurveTest | None, comparisons: Sequence[Comparison], where: str) -> Iterator[Claim]:
    """The shares of converged runs at all published n at once."""
    if test is None:
        return
    odd = [f"rejected at {LEVEL:.0%}: {chance(test.p_value)}"] if test.p_value < LEVEL else []
    apart, ends = pooled_difference(comparisons)
    said, ours = f"{test.runs[1]} runs", f"difference {apart:+.1%} [{ends.low:+.1%}, {ends.high:+.1%}]"
    why = "; ".join(odd) or f"{_test(test)}; {power_text(comparisons)}"
    rest = (test.runs[0], _judged(odd, sufficient(comparisons)), why)
    yield Claim(f"share of converged runs at each n of {where}", said, ours, *rest)


def _judged(odd: Sequence[str], sufficient: bool) -> str:
    """Of a test that finds what is `odd`: nothing found means something only with sufficient power."""
    return NOT_REPRODUCED if odd else REPRODUCED if sufficient else OPEN


def _test(test: CurveTest | None) -> str:
    return "no shared n" if test is None else f"two-sample test over all n: {chance(test.p_value)}"


def _runs(comparisons: Sequence[Comparison]) -> int:
    return sum(int(one.measured.runs.sum()) for one in comparisons)


def _slope(line: Fit) -> str:
    return f"{line.slope:.2f} [{line.slope_interval.low:.2f}, {line.slope_interval.high:.2f}]"


def _word(good: bool) -> str:
    return REPRODUCED if good else NOT_REPRODUCED


_OF: dict[str, Callable[[Any], Iterator[Claim]]] = {
    "fig1": _of_figure1,
    "fig2": _of_figure2,
    "fig3": _of_figure3,
    "fig4": _of_figure4,
    "fig5": _of_figure5,
    "fig6": _of_figure6,
}
