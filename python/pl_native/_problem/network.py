"""`Network`: the weights, frozen and validated once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pl_native._base import checks, digest
from pl_native._base.checks import Array
from pl_native._base.wording import counted
from pl_native._problem.kinks import Kinks


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Network:
    """Inner weights W (p, d) and outer weights a (p,), frozen and of one dtype.

    `w_perp_sq` (p,), float64: squared norm of each neuron outside the coordinates represented (zeros
    by default). The flow never moves that part, but it counts in norm(w_j). Accepted arrays and errors
    as for `Dataset`.

    `kinks`: None, or what the run that reached this state knows of the few pairs that rest at a kink, where
    the sign of z_ji is rounding. Filled by the flow and capture, read by metrics and by a run that starts
    here. Without it a pair with z_ji within rounding of 0 counts as what the selection rule makes of it.
    """

    W: Array
    a: Array
    w_perp_sq: Array
    kinks: Kinks | None

    def __init__(
        self,
        W: object,
        a: object,
        *,
        w_perp_sq: object = None,
        kinks: object = None,
        dtype: object = None,
    ) -> None:
        self._fill(W, a, w_perp_sq, kinks, checks.common_dtype({"W": W, "a": a}, dtype), copy=True)

    @classmethod
    def adopt(cls, W: Array, a: Array, w_perp_sq: Array, kinks: Kinks | None = None) -> Network:
        """The network that holds the arrays themselves: for those that nobody else writes to.

        Checked like any other, but not copied (W may be most of the memory there is), and frozen.
        """
        made = cls.__new__(cls)
        made._fill(W, a, w_perp_sq, kinks, checks.common_dtype({"W": W, "a": a}), copy=False)
        return made

    def moved(self, W: Array, a: Array, kinks: Kinks | None = None) -> Network:
        """These neurons elsewhere, as a run leaves them: `adopt`, with the part of each that never moves."""
        made = Network.__new__(Network)
        checks.length("W", W, self.p, f"there are p = {self.p} neurons")
        made._hold(W, a, self.w_perp_sq, kinks, a.dtype, copy=False)
        return made

    def _fill(
        self, W: object, a: object, rest: object, kinks: object, dtype: np.dtype[Any], copy: bool
    ) -> None:
        p = self._hold(W, a, None, kinks, dtype, copy)
        beyond = np.zeros(p) if rest is None else rest
        outside = checks.owned("w_perp_sq", beyond, "p", np.dtype(np.float64), copy=copy and rest is not None)
        checks.length("w_perp_sq", outside, p, f"W has p = {p}")
        if outside.min() < 0:
            raise ValueError(f"w_perp_sq: expected squared norms >= 0, got {outside.min()}")
        object.__setattr__(self, "w_perp_sq", outside)

    def _hold(
        self, W: object, a: object, rest: Array | None, kinks: object, dtype: np.dtype[Any], copy: bool
    ) -> int:
        """All but `w_perp_sq`, which is as it comes; p."""
        inner = checks.owned("W", W, "pd", dtype, copy=copy)
        p = len(inner)
        outer = checks.owned("a", a, "p", dtype, copy=copy)
        checks.length("a", outer, p, f"W has p = {p}")
        if kinks is not None and not isinstance(kinks, Kinks):
            raise TypeError(f"kinks: expected None or pl.Kinks, got {checks.kind(kinks)}")
        if kinks is not None and kinks.neuron[-1] >= p:
            raise ValueError(f"kinks.neuron: expected numbers below p = {p}, got {kinks.neuron[-1]}")
        for name, value in {"W": inner, "a": outer, "w_perp_sq": rest, "kinks": kinks}.items():
            object.__setattr__(self, name, value)
        return p

    def cut(self, columns: int) -> Network:
        """The same neurons in their first `columns` coordinates; the others count in `w_perp_sq` only."""
        if columns == self.d:
            return self
        others = self.W[:, columns:]
        outside = np.einsum("jk,jk->j", others, others, dtype=np.float64)
        return Network(self.W[:, :columns], self.a, w_perp_sq=self.w_perp_sq + outside, kinks=self.kinks)

    @property
    def p(self) -> int:
        return len(self.a)

    @property
    def d(self) -> int:
        """Number of coordinates represented (columns of W)."""
        return int(self.W.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.a.dtype

    @property
    def norms_sq(self) -> Array:
        """norm(w_j)^2 with the part not represented, (p,), computed in float64."""
        norms: Array = np.einsum("jk,jk->j", self.W, self.W, dtype=np.float64) + self.w_perp_sq
        norms.setflags(write=False)
        return norms

    def digest(self) -> str:
        """SHA-256 of W, a, w_perp_sq and, if there are any, kinks, hexadecimal."""
        kinks = () if self.kinks is None else self.kinks.arrays()
        return digest.of("network", self.W, self.a, self.w_perp_sq, *kinks)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        same = self.dtype == other.dtype and np.array_equal(self.W, other.W)
        same = same and np.array_equal(self.a, other.a) and np.array_equal(self.w_perp_sq, other.w_perp_sq)
        return same and self.kinks == other.kinks

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        positive = int(np.count_nonzero(self.a > 0))
        rest = ", w_perp_sq > 0" if self.w_perp_sq.any() else ""
        rest += "" if self.kinks is None else f", {counted(len(self.kinks), 'pair')} at kinks"
        with np.errstate(over="ignore"):
            outer, inner = (
                np.sqrt(np.mean(sq)) for sq in (np.square(self.a, dtype=np.float64), self.norms_sq)
            )
        return (
            f"Network(p={self.p}, d={self.d}, {self.dtype}, {positive} of {self.p} outer weights positive, "
            f"rms |a| {outer:.4g}, rms |w| {inner:.4g}{rest})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore_network, (self.W, self.a, self.w_perp_sq, self.kinks)


def _restore_network(W: Array, a: Array, w_perp_sq: Array, kinks: Kinks | None = None) -> Network:
    return Network(W, a, w_perp_sq=w_perp_sq, kinks=kinks)
