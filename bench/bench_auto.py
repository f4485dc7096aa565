"""What the flow and capture cost, what `method="auto"` makes of it, and what `pl.advise` tells before.

Process time of one thread on sixty problems (`auto_problems.py`). `--fit` prints the prices of
`_run/choosing/costs.py` that the runs of this machine would give (a step, a right-hand side, an event of each
method; least squares of logs).
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.optimize

import pl_native as pl
from auto_problems import Question, others, questions, settling
from pl_native._run.choosing import costs, prices
from pl_native.bench.machine import machine_facts

Row = dict[str, Any]
HOLD = 0.1  # weight of the constants of before
AGAIN = ((0.01, 14), (0.1, 2))  # a run of fewer seconds is run so many times more
LONGEST = 300.0  # seconds, by the clock, that a run may take here


def timed(question: Question, method: str) -> Row:
    """One run: its process time and counts."""
    data, network = question.problem()
    rtol = min(question.rtol, 1e-6) if method == "flow" else question.rtol  # as true as capture is to be
    stop = pl.Stop(wall_time=LONGEST)
    save = pl.Save(switches=method == "flow")
    began = time.process_time()
    sol = pl.simulate(
        data, network, question.t_end, method=method, rtol=rtol, stop=stop, save=save, threads=1
    )
    seconds = time.process_time() - began
    counts = {
        name: sol.stats.get(name)
        for name in (
            "steps",
            "rejected",
            "rhs",
            "events",
            "stabilised_steps",
            "restarts",
            "loss_error",
            "methods",
        )
    }
    row = {"seconds": seconds, "status": sol.status.name, "loss": float(sol.loss[-1]), "t": float(sol.t[-1])}
    if sol.switches is not None:
        row["curve"] = [int(np.searchsorted(sol.switches.t, share * question.t_end)) for share in SHARES]
    return row | counts


KEPT = ("seconds", "status", "loss", "rhs", "steps", "events", "restarts", "loss_error", "methods")
SHARES = [float(x) for x in np.geomspace(1e-4, 1, 17)]


def least(question: Question, method: str) -> Row:
    """The cheapest of several runs, which a busy machine disturbs; of one where it is long."""
    first = timed(question, method)
    more = next((count for seconds, count in AGAIN if first["seconds"] < seconds), 0)
    again = [timed(question, method) for _ in range(more)]
    return min([first, *again], key=lambda row: float(row["seconds"]))


def sizes_of(question: Question) -> costs.Sizes:
    orthogonal = question.kind == "orthogonal"
    return costs.Sizes(question.n, question.d, question.p, orthogonal, question.t_end)


Case = tuple[Question, Row]


def fitted_flow(kind: str, rows: Sequence[Case]) -> Row:
    """Constants of `_run/choosing/prices.py` for the flow on inputs of a kind: least squares of logs of what
    runs counted and took.
    """
    flows = [(q, row["flow"]) for q, row in rows if row["flow"]["status"] == "HORIZON"]
    sizes = {q.name: sizes_of(q) for q, _ in flows}
    before = prices.FLOW[kind]

    def events(c: Any, q: Question) -> Any:
        z = sizes[q.name]
        return c[0] * z.pairs * float(z.rank) ** c[3] * -np.expm1(-c[1] * z.share ** c[2])

    def rhs(c: Any, q: Question, found: Any) -> Any:
        z = sizes[q.name]
        B, y = before[2:4]  # what crowds is told by runs at several tolerances (docs/methods.md)
        several = max(B * costs.crowding(z, q.rtol, q.t_end, found), 1.0)
        late = q.n ** c[4] * float(z.rank) ** c[5] * q.p ** c[6] * np.log1p(z.share) ** c[7]
        return c[0] * found / several**y + c[1] * late * costs.many(z)

    each = [(partial(rhs, q=q, found=row["events"]), row["rhs"] - costs.START["flow"]) for q, row in flows]
    return {
        "EVENTS": fit(
            prices.EVENTS[kind], [(partial(events, q=q), row["events"]) for q, row in flows], (1, 2, 3)
        ),
        "FLOW": fit(before, each, (4, 5, 6, 7)),
        "SECONDS": fitted_seconds("flow", kind, rows),
    }


def fitted_capture(kind: str, rows: Sequence[Case]) -> Row:
    """The same for capture, on inputs of a kind as its prices tell them apart."""

    def rhs(c: Any, q: Question) -> Any:
        z = sizes_of(q)
        finer = max(0.1 / q.rtol - 1, 0.0) ** c[5] * costs.fitting(z) * costs.missing(z, q.rtol, z.share)
        first = c[0] * float(z.pairs) ** c[1] * z.share ** c[2]
        finer *= c[3] * float(z.pairs) ** c[4] * (z.n / z.rank) ** c[7]
        return first + finer * np.log1p(z.share) ** c[6]

    each = [(partial(rhs, q=q), max(row["capture"]["rhs"] - costs.START["capture"], 1)) for q, row in rows]
    return {
        "CAPTURE": fit(prices.CAPTURE[kind], each, (1, 2, 4, 5, 6, 7)),
        "SECONDS": fitted_seconds("capture", kind, rows),
    }


def fitted_seconds(method: str, kind: str, rows: Sequence[Case]) -> list[float]:
    """Constants of a right-hand side's seconds."""

    def seconds(c: Any, q: Question, held: float) -> Any:
        z = sizes_of(q)
        volume = float(z.pairs) * (1 if z.orthogonal else q.d)
        return c[0] + c[1] * volume ** c[2] * costs.longer(z, c[5]) + c[3] * q.p + c[4] * held

    each = [
        (
            partial(seconds, q=q, held=costs.events(sizes_of(q)) / row[method]["rhs"]),
            whole(row[method]) / row[method]["rhs"],
        )
        for q, row in rows
        if method == "capture" or row["flow"]["status"] == "HORIZON"
    ]
    return fit(prices.SECONDS[method][kind], each, (5,))


