"""`pl-native reproduce`: an experiment of the paper, run and compared with what was published."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from pl_native import experiments, plots, report, sweep
from pl_native._base.files import folder_to_fill
from pl_native.cli.parsing import place, whole
from pl_native.cli.sweep import add_engine_arguments, describe, engine_of
from pl_native.experiments import effort
from pl_native.store import Store, write_atomically


def add_parser(commands: Any) -> None:
    """Add `reproduce` to the command line."""
    reproduce = commands.add_parser(
        "reproduce", help="run an experiment of the paper and compare it with what was published"
    )
    known = [f"{name} ({', '.join(module.PRESETS)})" for name, module in experiments.AVAILABLE.items()]
    reproduce.add_argument(
        "experiment",
        choices=(*experiments.NAMES, "all"),
        metavar="EXPERIMENT",
        help=f"and its presets: {'; '.join(known)}; or all: the paper's figures and report.html",
    )
    reproduce.add_argument(
        "--preset",
        choices=experiments.PRESETS,
        default="quick",
        metavar="PRESET",
        help="how much to run, of those that the experiment has (quick)",
    )
    reproduce.add_argument(
        "--out", type=place, required=True, metavar="DIR", help="folder for rows, figure and table"
    )
    reproduce.add_argument(
        "--seed", type=whole(0), default=0, metavar="S", help="root of all random streams (0)"
    )
    add_engine_arguments(reproduce)


def main(parsed: argparse.Namespace) -> int:
    """Run the verb; returns the exit code."""
    report.notes(folder_to_fill("--out", parsed.out))  # damaged ones are told before the work
    every = parsed.experiment == "all"
    asked = (parsed.experiment, parsed.preset)
    names = experiments.with_preset(parsed.preset) if every else experiments.together(*asked)
    peak = effort.peak_of_a_thread()
    done = [_reproduce(name, parsed, peak) for name in names]
    table = effort.table([effort.cost(one.name, one.source.rows) for one in done], peak)
    print(f"\n{table}")
    if every:
        write_atomically(parsed.out / "costs.txt", table)
        print(f"written: {report.write(parsed.out, done)}")
    return 0


def _reproduce(name: str, parsed: argparse.Namespace, peak: float) -> report.Entry:
    """One experiment: its rows, table and pictures in the folder."""
    module = experiments.experiment(name)
    plan = sweep.plan(module.tasks(parsed.preset), seed=int(parsed.seed), name=name)
    store = Store(parsed.out / name)
    missing = plan.missing(store.ids())
    print(f"preset {parsed.preset}, {describe(plan, missing)}")
    rows = experiments.run(name, plan, store, extend=True, **engine_of(parsed))
    command = f"pl-native reproduce {name} --preset {parsed.preset} --seed {parsed.seed} --out DIR"
    note = report.Note(plan.id, command, peak)
    report.write_note(parsed.out, name, note)
    made = report.entry(report.Source(name, tuple(rows), note), parsed.out)
    print(f"\n{made.summary.table()}")
    if not plots.available():
        print("no figure drawn: matplotlib is missing (pip install 'pl_native[plot]')", file=sys.stderr)
    rows_in = store.path if parsed.shard is None else store.shards
    written = (rows_in, parsed.out / f"{name}.txt", *made.pictures)
    print("written: " + ", ".join(str(path) for path in written))
    return made
