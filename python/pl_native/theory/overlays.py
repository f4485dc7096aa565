"""A trajectory laid over the bounds that the paper has for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pl_native import metrics
from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network, given
from pl_native._run.solution import Solution
from pl_native.theory.assumptions import theorem_1_hypotheses
from pl_native.theory.orthogonal import pl_upper_bound_orthogonal
from pl_native.theory.rates import theorem_1_lower_bound

STEP = 0.01  # of L(0): what a peak of -dL/dlog t must stand out by to count as a transition


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """A run and its bounds at its m saved times; NaN where a bound does not apply, `notes` say why.

    t, loss, local_pl, average_pl  (m,) of the run; average_pl is Lemma 2's
    lemma_7_low, lemma_7_high      (m,) bounds of mu, corrected
    theorem_1                      (m,) lower bound, where all its hypotheses hold at the start
    proposition_1                  (m,) upper bound, orthogonal inputs while no wrong pair lives
    invariant_drift                (m,) max_j of the change of a_j^2 - norm(w_j)^2 (Lemma 1)
    live, sliding                  (m,) pairs on, and pairs that slide (NaN where unknown)
    transitions                    (k,) times of the steps of the loss's staircase (`transition_times`)
    """

    t: Array
    loss: Array
    local_pl: Array
    average_pl: Array
    lemma_7_low: Array
    lemma_7_high: Array
    theorem_1: Array
    proposition_1: Array
    invariant_drift: Array
    live: Array
    sliding: Array
    transitions: Array
    notes: tuple[str, ...]


def overlay(sol: Solution, data: Dataset | None = None) -> Overlay:
    """The run `sol` with the bounds of Lemma 7, Theorem 1 and Proposition 1 on its local PL curvature.

    For any run of any method and any data. Bounds need the states: at all saved times with
    `Save(states=True)`, as observed where only values were kept
    (`Save(observe=("pl_lower_bound", "pl_upper_bound"))`), else at the end alone. `data` is needed for a
    Solution read from a file. Raises ValueError where it is missing or is not that of the run.

    >>> data, start = pl.data.sphere(4, 900, seed=1), pl.initial.asymmetric(20, 900, seed=2)
    >>> save = pl.Save(count=30, states=True, switches=True)
    >>> found = theory.overlay(pl.simulate(*pl.reduce(data, start), 20.0, method="flow", save=save))
    >>> bool(np.all(found.lemma_7_low <= found.local_pl))
    True
    """
    if not isinstance(sol, Solution):
        raise TypeError(f"sol: expected a pl.Solution, got {checks.kind(sol)}")
    own = _data_of(sol, data)
    nothing = np.full(len(sol.t), np.nan)
    notes: list[str] = []
    kept = sol.W_saved is not None
    low, high, sliding = (nothing.copy() for _ in range(3))
    if kept:
        s = metrics.states(own, sol)
        low, high = np.asarray(metrics.pl_lower_bound(own, s)), np.asarray(metrics.pl_upper_bound(own, s))
        sliding = np.asarray(metrics.n_sliding(own, s), np.float64)
    else:
        notes.append("no states were kept (save=pl.Save(states=True)): bounds as observed, and at the end")
        low = _observed(sol, "pl_lower_bound", metrics.pl_lower_bound(own, sol.network))
        high = _observed(sol, "pl_upper_bound", metrics.pl_upper_bound(own, sol.network))
        sliding = _observed(sol, "n_sliding", np.nan)
    return Overlay(
        sol.t,
        sol.loss,
        sol.local_pl,
        metrics.average_pl(sol.t, sol.loss),
        low,
        high,
        _theorem_1(sol, own, notes),
        _proposition_1(sol, own, notes),
        sol.invariant_drift,
        sol.n_active.astype(np.float64),
        sliding,
        transition_times(sol.t, sol.loss, _rate(sol)),
        tuple(notes),
    )


def _rate(sol: Solution) -> Array:
    """-(dL/dt)/L, (m,): the run's own; of Euler by its losses, as stepping across kinks adds to its gradients
    what it does not take from its loss, and 0 where a step made its loss rise.
    """
    if sol.stats["method"] != "euler" or len(sol.t) < 3:
        return sol.local_pl
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found: Array = np.maximum(-np.gradient(sol.loss, sol.t) / sol.loss, 0.0)
    return found


def transition_times(t: Array, loss: Array, local_pl: Array) -> Array:
    """Times of the steps of a loss that falls like a staircase in log t, (k,), from rows (m,).

    Where -dL/dlog t = t mu L has a peak that stands out by at least 1 % of L(0) from the valleys beside it.
    For a group initialisation these are the phase transitions of Theorem 2, near t_n/D_j. They are rows.

    >>> t = np.linspace(0.01, 10, 500)
    >>> loss = 1 / (1 + t**9) + 1 / (1 + (t / 5) ** 9)
    >>> theory.transition_times(t, loss, -np.gradient(loss, t) / loss).round(1)
    array([1., 5.])
    """
    times, losses, rates = checks.curves(t=t, loss=loss, local_pl=local_pl)
    height = np.nan_to_num(times * rates * losses)
    inner = height[1:-1]
    peaks = 1 + np.flatnonzero((inner > height[:-2]) & (inner >= height[2:]))
    found: list[int] = []
    for k in peaks:
        higher = np.flatnonzero(height > height[k])
        left, right = higher[higher < k], higher[higher > k]
        low = [
            height[(left[-1] if len(left) else 0) : k + 1].min(),
            height[k : (right[0] + 1 if len(right) else len(height))].min(),
        ]
        if height[k] - max(low) >= STEP * losses[0]:
            found.append(int(k))
    return times[found]


def _data_of(sol: Solution, data: Dataset | None) -> Dataset:
    record: Any = sol._record
    if data is None:
        if record is None or record.data is None:
            raise ValueError("data: expected the pl.Dataset of this run (a file does not hold it), got None")
        own: Dataset = record.data
        return own
    given.dataset(data).check_fits(sol.network, "sol")
    if record is not None and data.digest() != (
        record.digest if record.data is None else record.data.digest()
    ):
        raise ValueError("data: expected the data of this run, got others")
    return data


def _observed(sol: Solution, name: str, end: float) -> Array:
    """What the run observed under a name; without, NaN but at the end."""
    if name in sol.observed:
        return np.asarray(sol.observed[name], np.float64)
    values = np.full(len(sol.t), np.nan)
    values[-1] = end
    return values


def _start(sol: Solution) -> Network | None:
    return sol.state(0) if sol.W_saved is not None and sol.t[0] == 0 else None


def _theorem_1(sol: Solution, data: Dataset, notes: list[str]) -> Array:
    nothing = np.full(len(sol.t), np.nan)
    start = _start(sol)
    if start is None:
        notes.append("Theorem 1: its hypotheses are those of the start, which was not kept")
        return nothing
    if not np.all(data.y):
        notes.append("Theorem 1: labels 0")
        return nothing
    met = theorem_1_hypotheses(data, start)
    if not met.all:
        failed = [name.replace("_", " ") for name, holds in met._asdict().items() if not holds]
        notes.append(f"Theorem 1: not met at the start: {', '.join(failed)}")
        return nothing
    return np.asarray(theorem_1_lower_bound(data, sol))


def _proposition_1(sol: Solution, data: Dataset, notes: list[str]) -> Array:
    nothing = np.full(len(sol.t), np.nan)
    start = _start(sol)
    if not data.is_orthogonal or not np.all(data.y):
        notes.append("Proposition 1: expects orthogonal inputs and labels != 0")
        return nothing
    if start is None:
        notes.append("Proposition 1: its hypothesis is one of the start, which was not kept")
        return nothing
    if not theorem_1_hypotheses(data, start).assumption_1:
        notes.append("Proposition 1: Assumption 1 does not hold at the start")
        return nothing
    return np.array([pl_upper_bound_orthogonal(data, start, sol.state(k)) for k in range(len(sol.t))])
