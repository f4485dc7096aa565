"""The second wall: nonsense given to the native module directly raises, and never crashes or reads beyond."""

import math

import numpy as np
import pytest

_core = pytest.importorskip("pl_native._core")

N, D, P = 5, 3, 2
STOP = (False, 0.0, 0.0, math.inf, -1, math.inf)


def good_task():
    rng = np.random.default_rng(0)
    return [
        rng.standard_normal((N, D)),
        np.ones(N),
        rng.standard_normal((P, D)),
        np.ones(P),
        np.zeros(P),
        0.1,
        4,
        np.array([0, 4], dtype=np.int64),
        False,
        STOP,
        False,
        False,
        None,
    ]


def run(task, threads=1, **options):
    return _core.euler([tuple(task)], threads, **options)


def test_a_good_task_runs():
    (result,), interrupted = run(good_task())
    assert result["status"] == _core.status_table()["HORIZON"]
    assert not interrupted


def test_a_good_orthogonal_task_runs():
    """One dimension of inputs: the norms of orthogonal points, in their own coordinates."""
    task = good_task()
    task[0], task[2] = np.ones(N), np.ones((P, N))
    (result,), _ = run(task)
    assert result["W"].shape == (P, N)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [0, 1, 1023, 1024, 2047, 2048, 2100])
def test_one_number_that_is_not_finite_is_found_wherever_it_is(dtype, wrong, place):
    """The check goes over stretches of 1024 numbers; the largest finite ones pass it."""
    task = good_task()
    task[0], task[1] = np.full((2101, 1), np.finfo(dtype).max, dtype), np.ones(2101, dtype)
    task[2], task[3] = np.zeros((P, 1), dtype), np.ones(P, dtype)
    run(task)
    task[0][place] = wrong
    with pytest.raises(ValueError, match="X: expected finite"):
        run(task)


CASES = [
    (0, "no array", TypeError, "X: expected a NumPy array"),
    (0, np.zeros((N, D), dtype=np.int64), TypeError, "X: expected dtype float64, got int64"),
    (0, np.zeros((N, D), dtype=complex), TypeError, "X: expected dtype"),
    (0, np.zeros((N, D), dtype=">f8"), TypeError, "X: expected dtype"),
    (0, np.ones(N), ValueError, "W's second dimension: expected length 5, got 3"),  # norms: W is (p, n)
    (0, np.ones(()), ValueError, "X: expected 2 dimensions, got 0"),
    (0, np.ones((N, D, 1)), ValueError, "X: expected 2 dimensions"),
    (0, np.ones((0, D)), ValueError, "X: expected at least one entry"),
    (0, np.asfortranarray(np.ones((N, D))), ValueError, "X: expected a C-contiguous"),
    (0, np.ones((2 * N, D))[::2], ValueError, "X: expected a C-contiguous"),
    (0, np.full((N, D), np.nan), ValueError, "X: expected finite"),
    (1, np.ones(N + 1), ValueError, "y: expected length 5, got 6"),
    (1, np.ones(N, dtype=np.float32), TypeError, "y: expected dtype float64"),
    (1, np.full(N, np.inf), ValueError, "y: expected finite"),
    (2, np.ones((P, D + 1)), ValueError, "W's second dimension"),
    (2, np.full((P, D), np.inf), ValueError, "W: expected finite"),
    (3, np.ones(P + 1), ValueError, "a: expected length 2, got 3"),
    (4, np.zeros(P, dtype=np.float32), TypeError, "w_perp_sq: expected dtype"),
    (4, np.zeros(1), ValueError, "w_perp_sq: expected length"),
    (5, 0.0, ValueError, "step: expected a positive"),
    (5, math.nan, ValueError, "step"),
    (5, math.inf, ValueError, "step"),
    (6, -1, ValueError, "n_steps"),
    (6, 2**50, ValueError, "n_steps"),
    (7, np.array([4, 0]), ValueError, "save_steps"),
    (7, np.array([0, 5]), ValueError, "save_steps"),
    (7, np.array([-1, 4]), ValueError, "save_steps"),
    (7, np.array([0, 0, 4]), ValueError, "save_steps"),
    (7, np.array([0.0, 4.0]), TypeError, "save_steps: expected dtype int64"),
    (7, np.array([], dtype=np.int64), ValueError, "save_steps"),
    (9, STOP[:3], ValueError, "stop: expected 6 fields"),
    (9, (False, -1.0, 0.0, math.inf, -1, math.inf), ValueError, "stop.loss"),
    (9, (False, 0.0, math.nan, math.inf, -1, math.inf), ValueError, "stop.stall"),
    (9, (False, 0.0, 0.0, math.inf, -1, 0.0), ValueError, "stop.rise"),
    (9, 3, TypeError, "not iterable"),
]


