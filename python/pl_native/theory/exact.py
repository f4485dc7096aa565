"""Exact linear algebra in rational numbers, for checks that must not round: slow, and meant to be read.

A matrix is a list of rows of `Fraction`. Square roots alone are not rational: they come as bounds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TypeAlias

from pl_native._base.checks import Array

Vector: TypeAlias = list[Fraction]
Rational: TypeAlias = list[Vector]

_BITS = 100  # of a square root: relative error 2^-100


def vector(values: Array) -> Vector:
    """A float array as the exact numbers that it holds."""
    return [Fraction(float(v)) for v in values]


def matrix(values: Array) -> Rational:
    return [vector(row) for row in values]


def dot(u: Sequence[Fraction], v: Sequence[Fraction]) -> Fraction:
    return sum((s * t for s, t in zip(u, v, strict=True)), Fraction(0))


def square(u: Sequence[Fraction]) -> Fraction:
    """norm(u)^2."""
    return dot(u, u)


def transpose(a: Rational) -> Rational:
    return [list(column) for column in zip(*a, strict=True)]


def product(a: Rational, b: Rational) -> Rational:
    """a b."""
    columns = transpose(b)
    return [[dot(row, column) for column in columns] for row in a]


def root_above(value: Fraction) -> Fraction:
    """A rational number >= sqrt(value), at most 1 + 2^-99 times it."""
    root, shift = _root(value)
    return Fraction(root + 1) / Fraction(2) ** shift if value else Fraction(0)


def root_below(value: Fraction) -> Fraction:
    """A rational number <= sqrt(value)."""
    root, shift = _root(value)
    return Fraction(root) / Fraction(2) ** shift if value else Fraction(0)


def _root(value: Fraction) -> tuple[int, int]:
    """floor(sqrt(value) 2^shift), with at least _BITS bits."""
    if value < 0:
        raise ValueError(f"expected a number >= 0 under a root, got {float(value)}")
    size = value.numerator.bit_length() - value.denominator.bit_length()
    shift = _BITS - size // 2
    scaled = value * Fraction(4) ** shift
    return math.isqrt(scaled.numerator // scaled.denominator), shift


def cut(value: Fraction, bits: int = 40) -> Fraction:
    """The largest number with that many bits that is <= value >= 0: keeps what follows short."""
    if value == 0:
        return value
    shift = bits - (value.numerator.bit_length() - value.denominator.bit_length())
    scaled = value * Fraction(2) ** shift
    return Fraction(scaled.numerator // scaled.denominator) / Fraction(2) ** shift


def positive_definite(a: Rational) -> bool:
    """Whether a symmetric matrix is positive definite: all its leading minors are > 0 (Sylvester).

    The minors are the pivots of an elimination in whole numbers that stays free of fractions (Bareiss).
    """
    rows, previous = _whole(a), 1
    for k, pivot_row in enumerate(rows):
        pivot = pivot_row[k]
        if pivot <= 0:
            return False
        for row in rows[k + 1 :]:
            factor = row[k]
            for m in range(k + 1, len(rows)):
                row[m] = (pivot * row[m] - factor * pivot_row[m]) // previous
            row[k] = 0
        previous = pivot
    return True


def _whole(a: Rational) -> list[list[int]]:
    """a times the common denominator of its entries."""
    common = math.lcm(*(v.denominator for row in a for v in row)) if a else 1
    return [[int(v * common) for v in row] for row in a]


def reduced_rows(a: Rational) -> tuple[Rational, list[int]]:
    """Reduced row echelon form of a without its zero rows, and the columns of its pivots."""
    rows = [list(row) for row in a]
    pivots: list[int] = []
    for column in range(len(rows[0]) if rows else 0):
        k = len(pivots)
        found = next((m for m in range(k, len(rows)) if rows[m][column] != 0), None)
        if found is None:
            continue
        rows[k], rows[found] = rows[found], rows[k]
        lead = rows[k][column]
        rows[k] = [v / lead for v in rows[k]]
        for m, row in enumerate(rows):
            factor = row[column]
            if m != k and factor != 0:
                rows[m] = [v - factor * w for v, w in zip(row, rows[k], strict=True)]
        pivots.append(column)
    return rows[: len(pivots)], pivots


def null_space(a: Rational, columns: int) -> Rational:
    """Rows that span {v in Q^columns : a v = 0}."""
    rows, pivots = reduced_rows(a)
    basis = []
    for free in range(columns):
        if free in pivots:
            continue
        v = [Fraction(0)] * columns
        v[free] = Fraction(1)
        for row, pivot in zip(rows, pivots, strict=True):
            v[pivot] = -row[free]
        basis.append(v)
    return basis


def independent(columns: Rational) -> Rational:
    """Those of `columns` (vectors) that are not combinations of earlier ones."""
    if not columns:
        return []
    _, pivots = reduced_rows(transpose(columns))
    return [columns[k] for k in pivots]


def inverse(a: Rational) -> Rational | None:
    """a^-1, or None where a is singular."""
    n = len(a)
    wide = [[*row, *(Fraction(int(i == k)) for k in range(n))] for i, row in enumerate(a)]
    rows, pivots = reduced_rows(wide)
    return [row[n:] for row in rows] if pivots == list(range(n)) else None


def apply(a: Rational, v: Sequence[Fraction]) -> Vector:
    """a v."""
    return [dot(row, v) for row in a]


def combination(weights: Iterable[Fraction], vectors: Iterable[Sequence[Fraction]], d: int) -> Vector:
    """sum_i weights_i vectors_i in Q^d."""
    total = [Fraction(0)] * d
    for weight, v in zip(weights, vectors, strict=True):
        if weight:
            total = [s + weight * t for s, t in zip(total, v, strict=True)]
    return total
