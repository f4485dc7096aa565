"""How often a proof is there: runs stopped at a share of the criterion's level, and runs that stall.

    python bench/power_of_proofs.py --out docs/results/proofs [--only converging | stalls] [--seconds S]

Draws are `sphere(n, d, seed)` and `torch_linear(p, d, seed=100 + seed)`, seed = 0, 1, ...  *Converging*:
capture at rtol 1e-2 until the loss passes a share of min y^2/(2n); *stalls*: the flow at
rtol 1e-9 until stall = 1e-13. Of each state a row of converging.csv or stalls.csv: what `certify` proves, and
what it costs. Rows that are there are not computed again; `docs/proofs.md` has their table (`--table`).
"""

from __future__ import annotations

import argparse
import csv
import math
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import pl_native as pl
from pl_native._base.build import NUMERICS

CONVERGING = (((300, 30, 31), (1e-4, 1e-6)), ((1000, 100, 35), (1e-4, 1e-6)), ((1700, 100, 37), (1e-5, 1e-6)))
"""(n, d, p) and the shares of the criterion's level; 20 draws each."""
DRAWS = 20
STALLS = (((60, 5, 6), 24), ((120, 10, 8), 16), ((300, 20, 12), 12))
"""(n, d, p) and draws."""
COLUMNS = ("n", "d", "p", "seed", "share", "status", "t", "loss", "local_pl", "verdict", "rate", "held_until",
           "held_bound", "at_zero", "needed", "reason", "seconds_run", "seconds_certify",
           "numerics")  # fmt: skip


def problem(n: int, d: int, p: int, seed: int) -> tuple[pl.Dataset, pl.Network]:
    return pl.data.sphere(n, d, seed=seed), pl.initial.torch_linear(p, d, seed=100 + seed)


def row_of(
    size: tuple[int, int, int], seed: int, share: float, sol: pl.Solution, method: str, seconds: float
) -> dict[str, Any]:
    """The state that `sol` ended in, and its certificate."""
    before = time.process_time()
    c = sol.certify()
    held = c.held_until or (None, None)
    found: tuple[Any, ...] = (
        *size, seed, share, sol.status.name, sol.t[-1], sol.loss[-1], sol.local_pl[-1],
        "" if c.verdict is None else c.verdict.name, c.rate, *held, len(c.at_zero or ()), c.margins.needed,
        c.reason, round(seconds, 2), round(time.process_time() - before, 3), NUMERICS[method],
    )  # fmt: skip
    return dict(zip(COLUMNS, found, strict=True))


def converging(size: tuple[int, int, int], shares: tuple[float, ...], seed: int) -> Iterator[dict[str, Any]]:
    data, net = problem(*size, seed)
    level = float(np.min(data.y**2)) / (2 * data.n)
    for share in shares:
        stop, before = pl.Stop(loss=share * level, stall=1e-13), time.process_time()
        sol = pl.simulate(data, net, 1e6, method="capture", rtol=1e-2, stop=stop, threads=1)
        yield row_of(size, seed, share, sol, "capture", time.process_time() - before)


def stall(size: tuple[int, int, int], seed: int) -> dict[str, Any]:
    data, net = problem(*size, seed)
    stop, before = pl.Stop(stall=1e-13, max_steps=60_000), time.process_time()
    sol = pl.simulate(data, net, 1e6, method="flow", rtol=1e-9, stop=stop)
    return row_of(size, seed, 0.0, sol, "flow", time.process_time() - before)


def known(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def add(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    """Rows behind those that are there, each as soon as it is known."""
    fresh = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if fresh:
            writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})
            file.flush()


def compute(out: Path, only: str | None, seconds: float) -> None:
    """What is missing, the small sizes first; nothing is begun once so much processor time is spent."""
    places = {name: {(int(r["n"]), int(r["seed"])) for r in known(out / f"{name}.csv")}
              for name in ("converging", "stalls")}  # fmt: skip
    if only != "converging":
        for size, draws in STALLS:
            for seed in range(draws):
                if (size[0], seed) not in places["stalls"] and time.process_time() < seconds:
                    add(out / "stalls.csv", iter([stall(size, seed)]))
    if only != "stalls":
        for size, shares in CONVERGING:
            for seed in range(DRAWS):
                if (size[0], seed) not in places["converging"] and time.process_time() < seconds:
                    add(out / "converging.csv", converging(size, shares, seed))


def table(out: Path) -> str:
    """Both tables of docs/proofs.md, as Markdown."""
    return "\n".join([*_converging(known(out / "converging.csv")), "", *_stalls(known(out / "stalls.csv"))])


def _converging(rows: list[dict[str, str]]) -> Iterator[str]:
    """Runs that stalled before they reached a level are none of it."""
    yield "| n, d, p | at | reached | proved | rate over local_pl | the others | numerics |"
    yield "|---|---|---|---|---|---|---|"
    for size, shares in CONVERGING:
        for share in shares:
            mine = [r for r in rows if _size(r) == size and float(r["share"]) == share]
            there = [r for r in mine if r["status"] == "TARGET"]
            proved = [r for r in there if r["verdict"]]
            ratios = [float(r["rate"]) / float(r["local_pl"]) for r in proved]
            middle = f"{statistics.median(ratios):.2f}" if ratios else ""
            other = _reasons(there, lambda r: f"needed/allowed {float(r['needed']):.2g}")
            reached = f"{len(there)} of {len(mine)}"
            cells = (_name(size), f"{share:g}", reached, len(proved), middle, other, _numerics(mine))
            yield f"| {' | '.join(map(str, cells))} |"


def _stalls(rows: list[dict[str, str]]) -> Iterator[str]:
    head = ("n, d, p", "draws", "a neuron at 0", "trapped", "held, T >= 1000 t", "T >= 10 t", "the others")
    yield from (f"| {' | '.join(head)} | numerics |", "|---|---|---|---|---|---|---|---|")
    for size, _ in STALLS:
        mine = [r for r in rows if _size(r) == size]
        free = [r for r in mine if r["at_zero"] == "0"]
        times = [float(r["held_until"]) / float(r["t"]) for r in free if r["held_until"]]
        counts = (len(mine), len(mine) - len(free), sum(bool(r["verdict"]) for r in free),
                  sum(v >= 1000 for v in times), sum(10 <= v < 1000 for v in times))  # fmt: skip
        other = _reasons([r for r in free if not r["held_until"]], lambda r: r["reason"])
        yield f"| {_name(size)} | {' | '.join(map(str, counts))} | {other} | {_numerics(mine)} |"


def _reasons(rows: list[dict[str, str]], word: Any) -> str:
    return "; ".join(f"seed {r['seed']}: {word(r)}" for r in rows if not r["verdict"])


def _numerics(rows: list[dict[str, str]]) -> str:
    return ", ".join(sorted({r["numerics"] for r in rows}))


def _size(row: dict[str, str]) -> tuple[int, int, int]:
    return int(row["n"]), int(row["d"]), int(row["p"])


def _name(size: tuple[int, int, int]) -> str:
    return ", ".join(map(str, size))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/results/proofs"))
    parser.add_argument("--only", choices=("converging", "stalls"))
    parser.add_argument("--seconds", type=float, default=math.inf, help="of processor time at most")
    parser.add_argument("--table", action="store_true", help="print the table of the rows that are there")
    given = parser.parse_args()
    if not given.table:
        compute(given.out, given.only, given.seconds)
    print(table(given.out))


if __name__ == "__main__":
    main()
