"""A state in exact numbers, and the classes that a certificate gives its pairs, checked exactly."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from pl_native._problem import Dataset
from pl_native._run.proof.certificate import Certificate
from pl_native.backends.contract import FREE, RESTS, SLIDES, UNCERTAIN
from pl_native.theory import exact
from pl_native.theory.exact import Rational, Vector


class VerificationError(ValueError):
    """A certificate claims what cannot be verified; the message says what."""


def demand(holds: bool, claim: str) -> None:
    """VerificationError unless `holds`."""
    if not holds:
        raise VerificationError(f"not verified: {claim}")


@dataclass(frozen=True)
class ExactState:
    """W, a, X, y as the rational numbers that they are, z_ji, r_i, and norms squared."""

    X: Rational
    y: Vector
    W: Rational
    a: Vector
    z: Rational
    r: Vector
    x_sq: Vector

    @classmethod
    def of(cls, data: Dataset, certificate: Certificate) -> ExactState:
        """The state of `certificate`, whose data are `data`."""
        moving = certificate.state.cut(data.represented)
        norms = data.orthogonal_norms
        X = exact.matrix(data.X if norms is None else np.diag(norms))
        W, a, y = exact.matrix(moving.W), exact.vector(moving.a), exact.vector(data.y)
        z = [[exact.dot(w, x) for x in X] for w in W]
        heights = [exact.dot(a, [max(row[i], Fraction(0)) for row in z]) for i in range(len(y))]
        r = [label - height / len(a) for label, height in zip(y, heights, strict=True)]
        return cls(X, y, W, a, z, r, [exact.square(x) for x in X])

    @property
    def n(self) -> int:
        return len(self.y)

    @property
    def d(self) -> int:
        return len(self.X[0])

    @property
    def p(self) -> int:
        return len(self.a)

    def loss(self) -> Fraction:
        """L = (1/2n) sum_i r_i^2."""
        return exact.square(self.r) / (2 * self.n)

    def operator_norm(self) -> Fraction:
        """A bound on opnorm(X): of Frobenius' norm and sqrt(norm_1 norm_inf) the smaller."""
        rows = max(sum((abs(v) for v in x), Fraction(0)) for x in self.X)
        columns = max(sum((abs(v) for v in c), Fraction(0)) for c in exact.transpose(self.X))
        return exact.root_above(min(sum(self.x_sq, Fraction(0)), rows * columns))

    def theta_norm(self) -> Fraction:
        """norm(W, a), from above."""
        return exact.root_above(sum((exact.square(w) for w in self.W), exact.square(self.a)))


@dataclass(frozen=True)
class Classes:
    """Of one neuron: points on (S_j), and those of each kind that the certificate lists."""

    on: list[int]
    uncertain: list[int]
    slides: list[int]
    rests: list[int]
    free: list[int]
    shares: dict[int, Fraction]

    @property
    def listed(self) -> set[int]:
        return {*self.uncertain, *self.slides, *self.rests, *self.free}


def classes_of(state: ExactState, certificate: Certificate) -> list[Classes]:
    """The classes of every neuron, by the certificate's list and the sign of z_ji.

    VerificationError where a pair that is not listed may switch within the radius: abs(z_ji) <= rho
    norm(x_i). Neurons with every z_ji < 0 never move, and those with pairs at rest only do not either: theirs
    need no distance.
    """
    radius = Fraction(certificate.margins.radius)
    pairs = certificate.pairs
    found = []
    for j in range(state.p):
        mine = np.flatnonzero(pairs.neuron == j)
        kinds = {int(pairs.point[m]): int(pairs.kind[m]) for m in mine}
        demand(len(kinds) == len(mine), f"neuron {j}: each pair is listed once")
        shares = {int(pairs.point[m]): Fraction(float(pairs.share[m])) for m in mine}
        z = state.z[j]
        on = [i for i in range(state.n) if i not in kinds and z[i] > 0]
        of = {kind: [i for i, k in kinds.items() if k == kind] for kind in (UNCERTAIN, SLIDES, RESTS, FREE)}
        classes = Classes(on, of[UNCERTAIN], of[SLIDES], of[RESTS], of[FREE], shares)
        moves = on or classes.uncertain or classes.slides or classes.free
        for i in range(state.n):
            if moves and i not in kinds:
                far = z[i] * z[i] > radius * radius * state.x_sq[i]
                demand(far, f"pair ({j}, {i}) cannot switch within the radius {float(radius):.4g}")
            elif i not in kinds:
                demand(z[i] < 0, f"pair ({j}, {i}) of a neuron that does not move is off")
        found.append(classes)
    return found


def outer(state: ExactState, certificate: Certificate, j: int) -> Fraction:
    """am_j = max(abs(a_j) - rho, 0)."""
    return max(abs(state.a[j]) - Fraction(certificate.margins.radius), Fraction(0))
