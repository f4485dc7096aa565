"""The second wall: nonsense given to the native module directly raises, and never crashes or reads beyond."""

import math
import sys

import numpy as np
import pytest

from core_tasks import METHODS, ORTHOGONAL, STOP, D, N, P, euler_task, flow_task, kinks, run

_core = pytest.importorskip("pl_native._core")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("change", [{}, ORTHOGONAL], ids=["dense", "orthogonal"])
def test_a_good_task_runs(method, change):
    """Of dense inputs, and of the norms of orthogonal points, in their own coordinates."""
    compute, task = METHODS[method]
    (result,), interrupted = compute([task() | change], 1)
    assert result["status"] == _core.status_table()["HORIZON"]
    assert result["W"].shape == (P, N if change else D)
    assert not interrupted


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [0, 1, 1023, 1024, 2047, 2048, 2100])
def test_one_number_that_is_not_finite_is_found_wherever_it_is(dtype, wrong, place):
    """The check goes over stretches of 1024 numbers; the largest finite ones pass it."""
    task = euler_task() | {"X": np.full((2101, 1), np.finfo(dtype).max, dtype), "y": np.ones(2101, dtype)}
    task |= {"W": np.zeros((P, 1), dtype), "a": np.ones(P, dtype)}
    run(task)
    task["X"][place] = wrong
    with pytest.raises(ValueError, match="X: expected finite"):
        run(task)


def kinks_of(neurons, points):
    """Of two pairs that are on."""
    columns = {"neuron": np.array(neurons, np.int32), "point": np.array(points, np.int32)}
    return columns | {"mode": np.ones(2, np.int8), "share": np.ones(2)}


