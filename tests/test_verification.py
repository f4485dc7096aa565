"""`theory.verify`: certificates of all kinds pass exact arithmetic, those that claim more do not."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest

import pl_native as pl
import proving
from certified import stalled
from pl_native import backends
from pl_native._problem import Status
from pl_native.backends.contract import FREE, UNCERTAIN
from pl_native.theory import verify
from tampering import as_kind, refused, with_margins, without

pytestmark = pytest.mark.skipif("native" not in backends.available(), reason="the core proves")


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


def converging(n: int = 12, d: int = 10, loss: float = 1e-7) -> tuple[pl.Dataset, pl.Certificate]:
    data = pl.data.sphere(n, d, seed=0)
    start = pl.initial.torch_linear(12, d, seed=100)
    rules = pl.Stop(loss=loss)
    return data, pl.simulate(data, start, 1e5, method="flow", rtol=1e-9, stop=rules).certify()


def held() -> tuple[pl.Dataset, pl.Certificate]:
    data, sol = stalled(60, 5, 6, 5)
    return data, sol.certify()


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
