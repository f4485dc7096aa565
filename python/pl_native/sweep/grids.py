"""Cells from grids: products of lists, with fields that follow from others, in Python and in TOML."""

from __future__ import annotations

import inspect
import itertools
import math
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from pl_native import backends
from pl_native._base import checks, memory
from pl_native._base.files import read_regular
from pl_native._problem import Stop
from pl_native.protocol import horizon, width
from pl_native.sweep.cells import Cell

_FIELDS = tuple(field.name for field in fields(Cell))
_NUMBER = r"([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"
_MOST_CELLS = 10**6
_IN_TURN = ("p", "t_end", "stop")  # fields that may follow from others: from those before them and n, d


def grid(**axes: Any) -> list[Cell]:
    """Cells over the product of the given fields of `Cell`, each one value or a list (or range, or array).

    `p`, `t_end` and `stop` may follow from the others, by a function of any of n, d, p (`t_end=pl.horizon`,
    `stop=lambda n: pl.Stop(loss=1/(2*n))`) or in words, as in TOML: "width 1x", "width 4x" (the paper's
    widths), "horizon", "0.9 * horizon", {"loss": "1/(2n)"}. ValueError or TypeError for unknown fields and
    empty lists.
    """
    unknown = axes.keys() - set(_FIELDS)
    if unknown:
        raise ValueError(
            f"{', '.join(sorted(unknown))}: unknown; expected fields of a cell: {', '.join(_FIELDS)}"
        )
    lists = {name: _values(name, value) for name, value in axes.items()}
    _check_count("grid", math.prod(map(len, lists.values())))
    return [_cell(dict(zip(lists, values, strict=True))) for values in itertools.product(*lists.values())]


def _check_count(name: str, count: int) -> None:
    if count > _MOST_CELLS:
        raise ValueError(f"{name}: expected at most {_MOST_CELLS} values or cells, got {count}")


def _values(name: str, value: Any) -> list[Any]:
    if isinstance(value, Mapping) and {"from", "to"} <= value.keys():
        step = checks.integer(f"{name}.step", value.get("step", 1), 1)
        if value.keys() - {"from", "to", "step"}:
            raise ValueError(f"{name}: expected from, to, step, got {', '.join(value)}")
        first = checks.integer(f"{name}.from", value["from"], 1)
        value = range(first, checks.integer(f"{name}.to", value["to"], first) + 1, step)
    if isinstance(value, list | tuple | range) or (isinstance(value, np.ndarray) and value.ndim):
        _check_count(name, memory.length_of(value))  # before a range is written out
        listed = value.tolist() if isinstance(value, np.ndarray) else list(value)
        if not listed:
            raise ValueError(f"{name}: expected at least one value, got none")
        return listed
    return [value]


def _cell(values: dict[str, Any]) -> Cell:
    missing = [
        name for name in ("n", "d", "p", "initialisation", "t_end", "replicates") if name not in values
    ]
    if missing:
        raise ValueError(
            f"{', '.join(missing)}: missing; every cell needs n, d, p, initialisation, t_end, replicates"
        )
    for name in _IN_TURN:
        if name in values:
            values[name] = _resolved(name, values[name], values)
    return Cell(**values)


def _resolved(name: str, value: Any, values: Mapping[str, Any]) -> Any:
    if callable(value):
        return _called(name, value, values)
    if name == "stop" and isinstance(value, Mapping):
        unknown = value.keys() - {field.name for field in fields(Stop)}
        if unknown:
            raise ValueError(f"stop: unknown {', '.join(sorted(unknown))}")
        return Stop(**{key: _in_words(f"stop.{key}", one, values) for key, one in value.items()})
    return _in_words(name, value, values)


def _called(name: str, function: Callable[..., Any], values: Mapping[str, Any]) -> Any:
    known = ("n", "d", "p") if name != "p" else ("n", "d")
    given = {}
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # of some built-in ones
        raise ValueError(
            f"{name}: expected a function of {', '.join(known)}, of {function!r} Python does not know"
        ) from None
    for parameter in parameters:
        if parameter.name in known:
            given[parameter.name] = values[parameter.name]
        elif parameter.default is parameter.empty:
            raise ValueError(
                f"{name}: expected a function of {', '.join(known)}, it also asks for {parameter.name}"
            )
    return function(**given)


def _in_words(name: str, value: Any, values: Mapping[str, Any]) -> Any:
    """Numbers as they are; text by the few rules there are."""
    if not isinstance(value, str):
        return value
    n, text = values["n"], value.strip()
    if name == "p" and (found := re.fullmatch(r"width ([0-9]+)x", text)):
        return width(n, int(found[1]))
    if name == "t_end" and (found := re.fullmatch(rf"(?:{_NUMBER} \* )?horizon", text)):
        return float(found[1] or 1) * horizon(n, values["p"])
    if name == "stop.loss" and (found := re.fullmatch(rf"{_NUMBER}/\(2n\)", text)):
        return float(found[1]) / (2 * n)
    rules = {"p": "'width 1x'", "t_end": "'horizon', '0.9 * horizon'", "stop.loss": "'1/(2n)'"}
    raise ValueError(
        f"{name}: expected a number or {rules.get(name, 'nothing in words')}, got {checks.shown(value)}"
    )


@dataclass(frozen=True, slots=True)
class Spec:
    """A sweep as its TOML file says it."""

    name: str
    cells: tuple[Cell, ...]
    seed: int
    backend: str


def load(path: str | os.PathLike[str]) -> Spec:
    """Read a sweep from TOML.

    `name` (default: the file's), `seed`, `backend`; `[cell]`: fields all cells have; `[grid]`: lists whose
    product is run (a list, or {from, to, step}); `[[cells]]`: further cells, one by one (each may have
    lists, too). Words as in `grid`. ValueError, with the file's name, for anything else.
    """
    file = checks.path("path", path)
    try:
        content = tomllib.loads(read_regular(file).decode("utf-8"))
        return _spec(content, file.stem)
    except FileNotFoundError:
        raise ValueError(f"{file}: no such file; expected a sweep in TOML") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{file}: {str(error).removeprefix(f'{file}: ')}") from error


def _spec(content: dict[str, Any], name: str) -> Spec:
    unknown = content.keys() - {"name", "seed", "backend", "cell", "grid", "cells"}
    if unknown:
        known = "name, seed, backend, [cell], [grid], [[cells]]"
        raise ValueError(f"{', '.join(sorted(unknown))}: unknown; expected {known}")
    common, further = _table("[cell]", content.get("cell", {})), content.get("cells", [])
    if not isinstance(further, list):
        raise TypeError(f"cells: expected tables [[cells]], got {checks.kind(further)}")
    parts = [_table("[grid]", content["grid"])] if "grid" in content else []
    parts += [_table("[[cells]]", part) for part in further]
    cells = [cell for part in (parts or [{}]) for cell in grid(**{**common, **part})]
    seed = checks.integer("seed", content.get("seed", 0), 0, None)
    named = checks.label("name", content.get("name", name))
    backend = checks.choice("backend", content.get("backend", "auto"), ("auto", *backends.NAMES))
    return Spec(named, tuple(cells), seed, backend)


def _table(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{name.strip('[]')}: expected a table {name}, got {checks.kind(value)}")
    return value
