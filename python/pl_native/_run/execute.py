"""One call of a backend for the runs of one call of ours."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from pl_native._base.interrupts import Interrupts, held
from pl_native._run import budget
from pl_native._run.call_options import CallOptions
from pl_native._run.choosing import costs
from pl_native._run.choosing.auto import auto
from pl_native._run.interrupted import Interrupted
from pl_native._run.result import solution_of
from pl_native._run.solution import Solution
from pl_native._run.task import Work
from pl_native.backends import adaptive
from pl_native.backends.contract import Poll

_LEAST = 2e-5  # seconds that a run takes, whatever its size
_PARTS = 1000  # of a run, as progress counts them


def execute(works: Sequence[Work], options: CallOptions, poll: Poll | None) -> list[Solution]:
    """Solutions in order. Interrupted when Ctrl-C ended the call, or came before all was put together;
    MemoryError before it begins.
    """
    budget.ask(works)
    call: Any = options.backend.euler
    if options.method != "euler":
        call = (
            auto(options.backend) if options.method == "auto" else adaptive(options.backend, options.method)
        )
        poll = _by_cost(poll, works, options)
    tasks = [work.task for work in works]
    with held() as interrupts:
        for work in works:
            if work.watch is not None:
                work.watch.interrupts = interrupts
        if options.backend.NAME == "native":
            runs, interrupted = call(tasks, threads=options.threads, poll=_asking(interrupts, poll))
        else:  # written to be left by KeyboardInterrupt at any line
            with interrupts.released():
                runs, interrupted = call(tasks, threads=options.threads, poll=poll)
        reached = [(work, run) for work, run in zip(works, runs, strict=True) if run is not None]
        solutions, all_observed = _solutions(reached, options, interrupts)
        try:
            interrupts.check()
        except KeyboardInterrupt:
            interrupted = True
        if interrupted or not all_observed:
            raise Interrupted(solutions, [work.index for work, _ in reached], len(works))
    _warn(solutions, "save.observe", "observer_errors", "its values are NaN from there on")
    _warn(solutions, "events", "event_errors", "it is not looked for from there on")
    return solutions


def _solutions(
    reached: Sequence[tuple[Work, Any]], options: CallOptions, interrupts: Interrupts
) -> tuple[list[Solution], bool]:
    """A Solution for each run, and whether all observers were called: they are the user's functions, may take
    long, and can be interrupted.
    """
    solutions: list[Solution] = []
    called = True
    for work, run in reached:
        try:
            with interrupts.released() if options.observers and called else nullcontext():
                found = solution_of(work, run, options, called)
        except KeyboardInterrupt:
            called = False
            found = solution_of(work, run, options, called)
        solutions.append(found)
    return solutions, called


def _by_cost(poll: Poll | None, works: Sequence[Work], options: CallOptions) -> Poll | None:
    """`poll` told of the expected cost done. An adaptive method counts runs, which it takes in order; a large
    one may cost as much as a thousand small ones."""
    if poll is None or len(works) < 2:
        return poll
    reached = list(itertools.accumulate((_expected(work, options) for work in works), initial=0.0))
    whole = _PARTS * len(works)
    return lambda done, total: poll(round(whole * reached[done] / reached[-1]), whole)


def _expected(work: Work, options: CallOptions) -> float:
    data = work.data
    sizes = costs.Sizes(
        data.n, data.represented, work.network.p, data.orthogonal_norms is not None, work.t_end
    )
    return _LEAST + costs.seconds(sizes, options.method, options.rtol)


def _asking(interrupts: Interrupts, poll: Poll | None) -> Poll:
    """`poll` that raises the KeyboardInterrupt noted meanwhile, which ends a native call with what it has."""

    def asked(done: int, total: int) -> None:
        interrupts.check()
        if poll is not None:
            poll(done, total)

    return asked


def _warn(solutions: Sequence[Solution], argument: str, counter: str, then: str) -> None:
    """One warning for each function of the user's that raised, whatever the number of runs."""
    if not any(counter in solution.stats for solution in solutions):
        return
    errors: list[Mapping[str, str]] = [solution.stats.get(counter, {}) for solution in solutions]
    for name in dict.fromkeys(name for one in errors for name in one):
        found = [one[name] for one in errors if name in one]
        where = f" in {len(found)} of {len(errors)} runs, first" if len(errors) > 1 else ""
        warnings.warn(f"{argument}: {name!r} raised{where} {found[0]}; {then}", RuntimeWarning, stacklevel=5)
