"""Dataset and Network: what they accept, own and refuse; Status and its messages; Stop and Save."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from problems import orthogonal_problem, problem

X = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.25]])
Y = np.array([1.0, -1.0, 2.0])
KINDS: dict[str, Any] = {
    "list": X.tolist(),
    "tuple": tuple(map(tuple, X.tolist())),
    "fortran": np.asfortranarray(X),
    "strided": np.repeat(X, 2, axis=0)[::2],
    "negative strides": X[::-1].copy()[::-1],
    "big endian": X.astype(">f8"),
    "transposed": X.T.copy().T,
}


@pytest.mark.parametrize("kind", KINDS)
def test_accepted_array_kinds(kind: str) -> None:
    data = pl.Dataset(KINDS[kind], Y)
    assert data.X.flags.c_contiguous
    assert data.X.dtype == np.float64
    np.testing.assert_array_equal(data.X, X)
    network = pl.Network(KINDS[kind], Y)
    np.testing.assert_array_equal(network.W, X)


def test_read_only_arrays_are_accepted() -> None:
    locked = X.copy()
    locked.setflags(write=False)
    assert pl.Dataset(locked, Y) == pl.Dataset(X, Y)


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64, int])
def test_integers_become_float64_or_follow_the_float_beside_them(dtype: Any) -> None:
    whole = np.array([[1, 2], [3, 4]], dtype)
    assert pl.Dataset(whole, [1, 2]).dtype == np.float64
    assert pl.Dataset(whole, np.array([1, 2], np.float32)).dtype == np.float32
    assert pl.Dataset(np.float32(X), [1.0, 2.0, 3.0]).dtype == np.float32


def test_dtype_casts_also_mixed_arrays() -> None:
    data = pl.Dataset(X.astype(np.float32), Y, dtype=np.float64)
    assert data.dtype == np.float64
    assert pl.Dataset(X, Y, dtype="float32").X.dtype == np.float32


def test_arrays_are_owned_and_locked() -> None:
    inputs, labels = X.copy(), Y.copy()
    data, network = pl.Dataset(inputs, labels), pl.Network(inputs, labels)
    inputs[:] = labels[:] = 7.0
    np.testing.assert_array_equal(data.X, X)
    np.testing.assert_array_equal(network.a, Y)
    for array in (data.X, data.y, data.norms, network.W, network.a, network.w_perp_sq, network.norms_sq):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    with pytest.raises(FrozenInstanceError):
        data.y = labels  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        network.a = labels  # type: ignore[misc]


def test_sizes() -> None:
    data, network = problem(n=12, d=5, p=7)
    assert (data.n, data.d, data.represented) == (12, 5, 5)
    assert (network.p, network.d) == (7, 5)
    np.testing.assert_allclose(data.norms, np.linalg.norm(data.X, axis=1))
    np.testing.assert_allclose(network.norms_sq, (network.W**2).sum(1))


def test_orthogonal_data_build_inputs_on_demand() -> None:
    data = pl.Dataset.orthogonal([1.0, 2.0], [1.0, -1.0], d=4)
    np.testing.assert_array_equal(data.X, [[1, 0, 0, 0], [0, 2, 0, 0]])
    assert (data.n, data.d, data.represented) == (2, 4, 2)
    full, short = pl.Network(np.ones((3, 4)), np.ones(3)), pl.Network(np.ones((3, 2)), np.ones(3))
    assert data.inputs(full).shape == (2, 4)
    np.testing.assert_array_equal(data.inputs(short), np.diag([1.0, 2.0]))
    assert pl.Dataset.orthogonal([1.0, 2.0], [1.0, -1.0]).d == 2


def test_a_million_orthogonal_points_need_no_matrix() -> None:
    data = pl.data.orthogonal(10**6, seed=0)
    assert data.n == data.represented == 10**6
    assert "n=1000000" in repr(data)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (np.eye(3), True),
        (np.diag([1.0, -2.0, 3.0])[::-1], True),
        (X, False),
        ([[1.0, 1.0], [1.0, -1.0]], False),
    ],
)
def test_orthogonality_is_claimed_only_beyond_rounding(inputs: Any, expected: bool) -> None:
    assert pl.Dataset(inputs, np.ones(len(inputs))).is_orthogonal is expected


def test_equality() -> None:
    data, network = problem()
    assert data == problem()[0]
    assert network == problem()[1]
    assert data != problem(seed=1)[0]
    assert network != problem(seed=1)[1]
    assert data != problem(dtype=np.float32)[0]
    assert pl.Dataset.orthogonal([1.0], [1.0]) != pl.Dataset([[1.0]], [1.0])
    assert pl.Dataset.orthogonal([1.0], [1.0], 2) != pl.Dataset.orthogonal([1.0], [1.0], 3)
    assert network != pl.Network(network.W, network.a, w_perp_sq=np.ones(network.p))
    assert data != network


@pytest.mark.parametrize("make", [pickle.dumps, copy.deepcopy], ids=["pickle", "deepcopy"])
def test_copies_are_equal_and_still_locked(make: Any) -> None:
    for things in (problem(), orthogonal_problem()):
        for thing in things:
            made = make(thing)
            again = pickle.loads(made) if isinstance(made, bytes) else made
            assert again == thing
            assert not (again.y if isinstance(again, pl.Dataset) else again.a).flags.writeable


def test_repr_shows_sizes() -> None:
    data, network = problem(n=12, d=5, p=7)
    assert "n=12, d=5, float64" in repr(data)
    assert "p=7, d=5, float64" in repr(network)
    assert "w_perp_sq > 0" in repr(orthogonal_problem()[1])
    assert "orthogonal" in repr(orthogonal_problem()[0])


def test_zero_labels_only_on_request() -> None:
    with pytest.raises(ValueError, match=r"y: expected labels != 0 .* got 0 at index 1"):
        pl.Dataset([[1.0], [2.0]], [1.0, 0.0])
    assert pl.Dataset([[1.0], [2.0]], [1.0, 0.0], zero_labels=True).zero_labels


def test_every_status_has_a_message() -> None:
    assert [status.name for status in sorted(pl.Status)][:4] == [
        "NON_FINITE", "CONVERGED", "DEAD_POINT", "TRAPPED",
    ]  # fmt: skip
    messages = {status.message for status in pl.Status}
    assert len(messages) == len(pl.Status) == 14


def test_a_file_names_its_status() -> None:
    """Older files hold codes of a table without TRAPPED, in another order."""
    assert pl.Status.stored("TRAPPED") is pl.Status.TRAPPED
    assert pl.Status.stored(4) is pl.Status.DEAD_POINT
    assert pl.Status.stored(11) is pl.Status.HORIZON
    for wrong in (12, -1, "DONE", None, 1.0):
        with pytest.raises(ValueError, match="status: expected one of NON_FINITE, "):
            pl.Status.stored(wrong)


def test_native_status_table_is_the_same() -> None:
    core = pytest.importorskip("pl_native._core")
    assert core.status_table() == {status.name: int(status) for status in pl.Status}


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"criterion": 1}, TypeError, r"stop\.criterion: expected True or False, got 1"),
        ({"loss": -1.0}, ValueError, r"stop\.loss: expected a number >= 0, got -1"),
        ({"stall": float("nan")}, ValueError, r"stop\.stall: expected a finite number"),
        ({"wall_time": 0}, ValueError, r"stop\.wall_time: expected a number > 0"),
        ({"max_steps": -1}, ValueError, r"stop\.max_steps: expected an integer >= 0"),
        ({"max_steps": 1.0}, TypeError, r"stop\.max_steps: expected an integer"),
        ({"rise": 0.5}, ValueError, r"stop\.rise: expected a number >= 1"),
    ],
)
def test_stop_refuses(arguments: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        pl.Stop(**arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"count": 2, "every": 1.0}, ValueError, "at most one of times, every, count, got every and count"),
        ({"count": 1}, ValueError, r"save\.count: expected an integer >= 2"),
        ({"every": 0.0}, ValueError, r"save\.every: expected a number > 0"),
        ({"times": []}, ValueError, r"save\.times: .* m >= 1"),
        ({"times": [1.0, 1.0]}, ValueError, r"save\.times: expected increasing times, got 1\.0 then 1\.0"),
        ({"times": [-1.0, 1.0]}, ValueError, r"save\.times: expected times in \[0, t_end\]"),
        ({"times": [[0.0]]}, ValueError, r"save\.times: expected shape \(m,\)"),
        ({"states": 1}, TypeError, r"save\.states: expected True or False"),
        ({"observe": 3}, TypeError, r"save\.observe: expected names or functions"),
        ({"observe": [3]}, TypeError, r"save\.observe: expected a name or a function"),
    ],
)
def test_save_refuses(arguments: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        pl.Save(**arguments)
