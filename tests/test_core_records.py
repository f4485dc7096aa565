"""What the core wrote down of a run, given back: it goes on, and nonsense is refused."""

import math

import numpy as np
import pytest

from core_tasks import ORTHOGONAL, N, P, capture_task, euler_task, flow_task, run

_core = pytest.importorskip("pl_native._core")


def test_a_task_goes_on():
    task = euler_task()
    (whole,), _ = run(task)
    (first,), _ = run(task | {"n_steps": 3, "save": np.array([0, 3], np.int64)})
    onward = {"W": first["W"], "a": first["a"], "resume": first["resume"], "save": np.array([4])}
    (later,), _ = run(task | onward)
    assert later["W"].tobytes() == whole["W"].tobytes()
    assert later["steps"].tolist() == [4]
    assert later["resume"]["loss_start"] == whole["loss"][0]


RECORDS = [
    (3, TypeError, "iterable|dict"),
    ({}, KeyError, "at"),
    ({"at": -1}, ValueError, "resume.at: expected a step within 0 .. n_steps"),
    ({"at": 5}, ValueError, "resume.at"),
    ({"invariants": np.zeros(P + 1)}, ValueError, "invariants: expected length 2, got 3"),
    ({"invariants": np.zeros(P, dtype=np.float32)}, TypeError, "invariants: expected dtype float64"),
    ({"loss_start": "much"}, (TypeError, RuntimeError), "cast"),
]


@pytest.mark.parametrize(("change", "error", "message"), RECORDS)
def test_nonsense_about_the_past_is_refused(change, error, message):
    task = euler_task()
    (first,), _ = run(task)
    record = first["resume"] | change if isinstance(change, dict) and change else change
    with pytest.raises(error, match=message):
        run(task | {"resume": record})


FLOW_RECORDS = [
    ({"at": 2.0}, "at: expected a time within"),
    ({"at": math.nan}, "at: expected a time within"),
    ({"modes": np.zeros((P, N + 1), np.int8)}, "modes' second dimension: expected length 5, got 6"),
    ({"modes": np.full((P, N), 3, np.int8)}, "modes: expected 0, 1 or"),
    ({"modes": np.full((P, N), -1, np.int8)}, "modes: expected 0, 1 or"),
    ({"sign": np.zeros(P + 1)}, "sign: expected length 2, got 3"),
    ({"count": np.zeros(3, np.int64)}, "count: expected length 18, got 3"),
]


@pytest.mark.parametrize(("change", "message"), FLOW_RECORDS)
def test_nonsense_about_the_past_of_a_flow_is_refused(change, message):
    (first,), _ = _core.flow([flow_task()], 1)
    with pytest.raises(ValueError, match=message):
        _core.flow([flow_task() | {"resume": first["resume"] | change}], 1)


CAPTURE_RECORDS = [
    (3, TypeError, "iterable|dict"),
    ({}, KeyError, "at"),
    ({"at": 2.0}, ValueError, "at: expected a time within"),
    ({"at": -1.0}, ValueError, "at: expected a time within"),
    ({"at": math.nan}, ValueError, "at: expected a time within"),
    ({"step": 0.0}, ValueError, "resume.tolerance: expected positive"),
    ({"step": math.nan}, ValueError, "resume.tolerance: expected positive"),
    ({"tolerance": -1.0}, ValueError, "resume.tolerance: expected positive"),
    ({"invariants": np.zeros(P + 1)}, ValueError, "invariants: expected length 2, got 3"),
    ({"invariants": np.zeros(P, dtype=np.float32)}, TypeError, "invariants: expected dtype float64"),
    ({"error": "none"}, (TypeError, RuntimeError), "cast"),
    ({"accepted": 0.5}, (TypeError, RuntimeError), "cast"),
]


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize(("change", "error", "message"), CAPTURE_RECORDS)
def test_nonsense_about_the_past_of_a_capture_is_refused(dense, change, error, message):
    task = capture_task() if dense else capture_task() | ORTHOGONAL
    (first,), _ = _core.capture([task], 1)
    record = first["resume"] | change if isinstance(change, dict) and change else change
    with pytest.raises(error, match=message):
        _core.capture([task | {"resume": record}], 1)
