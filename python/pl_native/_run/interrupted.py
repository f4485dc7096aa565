"""`Interrupted`: Ctrl-C, with what was finished."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pl_native._base.wording import counted
from pl_native._problem import Status
from pl_native._run.solution import Solution


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a call. `solutions` are those finished or under way (status INTERRUPTED), in order;
    `indices` are their places among the `total` problems of the call. Pickled as solutions are: without data.
    """

    def __init__(self, solutions: Sequence[Solution], indices: Sequence[int], total: int) -> None:
        self.solutions = list(solutions)
        self.indices = list(indices)
        self.total = total
        partial = sum(s.status is Status.INTERRUPTED for s in self.solutions)
        super().__init__(
            f"interrupted: {len(self.solutions) - partial} of {counted(total, 'run')} finished, "
            f"{partial} under way"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Through process pools, whose workers hand on what they raise."""
        return type(self), (self.solutions, self.indices, self.total)
