"""Soundness of claims by search: small problems, degenerate ones, tiny scales and plateaus, run to an end by
one of the methods; what was claimed there against the flow followed 1000 times longer at a smaller tolerance.

    PYTHONPATH=tests python -m fuzz.claims --problems 10000 --out docs/results/fuzz/claims.json
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import pl_native as pl
from fuzz.judging import rounding_of_loss
from fuzz.tally import Tally
from pl_native import Status
from pl_native._base.build import NUMERICS
from proving import KINDS, start

LONGER = 1000.0
RTOL, SMALLER = 1e-6, 1e-9
STALL = 1e-6
SCALES = (1.0, 1.0, 1.0, 0.1, 1e-2, 1e-4, 1e-8)
PROVED = (Status.CONVERGED, Status.TRAPPED, Status.DEAD_POINT)


@dataclass
class Outcome(Tally):
    """Over the problems: how runs ended, and what became of each claim."""

    ends: Counter[str] = field(default_factory=Counter)
    claims: Counter[str] = field(default_factory=Counter)
    lost_later: list[int] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        more = {"stalled and lost more than a tenth later": self.lost_later, "undecided": self.undecided}
        return super().as_json() | more


def problem(number: int) -> tuple[pl.Dataset, pl.Network, str, float, dict[str, Any]]:
    """(data, network, method, t_end, rules) of the search: n <= 12, d <= 6, p <= 6."""
    rng = np.random.default_rng([20261128, number])
    while True:
        data, net = start(str(rng.choice(KINDS)), int(rng.integers(2**31)))
        if data.d <= 6 and net.p <= 6:
            break
    scale = float(rng.choice(SCALES))
    net = pl.Network(net.W * scale, net.a * scale)
    method = str(rng.choice(["euler", "flow", "flow", "capture"]))
    rules = {"stall": STALL, "max_steps": 20_000, "wall_time": 5.0}
    rules |= {"criterion": True} if rng.random() < 0.3 else {}
    return data, net, method, float(10 ** rng.uniform(1, 4)), rules


def run(number: int) -> tuple[pl.Dataset, pl.Solution]:
    data, net, method, t_end, rules = problem(number)
    how: dict[str, Any] = {"step": 0.05} if method == "euler" else {"rtol": RTOL}
    return data, pl.simulate(data, net, t_end, method=method, stop=pl.Stop(**rules), progress=False, **how)


def followed(data: pl.Dataset, sol: pl.Solution) -> pl.Solution:
    """The flow from the state reached, 1000 times longer at a smaller tolerance."""
    stop = pl.Stop(max_steps=40_000, wall_time=5.0)
    t_end = LONGER * max(float(sol.t[-1]), 1.0)
    state = sol.network if sol.network.dtype == np.float64 else pl.Network(sol.network.W, sol.network.a)
    return pl.simulate(data, state, t_end, method="flow", rtol=SMALLER, stop=stop, save=20, progress=False)


def verdict_on(status: Status, low: float, later: pl.Solution, noise: float) -> str:
    """ "held", "contradicted" or "undecided" of a claim: of CONVERGED that the loss tends to 0, of the others
    that it stays above `low`."""
    first, last, whole = later.loss[0], later.loss[-1], later.status is Status.HORIZON
    if status is Status.CONVERGED:
        if last <= 1e-6 * first or last <= noise:
            return "held"
        flat = later.local_pl[-1] * later.t[-1] < STALL
        return "contradicted" if whole and flat else "undecided"
    slack = noise + 2 * np.sqrt(noise * low)
    if np.min(later.loss) < low * (1 - 1e-9) - slack:
        return "contradicted"
    return "held" if whole else "held as far as followed"


def check(number: int, found: Outcome) -> None:
    """One problem: the status of its run, and the certificate of its end."""
    data, sol = run(number)
    found.ends[f"{sol.stats['method']} {sol.status.name}"] += 1
    certificate = pl.certify(data, sol.network)
    if certificate.verdict is None and sol.status not in (*PROVED, Status.STALLED):
        return
    later, noise = followed(data, sol), rounding_of_loss(sol, data)
    if sol.status in PROVED:
        _count(
            found,
            number,
            f"status {sol.status.name}",
            sol.status,
            sol.stats["loss_bound"] or 0.0,
            later,
            noise,
        )
    if certificate.verdict is not None and certificate.limit_loss is not None:
        name = f"certificate {certificate.verdict.name}"
        _count(found, number, name, certificate.verdict, certificate.limit_loss[0], later, noise)
    if sol.status is Status.STALLED:
        lost = later.loss[-1] < 0.9 * later.loss[0] and later.loss[0] > noise
        how = "lost more than a tenth later" if lost else "kept its loss"
        found.claims[f"STALLED ({sol.stats['method']}): {how}"] += 1
        if lost:
            found.lost_later.append(number)


def _count(
    found: Outcome, number: int, name: str, status: Status, low: float, later: pl.Solution, noise: float
) -> None:
    verdict = verdict_on(status, low, later, noise)
    found.claims[f"{name}: {verdict}"] += 1
    told = {"contradicted": found.contradicted, "undecided": found.undecided}
    if verdict in told:
        losses = f"{later.loss[0]:.17g} -> {later.loss[-1]:.17g}"
        told[verdict].append(f"problem {number}: {name}, loss {losses}, {later.status.name}")


def search(first: int, problems: int, seconds: float = np.inf) -> tuple[Outcome, int]:
    """Counts over `problems` problems from number `first` on, or as many as begin within `seconds` of
    processor time; and how many those were."""
    found, begun = Outcome(), time.process_time()
    for k in range(problems):
        if time.process_time() - begun > seconds:
            return found, k
        check(first + k, found)
    return found, problems


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--problems", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=np.inf, help="of processor time at most")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    found, done = search(given.first, given.problems, given.seconds)
    head = {"problems": done, "first": given.first, "version": pl.__version__, "numerics": NUMERICS,
            "rtol": RTOL, "followed at rtol": SMALLER, "followed": f"{LONGER:g} times longer"}  # fmt: skip
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(head | found.as_json(), indent=None) + "\n")
    print(given.out.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
