"""`manifest.json`: what the rows of a folder belong to, and where they come from."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pl_native._base.build import NUMERICS, build_info
from pl_native.store import disk

FORMAT = "pl_native rows"
SCHEMA = 2
"""Version of the layout of folders and columns."""

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
    """`name` of the sweep, its `plans` by id (each as JSON: cells, seed, backend), and `sessions` of
    writing."""

    name: str
    numerics: int = NUMERICS
    plans: dict[str, Json] = field(default_factory=dict)
    sessions: list[Json] = field(default_factory=list)

    def as_text(self) -> str:
        """The file's content."""
        head = {"format": FORMAT, "schema": SCHEMA, "numerics": self.numerics, "name": self.name}
        return (
            json.dumps(head | {"plans": self.plans, "sessions": self.sessions}, indent=1, allow_nan=False)
            + "\n"
        )


def path_of(folder: Path) -> Path:
    """Where the manifest of `folder` lies."""
    return folder / "manifest.json"


def read(folder: Path) -> Manifest | None:
    """The manifest of `folder`; None when there is none.

    ValueError when it is damaged, of another program, or of another version of the layout.
    """
    path = path_of(folder)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        head = (content["format"], content["schema"])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"{path}: damaged, or not a manifest of pl_native. Rows in shards/ are not touched; move this "
            "file away and run the same again to have it written anew"
        ) from None
    if head != (FORMAT, SCHEMA):
        raise ValueError(
            f"{path}: written in layout {head[1]!r} of {head[0]!r}, this version reads layout {SCHEMA} of "
            f"{FORMAT!r}. Rows are not touched; use the version that wrote them, or another folder"
        )
    return Manifest(content["name"], content["numerics"], content["plans"], content["sessions"])


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
