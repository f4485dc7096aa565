"""A cell says what is run; with the root seed and the number of the replicate it determines the result."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from pl_native._base import checks
from pl_native._base.build import NUMERICS
from pl_native._problem import Dataset, Network, Stop
from pl_native._run.call_options import METHODS, atol_of
from pl_native.store import Row, Value, content_ids
from pl_native.streams import Purpose, stream
from pl_native.sweep.functions import (
    DATA,
    EVENTS,
    INITIAL,
    NORMS_ONLY,
    PER_NEURON,
    check_options,
    code_of,
    named,
    resolve,
)

_SIZES = ("n", "d", "p", "replicates")
_POSITIVE = ("t_end", "scale", "step", "rtol")
_IN_VAIN = 10_000  # draws after which an event is taken for one that does not happen
_STOP = tuple(field.name for field in fields(Stop) if field.name != "proof")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """`replicates` runs of one law of problems, n points in d dimensions and p neurons, to flow time `t_end`.

    data, initialisation  names of generators (`pl.data`, `pl.initial`), functions, or "module:function":
                          f(n, d, *, seed, dtype, **data_options) -> Dataset, and
                          f(p, d, *, seed, scale, dtype, data, **initial_options) -> Network
    data_options, initial_options  further arguments of theirs, a mapping of JSON values (kept as text)
    scale                 multiplies W after a was drawn
    given                 "": the law itself; "well_initialised": data and network are redrawn together until
                          event I of Lemma 5 holds (`metrics.well_initialised`)
    dtype                 "float64" or "float32"
    method, step, rtol, atol, stop  as in `pl.simulate`; step is Euler's, rtol and atol are the flow's

    ValueError or TypeError for anything else. `stop.wall_time` makes rows depend on the machine.
    """

    n: int
    d: int
    p: int
    initialisation: str
    t_end: float
    replicates: int
    data: str = "sphere"
    data_options: str = "{}"
    initial_options: str = "{}"
    scale: float = 1.0
    given: str = ""
    dtype: str = "float64"
    method: str = "euler"
    step: float = 1.0
    rtol: float = 1e-6
    atol: float | None = None
    stop: Stop = Stop()  # noqa: RUF009 (frozen)

    def __post_init__(self) -> None:
        checked: dict[str, Any] = {name: checks.integer(name, getattr(self, name), 1) for name in _SIZES}
        checked |= {name: checks.positive(name, getattr(self, name)) for name in _POSITIVE}
        checked["data"] = named("data", self.data, DATA)
        checked["initialisation"] = named("initialisation", self.initialisation, INITIAL)
        for name in ("data_options", "initial_options"):
            checked[name] = _options(name, getattr(self, name))
        check_options("data", checked["data"], json.loads(checked["data_options"]))
        check_options("initialisation", checked["initialisation"], json.loads(checked["initial_options"]))
        checked["given"] = checks.choice("given", self.given, ("", *EVENTS))
        checked["dtype"] = str(checks.float_dtype(self.dtype))
        checked["method"] = checks.choice("method", self.method, METHODS)
        checked["atol"] = atol_of(checked["method"], self.atol)
        checked["stop"] = _stop(self.stop)
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def number(self) -> int:
        """The cell's word in the seeds: 32 bits of a hash of what is drawn.

        It survives other cells being added or removed, and runs of one draw that differ in precision,
        method, step or horizon share their random numbers.
        """
        law = f"{self.data} {self.initialisation} {self.scale!r} {self.n} {self.d} {self.p}"
        if (self.data_options, self.initial_options) != ("{}", "{}"):
            law += f" {self.data_options} {self.initial_options}"
        if self.given:
            law += f" given {self.given}"
        return int.from_bytes(hashlib.sha256(law.encode("utf-8")).digest()[:4], "big")

    @property
    def law(self) -> tuple[Value, ...]:
        """What is drawn: all that `number` is a hash of."""
        names = (self.data, self.initialisation, self.data_options, self.initial_options)
        return *names, self.scale, self.given, self.n, self.d, self.p

    @property
    def steps(self) -> int:
        """Steps of Euler to the horizon; of adaptive methods, a guess."""
        return math.ceil(self.t_end / self.step) if self.method == "euler" else 20 * math.ceil(self.t_end)

    @property
    def work(self) -> float:
        """Floating-point operations of one run that reaches its horizon: 4 n d p per step."""
        d = 1 if self.data in NORMS_ONLY else self.d
        return 4.0 * self.n * d * self.p * self.steps

    @property
    def bytes(self) -> int:
        """Memory of one drawn problem, in float64 while it is drawn."""
        d = min(self.n, self.d) if self.data in NORMS_ONLY else self.d
        inputs = 0 if self.data in NORMS_ONLY else self.n * d
        return 8 * (inputs + self.p * d + 2 * (self.n + self.p))

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `simulate` that the cell fixes, but for `t_end` and `step`."""
        return {"method": self.method, "rtol": self.rtol, "atol": self.atol, "stop": self.stop}

    def spec(self) -> dict[str, Any]:
        """The cell as JSON values; `Cell(**spec)` is the cell."""
        values = {name: getattr(self, name) for name in _FIELDS}
        return values | {"stop": asdict(self.stop)}


_FIELDS = tuple(field.name for field in fields(Cell))


