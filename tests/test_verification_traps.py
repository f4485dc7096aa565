"""`theory.verify` of TRAPPED: what slides or rests at a kink does so for ever, and the limit is exact."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import pl_native as pl
from certified import stalled
from pl_native import backends
from pl_native._problem import Status
from pl_native._run.proof.claims import Pairs
from pl_native.backends.contract import RESTS, SLIDES, UNCERTAIN
from pl_native.theory import verify
from problems import endless_criterion
from tampering import as_kind, of_other, refused, with_margins, without

pytestmark = pytest.mark.skipif("native" not in backends.available(), reason="the core proves")


def sliding() -> tuple[pl.Dataset, pl.Certificate]:
    """A stall with pairs that slide: n = 24 points in 3 dimensions, 4 neurons."""
    data, sol = stalled(24, 3, 4, 0)
    return data, sol.certify()


def resting() -> tuple[pl.Dataset, pl.Certificate]:
    """One neuron fits its point, another rests at the kink of the second, but for 1.4e-17."""
    data = pl.Dataset([[1.0, 0.0], [0.25, 1.0]], [1.0, -1.0])
    state = pl.Network([[1.2, -0.5], [-0.4, np.nextafter(0.1, 1)]], [5 / 3, 1.5])
    return data, pl.certify(data, state)


def by_hand(excess: float, share: float = 0.2, y_2: float = -1.0, opposite: bool = False) -> pl.Dataset:
    """Points 0 and 2 on, 1 at the kink of the neuron a = 1.5, w = (1.5, 0); the multiplier there is `share`.

    V = span((1, 0, 1)), r = (1 + excess, -1, -1): norm(r_V) = excess/sqrt 2.
    """
    X, y = [[1.0, share], [0.0, 1.0], [1.0, 0.0]], [3.25 + excess, y_2, 1.25]
    return pl.Dataset([*X, [0.0, -1.0]], [*y, y_2]) if opposite else pl.Dataset(X, y)


BY_HAND = pl.Network([[1.5, 0.0]], [1.5])


def test_a_proof_of_trapping_cannot_be_stretched() -> None:
    data, c = sliding()
    assert c.verdict is Status.TRAPPED
    assert c.margins.sliding > 0
    assert c.settled > 0
    verify(c, data)
    assert c.rate is not None
    assert c.distance is not None
    assert c.limit_loss is not None
    low, high = c.limit_loss
    refused(dataclasses.replace(c, rate=2 * c.rate), data, "on V")
    refused(dataclasses.replace(c, rate=0.0), data, "finite and above 0")
    refused(dataclasses.replace(c, limit_loss=(low * 1.0001, high * 1.0002)), data, "lim L >=")
    refused(dataclasses.replace(c, limit_loss=(low * 0.9, low * 0.99)), data, "lim L <=")
    refused(dataclasses.replace(c, distance=c.distance / 3), data, "the limit is within")
    refused(dataclasses.replace(c, settled=0.0), data, "kinks are reached")
    refused(with_margins(c, radius=0.9), data, "cannot switch")
    refused(with_margins(c, radius=c.margins.radius / 1000), data, "path is shorter")
    refused(without(c, SLIDES), data, "cannot switch within the radius")
    weak = pl.Network(c.state.W, np.where(np.isin(np.arange(4), c.pairs.neuron), 1e-12, c.state.a))
    refused(dataclasses.replace(c, state=weak), data, "keeps its sign")
    refused(as_kind(c, SLIDES, UNCERTAIN), data, "no uncertain pair")
    refused(as_kind(c, SLIDES, RESTS, first=True), data, "slides or rests, not both")
    refused(as_kind(c, SLIDES, RESTS), data, "no other pair on")
    zero = dataclasses.replace(c, verdict=Status.CONVERGED, limit_loss=(0.0, 0.0))
    refused(zero, data, "on, off or uncertain")
    refused(dataclasses.replace(c, verdict=Status.DEAD_POINT), data, "orthogonal data only")


def test_a_kink_must_be_attracting_independent_and_firm() -> None:
    c = pl.certify(by_hand(1e-9), BY_HAND)
    assert c.verdict is Status.TRAPPED
    assert c.margins.sliding == 1
    verify(c, by_hand(1e-9))
    verify(of_other(c, by_hand(1e-4)), by_hand(1e-4))
    refused(of_other(c, by_hand(1e-4, share=1e-4)), by_hand(1e-4, share=1e-4), r"kinks allow \(M\)")
    refused(of_other(c, by_hand(1e-4, share=1.1)), by_hand(1e-4, share=1.1), r"inside \(0, 1\)")
    refused(of_other(c, by_hand(1e-4, y_2=1.0)), by_hand(1e-4, y_2=1.0), "is attracting")
    both = Pairs(*(np.array(v) for v in ([0, 0], [1, 3], [SLIDES] * 2, [0.0] * 2)))
    opposite = by_hand(1e-4, opposite=True)
    refused(dataclasses.replace(of_other(c, opposite), pairs=both), opposite, "are independent")
    for away, why in ((0.3, "reached soon"), (0.01, "lost by half")):
        state = pl.Network([[1.5, away]], [1.5])
        refused(dataclasses.replace(of_other(c, by_hand(1e-4)), state=state), by_hand(1e-4), why)


def test_a_limit_is_exact() -> None:
    data, start = endless_criterion()
    c = pl.simulate(data, start, 500.0, method="flow", rtol=1e-12).certify()
    verify(c, data)
    assert c.limit_loss is not None
    low, high = c.limit_loss
    refused(dataclasses.replace(c, limit_loss=(low * (1 + 1e-9), high * (1 + 1e-9))), data, "lim L >=")
    refused(dataclasses.replace(c, limit_loss=(low * (1 - 2e-9), high * (1 - 1e-9))), data, "lim L <=")


def test_a_pair_at_rest_must_be_pushed_back() -> None:
    data, c = resting()
    assert c.verdict is Status.TRAPPED
    assert c.margins.resting == 1
    assert 0 < c.moved < 1e-15
    verify(c, data)
    refused(dataclasses.replace(c, moved=0.0), data, "are moved by at most")
    refused(without(c, RESTS), data, "not verified")
    on_it = pl.Network([[1.2, -0.5], [-0.4, 0.1]], c.state.a)
    refused(without(dataclasses.replace(c, state=on_it), RESTS), data, "does not move is off")
    refused(as_kind(c, RESTS, SLIDES), data, "slides with a pair on")
    twice = Pairs(*(np.repeat(column, 2) for column in dataclasses.astuple(c.pairs)))
    refused(dataclasses.replace(c, pairs=twice), data, "listed once")
    near = pl.Network([[1.2, -0.5], [-1e-18, 1e-17]], c.state.a)
    refused(dataclasses.replace(c, state=near), data, "stays off when")
    opposite = pl.Dataset([*data.X, [-0.25, -1.0]], [*data.y, -1.0])
    both = Pairs(*(np.array(v) for v in ([1, 1], [1, 2], [RESTS] * 2, [0.0] * 2)))
    other = dataclasses.replace(of_other(c, opposite), pairs=both, verdict=Status.TRAPPED)
    refused(with_margins(other, radius=c.margins.radius), opposite, "are independent")
    pulled = pl.Network(c.state.W, c.state.a * [1, -1])
    refused(dataclasses.replace(c, state=pulled), data, "at rest is attracting")


def test_copies_of_which_some_repel_are_held_by_the_others() -> None:
    """x and 2 x at one kink: what counts is a_j (r_1 + 2 r_3) < 0. It was refused, "a repelling kink"."""
    X, state = [[1.0, 0.2], [0.0, 1.0], [1.0, 0.0], [0.0, 2.0]], pl.Network([[1.5, 0.0]], [1.5])
    data = pl.Dataset(X, [3.25, 1.0, 1.25, -1.0])
    c = pl.certify(data, state)
    assert c.verdict is Status.TRAPPED
    assert verify(c, data).verdict is Status.TRAPPED
    other = pl.Dataset(X, [3.25, -1.0, 1.25, 1.0])
    assert pl.certify(other, state).verdict is None
    refused(of_other(c, other), other, "is attracting")