@pytest.mark.parametrize(("field", "value", "error", "message"), CASES)
def test_nonsense_is_refused(field, value, error, message):
    task = good_task()
    task[field] = value
    with pytest.raises(error, match=message):
        run(task)


@pytest.mark.parametrize("norm", [0.0, -1.0])
def test_norms_must_be_positive(norm):
    task = good_task()
    task[0], task[2] = np.array([1.0, 1.0, norm, 1.0, 1.0]), np.ones((P, N))
    with pytest.raises(ValueError, match="X: expected norms > 0"):
        run(task)


def test_a_task_goes_on():
    task = good_task()
    (whole,), _ = run(task)
    task[6], task[7] = 3, np.array([0, 3], dtype=np.int64)
    (first,), _ = run(task)
    task = good_task()
    task[2], task[3], task[12] = first["W"], first["a"], first["resume"]
    (later,), _ = run(task)
    assert later["W"].tobytes() == whole["W"].tobytes()
    assert later["steps"].tolist() == [4]
    assert later["resume"]["loss_start"] == whole["loss"][0]


RECORDS = [
    (3, TypeError, "iterable|dict"),
    ({}, KeyError, "at"),
    ({"at": -1}, ValueError, "resume.at: expected a step within 0 .. n_steps"),
    ({"at": 5}, ValueError, "resume.at"),
    ({"invariants": np.zeros(P + 1)}, ValueError, "resume.invariants: expected length 2, got 3"),
    ({"invariants": np.zeros(P, dtype=np.float32)}, TypeError, "resume.invariants: expected dtype float64"),
    ({"loss_start": "much"}, (TypeError, RuntimeError), "cast"),
]


@pytest.mark.parametrize(("change", "error", "message"), RECORDS)
def test_nonsense_about_the_past_is_refused(change, error, message):
    task = good_task()
    (first,), _ = run(task)
    task[12] = first["resume"] | change if isinstance(change, dict) and change else change
    with pytest.raises(error, match=message):
        run(task)


def flow_task():
    values = {
        "X": np.random.default_rng(0).standard_normal((N, D)), "norms": None, "y": np.ones(N),
        "W": np.ones((P, D)), "a": np.ones(P), "w_perp_sq": np.zeros(P), "t_end": 1.0, "rtol": 1e-6,
        "atol": 1e-9, "save": [1.0], "states": False, "switches": False, "dense": False,
        "certifiable": False, "orthogonal": False, "order": 0, "stabilised": True, "max_step": math.inf,
        "resume": None,
    }  # fmt: skip
    stop = {"criterion": False, "loss": 0.0, "stall": 0.0, "wall_time": None, "max_steps": None}
    return values | {"stop": stop}


