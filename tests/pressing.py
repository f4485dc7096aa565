"""Ctrl-C from a timer, and how late it is answered: in what the process computes from then on, on all its
threads, so that busy neighbours do not count."""

from __future__ import annotations

import os
import signal
import threading
import time


class CtrlC:
    """Pressed `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        self._then: list[float] = []
        self._timer = threading.Timer(seconds, self._press)
        self._timer.start()

    def _press(self) -> None:
        self._then.append(time.process_time())
        os.kill(os.getpid(), signal.SIGINT)

    def late(self) -> float:
        """Processor seconds since it was pressed."""
        now = time.process_time()
        self._timer.join()
        return now - self._then[0]
