"""One function in a fresh process with a memory limit: its result, its peak memory, or why it failed."""

from __future__ import annotations

import multiprocessing
import re
import resource
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

GIB = 2**30


def isolated(work: Callable[..., Any], *args: Any, limit: int = 6 * GIB) -> dict[str, Any]:
    """{"value": ..., "peak_bytes": growth of the resident peak while `work` ran} or {"not_run": reason}."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_child, args=(theirs, limit, work, args))
    process.start()
    theirs.close()
    try:
        answer: dict[str, Any] = ours.recv()
    except EOFError:
        answer = {"not_run": "the process was ended"}
    process.join()
    return answer


def _child(end: Connection, limit: int, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    before = _peak()
    try:
        value = work(*args)
    except Exception as err:
        end.send({"not_run": f"{type(err).__name__}: {err}"})
    else:
        end.send({"value": value, "peak_bytes": _peak() - before})


def _peak() -> int:
    """Peak resident bytes of this program; getrusage would report the parent's, which survives exec."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    if found is None:
        raise RuntimeError("/proc/self/status has no VmHWM")
    return int(found[1]) * 1024
