"""What crosses to the native core for the adaptive methods: a task as a dictionary, a run from one."""

from __future__ import annotations

from typing import Any

import numpy as np

from pl_native.backends.contract import FlowRun, FlowTask
from pl_native.backends.flow_records import DenseFlow, SwitchLog


def as_dict(task: FlowTask) -> dict[str, Any]:
    """`task` as the native core takes it."""
    stop = {
        name: getattr(task.stop, name) for name in ("criterion", "loss", "stall", "wall_time", "max_steps")
    }
    values = {name: getattr(task, name) for name in FlowTask.__slots__}
    return {**values, "stop": stop, "save": np.asarray(task.save, dtype=np.float64).tolist()}


def as_run(task: FlowTask, raw: dict[str, Any]) -> FlowRun:
    """What the native core gave."""
    log, pieces = raw["switches"], raw["dense"]
    fields = {name: raw[name] for name in FlowRun.__slots__ if name not in ("switches", "dense")}
    return FlowRun(
        **fields,
        switches=None if log is None else SwitchLog(**log),
        dense=None if pieces is None else _as_dense(task, pieces),
    )


def _as_dense(task: FlowTask, pieces: list[tuple[float, float, Any]]) -> DenseFlow:
    p, d = task.W.shape
    starts = np.array([piece[0] for piece in pieces])
    widths = np.array([piece[1] for piece in pieces])
    return DenseFlow(p, d, starts, widths, tuple(piece[2] for piece in pieces))
