"""The exact linear algebra of `theory.verify`: definiteness, inverses, null spaces and roots of fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pl_native.theory import exact

whole = st.integers(-3, 3)
matrices = st.integers(1, 5).flatmap(
    lambda n: st.lists(st.lists(whole, min_size=n, max_size=n), min_size=n, max_size=n)
)


def rational(rows: Any) -> exact.Rational:
    return [[Fraction(v) for v in row] for row in rows]


@given(matrices)
def test_positive_definite_is_what_eigenvalues_say(rows: list[list[int]]) -> None:
    a = np.array(rows)
    symmetric = a + a.T
    least = np.linalg.eigvalsh(symmetric).min()
    if abs(least) > 1e-9:  # whole numbers: an eigenvalue of 0 is told apart by the minors only
        assert exact.positive_definite(rational(symmetric.tolist())) == (least > 0)
    gram = a @ a.T
    full = round(np.linalg.det(a)) != 0
    assert exact.positive_definite(rational(gram.tolist())) == full


@given(matrices)
def test_inverse_and_null_space_are_exact(rows: list[list[int]]) -> None:
    a, n = rational(rows), len(rows)
    found = exact.inverse(a)
    basis = exact.null_space(a, n)
    rank = n - len(basis)
    assert rank == np.linalg.matrix_rank(np.array(rows))
    assert all(not any(exact.apply(a, v)) for v in basis)
    assert len(exact.independent(exact.transpose(a))) == rank
    if found is None:
        assert rank < n
    else:
        assert exact.product(a, found) == rational(np.eye(n, dtype=int).tolist())


@given(st.fractions(min_value=0, max_denominator=10**9), st.integers(-400, 400))
def test_roots_are_bounds(value: Fraction, power: int) -> None:
    value = value * Fraction(2) ** power
    low, high = exact.root_below(value), exact.root_above(value)
    assert low**2 <= value <= high**2
    assert high - low <= high / 2**90
    assert exact.cut(value) <= value <= exact.cut(value) * (1 + Fraction(1, 2**38))
