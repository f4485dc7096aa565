"""`pl-native reproduce`: an experiment of the paper, run and compared with what was published."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from pl_native import experiments, plots, sweep
from pl_native.cli.parsing import whole
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
        help=f"and its presets: {'; '.join(known)}; or all that have the preset",
    )
    reproduce.add_argument(
        "--preset",
        choices=experiments.PRESETS,
        default="quick",
        metavar="PRESET",
        help="how much to run, of those that the experiment has (quick)",
    )
    reproduce.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for rows, figure and table"
    )
    reproduce.add_argument(
        "--seed", type=whole(0), default=0, metavar="S", help="root of all random streams (0)"
    )
    add_engine_arguments(reproduce)


def main(parsed: argparse.Namespace) -> int:
    """Run the verb; returns the exit code."""
    every = parsed.experiment == "all"
    names = experiments.with_preset(parsed.preset) if every else (str(parsed.experiment),)
    table = effort.table([_reproduce(name, parsed) for name in names], effort.peak_of_a_thread())
    print(f"\n{table}")
    if every:
        write_atomically(parsed.out / "costs.txt", table)
    return 0


def _reproduce(name: str, parsed: argparse.Namespace) -> effort.Cost:
    """One experiment: its rows, table and figure in the folder; what it cost."""
    module = experiments.experiment(name)
    plan = sweep.plan(module.tasks(parsed.preset), seed=int(parsed.seed), name=name)
    store = Store(_folder(parsed.out) / name)
    missing = plan.missing(store.ids())
    print(f"preset {parsed.preset}, {describe(plan, missing)}")
    rows = experiments.run(name, plan, store, extend=True, **engine_of(parsed))
    summary = module.summarise(rows)
    table = summary.table()
    print(f"\n{table}")
    stem = parsed.out / name
    write_atomically(stem.with_name(f"{stem.name}.txt"), table)
    written = [store.path if parsed.shard is None else store.shards, stem.with_name(f"{stem.name}.txt")]
    if plots.available():
        written += plots.save(plots.FIGURES[name](summary), stem)
    else:
        print("no figure drawn: matplotlib is missing (pip install 'pl_native[plot]')", file=sys.stderr)
    print("written: " + ", ".join(str(path) for path in written))
    return effort.cost(name, rows)


def _folder(out: Path) -> Path:
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out: expected a folder, {out} is a file")
    return out
