"""Sweeps: cells of a grid, replicates of each, run once and kept as rows.

A cell says what is run; with the root seed and the number of the replicate it determines the result. Any
replicate can be drawn again alone: `problem(cell, seed, replicate)`.
"""

from __future__ import annotations

import hashlib
import math
import os
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from pl_native import _checks, backends, data, initial, metrics
from pl_native.build_info import build_info
from pl_native.progress import Progress
from pl_native.simulation import simulate_ensemble
from pl_native.solution import Interrupted, Solution
from pl_native.store import Row, Store, Value, content_id
from pl_native.streams import Purpose, stream
from pl_native.types import Dataset, Network, Status, Stop

NUMERICS = 1
"""Raised whenever the same cell, seed and replicate would give other numbers; part of every row's id."""

DATA: dict[str, Callable[..., Dataset]] = {
    "sphere": data.sphere,
    "orthogonal": data.orthogonal,
    "gaussian": data.gaussian,
}
INITIAL: dict[str, Callable[..., Network]] = {
    "asymmetric": initial.asymmetric,
    "torch_linear": initial.torch_linear,
    "balanced": initial.balanced,
}

_CHUNK_WORK = 3e11  # floating-point operations between two additions to the store: 1 to 3 s on two cores


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """`replicates` runs of explicit Euler on one problem law; `t_end` and `step` in flow time."""

    n: int
    d: int
    p: int
    initialisation: str
    t_end: float
    stop_loss: float
    replicates: int
    data: str = "sphere"
    scale: float = 1.0
    dtype: str = "float32"
    step: float = 1.0

    def __post_init__(self) -> None:
        for name in ("n", "d", "p", "replicates"):
            _checks.integer(name, getattr(self, name), 1)
        _checks.choice("data", self.data, tuple(DATA))
        _checks.choice("initialisation", self.initialisation, tuple(INITIAL))
        _checks.choice("dtype", self.dtype, ("float32", "float64"))
        for name in ("t_end", "scale", "step"):
            _checks.positive(name, getattr(self, name))
        _checks.at_least("stop_loss", self.stop_loss, 0.0)

    @property
    def number(self) -> int:
        """The cell's word in the seeds: 32 bits of a hash of what is drawn.

        It survives other cells being added or removed, and runs of one draw that differ in precision, step or
        horizon share their random numbers.
        """
        law = f"{self.data} {self.initialisation} {float(self.scale)!r} {self.n} {self.d} {self.p}"
        return int.from_bytes(hashlib.sha256(law.encode("ascii")).digest()[:4], "big")

    @property
    def work(self) -> float:
        """Floating-point operations of one run that reaches its horizon: 4 n d p per step."""
        return 4.0 * self.n * self.d * self.p * math.ceil(self.t_end / self.step)


@dataclass(frozen=True, slots=True)
class Run:
    """One replicate of a cell, and the id of its row."""

    cell: Cell
    replicate: int
    id: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The runs of a sweep, in order, with one root seed and one backend."""

    runs: tuple[Run, ...]
    seed: int
    backend: str

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the rows of this sweep."""
        return tuple(run.id for run in self.runs)

    def missing(self, store: Store) -> tuple[Run, ...]:
        """Runs whose rows are not in the store."""
        return tuple(run for run in self.runs if run.id not in store)


def plan(cells: Iterable[Cell], *, seed: int, backend: str = "auto") -> Plan:
    """List the runs of `cells`. `seed` >= 0 is the root of every stream; `backend` as in `simulate`."""
    root = _checks.integer("seed", seed, 0)
    name = backends.select(backend).NAME
    listed = list(cells)
    drawn: dict[int, Cell] = {}
    for cell in listed:
        other = drawn.setdefault(cell.number, cell)
        if _law(other) != _law(cell):
            raise ValueError(f"cells: {_law(cell)} and {_law(other)} have one number; change one of them")
    runs = tuple(
        Run(cell, replicate, content_id(_content(cell, root, replicate, name)))
        for cell in listed
        for replicate in range(cell.replicates)
    )
    if len({run.id for run in runs}) != len(runs):
        raise ValueError("cells: expected different cells, two of them have the same runs")
    return Plan(runs, root, name)


def problem(cell: Cell, seed: int, replicate: int) -> tuple[Dataset, Network]:
    """Data and network of one replicate, drawn from their own streams."""
    streams = {what: stream(seed, cell.number, replicate, what) for what in (Purpose.DATA, Purpose.NETWORK)}
    drawn = DATA[cell.data](cell.n, cell.d, seed=streams[Purpose.DATA], dtype=cell.dtype)
    network = INITIAL[cell.initialisation](
        cell.p, cell.d, seed=streams[Purpose.NETWORK], scale=cell.scale, dtype=cell.dtype, data=drawn
    )
    return drawn, network


