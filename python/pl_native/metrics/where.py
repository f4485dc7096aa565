"""One state of a data set, or many, as `States`.

A metric takes `(data, where)`. `where` is a `Network` (one state), a `Solution` that kept its states (one for
each of its m saved times), or a sequence of either (an ensemble of e members of one size; `data` is then one
data set for all, or one for each). Arrays get the leading axes (), (m,), (e,) or (e, m). All is float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network, given
from pl_native._problem.kinks import ON
from pl_native._run.solution import Solution
from pl_native.metrics.stack import States
from pl_native.model.modes import modes_of
from pl_native.model.rounding import loss_noise

Where: TypeAlias = Network | Solution | Sequence[Network] | Sequence[Solution]
Data: TypeAlias = Dataset | Sequence[Dataset]


def states(data: Data, where: Where | States) -> States:
    """The states that `where` stands for. Raises TypeError or ValueError for what does not go together.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> found = metrics.states(data, [pl.Network([[1.0, -1.0]], [3.0]), pl.Network([[0.0, 1.0]], [1.0])])
    >>> found.z.tolist(), found.mode.tolist()
    ([[[1.0, -2.0]], [[0.0, 2.0]]], [[[1, 0]], [[0, 1]]])
    """
    if isinstance(where, States):
        return where
    if isinstance(where, Network):
        return _one(given.dataset(data), where)
    if isinstance(where, Solution):
        return _saved(given.dataset(data), where)
    if isinstance(where, str) or not isinstance(where, Sequence) or len(where) == 0:
        expected = "a pl.Network, a pl.Solution or a sequence of either"
        raise TypeError(f"where: expected {expected}, got {checks.kind(where)}")
    members: Sequence[Any] = where
    if not isinstance(members[0], Network | Solution | Sequence) or members[0] is where:
        raise TypeError(f"where: expected states, got a sequence that begins with {checks.kind(members[0])}")
    sets = [data] * len(members) if isinstance(data, Dataset) else list(data)
    if len(sets) != len(members):
        raise ValueError(f"data: expected one data set for each of {len(members)} members, got {len(sets)}")
    return _stack([states(one, member) for one, member in zip(sets, members, strict=True)])


def _one(data: Dataset, network: Network) -> States:
    data.check_fits(network, "where")
    return _made(data, network.W, network.a, network.w_perp_sq, [network])


def _saved(data: Dataset, sol: Solution) -> States:
    if sol.W_saved is None or sol.a_saved is None:
        raise ValueError("where: expected a Solution that kept its states (save=pl.Save(states=True))")
    data.check_fits(sol.network, "where")
    states_of = [sol.state(i) for i in range(len(sol.t))]
    return _made(data, sol.W_saved, sol.a_saved, sol.network.w_perp_sq, states_of)


def _made(data: Dataset, W: Array, a: Array, rest: Array, networks: list[Network]) -> States:
    """The states (W, a), with the modes of `networks`: the same states, one after another."""
    orthogonal = data.orthogonal_norms is not None
    X = None if orthogonal else data.X.astype(np.float64, copy=False)
    noise = loss_noise(data.norms, data.y, W, a)
    W, a = W.astype(np.float64, copy=False), a.astype(np.float64, copy=False)
    y = data.y.astype(np.float64, copy=False)
    z: Array = W[..., : data.n] * data.norms if X is None else W @ X.T
    found = [
        modes_of(data, one, own) for one, own in zip(networks, z.reshape(-1, *z.shape[-2:]), strict=True)
    ]
    mode = np.stack([modes.mode for modes in found]).reshape(z.shape)
    share = np.stack([modes.share for modes in found]).reshape(z.shape)
    live = np.where(mode == ON, z, 0.0)
    outputs = a @ live if a.ndim == 1 else np.einsum("...j,...ji->...i", a, live)
    r = y - outputs / a.shape[-1]
    return States(X, data.norms, y, W, a, rest, z, mode, share, live, r, noise)


def _stack(members: list[States]) -> States:
    shapes = {(m.W.shape, m.y.shape, m.X is None) for m in members}
    if len(shapes) > 1:
        raise ValueError("where: expected members of one size and kind of data, got several")
    extra = members[0].a.ndim - 1  # axes between the member and its data
    stacked: dict[str, Any] = {}
    for name in States.__slots__:
        values = [getattr(m, name) for m in members]
        stacked[name] = None if values[0] is None else np.stack(values)
    for name in ("X", "norms", "y", "rest"):  # these have no axis of saved times
        if stacked[name] is not None and extra:
            shape = stacked[name].shape
            stacked[name] = stacked[name].reshape(shape[0], *(1,) * extra, *shape[1:])
    return States(**stacked)
