"""What the flow keeps beside its rows, as users get it: the log of switches and the polynomials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pl_native._problem import Kinks
from pl_native.model.modes import AT_KINK

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SwitchLog:
    """Every change of mode, in order of time; arrays of one length. Modes: 0 off, 1 on, 2 sliding."""

    t: Floats
    neuron: NDArray[np.int32]
    point: NDArray[np.int32]
    from_mode: NDArray[np.int8]
    to_mode: NDArray[np.int8]

    def kinks_at(self, t: float) -> Kinks | None:
        """Every pair that has an entry, with its mode at time t (what happens then included)."""
        if not len(self.t):
            return None
        done = int(np.searchsorted(self.t, t, side="right"))
        n = int(self.point.max()) + 1
        pair = self.neuron.astype(np.int64) * n + self.point
        every, first = np.unique(pair, return_index=True)
        mode = self.from_mode[first].copy()
        mode[np.searchsorted(every, pair[:done])] = self.to_mode[:done]  # of several the last stays
        return Kinks(every // n, every % n, mode)


@dataclass(frozen=True, slots=True, eq=False)
class DenseFlow:
    """The Taylor polynomials of all steps: on [t0, t0 + h], (W, a) = sum_k coeff[k] (t - t0)^k."""

    p: int
    d: int
    starts: Floats
    widths: Floats
    coeffs: tuple[Floats, ...]
    """(order + 1, p d + p) each"""

    def at(self, t: float) -> tuple[Floats, Floats]:
        """(W, a) at time t. Raises ValueError outside the times covered."""
        if not len(self.starts):
            raise ValueError("the run took no step: only its start is known")
        end = self.starts[-1] + self.widths[-1]
        if not self.starts[0] <= t <= end * (1 + 1e-15):
            raise ValueError(f"t: expected a time in [{self.starts[0]}, {end}], got {t}")
        k = int(np.searchsorted(self.starts, t, side="right")) - 1
        powers = (t - self.starts[k]) ** np.arange(len(self.coeffs[k]))
        flat = powers @ self.coeffs[k]
        cut = self.p * self.d
        return flat[:cut].reshape(self.p, self.d), flat[cut:]

    def flat(self) -> dict[str, NDArray[Any]]:
        """Plain arrays, for a file."""
        rows = np.array([len(coeff) for coeff in self.coeffs], dtype=np.int64)
        values = np.concatenate(self.coeffs) if self.coeffs else np.zeros((0, self.p * self.d + self.p))
        shape = np.array([self.p, self.d])
        return {"shape": shape, "starts": self.starts, "widths": self.widths, "rows": rows, "values": values}

    @classmethod
    def from_flat(cls, arrays: dict[str, NDArray[Any]]) -> DenseFlow:
        """What `flat` gave."""
        p, d = (int(size) for size in arrays["shape"])
        pieces = np.split(arrays["values"], np.cumsum(arrays["rows"])[:-1]) if len(arrays["rows"]) else []
        return cls(p, d, arrays["starts"], arrays["widths"], tuple(pieces))


def kinks_of(X: Floats, W: Floats, modes: NDArray[np.int8], share: Floats, *, exactly: bool) -> Kinks | None:
    """Pairs of `modes` and `share` (p, n) whose mode the sign of z does not say. `exactly`: only 0 is 0."""
    z = W @ X.T
    sizes = np.linalg.norm(W, axis=1)[:, None] * np.linalg.norm(X, axis=1)
    listed = np.abs(z) <= (-1.0 if exactly else 2 * AT_KINK * sizes)
    listed = (listed | (modes != (z > 0))) & (sizes > 0)
    if not listed.any():
        return None
    neuron, point = np.nonzero(listed)
    return Kinks(neuron, point, modes[listed], share[listed])


def value_at(coeff: Floats, h: float) -> Floats:
    """The polynomial sum_k coeff[k] h^k, coeff (K + 1, ...): as `np.tensordot`, with less to look at."""
    powers = h ** np.arange(len(coeff))
    return np.asarray(np.dot(powers[None], coeff.reshape(len(coeff), -1)).reshape(coeff.shape[1:]))
