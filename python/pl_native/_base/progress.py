"""Progress of a long call: a tqdm bar where there is one, else a plain line with the time left, on stderr."""

from __future__ import annotations

import importlib.util
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeAlias

from pl_native._base import checks

Callback: TypeAlias = Callable[[int, int], None]
ProgressOption: TypeAlias = bool | Callback | None
"""What `progress=` may be."""

_EARLY = 10.0  # seconds in which less than 1 % done says nothing of the rest: threads and problems are made
_PATIENCE = 2.0  # seconds before `progress=None` shows anything
_TERMINAL_SECONDS = 0.2
_LOG_SECONDS = 10.0


def checked_progress(progress: object) -> ProgressOption:
    """`progress` as it came, or TypeError."""
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise TypeError(f"progress: expected None, True, False or a function, got {checks.kind(progress)}")
    return progress


class Progress:
    """What `progress=` says, as a context manager around a call; `poll` goes to the backend.

    True shows always, False never, None only on a terminal or in a notebook once the call has taken two
    seconds; a function is called with (done, total) instead. The unit of work is the backend's (steps); only
    its share is shown.

    Progress never ends a call: a bar that cannot be written (stderr missing, closed, full, a broken pipe) is
    dropped in silence, a function that raises an Exception is told in a RuntimeWarning and not called again.
    KeyboardInterrupt is not an Exception: a function that raises it interrupts the call as Ctrl-C does.
    """

    def __init__(self, progress: object) -> None:
        progress = checked_progress(progress)
        self._began = time.perf_counter()
        self._patience = _PATIENCE if progress is None else 0.0
        self._shown: _Bar | _Line | None = None
        self._function: Callable[[int, int], object] | None = progress if callable(progress) else None
        self._dropped = False
        silent = progress is False or (progress is None and not _interactive())
        self.poll: Callback | None = None if silent else self._look

    def _look(self, done: int, total: int) -> None:
        if self._dropped:
            return
        try:
            (self._function or self._show)(done, total)
        except Exception as error:
            self._dropped = True
            if self._function is not None:
                what = f"{type(error).__name__}: {error}"
                warnings.warn(
                    f"progress: the function raised {what}; it is not called again, the call goes on",
                    RuntimeWarning,
                    stacklevel=2,
                )

    def _show(self, done: int, total: int) -> None:
        if self._shown is None:
            if time.perf_counter() - self._began < self._patience:
                return
            self._shown = (
                _Bar(self._began)
                if _interactive() and importlib.util.find_spec("tqdm")
                else _Line(self._began)
            )
        self._shown.show(done, total)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown is not None:
            with suppress(Exception):  # what cannot be written is dropped
                self._shown.close()


class _Bar:
    """tqdm's, whose time left is by the mean rate since `began`, when the call did; not since it is shown."""

    def __init__(self, began: float) -> None:
        from tqdm import tqdm

        self._bar: Any = tqdm(
            file=_stderr(),
            leave=False,
            bar_format="{l_bar}{bar}| {elapsed}<{remaining}",
            total=1,
            smoothing=0,
        )
        self._bar.start_t -= time.perf_counter() - began

    def show(self, done: int, total: int) -> None:
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        try:
            self._bar.close()
        finally:
            self._bar.disable = True  # else it writes once more when it is collected


class _Line:
    """`pl_native:  43 %, 12 s, 16 s left`: rewritten on a terminal, every ten seconds in a log."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._terminal = terminal()
        self._due = began
        self._last = ""

    def show(self, done: int, total: int) -> None:
        """Print where we are, unless it is too soon."""
        now = time.perf_counter()
        if now < self._due and done < total:
            return
        self._due = now + (_TERMINAL_SECONDS if self._terminal else _LOG_SECONDS)
        spent, share = now - self._began, done / total if total else 1.0
        known = share > 0 and (share >= 0.01 or spent >= _EARLY)
        left = f"{spent * (1 - share) / share:.0f} s left" if known else "time left unknown"
        self._last = f"pl_native: {100 * share:3.0f} %, {spent:.0f} s, {left}"
        print(
            f"\r{self._last}  " if self._terminal else self._last, end=self._end, file=_stderr(), flush=True
        )

    @property
    def _end(self) -> str:
        return "" if self._terminal else "\n"

    def close(self) -> None:
        if self._terminal and self._last:
            print(file=_stderr())


def _stderr() -> Any:
    """Where to write; `print(file=None)` would take stdout. OSError where there is no stderr."""
    if sys.stderr is None:
        raise OSError("there is no stderr")
    return sys.stderr


def terminal() -> bool:
    """Whether stderr is a terminal: not where it is missing or closed, or is an object that cannot tell."""
    try:
        return bool(sys.stderr.isatty())
    except Exception:  # of whatever a program has put in its place
        return False


def _interactive() -> bool:
    return "ipykernel" in sys.modules or terminal()
