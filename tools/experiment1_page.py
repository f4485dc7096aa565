"""The page of `experiment1-flow`."""

from __future__ import annotations

from collections.abc import Sequence

from experiment1_findings import edges, finding_1, finding_2, tails
from experiment1_patterns import patterns
from experiment1_tables import Row, outcomes, overview

END = 1000.0  # t_inf at which a run is given up
MOST_STEPS = 60_000  # of Euler

INTRODUCTION = """# Experiment 1 beyond its horizon

d = 100, width 1x, `torch_linear`. The paper follows gradient descent (Euler) with step 1 to the horizon
t_inf = 1.5 (sqrt(n p)/4) log(n p). Here each network is followed by the flow itself (`method="capture"`)
until the loss is 1e-6 of the criterion's level, min y^2/(2n) (*converged*), or the run stalls, and by Euler
in float32 with steps 1, 0.5 and 0.25. Times are in units of t_inf.
"""

HOW = """## How it was made

By `tools/experiment1-flow`: one thread, one run per row in `results/experiment1/rows.csv`, its curve in
`curves.csv` there. Seconds are those of a busy machine. A run ends at {end:g} t_inf, at {steps} steps of
Euler, or where the computing time given to it ended; the column "ends" says where. Of several draws the mean
is given, and the range [least, largest], which covers the median of the law with probability 1 - 2^(1-m) for
m draws (3 draws: 75 %). Shares have Clopper-Pearson intervals (95 %); undecided networks widen them to both
sides. `1 of 3 > 8`: one of three runs had not got there when it ended, at 8.

Late losses of one network depend on which branches its repelling kinks take, and no practical tolerance
settles that; capture is therefore run at two tolerances (of the loss, or 1 % of the first loss where that
is more), and what differs between them is not known better than that. That 1e-6 of the level was reached is
claimed with a margin of two estimated errors of the loss: its time is an upper bound.
"""

FIGURE = """![Loss over the criterion's level against time](figures/experiment1.png)

*From the stored curves. Flow: solid rtol 0.001, dashed rtol 0.1; faint: further draws. Grey: the criterion,
1e-6 of it, and the paper's horizon.*
"""


def page(rows: Sequence[Row], curves: Sequence[Row] = (), spectra: Sequence[Row] = ()) -> str:
    """The whole page. `spectra`: the rows of experiment1-spectrum."""
    parts = [
        INTRODUCTION,
        overview(rows),
        FIGURE if curves else "",
        "## Findings\n",
        finding_1(rows),
        finding_2(rows),
        tails(rows, curves),
        patterns(spectra),
        edges(rows),
        "## Times, costs and verdicts\n",
        outcomes(rows),
        HOW.format(end=END, steps=f"{MOST_STEPS:,}".replace(",", " ")),
        origin(rows),
    ]
    return "\n".join(part for part in parts if part)


def origin(rows: Sequence[Row]) -> str:
    """Which rows an earlier state of the code has made."""
    early = [row for row in rows if row["code"] == "earlier"]
    if not early:
        return ""
    draws = ", ".join(sorted({row["draw"] for row in early}))
    return (
        f"{len(early)} of the {len(rows)} rows (draws {draws}; `earlier` in column `code`) are of an earlier "
        "build, which\nended every run at 8 t_inf and kept no curves.\n"
    )
