"""Files of solutions: npz without pickle. What may be in one, `reading` checks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._base.files import pack, replacing
from pl_native._problem import Kinks, Network, Status
from pl_native._problem.kinks import KinkRows
from pl_native._run.event_log import EventLog
from pl_native._run.reading import CURVES, FORMAT, contents, part
from pl_native._run.resume import Record
from pl_native.backends.flow_records import DenseFlow, SwitchLog

Fields = Mapping[str, Any]
"""Those of a `Solution`, by name."""


def write(fields: Fields, path: Path, note: Mapping[str, Any] | None = None) -> None:
    """`Solution.save`, with a further note of JSON values in the file."""
    head, arrays = _parts(fields)
    arrays["head"] = np.array(json.dumps(head | {"note": note}))
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"{name}: object arrays cannot be saved, got {checks.kind(array)}")
    with replacing(path) as file:
        pack(file, arrays)


def read(path: Path) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The fields that `write` was given, and the note. ValueError for any other file."""
    head, arrays = contents(path)
    try:
        return _fields(head, arrays), head.get("note")
    except (KeyError, TypeError, IndexError, OverflowError, ValueError) as error:
        raise ValueError(f"{path}: not a file written by Solution.save ({error})") from error


def _parts(fields: Fields) -> tuple[dict[str, Any], dict[str, Array]]:
    """JSON values, and arrays by name."""
    arrays = {name: fields[name] for name in CURVES}
    network, switches, record = fields["network"], fields["switches"], fields["_record"]
    arrays |= {"W": network.W, "a": network.a, "w_perp_sq": network.w_perp_sq}
    if fields["W_saved"] is not None and fields["a_saved"] is not None:
        arrays |= {name: fields[name] for name in ("W_saved", "a_saved")}
    arrays |= {f"observed/{name}": values for name, values in fields["observed"].items()}
    if switches is not None:
        arrays |= {f"switches/{name}": getattr(switches, name) for name in SwitchLog.__slots__}
    flat = {"kinks": network.kinks} | {name: fields[name] for name in ("kinks_saved", "dense", "events")}
    for name, some in flat.items():
        arrays |= {} if some is None else {f"{name}/{key}": v for key, v in some.flat().items()}
    head = {"format": FORMAT, "status": fields["status"].name, "stats": fields["stats"]}
    if record is not None:
        head["past"], kept = record.flat()
        arrays |= {f"past/{name}": values for name, values in kept.items()}
    return head, arrays


def _fields(head: dict[str, Any], arrays: dict[str, Array]) -> dict[str, Any]:
    observed, switches, dense = (part(arrays, name) for name in ("observed", "switches", "dense"))
    kinks, rows, events = (part(arrays, name) for name in ("kinks", "kinks_saved", "events"))
    return dict(
        **{name: arrays[name] for name in CURVES},
        network=Network.adopt(
            arrays["W"], arrays["a"], arrays["w_perp_sq"], Kinks(**kinks) if kinks else None
        ),
        status=Status.stored(head["status"]),
        stats=head["stats"],
        W_saved=arrays.get("W_saved"),
        a_saved=arrays.get("a_saved"),
        kinks_saved=KinkRows(**rows) if rows else None,
        observed=observed,
        switches=SwitchLog(**switches) if switches else None,
        dense=DenseFlow.from_flat(dense) if dense else None,
        events=EventLog.from_flat(events) if events else None,
        _record=Record.from_flat(head["past"], part(arrays, "past")) if head.get("past") else None,
    )
