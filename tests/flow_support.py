"""Problems and calls shared by the tests of the event-driven flow."""

from __future__ import annotations

from typing import Any

import numpy as np

import pl_native as pl
from pl_native.backends import native
from pl_native.backends.contract import FlowRun, FlowTask
from pl_native.bench.problems import draw


def stop_rules(**changes: Any) -> pl.Stop:
    """Rules under which no test can hang."""
    return pl.Stop(**{"wall_time": 60.0, "max_steps": 200_000, **changes})


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


def mixed(seed: int) -> tuple[Any, Any, Any, Any]:
    """n in 2..60, d in 1..30, p in 1..12; two in three of the larger kind, where pairs slide."""
    rng = np.random.default_rng(1000 + seed)
    shape = rng.integers((2, 1, 1), (61, 31, 13))
    if seed % 3:
        shape = rng.integers((30, 4, 5), (61, 16, 13))
    n, d, p = (int(v) for v in shape)
    return draw(n, d, p, seed)


def degenerate(seed: int) -> tuple[Any, Any, Any, Any]:
    """n, d, p in 1..6, degenerate on purpose: integers, duplicates, opposites, sums, zero and twin
    neurons, tiny W."""
    rng = np.random.default_rng(seed)
    n, d, p = rng.integers(1, 7, 3)
    X, W, a = rng.standard_normal((n, d)), rng.standard_normal((p, d)), rng.standard_normal(p)
    y = rng.uniform(1, 2, n) * rng.choice([-1, 1], n)
    chance = rng.random(10)
    if chance[0] < 0.4:
        X = rng.integers(-2, 3, (n, d)).astype(float)
    if chance[1] < 0.4:
        W = rng.integers(-2, 3, (p, d)).astype(float)
    if chance[2] < 0.3:
        a = rng.integers(-2, 3, p).astype(float)
    if chance[3] < 0.4:
        X[rng.integers(n)] = X[rng.integers(n)] * rng.choice([-2, -1, 1, 0.5])
    if chance[4] < 0.2 and n > 2:
        X[2] = X[0] + X[1]
    if chance[5] < 0.2:
        W[rng.integers(p)] = 0
    if chance[6] < 0.2:
        W[0], a[0] = W[-1], a[-1]
    if chance[7] < 0.15:
        fit = np.maximum(X @ W.T, 0) @ a / p
        y = np.where(np.abs(fit) > 0.1, fit, y)
    if chance[8] < 0.3:
        a = np.where(a < 0, -1, 1) * np.linalg.norm(W, axis=1)
    if chance[9] < 0.2:
        W *= 10.0 ** rng.integers(-8, 0)
    for i in np.flatnonzero(~X.any(axis=1)):
        X[i, rng.integers(d)] = 1
    return (X, y, W, a), float(rng.choice([1, 10, 100]))


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


def switch_times(sol: pl.Solution) -> dict[tuple[int, ...], list[float]]:
    """Times of each kind of switch of each pair."""
    log = sol.switches
    times: dict[tuple[int, ...], list[float]] = {}
    assert log is not None
    for t, *key in zip(log.t, log.neuron, log.point, log.from_mode, log.to_mode, strict=True):
        times.setdefault(tuple(map(int, key)), []).append(float(t))
    return times


def assert_goes_on_alike(
    problem: tuple[pl.Dataset, pl.Network], middle: float, end: float, *names: str
) -> None:
    """A run extended is the single run, in its weights and in so many of its statistics."""
    whole = pl.simulate(*problem, end, method="flow", save=[0.0, middle, end])
    part = pl.simulate(*problem, middle, method="flow", save=[0.0, middle])
    later = part.extend(end, save=[end])
    assert np.allclose(later.network.W, whole.network.W, rtol=1e-12, atol=0)
    for name in ("steps", "events", "on", "off", "slide_in", "repelling", *names):
        assert later.stats[name] == whole.stats[name], name
