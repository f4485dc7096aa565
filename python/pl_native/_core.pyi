"""The compiled core. Private: use `pl_native.simulate` and its kin, which check and explain."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypedDict, type_check_only

import numpy as np
from numpy.typing import NDArray

from pl_native.backends.contract import Proof, Watch

_Reals: TypeAlias = NDArray[np.float32] | NDArray[np.float64]
_Floats: TypeAlias = NDArray[np.float64]
_Integers: TypeAlias = NDArray[np.int64]
_Record: TypeAlias = dict[
    str, float | int | NDArray[np.float64] | NDArray[np.int64] | NDArray[np.int8] | None
]
"""What the part of a run before hands to the next; the core's own but for "at"."""

@type_check_only
class StopFields(TypedDict):
    """`pl.Stop`; None switches a rule off."""

    criterion: bool
    proof: bool
    loss: float
    stall: float
    wall_time: float | None
    max_steps: int | None
    rise: float | None

@type_check_only
class KinkFields(TypedDict):
    neuron: NDArray[np.int32]
    point: NDArray[np.int32]
    mode: NDArray[np.int8]
    share: _Floats

@type_check_only
class ProblemFields(TypedDict):
    """A problem and a state of it; all float64 but where Euler computes in float32."""

    X: _Reals | None
    norms: _Reals | None
    y: _Reals
    W: _Reals
    a: _Reals
    w_perp_sq: _Floats
    certifiable: bool
    orthogonal: bool

@type_check_only
class TaskFields(ProblemFields):
    """What a task of every method says."""

    save: _Integers | _Floats
    states: bool
    stop: StopFields
    resume: _Record | None

@type_check_only
class EulerFields(TaskFields):
    step: float
    n_steps: int

@type_check_only
class CaptureFields(TaskFields):
    t_end: float
    rtol: float
    atol: float
    kinks: KinkFields | None
    watch: Watch | None
    budget: float | None

@type_check_only
class ProofTaskFields(ProblemFields):
    kinks: KinkFields | None

@type_check_only
class FlowFields(CaptureFields):
    switches: bool
    dense: bool
    order: int
    stabilised: bool
    max_step: float

@type_check_only
class SwitchFields(TypedDict):
    t: _Floats
    neuron: NDArray[np.int32]
    point: NDArray[np.int32]
    from_mode: NDArray[np.int8]
    to_mode: NDArray[np.int8]

@type_check_only
class KinkRowFields(KinkFields):
    """Of m saved states, one after another; `count` (m,) is how many each has."""

    count: _Integers

@type_check_only
class RowFields(TypedDict):
    """What a run of every method gave."""

    status: int
    loss: _Floats
    velocity_sq: _Floats
    loss_noise: _Floats
    n_active: _Integers
    invariant_drift: _Floats
    counters: dict[str, float | int | None]
    resume: _Record

@type_check_only
class EulerRunFields(RowFields):
    steps: _Integers
    W: _Reals
    a: _Reals
    W_saved: _Reals | None
    a_saved: _Reals | None

@type_check_only
class FlowRunFields(RowFields):
    t: _Floats
    W: _Floats
    a: _Floats
    W_saved: _Floats | None
    a_saved: _Floats | None
    switches: SwitchFields | None
    dense: list[tuple[float, float, _Floats]] | None
    kinks: KinkFields | None
    kinks_saved: KinkRowFields | None

_Progress: TypeAlias = Callable[[int, int], None]

def euler(
    tasks: Sequence[EulerFields], threads: int, progress: _Progress | None = None, level: str | None = None
) -> tuple[list[EulerRunFields | None], bool]: ...
def flow(
    tasks: Sequence[FlowFields], threads: int, progress: _Progress | None = None
) -> tuple[list[FlowRunFields | None], bool]: ...
def capture(
    tasks: Sequence[CaptureFields], threads: int, progress: _Progress | None = None
) -> tuple[list[FlowRunFields | None], bool]: ...
def prove(task: ProofTaskFields, threads: int) -> Proof: ...
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
