"""Soundness of certificates by search: states of small problems of every kind, degenerate ones too, and what
is proved of them against the flow followed 1000 times longer (or until what is held ends) at a smaller
tolerance, from the state as the run left it and from its bare numbers, against `theory.verify`, and against
their own file.

    PYTHONPATH=tests python -m fuzz.certificates --certificates 10000 --out docs/results/proofs/search.json

Parts of a search, begun at other numbers with `--first`, become one by `--join PART [PART ...]`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import tempfile
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
from proving import KINDS, start

LONGER = 1000.0
RTOL, SMALLER = 1e-9, 1e-11
LATEST = 1e9
"""Times beyond are not followed."""
AT_REST, RESTING = 10.0, 1e-9
"""Who moves by no more between once and so many times the state's time is at rest, and followed no longer."""
TIMES = (1.0, 4.5)
"""Decades of the times at which a state is looked at."""


@dataclass
class Found(Tally):
    """Over states: what was proved of each kind, what became of it, and how the runs that followed ended."""

    states: Counter[str] = field(default_factory=Counter)
    certificates: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    followed: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        return sum(self.certificates.values())

    def note(self, number: int, what: str, holds: bool, words: str = "") -> None:
        self.checks[f"{what}: {'held' if holds else 'contradicted'}"] += 1
        if not holds:
            self.contradicted.append(f"state {number}: {what} {words}")


def state(number: int) -> tuple[str, pl.Dataset, pl.Solution]:
    """Kind, data and the run to the state of this number: n <= 12, d <= 6 (orthogonal: n), p <= 9."""
    rng = np.random.default_rng([20261129, number])
    kind = KINDS[number % len(KINDS)]
    data, net = start(kind, int(rng.integers(2**31)))
    if kind == "orthogonal" and rng.random() < 0.5:
        data = pl.Dataset(data.X, data.y)
    method, t_end = str(rng.choice(["flow", "flow", "flow", "capture"])), float(10 ** rng.uniform(*TIMES))
    stop = pl.Stop(max_steps=4000, proof=bool(rng.random() < 0.3))
    rtol = RTOL if method == "flow" else 1e-2
    return kind, data, pl.simulate(data, net, t_end, method=method, rtol=rtol, stop=stop, progress=False)


def check(number: int, found: Found, folder: Path) -> None:
    """One state: its certificate, if it has one, against all that could contradict it."""
    kind, data, sol = state(number)
    c = sol.certify()
    found.states[kind] += 1
    if c.verdict is None and c.held_until is None:
        return
    name = "HELD" if c.verdict is None else c.verdict.name
    found.certificates[f"{kind}: {name}"] += 1
    noise = rounding_of_loss(sol, data)
    begins = {"state": c.state}
    if c.state.kinks is not None:  # else the state is its bare numbers
        begins["bare numbers"] = pl.Network(c.state.W, c.state.a, w_perp_sq=c.state.w_perp_sq)
    for where, begin in begins.items():
        later, end = _followed(data, begin, c, float(sol.t[-1]))
        found.followed[end] += 1
        _against(number, f"{name} from the {where}", c, later, noise, found)
    try:
        pl.theory.verify(c, data)
        found.note(number, f"{name} verified", True)
    except pl.theory.VerificationError as err:
        found.note(number, f"{name} verified", False, str(err))
    sol.save(folder / "s.npz")
    c.save(folder / "c.npz")
    again, back = pl.Solution.load(folder / "s.npz").certify(data), pl.Certificate.load(folder / "c.npz")
    found.note(number, f"{name} of the saved state", str(again) == str(c) == str(back))


def _followed(data: pl.Dataset, begin: pl.Network, c: pl.Certificate, t: float) -> tuple[pl.Solution, str]:
    """One solution of the flow, and how it ended: AT_REST, HORIZON, or what else ended it.

    At rest counts from once to `AT_REST` times t: what rounding has excited grows visibly in that time, if it
    grows by a factor 100 within t.
    """
    longest = LONGER * max(t, 1.0)
    if c.held_until is not None:
        longest = min(c.held_until[0], longest)
    longest, soon = min(longest, LATEST), AT_REST * max(t, 1.0)
    stop = pl.Stop(max_steps=40_000)
    how: dict[str, Any] = {"method": "flow", "rtol": SMALLER, "stop": stop, "progress": False}
    how["save"] = pl.Save(count=20, states=True)
    if soon < longest:
        first = pl.simulate(data, begin, soon, **how)
        last = len(first.t) - 1
        if first.status is Status.HORIZON and _apart(first.state(2), first.state(last)) < RESTING:
            return first, "AT_REST"
    whole = pl.simulate(data, begin, longest, **how)
    return whole, whole.status.name


