"""One call of a backend for the runs of one call of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pl_native._run import budget
from pl_native._run.call_options import CallOptions
from pl_native._run.observed import warn_of
from pl_native._run.result import solution_of
from pl_native._run.solution import Interrupted, Solution
from pl_native._run.task import Work
from pl_native.backends import adaptive
from pl_native.backends.contract import Poll


def execute(works: Sequence[Work], options: CallOptions, poll: Poll | None) -> list[Solution]:
    """Solutions in order. Interrupted when Ctrl-C ended the call, MemoryError
    before it begins."""
    budget.ask(works)
    call: Any = options.backend.euler
    if options.method != "euler":
        call = adaptive(options.backend, options.method)
    runs, interrupted = call([work.task for work in works], threads=options.threads, poll=poll)
    reached = [(work, run) for work, run in zip(works, runs, strict=True) if run is not None]
    solutions: list[Solution] = []
    called = True
    for work, run in reached:
        try:
            solutions.append(solution_of(work, run, options, called))
        except KeyboardInterrupt:  # observers are the user's functions, and may take long
            interrupted, called = True, False
            solutions.append(solution_of(work, run, options, called))
    if called:
        warn_of([solution.stats.get("observer_errors", {}) for solution in solutions])
    if interrupted:
        raise Interrupted(solutions, [work.index for work, _ in reached], len(works))
    return solutions
