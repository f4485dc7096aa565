"""A run goes on from where it ended, as if it had never stopped: `Solution.extend`.

The backend begins with the end state and the record of the past that it gave (`resume`), and counts steps and
time from the very start; here its rows are put behind those of the part before. Which rows the whole
has is `Record.asked`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._base.progress import Progress
from pl_native._problem import Save, Status, Stop
from pl_native._problem.events import as_events
from pl_native._problem.options import as_save, function_name
from pl_native._run import observed, solution
from pl_native._run.call_options import checked_options
from pl_native._run.execute import execute
from pl_native._run.interrupted import Interrupted
from pl_native._run.reading import CURVES
from pl_native._run.resume import Record
from pl_native._run.solution import Solution
from pl_native._run.task import Continuation, work_of
from pl_native.backends.contract import Poll, begun
from pl_native.backends.flow_records import DenseFlow, SwitchLog

_UNFINISHED = (Status.INTERRUPTED, Status.WALL_TIME)
_CUT_SHORT = (Status.INTERRUPTED, Status.NON_FINITE)  # such a run keeps its end, wherever that is


def extend(
    first: Solution,
    t_end: object,
    *,
    data: object,
    save: object,
    stop: object,
    threads: int | None,
    progress: object,
    events: object,
) -> Solution:
    """`Solution.extend`."""
    reporter = Progress(progress)
    record = first._record
    if record is None:
        raise ValueError(
            f"extend: this {first.stats['method']!r} run of backend {first.stats['backend']!r} holds no "
            "record to go on from (the flow of 'numpy' keeps none, nor do files of versions without extend)"
        )
    own = record.own(data)
    end = _later(first, record, t_end)
    record, rows = _save(_events(record, events), save)
    planned = replace(_planned(record, end, rows, first), data=own, stop=_stop(record, stop))
    with reporter:
        return go_on(first, planned, threads, reporter.poll)


def go_on(first: Solution, planned: Record, threads: int | None, poll: Poll | None) -> Solution:
    """`first` and what follows it, to the end and with the rows of `planned`.

    On Ctrl-C the `Interrupted` carries the whole so far.
    """
    assert planned.data is not None
    options = checked_options(**planned.options(threads))
    asked = planned.asked()
    later = asked[asked > planned.at] if begun(planned.resume) else asked
    rest = Continuation(
        planned.resume, later if len(later) else np.array([planned.end], asked.dtype), first.events
    )
    work = work_of(0, planned.data, first.network, planned.t_end, planned.step, options, rest)
    try:
        return _joined(first, execute([work], options, poll)[0], planned)
    except Interrupted as stopped:
        stats = first.stats | {"t_end": planned.t_end}
        nothing = replace(first, status=Status.INTERRUPTED, stats=stats, _record=planned)
        parts = [_joined(first, part, planned) for part in stopped.solutions] or [nothing]
        raise Interrupted(parts, [0], 1) from None


def _later(first: Solution, record: Record, t_end: object) -> float:
    """The new end, after the present one; a run that was cut short may also be brought to an end there."""
    end = checks.at_least("t_end", t_end, 0.0)
    tick = replace(record, t_end=end).end
    if tick < record.at or (tick == record.at and first.status not in _UNFINISHED):
        reached = record.at * record.step if record.method == "euler" else record.at
        raise ValueError(f"t_end: expected a time after the end of this run, t = {reached!r}, got {end!r}")
    return end


def _stop(record: Record, stop: object) -> Stop:
    if stop is None:
        return record.stop
    if not isinstance(stop, Stop):
        raise TypeError(f"stop: expected None or pl.Stop, got {checks.kind(stop)}")
    return stop


def _events(record: Record, events: object) -> Record:
    """The record with its events: those of the run, or the same functions once more."""
    given = as_events(events)
    expected = [*(event.label for event in record.events), *record.lost_events]
    if given and sorted(event.label for event in given) != sorted(expected):
        names = [event.label for event in given]
        raise ValueError(f"events: expected those of the run, {expected}, got {names}")
    if record.lost_events and not given:
        raise ValueError(
            f"events: this run looked for events that a file does not hold "
            f"({', '.join(record.lost_events)}); pass events= with all of them"
        )
    if not given:
        return record
    ordered = tuple(sorted(given, key=lambda event: expected.index(event.label)))
    return replace(record, events=ordered, lost_events=())


def _save(record: Record, save: object) -> tuple[Record, Save | None]:
    """The record with all its observers, and what to keep from now on (None: go on by its own plan)."""
    given = Save() if save is None else as_save(save)
    for name in ("states", "switches", "dense"):
        if getattr(given, name) and not getattr(record.save, name):
            raise ValueError(f"save.{name}: expected False, the run did not keep them from its start")
    expected = sorted([*_names(record.save), *record.lost])
    if given.observe and sorted(_names(given)) != expected:
        raise ValueError(f"save.observe: expected what the run observed, {expected}, got {_names(given)}")
    if record.lost and not given.observe:
        raise ValueError(
            f"save: this run observed functions that a file does not hold ({', '.join(record.lost)}); "
            f"pass save=pl.Save(observe=...) with all of {expected}"
        )
    if given.observe:
        record = replace(record, save=replace(record.save, observe=given.observe), lost=())
    if given.times is None and given.every is None and given.count is None:
        return record, None
    return record, replace(record.save, times=given.times, every=given.every, count=given.count)


def _names(save: Save) -> list[str]:
    return [item if isinstance(item, str) else function_name(item) for item in save.observe]


def _planned(record: Record, t_end: float, save: Save | None, first: Solution) -> Record:
    """The record with the new end and the rows it shall have."""
    planned = replace(record, t_end=t_end)
    if save is not None:
        now = float(first.t[-1])
        if save.times is not None and not now <= save.times[0] <= save.times[-1] <= t_end * (1 + 1e-9):
            raise ValueError(
                f"save.times: expected times between the end of this run, t = {now!r}, and t_end = "
                f"{t_end!r}, got {save.times[0]} .. {save.times[-1]}"
            )
        return replace(planned, save=save, fixed=record.ticks(first.t), since=record.at)
    if (
        record.save.count is not None and planned.end != record.end
    ):  # its times stay, and the new end is added
        return replace(planned, save=replace(record.save, count=None), fixed=record.asked(), since=record.at)
    return planned


def _joined(first: Solution, later: Solution, planned: Record) -> Solution:
    """The rows asked for of both parts; the rest is that of the later one, which knows of the first."""
    assert later._record is not None
    now = replace(planned, resume=later._record.resume)
    asked = now.asked()
    before, after = now.ticks(first.t), now.ticks(later.t)
    kept = np.isin(after, asked)
    cut_short = now.at < now.end or later.status in _CUT_SHORT
    kept[-1] |= cut_short
    held = np.isin(before, asked) & ~np.isin(before, after[kept])
    kept[-1] |= not held.any()  # no run is without a row

    def both(u: Array, v: Array) -> Array:
        return observed.joined(u[held], v[kept])

    arrays: dict[str, Any] = {name: both(getattr(first, name), getattr(later, name)) for name in CURVES}
    for name in ("W_saved", "a_saved"):
        u, v = getattr(first, name), getattr(later, name)
        arrays[name] = None if u is None or v is None else both(u, v)
    if first.kinks_saved is not None and later.kinks_saved is not None:
        arrays["kinks_saved"] = first.kinks_saved.joined(held, later.kinks_saved, kept)
    stats = later.stats | {"seconds": first.stats["seconds"] + later.stats["seconds"]}
    if "observer_errors" in first.stats:
        stats["observer_errors"] = stats.get("observer_errors", {}) | first.stats["observer_errors"]
    if "event_errors" in first.stats:
        stats["event_errors"] = stats.get("event_errors", {}) | first.stats["event_errors"]
    return replace(
        later,
        **arrays,
        stats=stats,
        observed={name: both(values, later.observed[name]) for name, values in first.observed.items()},
        switches=_switches(first.switches, later.switches),
        dense=_dense(first.dense, later.dense),
        _record=now,
    )


def _switches(u: SwitchLog | None, v: SwitchLog | None) -> SwitchLog | None:
    if u is None or v is None:
        return None
    return SwitchLog(*(np.concatenate([getattr(u, name), getattr(v, name)]) for name in SwitchLog.__slots__))


def _dense(u: DenseFlow | None, v: DenseFlow | None) -> DenseFlow | None:
    if u is None or v is None:
        return None
    starts, widths = np.concatenate([u.starts, v.starts]), np.concatenate([u.widths, v.widths])
    return DenseFlow(v.p, v.d, starts, widths, u.coeffs + v.coeffs)


solution.extended_by(extend)
