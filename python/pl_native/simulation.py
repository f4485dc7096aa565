"""One run (`simulate`), many (`simulate_ensemble`), lazily (`iter_ensemble`)."""

from __future__ import annotations

import functools
import inspect
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar, Unpack, cast

import numpy as np

from pl_native._base import checks
from pl_native._base.progress import Progress
from pl_native._problem import Dataset, Network, Stop
from pl_native._run.call_options import CallOptions, Options, checked_options
from pl_native._run.checkpoint import run_in_slices
from pl_native._run.execute import execute
from pl_native._run.solution import Solution
from pl_native._run.task import Work, pair_of, work_of, work_of_problem

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
    atol: float | None = None,
    save: object = None,
    stop: Stop = Stop(),  # noqa: B008 (frozen)
    backend: str = "auto",
    threads: int | None = None,
    progress: object = None,
    checkpoint: str | os.PathLike[str] | None = None,
    events: object = None,
) -> Solution:
    """One run of the gradient flow d theta/dt = -p grad L(theta) from `network` on `data`, to
    flow time `t_end`.

    method    "euler": explicit Euler, theta <- theta + step * (d theta/dt), that is gradient descent on L
              with learning rate step * p; t = k * step is flow time. It takes N = round(t_end/step) steps
              when that is within 1e-9 relative, else floor + 1, so `sol.t[-1] == N * step`. Computed in the
              dtype of the data.
              "flow": the flow itself, as the differential inclusion it is, to rtol: every switch of a pair
              located, kinks slid along (docs/numerics.md). Computed in and returns float64; ends exactly at
              t_end.
              "capture": the same inclusion at steps that hold many switches, for sizes where locating each
              is too slow: relative error of every recorded loss estimated, and at most rtol (+ atol times
              the first loss) or told in `stats["loss_error"]`. Float64, ends exactly at
              t_end.
              "auto": flow and capture in turn, whichever is expected to cost less from where the run is; the
              loss to rtol, or told in `stats["loss_error"]` that it is not; `stats["methods"]` says from
              when on which. The method to take, unless you know better (docs/methods.md)
    step      Euler's step, in units of flow time
    rtol, atol  of the flow, per neuron and step, relative to the neuron's own size norm(w_j, a_j): the
              state's error stays near rtol (measured below it), however small the initialisation; `atol` is
              added to that size (None: 0). Of capture, for the loss, `atol` relative to the first loss
              (None: 1e-9)
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
    events    functions of (t, network), or `pl.Event`s, whose changes of sign are located within the steps
              (flow, capture) and told in `Solution.events`; one that is terminal ends the run, status EVENT.
              `direction` and `terminal` are those of `scipy.integrate.solve_ivp` (docs/events.md)

    How the run ended is in `status`, never an exception. Raises ValueError or TypeError for wrong arguments,
    before any work (a checkpoint of another run is one), and `pl.Interrupted` on Ctrl-C, which carries the
    run as far as it came.
    """
    options = checked_options(
        method=method,
        rtol=rtol,
        atol=atol,
        save=save,
        stop=stop,
        backend=backend,
        threads=threads,
        progress=progress,
        events=events,
    )
    work = work_of(0, data, network, t_end, step, options)
    if checkpoint is None:
        return _run([work], options)[0]
    with Progress(options.progress) as reporter:
        return run_in_slices(work, options, checkpoint, reporter.poll)


Function = TypeVar("Function", bound=Callable[..., Any])


def _with_options_of_simulate(function: Function) -> Function:
    """`function`, called with all of `Options`: those not given as `simulate` has them. `help` lists them."""
    own = inspect.signature(function)
    shared = [
        item
        for name, item in inspect.signature(simulate).parameters.items()
        if name in Options.__annotations__
    ]
    named = [item for item in own.parameters.values() if item.kind is not item.VAR_KEYWORD]
    whole = own.replace(parameters=[*named, *shared])

    @functools.wraps(function)
    def _called(*args: Any, **keywords: Any) -> Any:
        try:
            given = whole.bind(*args, **keywords)
        except TypeError as error:
            raise TypeError(f"{function.__name__}() {error}") from None
        given.apply_defaults()
        return function(*given.args, **given.kwargs)

    _called.__signature__ = whole  # type: ignore[attr-defined]
    return cast(Function, _called)


