"""Output whose reader has gone away (`pl-native doctor | head -1`): the rest is dropped, the work goes on."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Pipe:
    """A text stream that turns to nothing once nobody reads it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._guarded(self._stream.write, text)
        return len(text)

    def flush(self) -> None:
        self._guarded(self._stream.flush)

    def _guarded(self, act: Any, *arguments: Any) -> None:
        try:
            act(*arguments)
        except BrokenPipeError:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self._stream.fileno())  # what is still in the buffer goes there as well
            os.close(nothing)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def pipes_may_close() -> Iterator[None]:
    """Inside, writing to a closed stdout or stderr is no error, nor is what Python flushes at last."""
    pipes = [_Pipe(stream) for stream in (sys.stdout, sys.stderr) if stream is not None]
    with contextlib.ExitStack() as stack:
        if sys.stdout is not None:
            stack.enter_context(contextlib.redirect_stdout(pipes[0]))
        if sys.stderr is not None:
            stack.enter_context(contextlib.redirect_stderr(pipes[-1]))
        try:
            yield
        finally:
            for pipe in pipes:
                pipe.flush()