def run(todo: Plan, store: Store, *, threads: int | None = None, progress: object = None) -> int:
    """Run what is missing in `store` and add a row per run, every few seconds; returns the number of new
    rows.

    Each row is the same whatever `threads`, the order, or how often the sweep was interrupted. Ctrl-C keeps
    the rows finished so far and raises KeyboardInterrupt; the same call goes on from there.
    """
    with store:
        missing = todo.missing(store)
        meter = _Meter(missing, Progress(progress))
        with meter.progress:
            for chunk in _chunks(missing, _team(todo.backend, threads)):
                _run_chunk(chunk, todo, store, threads, meter)
    return len(missing)


def _run_chunk(chunk: Sequence[Run], todo: Plan, store: Store, threads: int | None, meter: _Meter) -> None:
    cell = chunk[0].cell
    problems = [problem(cell, todo.seed, run.replicate) for run in chunk]
    common: Row = {
        "isa": _level(todo.backend),
        "threads": _team(todo.backend, threads),
        "host": platform.node(),
    }
    try:
        solutions = simulate_ensemble(
            problems,
            t_end=cell.t_end,
            step=cell.step,
            stop=Stop(loss=cell.stop_loss),
            backend=todo.backend,
            threads=threads,
            progress=meter.within(chunk),
        )
    except Interrupted as stopped:
        ended = zip(stopped.indices, stopped.solutions, strict=True)
        whole = [(i, sol) for i, sol in ended if sol.status is not Status.INTERRUPTED]
        store.add(_row(chunk[i], todo, problems[i][0], sol, common) for i, sol in whole)
        raise
    done = zip(chunk, problems, solutions, strict=True)
    store.add(_row(run, todo, drawn, sol, common) for run, (drawn, _), sol in done)
    meter.finished(chunk)


def _chunks(runs: Sequence[Run], threads: int) -> Iterable[list[Run]]:
    """Runs of one cell at a time, a multiple of the threads, about `_CHUNK_WORK` each."""
    for cell, group in groupby(runs, key=lambda run: run.cell):
        members = list(group)
        size = threads * max(1, round(_CHUNK_WORK / cell.work / threads))
        for start in range(0, len(members), size):
            yield members[start : start + size]


def _law(cell: Cell) -> tuple[Value, ...]:
    return cell.data, cell.initialisation, cell.scale, cell.n, cell.d, cell.p


def _content(cell: Cell, seed: int, replicate: int, backend: str) -> Row:
    """Everything that determines a row, and nothing else."""
    return {
        "data": cell.data,
        "initialisation": cell.initialisation,
        "scale": float(cell.scale),
        "d": int(cell.d),
        "n": int(cell.n),
        "p": int(cell.p),
        "dtype": cell.dtype,
        "method": "euler",
        "step": float(cell.step),
        "horizon": float(cell.t_end),
        "stop_loss": float(cell.stop_loss),
        "backend": backend,
        "numerics": NUMERICS,
        "seed": seed,
        "cell": cell.number,
        "replicate": replicate,
    }


def _row(run: Run, todo: Plan, drawn: Dataset, sol: Solution, common: Row) -> Row:
    return {
        "id": run.id,
        **_content(run.cell, todo.seed, run.replicate, todo.backend),
        "status": sol.status.name,
        "t_end": float(sol.t[-1]),
        "loss_start": float(sol.loss[0]),
        "loss_end": float(sol.loss[-1]),
        "average_pl": sol.average_pl(),
        "local_pl_end": float(sol.local_pl[-1]),
        "pl_low": metrics.pl_low(drawn, sol.network),
        "pl_upp": metrics.pl_upp(drawn, sol.network),
        "steps": int(sol.stats["steps"]),
        "switches": None,  # explicit Euler locates none
        "first_rise": sol.stats["first_rise"],
        "seconds": float(sol.stats["seconds"]),
        **common,
    }


def _team(backend: str, threads: int | None) -> int:
    """Number of threads at work; the NumPy backend has one."""
    if backend == "numpy":
        return 1
    native = build_info()["native"]
    return threads or (int(native["default_threads"]) if native else os.cpu_count() or 1)


def _level(backend: str) -> str:
    """Instruction-set level of the native kernels in use; the other backends name themselves."""
    native = build_info()["native"]
    return str(native["level"]) if backend == "native" else backend


class _Meter:
    """Progress of a sweep in work done, shown as the equivalent number of steps."""

    def __init__(self, runs: Sequence[Run], progress: Progress) -> None:
        self.progress = progress
        self._total = sum(run.cell.work for run in runs)
        self._steps = sum(math.ceil(run.cell.t_end / run.cell.step) for run in runs)
        self._done = 0.0

    def within(self, chunk: Sequence[Run]) -> Callable[[int, int], None] | bool:
        """What to hand to `simulate_ensemble` while `chunk` runs."""
        work = sum(run.cell.work for run in chunk)
        return (
            False
            if self.progress.poll is None
            else lambda done, total: self._show(work * done / max(total, 1))
        )

    def finished(self, chunk: Sequence[Run]) -> None:
        """Count a whole chunk."""
        self._done += sum(run.cell.work for run in chunk)
        self._show(0.0)

    def _show(self, extra: float) -> None:
        if self.progress.poll is not None:
            self.progress.poll(round(self._steps * (self._done + extra) / self._total), self._steps)
