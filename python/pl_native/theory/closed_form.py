"""Closed form of the flow from a group initialisation on orthonormal inputs (section 4 of the notation page).

p groups of k = n/p points; neuron j is on exactly at its group and abs(a_j) is the size of its weights there.
The groups decouple. With Y the labels of one group, kappa = norm(Y)/n, x = kappa t, N = norm(w_j+)^2 and c
the cosine between s_j w_j+ and Y:

    dc/dt = kappa (1 - c^2)          dN/dt = 2 N (kappa c - N/(n p))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pl_native._base import checks
from pl_native._problem import given
from pl_native._problem.dataset import Dataset
from pl_native._problem.groups import group_labels
from pl_native._problem.network import Network

Floats = NDArray[np.float64]

MOST_POINTS = 2 * 10**18
"""Up to which n the closed form is held against 400 digits; the still of figure 2 has n = 1.7e18."""

_LONGEST = 1e307  # x beyond which nothing changes: keeps 4 x finite
_LINEAR = 1e150  # where x multiplies what exp(-2 x) makes 0: keeps the product finite


@dataclass(frozen=True, slots=True)
class GroupSolution:
    """The group flow at times `t` (m,): one column per group, arrays (m, groups); `loss` (m,) is their sum,
    `local_pl` (m,) is mu = -(dL/dt)/L of these groups together (NaN where they start at their optimum)."""

    t: Floats
    n_sq: Floats  # N(t), squared norm of the inner weights on the group
    cosine: Floats  # c(t)
    one_minus_cosine: Floats
    gap: Floats  # norm(Y) - N/p, without cancellation
    group_loss: Floats
    loss: Floats
    local_pl: Floats


class GroupStart(NamedTuple):
    """What the closed form needs to know of a start: one entry per group."""

    label_norms: Floats
    N0: Floats
    c0: Floats


class _Groups(NamedTuple):
    """Checked arguments, times as a column and groups as a row, with x = kappa t and q = exp(-2 x)."""

    t: Floats
    Y: Floats
    N0: Floats
    c0: Floats
    x: Floats
    q: Floats
    ratio: Floats  # N0 / (p norm(Y))


def group_closed_form(
    t: ArrayLike, label_norms: ArrayLike, n: int, p: int, *, N0: ArrayLike = 1.0, c0: ArrayLike = 1.0
) -> GroupSolution:
    """Exact solution of the flow from a group initialisation (section 4 of the notation page).

    Hypotheses: orthonormal inputs; neuron j on exactly at its group, a_j = s_j norm(w_j+), labels of one sign
    s_j there (`initial.group`).

    t            times (m,) or a scalar, >= 0
    label_norms  norm(Y) of each group, (groups,) or a scalar, > 0
    n, p         points and neurons: the 1/n of the loss and the 1/p of the model
    N0, c0       squared norm and cosine of each group at time 0, scalars or (groups,); N0 > 0, 0 < c0 <= 1

    Free of cancellation: relative error below 1e-12 of every field but `gap` (where N0 > p norm(Y) it passes
    0) for n up to 1e18, as long as the loss is above 1e-300. With q = exp(-2 x), E = (1 + c0 + (1 - c0) q)/2:

        A  = [(1 + c0)^2 (1 - q) + 4 (1 - c0^2) x q + (1 - c0)^2 q (1 - q)] / 8
        Dn = q + (2 N0/(p norm(Y))) A          N = N0 E^2/Dn          1 - c = (1 - c0) q/E
        norm(Y) - N/p = norm(Y) q [1 - N0/(p norm(Y)) + (N0/(p norm(Y))) B]/Dn
        B   = (1 - c0^2) x + (1 - c0)^2 (1 - q)/2
        L_j = [(norm(Y) - N/p)^2 + 2 norm(Y) (N/p) (1 - c)]/(2 n)
        mu  = sum_j mu_j L_j/L,   mu_j = (2 N/(n p)) (1 + (norm(Y) c - N/p)^2/(2 n L_j))

    Raises ValueError or TypeError for arguments out of range, naming them.

    >>> t, Y = [0.0, 5.0, 50.0], [2.0, 4.0]
    >>> sol = theory.group_closed_form(t, Y, n=16, p=2, N0=1.0, c0=[1.0, 0.5])
    >>> sol.loss.round(6).tolist()
    [0.515625, 0.190674, 0.0]
    >>> round(float(sol.local_pl[-1]), 4)  # the end: the least of 4 norm(Y)/n and 2 norm(Y)/n
    0.5
    """
    g = _checked(t, label_norms, n, p, N0, c0)
    one_minus_q = -np.expm1(-2 * g.x)
    up, down = 1 + g.c0, 1 - g.c0
    E = (up + down * g.q) / 2
    A = (up**2 * one_minus_q + 4 * up * down * g.x * g.q + down**2 * g.q * one_minus_q) / 8
    Dn = g.q + 2 * g.ratio * A
    N = g.N0 * E**2 / Dn
    across = down / E  # (1 - c)/q
    B = up * down * np.minimum(g.x, _LINEAR) + down**2 * one_minus_q / 2
    along = ((p * g.Y - g.N0) / p + g.Y * g.ratio * B) / Dn  # gap/q
    gap, rest = along * g.q, across * g.q
    group_loss = (gap**2 + 2 * g.Y * (N / p) * rest) / (2 * n)
    cosine = (2 * g.c0 + down * one_minus_q) / (2 * E)
    pl = _local_pl(g, N / p, along, across, n)
    return GroupSolution(g.t[:, 0], N, cosine, rest, gap, group_loss, group_loss.sum(axis=1), pl)


def _local_pl(g: _Groups, share: Floats, along: Floats, across: Floats, n: int) -> Floats:
    """mu from the logarithms of the groups' losses: right long after the losses have underflowed."""
    with np.errstate(divide="ignore", invalid="ignore"):
        first = 2 * np.log(np.abs(along)) - 2 * g.x  # log of gap^2/q, and of the other part of 2 n L_j/q
        second = np.log(2 * g.Y * share * across)
        log_loss = np.logaddexp(first, second) - 2 * g.x
        radial = np.exp(2 * np.log(np.abs(along - g.Y * across)) - 2 * g.x - np.logaddexp(first, second))
        radial = np.where(np.isfinite(log_loss), np.minimum(radial, 1.0), 0.0)
        weight = np.exp(log_loss - log_loss.max(axis=1, keepdims=True))
        # a group whose loss is 0 weighs nothing; if all are 0, mu is 0/0
        mu: Floats = (weight * (2 / n) * share * (1 + radial)).sum(axis=1) / weight.sum(axis=1)
    return mu


