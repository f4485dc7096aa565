"""Files of certificates: npz without pickle, read by one reader that trusts nothing."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from pl_native._base.checks import Array
from pl_native._base.files import pack, regular, replacing, unpack
from pl_native._problem import Kinks, Network, Status
from pl_native._run.proof.claims import Claims, Margins, NeuronAtZero, Pairs, check_claims

FORMAT = 1

_NUMBERS = {"moved": float, "settled": float, "n": int, "reduced": bool, "digest": str, "reason": str}
_PAIRS = {"neuron": np.int64, "point": np.int64, "kind": np.int8, "share": np.float64}


def write(c: Claims, path: Path) -> None:
    """`Certificate.save`."""
    head = {name: getattr(c, name) for name in _NUMBERS}
    head |= {
        "format": FORMAT,
        "verdict": None if c.verdict is None else c.verdict.name,
        "margins": dataclasses.asdict(c.margins),
    }
    head |= {name: getattr(c, name) for name in ("rate", "distance", "limit_loss", "held_until")}
    arrays = {"W": c.state.W, "a": c.state.a, "w_perp_sq": c.state.w_perp_sq}
    if c.state.kinks is not None:
        arrays |= {f"kinks/{name}": column for name, column in c.state.kinks.flat().items()}
    arrays |= {f"pairs/{name}": getattr(c.pairs, name) for name in _PAIRS}
    if c.dual is not None:
        arrays["dual"] = c.dual
    if c.at_zero is not None:
        arrays["at_zero/neuron"] = np.array([z.neuron for z in c.at_zero], np.int64)
        arrays["at_zero/gain"] = np.array([z.gain for z in c.at_zero], np.float64)
        arrays["at_zero/direction"] = np.stack([z.direction for z in c.at_zero])
    with replacing(path) as file:
        pack(file, {"head": np.array(json.dumps(head)), **arrays})


def read(path: Path) -> dict[str, Any]:
    """The fields of the `Certificate` that `write` wrote. ValueError for anything else."""
    with regular(path) as file:
        try:
            arrays = unpack(file)
            return _fields(_head(arrays.pop("head")), arrays)
        except MemoryError:
            raise
        except Exception as err:  # whatever zipfile, zlib, NumPy and the head make of bytes not theirs
            raise ValueError(f"{path}: not a file written by Certificate.save ({err})") from err


def _head(stored: Array) -> dict[str, Any]:
    head = json.loads(str(stored))
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise ValueError(f"expected format {FORMAT}")
    return head


def _fields(head: dict[str, Any], arrays: dict[str, Array]) -> dict[str, Any]:
    kinks = {name[6:]: arrays.pop(name) for name in sorted(arrays) if name.startswith("kinks/")}
    state = Network(
        _take(arrays, "W", None, 2),
        _take(arrays, "a", None, 1),
        w_perp_sq=arrays.pop("w_perp_sq"),
        kinks=Kinks(**kinks) if kinks else None,
    )
    facts = {name: _typed(name, head[name], kind) for name, kind in _NUMBERS.items()}
    n, p = facts["n"], state.p
    if state.kinks is not None:
        _within("kinks/point", state.kinks.point, n)
    columns = {name: _take(arrays, f"pairs/{name}", dtype, 1) for name, dtype in _PAIRS.items()}
    pairs = Pairs(**columns)
    if len({len(column) for column in columns.values()}) != 1:
        raise ValueError("pairs: columns of different lengths")
    _within("pairs/neuron", pairs.neuron, p)
    _within("pairs/point", pairs.point, n)
    _within("pairs/kind", pairs.kind, 4)
    if not np.all((pairs.share >= 0) & (pairs.share <= 1)):
        raise ValueError("pairs/share: expected numbers in [0, 1]")
    dual = _take(arrays, "dual", np.float64, 1) if "dual" in arrays else None
    if dual is not None and (len(dual) != n or not np.isfinite(dual).all()):
        raise ValueError("dual: expected n finite numbers")
    margins = {f.name: head["margins"][f.name] for f in dataclasses.fields(Margins)}
    kinds = {f.name: float if f.type == "float" else int for f in dataclasses.fields(Margins)}
    verdict = head["verdict"]
    made: dict[str, Any] = dict(
        verdict=None if verdict is None else Status[_typed("verdict", verdict, str)],
        rate=_optional("rate", head["rate"]),
        distance=_optional("distance", head["distance"]),
        limit_loss=_couple("limit_loss", head["limit_loss"]),
        held_until=_couple("held_until", head["held_until"]),
        at_zero=_at_zero(arrays, p),
        margins=Margins(**{name: _typed(name, value, kinds[name]) for name, value in margins.items()}),
        state=state,
        pairs=pairs,
        dual=dual,
        **facts,
    )
    if arrays:
        raise ValueError(f"unknown arrays {sorted(arrays)}")
    check_claims(Claims(**made))
    return made


def _take(arrays: dict[str, Array], name: str, dtype: type | None, rank: int) -> Array:
    array = arrays.pop(name)
    if array.ndim != rank or (dtype is not None and array.dtype != dtype):
        raise ValueError(f"{name}: expected rank {rank}, got {array.dtype} of shape {array.shape}")
    array.setflags(write=False)
    return array


def _within(name: str, indices: Array, end: int) -> None:
    if len(indices) and not 0 <= indices.min() <= indices.max() < end:
        raise ValueError(f"{name}: expected indices in [0, {end})")


def _typed(name: str, value: object, kind: type) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if kind is float and (whole or isinstance(value, float)):
        number = float(value)  # type: ignore[arg-type]
        if math.isnan(number) or number < 0:
            raise ValueError(f"{name}: expected a number >= 0, got {number!r}")
        return number
    if type(value) is not kind or (kind is int and value < 0):  # type: ignore[operator]
        raise ValueError(f"{name}: expected {kind.__name__}, got {value!r}")
    return value


def _optional(name: str, value: object) -> float | None:
    number: float | None = None if value is None else _typed(name, value, float)
    return number


def _couple(name: str, value: object) -> tuple[float, float] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"{name}: expected two numbers, got {value!r}")
    return _typed(name, value[0], float), _typed(name, value[1], float)


def _at_zero(arrays: dict[str, Array], p: int) -> tuple[NeuronAtZero, ...] | None:
    if "at_zero/neuron" not in arrays:
        return None
    neuron = _take(arrays, "at_zero/neuron", np.int64, 1)
    gain = _take(arrays, "at_zero/gain", np.float64, 1)
    direction = _take(arrays, "at_zero/direction", np.float64, 2)
    _within("at_zero/neuron", neuron, p)
    if not len(neuron) == len(gain) == len(direction) or not np.isfinite(direction).all():
        raise ValueError("at_zero: expected as many finite directions as neurons")
    if not np.all((gain >= 0) & np.isfinite(gain)):
        raise ValueError("at_zero/gain: expected finite numbers >= 0")
    return tuple(NeuronAtZero(int(j), u, float(g)) for j, u, g in zip(neuron, direction, gain, strict=True))
