"""`pl-native`: the command line. Exit codes: 0 done, 1 failed, 2 wrong arguments, 130
interrupted (rows kept).
"""

from __future__ import annotations

import argparse
import shlex
import sys
import warnings
from collections.abc import Iterable, Sequence

from pl_native._base import before_main
from pl_native._base.build import version
from pl_native.cli import bench, check, doctor, report, reproduce, sweep
from pl_native.cli.parsing import Parser
from pl_native.cli.pipes import Pipe, pipes_may_close
from pl_native.sweep import EngineError

_VERBS = {
    "reproduce": reproduce,
    "report": report,
    "sweep": sweep,
    "bench": bench,
    "check": check,
    "doctor": doctor,
}

_KEEPING = ("reproduce", "sweep")
"""Commands that write down every finished run."""


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="pl-native", description="Shallow ReLU networks under gradient flow, simulated.")
    parser.add_argument("--version", action="version", version=f"pl_native {version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for verb in _VERBS.values():
        verb.add_parser(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    with pipes_may_close() as pipes:
        try:
            code = _interruptible(list(sys.argv[1:] if argv is None else argv))
        except SystemExit as left:  # the parser's, after --help, or for wrong arguments
            raise SystemExit(left.code or _lost(pipes)) from None
        lost = _lost(pipes)
        return code or lost


def _lost(pipes: Iterable[Pipe]) -> int:
    """The exit code of a command that is done: 1 where what it printed is lost, which is told."""
    code = 0
    for pipe in pipes:
        pipe.flush()
        if pipe.lost is not None:
            print(f"pl-native: failed: output: {pipe.lost}; all else was done", file=sys.stderr)
            code = 1
    return code


def _interruptible(arguments: list[str]) -> int:
    try:
        with before_main.MainRuns():
            return _main(arguments)
    except KeyboardInterrupt as stopped:
        print(f"\n{_interrupted(stopped, arguments)}", file=sys.stderr)
        return before_main.SIGINT_CODE


def _main(arguments: list[str]) -> int:
    parsed = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", RuntimeWarning)
            warnings.showwarning = _warn
            code: int = _VERBS[parsed.command].main(parsed)
            return code
    except (ValueError, TypeError) as error:
        print(f"pl-native: error: {error}", file=sys.stderr)
        return 2
    except (OSError, MemoryError, ImportError, EngineError) as error:
        print(f"pl-native: failed: {error}", file=sys.stderr)
        return 1


def _interrupted(stopped: KeyboardInterrupt, arguments: list[str]) -> str:
    """What is kept of a command that Ctrl-C ended, and how to go on or begin anew."""
    if not arguments or arguments[0] not in _KEEPING:
        return before_main.anew(arguments)
    again = shlex.join(["pl-native", *arguments])
    kept = "; ".join(getattr(stopped, "__notes__", ["finished runs are kept"]))
    return f"interrupted; {kept}. To go on: {again}"


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    """A warning in one line, without the place in the code."""
    print(f"pl-native: warning: {message}", file=sys.stderr)
