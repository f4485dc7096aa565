"""One run (`simulate`), many (`simulate_ensemble`), lazily (`iter_ensemble`); which method (`advise`)."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from pl_native._base import checks
from pl_native._base.progress import Progress
from pl_native._problem import Dataset, Network, Stop
from pl_native._run import costs
from pl_native._run.call_options import Options, checked_options
from pl_native._run.checkpoint import run_in_slices
from pl_native._run.execute import execute
from pl_native._run.solution import Solution
from pl_native._run.task import Work, work_of, work_of_problem
from pl_native.protocol import horizon

_AHEAD = 8  # problems per thread that `iter_ensemble` takes at once

Problem: TypeAlias = tuple[Dataset, Network]


def simulate(
    data: Dataset,
    network: Network,
    t_end: float,
    *,
    method: str = "euler",
    step: float = 1.0,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    save: object = None,
    stop: Stop = Stop(),  # noqa: B008 (frozen)
    backend: str = "auto",
    threads: int | None = None,
    progress: object = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Solution:
    """One run of the gradient flow d theta/dt = -p grad L(theta) from `network` on `data`, to flow time
    `t_end`.

    method    "euler": explicit Euler, theta <- theta + step * (d theta/dt), that is gradient descent on L
              with learning rate step * p; t = k * step is flow time. It takes N = round(t_end/step) steps
              when that is within 1e-9 relative, else floor + 1, so `sol.t[-1] == N * step`. Computed in
              the dtype of the data.
              "flow": the flow itself, as the differential inclusion it is, to rtol: every switch of a pair
              located, kinks slid along (docs/numerics.md). Computed in and returns float64; ends exactly at
              t_end.
              "capture": the same inclusion at steps that hold many switches, for sizes where locating each
              is too slow: relative error of every recorded loss estimated, and at most rtol (+ atol times
              the first loss) or told in `stats["loss_error"]`. Float64, ends exactly at t_end.
    step      Euler's step, in units of flow time
    rtol, atol  of the flow, per neuron and step: the state's error stays near rtol (measured below it); of
              capture, for the loss
    save      None: start and end; an int m >= 2: m times, ends included; an increasing array of times in
              [0, t_end], each snapped to its nearest step; or `pl.Save`. A run that ends early keeps the
              times up to its end, and its end.
    stop      `pl.Stop`; the default runs to t_end
    backend   "auto", "native", "numba", "numpy"
    threads   at most this many (None: OMP_NUM_THREADS, else the CPUs at hand); never changes the result
    progress  True, False, None (a bar on terminals, after two seconds) or a function of (done, total)
    checkpoint  a file that is given the run as far as it came, at least once a minute, and at its end; a
              later call with the same arguments goes on from there (Euler: to the same bits), or returns the
              run if it is over. `pl.Solution.load` reads it; `stop.wall_time` counts over all calls. The file
              stays: delete it once its run is no longer needed (docs/long_runs.md)

    How the run ended is in `status`, never an exception. Raises ValueError or TypeError for wrong arguments,
    before any work (a checkpoint of another run is one), and `pl.Interrupted` on Ctrl-C, which carries the
    run as far as it came.
    """
    options = checked_options(method, rtol, atol, save, stop, backend, threads)
    reporter = Progress(progress)
    work = work_of(0, data, network, t_end, step, options)
    if checkpoint is None:
        return _run([work], options, reporter)[0]
    with reporter:
        return run_in_slices(work, options, checkpoint, reporter.poll)


def simulate_ensemble(
    problems: Iterable[Problem],
    t_end: float | Sequence[float],
    *,
    method: str = "euler",
    step: float | Sequence[float] = 1.0,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    save: object = None,
    stop: Stop = Stop(),  # noqa: B008 (frozen)
    backend: str = "auto",
    threads: int | None = None,
    progress: object = None,
) -> list[Solution]:
    """`simulate` for each (data, network), in order and in parallel; every run as it would be alone.

    `t_end` and `step` are one number, or one per problem; the rest as in `simulate`. Every problem is
    checked before the first is run. On Ctrl-C, `pl.Interrupted` carries the runs finished or under way.
    """
    options = checked_options(method, rtol, atol, save, stop, backend, threads)
    reporter = Progress(progress)
    listed = list(_iterable(problems))
    ends, steps = _per_problem("t_end", t_end, len(listed)), _per_problem("step", step, len(listed))
    zipped = zip(itertools.count(), listed, ends, steps, strict=False)
    return _run([work_of_problem(*item, options) for item in zipped], options, reporter)


def iter_ensemble(
    problems: Iterable[Problem],
    t_end: float | Iterable[float],
    *,
    method: str = "euler",
    step: float | Iterable[float] = 1.0,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    save: object = None,
    stop: Stop = Stop(),  # noqa: B008 (frozen)
    backend: str = "auto",
    threads: int | None = None,
    progress: object = None,
) -> Iterator[Solution]:
    """`simulate_ensemble` lazily: Solutions in order, from any iterable of problems (a generator, endless if
    you like).

    A few problems per thread are taken ahead and run together, never all. Options are checked at the call, a
    problem when its turn comes; `progress` counts within each group taken. On Ctrl-C, `pl.Interrupted`
    carries the runs of the group under way, and `indices` count from the first problem.
    """
    options = checked_options(method, rtol, atol, save, stop, backend, threads)
    Progress(progress)
    items = zip(
        itertools.count(), _iterable(problems), _forever("t_end", t_end), _forever("step", step), strict=False
    )
    group = _AHEAD * (threads or os.cpu_count() or 1)

    def solutions() -> Iterator[Solution]:
        while taken := [work_of_problem(*item, options) for item in itertools.islice(items, group)]:
            yield from _run(taken, options, Progress(progress))

    return solutions()


@dataclass(frozen=True, slots=True)
class Advice:
    """What `advise` found. `method` is an argument of `simulate`.

    reason    why, in words
    seconds   estimated for `method`, one thread
    events    switches up to t_end, estimated
    costs     estimated seconds of "flow", "capture" and "euler" (step 1)
    """

    method: str
    reason: str
    seconds: float
    events: float
    costs: dict[str, float]


def advise(data: Dataset, network: Network, rtol: float = 1e-3, *, t_end: float | None = None) -> Advice:
    """Which method follows the flow of `network` on `data` to `t_end` (None: `pl.horizon`) with the loss to
    `rtol`, at the least expected cost.

    "flow" pays for events, about one per pair (j, i) by t_end = pl.horizon(n, p) whatever the tolerance,
    each in proportion to n p d. "capture" takes steps that hold many, whose number grows as rtol^(-1/2).
    So capture is cheaper for large problems at loose tolerances. "euler" is never advised: it may be the
    cheapest for the same error (docs/performance.md), but nothing in a run tells that error, and step 1
    is past the edge of stability for large n (docs/experiment1.md).

    Nothing is run. The estimates are of runs without `stop`, from sizes alone (n, d, p, t_end, rtol;
    whether inputs are orthogonal), measured for the data and networks of the paper on the machine of
    docs/performance.md, one thread, idle. The flow's are within a factor of 3. So are the right-hand
    sides of two in three runs of capture (of 75 measured); a run that meets branches and begins again may
    take 17 times as many. Raises ValueError or TypeError for wrong arguments.
    """
    if not isinstance(data, Dataset):
        raise TypeError(f"data: expected pl.Dataset, got {checks.kind(data)}")
    if not isinstance(network, Network):
        raise TypeError(f"network: expected pl.Network, got {checks.kind(network)}")
    data.check_fits(network)
    asked = checks.positive("rtol", rtol)
    end = horizon(data.n, network.p) if t_end is None else checks.at_least("t_end", t_end, 0.0)
    represented = network.W.shape[1]
    sizes = costs.Sizes(data.n, represented, network.p, data.orthogonal_norms is not None, end)
    events = costs.events(sizes)
    seconds = {
        "flow": costs.flow_seconds(sizes),
        "capture": costs.capture_seconds(sizes, asked),
        "euler": costs.euler_seconds(sizes, 1.0),
    }
    method = "flow" if seconds["flow"] <= seconds["capture"] else "capture"
    return Advice(method, _reason(sizes, asked, events, seconds), seconds[method], events, seconds)


_BRANCHING = (
    0.1  # in units of the horizon; from there on losses depend on the branches taken at repelling kinks
)


def _reason(sizes: costs.Sizes, rtol: float, events: float, seconds: dict[str, float]) -> str:
    flow, capture, euler = (f"{seconds[name]:.2g} s" for name in ("flow", "capture", "euler"))
    steps = costs.capture_rhs(sizes, rtol)
    text = (
        f"about {events:.2g} events to t = {sizes.t_end:g} cost the flow {flow}; about {steps:.2g} "
        f"right-hand sides cost capture {capture} at rtol {rtol:g}. Euler with step 1 would take {euler}, "
        "its error unknown."
    )
    if not sizes.orthogonal and sizes.share > _BRANCHING and seconds["capture"] < seconds["flow"]:
        text += " By then trajectories branch: late losses differ by several per cent between any two runs."
    return text


def _run(works: Sequence[Work], options: Options, progress: Progress) -> list[Solution]:
    """One call of the backend, under a progress bar."""
    with progress:
        return execute(works, options, progress.poll)


def _iterable(problems: object) -> Iterable[Any]:
    if isinstance(problems, Dataset | Network | str) or not isinstance(problems, Iterable):
        got = checks.kind(problems)
        raise TypeError(f"problems: expected an iterable of pairs (data, network), got {got}")
    return problems


def _per_problem(name: str, value: object, count: int) -> list[Any]:
    if np.ndim(value) == 0:  # type: ignore[arg-type]
        return [value] * count
    values: list[Any] = list(value)  # type: ignore[call-overload]
    if len(values) != count:
        raise ValueError(f"{name}: expected a number or one per problem ({count}), got {len(values)}")
    return values


def _forever(name: str, value: object) -> Iterator[Any]:
    """`value` for every problem: a number repeated, or an iterable that may not end before the problems."""
    if not isinstance(value, Iterable) or isinstance(value, str):
        checks.real(name, value)
        return itertools.repeat(value)
    return _until_missed(name, iter(value))


def _until_missed(name: str, values: Iterator[Any]) -> Iterator[Any]:
    yield from values
    raise ValueError(f"{name}: expected one value per problem, there are more problems than values")
