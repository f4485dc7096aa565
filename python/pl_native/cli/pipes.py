"""Output that nobody can take: its reader has gone away (`pl-native doctor | head -1`), or its disk is full.
The rest of it is dropped, the work goes on.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Pipe:
    """A text stream that turns to nothing once it cannot be written; `lost` is the error, if it was one."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        """All of `text`, in the letters that the stream has."""
        try:
            self._guarded(self._stream.write, text)
        except UnicodeEncodeError:  # a name that the terminal's encoding does not have
            encoding = self._stream.encoding
            self._guarded(self._stream.write, text.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def flush(self) -> None:
        self._guarded(self._stream.flush)

    def _guarded(self, act: Any, *arguments: Any) -> None:
        try:
            act(*arguments)
        except OSError as error:
            if not isinstance(error, BrokenPipeError):
                self.lost = error
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self._stream.fileno())  # what is still in the buffer goes there as well
            os.close(nothing)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def pipes_may_close() -> Iterator[list[Pipe]]:
    """Inside, stdout and stderr that cannot be written are no error, nor is what Python flushes at last."""
    pipes = [Pipe(stream) for stream in (sys.stdout, sys.stderr) if stream is not None]
    with contextlib.ExitStack() as stack:
        if sys.stdout is not None:
            stack.enter_context(contextlib.redirect_stdout(pipes[0]))
        if sys.stderr is not None:
            stack.enter_context(contextlib.redirect_stderr(pipes[-1]))
        try:
            yield pipes
        finally:
            for pipe in pipes:
                pipe.flush()
