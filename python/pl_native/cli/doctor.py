"""`pl-native doctor`: what this installation can do, and what it has chosen."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from pl_native import backends
from pl_native._base import memory
from pl_native._base.build import build_info, core_missing

_VARIABLES = ("PL_NATIVE_ISA", "PL_NATIVE_BACKEND", "PL_NATIVE_MAX_BYTES", "OMP_NUM_THREADS")


def add_parser(commands: Any) -> None:
    """Add `doctor` to the command line."""
    commands.add_parser("doctor", help="what this installation can do, and what it has chosen")


def main(parsed: argparse.Namespace) -> int:
    """Run the verb; returns the exit code: 0 if the compiled core is there, else 1."""
    facts = build_info()
    for name, value in _lines(facts):
        print(f"{name:<22} {value}")
    if facts["native"] is None:
        print(
            f"pl-native: failed: {core_missing()}; install the package to compile it",
            file=sys.stderr,
        )
        return 1
    return 0


def _lines(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        if name != "native":
            yield name, _text(value)
    yield "backends", ", ".join(backends.available())
    for name, value in sorted((facts["native"] or {}).items()):
        yield f"core: {name}", _text(value)
    yield "CPUs of this process", _cpus()
    yield "thread rule", "threads= if given, else OMP_NUM_THREADS, else these CPUs within the cgroup's quota"
    yield "denormals", "kept" if denormals_kept() else "flushed to zero by other code in this process"
    for name in _VARIABLES:
        yield name, os.environ.get(name, "(not set)") + _refused(name)


def _refused(name: str) -> str:
    """What every run will say of the value of a variable, if it is nonsense."""
    try:
        if name == "PL_NATIVE_BACKEND":
            backends.select()
        elif name == "PL_NATIVE_MAX_BYTES":
            memory.asked_limit()
    except (ValueError, ImportError) as error:
        return f" (refused: {error})"
    return ""


def denormals_kept() -> bool:
    """Whether this thread computes with subnormal numbers, as the package expects and leaves it."""
    smallest = np.full(1, np.finfo(np.float64).tiny)
    return bool((smallest / 2)[0] > 0.0)


def _cpus() -> str:
    mask = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return f"{len(mask)} of {os.cpu_count()}"


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
