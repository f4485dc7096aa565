"""Rotation-invariant laws of a neuron (a, w): moments for Lemma 4, and the norm of Theorem 1's width."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._problem import Dataset


@dataclass(frozen=True, slots=True)
class Law:
    """A law of (a, w): w = norm(w) u, u uniform on the sphere of R^d and independent of (norm(w), abs(a)),
    the sign of a a fair coin independent of all. `moment(k, l)` = E[ norm(w)^k abs(a)^l ] for even k, l <= 4.

    >>> law = theory.law("balanced", d=100)
    >>> round(law.moment(2, 0), 6), round(law.moment(0, 2), 6)
    (1.0, 1.0)
    """

    name: str
    d: int
    scale: float
    moment: Callable[[int, int], float]


def law(name: str, d: int, scale: float = 1.0) -> Law:
    """The law of `pl.initial.asymmetric` or `pl.initial.balanced` in dimension d, with their `scale`.

    asymmetric: w = scale g, g ~ N(0, I/d), abs(a) = norm(g) + Exp(1). balanced: abs(a) = norm(w). Any other
    rotation-invariant law: `Law(name, d, scale, moment)`. `torch_linear` is not one (ValueError): its w
    prefers the diagonals of the cube, so nothing is claimed for it. Source: section 5, Appendix B.

    >>> law = theory.law("asymmetric", d=100, scale=0.1)
    >>> round(law.moment(2, 0), 6), round(law.moment(0, 2), 4)
    (0.01, 4.995)
    """
    if isinstance(name, str) and name == "torch_linear":
        raise ValueError(
            "name: torch_linear is not rotation invariant, so Lemma 4's closed forms say nothing of it"
        )
    checks.choice("name", name, ("asymmetric", "balanced"))
    dimension, factor = checks.integer("d", d, 1), checks.positive("scale", scale)

    moment = _asymmetric if name == "asymmetric" else _balanced
    return Law(name, dimension, factor, partial(moment, dimension, factor))


def _asymmetric(d: int, scale: float, k: int, power: int) -> float:
    terms = (
        math.comb(power, m) * math.factorial(power - m) * _normal_norm(k + m, d) for m in range(power + 1)
    )
    return scale**k * math.fsum(terms)


def _balanced(d: int, scale: float, k: int, power: int) -> float:
    return scale ** (k + power) * _normal_norm(k + power, d)


def _normal_norm(k: int, d: int) -> float:
    """E[ norm(g)^k ], g ~ N(0, I_d/d): (2/d)^(k/2) Gamma((d + k)/2)/Gamma(d/2)."""
    if k % 2 == 0:
        return math.prod((d + 2 * m) / d for m in range(k // 2))
    return math.exp(math.lgamma((d + k) / 2) - math.lgamma(d / 2) + k / 2 * math.log(2 / d))


def law_of(value: object, data: Dataset | None = None) -> Law:
    """`value`, which must be a Law (TypeError), of the dimension of `data` (ValueError)."""
    if not isinstance(value, Law):
        raise TypeError(f"law: expected a theory.Law, got {checks.kind(value)}")
    if data is not None and value.d != data.d:
        raise ValueError(f"law: expected the dimension of the data, {data.d}, got a law in {value.d}")
    return value


def psi1_norm(law: Law) -> float:
    """C_aw = norm_psi1(a <w, x>+) at norm(x) = 1: the least s with E exp(abs(a) <w, x>+ / s) <= 2.

    balanced: abs(a) = norm(w), so with t = <w, x>/norm(w), of density c (1 - t^2)^((d - 3)/2),

        E exp(norm(w)^2 t+ / s) = 1/2 + int_0^1 (1 - 2 scale^2 t/(d s))^(-d/2) c (1 - t^2)^((d - 3)/2) dt

    about 0.94 scale^2/sqrt d. asymmetric: infinite. abs(a) has an exponential tail and <w, x> an unbounded
    law, and E exp(Exp(1) q) is infinite for q >= 1: (a, w) is not sub-Gaussian, so Theorem 1's width does not
    apply to it. Source: Theorem 1; norm_psi1 as in Vershynin's book.

    >>> round(theory.psi1_norm(theory.law("balanced", d=10_000)), 5)
    0.00944
    """
    law_of(law)
    if law.name == "asymmetric":
        return math.inf
    if law.name != "balanced":
        raise ValueError(f"law: expected 'asymmetric' or 'balanced', got {law.name!r}")
    if law.d < 2:
        raise ValueError(f"law: expected d >= 2, got {law.d}")
    # in units of scale^2/d: 2/s < 1 is needed for a finite expectation
    low, high = 2.0 * (1 + 1e-12), 4.0 + 4.0 * math.sqrt(law.d)
    for _ in range(200):
        middle = (low + high) / 2
        if _exponential_moment(middle, law.d) <= 2:
            high = middle
        else:
            low = middle
        if high - low <= 1e-13 * high:
            break
    return law.scale**2 * high / law.d


@lru_cache(maxsize=1)
def _legendre() -> tuple[Array, Array]:
    return np.polynomial.legendre.leggauss(400)


def _exponential_moment(s: float, d: int) -> float:
    """E exp(chi^2_d t+ / s), by t = sin(phi), of density proportional to cos(phi)^(d - 2)."""
    nodes, weights = _legendre()
    end = min(math.pi / 2, 30 / math.sqrt(d))
    phi = end * (nodes + 1) / 2
    log_density = (d - 2) * np.log(np.cos(phi)) + math.lgamma(d / 2) - math.lgamma((d - 1) / 2)
    log_density -= math.log(math.pi) / 2
    with np.errstate(over="ignore"):
        grown = np.exp(log_density - d / 2 * np.log1p(-2 * np.sin(phi) / s))
    return 0.5 + float(weights @ grown) * end / 2
