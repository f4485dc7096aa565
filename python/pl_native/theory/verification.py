"""`verify`: the claims of a certificate checked again, in exact arithmetic, from docs/proofs.md.

Written from the page and not from the native code, slow and readable. Nothing is rounded but square roots,
which are bounds, and weights, which are cut downwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from pl_native._base import checks
from pl_native._problem import Dataset, Status, given
from pl_native._run.proof.certificate import Certificate
from pl_native._run.proof.claims import check_claims
from pl_native.theory import exact
from pl_native.theory.exact import Rational, Vector
from pl_native.theory.exact_criterion import verify_criterion
from pl_native.theory.exact_orthogonal import orthogonal, verify_orthogonal
from pl_native.theory.exact_state import Classes, ExactState, VerificationError, classes_of, demand, outer
from pl_native.theory.exact_trapping import verify_trapping

__all__ = ["Verification", "VerificationError", "verify"]

MOST_POINTS = 60
_UNIT = 1e-9  # how far the norm of a direction may be from 1


@dataclass(frozen=True)
class Verification:
    """What was verified: the certificate's verdict, and each claim in words."""

    verdict: Status | None
    claims: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(("verified exactly:", *(f"  {claim}" for claim in self.claims)))


def verify(certificate: Certificate, data: Dataset) -> Verification:
    """Checks every claim of `certificate` in rational arithmetic, independently of what made it.

    `data` are those of the certificate, with n <= 60 (orthogonal norms: any n). Seconds at n = 40.

    Raises VerificationError (a ValueError) with the claim that does not hold or cannot be shown, ValueError
    for other data or too many points, TypeError for other objects.

    >>> data = pl.Dataset([[2.0]], [1.0])
    >>> proved = pl.certify(data, pl.Network([[1.0]], [0.51]))
    >>> print(theory.verify(proved, data))
    verified exactly:
      rate 1.91441, path 0.02044 < radius 0.02082
      lim L >= 0
    """
    if not isinstance(certificate, Certificate):
        raise TypeError(f"certificate: expected pl.Certificate, got {checks.kind(certificate)}")
    given.dataset(data)
    if data.digest() != certificate.digest or data.n != certificate.n:
        raise ValueError(
            f"data: expected those of the certificate (SHA-256 {certificate.digest[:12]}...), got "
            f"({data.digest()[:12]}...)"
        )
    if data.orthogonal_norms is None and data.n > MOST_POINTS:
        raise ValueError(f"data: expected n <= {MOST_POINTS} for exact arithmetic, got n = {data.n}")
    try:
        check_claims(certificate)
    except ValueError as err:
        raise VerificationError(f"not verified: {err}") from None
    demand(certificate.reduced == data.reduced, "the certificate says whether the data are reduced")
    try:
        return Verification(certificate.verdict, tuple(_claims(certificate, data)))
    except OverflowError as error:  # of a Fraction
        raise VerificationError(f"the certificate's numbers are finite: {error}") from error


def _claims(certificate: Certificate, data: Dataset) -> list[str]:
    if certificate.verdict is Status.CONVERGED and math.isinf(certificate.margins.radius):
        return verify_criterion(certificate, data)
    if data.orthogonal_norms is not None or _point_by_point(certificate, data):
        return verify_orthogonal(certificate, data)
    state = ExactState.of(data, certificate)
    claims = []
    if certificate.verdict is Status.CONVERGED:
        claims += _convergence(certificate, state)
    elif certificate.verdict is not None:
        demand(certificate.verdict is Status.TRAPPED, "DEAD_POINT is said of orthogonal data only")
        claims += verify_trapping(certificate, state)
    elif certificate.held_until is not None:
        claims += _holding(certificate, state)
    return claims + _neurons_at_zero(certificate, state)


def _point_by_point(c: Certificate, data: Dataset) -> bool:
    """Whether a verdict is one of orthogonal inputs: K_rho is diagonal, nothing was taken away from it."""
    without = c.verdict is Status.CONVERGED and c.margins.tau == 0
    return (c.verdict is Status.DEAD_POINT or without) and orthogonal(data)


def _convergence(c: Certificate, state: ExactState) -> list[str]:
    """The theorem with V = R^n: k, then ell = 2 sqrt(p L/mu_rho) < rho."""
    assert c.rate is not None
    assert c.distance is not None
    demand(math.isfinite(c.rate) and c.rate > 0, "the rate is above 0")
    found = classes_of(state, c)
    demand(not any(k.slides or k.rests or k.free for k in found), "pairs are on, off or uncertain")
    rate, radius = Fraction(c.rate), Fraction(c.margins.radius)
    k = rate * state.n * state.p / 2
    demand(_bounded_below(state, c, found, k), f"lam_min(K_rho) >= k = {float(k):.6g}")
    path_sq = 4 * state.p * state.loss() / rate
    demand(path_sq < radius * radius, f"the path is shorter than the radius {float(radius):.4g}")
    demand(path_sq <= Fraction(c.distance) ** 2, f"the limit is within {c.distance:.4g}")
    return [
        f"lam_min(K_rho) >= {float(k):.6g}, so L(t) <= L(0) exp(-{c.rate:.6g} t)",
        f"path <= {math.sqrt(float(path_sq)):.6g} < radius {float(radius):.6g}",
    ]


