"""`theory.verify`: certificates of all kinds pass exact arithmetic, tampered ones do not."""

from __future__ import annotations

import dataclasses
from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pl_native as pl
import proving
from pl_native import backends
from pl_native._problem import Status
from pl_native._run.claims import Pairs
from pl_native.backends.contract import FREE, RESTS, SLIDES, UNCERTAIN
from pl_native.theory import VerificationError, exact, verify
from problems import endless_criterion

pytestmark = pytest.mark.skipif("native" not in backends.available(), reason="the core proves")

# exact linear algebra

whole = st.integers(-3, 3)
matrices = st.integers(1, 5).flatmap(
    lambda n: st.lists(st.lists(whole, min_size=n, max_size=n), min_size=n, max_size=n)
)


def rational(rows: Any) -> exact.Rational:
    return [[Fraction(v) for v in row] for row in rows]


@given(matrices)
def test_positive_definite_is_what_eigenvalues_say(rows: list[list[int]]) -> None:
    a = np.array(rows)
    symmetric = a + a.T
    least = np.linalg.eigvalsh(symmetric).min()
    if abs(least) > 1e-9:  # whole numbers: an eigenvalue of 0 is told apart by the minors only
        assert exact.positive_definite(rational(symmetric.tolist())) == (least > 0)
    gram = a @ a.T
    full = round(np.linalg.det(a)) != 0
    assert exact.positive_definite(rational(gram.tolist())) == full


@given(matrices)
def test_inverse_and_null_space_are_exact(rows: list[list[int]]) -> None:
    a, n = rational(rows), len(rows)
    found = exact.inverse(a)
    basis = exact.null_space(a, n)
    rank = n - len(basis)
    assert rank == np.linalg.matrix_rank(np.array(rows))
    assert all(not any(exact.apply(a, v)) for v in basis)
    assert len(exact.independent(exact.transpose(a))) == rank
    if found is None:
        assert rank < n
    else:
        assert exact.product(a, found) == rational(np.eye(n, dtype=int).tolist())


@given(st.fractions(min_value=0, max_denominator=10**9), st.integers(-400, 400))
def test_roots_are_bounds(value: Fraction, power: int) -> None:
    value = value * Fraction(2) ** power
    low, high = exact.root_below(value), exact.root_above(value)
    assert low**2 <= value <= high**2
    assert high - low <= high / 2**90
    assert exact.cut(value) <= value <= exact.cut(value) * (1 + Fraction(1, 2**38))


# agreement


def outcome(c: pl.Certificate) -> str:
    if c.verdict is not None:
        return c.verdict.name
    return "held" if c.held_until is not None else "none"


def verified(seeds: range) -> Counter[tuple[str, str]]:
    """What was certified of a state of each kind and seed, all of it verified."""
    seen: Counter[tuple[str, str]] = Counter()
    for kind in proving.KINDS:
        for seed in seeds:
            data, _ = proving.start(kind, seed)
            c = proving.state(kind, seed).certify()
            assert verify(c, data).verdict is c.verdict
            seen[kind, outcome(c)] += 1
    return seen


def test_native_certificates_are_verified() -> None:
    """66 states of eleven kinds, both verdicts and held ones among them."""
    seen = verified(range(6))
    assert sum(seen.values()) == 66
    outcomes = Counter(name for (_, name), count in seen.items() for _ in range(count))
    assert all(outcomes[name] >= 2 for name in ("CONVERGED", "TRAPPED", "DEAD_POINT", "held"))


@pytest.mark.validate
def test_many_native_certificates_are_verified() -> None:
    assert sum(verified(range(6, 206)).values()) == 2200


# tampered certificates


def converging(n: int = 12, d: int = 10, loss: float = 1e-7) -> tuple[pl.Dataset, pl.Certificate]:
    data = pl.data.sphere(n, d, seed=0)
    start = pl.initial.torch_linear(12, d, seed=100)
    rules = pl.Stop(loss=loss)
    return data, pl.simulate(data, start, 1e5, method="flow", rtol=1e-9, stop=rules).certify()


def sliding() -> tuple[pl.Dataset, pl.Certificate]:
    """A stall with pairs that slide: n = 24 points in 3 dimensions, 4 neurons."""
    data = pl.data.sphere(24, 3, seed=0)
    start = pl.initial.torch_linear(4, 3, seed=100)
    rules = pl.Stop(stall=1e-13, max_steps=60_000)
    return data, pl.simulate(data, start, 1e6, method="flow", rtol=1e-9, stop=rules).certify()


