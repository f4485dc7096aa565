"""What the check of one statement of the paper is given (`Setting`) and returns (`Finding`)."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pl_native import streams
from pl_native._base import checks

Floats = NDArray[np.float64]

EFFORTS = ("smoke", "default", "full")
ROOT = 2502_16977  # of all random streams of the checks: fixed, so that a table can be printed again


class Verdict(Enum):
    """HOLDS: on every draw that met the hypotheses. FAILS: on one it did not, or the claimed value lies
    outside the measured interval. NO_DRAWS: the hypotheses held on no draw, so nothing was tested (a
    failure). REFUTED: a statement as printed, or a tempting one, was to be shown wrong, and a
    counter-example is at hand. NOT_REFUTED: that counter-example was not found (a failure).
    """

    HOLDS = "holds"
    FAILS = "FAILS"
    NO_DRAWS = "NO DRAWS"
    REFUTED = "refuted, as stated"
    NOT_REFUTED = "NOT REFUTED"

    @property
    def good(self) -> bool:
        return self in (Verdict.HOLDS, Verdict.REFUTED)


@dataclass(frozen=True, slots=True)
class Curve:
    """Points (x, y) of equal length; `style` is a matplotlib format such as "-", "--", "o"."""

    x: Floats
    y: Floats
    label: str
    style: str = "-"


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot as data: what the page of `pl-native check --out` draws."""

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    x_scale: str = "linear"
    y_scale: str = "linear"


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the table.

    statement   "Lemma 7, upper bound": unique among all findings
    hypotheses  what a draw has to meet, in words
    met, draws  draws that met the hypotheses, and draws made; met = 0 is a failure
    claimed     what the statement says of the number measured
    measured    what was found, with its interval where it is an estimate
    margin      factor by which the bound could be tightened before the worst draw breaks it (`Setting.upper`,
                `lower`, `equal`): >= 1 where it holds; None where nothing is bounded
    holds       whether the claim held on every draw that met the hypotheses
    refutes     the row shows a statement to be wrong: `holds` says that the counter-example is one
    """

    statement: str
    hypotheses: str
    met: int
    draws: int
    claimed: str
    measured: str
    holds: bool
    margin: float | None = None
    refutes: bool = False
    panels: tuple[Panel, ...] = field(default=())

    def __post_init__(self) -> None:
        if not 0 <= self.met <= self.draws:
            raise ValueError(f"met: expected 0 <= met <= draws = {self.draws}, got {self.met}")

    @property
    def verdict(self) -> Verdict:
        """The outcome, good or not."""
        if self.met == 0:
            return Verdict.NO_DRAWS
        if self.refutes:
            return Verdict.REFUTED if self.holds else Verdict.NOT_REFUTED
        return Verdict.HOLDS if self.holds else Verdict.FAILS


@dataclass(frozen=True, slots=True)
class Setting:
    """How much to do, and how sharply to look.

    effort   "smoke" (a test's: a second for all of a module's findings), "default" (all statements in 3
             minutes on two cores), "full"
    tighten  every bound is made this factor tighter: a check run at `tighten` just above the margin it
             found must fail, just below it must hold. 1 is the statement itself.
    """

    effort: str = "default"
    tighten: float = 1.0

    def __post_init__(self) -> None:
        checks.choice("effort", self.effort, EFFORTS)
        checks.positive("tighten", self.tighten)

    def size(self, smoke: int, default: int, full: int) -> int:
        """A number of draws, or of points, that goes with the effort."""
        return (smoke, default, full)[EFFORTS.index(self.effort)]

    def upper(self, measured: ArrayLike, bound: ArrayLike) -> float:
        """Margin of `measured <= bound`: the least bound / measured, over `tighten`; infinite if none."""
        return self._least(np.asarray(bound, np.float64), np.asarray(measured, np.float64))

    def lower(self, measured: ArrayLike, bound: ArrayLike) -> float:
        """Margin of `measured >= bound`: the least measured / bound, over `tighten`; infinite if none."""
        return self._least(np.asarray(measured, np.float64), np.asarray(bound, np.float64))

    def equal(self, measured: ArrayLike, claimed: ArrayLike, tolerance: float) -> float:
        """Margin of abs(measured - claimed) <= tolerance * max(abs(claimed), 1e-300)."""
        wanted = np.asarray(claimed, np.float64)
        return self.upper(np.abs(np.asarray(measured, np.float64) - wanted), tolerance * np.abs(wanted))

    def _least(self, large: Floats, small: Floats) -> float:
        """NaN on either side is a broken claim: 0."""
        over, under = np.broadcast_arrays(large, small)
        if np.isnan(over).any() or np.isnan(under).any():
            return 0.0
        counts = under > 0  # what is 0 or less bounds nothing by a factor
        if np.any(over[~counts] < under[~counts]):
            return 0.0
        return float(np.min(over[counts] / under[counts], initial=math.inf)) / self.tighten


def seed(statement: str, draw: int, purpose: streams.Purpose) -> np.random.SeedSequence:
    """The stream of draw number `draw` of a statement's check: the same in every run, and of it alone."""
    return streams.stream(ROOT, zlib.crc32(statement.encode()), draw, purpose)


def seeds(statement: str, draw: int) -> tuple[np.random.SeedSequence, np.random.SeedSequence]:
    """`seed` of the data and of the network of a draw."""
    return seed(statement, draw, streams.Purpose.DATA), seed(statement, draw, streams.Purpose.NETWORK)


def failures(findings: Sequence[Finding]) -> list[Finding]:
    """Those whose verdict is not good."""
    return [finding for finding in findings if not finding.verdict.good]
