"""What is no Dataset and no Network is refused by the name of the array."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pl_native as pl

X, Y = np.ones((3, 2)), np.ones(3)
NAN, INF = float("nan"), float("inf")


def bad(array: np.ndarray, value: float) -> np.ndarray:
    changed = array.copy()
    changed.flat[1] = value
    return changed


@pytest.mark.parametrize(
    ("inputs", "labels", "error", "match"),
    [
        (Y, Y, ValueError, r"X: expected shape \(n, d\), got an array of shape \(3,\)"),
        (X[None], Y, ValueError, r"X: expected shape \(n, d\), got an array of shape \(1, 3, 2\)"),
        (X, X, ValueError, r"y: expected shape \(n,\), got an array of shape \(3, 2\)"),
        (1.0, Y, ValueError, r"X: expected shape \(n, d\), got an array of shape \(\)"),
        (X, Y[:2], ValueError, r"y: expected length 3 \(X has n = 3\), got shape \(2,\)"),
        (X[:0], Y[:0], ValueError, r"X: expected shape \(n, d\) with n >= 1, got shape \(0, 2\)"),
        (X[:, :0], Y, ValueError, r"X: expected shape \(n, d\) with d >= 1, got shape \(3, 0\)"),
        (X, [], ValueError, r"y: expected shape \(n,\) with n >= 1"),
        (bad(X, NAN), Y, ValueError, r"X: expected finite numbers, got nan at index \(0, 1\) \(1 in all\)"),
        (X, bad(Y, -INF), ValueError, r"y: expected finite numbers, got -inf at index \(1,\)"),
        (np.array([[1.0], [0.0]]), [1.0, 1.0], ValueError, r"X: .*norm > 0, got a zero row at index 1"),
        *(
            (
                np.array([[1.0, 0.0], [0.0, size], [1.0, 1.0]]),
                Y,
                ValueError,
                r"X: .* squared norm is within the range .* got a largest entry of 1e.* at index 1",
            )
            for size in (1e-300, 1e-155, 1e155, 1e308)
        ),
        (X, bad(Y, 0.0), ValueError, r"y: expected labels != 0 .*got 0 at index 1"),
        (X.astype(complex), Y, TypeError, r"X: expected float64, float32 or integers, got dtype complex128"),
        (X, Y.astype(complex), TypeError, r"y: .*got dtype complex128"),
        (X.astype(object), Y, TypeError, r"X: .*got dtype object"),
        (X.astype(bool), Y, TypeError, r"X: .*got dtype bool"),
        (X, [True, True, False], TypeError, r"y: .*got dtype bool"),
        (X.astype(np.float16), Y, TypeError, r"X: .*got dtype float16"),
        (X.astype(np.longdouble), Y, TypeError, r"X: .*got dtype (longdouble|float128)"),
        (X.astype(np.float32), Y, TypeError, r"X, y: mixed dtypes \(X float32, y float64\)"),
        ([["1", "2"]], [1.0], TypeError, r"X: .*got dtype <U1"),
        ("abc", Y, TypeError, r"X: expected an array of numbers, got 'abc' \(str\)"),
        (None, Y, TypeError, r"X: expected an array of numbers, got None"),
        ([[1.0], [1.0, 2.0]], Y, ValueError, r"X: expected a rectangular array"),
        ([[10**400]], [1.0], TypeError, r"X: .*got dtype object"),
        (np.ma.masked_array(X, X > 0), Y, TypeError, r"X: masked arrays"),
    ],
)
def test_dataset_refuses(inputs: Any, labels: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        pl.Dataset(inputs, labels)


@pytest.mark.parametrize(
    ("norms", "labels", "d", "error", "match"),
    [
        ([1.0, 0.0], [1.0, 1.0], 2, ValueError, r"norms: expected norms > 0, got 0\.0 at index 1"),
        ([1.0, -2.0], [1.0, 1.0], 2, ValueError, r"norms: expected norms > 0, got -2\.0"),
        ([1.0, 1e-160], [1.0, 1.0], 2, ValueError, r"norms: .* squared norm .* entry of 1e-160 at index 1"),
        ([1e160, 1.0], [1.0, 1.0], 2, ValueError, r"norms: .* squared norm .* entry of 1e\+160 at index 0"),
        ([1.0, 1.0], [1.0, 1.0], 1, ValueError, r"d: expected d >= n = 2 .*got 1"),
        ([1.0, 1.0], [1.0, 1.0], 2.0, TypeError, r"d: expected an integer"),
        ([1.0, 1.0], [1.0], 2, ValueError, r"y: expected length 2 \(norms has n = 2\)"),
        (np.eye(2), [1.0, 1.0], 2, ValueError, r"norms: expected shape \(n,\)"),
    ],
)
def test_orthogonal_dataset_refuses(
    norms: Any, labels: Any, d: Any, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        pl.Dataset.orthogonal(norms, labels, d)


@pytest.mark.parametrize(
    ("W", "a", "rest", "error", "match"),
    [
        (Y, Y, None, ValueError, r"W: expected shape \(p, d\)"),
        (X, X, None, ValueError, r"a: expected shape \(p,\)"),
        (X, Y[:2], None, ValueError, r"a: expected length 3 \(W has p = 3\)"),
        (X[:0], Y[:0], None, ValueError, r"W: .* with p >= 1"),
        (bad(X, INF), Y, None, ValueError, r"W: expected finite numbers, got inf"),
        (X, Y.astype(np.float32), None, TypeError, r"W, a: mixed dtypes"),
        (X, Y, -Y, ValueError, r"w_perp_sq: expected squared norms >= 0"),
        (X, Y, Y[:2], ValueError, r"w_perp_sq: expected length 3"),
    ],
)
def test_network_refuses(W: Any, a: Any, rest: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        pl.Network(W, a, w_perp_sq=rest)


def test_the_last_number_of_many_is_looked_at() -> None:
    W = np.ones((2**17 + 1, 1))
    W[-1] = NAN
    with pytest.raises(ValueError, match=r"W: expected finite numbers, got nan at index \(131072, 0\)"):
        pl.Network(W, np.ones(len(W)))


def test_a_cast_that_overflows_or_erases_is_refused() -> None:
    with pytest.raises(ValueError, match=r"X: .*1e\+300, which is too large for float32"):
        pl.Dataset([[1e300]], [1.0], dtype=np.float32)
    with pytest.raises(ValueError, match="zero row"):
        pl.Dataset([[1e-300]], [1.0], dtype=np.float32)
    with pytest.raises(ValueError, match="labels != 0"):
        pl.Dataset([[1.0]], [1e-300], dtype=np.float32)


@pytest.mark.parametrize("dtype", ["float16", complex, int, bool, object, "nonsense", 3, np.longdouble])
def test_dtype_refused(dtype: Any) -> None:
    for make in (
        lambda: pl.Dataset(X, Y, dtype=dtype),
        lambda: pl.data.sphere(3, 2, seed=0, dtype=dtype),
        lambda: pl.initial.asymmetric(3, 2, seed=0, dtype=dtype),
    ):
        with pytest.raises(TypeError, match="dtype: expected float32 or float64"):
            make()
