"""`pl-native sweep plan|run|status|resume|merge|export|verify|compact`: sweeps from the shell."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pl_native import sweep
from pl_native._base.wording import counted
from pl_native.cli.parsing import place, whole
from pl_native.store import ERROR, Store, write_atomically
from pl_native.sweep.chunks import Pace


def add_parser(commands: Any) -> None:
    """Add `sweep` and its verbs to the command line."""
    parser = commands.add_parser("sweep", help="run a grid of problems once, and keep a row of each run")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    plan = verbs.add_parser("plan", help="what a sweep would do; with --slurm, a script for an array of jobs")
    _spec_arguments(plan, out_required=False)
    plan.add_argument("--slurm", action="store_true", help="write DIR/sweep.sbatch and note the plan in DIR")
    plan.add_argument("--parts", type=whole(1), default=16, metavar="N", help="jobs of the array (16)")
    plan.add_argument("--cpus", type=whole(1), default=4, metavar="N", help="CPUs of each job (4)")
    plan.add_argument("--minutes", type=whole(1), default=240, metavar="M", help="time limit of a job (240)")
    run = verbs.add_parser("run", help="run what is missing")
    _spec_arguments(run, out_required=True)
    add_engine_arguments(run)
    run.add_argument(
        "--extend", action="store_true", help="keep rows of another sweep of this name in DIR too"
    )
    resume = verbs.add_parser("resume", help="go on with the sweep in a folder")
    resume.add_argument("folder", type=place, metavar="DIR")
    _allow_argument(resume)
    add_engine_arguments(resume)
    for verb, what in (("status", "how far a sweep is"), ("verify", "read every byte of a folder back"),
                       ("compact", "make few files of many")):  # fmt: skip
        one = verbs.add_parser(verb, help=what)
        one.add_argument("folder", type=place, metavar="DIR")
        if verb == "status":
            _allow_argument(one)
    merge = verbs.add_parser("merge", help="copy the rows of several folders into one")
    merge.add_argument("folder", type=place, metavar="DIR")
    _allow_argument(merge)
    merge.add_argument("sources", type=place, nargs="+", metavar="SOURCE")
    export = verbs.add_parser("export", help="write all rows as one CSV or Parquet file")
    export.add_argument("folder", type=place, metavar="DIR")
    export.add_argument("file", type=place, metavar="FILE")


def _allow_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--allow", action="append", default=[], metavar="MODULE:FUNCTION",
                        help="a function of yours that the sweep may import (may be repeated)")  # fmt: skip


def _spec_arguments(parser: argparse.ArgumentParser, *, out_required: bool) -> None:
    parser.add_argument("spec", type=place, metavar="SPEC.toml", help="the sweep")
    _allow_argument(parser)
    parser.add_argument("--out", type=place, required=out_required, metavar="DIR", help="folder for the rows")


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Who does the work: arguments of `run`, `resume` and `reproduce`."""
    parser.add_argument("--jobs", type=whole(1), metavar="N", help="threads (default: the CPUs at hand)")
    parser.add_argument("--dask", metavar="ADDRESS", help="scheduler of a Dask cluster that does the runs")
    parser.add_argument("--shard", type=_share, metavar="i/N", help="do only the i-th of N parts")
    parser.add_argument("--chunk-seconds", type=float, default=sweep.CHUNK_SECONDS, metavar="S",
                        help=f"work between two writes ({sweep.CHUNK_SECONDS:g})")  # fmt: skip
    parser.add_argument("--retry-errors", action="store_true", help="repeat runs that failed")
    parser.add_argument("--worker-timeout", type=float, default=sweep.WORKER_TIMEOUT, metavar="S",
                        help=f"of Dask without a worker that can ({sweep.WORKER_TIMEOUT:g})")  # fmt: skip


