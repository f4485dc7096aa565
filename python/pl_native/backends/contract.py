"""The seam between Python, which checks and explains, and what computes: tasks, what was recorded, `Backend`.

A backend is handed integers and plain arrays, with no option left to interpret, and hands back what it
recorded, a status code and counters. A run may go on later: what its backend has to know for that, beside the
state reached, is `resume`, which goes out with a run and comes back with the task that continues it. Of it
others read "at", the step (Euler) or time reached; `_run/choosing/ledger.py`, which hands from one method to
another what is of the whole run, and `_run/reading.py`, which checks a file's, know more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypedDict

import numpy as np
from numpy.typing import NDArray

from pl_native._base.checks import Array
from pl_native._problem import Kinks, Stop
from pl_native._problem.kinks import KinkRows
from pl_native.backends.flow_records import DenseFlow, Floats, SwitchLog

Poll: TypeAlias = Callable[[int, int], None]
Counters: TypeAlias = dict[str, float | int | None]

Resume: TypeAlias = dict[str, Any]
"""What a run that goes on has to know of its past, beside the state: arrays, numbers and None by name. "at"
is the step or time reached; the rest is the backend's own, and absent where the clock ended the run before
its first state was known: it then goes on from its start."""


def begun(resume: Resume | None) -> bool:
    """Whether there is a past to go on from, or the run is still to begin."""
    return resume is not None and len(resume) > 1


@dataclass(frozen=True, slots=True)
class EulerTask:
    """One run of explicit Euler."""

    X: Array
    """(n, d), or (n,): norms of orthogonal inputs x_i = X[i] e_i, and then d = n; C-contiguous, float32 or
    float64; y, W, a have the same dtype"""
    y: Array
    """(n,)"""
    W: Array
    """(p, d)"""
    a: Array
    """(p,)"""
    w_perp_sq: Array
    """(p,) float64: squared norms outside the coordinates represented"""
    step: float
    n_steps: int
    """N >= 0"""
    save_steps: Array
    """int64, strictly increasing, within [0, N]: steps at which to record"""
    states: bool
    """also keep (W, a) at each saved step"""
    stop: Stop
    certifiable: bool
    """off < (Cx-)^2, decided outward: CONVERGED may be claimed"""
    orthogonal: bool
    """inputs are orthogonal: DEAD_POINT may be claimed"""
    resume: Resume | None = None
    """the past of a run that goes on from (W, a); save_steps are then those from there on"""


@dataclass(slots=True, kw_only=True)
class Recorded:
    """What a run of any method recorded, over the m saved steps or times that it reached (and its end, if it
    ended early).
    """

    status: int
    loss: Floats
    """(m,)"""
    velocity_sq: Floats
    """(m,): sum_j norm(dw_j/dt)^2 + (da_j/dt)^2, the velocity taken, sliding included"""
    loss_noise: Floats
    """(m,): a loss at or below it is rounding of the residuals, and so is its decrease"""
    n_active: NDArray[np.int64]
    """(m,): pairs that are on"""
    invariant_drift: Floats
    """(m,): max_j abs((a_j^2 - norm(w_j)^2) - (the same at the start))"""
    W: Array
    """end state, the task's dtype"""
    a: Array
    W_saved: Array | None
    """(m, p, d)"""
    a_saved: Array | None
    """(m, p)"""
    counters: Counters
    """by name; all but the seconds are of the whole run, parts before this one included"""
    resume: Resume | None = None
    """for the task that goes on from (W, a); None: this backend cannot"""


@dataclass(slots=True, kw_only=True)
class EulerRun(Recorded):
    """Counters: steps, seconds, first_rise, rises, criterion_step, proved_step, loss_bound."""

    steps: NDArray[np.int64]
    """(m,)"""


@dataclass(frozen=True, slots=True)
class StateTask:
    """A problem and a state of it. Arrays are float64 and C-contiguous."""

    X: Floats | None
    """(n, d), or None for orthogonal inputs x_i = norms[i] e_i (then d = n)"""
    norms: Floats | None
    """(n,) when X is None"""
    y: Floats
    W: Floats
    a: Floats
    w_perp_sq: Floats
    """(p,) squared norms outside the coordinates represented"""


