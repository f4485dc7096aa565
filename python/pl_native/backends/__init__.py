"""What computes: `native`, `numba`, `numpy`, three modules with the same few functions.

A backend is a module with `NAME`, `available()`, `euler(tasks, threads=, poll=)` and, for the methods it
knows, `flow` and `capture`, called alike (`contract`).
"""

from __future__ import annotations

import importlib
import os
import warnings
from typing import cast

from pl_native._base import checks
from pl_native.backends.contract import Adaptive, Backend

NAMES = ("native", "numba", "numpy")

_KNOWS = {"flow": "'native' or 'numpy'", "capture": "'native'"}


def adaptive(backend: Backend, method: str) -> Adaptive:
    """What computes `method` ("flow", "capture") in `backend`; ValueError if nothing does."""
    if not hasattr(backend, method):
        raise ValueError(f"backend: {backend.NAME!r} has no method={method!r}, expected {_KNOWS[method]}")
    return cast(Adaptive, getattr(backend, method))


def select(name: str = "auto") -> Backend:
    """The backend called `name`. "auto": $PL_NATIVE_BACKEND if set, else native.

    Raises ValueError for an unknown name and ImportError for a backend whose module is missing. Where the
    native module was never built, "auto" warns and takes NumPy.
    """
    wanted = checks.choice("backend", name, ("auto", *NAMES))
    if wanted == "auto" and os.environ.get("PL_NATIVE_BACKEND", "auto") != "auto":
        wanted = checks.choice("PL_NATIVE_BACKEND", os.environ["PL_NATIVE_BACKEND"], ("auto", *NAMES))
    if wanted != "auto":
        return _required(wanted)
    if _load("native").available():
        return _load("native")
    warnings.warn(
        "pl_native._core is not built: the NumPy backend is used, which is many times slower",
        RuntimeWarning,
        stacklevel=3,
    )
    return _load("numpy")


def available() -> tuple[str, ...]:
    """Names of the backends that can be used here."""
    return tuple(name for name in NAMES if _load(name).available())


def _required(name: str) -> Backend:
    backend = _load(name)
    if not backend.available():
        missing = {"native": "pl_native._core, which is built with the package", "numba": "numba"}[name]
        hint = " (pip install 'pl_native[numba]')" if name == "numba" else ""
        raise ImportError(f"backend={name!r} needs {missing}{hint}")
    return backend


def _load(name: str) -> Backend:
    return cast(Backend, importlib.import_module(f"pl_native.backends.{name}"))
