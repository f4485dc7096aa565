"""Who competes, and in which processes. A rival is one way to take the same Euler steps.

Each library runs in processes of its own (no shared thread pools, no mutual disturbance), in the two ways its
users have to keep all cores busy: "per core", one single-threaded process pinned to each core, one replicate
each, which costs a rival nothing in scaling; and "together", one process with all threads, all replicates in
one call. The worker times its own run; of several processes the slowest counts.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import importlib.util
import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from pl_native.bench.machine import cores
from pl_native.bench.problems import Array, Arrays


@dataclasses.dataclass(frozen=True, slots=True)
class Rival:
    family: str  # rivals of one family compete among themselves first; its best meets pl_native
    variant: str  # key of VARIANTS in the library's module
    library: str  # whose module is rivals_<library>
    per_core: bool
    slow_start: bool = False  # left out of quick runs

    @property
    def name(self) -> str:
        return f"{self.family}: {self.variant} ({'per core' if self.per_core else 'together'})"


def _family(family: str, library: str, per_core: tuple[str, ...], together: tuple[str, ...]) -> list[Rival]:
    return [Rival(family, variant, library, True) for variant in per_core] + [
        Rival(family, variant, library, False) for variant in together
    ]


LOOP = "PyTorch loop"
DENSE = [
    *_family("NumPy", "numpy", ("plain", "by points", "by neurons"), ("plain", "by neurons", "batched")),
    *_family(LOOP, "torch", ("loop", "loop, foreach", "loop, fused SGD"), ("loop",)),
    *_family(
        "PyTorch by hand",
        "torch",
        ("by hand", "by hand, in place"),
        ("by hand", "by hand, in place"),
    ),
    Rival("PyTorch by hand", "by hand, torch.compile", "torch", True, slow_start=True),
    *_family(
        "JAX vmap",
        "jax",
        (),
        ("einsum", "by points", "by neurons", "by neurons, unrolled", "autodiff"),
    ),
    *_family("JAX per core", "jax", ("by points", "by neurons", "by neurons, unrolled"), ()),
    *_family(
        "Numba",
        "numba",
        ("fused loops", "fused, neurons along lanes", "BLAS inside"),
        (),
    ),
    Rival("Numba", "fused, prange", "numba", False, slow_start=True),
    Rival("Numba", "lanes, prange", "numba", False, slow_start=True),
]
ORTHOGONAL = [
    *_family(LOOP + ", dense", "torch", ("loop", "loop, foreach", "loop, fused SGD"), ()),
    *_family(
        "JAX elementwise",
        "jax",
        ("elementwise", "elementwise by points", "elementwise, sums", "elementwise, unrolled"),
        ("elementwise", "elementwise, sums"),
    ),
    *_family("NumPy elementwise", "numpy", ("elementwise",), ("elementwise",)),
    *_family("Numba elementwise", "numba", ("elementwise",), ()),
]


def cpus_of_this_process() -> list[int]:
    """Numbers of the CPUs that this process may use; where the system does not say, all."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(cores()))


def importable(rivals: Sequence[Rival]) -> list[Rival]:
    """Those whose library is installed."""
    return [rival for rival in rivals if importlib.util.find_spec(rival.library) is not None]


