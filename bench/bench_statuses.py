"""Statuses and proofs of method "auto" against the exact flow's, counted on 300 random small problems.

Problems so small are the flow's alone, so the turns of "auto" are forced: capture and the flow twice each,
at rtol 1e-3 and with `Stop(proof=True, stall=1e-6)`. Where flows whose weights are off by 1e-10 of themselves
end with different statuses, there is none to agree with: these problems are counted apart.
"""

from __future__ import annotations

import argparse
import contextlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import pl_native as pl
from pl_native._run.choosing.forecast import Choice, Forecast
from pl_native.bench.machine import machine_facts

Row = dict[str, Any]
PROVED = (pl.Status.CONVERGED, pl.Status.DEAD_POINT, pl.Status.TRAPPED)
TURNS = (("capture", 60.0), ("flow", 60.0), ("capture", None))
T_END, SHAKEN, COPIES = 3e3, 1e-10, 3
SAME_END = 1e-2  # of the loss: ends nearer than that are of one branch


@contextlib.contextmanager
def forced(turns: Sequence[tuple[str, float | None]]) -> Iterator[None]:
    """Every run takes these turns, whatever they cost, but never back to a capture that missed."""

    def choose(self: Forecast, method: str | None, W: Any, a: Any) -> Choice:
        count = getattr(self, "count", 0)
        self.count = count + 1  # type: ignore[attr-defined]
        return Choice("flow", None) if self._vain else Choice(*turns[min(count, len(turns) - 1)])

    with mock.patch.object(Forecast, "choose", choose):
        yield


def problem(seed: int) -> tuple[pl.Dataset, pl.Network]:
    rng = np.random.default_rng(seed)
    n, d, p = int(rng.integers(4, 20)), int(rng.integers(2, 10)), int(rng.integers(2, 8))
    return pl.data.sphere(n, d, seed=seed), pl.initial.asymmetric(p, d, seed=seed + 100)


def run(data: pl.Dataset, net: pl.Network, method: str, rtol: float) -> pl.Solution:
    stop = pl.Stop(proof=True, stall=1e-6)
    return pl.simulate(data, net, T_END, method=method, rtol=rtol, stop=stop, threads=1)


def limits(sol: pl.Solution) -> tuple[float, float]:
    return sol.stats["proof_limit_low"], sol.stats["proof_limit_high"]


def apart(one: pl.Solution, other: pl.Solution) -> bool:
    """Whether two proofs of trapping at one end contradict one another about the limit of the loss."""
    (low, high), (least, most) = limits(one), limits(other)
    return low > most * (1 + 1e-3) or high < least * (1 - 1e-3)


def compared(seed: int, copies: int = COPIES) -> Row:
    """Statuses of the flow, of flows shaken and of "auto"; how the ends of the first and the last agree."""
    data, net = problem(seed)
    exact = run(data, net, "flow", 1e-9)
    rng = np.random.default_rng(seed)
    shaken = []
    for _ in range(copies):
        W = net.W * (1 + SHAKEN * rng.standard_normal(net.W.shape))
        shaken.append(run(data, pl.Network(W, net.a), "flow", 1e-9).status)
    with forced(TURNS):
        auto = run(data, net, "auto", 1e-3)
    near = abs(float(auto.loss[-1]) - float(exact.loss[-1])) <= SAME_END * float(exact.loss[-1])
    both = (exact.status, auto.status)
    near = near or both == (pl.Status.CONVERGED, pl.Status.CONVERGED)
    trapped = both == (pl.Status.TRAPPED, pl.Status.TRAPPED)
    return {
        "seed": seed,
        "flow": exact.status.name,
        "auto": auto.status.name,
        "disagree": any(status is not exact.status for status in shaken),
        "same_end": near,
        "contradicted": trapped and near and apart(auto, exact),
    }


DISAGREE = "flows perturbed by 1e-10 disagree among themselves"
ALIKE, MORE = "proved alike", "proved by auto only"
NEITHER, PACE = "neither, alike", "neither, STALLED and HORIZON"
AGREE = (DISAGREE, ALIKE, MORE, NEITHER, PACE)


def verdict(row: Row) -> str:
    """What became of one problem: one of AGREE, or how the two do not."""
    proved = {status.name for status in PROVED}
    if row["disagree"]:
        return DISAGREE
    if row["contradicted"]:
        return "limits contradict"
    if row["flow"] in proved:
        return ALIKE if row["auto"] == row["flow"] else f"{row['flow']}, auto {row['auto']}"
    if row["auto"] in proved:
        return MORE
    return NEITHER if row["auto"] == row["flow"] else PACE


def table(rows: Sequence[Row]) -> list[str]:
    """Lines of the table in docs/methods.md."""
    found = Counter(map(verdict, rows))
    flow = sum(row["flow"] in {status.name for status in PROVED} for row in rows if not row["disagree"])
    shaken = found[DISAGREE]
    free = len(rows) - shaken - flow
    against = len(rows) - sum(found[what] for what in AGREE)
    branches = sum(not row["same_end"] for row in rows if verdict(row) not in (DISAGREE, ALIKE))
    lines = {
        "flows perturbed by 1e-10 (three each) end with different statuses: nothing to agree with": shaken,
        'the flow is proved: "auto" is proved alike, to the same limit': f"{found[ALIKE]} of {flow}",
        'the flow is not: "auto" is, as it rested longer': f"{found[MORE]} of {free}",
        "neither is, the same status": found[NEITHER],
        "neither is, one STALLED and the other HORIZON": found[PACE],
        "contradicted": against,
        "the flow is not, and they end on different branches, at another loss": f"{branches} of {free}",
    }
    return [f"| {what} | {count} |" for what, count in lines.items()]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--problems", type=int, default=300)
    parser.add_argument("--out", type=Path, help="JSON of the rows (docs/results/statuses.json)")
    given = parser.parse_args()
    rows = []
    for seed in range(given.problems):
        rows.append(compared(seed))
        print(json.dumps(rows[-1]), flush=True)
    print("\n".join(table(rows)))
    for row in rows:
        if verdict(row) not in AGREE:
            print(row["seed"], verdict(row))
    if given.out is not None:
        lines = ",\n".join(map(json.dumps, rows))
        given.out.write_text(f'{{"machine": {json.dumps(machine_facts())},\n"rows": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
