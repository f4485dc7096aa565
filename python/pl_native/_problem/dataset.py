"""`Dataset`: inputs and labels, frozen and validated once.

Whoever is handed a `Dataset` need not look again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pl_native._base import checks, digest, memory
from pl_native._base.checks import Array
from pl_native._problem.network import Network

_PLAIN = (1e-140, 1e140)  # sizes of entries of which squares add up to a normal number


def _frozen(array: Array) -> Array:
    array.setflags(write=False)
    return array


def _refuse_sizes(X: Array) -> None:
    """ValueError for an input of norm zero, or of a size whose square is none."""
    sizes = np.maximum(X.max(axis=1), -X.min(axis=1)).astype(np.float64, copy=False)
    zero = np.flatnonzero(sizes == 0)
    if len(zero):
        raise ValueError(f"X: expected inputs of norm > 0, got a zero row at index {zero[0]}")
    odd = np.flatnonzero((sizes < _PLAIN[0]) | (sizes > _PLAIN[1]))
    _refuse_squares("X: expected inputs", sizes[odd], odd, X[odd])


def _refuse_squares(expected: str, sizes: Array, where: Array, rows: Array) -> None:
    """ValueError for rows, of these largest entries and indices, of squared norms beyond float64's range."""
    with np.errstate(over="ignore", under="ignore"):
        squares = np.square(rows.astype(np.float64, copy=False)).sum(axis=1)
    lost = np.flatnonzero(~np.isfinite(squares) | (squares < np.finfo(np.float64).tiny))
    if len(lost):
        raise ValueError(
            f"{expected} whose squared norm is within the range of float64, about 1e-307 to 1e308, got a "
            f"largest entry of {sizes[lost[0]]:.3g} at index {where[lost[0]]}"
        )


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Dataset:
    """Inputs X (n, d) and labels y (n,), frozen and of one dtype.

    X and y may be any real array-likes (lists, integers, Fortran-ordered, strided, read-only); they are
    copied. `dtype` (float32 or float64) casts both; without it float arrays must agree, and lists and
    integers follow them.
    `d` says that the data are *reduced*: X (n, r) holds the coordinates of inputs of R^d, d >= r, in some
    orthonormal basis of a subspace that contains them (`pl.reduce`); networks for them have r columns too.

    Raises ValueError for a wrong rank or length, an empty array, NaN or infinity, an input of norm zero or
    whose squared norm is beyond the range of float64, a label of zero (unless `zero_labels`, which turns off
    what divides by labels), d < r; TypeError for complex, boolean, object or mixed dtypes.
    """

    y: Array
    d: int
    """Dimension of the problem, also when fewer coordinates are represented."""
    zero_labels: bool
    reduced: bool
    """Whether X holds coordinates in a basis of its own, of which nothing else is known."""
    orthogonal_norms: Array | None
    """(n,) norms when the data were given as orthogonal, else None."""
    _X: Array | None
    _cache: dict[str, Any]

    def __init__(
        self, X: object, y: object, *, d: int | None = None, zero_labels: bool = False, dtype: object = None
    ) -> None:
        found = checks.common_dtype({"X": X, "y": y}, dtype)
        inputs = checks.owned("X", X, "nd", found)
        _refuse_sizes(inputs)
        columns = inputs.shape[1]
        if d is not None and checks.integer("d", d, 1) < columns:
            raise ValueError(f"d: expected d >= {columns}, the coordinates that X holds, got {d}")
        self._fill(y, columns if d is None else int(d), zero_labels, inputs, None)
        object.__setattr__(self, "reduced", d is not None)

    @classmethod
    def orthogonal(
        cls,
        norms: object,
        y: object,
        d: int | None = None,
        *,
        zero_labels: bool = False,
        dtype: object = None,
    ) -> Dataset:
        """x_i = norms[i] e_i for i < n, in d >= n dimensions (default n); X is built only when asked for."""
        found = checks.common_dtype({"norms": norms, "y": y}, dtype)
        lengths = checks.owned("norms", norms, "n", found)
        if not np.all(lengths > 0):
            where = int(np.argmin(lengths))
            raise ValueError(f"norms: expected norms > 0, got {lengths[where]} at index {where}")
        _refuse_squares("norms: expected norms", lengths, np.arange(len(lengths)), lengths[:, None])
        n = len(lengths)
        dimension = n if d is None else checks.integer("d", d, 1)
        if dimension < n:
            raise ValueError(f"d: expected d >= n = {n} for orthogonal inputs, got {dimension}")
        made = cls.__new__(cls)
        made._fill(y, dimension, zero_labels, None, lengths)
        return made

    def _fill(self, y: object, d: int, zero_labels: object, X: Array | None, norms: Array | None) -> None:
        rows = X if X is not None else norms
        assert rows is not None
        labels = checks.owned("y", y, "n", rows.dtype)
        checks.length("y", labels, len(rows), f"{'X' if X is not None else 'norms'} has n = {len(rows)}")
        allowed = checks.flag("zero_labels", zero_labels)
        if not allowed and not labels.all():
            where = int(np.argmax(labels == 0))
            raise ValueError(f"y: expected labels != 0 (or zero_labels=True), got 0 at index {where}")
        values = {
            "y": labels,
            "d": d,
            "zero_labels": allowed,
            "reduced": False,
            "orthogonal_norms": norms,
            "_X": X,
            "_cache": {},
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def n(self) -> int:
        return len(self.y)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.y.dtype

    @property
    def X(self) -> Array:  # noqa: N802
        """Inputs, (n, d), or (n, represented) if reduced. Orthogonal data build them at each call."""
        return self._X if self._X is not None else self._diagonal(self.d)

    @property
    def norms(self) -> Array:
        """norm(x_i), (n,), float64."""
        norms: Array = self.cached("norms", self._norms)
        return norms

    @property
    def represented(self) -> int:
        """Number of coordinates in which a `Network` drawn with `data=` is represented."""
        return self.n if self._X is None else self._X.shape[1]

    @property
    def is_orthogonal(self) -> bool:
        """Whether the inputs are orthogonal beyond rounding: no coordinate is shared by two of them."""
        return self._X is None or self.cached("orthogonal", self._shares_nothing)

    def cached(self, key: str, compute: Callable[[], Any]) -> Any:
        """A quantity of the data alone, computed once."""
        if key not in self._cache:
            self._cache[key] = compute()
        return self._cache[key]

    def digest(self) -> str:
        """SHA-256 of everything that makes these data what they are, hexadecimal; computed once."""

        def compute() -> str:
            (dtype, *facts), arrays = self._key()
            return digest.of([str(dtype), *facts], *arrays)

        found: str = self.cached("digest", compute)
        return found

    def inputs(self, network: Network) -> Array:
        """X in the coordinates of `network`, (n, network.d), after checking that the two belong together.

        Orthogonal data build them at each call: nothing that must work at large n asks for them.
        """
        self.check_fits(network)
        return self._X if self._X is not None else self._diagonal(network.d)

    def check_fits(self, network: Network, name: str = "network") -> None:
        """ValueError or TypeError unless `network` has the dimension and dtype of the data; names `name`."""
        expected = self.represented if self.reduced else self.d
        if network.d not in (expected, self.represented):
            which = f", of which {self.represented} are represented" if self.represented != self.d else ""
            hint = "; reduce the network too: pl.reduce, or initial.*(data=)" if self.reduced else ""
            raise ValueError(
                f"{name}: W has {network.d} columns, expected {expected} (the data have d = {self.d}{which}"
                f"{hint})"
            )
        if network.dtype != self.dtype:
            raise TypeError(f"{name}: expected dtype {self.dtype} (that of the data), got {network.dtype}")

    def _norms(self) -> Array:
        if self._X is None:
            assert self.orthogonal_norms is not None
            return _frozen(self.orthogonal_norms.astype(np.float64))
        return _frozen(np.linalg.norm(self._X.astype(np.float64, copy=False), axis=1))

    def _shares_nothing(self) -> bool:
        assert self._X is not None
        return bool(np.count_nonzero(self._X, axis=0).max() <= 1)

    def _diagonal(self, columns: int) -> Array:
        assert self.orthogonal_norms is not None
        memory.require(float(self.n) * columns * self.dtype.itemsize, "X of orthogonal data, (n, d),")
        inputs = np.zeros((self.n, columns), self.dtype)
        np.fill_diagonal(inputs, self.orthogonal_norms)
        return _frozen(inputs)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Dataset):
            return NotImplemented
        mine, theirs = self._key(), other._key()
        return mine[0] == theirs[0] and all(
            np.array_equal(u, v) for u, v in zip(mine[1], theirs[1], strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def _key(self) -> tuple[tuple[Any, ...], tuple[Array, Array]]:
        rows = self.orthogonal_norms if self._X is None else self._X
        assert rows is not None
        return (self.dtype, self.d, self.zero_labels, self._X is None, self.reduced), (rows, self.y)

    def __repr__(self) -> str:
        low, high = self.norms.min(), self.norms.max()
        labels = np.abs(self.y)
        how = "orthogonal, " if self._X is None else "reduced, " if self.reduced else ""
        return (
            f"Dataset({how}n={self.n}, d={self.d}, {self.dtype}, norms {low:.4g}..{high:.4g}, "
            f"|labels| {labels.min():.4g}..{labels.max():.4g})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        (_, d, zero_labels, orthogonal, reduced), (rows, y) = self._key()
        return _restore_dataset, (orthogonal, rows, y, d if orthogonal or reduced else None, zero_labels)


def _restore_dataset(orthogonal: bool, rows: Array, y: Array, d: int | None, zero_labels: bool) -> Dataset:
    make = Dataset.orthogonal if orthogonal else Dataset
    return make(rows, y, d=d, zero_labels=zero_labels)