def whole(row: Row) -> float:
    """Seconds of a run without the call; what is left of the shortest is noise."""
    return max(float(row["seconds"]) - prices.CALL, 1e-4)


def fit(start: Sequence[float], cases: Sequence[tuple[Any, float]], free: Sequence[int] = ()) -> list[float]:
    """Constants c for which every function of c is near its value, in logs and robustly; those of the indices
    `free` may change sign.
    """
    begin = np.array(start)
    added = np.isin(np.arange(len(begin)), free)

    def made(x: Any) -> Any:
        return np.where(added, begin + x, begin * np.exp(np.where(added, 0.0, x)))

    def off(x: Any) -> Any:
        c = made(x)
        off = [math.log(max(float(law(c)), 1e-300) / value) for law, value in cases]
        return [*off, *(HOLD * x)]  # what the runs do not tell stays as it was

    found = scipy.optimize.least_squares(off, np.zeros(len(begin)), loss="soft_l1", f_scale=0.5)
    left = np.abs(off(found.x)[: len(cases)])
    print("  off by a factor of", np.round(np.exp(np.quantile(left, [0.5, 0.9, 1.0])), 2))
    return [float(f"{value:.3g}") for value in made(found.x)]


def fit_all(rows: Row) -> None:
    asked = [(q, rows.get(q.name, {})) for q in (*questions(), *settling())]
    asked = [(q, row) for q, row in asked if {"flow", "capture"} <= set(row)]
    asked = [(q, row) for q, row in asked if q.scale >= 0.1]
    for method, law in (("flow", fitted_flow), ("capture", fitted_capture)):
        for kind in prices.SECONDS[method]:
            mine = [(q, row) for q, row in asked if sizes_of(q).kind_of(method) == kind]
            print(method, kind, json.dumps(law(kind, mine), indent=1))


def judged(rows: Row, asked: Sequence[Question]) -> list[Row]:
    """How far auto is from the better of the two that are true, and what advice told."""
    found = []
    for q in asked:
        row = rows.get(q.name, {})
        if not {"flow", "capture", "auto"} <= set(row):
            continue
        flow, capture, auto = row["flow"], row["capture"], row["auto"]
        off = abs(capture["loss"] / flow["loss"] - 1)
        true = capture["loss_error"] <= q.rtol and (off <= 3 * q.rtol or flow["status"] != "HORIZON")
        best = min(flow["seconds"], capture["seconds"]) if true else flow["seconds"]
        data, network = q.problem()
        told = pl.advise(data, network, q.t_end, rtol=q.rtol).costs["auto"]
        found.append(
            {"name": q.name, "best": best, "told": told, "capture_true": true, "capture_off": off}
            | {name: {key: row[name][key] for key in KEPT} for name in ("flow", "capture", "auto")}
        )
        print(
            f"{q.name:70s} flow {1e3 * flow['seconds']:9.2f}  capture {1e3 * capture['seconds']:9.2f}"
            f" ({'true' if true else 'false'} {off:.1e})  auto {1e3 * auto['seconds']:9.2f}"
            f"  ratio {auto['seconds'] / best:.2f} told {told / auto['seconds']:.2f} {auto['methods']}"
        )
    return found


def summary(found: Sequence[Row]) -> str:
    ratio = np.array([row["auto"]["seconds"] / row["best"] for row in found])
    told = np.array([abs(math.log(row["told"] / row["auto"]["seconds"])) for row in found])
    return (
        f"{len(found)} problems: auto within 1.5 times the better method in {np.mean(ratio <= 1.5):.0%}, "
        f"at worst {ratio.max():.2f} times; advice within a factor of 3 in {np.mean(told <= math.log(3)):.0%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", nargs="*", default=["flow", "capture", "auto"])
    parser.add_argument(
        "--out", type=Path, required=True, help="JSON of the runs; those there are not run again"
    )
    parser.add_argument(
        "--keep", type=Path, help="also write what was found, compact (docs/results/auto.json)"
    )
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--others", action="store_true", help="the problems that no price was fitted to")
    given = parser.parse_args()
    asked = others() if given.others else questions()
    measured = [*asked, *settling()] if given.fit else asked
    timed(questions()[0], "flow")  # imports, threads, caches
    rows = json.loads(given.out.read_text()) if given.out.exists() else {}
    for question in measured:
        row = rows.setdefault(question.name, {})
        for method in given.methods if question in asked else ("flow", "capture"):
            if method in row:
                continue
            row[method] = least(question, method)
            print(question.name, method, {k: v for k, v in row[method].items() if k != "curve"}, flush=True)
            given.out.write_text(json.dumps(rows))
    if given.fit and not given.others:
        fit_all(rows)
    found = judged(rows, asked)
    if len(found) == len(asked):
        print(summary(found))
    if given.keep is not None:
        text = ",\n".join(json.dumps(row) for row in found)
        given.keep.write_text(f'{{"machine": {json.dumps(machine_facts())},\n"problems": [\n{text}\n]}}\n')


if __name__ == "__main__":
    main()
