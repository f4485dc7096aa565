"""`pl-native bench`: how fast this installation is on this machine, against its limit and against rivals."""

from __future__ import annotations

import argparse
from typing import Any

from pl_native._base.files import folder_to_fill
from pl_native.bench import dense
from pl_native.bench.harness import FULL, QUICK
from pl_native.bench.machine import machine_facts, write_json
from pl_native.bench.rivals import DENSE, Rival, importable
from pl_native.cli.parsing import place

LIBRARIES = tuple(dict.fromkeys(rival.library for rival in DENSE))
QUESTION = "How fast is one Euler step of a dense problem, against the processor's limit and against rivals?"

_EPILOG = """\
Measured: the peak of fused multiply-adds on all cores; the time of an Euler step at
(n, d, p) = (1700, 100, 37), (300, 30, 31) and (350, 30, 400) in float32 and float64, one network per core,
as a share of that peak (useful work 4ndp per step); and the same steps in NumPy, PyTorch, JAX and Numba,
each in several variants and in processes of its own. Every variant must end in the state that pl_native ends
in before it is timed. The best variant of each family then meets pl_native in interleaved rounds: medians,
and [least, greatest] over the rounds. With --quick NumPy is the only rival, unless --rivals names others.

Some eight minutes with all four libraries, under one with --quick. Close other programs first.
"""


def add_parser(commands: Any) -> None:
    """Add `bench` to the command line."""
    parser = commands.add_parser(
        "bench",
        help="time this machine: share of its peak, and against NumPy, PyTorch, JAX, Numba",
        description="Time dense Euler steps on this machine.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="few short rounds: under a minute")
    rivals = f"among {', '.join(LIBRARIES)} (default: those installed); --rivals alone: none"
    parser.add_argument("--rivals", nargs="*", choices=LIBRARIES, metavar="LIBRARY", help=rivals)
    parser.add_argument("--out", type=place, metavar="FILE", help="write everything measured as JSON")


def main(parsed: argparse.Namespace) -> int:
    """Run the verb; returns the exit code."""
    if parsed.out is not None:  # minutes before it is written
        if parsed.out.exists() and not parsed.out.is_file():
            what = "a folder" if parsed.out.is_dir() else "none"
            raise ValueError(f"--out: expected a file, {parsed.out} is {what}")
        folder_to_fill("--out", parsed.out.parent)
    effort = QUICK if parsed.quick else FULL
    rivals = _chosen(parsed.rivals, parsed.quick)
    facts = machine_facts() | {"quick": effort.quick}
    for line in _heading(facts):
        effort.say(line)
    rows = dense.run(effort, rivals)
    if parsed.out is not None:
        write_json(parsed.out, QUESTION, rows, facts)
        effort.say(f"written: {parsed.out}")
    return 0


def _chosen(libraries: list[str] | None, quick: bool) -> list[Rival]:
    """ImportError for a library that was asked for by name and is not installed."""
    wanted = libraries if libraries is not None else ["numpy"] if quick else list(LIBRARIES)
    asked = [rival for rival in DENSE if rival.library in wanted and not (quick and rival.slow_start)]
    found = importable(asked)
    missing = sorted({rival.library for rival in asked} - {rival.library for rival in found})
    if missing and libraries is not None:
        raise ImportError(f"not installed: {', '.join(missing)}")
    return found


def _heading(facts: dict[str, Any]) -> list[str]:
    native, load = facts["pl_native"]["native"], facts["load_average_before"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items() if version)
    peaks = ", ".join(f"{value:g} ({name})" for name, value in facts["fma_peak_gflops"].items())
    return [
        f"{facts['cpu']}, {facts['cores']} cores used, load average {load}",
        f"pl_native {facts['pl_native']['pl_native']}, level {native['level']}, {native['compiler']}",
        f"with {versions}",
        f"FMA peak, GFLOP/s: {peaks}",
    ]
