"""Problems and calls shared by the tests of the event-driven flow."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from pl_native.backends import native
from pl_native.backends.contract import FlowRun, FlowTask

NON_FINITE, CONVERGED, CRITERION, TARGET, DEAD_POINT, STALLED = range(6)
INTERRUPTED, WALL_TIME, STEP_LIMIT, SWITCH_LIMIT, UNSTABLE, HORIZON = range(6, 12)


def stop_rules(**changes: Any) -> Any:
    values = {"criterion": False, "loss": 0.0, "stall": 0.0, "wall_time": 60.0, "max_steps": 200_000}
    return SimpleNamespace(**{**values, **changes})


def make_task(
    X: Any, y: Any, W: Any, a: Any, t_end: float, rtol: float = 1e-8, stop: Any = None, **options: Any
) -> FlowTask:
    """A task with atol = rtol / 1000 and start and end saved; `norms=` and X None for orthogonal inputs."""

    def owned(v: Any) -> Any:
        return None if v is None else np.ascontiguousarray(v, float)

    values: dict[str, Any] = {
        "atol": rtol * 1e-3,
        "save": np.array([0.0, t_end]),
        "w_perp_sq": np.zeros(len(a)),
        "norms": None,
        **options,
    }
    values["norms"] = owned(values["norms"])
    return FlowTask(
        X=owned(X),
        y=owned(y),
        W=owned(W),
        a=owned(a),
        t_end=float(t_end),
        rtol=rtol,
        stop=stop or stop_rules(),
        **values,
    )


def run(*problem: Any, **options: Any) -> FlowRun:
    runs, interrupted = native.flow([make_task(*problem, **options)], threads=1, poll=None)
    assert not interrupted
    assert runs[0] is not None
    return runs[0]


def draw(n: int, d: int, p: int, seed: int = 0) -> tuple[Any, Any, Any, Any]:
    """The paper's data (norms in [1, 2], labels in +-[1, 2]) and asymmetric network."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    X *= rng.uniform(1, 2, (n, 1)) / np.linalg.norm(X, axis=1, keepdims=True)
    y = rng.uniform(1, 2, n) * rng.choice([-1, 1], n)
    W = rng.standard_normal((p, d)) / np.sqrt(d)
    a = rng.choice([-1, 1], p) * (np.linalg.norm(W, axis=1) + rng.exponential(1, p))
    return X, y, W, a


def mixed(seed: int) -> tuple[Any, Any, Any, Any]:
    """n in 2..60, d in 1..30, p in 1..12; two in three of the larger kind, where pairs slide."""
    rng = np.random.default_rng(1000 + seed)
    shape = rng.integers((2, 1, 1), (61, 31, 13))
    if seed % 3:
        shape = rng.integers((30, 4, 5), (61, 16, 13))
    n, d, p = (int(v) for v in shape)
    return draw(n, d, p, seed)


def euler(X: Any, y: Any, W: Any, a: Any, t_end: float, step: float) -> tuple[Any, Any]:
    """Explicit Euler with sigma'(0) = 0, in NumPy."""
    n, p = len(y), len(a)
    for _ in range(round(t_end / step)):
        Z = np.maximum(X @ W.T, 0)
        r = y - Z @ a / p
        W, a = W + (step / n) * a[:, None] * ((Z.T > 0) * r @ X), a + (step / n) * (r @ Z)
    return W, a


def distance(run: FlowRun, W: Any, a: Any) -> float:
    return float(max(np.abs(run.W - W).max(), np.abs(run.a - a).max()))
