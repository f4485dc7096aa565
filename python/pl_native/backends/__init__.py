"""What computes: `native`, `numba`, `numpy`, three modules with the same few functions.

A backend is a module with `NAME`, `available()`, `euler(tasks, threads=, poll=)` and, for the methods it
knows, `flow` and `capture`, called alike (`contract`).
"""

from __future__ import annotations

import functools
import importlib
import os
import warnings
from typing import cast

from pl_native._base import checks
from pl_native._base.build import core_missing
from pl_native.backends.contract import Adaptive, Backend, Prover

NAMES = ("native", "numba", "numpy")

_KNOWS = {"flow": "'native' or 'numpy'", "capture": "'native'", "auto": "'native'"}


def adaptive(backend: Backend, method: str, asked: str | None = None) -> Adaptive:
    """What computes `method` ("flow", "capture") in `backend`; ValueError if nothing does, which names the
    method that was asked for (None: the same).
    """
    if not hasattr(backend, method):
        whole = asked or method
        raise ValueError(f"backend: {backend.NAME!r} has no method={whole!r}, expected {_KNOWS[whole]}")
    return cast(Adaptive, getattr(backend, method))


def prover() -> Prover:
    """What proves: the native core alone. ImportError where it is not built."""
    return cast(Prover, _required("native").prove)  # type: ignore[attr-defined]


def select(name: str = "auto", *methods: str) -> Backend:
    """The backend called `name`. "auto": $PL_NATIVE_BACKEND if set and not empty, else native; where that
    cannot be used the first of Numba and NumPy that is there and knows `methods`, with one warning.

    Raises ValueError for an unknown name and ImportError for a backend whose module is missing.
    """
    wanted = checks.choice("backend", name, ("auto", *NAMES))
    if wanted == "auto":
        wanted = checks.choice(
            "PL_NATIVE_BACKEND", os.environ.get("PL_NATIVE_BACKEND") or "auto", ("auto", *NAMES)
        )
    if wanted != "auto":
        return _required(wanted)
    missing = core_missing()
    if missing is None:
        return _load("native")
    there = [backend for backend in map(_load, NAMES[1:]) if backend.available()]
    able = [backend for backend in there if all(hasattr(backend, method) for method in methods)]
    chosen = (able or there)[0]  # the latter explains what it does not know
    _warn_once(f"{missing}: the {chosen.NAME} backend is used, which is slower")
    return chosen


@functools.cache
def _warn_once(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=4)


def available() -> tuple[str, ...]:
    """Names of the backends that can be used here."""
    return tuple(name for name in NAMES if _load(name).available())


def _required(name: str) -> Backend:
    backend = _load(name)
    if not backend.available():
        missing = {"native": f"the compiled core: {core_missing()}", "numba": "numba"}[name]
        hint = " (pip install 'pl_native[numba]')" if name == "numba" else ""
        raise ImportError(f"backend={name!r} needs {missing}{hint}")
    return backend


@functools.cache
def _load(name: str) -> Backend:
    return cast(Backend, importlib.import_module(f"pl_native.backends.{name}"))
