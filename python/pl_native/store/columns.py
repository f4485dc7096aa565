"""What a row is: one run, a flat mapping of the columns below; and rows as arrays, text and ids."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from pl_native._base.checks import Array

Value: TypeAlias = str | int | float | None
Row: TypeAlias = dict[str, Value]
Kind: TypeAlias = type[str] | type[int] | type[float]

_PROBLEM: dict[str, Kind] = {
    "data": str,
    "data_options": str,
    "initialisation": str,
    "initial_options": str,
    "code": str,
    "scale": float,
    "given": str,
    "d": int,
    "n": int,
    "p": int,
    "dtype": str,
}
_RUN: dict[str, Kind] = {
    "method": str,
    "step": float,
    "rtol": float,
    "atol": float,
    "horizon": float,
    "stop_criterion": int,
    "stop_loss": float,
    "stop_stall": float,
    "stop_wall_time": float,
    "stop_max_steps": int,
    "stop_rise": float,
    "stop_proof": int,
    "backend": str,
    "numerics": int,
}
_SEED_WORDS: dict[str, Kind] = {"seed": int, "cell": int, "replicate": int}
_OUTCOME: dict[str, Kind] = {
    "status": str,
    "error": str,
    "t_end": float,
    "loss_start": float,
    "loss_end": float,
    "average_pl": float,
    "local_pl_end": float,
    "pl_low": float,
    "pl_upp": float,
    "steps": int,
    "switches": int,
    "first_rise": int,
    "criterion_time": float,
    "criterion_level": float,
    "proved_time": float,
    "loss_bound": float,
    "proof_rate": float,
    "proof_distance": float,
    "proof_limit_low": float,
    "proof_limit_high": float,
    "isa": str,
}
_COST: dict[str, Kind] = {"seconds": float, "threads": int, "host": str}

CONTENT: dict[str, Kind] = {**_PROBLEM, **_RUN, **_SEED_WORDS}
"""Columns that determine a run; their SHA-256 is its id (`given` and `stop_proof` enter it where asked for).
A stream is SeedSequence(seed, (cell, replicate, ..))."""

_IF_ASKED = ("given", "stop_proof")

COLUMNS: dict[str, Kind] = {"id": str, **CONTENT, **_OUTCOME, **_COST}
"""Name and type of every column; any may be None (an empty field) where it does not apply."""

PROOF_COLUMNS = ("proof_rate", "proof_distance", "proof_limit_low", "proof_limit_high")
"""What was proved of a run's end (docs/proofs.md): its status says which theorem."""

COST_COLUMNS = tuple(_COST)
"""What a run cost and where: the only columns that differ when it is repeated."""

ERROR = "ERROR"
"""Status of a run that could not be done (column `error` says why); else the name of a `pl.Status`."""

_DTYPES: dict[Kind, Any] = {str: np.str_, int: np.int64, float: np.float64}
_EMPTY: dict[Kind, Value] = {str: "", int: 0, float: math.nan}


def content_id(content: Mapping[str, Value]) -> str:
    """SHA-256 (hex) of `content` as canonical JSON: sorted keys, no spaces, shortest exact floats."""
    return hashlib.sha256(_canonical(content).encode("ascii")).hexdigest()


def content_ids(common: Mapping[str, Value], varying: str) -> Callable[[int], str]:
    """`content_id` of `common` with a whole number as `varying`, for many numbers: a microsecond each.

    `common` needs a name before `varying` and one after it, in the order of the alphabet.
    """
    before = _canonical({name: value for name, value in common.items() if name < varying})
    after = _canonical({name: value for name, value in common.items() if name > varying})
    begun = hashlib.sha256(f'{before[:-1]},"{varying}":'.encode("ascii"))
    rest = f",{after[1:]}".encode("ascii")

    def of(number: int) -> str:
        digest = begun.copy()
        digest.update(b"%d" % number + rest)
        return digest.hexdigest()

    return of


