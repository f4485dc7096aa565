"""A run whose state is written to a file now and then: `simulate(..., checkpoint=)`.

The run is cut into slices of some wall-clock time, each of which goes on from the one before (`extend`).
After each the file is replaced by the whole run so far, an ordinary file of `Solution.save` with a note of
what was asked for.
"""

from __future__ import annotations

import dataclasses
import math
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from pl_native._base import checks, digest, files
from pl_native._base.build import NUMERICS, build_info
from pl_native._base.interrupts import held
from pl_native._problem import Save, Status, Stop
from pl_native._problem.options import function_name
from pl_native._run import extend, solution_file
from pl_native._run.call_options import CallOptions
from pl_native._run.execute import execute
from pl_native._run.interrupted import Interrupted
from pl_native._run.solution import Solution
from pl_native._run.task import Work
from pl_native.backends.contract import Poll, begun

_SECONDS = 45.0  # of a slice: with its last step and the writing, a minute is never lost
_LONGER = 2.0  # than all slices before, the next one that is to reach the first state


def run_in_slices(work: Work, options: CallOptions, checkpoint: object, poll: Poll | None) -> Solution:
    """The run of `work`, from the checkpoint if there is one. ValueError for a checkpoint of another run."""
    path = _checked(checkpoint)
    if options.method == "flow" and options.backend.NAME == "numpy":
        raise ValueError("checkpoint: expected None, the flow of backend 'numpy' cannot go on from a file")
    note = _note(work, options)
    done = _begun(path, note)
    files.clear_leftovers(path)
    with held() as interrupts:
        while done is None or _unfinished(done, options.stop):
            left = _seconds_left(done, options.stop)
            try:
                done = _own(_slice(done, work, options, min(left, _length(done)), poll), options)
            except Interrupted as stopped:
                parts = [_own(part, options) for part in stopped.solutions]
                for part in parts:
                    _keep(part, path, note)
                raise Interrupted(parts, stopped.indices, 1) from None
            if done.status is Status.WALL_TIME and _seconds_left(done, options.stop) > 0:
                done = replace(done, status=Status.INTERRUPTED)
            _keep(done, path, note)
        try:
            interrupts.check()  # it came while the end was written
        except KeyboardInterrupt:
            raise Interrupted([done], [0], 1) from None
    return replace(done, status=Status.WALL_TIME) if done.status is Status.INTERRUPTED else done


def _keep(done: Solution, path: Path, note: dict[str, Any]) -> None:
    """Write the file. A RuntimeWarning when it cannot be written: the run goes on, and is returned."""
    try:
        solution_file.write(vars(done), path, note)
    except (OSError, TypeError) as error:  # TypeError: an observer gave what no file can hold
        why = str(error) if isinstance(error, TypeError) else error.strerror
        why = why if path.parent.is_dir() else f"the folder {path.parent} is gone"
        warnings.warn(
            f"checkpoint: {path} not written ({why}); the run goes on, and is lost if it is killed",
            RuntimeWarning,
            stacklevel=4,
        )


def _slice(
    done: Solution | None, work: Work, options: CallOptions, seconds: float, poll: Poll | None
) -> Solution:
    stop = replace(options.stop, wall_time=seconds)
    if done is None:
        return execute([replace(work, task=replace(work.task, stop=stop))], options, _in_all(poll, 0.0))[0]
    assert done._record is not None
    planned = replace(done._record, data=work.data, save=options.save, lost=(), stop=stop)
    planned = replace(planned, events=options.events, lost_events=())
    share = planned.at / planned.end if options.method == "euler" and planned.at < planned.end else 0.0
    return extend.go_on(done, planned, options.threads, _in_all(poll, share))


def _length(done: Solution | None) -> float:
    """Seconds of the next slice. One that ended before the first state was known has led nowhere."""
    if done is None or done._record is None or begun(done._record.resume):
        return _SECONDS
    return max(_SECONDS, _LONGER * float(done.stats["seconds"]))


def _own(part: Solution, options: CallOptions) -> Solution:
    """With the caller's rules in place of the slice's."""
    assert part._record is not None
    return replace(part, _record=replace(part._record, stop=options.stop))


def _in_all(poll: Poll | None, behind: float) -> Poll | None:
    """`poll` told of the whole run, of which the share `behind` is done; not of the ends of slices."""
    if poll is None:
        return None

    def told(done: int, total: int) -> None:
        whole = round(total / (1 - behind))
        if done < total:
            poll(whole - total + done, whole)

    return told


def _unfinished(done: Solution, stop: Stop) -> bool:
    return done.status in (Status.INTERRUPTED, Status.WALL_TIME) and _seconds_left(done, stop) > 0


def _seconds_left(done: Solution | None, stop: Stop) -> float:
    """Of `stop.wall_time`, which counts over all slices and all calls."""
    if stop.wall_time is None:
        return math.inf
    return stop.wall_time - (0.0 if done is None else float(done.stats["seconds"]))


def _checked(checkpoint: object) -> Path:
    path = checks.path("checkpoint", checkpoint)
    if not path.parent.is_dir():
        raise ValueError(f"checkpoint: expected a file in a folder that exists, got {path}")
    if path.is_dir():
        raise ValueError(f"checkpoint: expected a file, got the folder {path}")
    return path


def _begun(path: Path, note: dict[str, Any]) -> Solution | None:
    if not path.exists():
        return None
    fields, found = solution_file.read(path)
    done = Solution(**fields)
    if found is None or done._record is None:
        raise ValueError(f"checkpoint: {path} is a saved solution, expected a checkpoint (or no file yet)")
    odd = [f"{name} ({found.get(name)} there, {value} here)" for name, value in note.items()
           if found.get(name) != value]  # fmt: skip
    if odd:
        raise ValueError(
            f"checkpoint: {path} is of another run, they differ in {'; '.join(odd)}. Take another file, or "
            "delete this one"
        )
    return done


def _note(work: Work, options: CallOptions) -> dict[str, Any]:
    """All that the bits of a run follow from, as JSON values."""
    stop = dataclasses.asdict(options.stop)
    del stop["wall_time"]  # a matter of cost: a later call may grant more
    native = build_info()["native"] if options.backend.NAME == "native" else None
    own = {"step": work.step} if options.method == "euler" else {"rtol": options.rtol, "atol": options.atol}
    return {
        "data": work.data.digest(),
        "network": work.network.digest(),
        "t_end": work.t_end,
        "method": options.method,
        **own,
        "save": _save(options.save),
        **{f"stop.{name}": value for name, value in stop.items()},
        "events": [[event.label, event.direction, event.terminal] for event in options.events],
        "backend": options.backend.NAME,
        "level": native and native["level"],
        "numerics": NUMERICS[options.method],
    }


def _save(save: Save) -> dict[str, Any]:
    values = {f.name: getattr(save, f.name) for f in dataclasses.fields(Save)}
    values["times"] = None if save.times is None else digest.of("times", save.times)
    values["observe"] = [item if isinstance(item, str) else function_name(item) for item in save.observe]
    return values
