"""Ctrl-C from a timer, and how late it is answered: in what the process computes from then on, on all its
threads, so that busy neighbours do not count."""

from __future__ import annotations

import os
import signal
import threading
import time


class Moment:
    """`seconds` from now."""

    def __init__(self, seconds: float) -> None:
        self._then: list[float] = []
        self._timer = threading.Timer(seconds, self._come)
        self._timer.start()

    def _come(self) -> None:
        self._then.append(time.process_time())

    def late(self) -> float:
        """Processor seconds since then."""
        now = time.process_time()
        self._timer.join()
        return now - self._then[0]

    def cancel(self) -> None:
        self._timer.cancel()


class CtrlC(Moment):
    """Pressed then."""

    def _come(self) -> None:
        super()._come()
        os.kill(os.getpid(), signal.SIGINT)
