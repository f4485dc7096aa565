"""Lemma 1 and the symmetry behind it: what the flow keeps, and what one Euler step does to it."""

from __future__ import annotations

import numpy as np

from pl_native import metrics
from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network, given


def euler_drift(data: Dataset, network: Network, step: float) -> Array:
    """Change of a_j^2 - norm(w_j)^2 over one step of explicit Euler, (p,): exactly

        step^2 ((da_j/dt)^2 - norm(dw_j/dt)^2)

    Claim: the flow keeps a_j^2 - norm(w_j)^2, sliding included; Euler moves it by this, of second order.
    Hypotheses: none; sigma'(0) = 0 at the kinks. Constants: none. Source: Lemma 1, section 3.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> theory.euler_drift(data, pl.Network([[1.0, -1.0]], [3.0]), step=0.5)
    array([-2.])
    """
    given.problem(data, network)
    size = checks.positive("step", step)
    dW, da = metrics.velocity(data, network)
    with np.errstate(over="ignore", invalid="ignore"):  # infinite, or NaN, where it is beyond range
        drift: Array = np.square(size * da) - np.square(size * dW).sum(axis=1)
    return drift


def keeps_sign(network: Network) -> Array:
    """Neurons whose outer weight never changes its sign, (p,) bool: abs(a_j(0)) >= norm(w_j(0)).

    Claim: a_j(t) keeps the sign of a_j(0), and abs(a_j(t)) >= norm(w_j(t)), for all t >= 0. Hypotheses: of
    neuron j alone, abs(a_j(0)) >= norm(w_j(0)); the others do not matter. Rounding of the norm is allowed
    for: 4 (d + 2) units in the last place, else balanced networks would fall on either side. Source: Lemma 1.

    >>> theory.keeps_sign(pl.Network([[3.0, 4.0], [3.0, 4.0]], [-5.0, 4.9]))
    array([ True, False])
    """
    given.network(network)
    allowed = 1 + 4 * (network.d + 2) * float(np.finfo(network.dtype).eps)
    a = network.a.astype(np.float64)
    kept: Array = np.square(a) * allowed >= network.norms_sq
    return kept


def rescaled(network: Network, alpha: object) -> Network:
    """The network (alpha_j a_j, w_j / alpha_j), alpha (p,) or a number, > 0: every output is the same.

    Claim: h, and so the loss, does not change, since max(., 0) is homogeneous; a_j^2 - norm(w_j)^2 is the
    quantity that this symmetry keeps along the flow. Hypotheses: alpha > 0. Source: Lemma 1.

    >>> theory.rescaled(pl.Network([[3.0, 4.0]], [1.0]), 2.0).W
    array([[1.5, 2. ]])
    """
    given.network(network)
    factors = checks.measured("alpha", alpha)
    if factors.ndim == 0:
        factors = np.broadcast_to(factors, (network.p,))
    scale = checks.owned("alpha", factors, "p", np.dtype(np.float64))
    checks.length("alpha", scale, network.p, f"p = {network.p}")
    if scale.min() <= 0:
        raise ValueError(f"alpha: expected numbers > 0, got {scale.min()}")
    with np.errstate(
        over="ignore", invalid="ignore", divide="ignore"
    ):  # what is beyond range Network refuses
        W, a = network.W / scale[:, None], network.a * scale
        outside = network.w_perp_sq / np.square(scale)
    return Network(W, a, w_perp_sq=outside, dtype=network.dtype)
