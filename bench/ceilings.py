"""What two threads can bring at most on this machine: for arithmetic, and for memory."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np

from pl_native.bench.harness import Arm, Rounds, timed
from pl_native.bench.machine import cache_bytes, peak_arm
from pl_native.bench.problems import Array

MIB = 2**20


def array_bytes() -> int:
    """Far beyond the caches, within reason."""
    return int(np.clip(4 * max(cache_bytes().values(), default=0), 64 * MIB, 1024 * MIB))


def add_in_place(array: Array, threads: int, pool: ThreadPoolExecutor) -> None:
    """Adds 1 to all of `array`, each thread to a part of its own."""
    list(pool.map(lambda part: np.add(part, 1, out=part), np.array_split(array, threads)))


@contextmanager
def ceilings(threads: int) -> Iterator[list[Arm]]:
    """Arms of both, with one thread and with `threads`."""
    array = np.ones(array_bytes() // 4, np.float32)
    with ThreadPoolExecutor(threads) as pool:
        arms = []
        for count in (1, threads):
            arms.append(Arm(f"FMA loop, {count}", peak_arm("float32", count).run))
            add = timed(lambda count=count: add_in_place(array, count, pool))  # type: ignore[misc]
            arms.append(Arm(f"addition, {count}", add))
        yield arms


def ratios(rounds: Rounds, threads: int) -> dict[str, Any]:
    """Time with one thread over time with `threads`, for a result row."""
    found = {
        name: rounds.ratio(f"{name}, 1", f"{name}, {threads}").as_json() for name in ("FMA loop", "addition")
    }
    return {"ceilings": found, "addition_mib": array_bytes() / MIB}
