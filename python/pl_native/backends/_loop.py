"""The step loop of the backends written in Python: integer time, records, stop rules, certificate.

Order at step k: evaluate at theta_k; update rises; record if asked; check the stop rules in the order of
`Status`; end at k = N; else theta <- theta + step * velocity. So N + 1 evaluations. States are never changed
in place: whatever instant Ctrl-C comes at, the last complete evaluation is whole.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np

from pl_native._base import memory
from pl_native._base.checks import Array
from pl_native._problem import Status
from pl_native.backends._certificate import criterion_level, loss_bound, proves_convergence
from pl_native.backends._measures import invariants, largest_rate, loss_noise
from pl_native.backends._past import History, history_of
from pl_native.backends.contract import Counters, EulerRun, EulerTask, Poll

RISE = 64  # a rise is L_{k+1} > L_k (1 + RISE eps)
GROWN = 1.25  # of t, between looks at the rates
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything a backend evaluates at one state (W, a)."""

    sum_r2: float
    """sum_i r_i^2, accumulated in float64"""
    n_active: int
    W_dot: Array
    a_dot: Array
    dead: Array
    """(n,) bool: no neuron has z_ji > 0"""


@dataclass(frozen=True, slots=True)
class Point:
    """One evaluated step."""

    k: int
    W: Array
    a: Array
    evaluation: Evaluation
    loss: float
    velocity_sq: float


Evaluate: TypeAlias = Callable[[EulerTask, Array, Array], Evaluation]


class Run:
    """One trajectory. `follow` may be left by KeyboardInterrupt at any instant; `result`
    then reports INTERRUPTED.
    """

    def __init__(self, task: EulerTask) -> None:
        self.task = task
        self.status = Status.INTERRUPTED
        self.now: Point | None = None
        self.began = time.perf_counter()
        self.records: list[tuple[Any, ...]] = []
        self.level = criterion_level(task)
        self.history = History(invariants(task.W, task.a)) if task.resume is None else history_of(task.resume)
        self.first = self.history.at

    def follow(self, evaluate: Evaluate, tick: Callable[[], None]) -> None:
        """Step until a status holds; `tick` is called between steps and may raise KeyboardInterrupt."""
        W, a = self.task.W, self.task.a
        for k in range(self.first, self.task.n_steps + 1):
            point = self._evaluate(evaluate, k, W, a)
            finite = math.isfinite(point.loss) and math.isfinite(point.velocity_sq)
            if finite and np.isfinite(W).all() and np.isfinite(a).all():
                self._accept(point)
                status = self._verdict(point)
            else:
                self.now = self.now or point
                status = Status.NON_FINITE
            if status is not None:
                self.status = status
                return
            tick()
            with np.errstate(over="ignore", invalid="ignore"):
                W, a = (
                    W + self.task.step * point.evaluation.W_dot,
                    a + self.task.step * point.evaluation.a_dot,
                )

    def _evaluate(self, evaluate: Evaluate, k: int, W: Array, a: Array) -> Point:
        with np.errstate(over="ignore", invalid="ignore"):
            evaluation = evaluate(self.task, W, a)
            W_dot, a_dot = (
                evaluation.W_dot.astype(np.float64, copy=False),
                evaluation.a_dot.astype(np.float64, copy=False),
            )
            speed = float(np.vdot(W_dot, W_dot) + np.vdot(a_dot, a_dot))
        return Point(k, W, a, evaluation, evaluation.sum_r2 / (2 * len(self.task.y)), speed)

    def _accept(self, point: Point) -> None:
        """Take the step into account: rises, first times, record."""
        if point.k > self.first or self.task.resume is None:  # else noted at the end of the part before
            self._note(point)
        self.now = point
        due = self.task.save_steps
        if len(self.records) < len(due) and due[len(self.records)] == point.k:
            self.records.append(self._record(point))

    def _note(self, point: Point) -> None:
        history, before = self.history, self.now
        eps = float(np.finfo(self.task.X.dtype).eps)
        if before is None:
            history.loss_start = point.loss
        elif point.loss > before.loss * (1 + RISE * eps):
            history.rises += 1
            history.first_rise = history.first_rise or point.k
        history.loss_least = min(history.loss_least, point.loss)
        if point.evaluation.sum_r2 < self.level:
            self._below_level(point)

    def _below_level(self, point: Point) -> None:
        """First step of the criterion, and of the proof: an extra pass, tried again only at half the loss."""
        history = self.history
        if history.criterion_step is None:
            history.criterion_step = point.k
        if history.proved_step is None and point.evaluation.sum_r2 < history.try_below:
            history.try_below = point.evaluation.sum_r2 / 2
            if proves_convergence(self.task, point.W, point.a):
                history.proved_step = point.k

    def _verdict(self, point: Point) -> Status | None:
        """The first status that holds at this step, in the order of `Status`; None to go on."""
        task, stop, k, history = self.task, self.task.stop, point.k, self.history
        checks = (
            (Status.CONVERGED, stop.criterion and history.proved_step == k),
            (Status.DEAD_POINT, stop.criterion and loss_bound(task, point.evaluation.dead) is not None),
            (Status.CRITERION, stop.criterion and point.evaluation.sum_r2 < self.level),
            (Status.TARGET, 0 < stop.loss >= point.loss),
            (Status.STALLED, stop.stall > 0 and self._stalled(point)),
            (Status.WALL_TIME, self._out_of_time(k)),
            (Status.STEP_LIMIT, stop.max_steps is not None and stop.max_steps <= k < task.n_steps),
            (Status.UNSTABLE, stop.rise is not None and point.loss > stop.rise * history.loss_least),
            (Status.UNSTABLE, k == task.n_steps and point.loss > history.loss_start),
            (Status.HORIZON, k == task.n_steps),
        )
        return next((status for status, holds in checks if holds), None)

    def _stalled(self, point: Point) -> bool:
        """As `Verdict::stalled` of the native core: mu t < stall with

            mu = velocity^2 / (p L),

        no neuron's rate times t at sqrt(stall), and t at least one time scale of the run. Rates of the past
        are looked at whenever t has grown by a quarter.
        """
        history, stall, t = self.history, self.task.stop.stall, point.k * self.task.step
        due = t >= history.rate_due
        slow = point.velocity_sq * t < stall * len(self.task.a) * point.loss
        if not (due or (t > 0 and slow)):
            return False
        rate = largest_rate(self.task, point.W, point.a, point.evaluation.W_dot, point.evaluation.a_dot)
        history.largest_rate = max(history.largest_rate, rate)
        if due:
            history.rate_due = GROWN * t
        calm = t > 0 and slow and rate * t < math.sqrt(stall)
        return calm and (history.largest_rate == 0 or history.largest_rate * t >= 1)

    def _out_of_time(self, k: int) -> bool:
        """A run that goes on takes a step at least: slices of any length come to an end."""
        limit = self.task.stop.wall_time
        if limit is None or (k == self.first and self.task.resume is not None):
            return False
        return time.perf_counter() - self.began >= limit

    def _record(self, point: Point) -> tuple[Any, ...]:
        with np.errstate(over="ignore", invalid="ignore"):  # a state too large to square: the drift is NaN
            drift = float(np.max(np.abs(invariants(point.W, point.a) - self.history.invariants)))
            noise = loss_noise(self.task.X, self.task.y, point.W, point.a)
        state = (point.W, point.a) if self.task.states else None
        return point.k, point.loss, point.velocity_sq, noise, point.evaluation.n_active, drift, state

    def result(self) -> EulerRun:
        """What was recorded; a run that ended early has its end appended. Needs one evaluated step."""
        end = self.now
        assert end is not None
        early = end.k < self.task.n_steps or self.status in (Status.INTERRUPTED, Status.NON_FINITE)
        if not self.records or (early and self.records[-1][0] != end.k):
            self.records.append(self._record(end))
        steps, loss, speed, noise, live, drift, states = zip(*self.records, strict=True)
        if not (
            math.isfinite(drift[-1]) and math.isfinite(speed[-1])
        ):  # as `Recorder::write_end` of the core
            self.status = Status.NON_FINITE
        self.history.at = end.k
        counters: Counters = {
            "steps": end.k,
            "seconds": time.perf_counter() - self.began,
            "first_rise": self.history.first_rise,
            "rises": self.history.rises,
            "criterion_step": self.history.criterion_step,
            "proved_step": self.history.proved_step,
            "loss_bound": loss_bound(self.task, end.evaluation.dead),
        }
        return EulerRun(
            status=int(self.status),
            steps=np.array(steps, np.int64),
            loss=np.array(loss),
            velocity_sq=np.array(speed),
            loss_noise=np.array(noise),
            n_active=np.array(live, np.int64),
            invariant_drift=np.array(drift),
            W=end.W,
            a=end.a,
            W_saved=np.array([W for W, _ in states]) if self.task.states else None,
            a_saved=np.array([a for _, a in states]) if self.task.states else None,
            counters=counters,
            resume=asdict(self.history),
        )


