"""What a row is: one run, a flat mapping of the columns below, with an id that its content gives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from pl_native._base import checks

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


def content_id(content: Mapping[str, Value]) -> str:
    """SHA-256 (hex) of `content` as canonical JSON: sorted keys, no spaces, shortest exact floats."""
    if not isinstance(content, Mapping):
        raise TypeError(f"content: expected a mapping of names to values, got {checks.kind(content)}")
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
    if not isinstance(row, Mapping):
        raise TypeError(f"row: expected a row (values by column), got {checks.kind(row)}")
    try:
        named = {name: row[name] for name in CONTENT if name not in _IF_ASKED or row[name] is not None}
    except KeyError as lacking:
        raise ValueError(f"row: expected all columns that determine a run, lacks {lacking}") from None
    return content_id(named)


def listed(rows: object) -> list[Row]:
    """Rows, as a list. TypeError for what are none."""
    if not isinstance(rows, Iterable) or isinstance(rows, str | bytes | Mapping):
        raise TypeError(f"rows: expected rows of a sweep (`Store.rows()`), got {checks.kind(rows)}")
    found = []
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise TypeError(f"rows[{index}]: expected a row (values by column), got {checks.kind(row)}")
        found.append(dict(row))
    return found


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
