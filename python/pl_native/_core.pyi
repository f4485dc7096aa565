"""The compiled core. Private: use `pl_native.simulate` and its kin, which check and explain."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypedDict

import numpy as np
from numpy.typing import NDArray

Reals: TypeAlias = NDArray[np.float32] | NDArray[np.float64]
Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Record: TypeAlias = dict[str, float | int | NDArray[np.float64] | NDArray[np.int64] | NDArray[np.int8] | None]
"""What the part of a run before hands to the next; the core's own but for "at"."""

class StopFields(TypedDict):
    """`pl.Stop`; None switches a rule off."""

    criterion: bool
    proof: bool
    loss: float
    stall: float
    wall_time: float | None
    max_steps: int | None
    rise: float | None

class KinkFields(TypedDict):
    neuron: NDArray[np.int32]
    point: NDArray[np.int32]
    mode: NDArray[np.int8]
    share: Floats

class ProblemFields(TypedDict):
    """A problem and a state of it; all float64 but where Euler computes in float32."""

    X: Reals | None
    norms: Reals | None
    y: Reals
    W: Reals
    a: Reals
    w_perp_sq: Floats
    certifiable: bool
    orthogonal: bool

class TaskFields(ProblemFields):
    """What a task of every method says."""

    save: Integers | Floats
    states: bool
    stop: StopFields
    resume: Record | None

class EulerFields(TaskFields):
    step: float
    n_steps: int

class CaptureFields(TaskFields):
    t_end: float
    rtol: float
    atol: float
    kinks: KinkFields | None

class FlowFields(CaptureFields):
    switches: bool
    dense: bool
    order: int
    stabilised: bool
    max_step: float

class SwitchFields(TypedDict):
    t: Floats
    neuron: NDArray[np.int32]
    point: NDArray[np.int32]
    from_mode: NDArray[np.int8]
    to_mode: NDArray[np.int8]

class KinkRowFields(KinkFields):
    """Of m saved states, one after another; `count` (m,) is how many each has."""

    count: Integers

class RowFields(TypedDict):
    """What a run of every method gave."""

    status: int
    loss: Floats
    velocity_sq: Floats
    loss_noise: Floats
    n_active: Integers
    invariant_drift: Floats
    counters: dict[str, float | int | None]
    resume: Record

class EulerRunFields(RowFields):
    steps: Integers
    W: Reals
    a: Reals
    W_saved: Reals | None
    a_saved: Reals | None

class FlowRunFields(RowFields):
    t: Floats
    W: Floats
    a: Floats
    W_saved: Floats | None
    a_saved: Floats | None
    switches: SwitchFields | None
    dense: list[tuple[float, float, Floats]] | None
    kinks: KinkFields
    kinks_saved: KinkRowFields

class ProofFields(TypedDict):
    """What was proved; `verdict` is 0 nothing, 1 converges, 2 trapped, 3 a dead point."""

    verdict: int
    reason: str
    rho: float
    rate: float
    distance: float
    smallest: float
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
    neuron: Integers
    point: Integers
    kind: NDArray[np.int8]
    share: Floats
    dual: Floats

Progress: TypeAlias = Callable[[int, int], None]

def euler(
    tasks: Sequence[EulerFields], threads: int, progress: Progress | None = None, level: str | None = None
) -> tuple[list[EulerRunFields | None], bool]: ...
def flow(
    tasks: Sequence[FlowFields], threads: int, progress: Progress | None = None
) -> tuple[list[FlowRunFields | None], bool]: ...
def capture(
    tasks: Sequence[CaptureFields], threads: int, progress: Progress | None = None
) -> tuple[list[FlowRunFields | None], bool]: ...
def prove(task: ProblemFields, threads: int) -> ProofFields: ...
def _first_exit(coefficients: Sequence[float], h: float, tol: float) -> float: ...
def status_table() -> dict[str, int]: ...
def build_info() -> dict[str, str]: ...
def levels() -> list[str]: ...
def level() -> str: ...
def default_threads() -> int: ...
def forked() -> bool: ...
def denormals_kept() -> bool: ...
def available_bytes() -> float: ...
def fma_peak(threads: int, seconds: float, float32: bool) -> float: ...
