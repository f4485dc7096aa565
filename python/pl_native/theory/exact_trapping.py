"""TRAPPED certificates checked in exact numbers: the theorem of docs/proofs.md with V != R^n."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

from pl_native._run.proof.certificate import Certificate
from pl_native.theory import exact
from pl_native.theory.exact import Rational, Vector
from pl_native.theory.exact_state import Classes, ExactState, classes_of, demand, outer


@dataclass
class Kinks:
    """The kinks of one neuron, positive multiples of one input merged into one kink."""

    points: list[int] = field(default_factory=list)
    """one of each kink"""
    residuals: Vector = field(default_factory=list)
    """sum_k s_k r_k over the inputs x_k = s_k x_i of the kink"""
    spreads: Vector = field(default_factory=list)
    """sqrt(sum_k s_k^2), from above"""


@dataclass
class Demands:
    """What the kinks of all neurons ask: how far the residual may move, and what settling takes."""

    allowed: Fraction | None = None
    time: Fraction = Fraction(0)
    moved_sq: Fraction = Fraction(0)
    apart_sq: Fraction = Fraction(0)
    """of all neurons, squared norms of the parts of w_j in the span of the kinks it slides on"""
    slow_sq: Fraction = Fraction(0)
    """of all neurons, squared norms of (w_j', a_j') without those parts"""

    def allow(self, most: Fraction) -> None:
        self.allowed = most if self.allowed is None else min(self.allowed, most)


def verify_trapping(c: Certificate, state: ExactState) -> list[str]:
    """Classes and (M), settling, k on V, the path, the limit."""
    assert c.rate is not None
    assert c.distance is not None
    assert c.limit_loss is not None
    found = classes_of(state, c)
    radius, n, p = Fraction(c.margins.radius), state.n, state.p
    demands = _demands(state, found, radius)
    moving = [j for j, k in enumerate(found) if k.on]
    least = min((abs(state.a[j]) for j in moving), default=None)
    way, shifted, r_moved = _settling(state, demands, least)
    columns, part_sq, moves = _moving_part(state, c, found)
    path = Fraction(0)
    part = exact.root_above(part_sq) + r_moved
    if moves:
        demand(math.isfinite(c.rate) and c.rate > 0, "the rate is finite and above 0")
        k = Fraction(c.rate) * n * p / 2
        demand(_bounded_below(state, c, found, columns, k), f"K_rho >= k = {float(k):.6g} on V")
        path = exact.root_above(4 * p * part * part / (2 * n) / Fraction(c.rate))
    demand(path + way < radius, f"the path is shorter than the radius {float(radius):.4g}")
    firm = demands.allowed is None or 2 * part + 3 * r_moved < demands.allowed
    demand(firm, "the residual moves less than the kinks allow (M)")
    stays = exact.square(state.r) - part_sq
    root = max(exact.root_below(max(stays, Fraction(0))) - r_moved, Fraction(0))
    low = root * root / (2 * n)
    high = (exact.root_above(max(stays, Fraction(0))) + r_moved) ** 2 / (2 * n)
    demand(Fraction(c.limit_loss[0]) <= low, f"lim L >= {c.limit_loss[0]!r} (found {float(low)!r})")
    demand(Fraction(c.limit_loss[1]) >= high, f"lim L <= {c.limit_loss[1]!r} (found {float(high)!r})")
    demand(path + shifted <= Fraction(c.distance), f"the limit is within {c.distance:.4g}")
    demand(demands.time <= Fraction(c.settled), f"kinks are reached by t = {c.settled:.4g}")
    demand(demands.moved_sq <= Fraction(c.moved) ** 2, f"neurons at rest are moved by at most {c.moved:.4g}")
    return [
        f"K_rho >= {float(Fraction(c.rate)) * n * p / 2:.6g} on V of {len(columns)} dimensions"
        if moves
        else "V = {0}",
        f"path <= {float(path + way):.4g} < radius {float(radius):.4g}",
        f"{float(low):.10g} <= lim L <= {float(high):.10g}",
    ]


def _demands(state: ExactState, found: list[Classes], radius: Fraction) -> Demands:
    demands = Demands()
    for j, classes in enumerate(found):
        demand(not (classes.uncertain or classes.free), f"neuron {j} has no uncertain pair")
        if classes.on and classes.slides:
            demand(not classes.rests, f"neuron {j} slides or rests, not both")
            demand(abs(state.a[j]) > radius, f"a_{j} keeps its sign within the radius")
            _slides(state, j, classes, demands)
        elif classes.rests:
            demand(not (classes.on or classes.slides), f"neuron {j} at rest has no other pair on")
            _rests(state, j, classes, demands)
        else:
            demand(not classes.slides, f"neuron {j} slides with a pair on")
        if classes.on:
            demands.slow_sq += _slow_sq(state, j, classes)
    return demands


def _slow_sq(state: ExactState, j: int, classes: Classes) -> Fraction:
    """norm(Pi_T w_j')^2 + a_j'^2 at the state."""
    push = exact.combination([state.r[i] for i in classes.on], [state.X[i] for i in classes.on], state.d)
    X_T = [state.X[i] for i in _merged(state, classes.slides).points]
    if X_T:
        inverse = exact.inverse(exact.product(X_T, exact.transpose(X_T)))
        assert inverse is not None
        push = _projected(push, X_T, inverse)
    growth = exact.dot(state.r, [max(z, Fraction(0)) for z in state.z[j]])
    return (state.a[j] ** 2 * exact.square(push) + growth**2) / state.n**2


def _merged(state: ExactState, points: list[int]) -> Kinks:
    kinks = Kinks()
    for i in points:
        for m, first in enumerate(kinks.points):
            scale = _multiple(state.X[i], state.X[first])
            if scale is not None and scale > 0:
                kinks.residuals[m] += scale * state.r[i]
                kinks.spreads[m] = exact.root_above(kinks.spreads[m] ** 2 + scale**2)
                break
        else:
            kinks.points.append(i)
            kinks.residuals.append(state.r[i])
            kinks.spreads.append(Fraction(1))
    return kinks


def _multiple(x: Vector, u: Vector) -> Fraction | None:
    """s with x = s u, or None."""
    scale = exact.dot(x, u) / exact.square(u)
    return scale if all(v == scale * t for v, t in zip(x, u, strict=True)) else None


def _slides(state: ExactState, j: int, classes: Classes, demands: Demands) -> None:
    """(M) at the kinks T of neuron j, and how long it takes to reach them.

    q = -(X_T X_T^T)^-1 X_T X_S^T r_S; what may be lost before a margin is: min(abs(q_i), abs(R_i - q_i)) over
    sqrt(sum s^2) + norm(row i of G), for the kink's residual R_i.
    """
    a = state.a[j]
    kinks = _merged(state, classes.slides)
    X_T, X_S = [state.X[i] for i in kinks.points], [state.X[i] for i in classes.on]
    inverse = exact.inverse(exact.product(X_T, exact.transpose(X_T)))
    demand(inverse is not None, f"the kinks of neuron {j} are independent")
    assert inverse is not None
    G = exact.product(exact.product(inverse, X_T), exact.transpose(X_S))
    q = [-v for v in exact.apply(G, [state.r[i] for i in classes.on])]
    margins = []
    for m, R in enumerate(kinks.residuals):
        demand(a * R < 0, f"the kink of pair ({j}, {kinks.points[m]}) is attracting")
        demand(0 < q[m] / R < 1, f"the multiplier of pair ({j}, {kinks.points[m]}) is inside (0, 1)")
        margins.append(min(abs(q[m]), abs(R - q[m])))
        demands.allow(margins[m] / (kinks.spreads[m] + exact.root_above(exact.square(G[m]))))
        demands.allow(abs(R) / kinks.spreads[m])
    least = 1 / exact.root_above(sum((exact.square(row) for row in inverse), Fraction(0)))  # sigma_min(X_T)^2
    kappa = abs(a) / state.n * min(margins) / 2
    away = exact.root_above(sum((state.z[j][i] ** 2 for i in classes.slides), Fraction(0)))
    demands.time = max(demands.time, away / (kappa * least))
    demands.apart_sq += away * away / least


def _rests(state: ExactState, j: int, classes: Classes, demands: Demands) -> None:
    """Neuron j has no pair on; those at their kinks are pushed back. It is moved so that they are on them."""
    kinks = _merged(state, classes.rests)
    for i, R, spread in zip(kinks.points, kinks.residuals, kinks.spreads, strict=True):
        demand(state.a[j] * R < 0, f"the kink of pair ({j}, {i}) at rest is attracting")
        demands.allow(abs(R) / spread)
    if not any(state.W[j]):
        return
    X_T = [state.X[i] for i in kinks.points]
    inverse = exact.inverse(exact.product(X_T, exact.transpose(X_T)))
    demand(inverse is not None, f"the kinks of neuron {j} are independent")
    assert inverse is not None
    z = [state.z[j][i] for i in kinks.points]
    moved_sq = exact.dot(z, exact.apply(inverse, z))
    for i in set(range(state.n)) - set(classes.rests):
        off = state.z[j][i] < 0 and state.z[j][i] ** 2 > moved_sq * state.x_sq[i]
        demand(off, f"pair ({j}, {i}) stays off when neuron {j} is moved onto its kinks")
    demands.moved_sq += moved_sq


def _settling(
    state: ExactState, demands: Demands, least: Fraction | None
) -> tuple[Fraction, Fraction, Fraction]:
    """Before the sliding pairs are on their kinks: bounds of the way until then, of the whole shift from the
    state given, and of what that does to r.

    Of two bounds of the way the smaller: norm(theta') <= (sigma/n) norm(r) norm(theta); or the parts of the
    w_j in the span of their kinks only shrink, and the rest moves as fast as it does at the state, but for
    what the way changes of that.
    """
    moved, sigma, n, p = exact.root_above(demands.moved_sq), state.operator_norm(), state.n, state.p
    theta = state.theta_norm() + moved
    r = exact.root_above(exact.square(state.r)) + sigma * theta / p * moved
    ways = [Fraction(0)] if demands.time == 0 else []
    growth = demands.time * sigma / n * r
    if growth < 1:
        ways.append(growth / (1 - growth) * theta)  # exp(g) - 1 <= g/(1 - g)
    slow = exact.root_above(demands.slow_sq) + sigma * theta / n * (sigma * theta / p) * moved
    start = 2 * exact.root_above(demands.apart_sq) + demands.time * slow
    turn = demands.time * (sigma * r / n + sigma**2 * (theta + 2 * start) ** 2 / (n * p))
    if turn <= Fraction(1, 2):
        ways.append(start / (1 - turn))
    demand(bool(ways), "kinks are reached soon")
    way = min(ways)
    shifted = way + moved
    r_moved = sigma * (theta + way) / p * shifted
    if demands.time > 0:
        assert least is not None
        assert demands.allowed is not None
        soon = way <= least / 4 and r_moved <= demands.allowed / 4
        demand(soon, "no margin is lost by half before the kinks are reached")
    return way, shifted, r_moved


def _moving_part(state: ExactState, c: Certificate, found: list[Classes]) -> tuple[Rational, Fraction, bool]:
    """A basis of V, norm(r_V)^2, and whether V is more than {0}.

    V is spanned by P_S X b for b orthogonal to the inputs x_T, over all neurons.
    """
    spanning: Rational = []
    for classes in found:
        if not classes.on:
            continue
        X_T = [state.X[i] for i in classes.slides]
        basis = exact.null_space(X_T, state.d)
        for b in basis:
            image = [
                exact.dot(state.X[i], b) if i in set(classes.on) else Fraction(0) for i in range(state.n)
            ]
            spanning.append(image)
    columns = exact.independent(spanning)
    if not columns:
        return [], Fraction(0), False
    inverse = exact.inverse(exact.product(columns, exact.transpose(columns)))
    assert inverse is not None  # its columns are independent
    along = exact.apply(columns, state.r)
    return columns, exact.dot(along, exact.apply(inverse, along)), True


def _bounded_below(
    state: ExactState, c: Certificate, found: list[Classes], columns: Rational, k: Fraction
) -> bool:
    """Whether v^T K_rho v > k norm(v)^2 on V: C^T (K_rho - k I) C is positive definite for a basis C of V.

    K_rho = sum_j am_j^2 P_S X Pi_T X^T P_S, and Pi_T v = v - X_T^T (X_T X_T^T)^-1 X_T v.
    """
    size = len(columns)
    total = [[-k * exact.dot(u, v) for v in columns] for u in columns]
    for j, classes in enumerate(found):
        weight = exact.cut(outer(state, c, j))
        if not classes.on or not weight:
            continue
        X_S = [state.X[i] for i in classes.on]
        pulls = [exact.combination([v[i] for i in classes.on], X_S, state.d) for v in columns]
        X_T = [state.X[i] for i in _merged(state, classes.slides).points]
        if X_T:
            inverse = exact.inverse(exact.product(X_T, exact.transpose(X_T)))
            assert inverse is not None
            pulls = [_projected(pull, X_T, inverse) for pull in pulls]
        for s in range(size):
            for t in range(size):
                total[s][t] += weight * weight * exact.dot(pulls[s], pulls[t])
    return exact.positive_definite(total)


def _projected(v: Vector, X_T: Rational, inverse: Rational) -> Vector:
    """v without its part in the span of the rows of X_T."""
    part = exact.combination(exact.apply(inverse, exact.apply(X_T, v)), X_T, len(v))
    return [s - t for s, t in zip(v, part, strict=True)]
