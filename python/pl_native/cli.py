"""`pl-native`: the command line. Exit codes: 0 done, 1 failed, 2 wrong arguments, 130 interrupted (rows
kept).
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from pl_native import doctor, experiments, plots, sweep
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
    reproduce.add_argument("figure", choices=experiments.FIGURES, metavar="FIGURE", help="fig3")
    reproduce.add_argument(
        "--preset", choices=experiments.PRESETS, default="quick", help="how much to run (quick)"
    )
    reproduce.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for rows, figure and table"
    )
    reproduce.add_argument(
        "--seed", type=_whole(0), default=0, metavar="S", help="root of all random streams (0)"
    )
    reproduce.add_argument("--jobs", type=_whole(1), metavar="N", help="threads (default: the CPUs at hand)")
    commands.add_parser("doctor", help="what this installation can do, and what it has chosen")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parsed = _parser().parse_args(arguments)
    try:
        if parsed.command == "doctor":
            return doctor.report()
        return _reproduce(parsed)
    except KeyboardInterrupt:
        again = shlex.join(["pl-native", *arguments])
        print(f"\ninterrupted; finished runs are kept. To go on: {again}", file=sys.stderr)
        return _SIGINT_CODE
    except (ValueError, TypeError) as error:
        print(f"pl-native: error: {error}", file=sys.stderr)
        return 2
    except (OSError, MemoryError, ImportError) as error:
        print(f"pl-native: failed: {error}", file=sys.stderr)
        return 1


def _reproduce(parsed: argparse.Namespace) -> int:
    figure = experiments.experiment(parsed.figure)
    plan = sweep.plan(figure.tasks(parsed.preset), seed=int(parsed.seed))
    store = Store(_folder(parsed.out) / parsed.figure)
    missing = plan.missing(store)
    work = sum(run.cell.work for run in missing)
    print(
        f"{parsed.figure}, preset {parsed.preset}: {len(plan.runs)} runs, "
        f"{len(plan.runs) - len(missing)} of them already in {store.path}; "
        f"at most {work / 1e9:.0f} GFLOP to do ({plan.backend} backend)"
    )
    sweep.run(plan, store, threads=parsed.jobs and int(parsed.jobs), progress=True)
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
