"""Lemma 8 at its worst: the latest death by t_n, the residual that moves furthest before it."""

from __future__ import annotations

import math

import numpy as np

import pl_native as pl
from pl_native import theory
from pl_native.experiments.statements.frame import Finding, Floats, Setting, seed
from pl_native.experiments.statements.search import worst
from pl_native.streams import Purpose

_N, _P = 2, 2


def check(setting: Setting) -> list[Finding]:
    """The worst cases of Lemma 8."""
    return [_deaths(setting), _moves(setting)]


def _deaths(setting: Setting) -> Finding:
    """The step behind t_n, which needs no large d: the latest death on one point with two neurons, the
    wrong one largest at the start.
    """
    title = "Lemma 8, death by t_n while abs(r_i) >= abs(y_i)/2"
    rng = np.random.default_rng(seed(title, 0, Purpose.NOISE))
    draws, rounds = setting.size(20, 200, 1000), setting.size(50, 1000, 5000)
    found, _, met = worst(_death, lambda r: 1.5 * r.standard_normal(5), rng, draws, rounds)
    margin = setting.upper(found, 1 + 1e-9)
    return Finding(
        title,
        "orthogonal, a_j^2 - norm(w_j)^2 >= A, abs(r_i) >= abs(y_i)/2 up to its death",
        met,
        draws,
        "the last wrong pair dies by t_n",
        f"latest death found at {found:.4f} t_n (random, then ascent)",
        margin >= 1,
        margin,
    )


def _death(place: Floats) -> float:
    """When the wrong pair of a start dies, over t_n; -inf if r has fallen below y/2 by then."""
    y, wrong, right, size, gap = (float(v) for v in np.exp(np.clip(place, -6, 6)))
    data = pl.Dataset.orthogonal([1.0], [y])
    W = np.array([[wrong], [min(right, wrong)]])
    A = gap * min(1.0, size)
    a = np.array([-math.sqrt(wrong**2 + A), math.sqrt(W[1, 0] ** 2 + A * (1 + size))])
    network = pl.Network(W, a)
    t_n = theory.extinction_time(data, network, gap=A)
    save = pl.Save(count=33, switches=True, observe=("residual",))
    sol = pl.simulate(data, network, t_n, method="flow", rtol=1e-8, save=save, threads=1)
    assert sol.switches is not None
    off = np.asarray(sol.switches.t)[np.asarray(sol.switches.neuron) == 0]
    died = float(off[0]) if len(off) else math.inf
    held = np.abs(sol.observed["residual"][sol.t <= min(died, t_n), 0]) >= y / 2
    return died / t_n if held.all() else -math.inf


def _moves(setting: Setting) -> Finding:
    """The third claim under the condition that says, explicitly, how large d has to be."""
    title = "Lemma 8, residuals, worst start"
    rng = np.random.default_rng(seed(title, 0, Purpose.NOISE))
    draws, rounds = setting.size(200, 1000, 5000), setting.size(100, 1000, 5000)
    size = 1 + 2 * _N + _P * (_N + 1)
    found, place, met = worst(
        _move, lambda r: r.standard_normal(size), rng, draws, rounds, [_near_the_worst()]
    )
    margin = setting.upper(found, 0.5)
    data, network, A = _start(place)
    left = theory.extinction_condition(data, network, gap=A).left
    return Finding(
        title,
        "orthogonal, a_j^2 - norm(w_j)^2 >= A > 0, extinction_condition (an explicit form of d large)",
        met,
        draws + 1,
        "no r_i moves by more than abs(y_i)/2 before t_n",
        f"largest move {found:.4f} abs(y_i), climbed to from {met} starts of n = {_N}, p = {_P}; the "
        f"condition's own bound there is {left:.4f}, less abs(h/y)",
        margin >= 1,
        margin,
    )


def _move(place: Floats) -> float:
    """How far a residual moves up to t_n, over abs(y_i); -inf where the condition fails."""
    data, network, A = _start(place)
    if not theory.extinction_condition(data, network, gap=A).holds:
        return -math.inf
    t_n = theory.extinction_time(data, network, gap=A)
    if t_n == 0:  # nothing is live
        return 0.0
    save = pl.Save(count=9, observe=("residual",))
    sol = pl.simulate(data, network, t_n, method="flow", rtol=1e-8, save=save, threads=1)
    r = sol.observed["residual"]
    return float(np.max(np.abs((r - r[0]) / data.y)))


def _near_the_worst() -> Floats:
    """One live pair, correct, of a neuron with a_j^2 = 10^4 A: t_n is that of the least a_j^2, long for it.

    As a_1^2/A -> inf abs(h) and all but the first part of the condition's left are nothing, so abs(r_1) falls
    by exp(-1/3), where the condition bounds the move by 1/2: 0.2835 abs(y_1), which seems to be the supremum.
    """
    W = [3.32e-4, -1e-3, -1e-3, -1e-3]  # tenths
    return np.array([0.0, 0.0, 0.0, 1.0, 1.0, *W, 100.0, -1e-3])


def _start(place: Floats) -> tuple[pl.Dataset, pl.Network, float]:
    """Orthogonal data, a network and A: norms and labels from exp, small pre-activations, gaps from A up."""
    rest, norms, y = place[0], np.exp(place[1 : 1 + _N]), place[1 + _N : 1 + 2 * _N]
    W = 0.1 * place[1 + 2 * _N : 1 + 2 * _N + _P * _N].reshape(_P, _N)
    outer, A = place[1 + 2 * _N + _P * _N :], math.exp(rest)
    a = np.where(outer < 0, -1.0, 1.0) * np.sqrt(np.sum(W**2, axis=1) + A + np.square(outer))
    return pl.Dataset.orthogonal(norms, np.where(y == 0, 1.0, y)), pl.Network(W, a), A
