"""`auto`: runs of method "auto", called as a backend's flow and capture are. Part by part, all runs of a
call together.
"""

from __future__ import annotations

from collections.abc import Sequence

from pl_native._run.choosing.course import Course
from pl_native._run.choosing.ledger import METHODS
from pl_native.backends import adaptive
from pl_native.backends.contract import Adaptive, Backend, FlowRun, FlowTask, Poll


def auto(backend: Backend) -> Adaptive:
    """The two methods of `backend` in turn."""
    compute = {method: adaptive(backend, method, "auto") for method in METHODS}

    def run(
        tasks: Sequence[FlowTask], *, threads: int | None, poll: Poll | None
    ) -> tuple[list[FlowRun | None], bool]:
        courses = [Course(task) for task in tasks]
        while any(not course.over for course in courses):
            for method in METHODS:
                mine = [course for course in courses if not course.over and course.method == method]
                if not mine:
                    continue
                found, interrupted = compute[method](
                    [course.part() for course in mine], threads=threads, poll=_over_all(poll, courses)
                )
                for course, part in zip(mine, found, strict=True):
                    course.take(part)
                if interrupted:
                    return [course.cut() for course in courses], True
        return [course.whole() for course in courses], False

    return run


def _over_all(poll: Poll | None, courses: Sequence[Course]) -> Poll | None:
    """`poll` told of runs that are over, not of parts."""
    if poll is None:
        return None
    done = sum(course.over for course in courses)
    return lambda parts, total: poll(done, len(courses))
