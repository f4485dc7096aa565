"""The machine: the peak that shares refer to, the facts a reader needs, and results as JSON beside them."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pl_native._base.build import build_info, default_threads, fma_peak
from pl_native._base.files import replacing
from pl_native.bench.harness import Arm

PEAK_SECONDS = 0.1
PEAK_FLOPS = 2e10  # operations that the peak's arm answers for
LIBRARIES = ("numpy", "scipy", "torch", "jax", "jaxlib", "numba")


def peak_arm(dtype: object, threads: int) -> Arm:
    """Seconds that PEAK_FLOPS operations take in the register-only loop on all `threads`."""
    return Arm("FMA peak", lambda: PEAK_FLOPS * 1e-9 / _peak(threads, dtype))


def _peak(threads: int, dtype: object) -> float:
    """GFLOP/s, over a longer time where the machine was too busy to run anything in PEAK_SECONDS."""
    seconds = PEAK_SECONDS
    while (found := fma_peak(threads, seconds, dtype)) == 0:
        seconds *= 2
    return found


def cores() -> int:
    """CPUs this process may use."""
    return default_threads()


def cache_bytes() -> dict[int, int]:
    """Bytes of the data caches of the first CPU by level; empty where the system does not say."""
    found = {}
    for cache in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((cache / name).read_text().strip() for name in ("level", "type", "size"))
        if kind != "Instruction" and size.endswith("K"):
            found[int(level)] = 1024 * int(size[:-1])
    return found


def machine_facts() -> dict[str, Any]:
    """What a reader needs in order to judge the figures, measured or read now."""
    threads = cores()
    return {
        "when": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": _cpu_name(),
        "cores": threads,
        "memory_gib": _memory_gib(),
        "cache_bytes": cache_bytes(),
        "load_average_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "platform": platform.platform(),
        "versions": {name: _version(name) for name in LIBRARIES},
        "pl_native": build_info(),
        "fma_peak_gflops": {
            f"{dtype}, {count} thread{'s' if count > 1 else ''}": round(
                max(_peak(count, dtype) for _ in range(3)), 1
            )
            for dtype in ("float32", "float64")
            for count in sorted({1, threads})
        },
    }


def write_json(path: Path, question: str, rows: Sequence[dict[str, Any]], facts: dict[str, Any]) -> None:
    """One question's answer, complete or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"question": question, "machine": facts, "rows": list(rows)}, indent=1)
    with replacing(path) as file:
        file.write(f"{text}\n".encode())


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    family = [line.split(":", 1)[1].strip() for line in lines if line.startswith(("cpu family", "model\t"))]
    return f"{names[0]} (family {', model '.join(family[:2])})" if names else platform.processor() or "?"


def _memory_gib() -> float | None:
    """Of the machine; None where the system does not say."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
