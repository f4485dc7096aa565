"""Memory is asked for before it is taken: what a call needs against what there is, as in the native core."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sized
from pathlib import Path

from pl_native._base import cgroups

VARIABLE = "PL_NATIVE_MAX_BYTES"

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_NUMBER = re.compile(r"\s*((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-z]*)\s*", re.IGNORECASE | re.ASCII)

_SMALL = 1 << 24
"""Bytes below which nothing is asked, unless the user has set a limit."""


def require(needed: float, what: str = "this call") -> None:
    """MemoryError, naming both numbers, when `needed` bytes are more than there are."""
    limit = asked_limit()
    if limit is None and needed < _SMALL:
        return
    there = available() if limit is None else limit
    if not needed <= there:
        raise MemoryError(
            f"{what} needs {_human(needed)} of memory, available are {_human(there)} "
            f"({VARIABLE} overrides what is available)"
        )


def available() -> float:
    """Bytes that a call may ask for: $PL_NATIVE_MAX_BYTES if set, else the smaller of the free RAM and what
    the cgroup still allows.
    """
    limit = asked_limit()
    return min(_free_ram(), cgroups.bytes_left()) if limit is None else limit


def asked_limit() -> float | None:
    """$PL_NATIVE_MAX_BYTES in bytes: a number > 0 and perhaps a unit, "512MiB", "10 GB"; None where it is not
    set or empty. ValueError for anything else.
    """
    text = os.environ.get(VARIABLE, "")
    if not text:
        return None
    found = _NUMBER.fullmatch(text)
    factor = _UNITS.get(found.group(2).lower()) if found else None
    size = float(found.group(1)) * factor if found and factor else 0.0
    if not 0 < size < math.inf:
        raise ValueError(
            f"{VARIABLE}: expected a number of bytes > 0, perhaps with a unit (B, kB, MB, GB, TB, KiB, MiB, "
            f"GiB, TiB), got {text!r}"
        )
    return size


def length_of(value: Sized) -> int:
    """`len`, also where it is beyond what `len` may return, of a range."""
    if isinstance(value, range) and value:
        return 1 + (value[-1] - value[0]) // value.step
    return len(value)


def _free_ram() -> float:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:  # not Linux: the allocator decides
        return math.inf
    known = dict(line.split(":", 1) for line in lines if ":" in line)
    return float(known["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in known else math.inf


def _human(size: float) -> str:
    if size < 1e7:
        return f"{size:.0f} bytes"
    return f"{size / 2**30:.3g} GiB" if size < math.inf else "infinitely much"