def held() -> tuple[pl.Dataset, pl.Certificate]:
    data = pl.data.sphere(60, 5, seed=5)
    start = pl.initial.torch_linear(6, 5, seed=105)
    rules = pl.Stop(stall=1e-13, max_steps=60_000)
    return data, pl.simulate(data, start, 1e6, method="flow", rtol=1e-9, stop=rules).certify()


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


def of_other(c: pl.Certificate, data: pl.Dataset) -> pl.Certificate:
    """What `c` claims, loosely, claimed of other data."""
    assert c.rate is not None
    assert c.limit_loss is not None
    limit = (c.limit_loss[0] * 0.5, c.limit_loss[1] * 2)
    wide = with_margins(
        dataclasses.replace(c, rate=c.rate * 0.9, distance=1.0, limit_loss=limit), radius=0.01
    )
    return dataclasses.replace(wide, digest=data.digest(), n=data.n, settled=1.0)


def as_kind(c: pl.Certificate, before: int, after: int, first: bool = False) -> pl.Certificate:
    """Pairs of one kind (the first of them only) taken for another."""
    places = np.flatnonzero(c.pairs.kind == before)
    kind = c.pairs.kind.copy()
    kind[places[:1] if first else places] = after
    return dataclasses.replace(c, pairs=dataclasses.replace(c.pairs, kind=kind))


def with_margins(c: pl.Certificate, **changes: Any) -> pl.Certificate:
    return dataclasses.replace(c, margins=dataclasses.replace(c.margins, **changes))


def without(c: pl.Certificate, kind: int, which: int = 0) -> pl.Certificate:
    """One pair of a kind taken for on or off instead."""
    places = np.flatnonzero(c.pairs.kind == kind)
    keep = np.arange(len(c.pairs)) != places[which]
    columns = (getattr(c.pairs, name)[keep] for name in ("neuron", "point", "kind", "share"))
    return dataclasses.replace(c, pairs=Pairs(*columns))


def refused(c: pl.Certificate, data: pl.Dataset, why: str) -> None:
    with pytest.raises(VerificationError, match=why):
        verify(c, data)


def test_a_proof_of_convergence_cannot_be_stretched() -> None:
    data, c = converging()
    assert "lam_min" in str(verify(c, data))
    assert c.rate is not None
    assert c.distance is not None
    refused(dataclasses.replace(c, rate=2 * c.rate), data, "lam_min")
    refused(dataclasses.replace(c, rate=0.0), data, "the rate is above 0")
    refused(dataclasses.replace(c, distance=c.distance / 2), data, "the limit is within")
    refused(with_margins(c, radius=c.margins.radius * 2), data, "cannot switch")
    refused(with_margins(c, radius=c.margins.radius / 2), data, "path is shorter")
    for which in range(np.count_nonzero(c.pairs.kind == UNCERTAIN)):
        refused(without(c, UNCERTAIN, which), data, "cannot switch within the radius")
    away = dataclasses.replace(c, verdict=Status.TRAPPED, limit_loss=(1e-9, 1e-8))
    refused(away, data, "no uncertain pair")
    other, early = converging(10, 6, 1e-5)  # as soon as it can be proved
    refused(with_margins(early, radius=early.margins.radius * 2), other, "lam_min")
    state = pl.Network(c.state.W, c.state.a * 0.99)
    refused(dataclasses.replace(c, state=state), data, "not verified")
    refused(dataclasses.replace(c, rate=None), data, "exactly if it has a verdict")
    refused(dataclasses.replace(c, moved=-1.0), data, "numbers are >= 0")
    refused(dataclasses.replace(c, settled=np.nan), data, "numbers are >= 0")
    refused(dataclasses.replace(c, reduced=True), data, "whether the data are reduced")


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


