"""Where the flow collapses (Proposition 3) and where it is not unique (Appendix C.2)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pl_native import model
from pl_native._base import checks
from pl_native._problem import given
from pl_native._problem.dataset import Dataset
from pl_native._problem.network import Network
from pl_native.theory.closed_form import _row

Floats = NDArray[np.float64]


class Branch(NamedTuple):
    """One solution from a repelling kink at times `t` (m,): pre-activation, outer weight, loss, (m,) each."""

    t: Floats
    z: Floats
    a: Floats
    loss: Floats


def collapse_example(y: ArrayLike = (10.0, -5.0), *, outer: float = 0.01) -> tuple[Dataset, Network]:
    """A start from which the second layer collapses (Proposition 3): (data, network) with d = n = p = 2.

    x_i = e_i, z(0) = [[1, .9], [1.1, 1]] (a row a neuron), a(0) = (outer, -outer). With y = (10, -5) and
    outer = 0.01 the loss tends to y_2^2/4 = 6.25 and a to (2.9423, 3.0715): both outer weights follow the
    large label, then nobody can fit the other. With abs(a_j) >= norm(w_j) (outer >= 1.49) it tends to 0.
    ValueError unless y holds two numbers of opposite signs and outer > 0.

    >>> sol = pl.simulate(*theory.collapse_example(), 200.0, method="flow", rtol=1e-9)
    >>> round(float(sol.loss[-1]), 6), sol.network.a.round(4).tolist()
    (6.25, [2.9423, 3.0715])
    """
    labels = checks.measured("y", y)
    if (
        labels.shape != (2,)
        or not np.all(np.isfinite(labels))
        or not np.sign(labels[0]) * np.sign(labels[1]) < 0
    ):
        raise ValueError(f"y: expected two numbers of opposite signs, got {checks.shown(y)}")
    size = checks.positive("outer", outer)
    return Dataset.orthogonal([1.0, 1.0], labels), Network([[1.0, 0.9], [1.1, 1.0]], [size, -size])


def collapse_expected(data: Dataset, network: Network) -> bool:
    """Whether Proposition 3's condition on the labels holds: abs(y_2/y_1) < min_ji z_ji/max_ji z_ji.

    Claim: then lim L >= y_2^2/4. Hypotheses: d = n = p = 2, x_i = e_i, y_1 y_2 < 0, all z_ji(0) > 0,
    abs(a_j(0)) small and y_1 large (how small and large is not said). Source: Proposition 3. The condition is
    sufficient only: y = (10, -9.9) and (2, -1) collapse too. ValueError unless n = d = p = 2, inputs
    orthonormal, labels of opposite signs and all z_ji > 0.

    >>> [theory.collapse_expected(*theory.collapse_example(y)) for y in ((10, -5), (10, -9.9))]
    [True, False]
    """
    given.problem(data, network)
    if (data.n, network.p) != (2, 2) or not data.is_orthogonal or not np.all(data.norms == 1):
        raise ValueError(
            f"data: expected two orthonormal inputs and two neurons, got {data!r}, p = {network.p}"
        )
    y, z = data.y.astype(np.float64), model.preactivations(data, network)
    if not y[0] * y[1] < 0 or not np.all(z > 0):
        raise ValueError("data: expected labels of opposite signs, and all z_ji > 0")
    return bool(abs(y[1] / y[0]) < z.min() / z.max())


def kink_branch(
    t: ArrayLike,
    leave: float,
    *,
    y: float = 1.0,
    a0: float = 1.0,
    norm: float = 1.0,
    n: int = 1,
    p: int = 1,
) -> Branch:
    """The solution from a repelling kink that leaves it at time `leave` (inf: never), Appendix C.2.

    Claim: staying and leaving both solve the inclusion, at any time: there is a solution for every `leave` >=
    0. Hypotheses: a neuron with z(0) = 0 and a(0) = a0, a0 y > 0, on a point that no other neuron is on,
    orthogonal to all others. Source: Appendix C.2. After `leave`, with nu = norm(x), the closed form is

        z = nu a0 sinh(s),  a = a0 cosh(s),  tanh(s) = 2 b tanh(q/2)/(u + v tanh(q/2))
        b = nu y sign(a0)/n,   v = nu^2 a0^2/(n p),   u = sqrt(v^2 + 4 b^2),   q = u (t - leave)

    and L = (y - a z/p)^2/(2 n) falls from then on. t (m,) >= 0. ValueError unless a0 y > 0, leave >= 0.

    >>> branches = [theory.kink_branch([0.0, 1.0, 2.0], leave) for leave in (0.0, 1.0, float("inf"))]
    >>> [branch.loss.round(4).tolist() for branch in branches]
    [[0.5, 0.0344, 0.0006], [0.5, 0.5, 0.0344], [0.5, 0.5, 0.5]]
    """
    times, nu = _row("t", t, zero=True), checks.positive("norm", norm)
    label, outer = checks.real("y", y), checks.real("a0", a0)
    if not label * outer > 0:
        raise ValueError(f"a0: expected a0 y > 0 (a repelling kink), got a0 = {outer}, y = {label}")
    wait = np.inf if isinstance(leave, float) and leave == np.inf else checks.at_least("leave", leave, 0.0)
    points, width = checks.integer("n", n, 1), checks.integer("p", p, 1)
    b, v = nu * abs(label) / points, (nu * outer) ** 2 / (points * width)
    u = np.sqrt(v**2 + 4 * b**2)
    half = np.tanh(u * np.maximum(times - wait, 0.0) / 2)
    tangent = 2 * b * half / (u + v * half)
    cosh = 1 / np.sqrt((1 - tangent) * (1 + tangent))
    z, a = nu * abs(outer) * tangent * cosh, outer * cosh
    return Branch(times, z, a, np.square(label - a * z / width) / (2 * points))