@_with_options_of_simulate
def simulate_ensemble(
    problems: Iterable[Problem],
    t_end: float | Sequence[float],
    *,
    step: float | Sequence[float] = 1.0,
    **options: Unpack[Options],
) -> list[Solution]:
    """`simulate` for each (data, network), in order and in parallel; every run as it would be alone.

    `t_end` and `step` are one number, or one per problem; the rest as in `simulate`. Every problem is
    checked before the first is run. On Ctrl-C, `pl.Interrupted` carries the runs finished or under way.
    """
    checked = checked_options(**options)
    listed = [pair_of(index, problem) for index, problem in enumerate(_iterable(problems))]
    ends, steps = _per_problem("t_end", t_end, len(listed)), _per_problem("step", step, len(listed))
    zipped = zip(itertools.count(), listed, ends, steps, strict=False)
    return _run([work_of_problem(*item, checked) for item in zipped], checked)


@_with_options_of_simulate
def iter_ensemble(
    problems: Iterable[Problem],
    t_end: float | Iterable[float],
    *,
    step: float | Iterable[float] = 1.0,
    **options: Unpack[Options],
) -> Iterator[Solution]:
    """`simulate_ensemble` lazily: Solutions in order, from any iterable of problems (a generator, endless
    if you like).

    A few problems per thread are taken ahead and run together, never all. Options are checked at the call, a
    problem when its turn comes: those before a wrong one, or before an error of the iterable, are run and
    given first. `progress` counts within each group taken. On Ctrl-C, `pl.Interrupted` carries the runs of
    the group under way, and `indices` count from the first problem.
    """
    checked = checked_options(**options)
    items = zip(
        itertools.count(), _iterable(problems), _forever("t_end", t_end), _forever("step", step), strict=False
    )
    group = _AHEAD * (checked.threads or os.cpu_count() or 1)

    def solutions() -> Iterator[Solution]:
        failed = None
        while failed is None:
            taken, failed = _taken(itertools.islice(items, group), checked)
            if not taken:
                break
            yield from _run(taken, checked)
        if failed is not None:
            raise failed

    return solutions()


def _taken(
    items: Iterable[tuple[Any, Any, Any, Any]], options: CallOptions
) -> tuple[list[Work], Exception | None]:
    """The work of the next problems, and the error of the one that cannot be had, if any."""
    taken: list[Work] = []
    try:
        for item in items:
            taken.append(work_of_problem(*item, options))  # noqa: PERF401 (those before an error stay)
    except Exception as error:
        return taken, error
    return taken, None


def _run(works: Sequence[Work], options: CallOptions) -> list[Solution]:
    """One call of the backend, under a progress bar."""
    with Progress(options.progress) as reporter:
        return execute(works, options, reporter.poll)


def _iterable(problems: object) -> Iterable[Any]:
    pointless = isinstance(problems, np.ndarray) and problems.ndim == 0
    if pointless or isinstance(problems, Dataset | Network | str) or not isinstance(problems, Iterable):
        got = checks.kind(problems)
        raise TypeError(f"problems: expected an iterable of pairs (data, network), got {got}")
    return problems


def _per_problem(name: str, value: object, count: int) -> list[Any]:
    if not checks.several(value):
        return [value] * count
    try:
        length = len(value)  # type: ignore[arg-type]
    except ValueError:  # it says it is negative
        length = -1
    if length != count:
        raise ValueError(f"{name}: expected a number or one per problem ({count}), got {length}")
    values: list[Any] = list(value)  # type: ignore[call-overload]
    return values


def _forever(name: str, value: object) -> Iterator[Any]:
    """`value` for every problem: a number repeated, or an iterable that may not end before the problems."""
    pointless = isinstance(value, np.ndarray) and value.ndim == 0
    if pointless or not isinstance(value, Iterable) or isinstance(value, str):
        checks.real(name, value)
        return itertools.repeat(value)
    return _until_missed(name, iter(value))


def _until_missed(name: str, values: Iterator[Any]) -> Iterator[Any]:
    yield from values
    raise ValueError(f"{name}: expected one value per problem, there are more problems than values")
