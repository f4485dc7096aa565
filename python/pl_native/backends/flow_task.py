"""The seam for the adaptive methods, "flow" and "capture": what one run is handed, what it hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pl_native.types import Stop

Floats = NDArray[np.float64]

Resume: TypeAlias = dict[str, Any]
"""What a run that goes on has to know of its past, beside the state: arrays, numbers and None by name. "at"
is the step or time reached; the rest is the backend's own."""

OFF, ON, SLIDE = 0, 1, 2
"""Modes of a pair (neuron, point): z < 0 side, z > 0 side, held at z = 0."""


@dataclass(frozen=True, slots=True)
class FlowTask:
    """One run of the flow. Arrays are float64 and C-contiguous."""

    X: Floats | None
    """(n, d), or None for orthogonal inputs x_i = norms[i] e_i (then d = n)"""
    norms: Floats | None
    """(n,) when X is None"""
    y: Floats
    W: Floats
    a: Floats
    w_perp_sq: Floats
    """(p,) squared norms outside the coordinates represented"""
    t_end: float
    rtol: float
    atol: float
    save: Floats
    """times at which to record, strictly increasing, within [0, t_end]"""
    stop: Stop
    states: bool = False
    switches: bool = False
    dense: bool = False
    certifiable: bool = False
    orthogonal: bool = False
    order: int = 0
    """Taylor order; 0 chooses it step by step"""
    stabilised: bool = True
    """Runge-Kutta-Chebyshev steps where they go further per evaluation than Taylor steps"""
    max_step: float = float("inf")
    resume: Resume | None = None
    """the past of a run that goes on from (W, a); `save` are then times from there on"""


@dataclass(frozen=True, slots=True)
class SwitchLog:
    """Every change of mode, in order of time; arrays of one length. Modes: 0 off, 1 on, 2 sliding."""

    t: Floats
    neuron: NDArray[np.int32]
    point: NDArray[np.int32]
    from_mode: NDArray[np.int8]
    to_mode: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
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


@dataclass(slots=True)
class FlowRun:
    """What one run recorded over the m saved times that it reached (and its end, if it ended early)."""

    status: int
    t: Floats
    loss: Floats
    velocity_sq: Floats
    """(m,): sum_j norm(dw_j/dt)^2 + (da_j/dt)^2, the velocity taken, sliding included"""
    n_active: NDArray[np.int64]
    invariant_drift: Floats
    W: Floats
    a: Floats
    W_saved: Floats | None
    a_saved: Floats | None
    counters: dict[str, Any]
    """of the flow: accepted, rejected, rhs, events, on, off, slide_in, slide_to_on, slide_to_off, repelling,
    zero_neuron, a_zero,
    sliding_end, sliding_max, stabilised_steps, spectral_radius, seconds, criterion_time,
    proved_time, loss_bound; of capture those of them it knows, restarts and loss_error; all but the seconds
    of the whole run, parts before this one included"""
    switches: SwitchLog | None
    dense: DenseFlow | None
    resume: Resume | None = None
    """for the task that goes on from (W, a); None: this backend cannot"""
