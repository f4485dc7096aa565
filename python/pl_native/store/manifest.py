"""`manifest.json`: what the rows of a folder belong to, and where they come from."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pl_native._base.build import NUMERICS, build_info
from pl_native._base.files import read_regular
from pl_native.store import disk

FORMAT = "pl_native rows"
SCHEMA = 3
"""Version of the layout of folders and columns."""

SESSION_KEY = ("started", "pid", "host")
"""What tells one session of writing from another."""

Json = dict[str, Any]

_SLURM = (
    "SLURM_JOB_ID",
    "SLURM_ARRAY_JOB_ID",
    "SLURM_ARRAY_TASK_ID",
    "SLURM_CPUS_PER_TASK",
    "SLURM_JOB_NODELIST",
)


@dataclass(slots=True)
class Manifest:
    """`name` of the sweep, `numerics` by method of its rows, its `plans` by id (each as JSON: cells, seed,
    backend), and `sessions` of writing."""

    name: str
    numerics: dict[str, int] = field(default_factory=dict)
    plans: dict[str, Json] = field(default_factory=dict)
    sessions: list[Json] = field(default_factory=list)

    def take_numerics(self, present: dict[str, int]) -> None:
        """Rows of these methods are to come. ValueError when there are others of other numerics here."""
        for method, number in present.items():
            there = self.numerics.setdefault(method, number)
            if there != number:
                raise ValueError(
                    f"folder: holds rows of {method} of numerics {there}, this version computes numerics "
                    f"{number}: they are not comparable bit for bit. Rows are not touched; choose another "
                    "folder"
                )

    def as_text(self) -> str:
        """The file's content."""
        head = {"format": FORMAT, "schema": SCHEMA, "numerics": self.numerics, "name": self.name}
        lines = [f"{_text(name)}: {_text(value)}" for name, value in head.items()]
        plans = [f"{_text(name)}: {_plan_text(plan)}" for name, plan in self.plans.items()]
        lines.append(f'"plans": {{{_listed(plans)}}}')
        lines.append(f'"sessions": [{_listed(map(_text, self.sessions))}]')
        return f"{{{_listed(lines)}}}\n"


def _plan_text(plan: Json) -> str:
    lines = [f"{_text(name)}: {_text(value)}" for name, value in plan.items() if name != "cells"]
    lines.append('"cells": [' + _listed(map(_text, plan["cells"])) + "]")
    return f"{{{_listed(lines)}}}"


def _listed(lines: Iterable[str]) -> str:
    """One to a line: a manifest of thousands of cells stays readable, and cheap to write."""
    return "\n" + ",\n".join(lines) + "\n"


_text = json.JSONEncoder(allow_nan=False).encode


def path_of(folder: Path) -> Path:
    """Where the manifest of `folder` lies."""
    return folder / "manifest.json"


def read(folder: Path) -> Manifest | None:
    """The manifest of `folder`; None when there is none.

    ValueError when it is damaged, of another program, or of another version of the layout.
    """
    path = path_of(folder)
    try:
        text = read_regular(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        content = json.loads(text)
        head = (content["format"], content["schema"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _damaged(path, "it is not a manifest of pl_native") from None
    if head != (FORMAT, SCHEMA):
        raise ValueError(
            f"{path}: written in layout {head[1]!r} of {head[0]!r}, this version reads layout {SCHEMA} of "
            f"{FORMAT!r}. Rows are not touched; use the version that wrote them, or another folder"
        )
    for name, (fits, expected) in _FORM.items():
        if name not in content or not fits(content[name]):
            came = repr(content[name])[:80] if name in content else "nothing"
            raise _damaged(path, f"{name}: expected {expected}, got {came}")
    return Manifest(content["name"], _numerics(content), content["plans"], content["sessions"])


def _numerics(content: Json) -> dict[str, int]:
    """By method. One number in folders of earlier versions, of all methods that their plans name."""
    found = content["numerics"]
    if isinstance(found, dict):
        return dict(found)
    cells = [cell for plan in content["plans"].values() for cell in plan["cells"]]
    named = {cell.get("method") for cell in cells if isinstance(cell, dict)}
    return {method: found for method in NUMERICS if method in named}


def _are_plans(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(plan, dict) and isinstance(plan.get("cells"), list) and plan.keys() >= {"seed", "backend"}
        for plan in value.values()
    )


def _are_sessions(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and one.keys() >= set(SESSION_KEY) for one in value
    )


def _is_numerics(value: Any) -> bool:
    numbers = value.values() if isinstance(value, dict) else [value]
    return all(type(number) is int for number in numbers)


_FORM: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (lambda value: isinstance(value, str) and value.strip() != "", "the name of a sweep"),
    "numerics": (_is_numerics, "a whole number, or whole numbers by method"),
    "plans": (_are_plans, "plans by id, each with cells, seed and backend"),
    "sessions": (_are_sessions, f"a list of sessions with {', '.join(SESSION_KEY)}"),
}


def _damaged(path: Path, what: str) -> ValueError:
    return ValueError(
        f"{path}: damaged, {what}. Rows in shards/ are not touched; move this file away and run the same "
        "again to have it written anew"
    )


@contextmanager
def changing(folder: Path, name: str) -> Iterator[Manifest]:
    """The manifest of `folder` (a new one called `name` if there is none), written back after the block.

    Other processes wait meanwhile. It is not written when the block raises.
    """
    held = disk.lock(folder / ".lock-manifest", wait=True)
    try:
        manifest = read(folder) or Manifest(name)
        yield manifest
        disk.write_atomically(path_of(folder), manifest.as_text())
    finally:
        disk.unlock(held)


def provenance() -> Json:
    """Who is computing here, now: package, compiler, level, processor, versions, command, start."""
    return {
        **build_info(),
        "numerics": NUMERICS,
        "cpu": cpu(),
        "host": platform.node(),
        "pid": os.getpid(),
        "argv": list(sys.argv),
        "slurm": {name: os.environ[name] for name in _SLURM if name in os.environ},
        "started": now(),
        "ended": None,
    }


def now() -> str:
    """Universal time, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def cpu() -> str:
    """Name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
