"""`Solution`: what one run recorded, as named arrays."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network, Status, Stop
from pl_native._problem.kinks import KinkRows
from pl_native._run import solution_file, words
from pl_native._run.event_log import EventLog
from pl_native._run.held import Run
from pl_native._run.proof.certificate import Certificate
from pl_native._run.proof.certify import certify
from pl_native._run.reading import CURVES
from pl_native._run.resume import Record
from pl_native.backends.flow_records import DenseFlow, SwitchLog


@dataclass(frozen=True, eq=False, repr=False)
class Solution:
    """One run over its m saved times. Arrays are read-only.

    t                (m,) flow time; Euler: k * step
    loss             (m,) L = (1/2n) sum_i r_i^2
    local_pl         (m,) mu = -(dL/dt)/L = norm(velocity)^2 / (p L); NaN where L is 0 or rounding of the
                     residuals
    grad_norm        (m,) norm(grad L) = norm(velocity) / p
    n_active         (m,) int, pairs that are on: z_ji > 0, and not sliding
    invariant_drift  (m,) max_j abs of the change of a_j^2 - norm(w_j)^2 since the start
    network          the end state (the last finite one after NON_FINITE), with the kinks it rests at; after
                     t[-1] where the times asked for by `save` end before the run, which print(sol) says
    status, message  why the run ended. At WALL_TIME before the first state was known: one row, at the start,
                     of losses and speeds that are NaN and n_active -1; the network is the one given
    stats            steps, seconds, first_rise (step or None), rises, criterion_time, proved_time, loss_bound
                     (None where not reached or not claimed); method, backend, step, t_end, n, d, p, dtype;
                     observer_errors where `Save(observe=...)` met one: what each raised, by name
    W_saved, a_saved  (m, p, d), (m, p) when asked for by `Save(states=True)`, else None
    kinks_saved      with them, of the flow and capture: their kinks (`Network.kinks`), one after another
    observed         values of `Save(observe=...)` by name, (m, ...)
    switches         log of the flow's changes of mode, for `Save(switches=True)`
    dense            the flow's polynomials, for `Save(dense=True)`: see `at`
    events           what `simulate(events=...)` met (`EventLog`); `stats["event_errors"]`: what one raised
    """

    t: Array
    loss: Array
    local_pl: Array
    grad_norm: Array
    n_active: Array
    invariant_drift: Array
    network: Network
    status: Status
    stats: dict[str, Any]
    W_saved: Array | None = None
    a_saved: Array | None = None
    kinks_saved: KinkRows | None = None
    observed: Mapping[str, Array] = field(default_factory=dict)
    switches: SwitchLog | None = None
    dense: DenseFlow | None = None
    events: EventLog | None = None
    _record: Record | None = None  # what `extend` needs: data (by reference), options, the backend's record

    def __post_init__(self) -> None:
        for name in (*CURVES, "W_saved", "a_saved"):
            array = getattr(self, name)
            if array is not None:
                array.setflags(write=False)
        for array in self.observed.values():
            array.setflags(write=False)

    def __getstate__(self) -> dict[str, Any]:
        """For pickle: without the data and the user's functions, as in a file."""
        return self.__dict__ | {"_record": None if self._record is None else self._record.portable()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()  # unpickled arrays are writeable again

    def __copy__(self) -> Solution:
        return replace(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Solution:
        """Everything but the record to go on from, which nothing changes: the data in it are the same."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "_record"}
        made = replace(self, **copy.deepcopy(values, memo))
        memo[id(self)] = made
        return made

    @property
    def message(self) -> str:
        """Why the run ended, what its steps were spent on where a limit ended it, and what speaks against its
        accuracy (capture).
        """
        record = self._record
        most = None if record is None else record.stop.max_steps
        run = Run(
            reached=float(self.t[-1]) if record is None else record.reached,
            stuck=record is not None and (most is None or self.stats["steps"] < most),
            dense=self.dense is not None,
        )
        return words.message(self.status, self.stats, not math.isnan(float(self.loss[0])), run)

    def average_pl(self) -> float:
        """Average of mu between the first and the last saved time (Lemma 2),

            log(L_first / L_last) / (t_last - t_first),

        the last at which the loss is more than rounding of the residuals. NaN when there is only one such
        time, or the loss is not finite.
        """
        resolved = np.flatnonzero(~np.isnan(self.local_pl) & (self.loss > 0))
        if not len(resolved) or resolved[0] != 0 or not math.isfinite(float(self.loss[0] + self.loss[-1])):
            return math.nan
        end = int(resolved[-1])
        span = float(self.t[end] - self.t[0])
        return math.nan if span == 0 else math.log(float(self.loss[0] / self.loss[end])) / span

    def state(self, i: int) -> Network:
        """The network at saved time t[i], from the end if i < 0; needs `Save(states=True)`."""
        if self.W_saved is None or self.a_saved is None:
            raise ValueError("state: no states were kept; ask for them with save=pl.Save(states=True)")
        m = len(self.t)
        if not -m <= (i := checks.integer("i", i, -(10**400), None)) < m:
            raise IndexError(f"i: expected a saved time, {-m} to {m - 1}, got {checks.kind(i)}")
        kinks = None if self.kinks_saved is None else self.kinks_saved.at(i)
        return Network(self.W_saved[i], self.a_saved[i], w_perp_sq=self.network.w_perp_sq, kinks=kinks)

    def at(self, t: float) -> Network:
        """The network at any time of the run; needs `Save(dense=True)`. ValueError outside the run.

        With `switches=True` too its kinks are known: every pair of the log, with its mode at t. Else None.
        """
        if self.dense is None:
            raise ValueError("at: no dense output was kept; ask for it with save=pl.Save(dense=True)")
        W, a = self.dense.at(checks.real("t", t))
        others = self.network.W[:, W.shape[1] :]  # columns that never move
        kinks = None if self.switches is None else self.switches.kinks_at(t)
        rest = self.network.w_perp_sq
        return Network(np.concatenate([W, others], axis=1), a, w_perp_sq=rest, kinks=kinks)

    def extend(
        self,
        t_end: float,
        *,
        data: Dataset | None = None,
        save: object = None,
        stop: Stop | None = None,
        threads: int | None = None,
        progress: object = None,
        events: object = None,
    ) -> Solution:
        """This run continued to the later time `t_end`, as if it had never stopped (docs/long_runs.md).

        Explicit Euler gives the bits of a single run to `t_end` with the same options: rows, network, status
        and every entry of `stats` but `seconds`, which is the sum. The flow agrees to its tolerance; its log
        of switches and dense output are one, its counters go on.

        data      the Dataset of this run; only needed where the solution was loaded or unpickled
        save      None: the rows that a single run would have kept, except that an int m (or `count`) keeps
                  its m times, to which the new end is added; else all rows so far stay, and the times of
                  the continuation are those of `save`: an increasing array of later times, an int m >= 2
                  for m times from here on, ends included, or `pl.Save` (its `states`, `switches`, `dense`
                  and `observe` stay what they were; without times it is None)
        stop      None: the rules of this run; one that ended it holds still and ends the continuation where
                  it stands. Pass other rules to go past it. `max_steps` counts from the very start,
                  `wall_time` from this call
        threads, progress  as in `simulate`
        events    those of this run, where it was loaded or unpickled. One that ended it is behind it

        INTERRUPTED and WALL_TIME runs may be extended to their own `t_end`. Raises ValueError for a `t_end`
        that is not after the end of this run, for other data, for a run without a record, and
        `pl.Interrupted` on Ctrl-C, which carries the whole run so far.
        """
        return _extend[0](
            self, t_end, data=data, save=save, stop=stop, threads=threads, progress=progress, events=events
        )

    def certify(self, data: Dataset | None = None, *, threads: int | None = None) -> Certificate:
        """What can be proved of the flow from the end state (`pl.certify`).

        `data` only where the solution was loaded or unpickled. Raises ValueError for the data of another run.
        """
        if self._record is not None:
            return certify(self._record.own(data), self.network, threads=threads)
        if data is None:
            raise ValueError(
                "data: expected the pl.Dataset of this run, which holds no record of it, got None"
            )
        return certify(data, self.network, threads=threads)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to `path` (npz, no pickle): to a temporary name beside it, synced, then renamed over it.

        All but the data, of which a hash is written: `extend` asks for them again.
        """
        solution_file.write(vars(self), checks.path("path", path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Solution:
        """Read what `save` wrote. ValueError for a file that is torn, foreign or of another version."""
        return cls(**solution_file.read(checks.path("path", path))[0])

    def __repr__(self) -> str:
        s, first, last = self.stats, self.loss[0], self.loss[-1]
        return (
            f"Solution({self.status.name}: {self.message}\n"
            f"  {s['method']} on n={s['n']}, d={s['d']}, p={s['p']} ({s['dtype']}), "
            f"{words.steps(s)} in {s['seconds']:.3g} s ({s['backend']})\n"
            f"  t {self.t[0]:g}..{self.t[-1]:g} in {len(self.t)} saved times, "
            f"loss {first:.6g} -> {last:.6g}"
            f"{words.end_beyond(self.t, None if self._record is None else self._record.reached)}\n"
            f"  local_pl {self.local_pl[0]:.4g} -> {self.local_pl[-1]:.4g}, "
            f"average_pl {self.average_pl():.4g}{words.beyond_rounding(self.t, self.loss, self.local_pl)}\n"
            f"  rises {s['rises']}, criterion_time {s['criterion_time']}, proved_time {s['proved_time']}"
            + words.dependent(s)
            + words.at_zero(s)
            + "".join(
                f"\n  observed {name!r} is NaN from an error on, {what}"
                for name, what in s.get("observer_errors", {}).items()
            )
            + ")"
        )


_extend: list[Callable[..., Solution]] = []


def extended_by(function: Callable[..., Solution]) -> None:
    """Says what `Solution.extend` does: its module, which runs things, is imported after this one."""
    _extend[:] = [function]
