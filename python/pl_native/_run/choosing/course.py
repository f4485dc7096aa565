"""`Course`: one run of method "auto" under way, part after part, each by the flow or by capture.

A part goes on from where the one before ended: by the record of its own method, or, where the method
changes, from the state alone with what is known of the whole (`Ledger`). What came of the parts is put
together as of one run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pl_native._base.checks import Array
from pl_native._problem import Status, Stop
from pl_native._problem.kinks import KinkRows
from pl_native._run.choosing.costs import FLOW_RTOL
from pl_native._run.choosing.forecast import Choice, Forecast, counter
from pl_native._run.choosing.ledger import METHODS, Ledger
from pl_native.backends.contract import FlowRun, FlowTask, Resume, begun


class Course:
    """`task` is that of the whole run."""

    def __init__(self, task: FlowTask) -> None:
        self._task = task
        self._parts: list[FlowRun] = []
        self._resume: Resume | None = task.resume if begun(task.resume) else None
        self._W, self._a, self._kinks = task.W, task.a, task.kinks
        self._ledger = ledger = Ledger(self._resume)
        counted = {method: float(ledger.counted(method, "rhs")) for method in METHODS}
        counted["restarts"] = float(ledger.counted("capture", "restarts"))
        self._forecast = Forecast(task, self._at, counted)
        self._choice = self._forecast.choose(ledger.last, self._W, self._a)
        self.over = False
        self._vain_seconds = 0.0
        self._stuck: frozenset[str] = frozenset()  # methods that have come no further from the state reached

    @property
    def method(self) -> str:
        """Of the next part."""
        return self._choice.method

    def part(self) -> FlowTask:
        """The task of the next part."""
        task, at = self._task, self._at
        later = task.save[task.save > at] if self._parts or at > 0 else task.save
        return replace(
            task,
            W=self._W,
            a=self._a,
            kinks=self._kinks,
            rtol=min(task.rtol, FLOW_RTOL) if self.method == "flow" else task.rtol,
            atol=0.0 if self.method == "flow" else task.atol,
            save=later if len(later) else np.array([task.t_end]),
            stop=self._stop(),
            resume=self._ledger.record(self.method, self._resume),
            budget=self._choice.budget,
        )

    def _stop(self) -> Stop:
        """The rules of the next part."""
        stop = self._task.stop
        if stop.wall_time is None and stop.max_steps is None:
            return stop
        return replace(stop, wall_time=self._time_left, max_steps=self._steps_left)

    def take(self, run: FlowRun | None) -> None:
        """What the part gave; None: it was not begun, as after a Ctrl-C."""
        if run is None:
            return
        if not begun(run.resume):  # its clock ended it before its first state was known
            self._parts, self._resume, self.over = [*self._parts, run], run.resume, True
            return
        before, mine, failed = self._at, self.method, self._failed
        if mine == "capture" and self._misses(run) and self._forecast.refuses(run):
            self._ledger.add_vain(run)
            self._vain_seconds += counter(run, "seconds")
        else:
            self._keep(run)
            unproved = mine == "capture" and self._unproved(run, failed)
            limited = run.status in (Status.STEP_LIMIT, Status.SWITCH_LIMIT)
            # capture keeps some of what it knows in single precision, whose range is the first to be left
            beyond = mine == "capture" and run.status == Status.NON_FINITE and np.isfinite(run.loss[-1])
            if not unproved and not beyond and (not limited or self._at_step_limit):
                self.over = True
                return
            self._forecast.learn(mine, run, self._at)
            if unproved or beyond:
                self._go_on(mine, before, Choice("flow", None))
                return
        self._go_on(mine, before, self._forecast.choose(mine, self._W, self._a))

    def _go_on(self, mine: str, before: float, choice: Choice) -> None:
        """After a part of method `mine` from time `before` on: by `choice`, unless that is stuck, where the
        other may know a way; where both are it is over."""
        self._stuck = self._stuck | {mine} if self._at == before else frozenset()
        stuck = choice.method in self._stuck
        self._choice = self._forecast.instead(choice.method) if stuck else choice
        self.over = self.method in self._stuck

    def whole(self) -> FlowRun | None:
        """The parts as one run; None if none was begun."""
        if not self._parts:
            return None
        last = self._parts[-1]
        counters = self._ledger.counters(last.counters) | {"seconds": self._seconds}
        if last is self._parts[0]:
            return replace(last, counters=counters, resume=self._resume)
        kept = [np.isin(part.t, self._task.save) for part in self._parts[:-1]]
        kept.append(np.ones(len(last.t), bool))
        for k, part in enumerate(self._parts[1:]):  # a row that both have is the later one's
            kept[k] &= ~np.isin(self._parts[k].t, part.t)

        def joined(name: str) -> Any:
            columns = [getattr(part, name)[keep] for part, keep in zip(self._parts, kept, strict=True)]
            return np.concatenate(columns)

        states = self._task.states
        return replace(
            last,
            t=joined("t"),
            loss=joined("loss"),
            velocity_sq=joined("velocity_sq"),
            loss_noise=joined("loss_noise"),
            n_active=joined("n_active"),
            invariant_drift=joined("invariant_drift"),
            W_saved=joined("W_saved") if states else None,
            a_saved=joined("a_saved") if states else None,
            kinks_saved=self._kink_rows(kept) if states else None,
            counters=counters,
            resume=self._resume,
        )

    def cut(self) -> FlowRun | None:
        """`whole` at a Ctrl-C: a run that is not over was interrupted, whatever limit ended its last part."""
        found = self.whole()
        return found if found is None or self.over else replace(found, status=Status.INTERRUPTED)

    @property
    def _at(self) -> float:
        return float(self._resume["at"]) if self._resume else 0.0

    @property
    def _time_left(self) -> float | None:
        if self._task.stop.wall_time is None:
            return None
        return max(self._task.stop.wall_time - self._seconds, 1e-9)

    @property
    def _seconds(self) -> float:
        return self._vain_seconds + sum(counter(part, "seconds") for part in self._parts)

    @property
    def _accepted(self) -> int:
        return sum(self._ledger.counted(method, "accepted") for method in METHODS)

    @property
    def _steps_left(self) -> int | None:
        """`stop.max_steps`, which the methods count each for itself."""
        most = self._task.stop.max_steps
        if most is None:
            return None
        return self._ledger.counted(self.method, "accepted") + max(most - self._accepted, 0)

    @property
    def _at_step_limit(self) -> bool:
        most = self._task.stop.max_steps
        return most is not None and self._accepted >= most

    def _misses(self, run: FlowRun) -> bool:
        """Whether its loss is not what was asked, and nothing is proved, or cut off."""
        ended = run.status not in (Status.CONVERGED, Status.DEAD_POINT, Status.TRAPPED, Status.INTERRUPTED,
                                   Status.WALL_TIME)  # fmt: skip
        return ended and counter(run, "loss_error") > self._task.rtol

    @property
    def _failed(self) -> int:
        """Attempts at a proof so far that failed."""
        return int(self._resume.get("proof_failed", 0)) if self._resume else 0

    def _unproved(self, run: FlowRun, failed: int) -> bool:
        """Whether a proof was wanted of the end, and the flow may find one: it goes on to its kinks, where a
        run of capture may have ended before.

        The end is also where another attempt has failed, after `failed` before, of a loss above the
        criterion's level: there it is rest alone that is tried, and capture may move about it for ever.
        """
        if not self._task.stop.proof or run.counters["proved_time"] is not None:
            return False
        if run.status == Status.STEP_LIMIT and not self._at_step_limit:
            return counter(run, "proof_failed") > failed and run.counters["criterion_time"] is None
        return run.status in (Status.CRITERION, Status.TARGET, Status.STALLED, Status.HORIZON)

    def _keep(self, run: FlowRun) -> None:
        self._resume = self._ledger.add(self.method, run, self._at)
        self._W, self._a, self._kinks = run.W, run.a, run.kinks
        self._parts.append(run)

    def _kink_rows(self, kept: list[Array]) -> KinkRows:
        rows = self._parts[0].kinks_saved
        assert rows is not None
        held = kept[0]
        for part, keep in zip(self._parts[1:], kept[1:], strict=True):
            assert part.kinks_saved is not None
            rows = rows.joined(held, part.kinks_saved, keep)
            held = np.ones(int(held.sum() + keep.sum()), bool)
        return rows
