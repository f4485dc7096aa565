"""Ctrl-C before the `main` of a command has begun: what is imported until then takes half a second, and there
is nobody yet to catch it. This is imported before all else of the package, and imports next to nothing; in a
process that runs no command it does nothing.
"""

from __future__ import annotations

import os
import signal
import sys

SIGINT_CODE = 130


def runs_a_command(words: list[str]) -> bool:
    """Whether these, `sys.orig_argv`, are `pl-native` or `python -m pl_native`."""
    rest = iter(words[1:])
    for word in rest:
        if word in ("-X", "-W"):
            next(rest, None)
        elif word == "-m":
            return next(rest, None) in ("pl_native", "pl_native.cli")
        elif not word.startswith("-"):
            return os.path.splitext(os.path.basename(word))[0] == "pl-native"
    return False


def anew(arguments: list[str]) -> str:
    """What is said of a command that Ctrl-C ended with nothing kept."""
    import shlex

    return f"interrupted. To begin anew: {shlex.join(['pl-native', *arguments])}"


def _leave(*_: object) -> None:
    """At once: an exception would come out of whatever import is under way, which may catch or drop it."""
    try:
        os.write(2, f"\n{anew(sys.argv[1:])}\n".encode())
    finally:  # there may be no stderr
        os._exit(SIGINT_CODE)


class MainRuns:
    """Inside, Ctrl-C is a KeyboardInterrupt as in any program; after it nothing is left to interrupt."""

    def __enter__(self) -> None:
        self._ours = signal.getsignal(signal.SIGINT) is _leave
        if self._ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def __exit__(self, *_: object) -> None:
        if self._ours:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


if runs_a_command(sys.orig_argv) and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _leave)