SHARED = [
    ("X", "no array", TypeError, "X: expected a NumPy array"),
    ("X", np.zeros((N, D), dtype=np.int64), TypeError, "X: expected dtype float64, got int64"),
    ("X", np.zeros((N, D), dtype=complex), TypeError, "X: expected dtype"),
    ("X", np.zeros((N, D), dtype=">f8"), TypeError, "X: expected dtype"),
    ("X", None, ValueError, "X, norms: expected one of the two"),
    ("X", np.ones(N), ValueError, "X: expected 2 dimensions, got 1"),
    ("X", np.ones(()), ValueError, "X: expected 2 dimensions, got 0"),
    ("X", np.ones((N, D, 1)), ValueError, "X: expected 2 dimensions"),
    ("X", np.ones((0, D)), ValueError, "X: expected at least one entry"),
    ("X", np.asfortranarray(np.ones((N, D))), ValueError, "X: expected a C-contiguous"),
    ("X", np.ones((2 * N, D))[::2], ValueError, "X: expected a C-contiguous"),
    ("X", np.full((N, D), np.nan), ValueError, "X: expected finite"),
    ("norms", np.ones(N), ValueError, "X, norms: expected one of the two"),
    ("y", np.ones(N + 1), ValueError, "y: expected length 5, got 6"),
    ("y", np.ones(N, dtype=np.float32), TypeError, "y: expected dtype float64"),
    ("y", np.full(N, np.inf), ValueError, "y: expected finite"),
    ("W", np.ones((P, D + 1)), ValueError, "W's second dimension"),
    ("W", np.full((P, D), np.inf), ValueError, "W: expected finite"),
    ("a", np.ones(P + 1), ValueError, "a: expected length 2, got 3"),
    ("w_perp_sq", np.zeros(P, dtype=np.float32), TypeError, "w_perp_sq: expected dtype"),
    ("w_perp_sq", np.zeros(1), ValueError, "w_perp_sq: expected length"),
    ("w_perp_sq", np.array([0.0, -1e-300]), ValueError, "w_perp_sq: expected numbers >= 0"),
    ("w_perp_sq", np.array([0.0, np.nan]), ValueError, "w_perp_sq: expected finite"),
    ("stop", {}, KeyError, "criterion"),
    ("stop", STOP | {"loss": -1.0}, ValueError, "stop.loss: expected a positive"),
    ("stop", STOP | {"stall": math.nan}, ValueError, "stop.stall"),
    ("stop", STOP | {"wall_time": -1.0}, ValueError, "stop.wall_time"),
    ("stop", STOP | {"max_steps": -1}, ValueError, "stop.max_steps"),
    ("stop", STOP | {"rise": 0.0}, ValueError, "stop.rise"),
    ("stop", 3, TypeError, "not iterable"),
]
EULER = [
    ("step", 0.0, ValueError, "step: expected a positive"),
    ("step", math.nan, ValueError, "step"),
    ("step", math.inf, ValueError, "step"),
    ("n_steps", -1, ValueError, "n_steps"),
    ("n_steps", 2**50, ValueError, "n_steps"),
    ("save", np.array([4, 0]), ValueError, "save: expected increasing"),
    ("save", np.array([0, 5]), ValueError, "save"),
    ("save", np.array([-1, 4]), ValueError, "save"),
    ("save", np.array([0, 0, 4]), ValueError, "save"),
    ("save", np.array([0.0, 4.0]), TypeError, "save: expected dtype int64"),
    ("save", np.array([], dtype=np.int64), ValueError, "save"),
]
ADAPTIVE = [
    ("X", np.ones((N, D), np.float32), TypeError, "X: expected dtype float64"),
    ("t_end", math.inf, ValueError, "t_end: expected a finite"),
    ("t_end", -1.0, ValueError, "t_end: expected a finite"),
    ("rtol", 0.0, ValueError, "rtol: expected a positive"),
    ("rtol", math.nan, ValueError, "rtol: expected a positive"),
    ("atol", -1.0, ValueError, "atol: expected a finite"),
    ("budget", 0.0, ValueError, "budget: expected a positive"),
    ("budget", math.nan, ValueError, "budget: expected a positive"),
    ("save", np.array([1.0, 0.5]), ValueError, "save: expected increasing"),
    ("save", np.array([2.0]), ValueError, "save: expected increasing"),
    ("save", np.array([math.nan]), ValueError, "save: expected increasing"),
    ("save", np.array([1]), TypeError, "save: expected dtype float64"),
    (
        "kinks",
        kinks(mode=np.array([3], np.int8)),
        ValueError,
        "kinks: expected neuron and point of at least 0",
    ),
    ("kinks", kinks(point=np.array([-1], np.int32)), ValueError, "kinks: expected neuron and point"),
    ("kinks", kinks(point=np.array([0])), TypeError, "kinks.point: expected dtype int32"),
    ("kinks", kinks(share=np.ones(2)), ValueError, "kinks.share: expected length 1, got 2"),
    ("kinks", kinks_of([0, 0], [1, 1]), ValueError, "kinks: expected pairs in order of neuron, then point"),
    ("kinks", kinks_of([0, 0], [1, 0]), ValueError, "kinks: expected pairs in order of neuron, then point"),
    ("kinks", kinks_of([1, 0], [0, 1]), ValueError, "kinks: expected pairs in order of neuron, then point"),
]
CASES = [
    (method, *case)
    for method, own in (("euler", EULER), ("flow", ADAPTIVE), ("capture", ADAPTIVE))
    for case in SHARED + own
] + [
    ("flow", "order", 1, ValueError, "order: expected 0 or within"),
    ("flow", "order", 31, ValueError, "order: expected 0 or within"),
    ("flow", "max_step", 0.0, ValueError, "max_step: expected a positive"),
]


@pytest.mark.parametrize(("method", "field", "value", "error", "message"), CASES)
def test_nonsense_is_refused(method, field, value, error, message):
    """One wall: what all methods share is refused by all, in the same words."""
    compute, task = METHODS[method]
    with pytest.raises(error, match=message):
        compute([task() | {field: value}], 1)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("norm", [0.0, -1.0, math.nan])
