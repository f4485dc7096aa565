"""`Record`: what a `Solution` keeps of its run so that the run can go on."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pl_native._base.checks import Array
from pl_native._problem import Dataset, Event, Save, Stop, given
from pl_native._problem.options import function_name
from pl_native._run import time_grid
from pl_native._run.call_options import Options
from pl_native.backends.contract import Resume

_NAMES = ("method", "step", "rtol", "atol", "t_end", "backend", "since")  # as they are, in a file's head


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """How a run was run, and its backend's record. Ticks are steps of Euler and times of the other methods.

    The rows asked for are those at the ticks `fixed`, and those that `save` gives for the whole run if they
    are later than `since`.
    """

    data: Dataset | None
    """None when it came from a file, which has its hash only"""
    digest: str | None
    """`Dataset.digest` where `data` is None"""
    method: str
    step: float
    rtol: float
    atol: float
    t_end: float
    backend: str
    save: Save
    stop: Stop
    resume: Resume
    fixed: Array
    since: float = -1
    lost: tuple[str, ...] = ()
    """names of observed functions that were the user's own, and are not in a file"""
    events: tuple[Event, ...] = ()
    lost_events: tuple[str, ...] = ()
    """names of events, which are not in a file"""

    @property
    def at(self) -> float:
        """Tick reached."""
        at: float = self.resume["at"]
        return at

    @property
    def reached(self) -> float:
        """Time reached."""
        return self.at * self.step if self.method == "euler" else self.at

    @property
    def end(self) -> float:
        """Tick at which a run to `t_end` ends."""
        return time_grid.n_steps(self.t_end, self.step) if self.method == "euler" else self.t_end

    def ticks(self, t: Array) -> Array:
        """Ticks of recorded times."""
        return np.rint(t / self.step).astype(np.int64) if self.method == "euler" else t

    def asked(self) -> Array:
        """Ticks to record in a run to `t_end`, increasing."""
        grid = self._grid()
        asked = np.union1d(self.fixed, grid[grid > self.since]).astype(self.fixed.dtype)
        return asked[asked <= self.end]

    def _grid(self) -> Array:
        save = self.save
        if save.times is not None:
            times = save.times[save.times <= self.t_end * (1 + 1e-9)]
            if not len(times):
                return self.fixed[:0]
            save = replace(save, times=times)
        shift = self.since if save.count is not None and self.since >= 0 else 0
        if self.method == "euler":
            n, t = int(self.end) - int(shift), self.t_end - shift * self.step
            return int(shift) + time_grid.save_steps(save, t, self.step, n)
        return shift + time_grid.save_times(save, self.t_end - shift)

    def options(self, threads: int | None) -> Options:
        """The keywords with which to run on."""
        return {
            "method": self.method,
            "rtol": self.rtol,
            "atol": self.atol,
            "save": self.save,
            "stop": self.stop,
            "backend": self.backend,
            "threads": threads,
            "events": self.events,
        }

    def own(self, data: object) -> Dataset:
        """The data of this run: `data` if they are, or those it holds where that is None.

        Raises ValueError for others or where there are none, TypeError for what is no `Dataset`.
        """
        if data is None:
            if self.data is None:
                raise ValueError(
                    "data: expected the pl.Dataset of this run, got None; files hold solutions without their "
                    "data, so pass data="
                )
            return self.data
        mine = given.dataset(data)
        known = self.digest if self.data is None else self.data.digest()
        if mine is not self.data and mine.digest() != known:
            raise ValueError(
                f"data: expected the pl.Dataset of this run (SHA-256 {str(known)[:12]}...), got another one "
                f"({mine.digest()[:12]}...)"
            )
        return mine

    def portable(self) -> Record:
        """Without what cannot leave the process cheaply: the data, of which the hash stays, and functions."""
        names = tuple(item for item in self.save.observe if isinstance(item, str))
        lost = tuple(function_name(item) for item in self.save.observe if not isinstance(item, str))
        digest = self.digest if self.data is None else self.data.digest()
        save = replace(self.save, observe=names)
        events = self.lost_events + tuple(event.label for event in self.events)
        mine = replace(self, data=None, digest=digest, save=save, lost=self.lost + lost)
        return replace(mine, events=(), lost_events=events)

    def flat(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """JSON values, and arrays by name, for a file."""
        mine = self.portable()
        save = {f.name: getattr(mine.save, f.name) for f in dataclasses.fields(Save) if f.name != "times"}
        arrays = {k: v for k, v in self.resume.items() if isinstance(v, np.ndarray)}
        numbers = {k: v for k, v in self.resume.items() if k not in arrays}
        head = {name: getattr(mine, name) for name in _NAMES}
        head |= {
            "digest": mine.digest,
            "save": save,
            "lost": mine.lost,
            "lost_events": mine.lost_events,
            "resume": numbers,
        }
        files = {"fixed": self.fixed} | {f"resume/{k}": v for k, v in arrays.items()}
        if self.save.times is not None:
            files["times"] = self.save.times
        return head | {"stop": dataclasses.asdict(self.stop)}, files

    @classmethod
    def from_flat(cls, head: dict[str, Any], arrays: dict[str, Array]) -> Record:
        """What `flat` gave."""
        record = {k.removeprefix("resume/"): v for k, v in arrays.items() if k.startswith("resume/")}
        save = Save(**head["save"] | {"times": arrays.get("times")})
        return cls(
            data=None,
            digest=head["digest"],
            save=save,
            stop=Stop(**head["stop"]),
            resume=record | head["resume"],
            fixed=arrays["fixed"],
            lost=tuple(head["lost"]),
            lost_events=tuple(head.get("lost_events", ())),
            **{name: head[name] for name in _NAMES},
        )


def nothing_fixed(method: str) -> Array:
    """`Record.fixed` of a run that has not been extended."""
    return np.zeros(0, np.int64 if method == "euler" else np.float64)