def one_after_another(
    tasks: Sequence[EulerTask], evaluate: Evaluate, poll: Poll | None
) -> tuple[list[EulerRun | None], bool]:
    """`euler` of a backend without threads. Ctrl-C ends the call with what was reached."""
    ask_for_one(tasks)
    runs: list[EulerRun | None] = [None] * len(tasks)
    report = Report(tasks, poll)
    current: tuple[int, Run] | None = None
    try:
        for i, task in enumerate(tasks):
            current = i, Run(task)
            current[1].follow(evaluate, report.tick)
            runs[i] = current[1].result()
            report.finished(task)
    except KeyboardInterrupt:
        if current is not None and runs[current[0]] is None and current[1].now is not None:
            runs[current[0]] = current[1].result()
        return runs, True
    return runs, False


def ask_for_one(tasks: Sequence[EulerTask], at_once: int = 1) -> None:
    """MemoryError unless the largest of `tasks` fits so many times: z and its like (n, p), a few (p, d)."""

    def bytes_of(task: EulerTask) -> float:
        return float(task.X.itemsize) * (4 * len(task.y) * len(task.a) + 4 * task.W.size)

    memory.require(at_once * max(map(bytes_of, tasks), default=0.0), "this call")


def steps_left(task: EulerTask) -> int:
    """N, less the steps that a run that goes on has behind it."""
    return task.n_steps - (0 if task.resume is None else int(task.resume["at"]))


class Report:
    """Calls poll(steps done, steps in all) every POLL_SECONDS at most. A run that ends early counts fully."""

    def __init__(self, tasks: Sequence[EulerTask], poll: Poll | None) -> None:
        self.poll = poll
        self.total = sum(steps_left(task) for task in tasks)
        self.before = self.current = 0
        self.due = time.perf_counter() + POLL_SECONDS

    def tick(self) -> None:
        """One more step of the current run."""
        self.current += 1
        if self.poll is not None and time.perf_counter() >= self.due:
            self.poll(self.before + self.current, self.total)
            self.due = time.perf_counter() + POLL_SECONDS

    def finished(self, task: EulerTask) -> None:
        self.before, self.current = self.before + steps_left(task), 0
        if self.poll is not None and self.before == self.total:
            self.poll(self.before, self.total)
