"""Ctrl-C noted where it would lose something, and raised where it cannot."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

Handler = Callable[[int, FrameType | None], Any]


class Interrupts:
    """SIGINT while it is held: `pending` until `check`, which hands it to the handler of before."""

    def __init__(self, handler: Handler | None = None) -> None:
        self.pending = False
        self._handler = handler
        self._open = False

    def note(self, number: int, frame: FrameType | None) -> None:
        """The handler in place. Inside `released` the first signal goes through at once, later ones wait."""
        if self._open and self._handler is not None:
            self._open = False
            self._handler(number, frame)
        else:
            self.pending = True

    def check(self) -> None:
        """Raise KeyboardInterrupt (or do what the handler of before does) if a signal has come."""
        if self.pending and self._handler is not None:
            self.pending = False
            self._handler(signal.SIGINT, None)

    @contextmanager
    def released(self) -> Iterator[None]:
        """Inside, Ctrl-C is raised wherever it comes: for what may take long and has nothing to lose."""
        self.check()
        self._open = True
        try:
            yield
        finally:
            self._open = False

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Inside, Ctrl-C waits, also within `released`, where it comes through at the end."""
        was, self._open = self._open, False
        try:
            yield
        finally:
            self._open = was and not self.pending
            if was:
                self.check()


_current: list[Interrupts] = []  # at most one, the main thread's


@contextmanager
def held() -> Iterator[Interrupts]:
    """Inside, SIGINT is noted instead of raised, so that nothing finished is lost between two lines.

    What was noted and not asked for is raised at the end. Blocks within one another share what they note.
    Python runs handlers in the main thread: in others, and where SIGINT is ignored, nothing is done.
    """
    handler = signal.getsignal(signal.SIGINT)
    main = threading.current_thread() is threading.main_thread()
    if not main or _current or not callable(handler):
        yield _current[0] if main and _current else Interrupts()
        return
    mine = Interrupts(handler)
    _current.append(mine)
    signal.signal(signal.SIGINT, mine.note)
    try:
        yield mine
    finally:
        _current.clear()
        signal.signal(signal.SIGINT, handler)
    mine.check()
