"""Chunks: the runs done between two additions to the store, a few seconds of work each.

How runs are grouped never changes a row, so the size follows what this machine turns out to need.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pl_native.sweep.cells import Cell
from pl_native.sweep.plans import Run

_RATE = {"native": 4e10, "numba": 4e9, "numpy": 2e9}  # flop/s of one thread: a first guess
_OVERHEAD = 1e-3  # seconds of a run that are not arithmetic: drawing, checks, the row
_MOST_RUNS = 2000  # at once, which bounds the memory for rows
_MOST_BYTES = 1 << 29  # of drawn problems at once


class Pace:
    """Seconds that runs take, learnt from those done."""

    def __init__(self, backend: str) -> None:
        self._rate = _RATE[backend]
        self._factor = 1.0

    def seconds(self, cell: Cell) -> float:
        """One run of `cell` on one thread, as far as we know."""
        return self._factor * (_OVERHEAD + cell.work / self._rate)

    def learn(self, runs: Sequence[Run], seconds: float) -> None:
        """`runs` took `seconds` of one thread. Half the news is believed, and not more than a factor of
        ten."""
        expected = sum(self.seconds(run.cell) for run in runs)
        ratio = min(max(seconds / expected, 0.1), 10.0) if expected > 0 else 1.0
        self._factor *= ratio**0.5


def chunks(runs: Iterable[Run], pace: Pace, threads: int, target: float) -> Iterator[list[Run]]:
    """Runs in order, about `target` seconds on `threads` threads at a time; a cell is cut between teams
    only."""
    chunk: list[Run] = []
    same = size = 0
    expected = 0.0
    for run in runs:
        full = expected >= target * threads or len(chunk) >= _MOST_RUNS or size >= _MOST_BYTES
        new = bool(chunk) and run.cell is not chunk[-1].cell
        if chunk and full and (new or same % threads == 0):
            yield chunk
            chunk, same, size, expected = [], 0, 0, 0.0
        same = 1 if new else same + 1
        chunk.append(run)
        size += run.cell.bytes
        expected += pace.seconds(run.cell)
    if chunk:
        yield chunk
