"""How far a session is, for its progress bar."""

from __future__ import annotations

import time
from collections.abc import Sequence

from pl_native._base.progress import Progress
from pl_native.sweep.chunks import Pace, arithmetic_of
from pl_native.sweep.engines import Chunk
from pl_native.sweep.plans import Run


class Meter:
    """Progress of a sweep in milliseconds: those it has taken, of those it is expected to take in all."""

    def __init__(self, runs: Sequence[Run], progress: Progress, pace: Pace, team: int | None) -> None:
        self._progress, self._pace, self._team = progress, pace, team
        self._runs, self._arithmetic = len(runs), arithmetic_of(runs)
        self._done = (0.0, 0.0)  # runs, arithmetic
        self._chunk: tuple[Chunk, float] = ([], 0.0)  # the last one asked for, and its arithmetic
        self._began = self._since = time.perf_counter()  # all, and the chunk under way

    def show(self, chunk: Chunk, share: float) -> None:
        """`share` of the arithmetic of `chunk` is done; of the rest a half, until all is."""
        if chunk is not self._chunk[0]:
            self._chunk = chunk, arithmetic_of(chunk)
        runs = len(chunk) * (0.5 if share < 1.0 else 1.0)
        done = self._done[0] + runs, self._done[1] + share * self._chunk[1]
        now = time.perf_counter()
        if share < 1.0 and self._team is not None:
            pace = self._pace.seen(runs, share * self._chunk[1], self._team * (now - self._since))
        else:
            pace = self._pace
        if share == 1.0:
            self._done, self._since = done, now
        part = min(pace.of(*done) / pace.of(self._runs, self._arithmetic), 1.0)
        if self._progress.poll is not None and part > 0.0:
            taken = 1000 * (now - self._began)
            self._progress.poll(round(taken), round(taken / part))
