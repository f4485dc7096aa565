"""What Theorem 1 asks for: Assumptions 1 and 2, event I, Lemma 6; the widths and dimensions that give it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pl_native import metrics, model
from pl_native._base import checks
from pl_native._problem import Dataset, Network, given
from pl_native.theory.invariants import keeps_sign
from pl_native.theory.laws import Law, law_of, psi1_norm


class Sides(NamedTuple):
    """Both sides of left <= right (or <), and whether it holds."""

    left: float
    right: float
    holds: bool


class Hypotheses(NamedTuple):
    """The four hypotheses of Theorem 1 at a start, and `all`."""

    assumption_1: bool
    assumption_2: bool
    well_initialised: bool
    small_loss: bool

    @property
    def all(self) -> bool:
        """Whether Theorem 1 applies."""
        return all(tuple(self))


def assumption_1(network: Network) -> bool:
    """abs(a_j(0)) >= norm(w_j(0)) for all j (rounding of the norms allowed for, as in `keeps_sign`).

    Claim: then a_j keeps its sign and abs(a_j) >= norm(w_j) for ever (Lemma 1). Hypotheses: none, it is one.
    Source: Assumption 1.

    >>> theory.assumption_1(pl.Network([[3.0, 4.0]], [5.0]))
    True
    """
    return bool(np.all(keeps_sign(network)))


def assumption_2(data: Dataset) -> Sides:
    """off < ((Cx-)^2 / (2 sqrt n)) (Cy-/Cy+): the inputs hardly interact.

    off = opnorm(X X^T - D_X). Claim: never for n > d; with high probability for d >= C n^2 (Lemma 3,
    `dimension_constant`). Hypotheses: none, it is one. Source: Assumption 2.

    >>> theory.assumption_2(pl.Dataset([[1.0, 0.0], [0.1, 1.0]], [1.0, -1.0])).holds
    True
    """
    given.labelled(data)
    labels = np.abs(data.y.astype(np.float64))
    limit = float(np.min(data.norms)) ** 2 / (2 * math.sqrt(data.n)) * float(labels.min() / labels.max())
    found = model.off(data)
    return Sides(found, limit, found < limit)


def small_initial_loss(data: Dataset, network: Network) -> Sides:
    """L(0) <= 2 (Cy+)^2.

    Claim: with probability >= 1 - eps for p of order log(n/eps). Hypotheses: neurons i.i.d., centred,
    sub-Gaussian, with norms independent of n, d, p. Source: Lemma 6; the constant is part of
    `theorem_1_width`.

    >>> data = pl.Dataset([[1.0, 0.0], [0.1, 1.0]], [1.0, -1.0])
    >>> theory.small_initial_loss(data, pl.Network([[1.0, 1.0]], [1.0])).right
    2.0
    """
    given.problem(data, network)
    largest = float(np.max(np.abs(data.y.astype(np.float64))))
    limit = 2 * largest * largest
    level = float(metrics.loss(data, network))
    return Sides(level, limit, level <= limit and math.isfinite(level))


def theorem_1_hypotheses(data: Dataset, network: Network) -> Hypotheses:
    """Which hypotheses of Theorem 1 hold at this start: Assumptions 1 and 2, event I, L(0) <= 2 (Cy+)^2.

    >>> data = pl.Dataset([[1.0, 0.0], [0.1, 1.0]], [1.0, -1.0])
    >>> network = pl.Network([[1.0, -1.0], [-1.0, 1.0]], [2.0, -2.0])
    >>> theory.theorem_1_hypotheses(data, network).all
    True
    """
    given.problem(data, network)
    return Hypotheses(
        assumption_1(network),
        assumption_2(data).holds,
        bool(metrics.well_initialised(data, network)),
        small_initial_loss(data, network).holds,
    )


def theorem_1_width(data: Dataset, law: Law, eps: float = 0.05) -> float:
    """4 log(4n/eps) (1 + (C_aw Cx+/Cy+)^2).

    Claim: with p at least this, I and L(0) <= 2 (Cy+)^2 hold together with probability >= 1 - eps.
    C_aw = norm_psi1(a <w, x>+) at norm(x) = 1 (`theory.psi1_norm`), infinite for `asymmetric`, whose a is not
    sub-Gaussian. Hypotheses: n <= d, a rotation-invariant sub-Gaussian law. Source: Theorem 1.

    >>> data = pl.Dataset.orthogonal([1.0, 1.0], [1.0, -2.0], d=100)
    >>> round(theory.theorem_1_width(data, theory.law("balanced", d=100)), 2)
    20.35
    """
    return _width(data, law, eps, 4)


def corollary_1_width(data: Dataset, law: Law, eps: float = 0.05) -> float:
    """4 log(6n/eps) (1 + (C_aw Cx+/Cy+)^2): as `theorem_1_width`, a third of eps being left to the inputs.

    Claim: for i.i.d. whitened sub-Gaussian inputs and d >= C (n^2 + n log(1/eps)) Theorem 1 follows with
    probability >= 1 - eps over data and network. Hypotheses: those, and a rotation-invariant sub-Gaussian
    law of the neurons. Source: Corollary 1.

    >>> data = pl.Dataset.orthogonal([1.0, 1.0], [1.0, -2.0], d=100)
    >>> round(theory.corollary_1_width(data, theory.law("balanced", d=100)), 2)
    21.97
    """
    return _width(data, law, eps, 6)


def dimension_constant(d: float, n: int, eps: float) -> float:
    """The C of Lemma 3 at which d = C (n^2 + n log(1/eps)).

    Claim: Assumption 2 holds with probability >= 1 - eps once d >= C (n^2 + n log(1/eps)); the paper gives no
    number for C. Hypotheses: i.i.d. whitened sub-Gaussian inputs. Source: Lemma 3.

    >>> round(theory.dimension_constant(51_200, 16, 0.5), 1)
    191.7
    """
    points, level = checks.integer("n", n, 1), checks.positive("eps", eps)
    if level >= 1:
        raise ValueError(f"eps: expected a probability in (0, 1), got {level!r}")
    return checks.positive("d", d) / (points**2 + points * math.log(1 / level))


def _width(data: Dataset, law: Law, eps: float, factor: int) -> float:
    level = checks.positive("eps", eps)
    if level >= 1:
        raise ValueError(f"eps: expected a probability in (0, 1), got {level!r}")
    law_of(law, given.labelled(data))
    largest = float(np.max(np.abs(data.y.astype(np.float64))))
    ratio = psi1_norm(law) * float(np.max(data.norms)) / largest
    return 4 * math.log(factor * data.n / level) * (1 + ratio**2)
