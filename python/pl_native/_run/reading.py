"""Checks of the files that `Solution.save` and checkpoints write. Nothing in a file is trusted: whatever is
not as this version writes it is a ValueError that says what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._base.files import regular, unpack
from pl_native._problem import Kinks, Status
from pl_native._problem.kinks import KinkRows
from pl_native.backends.contract import begun
from pl_native.backends.flow_records import SwitchLog

FORMAT = 1  # of the files that `Solution.save` writes

CURVES = ("t", "loss", "local_pl", "grad_norm", "n_active", "invariant_drift")

_COUNTS = ("steps", "rises")
_OPTIONAL = ("first_rise", "criterion_time", "proved_time", "loss_bound")
_OF_METHOD = {
    "auto": ("rtol", "events"),
    "euler": ("step",),
    "flow": ("rtol", "events"),
    "capture": ("rtol", "loss_error"),
}

Head = dict[str, Any]
Arrays = dict[str, Array]


def contents(path: Path) -> tuple[Head, Arrays]:
    """The head and the arrays of a file, checked; OSError where it cannot be read."""
    with regular(path) as file:
        try:
            arrays = unpack(file)
        except MemoryError:
            raise
        except Exception as error:  # whatever zipfile, zlib and NumPy make of bytes that are not theirs
            raise ValueError(f"{path}: not a file written by Solution.save ({error})") from error
    try:
        head = _head(arrays)
        check(head, arrays)
    except (KeyError, TypeError, IndexError, OverflowError, RecursionError) as error:
        raise ValueError(f"{path}: not a file written by Solution.save ({error})") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return head, arrays


def _head(arrays: Arrays) -> Head:
    if "head" not in arrays:
        raise ValueError("not a file written by Solution.save (no head)")
    text = arrays.pop("head")
    _expect(text.ndim == 0 and text.dtype.kind == "U", "head: expected text")
    head = _mapping("head", json.loads(str(text)))
    if head.get("format") != FORMAT:
        raise ValueError(f"format {head.get('format')!r}, this version reads format {FORMAT}")
    return head


def check(head: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """ValueError, TypeError or KeyError unless head and arrays are those of one run."""
    Status.stored(head["status"])
    stats = _mapping("stats", head["stats"])
    _check_stats(stats)
    times = _floats("t", arrays["t"], 1)
    m = len(times)
    _expect(m > 0 and times[0] >= 0 and bool(np.all(np.diff(times) > 0)), "t: expected times that increase")
    for name in CURVES:
        kind = "i" if name == "n_active" else "f"
        _expect(arrays[name].dtype.kind == kind, f"{name}: expected numbers of kind {kind!r}")
        _expect(arrays[name].shape == (m,), f"{name}: expected shape {(m,)}, got {arrays[name].shape}")
    p, columns = stats["p"], arrays["W"].shape[-1] if arrays["W"].ndim == 2 else 0
    _expect(arrays["W"].shape == (p, columns) and 0 < columns <= stats["d"],
            f"W: expected shape ({p}, at most {stats['d']}), got {arrays['W'].shape}")  # fmt: skip
    for name, shape in (("a", (p,)), ("w_perp_sq", (p,)), ("W_saved", (m, p, columns)), ("a_saved", (m, p))):
        if not name.endswith("_saved") or ("W_saved" in arrays) or ("a_saved" in arrays):
            got = arrays[name].shape
            _expect(got == shape, f"{name}: expected shape {shape}, got {got}")
    for name in ("W", "a", "W_saved", "a_saved"):
        if name in arrays:
            _expect(str(arrays[name].dtype) == stats["dtype"], f"{name}: expected dtype {stats['dtype']}")
    for name, values in part(arrays, "observed").items():
        _expect(values.ndim > 0 and len(values) == m, f"observed/{name}: expected {m} values")
    _check_kinks(arrays, m, stats)
    _check_switches(part(arrays, "switches"))
    _check_dense(part(arrays, "dense"), p, columns)
    _check_events(part(arrays, "events"), p, columns)
    if head.get("past") is not None:
        past, kept = _mapping("past", head["past"]), part(arrays, "past")
        _check_record(past, kept, stats["method"])
        _check_observed(past, set(part(arrays, "observed")))
        if stats["method"] == "euler" and begun(past["resume"]):
            _check_history(past, part(kept, "resume"), p, float(times[-1]))
    if head.get("note") is not None:
        _mapping("note", head["note"])


def part(arrays: Mapping[str, Array], name: str) -> Arrays:
    """The arrays stored as `name/...`."""
    return {key.removeprefix(f"{name}/"): v for key, v in arrays.items() if key.startswith(f"{name}/")}


def _check_stats(stats: Mapping[str, Any]) -> None:
    method = checks.choice("stats.method", stats["method"], tuple(_OF_METHOD))
    checks.choice("stats.dtype", stats["dtype"], ("float32", "float64"))
    _expect(isinstance(stats["backend"], str), "stats.backend: expected a name")
    for name in ("n", "d", "p"):
        checks.integer(f"stats.{name}", stats[name], 1)
    for name in _COUNTS:
        checks.integer(f"stats.{name}", stats[name], 0, None)
    for name in ("seconds", "t_end"):
        checks.at_least(f"stats.{name}", stats[name], 0.0)
    for name in (*_OPTIONAL, *_OF_METHOD[method]):
        value = stats[name]
        _expect(value is None or _is_number(value), f"stats.{name}: expected a number or null")
    for name in _OF_METHOD[method]:
        _expect(stats[name] is not None, f"stats.{name}: expected a number")
    _mapping("stats.observer_errors", stats.get("observer_errors", {}))


def _check_kinks(arrays: Mapping[str, Array], m: int, stats: Mapping[str, Any]) -> None:
    end, saved = part(arrays, "kinks"), part(arrays, "kinks_saved")
    states = [Kinks(**end)] if end else []
    if saved:
        offsets = saved["offsets"]
        fine = offsets.dtype.kind == "i" and offsets.shape == (m + 1,) and bool(np.all(np.diff(offsets) >= 0))
        total = {len(column) for name, column in saved.items() if name != "offsets"}
        _expect(fine and offsets[0] == 0 and total == {int(offsets[-1])},
                f"kinks_saved: expected {m + 1} offsets up to the length of the rest")  # fmt: skip
        rows = KinkRows(**saved)
        states += [kinks for i in range(m) if (kinks := rows.at(i)) is not None]
    for kinks in states:
        within = kinks.neuron[-1] < stats["p"] and kinks.point.max() < stats["n"]
        _expect(bool(within), "kinks: expected neurons below p and points below n")


def _check_switches(log: Arrays) -> None:
    if not log:
        return
    times = _floats("switches/t", log["t"], 1)
    _expect(bool(np.all(np.diff(times) >= 0)), "switches/t: expected times that increase")
    lengths = {len(log[name]) for name in SwitchLog.__slots__ if log[name].ndim == 1}
    _expect(
        set(log) == set(SwitchLog.__slots__) and len(lengths) == 1, "switches: expected arrays of one length"
    )
    for name in SwitchLog.__slots__[1:]:
        _expect(log[name].ndim == 1 and (log[name].dtype.kind == "i" or not len(log[name])),
                f"switches/{name}: expected integers")  # fmt: skip


def _check_dense(dense: Arrays, p: int, columns: int) -> None:
    if not dense:
        return
    shape, rows, values = dense["shape"], dense["rows"], dense["values"]
    _expect(shape.dtype.kind == "i" and shape.shape == (2,) and shape[0] == p and 0 < shape[1] <= columns,
            f"dense/shape: expected ({p}, at most {columns})")  # fmt: skip
    starts, widths = _floats("dense/starts", dense["starts"], 1), _floats("dense/widths", dense["widths"], 1)
    k = len(starts)
    ordered = bool(np.all(np.diff(starts) >= 0)) and bool(np.all(widths >= 0))
    _expect(ordered and len(widths) == k, "dense: expected starts that increase, and as many widths >= 0")
    whole = rows.dtype.kind == "i" and rows.shape == (k,) and bool(np.all(rows >= 1))
    _expect(whole, f"dense/rows: expected {k} integers >= 1")
    wide = p * int(shape[1]) + p
    _floats("dense/values", values, 2)
    expected = (sum(rows.tolist()), wide)
    _expect(values.shape == expected, f"dense/values: expected shape {expected}, got {values.shape}")


def _check_events(log: Arrays, p: int, columns: int) -> None:
    if not log:
        return
    times = _floats("events/t", log["t"], 1)
    names, which, m = log["names"], log["which"], len(times)
    _expect(names.dtype.kind == "U" and names.ndim == 1 and len(names) > 0, "events/names: expected names")
    fine = which.dtype.kind == "i" and which.shape == (m,) and bool(np.all(np.diff(times) >= 0))
    _expect(
        fine and bool(np.all((which >= 0) & (which < len(names)))),
        "events: expected times that increase, each of a name",
    )
    for name, shape in (("W", (m, p, columns)), ("a", (m, p)), ("largest", (len(names),))):
        found = _floats(f"events/{name}", log[name], len(shape))
        _expect(found.shape == shape, f"events/{name}: expected shape {shape}, got {found.shape}")


def _check_record(past: Mapping[str, Any], arrays: Arrays, method: str) -> None:
    _expect(past["method"] == method, f"past.method: expected {method!r} as in stats")
    checks.positive("past.step", past["step"])
    for name in ("rtol", "atol"):
        _expect(past[name] is None or _is_number(past[name]), f"past.{name}: expected a number")
    checks.at_least("past.t_end", past["t_end"], 0.0)
    checks.at_least("past.since", past["since"], -1.0)
    for name in ("backend", "digest"):
        _expect(isinstance(past[name], str), f"past.{name}: expected text")
    _mapping("past.save", past["save"])
    _mapping("past.stop", past["stop"])
    lost = past["lost"]
    _expect(
        isinstance(lost, list) and all(isinstance(name, str) for name in lost), "past.lost: expected names"
    )
    resume = _mapping("past.resume", past["resume"])
    checks.at_least("past.resume.at", resume["at"], 0.0)
    fine = all(value is None or isinstance(value, bool) or _is_number(value) for value in resume.values())
    _expect(fine, "past.resume: expected numbers")
    fixed = arrays["fixed"]
    kind = "i" if method == "euler" else "f"
    _expect(fixed.ndim == 1 and fixed.dtype.kind == kind and bool(np.all(np.diff(fixed) > 0)),
            "past/fixed: expected increasing steps or times")  # fmt: skip


def _check_observed(past: Mapping[str, Any], found: set[str]) -> None:
    """A run that goes on observes what it has observed."""
    expected = [*past["save"]["observe"], *past["lost"]]
    _expect(found == set(expected), f"observed: expected values of {sorted(expected)}, got {sorted(found)}")


def _check_history(past: Mapping[str, Any], arrays: Arrays, p: int, reached: float) -> None:
    """What all backends keep of a run of Euler, `backends._past.History`."""
    _expect(float(past["since"]).is_integer(), "past.since: expected a step")
    resume = past["resume"]
    for name in ("at", "rises"):
        checks.integer(f"past.resume.{name}", resume[name], 0)
    for name in ("loss_start", "loss_least", "try_below"):
        _expect(_is_number(resume[name]), f"past.resume.{name}: expected a number")
    for name in ("largest_rate", "rate_due"):  # records of older files have none
        _expect(_is_number(resume.get(name, 0.0)), f"past.resume.{name}: expected a number")
    for name in ("first_rise", "criterion_step", "proved_step"):
        if resume[name] is not None:
            checks.integer(f"past.resume.{name}", resume[name], 0)
    _expect(past["since"] <= resume["at"], "past.since: expected a step that was reached")
    step, at = float(past["step"]), float(resume["at"])
    within = reached * (1 - 1e-9) <= at * step <= float(past["t_end"]) * (1 + 1e-9) + step
    _expect(within, f"past.resume.at: expected a step of this run, got {resume['at']}")
    invariants = _floats("past/resume/invariants", arrays["invariants"], 1)
    _expect(invariants.shape == (p,), f"past/resume/invariants: expected {p} numbers")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _mapping(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name}: expected a mapping, got {checks.kind(value)}")
    return value


def _floats(name: str, array: Array, axes: int) -> Array:
    fine = array.dtype == np.float64 and array.ndim == axes and bool(np.isfinite(array).all())
    _expect(fine, f"{name}: expected finite float64 numbers in {axes} dimensions")
    return array


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
