"""Tasks as the compiled core takes them, one good one of each method."""

import math

import numpy as np
import pytest

_core = pytest.importorskip("pl_native._core")

N, D, P = 5, 3, 2
STOP = {
    "criterion": False, "loss": 0.0, "stall": 0.0, "proof": False, "wall_time": None,
    "max_steps": None, "rise": None,
}  # fmt: skip


def shared_fields():
    """What a task of every method says."""
    rng = np.random.default_rng(0)
    return {
        "X": rng.standard_normal((N, D)), "norms": None, "y": np.ones(N), "W": rng.standard_normal((P, D)),
        "a": np.ones(P), "w_perp_sq": np.zeros(P), "certifiable": False, "orthogonal": False,
        "states": False, "stop": STOP, "resume": None,
    }  # fmt: skip


def euler_task():
    return shared_fields() | {"save": np.array([0, 4], np.int64), "step": 0.1, "n_steps": 4}


def capture_task():
    return shared_fields() | {
        "save": np.array([1.0]),
        "t_end": 1.0,
        "rtol": 1e-6,
        "atol": 1e-9,
        "watch": None,
        "budget": None,
        "kinks": None,
    }


def kinks(**changes):
    """Of one pair that slides."""
    one = np.array([0], np.int32)
    return {"neuron": one, "point": one, "mode": np.array([2], np.int8), "share": np.ones(1)} | changes


def flow_task():
    mine = {"switches": False, "dense": False, "order": 0, "stabilised": True, "max_step": math.inf}
    return capture_task() | mine


METHODS = {
    "euler": (_core.euler, euler_task), "flow": (_core.flow, flow_task),
    "capture": (_core.capture, capture_task),
}  # fmt: skip
ORTHOGONAL = {"X": None, "norms": np.ones(N), "W": 0.5 * np.ones((P, N))}


def run(task, threads=1, **options):
    return _core.euler([task], threads, **options)
