"""`States`: one state of a data set or many, stacked; what every metric is computed from.

A metric takes `(data, where)`. `where` is a `Network` (one state), a `Solution` that kept its states (one for
each of its m saved times), or a sequence of either (an ensemble of e members of one size; `data` is then one
data set for all, or one for each). Arrays get the leading axes (), (m,), (e,) or (e, m). All is float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network
from pl_native._run.solution import Solution
from pl_native.backends.contract import OFF, ON
from pl_native.metrics.pattern import modes_at, modes_of, solved_shares

Where: TypeAlias = Network | Solution | Sequence[Network] | Sequence[Solution]
Data: TypeAlias = Dataset | Sequence[Dataset]


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """States of one size with leading axes `lead`, and the modes of their pairs.

    X (..., n, d), or norms (..., n) of orthogonal inputs and X None; y (..., n); W (..., p, d); a (..., p);
    rest (..., p) squared norms outside the coordinates represented; z (..., p, n) pre-activations;
    mode (..., p, n) int8: 0 off, 1 on, 2 sliding; share (..., p, n): 1 on, 0 off, the multiplier lam of a
    sliding pair; live (..., p, n): z where on, else 0; r (..., n) residual. X, norms and y broadcast.
    """

    X: Array | None
    norms: Array
    y: Array
    W: Array
    a: Array
    rest: Array
    z: Array
    mode: Array
    share: Array
    live: Array
    r: Array

    @property
    def n(self) -> int:
        return int(self.y.shape[-1])

    @property
    def p(self) -> int:
        return int(self.a.shape[-1])

    @property
    def on(self) -> Array:
        """Whether a pair is on, (..., p, n) bool."""
        found: Array = self.mode == ON
        return found

    @property
    def norms_sq(self) -> Array:
        """norm(w_j)^2 with the part not represented, (..., p)."""
        found: Array = np.einsum("...jk,...jk->...j", self.W, self.W) + self.rest
        return found

    def along_inputs(self, weights: Array) -> Array:
        """sum_i weights[..., j, i] x_i, (..., p, d)."""
        if self.X is not None:
            moved: Array = weights @ self.X
            return moved
        moved = np.zeros(self.W.shape)
        moved[..., : self.n] = weights * self.norms[..., None, :]
        return moved

    def against_inputs(self, vectors: Array) -> Array:
        """<vectors[..., j], x_i>, (..., p, n)."""
        found: Array
        if self.X is not None:
            found = vectors @ np.swapaxes(self.X, -1, -2)
        else:
            found = vectors[..., : self.n] * self.norms[..., None, :]
        return found


def states(data: Data, where: Where | States) -> States:
    """The states that `where` stands for. Raises TypeError or ValueError for what does not go together."""
    if isinstance(where, States):
        return where
    if isinstance(where, Network):
        return _one(_dataset(data), where)
    if isinstance(where, Solution):
        return _saved(_dataset(data), where)
    if isinstance(where, str) or not isinstance(where, Sequence) or len(where) == 0:
        expected = "a pl.Network, a pl.Solution or a sequence of either"
        raise TypeError(f"where: expected {expected}, got {checks.kind(where)}")
    members: Sequence[Any] = where
    sets = [data] * len(members) if isinstance(data, Dataset) else list(data)
    if len(sets) != len(members):
        raise ValueError(f"data: expected one data set for each of {len(members)} members, got {len(sets)}")
    return _stack([states(one, member) for one, member in zip(sets, members, strict=True)])


def _dataset(data: object) -> Dataset:
    if not isinstance(data, Dataset):
        raise TypeError(f"data: expected a pl.Dataset, got {checks.kind(data)}")
    return data


def _one(data: Dataset, network: Network) -> States:
    data.check_fits(network)
    known = modes_of(network)
    return _made(data, network.W, network.a, network.w_perp_sq, known)


def _saved(data: Dataset, sol: Solution) -> States:
    if sol.W_saved is None or sol.a_saved is None:
        raise ValueError("where: expected a Solution that kept its states (save=pl.Save(states=True))")
    data.check_fits(sol.network)
    return _made(data, sol.W_saved, sol.a_saved, sol.network.w_perp_sq, modes_at(sol))


def _made(data: Dataset, W: Array, a: Array, rest: Array, known: Any) -> States:
    """With the modes of the signs of z, save where `known` (z, given the signs' modes) says otherwise."""
    orthogonal = data.orthogonal_norms is not None
    X = None if orthogonal else data.X.astype(np.float64, copy=False)
    W, a = W.astype(np.float64, copy=False), a.astype(np.float64, copy=False)
    y = data.y.astype(np.float64, copy=False)
    z: Array = W[..., : data.n] * data.norms if X is None else W @ X.T
    mode = np.where(z > 0, np.int8(ON), np.int8(OFF))
    share = None if known is None else known(mode)
    live = np.where(mode == ON, z, 0.0)
    outputs = a @ live if a.ndim == 1 else np.einsum("...j,...ji->...i", a, live)
    r = y - outputs / a.shape[-1]
    made = States(X, data.norms, y, W, a, rest, z, mode, (mode == ON).astype(np.float64), live, r)
    if known is not None:
        made.share[...] = solved_shares(made, share)
    return made


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