def group_norm_as_printed(
    t: ArrayLike, label_norms: ArrayLike, n: int, p: int, *, N0: ArrayLike = 1.0, c0: ArrayLike = 1.0
) -> Floats:
    """N(t) as the paper's (69) and the published script have it: the solution only when c0 = 1. (m, groups).

        N = N0 (cosh 2x + c0 sinh 2x)/(1 + (N0/(p norm(Y))) (sinh 2x + c0 (cosh 2x - 1)))

    It solves dN/dt = 2 N (kappa b - N/(n p)) with b = tanh(2x + atanh c0) where the flow has the cosine
    c = tanh(x + atanh c0). Between the start and the saturation of N it exceeds the solution by the
    fraction `printed_excess(c0)`. Arguments and errors as in `group_closed_form`.

    >>> n, p, c0 = 10**16, 2, 0.3
    >>> setting = {"label_norms": 7e7, "n": n, "p": p, "c0": c0}
    >>> t = 5 * n / 7e7
    >>> excess = theory.group_norm_as_printed(t, **setting) / theory.group_closed_form(t, **setting).n_sq - 1
    >>> round(float(excess[0, 0]), 3)
    0.538
    """
    g = _checked(t, label_norms, n, p, N0, c0)
    one_minus_q = -np.expm1(-2 * g.x)
    top = g.N0 * ((1 + g.c0) + (1 - g.c0) * g.q**2) / 2
    bottom = g.q + g.ratio * one_minus_q * ((1 + g.q) + g.c0 * one_minus_q) / 2
    found: Floats = top / bottom
    return found


def printed_excess(c0: ArrayLike) -> Floats:
    """By which fraction (69) exceeds N(t) between start and saturation as n grows: 2/(1 + c0) - 1.

    Hypothesis: 0 < c0 <= 1, as for `group_norm_as_printed`; at c0 = 1 the two are equal.
    Shape of c0; ValueError outside (0, 1].

    >>> theory.printed_excess([0.3, 0.76, 1.0]).round(3).tolist()
    [0.538, 0.136, 0.0]
    """
    cosine = _row("c0", c0, 1.0)
    found: Floats = (1 - cosine) / (1 + cosine)
    return found


