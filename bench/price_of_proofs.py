"""What looking for a proof adds to a run: at most a fifth, or one certificate if that is more.

    python bench/price_of_proofs.py --out docs/results/proofs [--seconds S] [--table]

Each problem (`sphere(n, d, seed)`, `torch_linear(p, d, seed=100 + seed)`, capture at rtol 1e-2, one thread)
is followed with Stop(proof=True) until something is proved, or to 20 t_inf, and without it to the same time:
processor time, in turn, medians of three rounds; beside it that of one certificate of the end. Rows in
price.csv; those that are there are not computed again.
"""

from __future__ import annotations

import argparse
import csv
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pl_native as pl
from pl_native._base.build import NUMERICS
from power_of_proofs import known, problem

SIZES = ((1000, 100, 35), (1700, 100, 37), (1000, 30, 35), (3000, 100, 39))
"""(n, d, p): the first two and the last converge, the third is at 0.95 p d, where 20 t_inf are too few."""
SEEDS, ROUNDS = 2, 3
COLUMNS = ("n", "d", "p", "seed", "status", "t", "failed", "with_proof", "without", "certificate",
           "numerics")  # fmt: skip


def seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def price(size: tuple[int, int, int], seed: int) -> dict[str, Any]:
    data, net = problem(*size, seed)
    how: dict[str, Any] = {"method": "capture", "rtol": 1e-2, "threads": 1, "progress": False}

    def run(t_end: float, proof: bool) -> pl.Solution:
        return pl.simulate(data, net, t_end, stop=pl.Stop(proof=proof), **how)

    asked = 20 * pl.horizon(size[0], size[2])
    sol = run(asked, True)
    t = float(sol.t[-1])
    rounds = [
        (seconds(lambda: run(asked, True)), seconds(lambda: run(t, False)),
         seconds(lambda: pl.certify(data, sol.network, threads=1)))
        for _ in range(ROUNDS)
    ]  # fmt: skip
    medians = [round(statistics.median(column), 3) for column in zip(*rounds, strict=True)]
    ends = (sol.status.name, f"{t:.6g}", sol.stats["proof_failed"])
    found = (*size, seed, *ends, *medians, NUMERICS["capture"])
    return dict(zip(COLUMNS, found, strict=True))


def table(rows: list[dict[str, str]]) -> str:
    """The table of docs/proofs.md, as Markdown: means over seeds."""
    head = ("n, d, p", "ends", "attempts failed", "run, s", "the proof adds, s", "share", "a certificate, s")
    lines = [f"| {' | '.join(head)} | numerics |", "|---|---|---|---|---|---|---|---|"]
    for size in SIZES:
        mine = [row for row in rows if tuple(int(row[k]) for k in ("n", "d", "p")) == size]
        if not mine:
            continue
        ends, failed = (", ".join(row[k] for row in mine) for k in ("status", "failed"))
        without, whole, one = (
            statistics.mean(float(row[k]) for row in mine) for k in ("without", "with_proof", "certificate")
        )
        share = f"{(whole - without) / without:.2f}"
        lines.append(
            f"| {', '.join(map(str, size))} | {ends} | {failed} | {without:.2f} | {whole - without:.2f} "
            f"| {share} | {one:.2f} | {', '.join(sorted({row['numerics'] for row in mine}))} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/results/proofs"))
    parser.add_argument("--seconds", type=float, default=math.inf, help="of processor time at most")
    parser.add_argument("--table", action="store_true", help="print the table of the rows that are there")
    given = parser.parse_args()
    path = given.out / "price.csv"
    there = {(int(row["n"]), int(row["d"]), int(row["seed"])) for row in known(path)}
    for size in SIZES:
        for seed in range(SEEDS):
            late = given.table or time.process_time() > given.seconds
            if late or (size[0], size[1], seed) in there:
                continue
            row = price(size, seed)
            with open(path, "a", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS)
                if not file.tell():
                    writer.writeheader()
                writer.writerow(row)
    print(table(known(path)))


if __name__ == "__main__":
    main()
