"""Memory of what runs record, asked for before any begins; backends ask for what they compute with."""

from __future__ import annotations

from collections.abc import Sequence

from pl_native._base import memory
from pl_native._run.choosing import costs
from pl_native._run.task import Work
from pl_native.backends.contract import EulerTask, FlowTask

_ROW = {"euler": 128.0, "other": 192.0}
"""Bytes of a saved time: five columns as recorded, as arrays, and two derived; the flow's times as a list."""

_ORDER = 8  # of the polynomials of dense output, on the low side
_SWITCH = 22.0  # bytes of one in the log
_FACTOR = 3  # within which the number of events is known (`costs`)


def ask(works: Sequence[Work]) -> None:
    """MemoryError when what these runs are asked to record does not fit."""
    total = sum(_recorded(work) for work in works)
    memory.require(total, f"what {len(works)} runs are asked to record" if len(works) > 1 else "this run")


def _recorded(work: Work) -> float:
    task = work.task
    state = float(task.W.size + task.a.size) * task.W.itemsize
    if isinstance(task, EulerTask):
        rows, each, logs = len(task.save_steps) + 1.0, _ROW["euler"], 0.0
    else:
        rows, each, logs = len(task.save) + 1.0, _ROW["other"], _logs(work, task)
    return rows * (each + (2 * state if task.states else 0.0)) + logs


def _logs(work: Work, task: FlowTask) -> float:
    """Of dense output and the log of switches, whose number is not known before: a low estimate, so that
    nothing is refused that might fit.
    """
    if not (task.dense or task.switches):
        return 0.0
    n, p, d = work.data.n, work.network.p, task.W.shape[1]
    sizes = costs.Sizes(n, d, p, task.norms is not None, task.t_end)
    few = costs.events(sizes) / _FACTOR
    pieces = max(few if task.stop.max_steps is None else min(few, task.stop.max_steps), 1.0)
    polynomial = 8.0 * (_ORDER + 1) * (task.W.size + task.a.size)
    return (pieces * polynomial if task.dense else 0.0) + (few * _SWITCH if task.switches else 0.0)