def _bounded_below(state: ExactState, c: Certificate, found: list[Classes], k: Fraction) -> bool:
    """Whether K_rho - k I is positive definite.

    The share of a neuron is am_j^2 (P_S X X^T P_S - N^T B^-1 N) with A = X_U, B = A A^T + Theta, Theta =
    tau diag(norm(x_U)^2), N = A X^T P_S - (Theta/2 at U). No inverse is needed: that is a Schur complement,
    and the sum over neurons is positive definite exactly if this matrix is, with B_j in blocks of its own:

        [ sum_j am_j^2 P_S X X^T P_S - k I    am_j N_j^T ]
        [ am_j N_j                            B_j        ]

    Neurons with more than 2 d uncertain pairs count nothing, which any neuron may: its velocity only helps.
    """
    tau, n = Fraction(c.margins.tau), state.n
    gram = exact.product(state.X, exact.transpose(state.X))
    top = [[-k if i == m else Fraction(0) for m in range(n)] for i in range(n)]
    sides: list[tuple[Rational, Rational]] = []
    for j, classes in enumerate(found):
        weight = exact.cut(outer(state, c, j))
        on, uncertain = classes.on, classes.uncertain
        if not weight or not on or len(uncertain) > 2 * state.d:
            continue
        for i in on:
            for m in on:
                top[i][m] += weight * weight * gram[i][m]
        theta = [tau * state.x_sq[i] for i in uncertain]
        B = [
            [gram[i][m] + (t if i == m else 0) for m in uncertain]
            for i, t in zip(uncertain, theta, strict=True)
        ]
        N = [_row(gram[i], on, i, t, n) for i, t in zip(uncertain, theta, strict=True)]
        sides.append(([[weight * v for v in row] for row in N], B))
    return exact.positive_definite(bordered(top, sides))


def _row(gram: Vector, on: list[int], i: int, theta: Fraction, n: int) -> Vector:
    """The row of N that belongs to the uncertain point i."""
    row = [Fraction(0)] * n
    for m in on:
        row[m] = gram[m]
    row[i] -= theta / 2
    return row


def bordered(top: Rational, sides: list[tuple[Rational, Rational]]) -> Rational:
    """[[top, N_1^T, N_2^T, ...], [N_1, B_1, 0, ...], [N_2, 0, B_2, ...], ...], the blocks B first: pivots
    of theirs are few and short."""
    sizes = [len(B) for _, B in sides]
    before, whole = 0, sum(sizes)
    rows: Rational = []
    for (N, B), size in zip(sides, sizes, strict=True):
        zeros = [Fraction(0)] * before, [Fraction(0)] * (whole - before - size)
        rows += [[*zeros[0], *b, *zeros[1], *v] for b, v in zip(B, N, strict=True)]
        before += size
    stacked = [row for N, _ in sides for row in N]
    rows += [[*(v[i] for v in stacked), *row] for i, row in enumerate(top)]
    return rows


def _holding(c: Certificate, state: ExactState) -> list[str]:
    """The dual bound on the ball, and how long that lasts.

    L >= max(<g, y> - (1/p) sum_j a_j <e_j, w_j> - Delta, 0)^2/(2 n norm(g)^2)
    """
    assert c.held_until is not None
    assert c.dual is not None
    until, bound = c.held_until
    radius, g = Fraction(c.margins.radius), exact.vector(c.dual)
    demand(len(g) == state.n and any(g), "the dual vector is not 0")
    found = classes_of(state, c)
    outputs, slopes_sq, steepest = Fraction(0), Fraction(0), Fraction(0)
    for j, classes in enumerate(found):
        demand(not (classes.uncertain or classes.slides or classes.rests), "pairs are on, off or free")
        if not (classes.on or classes.free):
            continue  # dead: it never moves
        a = state.a[j]
        if classes.free:
            demand(radius <= abs(a), f"a_{j} keeps its sign within the radius")
        for i in classes.free:
            demand(a * g[i] <= 0 <= classes.shares[i] <= 1, f"a_j g_i <= 0 at the free pair ({j}, {i})")
        weights = [g[i] for i in classes.on] + [g[i] * classes.shares[i] for i in classes.free]
        e = exact.combination(weights, [state.X[i] for i in [*classes.on, *classes.free]], state.d)
        along, e_sq = exact.dot(e, state.W[j]), exact.square(e)
        outputs += a * along
        slopes_sq += along * along + a * a * e_sq
        steepest = max(steepest, exact.root_above(e_sq))
    delta = radius * exact.root_above(slopes_sq) + radius * radius * steepest / 2
    left = max(exact.dot(g, state.y) - (outputs + delta) / state.p, Fraction(0))
    lowest = left * left / (2 * state.n * exact.square(g))
    demand(Fraction(bound) <= lowest, f"L >= {bound!r} on the ball (found {float(lowest)!r})")
    excess = state.loss() - lowest
    lasts = math.isinf(until) and excess <= 0
    if not math.isinf(until):
        lasts = Fraction(until) * state.p * excess <= radius * radius
    demand(lasts, f"no solution leaves the ball before t = {until:.6g}")
    return [
        f"L >= {bound:.10g} on the ball of radius {float(radius):.4g}",
        f"which lasts until t = {until:.6g}",
    ]


def _neurons_at_zero(c: Certificate, state: ExactState) -> list[str]:
    """w_j = 0 exactly, and the gain in the direction given."""
    claims = []
    for found in c.at_zero or ():
        j, u = found.neuron, exact.vector(found.direction)
        demand(not any(state.W[j]), f"neuron {j} is at 0")
        along = [max(exact.dot(u, x), Fraction(0)) for x in state.X]
        gain = state.a[j] / state.n * exact.dot(state.r, along)
        demand(gain >= Fraction(found.gain), f"neuron {j} gains {found.gain:.6g} in its direction")
        demand(found.gain == 0 or abs(exact.square(u) - 1) < Fraction(_UNIT), "directions are unit vectors")
        claims.append(f"neuron {j} is at 0 and gains {found.gain:.6g} in its direction")
    return claims
