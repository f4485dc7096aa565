"""General solvers on the field as users write it, which know of no kinks: SciPy, and diffrax if installed."""

from __future__ import annotations

import functools
import importlib.util
import time
from typing import Any, NamedTuple

import numpy as np
from scipy import integrate

import pl_native as pl
from bench_flow import Problem, jax_field

SCIPY, DIFFRAX = "SciPy RK45", "diffrax Tsit5"
FIRST_STEPS = 64  # of diffrax, by which its steps are timed: it cannot be stopped by the clock


class Found(NamedTuple):
    """Losses at the saved times, None of a run that was stopped before the last; what it cost."""

    t: Any
    loss: Any
    rhs: int
    restarts: int | None = None


@functools.cache
def installed() -> tuple[str, ...]:
    return (SCIPY,) if importlib.util.find_spec("diffrax") is None else (SCIPY, DIFFRAX)


def missing() -> list[str]:
    return [name for name in (SCIPY, DIFFRAX) if name not in installed()]


def solve(
    method: str, problem: tuple[pl.Dataset, pl.Network], times: Any, rtol: float, limit: float
) -> Found:
    """One run; `limit` in processor seconds."""
    data, net = problem
    posed = Problem(method, data.X, data.y, net.W, net.a, float(times[-1]))
    return _scipy(posed, times, rtol, limit) if method == SCIPY else _diffrax(posed, times, rtol, limit)


def _losses(posed: Problem, states: Any) -> Any:
    p, d = posed.W.shape
    found = []
    for state in states:
        outputs = np.maximum(posed.X @ state[: p * d].reshape(p, d).T, 0) @ state[p * d :] / p
        found.append(np.mean((posed.y - outputs) ** 2) / 2)
    return np.array(found)


def _scipy(posed: Problem, times: Any, rtol: float, limit: float) -> Found:
    solver = integrate.RK45(posed.field, 0.0, posed.pack(), posed.t_end, rtol=rtol, atol=1e-3 * rtol)
    began, states = time.process_time(), [posed.pack()]
    while solver.status == "running" and time.process_time() - began < limit:
        solver.step()
        dense = None
        while len(states) < len(times) and times[len(states)] <= solver.t:
            dense = dense or solver.dense_output()
            states.append(dense(times[len(states)]))
    there = len(states) == len(times)
    return Found(times, _losses(posed, states) if there else None, solver.nfev)


@functools.cache
def _compiled(most: int) -> Any:
    import diffrax
    import jax

    @jax.jit
    def run(X: Any, y: Any, W: Any, state: Any, times: Any, rtol: Any) -> Any:
        return diffrax.diffeqsolve(
            diffrax.ODETerm(jax_field(X, y, *W.shape)), diffrax.Tsit5(), 0.0, times[-1], None, state,
            stepsize_controller=diffrax.PIDController(rtol=rtol, atol=1e-3 * rtol),
            saveat=diffrax.SaveAt(ts=times), max_steps=most, throw=False,
        )  # fmt: skip

    return run


_most: dict[tuple[int, ...], int] = {}  # by the sizes of a problem


def _most_steps(given: list[Any], rtol: float, limit: float) -> int:
    """How many steps take `limit` processor seconds, to the next power of two."""
    import jax

    sizes = tuple(size for value in given for size in value.shape)
    if sizes not in _most:
        few = _compiled(FIRST_STEPS)
        jax.block_until_ready(few(*given, rtol).ys)  # compiled
        began = time.process_time()
        jax.block_until_ready(few(*given, rtol).ys)
        steps = FIRST_STEPS * limit / (time.process_time() - began)
        _most[sizes] = 2 ** max(round(np.log2(steps)), 10)
    return _most[sizes]


def prepare(
    method: str, problem: tuple[pl.Dataset, pl.Network], times: Any, rtol: float, limit: float
) -> None:
    """What is compiled before the clock."""
    if method == DIFFRAX:
        solve(method, problem, times, rtol, limit)


def _diffrax(posed: Problem, times: Any, rtol: float, limit: float) -> Found:
    import jax

    jax.config.update("jax_enable_x64", True)
    given = [jax.numpy.asarray(value) for value in (posed.X, posed.y, posed.W, posed.pack(), times)]
    run = _compiled(_most_steps(given, rtol, limit))(*given, rtol)
    states = np.asarray(run.ys)
    done = bool(np.isfinite(states).all())
    return Found(times, _losses(posed, states) if done else None, 6 * int(run.stats["num_steps"]))
