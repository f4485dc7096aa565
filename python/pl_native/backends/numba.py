"""A compiled stand-in where the native module cannot be built: one fused serial pass per step, by Numba.

Runs of an ensemble are spread over Python threads (the pass releases the GIL). Numba is imported at
the first call.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from pl_native._base.checks import Array
from pl_native._base.interrupts import held
from pl_native.backends._loop import POLL_SECONDS, Evaluation, Run, ask_for_one, one_after_another, steps_left
from pl_native.backends.contract import EulerRun, EulerTask, Poll
from pl_native.backends.numpy import evaluate as elementwise

NAME = "numba"


def available() -> bool:
    return importlib.util.find_spec("numba") is not None


def _pass(X: Any, y: Any, W: Any, a: Any, live: Any, dW: Any, da: Any, dead: Any) -> tuple[float, int]:
    """One pass over the data: fills dW (p, d), da (p,), dead (n,); returns sum r^2 and the active pairs."""
    n, d = X.shape
    p = a.shape[0]
    dW[:] = 0
    da[:] = 0
    sum_r2, n_active = 0.0, 0
    for i in range(n):
        h = y[i] * 0
        dead[i] = True
        for j in range(p):
            z = y[i] * 0
            for k in range(d):
                z += W[j, k] * X[i, k]
            live[j] = z if not z <= 0 else 0  # lets NaN through
            if z > 0:
                n_active += 1
                dead[i] = False
            h += a[j] * live[j]
        r = y[i] - h / p
        sum_r2 += float(r) * float(r)
        for j in range(p):
            da[j] += r * live[j]
            if live[j] > 0:
                c = r * a[j]
                for k in range(d):
                    dW[j, k] += c * X[i, k]
    for j in range(p):
        da[j] /= n
        for k in range(d):
            dW[j, k] /= n
    return sum_r2, n_active


@functools.cache
def _compiled() -> Callable[..., tuple[float, int]]:
    import numba

    compiled: Callable[..., tuple[float, int]] = numba.njit(cache=True, fastmath=False, nogil=True)(_pass)
    return compiled


@functools.cache
def _compile_for(dtype: np.dtype[Any]) -> None:
    """Compile for tasks of `dtype`, whose first state is read-only and whose later ones are not: seconds that
    are no run's, and that no stop rule counts.
    """
    frozen = [np.ones(shape, dtype) for shape in ((1, 1), (1,))]
    for array in frozen:
        array.setflags(write=False)
    for W, a in (frozen, [array.copy() for array in frozen]):
        _compiled()(
            *frozen, W, a, np.empty_like(a), np.empty_like(W), np.empty_like(a), np.empty(1, np.bool_)
        )


def evaluate(task: EulerTask, W: Array, a: Array) -> Evaluation:
    """Residual and velocity at (W, a), in the dtype of the task: the formulas of the NumPy backend, fused.

    For orthogonal inputs those formulas are elementwise, and NumPy's own.
    """
    if task.X.ndim == 1:
        return elementwise(task, W, a)
    dW, da, live = np.empty_like(W), np.empty_like(a), np.empty_like(a)
    dead = np.empty(len(task.y), np.bool_)
    sum_r2, n_active = _compiled()(task.X, task.y, W, a, live, dW, da, dead)
    return Evaluation(sum_r2, n_active, dW, da, dead)


def euler(
    tasks: Sequence[EulerTask], *, threads: int | None, poll: Poll | None
) -> tuple[list[EulerRun | None], bool]:
    """Explicit Euler, one task per thread at a time. Ctrl-C ends the call with what was reached; it waits
    while loops are compiled, some seconds in the first call.
    """
    try:
        with held() as interrupts, interrupts.closed():  # LLVM does not survive an exception in its midst
            for dtype in {task.X.dtype for task in tasks if task.X.ndim == 2}:
                _compile_for(dtype)
    except KeyboardInterrupt:
        return [None] * len(tasks), True
    team = min(len(tasks), threads or len(os.sched_getaffinity(0)))
    if team <= 1:
        return one_after_another(tasks, evaluate, poll)
    ask_for_one(tasks, team)
    stop = threading.Event()
    steps = [0] * len(tasks)
    total = sum(steps_left(task) for task in tasks)

    def one(i: int) -> EulerRun | None:
        """Task i, to its end or until `stop` is set."""
        run = Run(tasks[i])

        def tick() -> None:
            steps[i] += 1
            if stop.is_set():
                raise KeyboardInterrupt

        try:
            if not stop.is_set():
                run.follow(evaluate, tick)
        except KeyboardInterrupt:
            pass  # `stop` was set: report what was reached, below
        steps[i] = steps_left(tasks[i])
        return run.result() if run.now is not None else None

    with ThreadPoolExecutor(team) as pool:
        pending: list[Future[EulerRun | None]] = []
        try:  # the first threads may be at work, and the signal come, before the last task is handed out
            pending.extend(pool.submit(one, i) for i in range(len(tasks)))
            _wait(pending, lambda: poll(sum(steps), total) if poll is not None else None)
        except BaseException as error:
            stop.set()  # the runs end at their next step; leaving the pool waits for them
            if not isinstance(error, KeyboardInterrupt):
                raise
    results = [future.result() for future in pending]
    return results + [None] * (len(tasks) - len(results)), stop.is_set()


def _wait(pending: Sequence[Future[EulerRun | None]], report: Callable[[], None]) -> None:
    left: set[Future[EulerRun | None]] = set(pending)
    while left:
        left = wait(left, timeout=POLL_SECONDS).not_done
        report()
