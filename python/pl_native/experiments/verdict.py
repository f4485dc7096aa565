"""What became of a run: converged, not converged or undecided, the same three for every experiment.

Two questions are asked of rows. `of_flow`: does the loss tend to 0? Only a proof or a loss that is there
answers it; a run that stalls, or that its horizon, its steps or its time ended, leaves it open. `by_horizon`
is the paper's convention: has the loss passed below the target by the horizon? Whoever got to the horizon
answers that one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pl_native.experiments._rows import real
from pl_native.stats import Interval, Proportion, clopper_pearson
from pl_native.store import Row

FOLLOWED = 1e-6
"""Of the criterion's level min_i y_i^2/(2n): a loss at most this counts as converged."""


class Outcome(StrEnum):
    """The three outcomes, as they are printed."""

    CONVERGED = "converged"
    NOT_CONVERGED = "not converged"
    UNDECIDED = "undecided"


_PROVED = {
    "CONVERGED": Outcome.CONVERGED,
    "TRAPPED": Outcome.NOT_CONVERGED,
    "DEAD_POINT": Outcome.NOT_CONVERGED,
}
_CUT_SHORT = ("WALL_TIME", "STEP_LIMIT", "SWITCH_LIMIT")


def of_flow(row: Row) -> Outcome:
    """Whether the loss tends to 0: by its proof, else converged where it ended at most at `FOLLOWED` times
    the criterion's level, else undecided (STALLED is no proof)."""
    if row["status"] in _PROVED:
        return _PROVED[str(row["status"])]
    there = real(row, "loss_end") <= FOLLOWED * real(row, "criterion_level")
    return Outcome.CONVERGED if there else Outcome.UNDECIDED


def by_horizon(row: Row) -> Outcome:
    """The paper's convention: whether the loss ended at or below the run's target (1/(2n) in its protocol).

    Undecided where time or steps ran out before the horizon.
    """
    if real(row, "loss_end") <= real(row, "stop_loss"):
        return Outcome.CONVERGED
    return Outcome.UNDECIDED if row["status"] in _CUT_SHORT else Outcome.NOT_CONVERGED


@dataclass(frozen=True, slots=True)
class Tally:
    """Runs (or networks) by outcome."""

    converged: int
    not_converged: int
    undecided: int

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> Tally:
        listed = list(outcomes)
        return cls(*(listed.count(outcome) for outcome in Outcome))

    @property
    def runs(self) -> int:
        """All of them."""
        return self.converged + self.not_converged + self.undecided

    def share(self) -> Proportion:
        """The probability of convergence: converged of those decided, with the Clopper-Pearson interval that
        covers whatever becomes of the undecided ones."""
        low = clopper_pearson(self.converged, self.runs).interval
        high = clopper_pearson(self.converged + self.undecided, self.runs).interval
        decided = self.converged + self.not_converged
        widened = Interval(low.low, high.high, low.level)
        return Proportion(self.converged, decided, widened, "Clopper-Pearson, undecided either way")

    def __str__(self) -> str:
        counts = zip(Outcome, (self.converged, self.not_converged, self.undecided), strict=True)
        return ", ".join(f"{count} {outcome}" for outcome, count in counts if count)
