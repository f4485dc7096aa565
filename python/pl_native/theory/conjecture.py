"""Conjecture 1: the average curvature of a run to its end, read off the state where it ends."""

from __future__ import annotations

import math

from pl_native import metrics
from pl_native._problem.dataset import Dataset
from pl_native._problem.network import Network
from pl_native.theory.orthogonal import settled


def final_pl(data: Dataset, network: Network) -> float:
    """avg_mu(inf) = mu(inf) of a flow that has all but converged to 0 at `network`: (2/n) lam_min(M).

    Where L -> 0 and theta has a limit with no pair at z = 0, dR/dt = -(1/n) M R with M -> M(inf)
    exponentially fast, so mu(t) and its average both tend to (2/n) lam_min(M(inf)), unless R is orthogonal to
    its eigenvector (probability 0 from a density; a group initialisation with c0 = 1 is such a start, and
    ends at twice this). Claim: it lies between C1/sqrt n and C2/sqrt n with high probability. Hypotheses:
    orthogonal inputs, p >= C log(n/eps). Source: Conjecture 1.

    One (n, n) eigenvalue problem: for n up to some thousands. NaN where a point has no live neuron: M is
    singular there and L does not tend to 0. ValueError unless the inputs are orthogonal.

    >>> data = pl.data.orthogonal(30, 3000, seed=1)
    >>> start = pl.initial.asymmetric(24, 3000, seed=2, data=data)
    >>> sol = pl.simulate(data, start, 100.0, method="flow", rtol=1e-9)
    >>> mu = theory.final_pl(data, sol.network)
    >>> round(mu / float(sol.local_pl[-1]), 3)
    1.0
    """
    state = settled(data, network)
    if not metrics.live_neurons(data, state).all():
        return math.nan
    return 2 / data.n * float(metrics.spectrum(data, state)[0])