FLOW_RECORDS = [
    ({"at": 2.0}, "at: expected a time within"),
    ({"at": math.nan}, "at: expected a time within"),
    ({"modes": np.zeros((P, N + 1), np.int8)}, "modes' second dimension: expected length 5, got 6"),
    ({"modes": np.full((P, N), 3, np.int8)}, "modes: expected 0, 1 or"),
    ({"modes": np.full((P, N), -1, np.int8)}, "modes: expected 0, 1 or"),
    ({"sign": np.zeros(P + 1)}, "sign: expected length 2, got 3"),
    ({"count": np.zeros(3, np.int64)}, "count: expected length 15, got 3"),
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
    ({"step": 0.0}, ValueError, "step, tolerance: expected positive"),
    ({"step": math.nan}, ValueError, "step, tolerance: expected positive"),
    ({"tolerance": -1.0}, ValueError, "step, tolerance: expected positive"),
    ({"invariants": np.zeros(P + 1)}, ValueError, "invariants: expected length 2, got 3"),
    ({"invariants": np.zeros(P, dtype=np.float32)}, TypeError, "invariants: expected dtype float64"),
    ({"error": "none"}, (TypeError, RuntimeError), "cast"),
    ({"accepted": 0.5}, (TypeError, RuntimeError), "cast"),
]


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize(("change", "error", "message"), CAPTURE_RECORDS)
def test_nonsense_about_the_past_of_a_capture_is_refused(dense, change, error, message):
    task = flow_task()
    if not dense:
        task |= {"X": None, "norms": np.ones(N), "W": 0.5 * np.ones((P, N)), "orthogonal": True}
    (first,), _ = _core.capture([task], 1)
    record = first["resume"] | change if isinstance(change, dict) and change else change
    with pytest.raises(error, match=message):
        _core.capture([task | {"resume": record}], 1)


CAPTURE_TASKS = [
    ({"X": np.ones((N, D), np.float32)}, TypeError, "X: expected dtype float64"),
    ({"X": np.full((N, D), np.nan)}, ValueError, "X: expected finite"),
    ({"y": np.ones(N + 1)}, ValueError, "y: expected length 5, got 6"),
    ({"W": np.ones((P, D + 1))}, ValueError, "W's second dimension"),
    ({"a": np.ones(P + 1)}, ValueError, "a: expected length 2, got 3"),
    ({"t_end": math.inf}, ValueError, "t_end must be finite"),
    ({"rtol": 0.0}, ValueError, "rtol must be > 0"),
    ({"save": [1.0, 0.5]}, ValueError, "save must increase"),
    ({"save": [2.0]}, ValueError, "save must increase"),
]


@pytest.mark.parametrize(("change", "error", "message"), CAPTURE_TASKS)
def test_nonsense_is_refused_by_capture(change, error, message):
    with pytest.raises(error, match=message):
        _core.capture([flow_task() | change], 1)


def test_orthogonal_flows_do_not_slide():
    task = flow_task() | {"X": None, "norms": np.ones(N), "W": np.ones((P, N)), "orthogonal": True}
    (first,), _ = _core.flow([task], 1)
    sliding = first["resume"] | {"modes": np.full((P, N), 2, np.int8)}
    with pytest.raises(ValueError, match="modes: expected 0, 1 or"):
        _core.flow([task | {"resume": sliding}], 1)


def test_wrong_number_of_fields():
    with pytest.raises(ValueError, match="13 fields"):
        _core.euler([(1, 2)], 1)


@pytest.mark.parametrize("threads", [0, -3])
def test_threads_must_be_positive(threads):
    with pytest.raises(ValueError, match="threads"):
        run(good_task(), threads)


def test_unknown_level():
    with pytest.raises(ValueError, match="level: 'v9'"):
        run(good_task(), level="v9")


def test_misaligned_arrays_are_refused():
    raw = np.zeros(N * 8 + 1, dtype=np.uint8)
    task = good_task()
    task[1] = raw[1:].view(np.float64)
    with pytest.raises(ValueError, match="aligned"):
        run(task)


def test_memory_is_asked_for_before_it_is_taken(monkeypatch):
    monkeypatch.setenv("PL_NATIVE_MAX_BYTES", "1000")
    with pytest.raises(MemoryError, match=r"needs \d+ bytes of memory, available are 1000 bytes"):
        run(good_task())


def test_no_task_is_no_result():
    assert _core.euler([], 2) == ([], False)


def test_exception_of_the_progress_callback_is_raised():
    def progress(done, total):
        raise RuntimeError(f"seen {done} of {total}")

    task = good_task()
    task[6] = 2**30
    task[7] = np.array([0, 2**30], dtype=np.int64)
    with pytest.raises(RuntimeError, match="seen"):
        run(task, 2, progress=progress)