def test_a_dual_bound_cannot_be_stretched() -> None:
    data, c = held()
    verify(c, data)
    assert c.held_until is not None
    assert c.dual is not None
    until, bound = c.held_until
    refused(dataclasses.replace(c, held_until=(until * 1e6, bound)), data, "leaves the ball")
    refused(dataclasses.replace(c, held_until=(until, bound * (1 + 1e-9))), data, "on the ball")
    refused(dataclasses.replace(c, dual=-c.dual), data, "a_j g_i <= 0")
    refused(dataclasses.replace(c, dual=np.zeros(60)), data, "is not 0")
    weak = pl.Network(c.state.W, np.where(np.isin(np.arange(6), c.pairs.neuron), 1e-9, c.state.a))
    refused(dataclasses.replace(c, state=weak), data, "keeps its sign")
    refused(as_kind(c, FREE, UNCERTAIN), data, "on, off or free")
    shares = dataclasses.replace(c.pairs, share=1 - c.pairs.share)
    refused(dataclasses.replace(c, pairs=shares), data, "on the ball")
    refused(with_margins(c, radius=c.margins.radius * 2), data, "cannot switch")


def test_orthogonal_certificates_cannot_be_stretched() -> None:
    data = pl.data.orthogonal(6, 9, seed=0)
    seen = set()
    for seed in range(12):
        start = pl.initial.asymmetric(8, 9, seed=seed, data=data)
        c = pl.simulate(data, start, 3000.0, method="flow", rtol=1e-10).certify()
        if c.verdict is None or c.verdict in seen:
            continue
        seen.add(c.verdict)
        verify(c, data)
        assert c.rate is not None
        assert c.limit_loss is not None
        low, high = c.limit_loss
        refused(dataclasses.replace(c, rate=2 * c.rate), data, "the rate is")
        refused(dataclasses.replace(c, rate=0.0), data, "the rate is above 0")
        refused(dataclasses.replace(c, rate=np.inf), data, "nothing moves")
        nothing = dataclasses.replace(c, verdict=None, rate=None, distance=None, limit_loss=None)
        verify(nothing, data)
        kept = dataclasses.replace(nothing, held_until=(1.0, 0.0), dual=np.ones(6))
        refused(kept, data, "nothing is held")
        refused(with_margins(c, radius=10.0), data, "will ever be on")
        refused(with_margins(c, radius=0.0), data, "path is shorter")
        refused(dataclasses.replace(c, distance=0.0), data, "the limit is within")
        other = Status.DEAD_POINT if c.verdict is Status.CONVERGED else Status.CONVERGED
        limit = (0.1, 0.2) if other is Status.DEAD_POINT else (0.0, 0.0)
        refused(dataclasses.replace(c, verdict=other, limit_loss=limit), data, "a label is lost")
        if c.verdict is Status.CONVERGED:
            trapped = dataclasses.replace(c, verdict=Status.TRAPPED, limit_loss=(1e-9, 1.0))
            refused(trapped, data, "one of orthogonal data")
        else:
            refused(dataclasses.replace(c, limit_loss=(low * 1.001, high * 1.002)), data, "lim L")
    assert seen == {Status.CONVERGED, Status.DEAD_POINT}
    dead = pl.Dataset.orthogonal([1.0, 1.0], [1.0, -1.0])
    moved = pl.certify(dead, pl.Network([[0.5, 1e-17]], [2.0]))
    assert moved.moved >= 1e-17
    refused(dataclasses.replace(moved, moved=0.0), dead, "are moved by at most")


def test_a_neuron_at_zero_gains_what_is_said() -> None:
    data = pl.Dataset([[1.0, 0.0], [0.5, 1.0]], [1.0, -1.0])
    c = pl.certify(data, pl.Network([[0.0, 0.0]], [1.0]))
    verify(c, data)
    assert c.at_zero is not None
    (found,) = c.at_zero
    assert found.gain > 0
    more = dataclasses.replace(found, gain=found.gain * 1.001)
    refused(dataclasses.replace(c, at_zero=(more,)), data, "gains")
    longer = dataclasses.replace(found, direction=found.direction * 2)
    refused(dataclasses.replace(c, at_zero=(longer,)), data, "unit vectors")
    moved = pl.Network([[0.1, 0.0]], [1.0])
    refused(dataclasses.replace(c, state=moved), data, "is at 0")


def test_wrong_arguments_are_named() -> None:
    data, c = converging()
    with pytest.raises(TypeError, match="certificate: expected"):
        verify(data, data)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="data: expected"):
        verify(c, data.X)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="data: expected those of the certificate"):
        verify(c, pl.data.sphere(12, 10, seed=1))
    large = pl.data.sphere(61, 5, seed=0)
    with pytest.raises(ValueError, match="expected n <= 60"):
        verify(pl.certify(large, pl.initial.torch_linear(2, 5, seed=0)), large)
