"""`Kinks`: the few pairs of a network that rest at z_ji = 0, with the modes that the run there found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pl_native._base import checks, memory
from pl_native._base.checks import Array
from pl_native._base.wording import counted

OFF, ON, SLIDE = 0, 1, 2
"""Modes of a pair (neuron, point): z < 0 side, z > 0 side, held at z = 0."""

_COLUMNS = ("neuron", "point", "mode", "share")
_DTYPES = {"neuron": np.int32, "point": np.int32, "mode": np.int8, "share": np.float64}


@dataclass(frozen=True, init=False, eq=False, repr=False, slots=True)
class Kinks:
    """Pairs (neuron j, point i) whose z_ji is rounding, so that its sign says nothing. Arrays of one length.

    neuron, point  (k,) int32; in order of neuron, then point
    mode           (k,) int8: 0 off, 1 on, 2 sliding (held at z_ji = 0)
    share          (k,) float64: lam_ji, what acts of the pair's push: 0 off, 1 on, within [0, 1] sliding;
                   NaN: not known, to be found from the state

    An entry counts where z_ji is within 1e-5 norm(w_j) norm(x_i) of 0, so that of other data than the run's
    it says nothing. Raises ValueError for arrays that are empty, of several lengths, out of range, or name a
    pair twice; TypeError for what are no numbers.
    """

    neuron: NDArray[np.int32]
    point: NDArray[np.int32]
    mode: NDArray[np.int8]
    share: NDArray[np.float64]

    def __init__(self, neuron: object, point: object, mode: object, share: object = None) -> None:
        modes = _integers("mode", mode)
        columns = {"neuron": _integers("neuron", neuron), "point": _integers("point", point), "mode": modes}
        if share is not None:
            columns["share"] = checks.real_array("kinks.share", share)
        for name, column in columns.items():
            if column.ndim != 1 or column.shape != columns["neuron"].shape or not len(column):
                raise ValueError(
                    f"kinks.{name}: expected one array of at least one entry, as long as the others, got "
                    f"shape {column.shape}"
                )
        memory.require(64.0 * len(columns["neuron"]), "kinks")
        lam = np.where(modes == SLIDE, np.nan, modes) if share is None else columns["share"]
        columns["share"] = lam.astype(np.float64)
        order = _check(**columns)
        for name, column in columns.items():
            array = column[order].astype(_DTYPES[name], order="C", copy=False)
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @classmethod
    def adopt(
        cls,
        neuron: NDArray[np.int32],
        point: NDArray[np.int32],
        mode: NDArray[np.int8],
        share: NDArray[np.float64],
    ) -> Kinks:
        """Those that hold the arrays themselves: for the compiled core's, which it has checked and put in
        order (`cpp/bindings/kink_fields.cpp`), and which nobody else writes to.
        """
        made = cls.__new__(cls)
        columns: dict[str, Array] = {"neuron": neuron, "point": point, "mode": mode, "share": share}
        for name, array in columns.items():
            array.setflags(write=False)
            object.__setattr__(made, name, array)
        return made

    def __len__(self) -> int:
        return len(self.neuron)

    def arrays(self) -> tuple[Array, ...]:
        """neuron, point, mode, share."""
        return tuple(getattr(self, name) for name in _COLUMNS)

    def flat(self) -> dict[str, Array]:
        """The arrays by name."""
        return dict(zip(_COLUMNS, self.arrays(), strict=True))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Kinks):
            return NotImplemented
        pairs = zip(self.arrays(), other.arrays(), strict=True)
        return all(np.array_equal(u, v, equal_nan=True) for u, v in pairs)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        sliding = int(np.count_nonzero(self.mode == SLIDE))
        return f"Kinks({counted(len(self), 'pair')}, {sliding} sliding)"

    def __reduce__(self) -> tuple[Any, ...]:
        return Kinks, self.arrays()


@dataclass(frozen=True, slots=True, eq=False)
class KinkRows:
    """The kinks of m states, one after another: those of state i are [offsets[i], offsets[i + 1])."""

    offsets: NDArray[np.int64]
    """(m + 1,)"""
    neuron: NDArray[np.int32]
    point: NDArray[np.int32]
    mode: NDArray[np.int8]
    share: NDArray[np.float64]

    @classmethod
    def of(cls, states: list[Kinks | None]) -> KinkRows:
        """From those of each state."""
        counts = [0 if kinks is None else len(kinks) for kinks in states]
        columns = {
            name: np.concatenate(
                [np.zeros(0, _DTYPES[name]), *(k.flat()[name] for k in states if k is not None)]
            )
            for name in _COLUMNS
        }
        return cls(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), **columns)

    def at(self, i: int) -> Kinks | None:
        """Those of state i (from the end if negative); None if it has none."""
        i = range(len(self.offsets) - 1)[i]
        part = slice(int(self.offsets[i]), int(self.offsets[i + 1]))
        if part.start == part.stop:
            return None
        return Kinks(*(getattr(self, name)[part] for name in _COLUMNS))

    def joined(self, mine: Array, other: KinkRows, theirs: Array) -> KinkRows:
        """Those of my states where `mine` (m,) is True, then those of `other` where `theirs` is."""
        return KinkRows.of(
            [self.at(int(i)) for i in np.flatnonzero(mine)]
            + [other.at(int(i)) for i in np.flatnonzero(theirs)]
        )

    def flat(self) -> dict[str, Array]:
        """Plain arrays, for a file."""
        return {name: getattr(self, name) for name in ("offsets", *_COLUMNS)}


def _integers(name: str, value: object) -> Array:
    array = checks.real_array(f"kinks.{name}", value)
    if array.dtype.kind not in "iu":
        raise TypeError(f"kinks.{name}: expected integers, got {checks.kind(value)} of {array.dtype}")
    return array


def _check(neuron: Array, point: Array, mode: Array, share: Array) -> Array:
    """The order of neurons, then points."""
    for name, column, most in (
        ("neuron", neuron, 2**31 - 1),
        ("point", point, 2**31 - 1),
        ("mode", mode, SLIDE),
    ):
        unsigned = column.view(column.dtype.str.replace("i", "u"))  # below 0 is beyond all bounds
        if unsigned.max() > most:
            raise ValueError(
                f"kinks.{name}: expected integers within [0, {most}], got {column.min()} .. {column.max()}"
            )
    whole = (mode == SLIDE) & ((share >= 0) & (share <= 1) | np.isnan(share))
    fits = whole | (mode != SLIDE) & (share == mode)
    if not fits.all():
        odd = np.flatnonzero(~fits)
        raise ValueError(
            f"kinks.share: expected 0 where off, 1 where on, NaN or within [0, 1] where sliding, got "
            f"{share[odd[0]]} for mode {mode[odd[0]]}"
        )
    # One number a pair: NumPy makes a TypeError of a Ctrl-C that comes while it compares rows. Those of a run
    # come in order, which a stable sort finds out in one pass.
    keys = neuron.astype(np.int64) * 2**31 + point.astype(np.int64)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    if (ordered[1:] == ordered[:-1]).any():
        raise ValueError("kinks: expected every pair once, got one twice")
    return order