def _apart(u: pl.Network, v: pl.Network) -> float:
    """The largest way between two states of a neuron, in units of its own size."""
    ways = np.hypot(np.linalg.norm(u.W - v.W, axis=1), np.abs(u.a - v.a))
    return float(np.max(ways / np.maximum(np.hypot(np.linalg.norm(u.W, axis=1), np.abs(u.a)), 1e-300)))


def _against(
    number: int, name: str, c: pl.Certificate, later: pl.Solution, noise: float, found: Found
) -> None:
    """The loss, and how far the state goes, of one solution of the flow."""
    t, loss = later.t, later.loss
    if c.verdict is Status.CONVERGED:
        assert c.rate is not None
        falls = loss <= loss[0] * np.exp(-min(c.rate, 1e300) * t) * (1 + 1e-6) + noise
        found.note(number, f"{name}: rate", bool(np.all(falls)), f"{loss[0]:.17g} -> {loss[-1]:.17g}")
    else:
        low = c.limit_loss[0] if c.limit_loss is not None else c.held_until[1]  # type: ignore[index]
        slack = noise + 2 * math.sqrt(noise * low)
        above = float(np.min(loss)) >= low * (1 - 1e-9) - slack
        found.note(number, f"{name}: bound", above, f"{low:.17g}, the loss fell to {np.min(loss):.17g}")
    if c.distance is None:
        return
    states = [later.state(k) for k in range(len(t))]
    ways = [math.hypot(np.linalg.norm(s.W - c.state.W), np.linalg.norm(s.a - c.state.a)) for s in states]
    size = math.hypot(np.linalg.norm(c.state.W), np.linalg.norm(c.state.a))
    found.note(
        number, f"{name}: distance", max(ways) <= c.distance * (1 + 1e-6) + 1e-9 * size, f"{max(ways):.6g}"
    )


def search(first: int, certificates: int, seconds: float = math.inf) -> tuple[Found, int]:
    """Counts over as many states as hold so many certificates, from number `first` on, or begin within
    `seconds` of processor time; and how many states those were."""
    found, begun, number = Found(), time.process_time(), first
    with tempfile.TemporaryDirectory() as folder:
        while found.count < certificates and time.process_time() - begun < seconds:
            check(number, found, Path(folder))
            number += 1
    return found, number - first


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--certificates", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=math.inf, help="of processor time at most")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--join", type=Path, nargs="+", help="files of parts, instead of a search")
    given = parser.parse_args()
    if given.join:
        found, parts = joined([json.loads(path.read_text(encoding="utf-8")) for path in given.join])
    else:
        found, states = search(given.first, given.certificates, given.seconds)
        parts = [[given.first, states]]
    head = {"certificates": found.count, "states from, and how many": parts, "version": pl.__version__,
            "rtol": RTOL, "followed at rtol": SMALLER,
            "followed": f"{LONGER:g} times longer, or to rest"}  # fmt: skip
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps({"head": head} | found.as_json(), indent=1) + "\n")
    print(given.out.read_text(encoding="utf-8"))


def joined(parts: list[dict[str, Any]]) -> tuple[Found, list[list[int]]]:
    """One search of several, and the states of each. ValueError where two share a state."""
    found = Found()
    ranges = sorted(place for part in parts for place in part["head"]["states from, and how many"])
    for (first, count), (second, _) in itertools.pairwise(ranges):
        if first + count > second:
            raise ValueError(f"join: states {second} and on are in two parts")
    for part in parts:
        for name in ("states", "certificates", "checks", "followed"):
            getattr(found, name).update(part[name])
        found.contradicted += part["contradicted"]
    return found, ranges


if __name__ == "__main__":
    main()