def _share(text: str) -> tuple[int, int]:
    try:
        return sweep.parse_share(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def engine_of(parsed: argparse.Namespace) -> dict[str, Any]:
    """The engine arguments as keywords of `sweep.run`."""
    threads = None if parsed.jobs is None else int(parsed.jobs)
    return {
        "executor": parsed.dask,
        "threads": threads,
        "share": parsed.shard,
        "chunk_seconds": parsed.chunk_seconds,
        "retry_errors": parsed.retry_errors,
        "worker_timeout": parsed.worker_timeout,
        "progress": True,
    }


def main(parsed: argparse.Namespace) -> int:
    """Run one verb; returns the exit code."""
    allowed = getattr(parsed, "allow", [])
    sweep.allow(*allowed)
    if allowed:  # they may lie beside the specification
        with suppress(FileNotFoundError):  # a folder deleted meanwhile
            if (here := str(Path.cwd())) not in sys.path:
                sys.path.insert(0, here)
    return _VERBS[parsed.verb](parsed)


def _planned(parsed: argparse.Namespace) -> sweep.Plan:
    spec = sweep.load(parsed.spec)
    return sweep.plan(spec.cells, seed=spec.seed, backend=spec.backend, name=spec.name)


def _plan(parsed: argparse.Namespace) -> int:
    plan = _planned(parsed)
    missing = plan.missing(Store(parsed.out).ids() if parsed.out else ())
    print(describe(plan, missing))
    if parsed.slurm:
        if parsed.out is None:
            raise ValueError("--slurm: expected --out DIR, the folder all jobs write to")
        with Store(parsed.out).writing(plan.name, plan.claim):
            pass
        script = parsed.out / "sweep.sbatch"
        sizes = int(parsed.parts), int(parsed.cpus), int(parsed.minutes)
        write_atomically(script, sweep.slurm_script(parsed.out, plan.name, *sizes, plan.functions))
        print(f"written: {script}. To start it: {shlex.join(['sbatch', str(script)])}")
    return 0


def describe(plan: sweep.Plan, missing: list[sweep.Run]) -> str:
    """A plan in two lines: how many runs, and at most how much work is left."""
    work, pace = sum(run.cell.work for run in missing), Pace(plan.backend)
    seconds = sum(pace.seconds(run.cell) for run in missing)
    done = len(plan) - len(missing)
    return (
        f"{plan.name}: {counted(len(plan.cells), 'cell')}, {counted(len(plan), 'run')}, "
        f"{done} of them already done\nto do: at most {work / 1e9:.3g} GFLOP, "
        f"of the order of {seconds:.3g} s of one thread ({plan.backend} backend)"
    )


def _run(parsed: argparse.Namespace) -> int:
    plan = _planned(parsed)
    added = sweep.run(plan, parsed.out, extend=parsed.extend, **engine_of(parsed))
    return _told(Store(parsed.out), added, parsed.shard)


def _resume(parsed: argparse.Namespace) -> int:
    return _told(Store(parsed.folder), sweep.resume(parsed.folder, **engine_of(parsed)), parsed.shard)


def _told(store: Store, added: int, share: tuple[int, int] | None) -> int:
    state = sweep.status(store)
    print(f"{counted(added, 'new row')} in {store.path if share is None else store.shards}\n{state}")
    if state.errors:
        print(
            f"{counted(state.errors, 'run')} failed: status {ERROR}, column error. --retry-errors repeats "
            f"{'it' if state.errors == 1 else 'them'}",
            file=sys.stderr,
        )
    return 0


def _status(parsed: argparse.Namespace) -> int:
    print(sweep.status(parsed.folder))
    return 0


def _merge(parsed: argparse.Namespace) -> int:
    damaged = sweep.merge(parsed.folder, parsed.sources)
    for damage in damaged:
        print(f"left out: {damage}", file=sys.stderr)
    print(sweep.status(parsed.folder))
    return 1 if damaged else 0


def _export(parsed: argparse.Namespace) -> int:
    print(f"{counted(sweep.export(parsed.folder, parsed.file), 'row')} written to {parsed.file}")
    return 0


def _verify(parsed: argparse.Namespace) -> int:
    found = sweep.verify(parsed.folder)
    print(found)
    return 0 if found.ok else 1


def _compact(parsed: argparse.Namespace) -> int:
    before, after = sweep.compact(parsed.folder)
    print(f"{parsed.folder}: {counted(before, 'shard')} before, {after} now")
    return 0


_VERBS: dict[str, Callable[[argparse.Namespace], int]] = {
    "plan": _plan,
    "run": _run,
    "resume": _resume,
    "status": _status,
    "merge": _merge,
    "export": _export,
    "verify": _verify,
    "compact": _compact,
}
