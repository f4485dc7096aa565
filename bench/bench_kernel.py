"""How fast is one Euler step of a dense problem, against the processor's limit and against rivals?

The contest of `pl-native bench` (pl_native.bench.dense) on more sizes, with the project's goals beside it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from options import parse, save
from pl_native.bench.dense import DTYPES, SIZES, describe, one_case
from pl_native.bench.harness import Effort
from pl_native.bench.machine import cores
from pl_native.bench.problems import Case
from pl_native.bench.rivals import DENSE, LOOP, Crews

FURTHER_SIZES = [(1700, 100, 48)]
ODD_SIZES = [(3, 2, 200_000), (100_000, 2, 3), (2000, 1, 50)]
# (n, d, p) -> goals: share of the peak in both precisions; float32 ratios over JAX, NumPy, the PyTorch loop
SHARE_GOALS = {(1700, 100, 37): 0.80, (300, 30, 31): 0.60, (350, 30, 400): 0.80}
RATIO_GOALS = {
    (1700, 100, 37): {"JAX vmap": 1.5, "JAX per core": 1.5, "NumPy": 1.8, LOOP: 3.5},
    (300, 30, 31): {"JAX vmap": 3.0, "JAX per core": 3.0, "NumPy": 3.5, LOOP: 25.0},
    (350, 30, 400): {"JAX vmap": 1.5, "JAX per core": 1.5, "NumPy": 1.8, LOOP: 3.5},
}
WIDTH_GOAL = 0.85  # time(p = 37) over time(p = 48), at most


def with_goals(row: dict[str, Any]) -> dict[str, Any]:
    """The row of a contest, with the goals there are for its size."""
    size, single = (row["n"], row["d"], row["p"]), row["dtype"] == "float32"
    row["share_of_peak"]["goal"] = SHARE_GOALS.get(size)
    for rival in row["rivals"]:
        rival["goal"] = RATIO_GOALS.get(size, {}).get(rival["family"]) if single else None
        if size in ODD_SIZES and rival["family"] == "NumPy":
            rival["goal"] = 1.0
    if "over_beside" in row:
        row["time_37_over_48"] = row.pop("over_beside") | {"goal": WIDTH_GOAL}
    return row


def run(effort: Effort) -> list[dict[str, Any]]:
    rivals = [rival for rival in DENSE if not (effort.quick and rival.slow_start)]
    numpy_only = [rival for rival in rivals if rival.family == "NumPy"]
    rows = []
    with Crews() as crews:
        for n, d, p in SIZES + FURTHER_SIZES + ODD_SIZES:
            for dtype in DTYPES:
                few = (n, d, p) not in SIZES or (effort.quick and dtype == "float64")
                case = Case(n, d, p, dtype, cores())
                beside = replace(case, p=48) if p == 37 else None
                row = one_case(case, numpy_only if few else rivals, crews, effort, beside)
                rows.append(with_goals(row))
                effort.say(describe(row))
    return rows


if __name__ == "__main__":
    chosen: tuple[Effort, Path] = parse(__doc__)
    save("kernel", __doc__, run, *chosen)
