"""One call of a backend for the runs of one call of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pl_native._run.call_options import CallOptions
from pl_native._run.result import solution_of
from pl_native._run.solution import Interrupted, Solution
from pl_native._run.task import Work
from pl_native.backends import adaptive
from pl_native.backends.contract import Poll


def execute(works: Sequence[Work], options: CallOptions, poll: Poll | None) -> list[Solution]:
    """Solutions in order. Interrupted when Ctrl-C ended the call."""
    call: Any = options.backend.euler
    if options.method != "euler":
        call = adaptive(options.backend, options.method)
    runs, interrupted = call([work.task for work in works], threads=options.threads, poll=poll)
    reached = [(work, run) for work, run in zip(works, runs, strict=True) if run is not None]
    solutions = [solution_of(work, run, options) for work, run in reached]
    if interrupted:
        raise Interrupted(solutions, [work.index for work, _ in reached], len(works))
    return solutions