def group_limit(label_norms: ArrayLike, n: int, p: int, *, c0: ArrayLike = 1.0) -> tuple[Floats, float]:
    """(N(inf) (groups,), mu(inf)) of a group initialisation: where norms and curvature end.

        N(inf) = p norm(Y)          mu(inf) = min_j (2 if c0_j < 1 else 4) norm(Y_j)/n

    Claim: these limits, mixed groups included: the last group to vanish decides, and a group whose cosine is
    not 1 vanishes at half the rate. Hypotheses: orthonormal inputs, a group initialisation. Source:
    Proposition 2. Arguments and errors as in `group_closed_form`.

    >>> norms, mu = theory.group_limit([3.0, 5.0], n=32, p=2, c0=[1.0, 0.9])
    >>> norms.tolist(), mu
    ([6.0, 10.0], 0.3125)
    """
    g = _checked(0.0, label_norms, n, p, 1.0, c0)
    rate = np.where(g.c0 < 1, 2.0, 4.0) * g.Y / n
    return p * (g.Y + np.zeros_like(g.c0))[0], float(np.min(rate))


def group_start(data: Dataset, network: Network) -> GroupStart:
    """(label_norms, N0, c0) of a start made by `initial.group`, or of any state like it: each (p,).

    Hypotheses, each checked: orthonormal inputs, labels of one sign in each of the p groups of n/p
    consecutive points, z_ji > 0 exactly on the group of neuron j, a_j = s_j norm(w_j+) to 1e-6 (float32
    networks too). ValueError names what is not met.

    >>> data = pl.data.group(12, 3, seed=1)
    >>> start = theory.group_start(data, pl.initial.group(3, 12, seed=2, N0=4.0, c0=0.9, data=data))
    >>> start.N0.round(12).tolist(), start.c0.round(12).tolist()
    ([4.0, 4.0, 4.0], [0.9, 0.9, 0.9])
    """
    given.problem(data, network)
    labels = group_labels(data, network.p)
    p, k = labels.shape
    W = network.W[:, : data.n].astype(np.float64).reshape(p, p, k)
    own = W[np.arange(p), np.arange(p)]
    others = W.copy()
    others[np.arange(p), np.arange(p)] = -1.0
    if np.any(own <= 0) or np.any(others > 0):
        raise ValueError("network: expected z_ji > 0 exactly on the group of each neuron (initial.group)")
    N0 = np.einsum("jk,jk->j", own, own)
    sign = np.sign(labels[:, 0])
    if not np.allclose(network.a, sign * np.sqrt(N0), rtol=1e-6, atol=0):
        raise ValueError("network: expected a_j = s_j norm(w_j) on the group of each neuron (initial.group)")
    sizes = np.linalg.norm(labels, axis=1)
    cosine = np.einsum("jk,jk->j", own, np.abs(labels)) / (sizes * np.sqrt(N0))
    return GroupStart(sizes, N0, np.minimum(cosine, 1.0))


def _checked(t: ArrayLike, label_norms: ArrayLike, n: int, p: int, N0: ArrayLike, c0: ArrayLike) -> _Groups:
    checks.integer("n", n, 1, MOST_POINTS)
    checks.integer("p", p, 1)
    times = _row("t", t, np.inf, zero=True)[:, None]
    Y, start, cosine = _row("label_norms", label_norms), _row("N0", N0), _row("c0", c0, 1.0)
    groups = max(len(v) for v in (Y, start, cosine))
    for name, value in (("label_norms", Y), ("N0", start), ("c0", cosine)):
        if len(value) not in (1, groups):
            raise ValueError(f"{name}: expected one number or one per group ({groups}), got {len(value)}")
    x = np.minimum(Y / n * times, _LONGEST)
    return _Groups(times, Y[None], start[None], cosine[None], x, np.exp(-2 * x), (start / (p * Y))[None])


def _row(name: str, value: ArrayLike, most: float = np.inf, *, zero: bool = False) -> Floats:
    """(m,) finite numbers in (0, most], or [0, most]."""
    array = np.atleast_1d(checks.measured(name, value))
    bad = ~np.isfinite(array) | (array > most) | (array < 0 if zero else array <= 0)
    if array.ndim != 1 or array.size == 0 or bool(np.any(bad)):
        expected = f"numbers {'>= 0' if zero else '> 0'}{'' if np.isinf(most) else f' and <= {most:g}'}"
        raise ValueError(
            f"{name}: expected a scalar or a one-dimensional array of {expected}, got {checks.shown(value)}"
        )
    return array