class Crew:
    """The processes of one library in one of the two ways."""

    def __init__(self, library: str, per_core: bool) -> None:
        count = cores()
        self.size = count if per_core else 1
        cpus = cpus_of_this_process()[:count]
        shares = [[cpu] for cpu in cpus] if per_core else [cpus]
        self.ends, self.processes = [], []
        context = multiprocessing.get_context("spawn")
        with _environment(threads=1 if per_core else count):
            for share in shares:
                ours, theirs = context.Pipe()
                process = context.Process(target=_serve, args=(theirs, library, share), daemon=True)
                process.start()
                self.ends.append(ours)
                self.processes.append(process)

    def load(self, variant: str, made: Arrays) -> None:
        """Loaded variants stay, compiled, until `forget`."""
        replicates = len(made.a)
        if self.size > 1 and replicates != self.size:
            raise ValueError(f"replicates: expected one per core ({self.size}), got {replicates}")
        parts = [made] if self.size == 1 else [made.replicate(k) for k in range(self.size)]
        self._ask([("load", variant, part) for part in parts])

    def forget(self) -> None:
        """Frees the problems."""
        self._ask([("forget", None, None)] * self.size)

    def states(self, variant: str, steps: int) -> list[tuple[Array, Array]]:
        return self._ask([("state", variant, steps)] * self.size)

    def seconds(self, variant: str, steps: int) -> float:
        return float(max(self._ask([("time", variant, steps)] * self.size)))

    def close(self, patience: float) -> None:
        """Ends the workers, after `patience` seconds by force."""
        for end in self.ends:
            with contextlib.suppress(OSError):  # the worker may be gone already
                end.send(("stop", None, None))
        for process in self.processes:
            process.join(timeout=patience)
            process.kill()

    def _ask(self, requests: list[tuple[Any, ...]]) -> list[Any]:
        for end, request in zip(self.ends, requests, strict=True):
            end.send(request)
        answers = [end.recv() for end in self.ends]
        for kind, value in answers:
            if kind == "failed":
                raise RuntimeError(value)
        return [value for _, value in answers]


class Crews:
    """Crews by library and way, started when first needed, kept for all sizes."""

    def __init__(self) -> None:
        self.running: dict[tuple[str, bool], Crew] = {}

    def get(self, rival: Rival) -> Crew:
        """The crew that runs this rival."""
        key = (rival.library, rival.per_core)
        if key not in self.running:
            self.running[key] = Crew(*key)
        return self.running[key]

    def __enter__(self) -> Crews:
        return self

    def forget(self) -> None:
        """Frees the problems of all crews."""
        for crew in self.running.values():
            crew.forget()

    def __exit__(self, error: object, *_: object) -> None:
        for crew in self.running.values():
            crew.close(patience=10.0 if error is None else 0.0)


class Contestant:
    """A rival with its problem, loaded, ready to be checked and timed over `steps` steps."""

    def __init__(self, rival: Rival, crews: Crews, made: Arrays, steps: int) -> None:
        self.rival, self.crew, self.steps = rival, crews.get(rival), steps
        self.crew.load(rival.variant, made)

    def final_state(self) -> tuple[Array, Array]:
        """(W (r, p, d), a (r, p)) after the steps."""
        ends = self.crew.states(self.rival.variant, self.steps)
        return np.concatenate([W for W, _ in ends]), np.concatenate([a for _, a in ends])

    def seconds(self) -> float:
        return self.crew.seconds(self.rival.variant, self.steps)


@contextlib.contextmanager
def _environment(threads: int) -> Iterator[None]:
    """Processes started inside see these; libraries read them when they are imported."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    wanted = dict.fromkeys(names, str(threads)) | {"JAX_PLATFORMS": "cpu"}
    if threads == 1:
        wanted["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(end: Connection, library: str, cpus: list[int]) -> None:
    """The worker: requests in, answers out, until told to stop. What fails is told to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, who ends its workers
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cpus)
    runs: dict[str, Any] = {}
    while (request := end.recv())[0] != "stop":
        try:
            end.send(("ok", _answer(runs, library, *request)))
        except Exception:
            end.send(("failed", f"{library}, {request[1]}: {traceback.format_exc(limit=3)}"))


def _answer(runs: dict[str, Any], library: str, kind: str, variant: str, value: Any) -> Any:
    if kind == "load":
        runs[variant] = importlib.import_module(f"pl_native.bench.rivals_{library}").VARIANTS[variant](value)
        return None
    if kind == "forget":
        runs.clear()
        return None
    if kind == "state":
        return runs[variant](value)
    began = time.perf_counter()
    runs[variant](value)
    return time.perf_counter() - began
