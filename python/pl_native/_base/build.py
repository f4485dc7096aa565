"""Facts about this installation, for reports and `pl-native doctor`."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import sys
from typing import Any

import numpy as np

NUMERICS = {"auto": 18, "euler": 5, "flow": 15, "capture": 17}
"""By method; raised whenever the same problem would give other numbers. Part of every row's id."""


def version() -> str:
    """The version of the installed package; "0+unknown" when it is used without being installed."""
    try:
        return importlib.metadata.version("pl_native")
    except importlib.metadata.PackageNotFoundError:
        return "0+unknown"


def build_info() -> dict[str, Any]:
    """Versions, platform and, under "native", the facts of the compiled core (None where it cannot be
    used)."""
    facts: dict[str, Any] = {
        "pl_native": version(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "native": None,
    }
    if core_missing() is None:
        from pl_native import _core

        facts["native"] = {
            **_core.build_info(),
            "levels": _core.levels(),
            "level": _core.level(),
            "default_threads": _core.default_threads(),
        }
    return facts


def core_missing() -> str | None:
    """Why `pl_native._core` cannot be used here, in words; None if it can."""
    if sys.modules.get("pl_native._core") is not None:  # every call asks
        return None
    if importlib.util.find_spec("pl_native._core") is None:
        return "pl_native._core is not built"
    try:
        from pl_native import _core  # noqa: F401
    except ImportError as error:  # of another system's libraries, or in a sub-interpreter
        return f"pl_native._core cannot be imported ({error})"
    return None


def default_threads() -> int:
    """Threads that the compiled core uses when none are asked for; ImportError when it was not built."""
    return int(_native().default_threads())


def fma_peak(threads: int, seconds: float, dtype: object) -> float:
    """GFLOP/s of a loop of fused multiply-adds that touches registers only, at the level in use.

    On all `threads` (1 .. 4096) together, timed for `seconds`; `dtype` float32 or float64. ValueError for
    other numbers, ImportError when the core was not built.
    """
    return float(_native().fma_peak(threads, seconds, bool(np.dtype(dtype) == np.float32)))  # type: ignore[call-overload]


def _native() -> Any:
    missing = core_missing()
    if missing is not None:
        raise ImportError(f"{missing}; install the package to compile it")
    from pl_native import _core

    return _core