class Watch(Protocol):
    """Looks along every step of a run before it is taken, from the thread it is on. It does not raise."""

    def begin(self, t: float) -> None:
        """A pass over the run begins at t; of one that was given up nothing counts."""
        ...

    def along(self, t: float, h: float, state: Callable[[float], tuple[Array, Array]]) -> float:
        """Where in the step from t by h the run is to end: h, or less. `state(s)`, s in [0, h], is the state
        (W, a) at t + s, (p, d) and (p,), arrays of its own.
        """
        ...


@dataclass(frozen=True, slots=True)
class FlowTask(StateTask):
    """One run of the flow, from that state."""

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
    kinks: Kinks | None = None
    """modes known of pairs that start at their kinks; of no use to a run that goes on"""
    watch: Watch | None = None
    budget: float | None = None
    """right-hand sides of this call after which the run pauses, with STEP_LIMIT (None: it does not)"""


@dataclass(slots=True, kw_only=True)
class FlowRun(Recorded):
    """Counters of the flow: accepted, rejected, rhs, events, on, off, slide_in, slide_to_on, slide_to_off,
    repelling, start_kinks, dependent_inputs, zero_neuron, a_zero, sliding_end, sliding_max, stabilised_steps,
    cell_steps, spectral_radius, seconds, criterion_time, proved_time, loss_bound; of the core's on dense
    inputs close_passes, closest_pass, branch_scatter (docs/sensitivity.md); of capture those of them it
    knows (dependent_inputs: steps in which a neuron meets their kinks), restarts, loss_error, of dense inputs
    branch_flips.
    """

    t: Floats
    """(m,)"""
    switches: SwitchLog | None = None
    dense: DenseFlow | None = None
    kinks: Kinks | None = None
    """pairs whose mode the sign of z in the end state does not say"""
    kinks_saved: KinkRows | None = None
    """the same of each of the m saved states, when asked for"""


@dataclass(frozen=True, slots=True)
class ProofTask(StateTask):
    """A state of which something is to be proved."""

    orthogonal: bool
    kinks: Kinks | None
    """pairs known to rest at their kinks"""


UNCERTAIN, SLIDES, RESTS, FREE = range(4)
"""What a proof takes a pair for that is neither simply on nor simply off."""


class Proof(TypedDict):
    """What was proved of a state (docs/proofs.md), by the core's names; what a verdict does not have is 0."""

    verdict: int
    """0 nothing, 1 the loss tends to 0, 2 to a value above 0, 3 the same for orthogonal inputs"""
    reason: str
    """why there is no verdict"""
    rho: float
    """radius of the ball; of the dual bound's where there is no verdict"""
    rate: float
    distance: float
    smallest: float
    """k: smallest eigenvalue of K_rho on V, from below"""
    tau: float
    needed_over_allowed: float
    limit_low: float
    limit_high: float
    moved: float
    settled: float
    held_until: float
    held_bound: float
    uncertain: int
    sliding: int
    resting: int
    dead: int
    escapes: list[tuple[int, float, list[float]]]
    """neuron at 0, gain, direction (d)"""
    neuron: NDArray[np.int64]
    """(m,) of the pairs that the proof takes for neither on nor off"""
    point: NDArray[np.int64]
    kind: NDArray[np.int8]
    share: Floats
    """(m,) lam of free pairs"""
    dual: Floats
    """(n,) g of the dual bound, or empty"""


class Backend(Protocol):
    NAME: str

    def available(self) -> bool: ...

    def euler(
        self, tasks: Sequence[EulerTask], *, threads: int | None, poll: Poll | None
    ) -> tuple[list[EulerRun | None], bool]:
        """Runs in order, and whether Ctrl-C ended the call: runs not started are then None."""
        ...


Adaptive: TypeAlias = Callable[..., tuple[list[FlowRun | None], bool]]
"""`flow` or `capture` of a backend, called as `euler` is but with tasks of the flow"""

Prover: TypeAlias = Callable[..., Proof]
"""`prove` of a backend, called with a `ProofTask` and threads="""