_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def _canonical(content: Mapping[str, Any]) -> str:
    return _encoder.encode(dict(content))


def row_id(row: Row) -> str:
    """The id that the row's own content gives."""
    return content_id({name: row[name] for name in CONTENT if name not in _IF_ASKED or row[name] is not None})


def check_row(row: Row) -> None:
    """ValueError unless `row` has exactly the columns, each None or of its type."""
    if row.keys() != COLUMNS.keys():
        raise ValueError(
            f"row {row.get('id')}: missing or unknown columns {sorted(row.keys() ^ COLUMNS.keys())}"
        )
    for name, kind in COLUMNS.items():
        value = row[name]
        if value is not None and (type(value) is not kind):
            raise ValueError(f"row {row['id']}: expected {kind.__name__} or None in {name}, got {value!r}")


def as_arrays(rows: Sequence[Row]) -> dict[str, Array]:
    """Rows as one array per column; a column with None has a second array `name.none` that marks them."""
    arrays: dict[str, Array] = {}
    for name, kind in COLUMNS.items():
        none = [row[name] is None for row in rows]
        values = [_EMPTY[kind] if gone else row[name] for row, gone in zip(rows, none, strict=True)]
        arrays[name] = np.array(values, dtype=_DTYPES[kind])
        if any(none):
            arrays[f"{name}.none"] = np.array(none)
    return arrays


def check_array(name: str, array: Array) -> None:
    """ValueError unless `array` has the form of the column `name`, or of its marks of None."""
    kind = np.bool_ if name.endswith(".none") else _DTYPES[COLUMNS[name]]
    if array.ndim != 1 or not np.issubdtype(array.dtype, kind):
        raise ValueError(
            f"column {name}: expected {kind.__name__} in one axis, got {array.dtype}{array.shape}"
        )


def from_arrays(arrays: Mapping[str, Array]) -> list[Row]:
    """Rows from `as_arrays`, bit for bit. ValueError when columns or lengths are not those of this
    version."""
    missing = COLUMNS.keys() - arrays.keys()
    unknown = {name.removesuffix(".none") for name in arrays} - COLUMNS.keys()
    if missing or unknown:
        raise ValueError(f"columns of another version: {sorted(missing | unknown)}")
    for name, array in arrays.items():
        check_array(name, array)
    if len({len(array) for array in arrays.values()}) != 1:
        raise ValueError("columns of different lengths")
    columns = []
    for name in COLUMNS:
        values = arrays[name].tolist()
        if f"{name}.none" in arrays:
            gone = arrays[f"{name}.none"].tolist()
            values = [None if empty else value for value, empty in zip(values, gone, strict=True)]
        columns.append(values)
    return [dict(zip(COLUMNS, values, strict=True)) for values in zip(*columns, strict=True)]


def csv_header() -> str:
    """The first line of a CSV of rows."""
    return _csv_line(COLUMNS)


def csv_lines(rows: Iterable[Row]) -> str:
    """Rows as CSV without a header; floats with every digit, None as an empty field."""
    return "".join(_csv_line(_as_text(row[name]) for name in COLUMNS) for row in rows)


def rows_from_csv(text: str) -> list[Row]:
    """Rows from a CSV with header. ValueError for other columns or a damaged line."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if reader.fieldnames != list(COLUMNS):
        raise ValueError("columns of another version or program")
    rows: list[Row] = []
    for number, fields in enumerate(reader, start=2):
        try:
            rows.append({name: _parse(fields[name], kind) for name, kind in COLUMNS.items()})
        except (TypeError, ValueError):
            raise ValueError(f"line {number}: damaged row") from None
    return rows


def _csv_line(fields: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(fields)
    return line.getvalue()


def _as_text(value: Value) -> str:
    if value is None:
        return ""
    return repr(float(value)) if isinstance(value, float) else str(value)  # repr: exact to the last bit


def _parse(text: Any, kind: Kind) -> Value:
    if text is None:
        raise ValueError("field missing")
    return None if text == "" else kind(text)
