"""The readable oracle: the equations of the model, as they are written, on NumPy. Serial."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pl_native._base import memory
from pl_native._base.checks import Array
from pl_native.backends._loop import Evaluation, one_after_another
from pl_native.backends.contract import EulerRun, EulerTask, FlowRun, FlowTask, Poll
from pl_native.backends.numpy_flow import Oracle, bytes_of

__all__ = ["NAME", "available", "euler", "evaluate", "flow"]

NAME = "numpy"


def available() -> bool:
    return True


def evaluate(task: EulerTask, W: Array, a: Array) -> Evaluation:
    """Residual and velocity at (W, a), in the dtype of the task.

        dw_j/dt = (a_j/n) sum_i r_i 1_ji x_i,     da_j/dt = (1/n) sum_i r_i max(z_ji, 0),
        r_i = y_i - (1/p) sum_j a_j max(z_ji, 0).

    Orthogonal inputs x_i = X[i] e_i make every product with X one of numbers.
    """
    X, y = task.X, task.y
    n, p = len(y), len(a)
    orthogonal = X.ndim == 1
    z = X[:, None] * W.T if orthogonal else X @ W.T  # (n, p)
    on = z > 0
    live = np.maximum(z, 0)  # unlike a product with the mask, lets NaN through
    r = y - live @ a / p
    pull = (on * r[:, None]).T
    r64 = r.astype(np.float64, copy=False)
    return Evaluation(
        sum_r2=float(r64 @ r64),
        n_active=int(np.count_nonzero(on)),
        W_dot=(pull * X if orthogonal else pull @ X) * a[:, None] / n,
        a_dot=live.T @ r / n,
        dead=np.logical_not(on.any(axis=1)),
    )


def euler(
    tasks: Sequence[EulerTask], *, threads: int | None, poll: Poll | None
) -> tuple[list[EulerRun | None], bool]:
    """Explicit Euler, one task after another whatever `threads` says."""
    return one_after_another(tasks, evaluate, poll)


def flow(
    tasks: Sequence[FlowTask], *, threads: int | None, poll: Poll | None
) -> tuple[list[FlowRun | None], bool]:
    """Runs in order; stop rules other than `max_steps` and dense output are the native core's alone.

    Ctrl-C ends the call with the runs finished.
    """
    memory.require(max(map(bytes_of, tasks), default=0.0), "this call")
    runs: list[FlowRun | None] = [None] * len(tasks)
    try:
        for i, task in enumerate(tasks):
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                runs[i] = Oracle(task).run()
            if poll is not None:
                poll(i + 1, len(tasks))
    except KeyboardInterrupt:
        return runs, True
    return runs, False
