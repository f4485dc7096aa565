"""The seam between Python, which checks and explains, and what computes.

A backend is a module with `NAME`, `available()`, `euler(tasks, threads=, poll=)` and, for the methods it
knows, `flow` and `capture`, called alike. It is handed integers
and plain arrays, with no option left to interpret, and hands back what it recorded, a status code and
counters. A run may go on later: what its
backend has to know for that, beside the state reached, is `resume`, which goes out with a run and comes back
with the task that continues it. Nobody else looks into it but for "at", the step (Euler) or time reached.
"""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, cast

from pl_native import _checks
from pl_native._checks import Array
from pl_native.backends.flow_task import FlowRun, Resume
from pl_native.types import Stop

NAMES = ("native", "numba", "numpy")

Poll: TypeAlias = Callable[[int, int], None]
Counters: TypeAlias = dict[str, float | int | None]


@dataclass(frozen=True, slots=True)
class EulerTask:
    """One run of explicit Euler."""

    X: Array
    """(n, d), or (n,): norms of orthogonal inputs x_i = X[i] e_i, and then d = n; C-contiguous, float32 or
    float64; y, W, a have the same dtype"""
    y: Array
    """(n,)"""
    W: Array
    """(p, d)"""
    a: Array
    """(p,)"""
    w_perp_sq: Array
    """(p,) float64: squared norms outside the coordinates represented"""
    step: float
    n_steps: int
    """N >= 0"""
    save_steps: Array
    """int64, strictly increasing, within [0, N]: steps at which to record"""
    states: bool
    """also keep (W, a) at each saved step"""
    stop: Stop
    certifiable: bool
    """off < (Cx-)^2, decided outward: CONVERGED may be claimed"""
    orthogonal: bool
    """inputs are orthogonal: DEAD_POINT may be claimed"""
    resume: Resume | None = None
    """the past of a run that goes on from (W, a); save_steps are then those from there on"""


@dataclass(slots=True)
class RawRun:
    """What one run recorded, over the m saved steps that it reached (and its end, if it ended early)."""

    status: int
    steps: Array
    """int64 (m,)"""
    loss: Array
    """float64 (m,)"""
    velocity_sq: Array
    """float64 (m,): sum_j norm(dw_j/dt)^2 + (da_j/dt)^2"""
    n_active: Array
    """int64 (m,): pairs with z_ji > 0"""
    invariant_drift: Array
    """float64 (m,): max_j abs((a_j^2 - norm(w_j)^2) - (the same at the start))"""
    W: Array
    """end state, the task's dtype"""
    a: Array
    W_saved: Array | None
    """(m, p, d)"""
    a_saved: Array | None
    """(m, p)"""
    counters: Counters
    """steps, seconds, first_rise, rises, criterion_step, proved_step, loss_bound; all but the seconds of the
    whole run, parts before this one included"""
    resume: Resume | None
    """for the task that goes on from (W, a)"""


class Backend(Protocol):
    NAME: str

    def available(self) -> bool: ...

    def euler(
        self, tasks: Sequence[EulerTask], *, threads: int | None, poll: Poll | None
    ) -> tuple[list[RawRun | None], bool]:
        """Runs in order, and whether Ctrl-C ended the call: runs not started are then None."""
        ...


Adaptive: TypeAlias = Callable[..., tuple[list[FlowRun | None], bool]]
"""`flow` or `capture` of a backend, called as `euler` is but with tasks of the flow"""

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
    wanted = _checks.choice("backend", name, ("auto", *NAMES))
    if wanted == "auto" and os.environ.get("PL_NATIVE_BACKEND", "auto") != "auto":
        wanted = _checks.choice("PL_NATIVE_BACKEND", os.environ["PL_NATIVE_BACKEND"], ("auto", *NAMES))
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
