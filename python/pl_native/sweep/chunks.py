"""Chunks: the runs done between two additions to the store, a few seconds of work each.

How runs are grouped never changes a row, so the size follows what this machine turns out to need.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from pl_native._run.choosing import costs
from pl_native.sweep.cells import Cell
from pl_native.sweep.functions import NORMS_ONLY
from pl_native.sweep.plans import Run

_SLOWNESS = {"native": 1.0, "numba": 10.0, "numpy": 20.0}  # against the native core: a first guess
_OVERHEAD = 5e-4  # seconds of a run that are not arithmetic: drawing, checks, the row
_MOST_RUNS = 2000  # at once, which bounds the memory for rows
_MOST_BYTES = 1 << 29  # of drawn problems at once


class Pace:
    """Seconds that runs take, learnt from those done: what each costs at any size, and its arithmetic."""

    def __init__(self, backend: str) -> None:
        self._backend = backend
        self._each = _OVERHEAD
        self._slowness = _SLOWNESS[backend]
        self._met = {"each": False, "slowness": False}  # in runs that took long enough to tell

    def seconds(self, cell: Cell) -> float:
        """One run of `cell` on one thread, as far as we know."""
        return self.of(1, arithmetic(cell))

    def of(self, runs: float, arithmetic: float) -> float:
        """So many runs with this much `arithmetic` in all."""
        return self._each * runs + self._slowness * arithmetic

    def seen(self, runs: float, arithmetic: float, seconds: float) -> Pace:
        """The pace if a chunk under way, that has taken `seconds` of one thread so far, tells how slow the
        arithmetic is; the more so the longer it has taken."""
        found = Pace(self._backend)
        found._each = self._each
        rest = max(seconds - self._each * runs, 0.1 * seconds)
        ratio = rest / (self._slowness * arithmetic) if arithmetic > 0 else 1.0
        belief = min(seconds, 1.0) * min(self._slowness * arithmetic / (0.1 * self.of(runs, arithmetic)), 1.0)
        found._slowness = self._slowness * math.pow(min(max(ratio, 0.01), 100.0), belief)
        return found

    def learn(self, runs: Sequence[Run], seconds: float) -> None:
        """`runs` took `seconds` of one thread. Half the news is believed, and not more than a factor of ten;
        it is news of the sizes these runs have."""
        expected = self.of(len(runs), arithmetic_of(runs))
        ratio = min(max(seconds / expected, 0.1), 10.0) if expected > 0 else 1.0
        each = self._each * len(runs) / expected if expected > 0 else 1.0
        self._met = {"each": self._met["each"] or each > 0.3, "slowness": self._met["slowness"] or each < 0.7}
        # what is not met yet is guessed to be half as far from the guess: a slow machine is slow in both
        self._each *= math.pow(ratio, 0.5 * (each if self._met["each"] else 0.5))
        self._slowness *= math.pow(ratio, 0.5 * (1 - each if self._met["slowness"] else 0.5))


def arithmetic(cell: Cell) -> float:
    """Seconds of one thread of the native core that a run of `cell` to its horizon may take (`costs`)."""
    orthogonal = cell.data in NORMS_ONLY
    sizes = costs.Sizes(cell.n, 1 if orthogonal else cell.d, cell.p, orthogonal, cell.t_end)
    if cell.method == "euler":
        return costs.euler_seconds(sizes, cell.step)
    return costs.seconds(sizes, cell.method, cell.rtol)


def arithmetic_of(runs: Iterable[Run]) -> float:
    """`arithmetic` of all of them; those of a cell are neighbours, as a rule."""
    same = groupby((run.cell for run in runs), key=id)
    return sum(arithmetic(next(cells)) * (1 + sum(1 for _ in cells)) for _, cells in same)


def chunks(runs: Iterable[Run], pace: Pace, threads: int, target: float) -> Iterator[list[Run]]:
    """Runs in order, about `target` seconds on `threads` threads at a time, and whole teams of them."""
    chunk: list[Run] = []
    size = 0
    expected = 0.0
    for run in runs:
        full = expected >= target * threads or len(chunk) >= _MOST_RUNS or size >= _MOST_BYTES
        if chunk and full and len(chunk) % threads == 0:
            yield chunk
            chunk, size, expected = [], 0, 0.0
        chunk.append(run)
        size += run.cell.bytes
        expected += pace.seconds(run.cell)
    if chunk:
        yield chunk