def test_norms_must_be_positive(method, norm):
    compute, task = METHODS[method]
    change = ORTHOGONAL | {"norms": np.array([1.0, 1.0, norm, 1.0, 1.0])}
    with pytest.raises(ValueError, match=r"norms: expected (numbers > 0|finite)"):
        compute([task() | change], 1)


@pytest.mark.parametrize("method", METHODS)
def test_a_field_that_is_missing_is_named(method):
    compute, task = METHODS[method]
    for name in task():
        with pytest.raises(KeyError, match=name):
            compute([{key: value for key, value in task().items() if key != name}], 1)


def test_orthogonal_flows_do_not_slide():
    task = flow_task() | ORTHOGONAL
    (first,), _ = _core.flow([task], 1)
    sliding = first["resume"] | {"modes": np.full((P, N), 2, np.int8)}
    with pytest.raises(ValueError, match="modes: expected 0, 1 or"):
        _core.flow([task | {"resume": sliding}], 1)


@pytest.mark.parametrize("method", METHODS)
def test_a_task_is_a_dictionary(method):
    with pytest.raises((TypeError, ValueError)):
        METHODS[method][0]([(1, 2)], 1)


@pytest.mark.parametrize("threads", [0, -3])
def test_threads_must_be_positive(threads):
    with pytest.raises(ValueError, match="threads"):
        run(euler_task(), threads)


def test_unknown_level():
    with pytest.raises(ValueError, match="level: 'v9'"):
        run(euler_task(), level="v9")


def test_misaligned_arrays_are_refused():
    raw = np.zeros(N * 8 + 1, dtype=np.uint8)
    task = euler_task()
    task["y"] = raw[1:].view(np.float64)
    with pytest.raises(ValueError, match="aligned"):
        run(task)


def test_memory_is_asked_for_before_it_is_taken(monkeypatch):
    monkeypatch.setenv("PL_NATIVE_MAX_BYTES", "1000")
    with pytest.raises(MemoryError, match=r"needs \d+ bytes of memory, available are 1000 bytes"):
        run(euler_task())


def test_no_task_is_no_result():
    assert _core.euler([], 2) == ([], False)


def test_exception_of_the_progress_callback_is_raised():
    def progress(done, total):
        raise RuntimeError(f"seen {done} of {total}")

    task = euler_task()
    task |= {"n_steps": 2**30, "save": np.array([0, 2**30], np.int64)}
    with pytest.raises(RuntimeError, match="seen"):
        run(task, 2, progress=progress)


@pytest.mark.parametrize("method", ["flow", "capture"])
@pytest.mark.parametrize("change", [{}, ORTHOGONAL], ids=["dense", "orthogonal"])
def test_a_budget_pauses_a_run(method, change):
    """With the status of a limit on steps, a step on at least; by the record it goes on to the same end."""
    compute, task = METHODS[method]
    whole = compute([task() | change], 1)[0][0]
    asked, parts = task() | change | {"budget": 1.0}, 0
    while True:
        part = compute([asked], 1)[0][0]
        parts += 1
        if part["status"] != _core.status_table()["STEP_LIMIT"]:
            break
        before = asked["resume"]["at"] if asked["resume"] else 0.0
        assert before < part["resume"]["at"] < 1.0
        asked |= {"W": part["W"], "a": part["a"], "resume": part["resume"]}
    assert parts > 1
    assert part["status"] == whole["status"]
    np.testing.assert_allclose(part["W"], whole["W"], rtol=1e-4)


@pytest.mark.parametrize("method", ["flow", "capture"])
def test_a_watch_that_raises_ends_nothing(method, monkeypatch):
    """Python's own catches all that a user's function raises; one that does not is told as unraisable."""
    compute, task = METHODS[method]
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: told.append(what.exc_type))

    class Watch:
        def begin(self, t):
            raise ZeroDivisionError

        def along(self, t, h, state):
            state(0.5 * h)
            raise ValueError

    (result,), interrupted = compute([task() | {"watch": Watch()}], 1)
    assert result["status"] == _core.status_table()["HORIZON"]
    assert not interrupted
    assert {ZeroDivisionError, ValueError} == set(told)