def _stop(value: object) -> Stop:
    """`Stop`, or its fields by name as in a file."""
    if isinstance(value, Mapping):
        known = {field.name for field in fields(Stop)}
        if unknown := [key for key in value if key not in known]:
            raise ValueError(f"stop: unknown {', '.join(map(checks.shown, unknown))}")
        return Stop(**value)
    if not isinstance(value, Stop):
        raise TypeError(f"stop: expected pl.Stop, got {checks.kind(value)}")
    return value


def _options(name: str, value: object) -> str:
    """Options as canonical JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{name}: expected JSON ({error})") from None
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise TypeError(f"{name}: expected a mapping of names to JSON values, got {checks.kind(value)}")
    try:
        return json.dumps(dict(value), sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"{name}: expected JSON values ({error})") from None


def content(cell: Cell, seed: int, backend: str) -> Row:
    """Everything that determines the rows of a cell, but for the replicate."""
    euler = cell.method == "euler"
    stop: Row = {f"stop_{name}": getattr(cell.stop, name) for name in _STOP}
    asked: Row = {"given": cell.given} if cell.given else {}
    if cell.stop.proof:  # what is not asked for is no fact: ids of earlier rows stay
        asked["stop_proof"] = 1
    return asked | {
        "data": cell.data,
        "data_options": cell.data_options,
        "initialisation": cell.initialisation,
        "initial_options": cell.initial_options,
        "code": code_of(data=cell.data, initialisation=cell.initialisation),
        "scale": cell.scale,
        "d": cell.d,
        "n": cell.n,
        "p": cell.p,
        "dtype": cell.dtype,
        "method": cell.method,
        "step": cell.step if euler else None,
        "rtol": None if euler else cell.rtol,
        "atol": None if euler else cell.atol,
        "horizon": cell.t_end,
        **stop,
        "stop_criterion": int(cell.stop.criterion),
        "backend": backend,
        "numerics": NUMERICS[cell.method],
        "seed": seed,
        "cell": cell.number,
    }


def run_ids(common: Row) -> Callable[[int], str]:
    """Ids of the runs of a cell by replicate, from its `content`."""
    return content_ids(common, "replicate")


def cell_of(row: Row) -> Cell:
    """The cell of a row (one replicate)."""
    stop: dict[str, Any] = {name: row[f"stop_{name}"] for name in _STOP}
    stop["criterion"] = bool(stop["criterion"])
    stop["proof"] = bool(row["stop_proof"])
    same = (
        "n",
        "d",
        "p",
        "initialisation",
        "data",
        "data_options",
        "initial_options",
        "scale",
        "dtype",
        "method",
    )
    found: dict[str, Any] = {name: row[name] for name in same}
    found["given"] = row["given"] or ""
    found |= {name: row[name] for name in ("step", "rtol", "atol") if row[name] is not None}
    return Cell(**found, t_end=row["horizon"], replicates=1, stop=Stop(**stop))  # type: ignore[arg-type]


def problem(cell: Cell, seed: int, replicate: int) -> tuple[Dataset, Network]:
    """Data and network of one replicate, drawn from their own streams; again from their children, both
    together, until the event that the cell is `given` holds.

    TypeError or ValueError when a user's function returns something else than was asked of it; ValueError
    when the event is too rare to wait for.
    """
    if not isinstance(cell, Cell):
        raise TypeError(f"cell: expected a Cell, got {checks.kind(cell)}")
    checks.integer("replicate", replicate, 0)
    streams = [stream(seed, cell.number, replicate, what) for what in (Purpose.DATA, Purpose.NETWORK)]
    drawn = _drawn(cell, *streams)
    if not cell.given:
        return drawn
    for _ in range(_IN_VAIN):
        if EVENTS[cell.given](*drawn):
            return drawn
        drawn = _drawn(cell, *(one.spawn(1)[0] for one in streams))
    raise ValueError(f"given: {cell.given!r} held in none of {_IN_VAIN} draws")


def _drawn(
    cell: Cell, data_stream: np.random.SeedSequence, network_stream: np.random.SeedSequence
) -> tuple[Dataset, Network]:
    """One draw of data and network."""
    make_data: Callable[..., Any] = resolve("data", cell.data, DATA)
    wanted = {"seed": data_stream, "dtype": cell.dtype}
    if cell.data in PER_NEURON:
        wanted["p"] = cell.p
    drawn = make_data(cell.n, cell.d, **wanted, **json.loads(cell.data_options))
    if not isinstance(drawn, Dataset):
        raise TypeError(f"data: expected {cell.data!r} to return a pl.Dataset, got {checks.kind(drawn)}")
    if (drawn.n, drawn.d) != (cell.n, cell.d):
        raise ValueError(
            f"data: expected n = {cell.n}, d = {cell.d} from {cell.data!r}, got {drawn.n}, {drawn.d}"
        )
    make_network: Callable[..., Any] = resolve("initialisation", cell.initialisation, INITIAL)
    keywords = {"seed": network_stream, "scale": cell.scale, "dtype": cell.dtype, "data": drawn}
    network = make_network(cell.p, cell.d, **keywords, **json.loads(cell.initial_options))
    if not isinstance(network, Network) or network.p != cell.p:
        name, got = cell.initialisation, checks.kind(network)
        raise TypeError(
            f"initialisation: expected {name!r} to return a pl.Network with p = {cell.p}, got {got}"
        )
    return drawn, network
