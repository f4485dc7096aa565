"""Exact reduction: for d > n the flow moves each w_j only inside the span of the inputs.

With X^T = Q R, Q (d, n) of orthonormal columns, the problem (R^T, y; W Q, a) of dimension n has the same
pre-activations at all times, so the same outputs, loss and a, and the same W inside the span; outside it
W - W Q Q^T never moves and counts only through its norms (`Network.w_perp_sq`). The same holds step by step
for explicit Euler.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pl_native._base import memory
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network, given


class _Pair(NamedTuple):
    data: Dataset
    network: Network


class Reduction(_Pair):
    """The pair (data, network) of a reduced problem, as `simulate` takes it, and the way back: `lift`."""

    original: Network
    basis: Array | None
    """Q (d, n) float64, orthonormal columns; None: the first coordinates themselves."""

    def __new__(cls, data: Dataset, network: Network, original: Network, basis: Array | None) -> Reduction:
        made = super().__new__(cls, data, network)
        made.original, made.basis = original, basis
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        """For copies and pickle: all that it is made of."""
        return *self, self.original, self.basis

    def lift(self, network: Network) -> Network:
        """A state of the reduced problem in the d coordinates of the network that was reduced.

        W + (W' - W Q) Q^T for a state W' of a run that began at the reduced network: what was cut off comes
        back as it was. Raises TypeError or ValueError for a network that is not such a state.
        """
        given.network(network)
        start = self.network
        same_rest = np.array_equal(network.w_perp_sq, start.w_perp_sq)
        if (network.W.shape, network.dtype) != (start.W.shape, start.dtype) or not same_rest:
            raise ValueError(
                f"network: expected a state of the reduced problem, W of shape {start.W.shape} and dtype "
                f"{start.dtype} with the same w_perp_sq, got {network!r}"
            )
        if self.original is start:
            return network
        W = self.original.W.astype(np.float64)
        if self.basis is None:
            W[:, : network.d] = network.W
        else:
            W += (network.W - start.W.astype(np.float64)) @ self.basis.T
        rest = self.original.w_perp_sq
        return Network(W, network.a, w_perp_sq=rest, kinks=network.kinks, dtype=network.dtype)


def reduce(data: Dataset, network: Network) -> Reduction:
    """The same problem in n coordinates where d > n, else unchanged: `small = pl.reduce(data, network)`.

    `pl.simulate(*small, t_end)` runs it, `small.lift(solution.network)` brings a state back to d dimensions.
    `small.data` keeps the original `d`; `small.network.w_perp_sq` (p,) holds the squared norms outside the
    span of the inputs. Orthogonal data given as norms need no rotation: only the network is cut to the n
    coordinates they use. Inputs may be dependent. Computed in float64 (Householder QR of X^T) and rounded to
    the dtype of the data: the trajectory is the full one's to rounding, which may differ
    between LAPACK libraries.

    Raises TypeError or ValueError when the two do not belong together.
    """
    given.problem(data, network)
    if data.orthogonal_norms is not None:
        return Reduction(data, network.cut(data.n), network, None)
    if data.represented <= data.n:
        return Reduction(data, network, network, None)
    return _rotated(data, network)


def _rotated(data: Dataset, network: Network) -> Reduction:
    columns = data.represented
    memory.require(8.0 * (3 * data.n * columns + 2 * network.p * columns), "pl.reduce")
    basis, R = np.linalg.qr(data.X.T.astype(np.float64))
    small = Dataset(R.T, data.y, d=data.d, zero_labels=data.zero_labels, dtype=data.dtype)
    W = network.W.astype(np.float64)
    inside = W @ basis
    W -= inside @ basis.T  # what the flow never moves; its norm directly, not as a difference of squares
    rest = network.w_perp_sq + np.einsum("jk,jk->j", W, W)
    cut = Network(inside, network.a, w_perp_sq=rest, kinks=network.kinks, dtype=network.dtype)
    return Reduction(small, cut, network, basis)
