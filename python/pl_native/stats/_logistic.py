"""Likelihood of the decreasing logistic P(converged | n) = sigmoid(-b (x - N)), b >= 0, in standardised x.

For a fixed N the log-likelihood is concave in b; in (b N, b) it is jointly concave, so its superlevel sets
are convex and the N they contain form an interval: the profile rises to the supremum and falls, which is all
the interval search needs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_STEEPEST = 1e6  # largest b, in units of 1/(smallest gap between two n): a step to every digit that matters


@dataclass(frozen=True, slots=True)
class LogisticData:
    """Counts at standardised sizes x = (n - centre)/unit, and where the likelihood is largest."""

    x: np.ndarray
    yes: np.ndarray
    no: np.ndarray
    centre: float
    unit: float
    gap: float
    kind: str
    estimate: float  # in n
    scale: float  # in n
    start: float  # in x; a point where the profile is close to the supremum
    supremum: float

    @classmethod
    def of(cls, n: np.ndarray, converged: np.ndarray, not_converged: np.ndarray) -> LogisticData:
        """Classify the data and find the maximum of the likelihood; n without decided runs are dropped."""
        keep = converged + not_converged > 0
        centre = float(n.mean())
        unit = float(n[-1] - n[0]) if n.size > 1 else max(abs(float(n[0])), 1.0)
        gap = float(np.diff(n).min()) / unit if n.size > 1 else 1.0
        x = (n[keep] - centre) / unit
        yes, no = converged[keep].astype(np.float64), not_converged[keep].astype(np.float64)
        kind, location, width, start = _maximum(x, yes, no, gap)
        if kind == "regular":
            supremum = _log_likelihood(x, yes, no, location, 1.0 / width)
        elif kind == "no decrease":
            supremum = _saturated(np.array([yes.sum()]), np.array([no.sum()]))
        else:
            supremum = _saturated(yes, no)
        estimate = centre + unit * location
        return cls(x, yes, no, centre, unit, gap, kind, estimate, width * unit, start, supremum)

    def to_n(self, x: float) -> float:
        """Standardised size to number of points."""
        return self.centre + self.unit * x

    def profile(self, location: float) -> float:
        """max over b in [0, steepest] of the log-likelihood with threshold `location` (standardised)."""
        b = _best_slope(self.x - location, self.yes, self.no, _STEEPEST / self.gap)
        return _log_likelihood(self.x, self.yes, self.no, location, b)

    def limit(self, side: float) -> float:
        """Supremum of the profile as the threshold goes to +inf or -inf: one probability for all n, >= 1/2
        or <= 1/2.
        """
        yes, no = self.yes.sum(), self.no.sum()
        if (yes - no) * side >= 0.0:
            return _saturated(np.array([yes]), np.array([no]))
        return -float(yes + no) * math.log(2.0)


def _log_likelihood(x: np.ndarray, yes: np.ndarray, no: np.ndarray, location: float, b: float) -> float:
    t = b * (x - location)
    return -float(yes @ np.logaddexp(0.0, t) + no @ np.logaddexp(0.0, -t))


def _saturated(yes: np.ndarray, no: np.ndarray) -> float:
    """Largest log-likelihood with a free probability in each group."""
    total = yes + no
    parts = [
        count * np.log(np.where(count > 0, count, 1.0) / np.where(total > 0, total, 1.0))
        for count in (yes, no)
    ]
    return float(np.sum(parts))


def _maximum(x: np.ndarray, yes: np.ndarray, no: np.ndarray, gap: float) -> tuple[str, float, float, float]:
    """(kind, location, width = 1/b, starting point inside the interval), standardised."""
    if x.size == 0:
        return "no decrease", math.nan, math.nan, 0.0
    if not no.any():
        return "all converged", math.inf, 0.0, float(x[-1]) + gap
    if not yes.any():
        return "none converged", -math.inf, 0.0, float(x[0]) - gap
    last_yes, first_no = int(np.flatnonzero(yes)[-1]), int(np.flatnonzero(no)[0])
    if last_yes < first_no:
        middle = float(x[last_yes] + x[first_no]) / 2
        return "separated", middle, 0.0, middle
    if last_yes == first_no:
        here = float(x[last_yes])
        tilt = math.log(yes[last_yes] / no[last_yes]) / (
            1e3 / gap
        )  # where a steep curve meets the observed share
        return "quasi-separated", here, 0.0, here + tilt
    total = yes + no
    share = yes.sum() / total.sum()
    if x @ (yes - total * share) >= 0.0:
        return "no decrease", math.nan, math.nan, 1e3 * float(np.sign(share - 0.5))
    location, b = _newton(x, yes, total)
    return "regular", location, 1.0 / b, location


def _newton(x: np.ndarray, yes: np.ndarray, total: np.ndarray) -> tuple[float, float]:
    """Damped Newton for the finite maximum of the concave log-likelihood in (alpha, beta), P = sigmoid(alpha
    + beta x).
    """
    design = np.stack([np.ones_like(x), x])
    share = yes.sum() / total.sum()
    theta = np.array([math.log(share / (1.0 - share)), 0.0])

    def value(at: np.ndarray) -> float:
        eta = at @ design
        return float(yes @ eta - total @ np.logaddexp(0.0, eta))

    current = value(theta)
    for _ in range(200):
        probability = np.exp(-np.logaddexp(0.0, -(theta @ design)))
        gradient = design @ (yes - total * probability)
        hessian = (design * (total * probability * (1.0 - probability))) @ design.T
        step = np.linalg.solve(hessian, gradient)
        length = 1.0
        while (new := value(theta + length * step)) < current and length > 1e-12:
            length /= 2
        theta, change, current = theta + length * step, abs(new - current), new
        if change <= 1e-13 * max(1.0, abs(current)) and gradient @ step < 1e-10:
            break
    else:
        raise ArithmeticError("logistic fit did not converge")
    return float(-theta[0] / theta[1]), float(-theta[1])


def _best_slope(u: np.ndarray, yes: np.ndarray, no: np.ndarray, steepest: float) -> float:
    """Root in b of the decreasing derivative sum u (no sigmoid(-b u) - yes sigmoid(b u)), clipped
    to [0, steepest].
    """

    def derivatives(b: float) -> tuple[float, float]:
        sigma = np.exp(-np.logaddexp(0.0, -b * u))
        weight = (yes + no) * sigma * (1.0 - sigma)
        return float(u @ (no * (1.0 - sigma) - yes * sigma)), -float((u * u) @ weight)

    if derivatives(0.0)[0] <= 0.0:
        return 0.0
    if derivatives(steepest)[0] >= 0.0:
        return steepest
    low, high = 0.0, steepest
    b = 4.0 / max(float(np.abs(u).max()), 1e-12)
    for _ in range(200):
        first, second = derivatives(b)
        low, high = (b, high) if first > 0.0 else (low, b)
        new = b - first / second if second < 0.0 else math.nan
        if not low < new < high:
            new = math.sqrt(low * high) if low > 0.0 else high * 1e-3
        if abs(new - b) <= 1e-12 * b:
            return new
        b = new
    return b
