"""`pl-native`: the command line. Exit codes: 0 done, 1 failed, 2 wrong arguments, 130 interrupted (rows
kept).
"""

from __future__ import annotations

import argparse
import shlex
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from pl_native import bench_cli, doctor, experiments, plots, sweep, sweep_cli
from pl_native.build_info import version
from pl_native.store import Store, write_atomically

_SIGINT_CODE = 130


class _Parser(argparse.ArgumentParser):
    """Errors in one line, without the usage text."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def _whole(least: int) -> type[int]:
    """An argparse type: a whole number >= least."""

    class Whole(int):
        def __new__(cls, text: str) -> Whole:
            try:
                value = super().__new__(cls, text)
            except ValueError:
                raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}") from None
            if value < least:
                raise argparse.ArgumentTypeError(f"expected a whole number >= {least}, got {text}")
            return value

    return Whole


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="pl-native", description="Shallow ReLU networks under gradient flow, simulated.")
    parser.add_argument("--version", action="version", version=f"pl_native {version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    reproduce = commands.add_parser(
        "reproduce", help="run an experiment of the paper and compare it with what was published"
    )
    reproduce.add_argument(
        "figure", choices=experiments.FIGURES, metavar="FIGURE", help=", ".join(experiments.AVAILABLE)
    )
    reproduce.add_argument(
        "--preset", choices=experiments.PRESETS, default="quick", help="how much to run (quick)"
    )
    reproduce.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for rows, figure and table"
    )
    reproduce.add_argument(
        "--seed", type=_whole(0), default=0, metavar="S", help="root of all random streams (0)"
    )
    sweep_cli.add_engine_arguments(reproduce, _whole)
    sweep_cli.add_parser(commands, _whole)
    bench_cli.add_parser(commands)
    commands.add_parser("doctor", help="what this installation can do, and what it has chosen")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parsed = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", RuntimeWarning)
            warnings.showwarning = _warn
            return _run(parsed)
    except KeyboardInterrupt:
        again = shlex.join(["pl-native", *arguments])
        print(f"\ninterrupted; finished runs are kept. To go on: {again}", file=sys.stderr)
        return _SIGINT_CODE
    except (ValueError, TypeError) as error:
        print(f"pl-native: error: {error}", file=sys.stderr)
        return 2
    except (OSError, MemoryError, ImportError, sweep.EngineError) as error:
        print(f"pl-native: failed: {error}", file=sys.stderr)
        return 1


def _run(parsed: argparse.Namespace) -> int:
    if parsed.command == "doctor":
        return doctor.report()
    if parsed.command == "bench":
        return bench_cli.main(parsed)
    return sweep_cli.main(parsed) if parsed.command == "sweep" else _reproduce(parsed)


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    """A warning in one line, without the place in the code."""
    print(f"pl-native: warning: {message}", file=sys.stderr)


def _reproduce(parsed: argparse.Namespace) -> int:
    figure = experiments.experiment(parsed.figure)
    plan = sweep.plan(figure.tasks(parsed.preset), seed=int(parsed.seed), name=parsed.figure)
    store = Store(_folder(parsed.out) / parsed.figure)
    missing = plan.missing(store.ids())
    print(f"preset {parsed.preset}, {sweep_cli.describe(plan, missing)}")
    sweep.run(plan, store, extend=True, **sweep_cli.engine_of(parsed))
    summary = figure.summarise(store.rows(plan.ids))
    table = summary.table()
    print(f"\n{table}")
    stem = parsed.out / parsed.figure
    write_atomically(stem.with_name(f"{stem.name}.txt"), table)
    written = [store.path, stem.with_name(f"{stem.name}.txt")]
    if plots.available():
        written += plots.save(plots.FIGURES[parsed.figure](summary), stem)
    else:
        print("no figure drawn: matplotlib is missing (pip install 'pl_native[plot]')", file=sys.stderr)
    print("written: " + ", ".join(str(path) for path in written))
    return 0


def _folder(out: Path) -> Path:
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out: expected a folder, {out} is a file")
    return out


if __name__ == "__main__":
    sys.exit(main())
