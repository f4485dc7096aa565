"""Convergence proved below the paper's criterion, whatever the pattern does: numbers, words, file, check."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

import pl_native as pl
from pl_native import backends
from pl_native._problem import Status
from pl_native.theory import VerificationError, verify

pytestmark = pytest.mark.skipif("native" not in backends.available(), reason="the core proves")


def below(data: pl.Dataset, start: pl.Network, share: float = 0.8) -> pl.Certificate:
    """Of the flow where sum r_i^2 is `share` of min y_i^2."""
    level = float(np.min(data.y**2)) / (2 * data.n)
    return pl.simulate(data, start, 3e4, method="flow", stop=pl.Stop(loss=share * level)).certify()


def generic() -> tuple[pl.Dataset, pl.Certificate]:
    """Five independent points, too early for a ball about the state."""
    data = pl.data.sphere(5, 8, seed=1)
    return data, below(data, pl.initial.asymmetric(30, 8, seed=2))


def test_the_rate_is_that_of_the_page() -> None:
    data, c = generic()
    assert c.verdict is Status.CONVERGED
    assert math.isinf(c.margins.radius)
    assert len(c.pairs) == 0
    later = pl.simulate(data, c.state, 20 / c.rate, method="flow", rtol=1e-10, save=40)  # type: ignore[operator]
    r_norm = math.sqrt(2 * data.n * later.loss[0])
    height = np.min((np.abs(data.y) - r_norm) / data.norms)
    mu = 2 / data.n * np.linalg.eigvalsh(data.X @ data.X.T)[0] * height
    assert c.rate == pytest.approx(mu, rel=0.02)
    assert np.all(later.loss <= later.loss[0] * np.exp(-c.rate * later.t) * (1 + 1e-6) + 1e-25)  # type: ignore[operator]
    assert c.distance == pytest.approx(2 * math.sqrt(c.state.p * later.loss[0] / mu), rel=0.02)
    verify(c, data)


def test_of_orthogonal_inputs_too_and_of_the_run_that_ends_there() -> None:
    data = pl.data.orthogonal(50, 100, seed=1)
    start = pl.initial.asymmetric(20, 100, seed=3, data=data)
    sol = pl.simulate(data, start, 3e4, method="flow", stop=pl.Stop(criterion=True))
    assert sol.status is Status.CONVERGED
    c = sol.certify()
    assert c.verdict is Status.CONVERGED
    assert math.isinf(c.margins.radius)
    verify(c, data)
    cut = pl.certify(data, pl.Network(sol.network.W, sol.network.a, w_perp_sq=np.full(20, 1e3)))
    assert cut.verdict is None  # norm(w_j) is of all coordinates


def test_it_is_said_and_comes_back_from_its_file(tmp_path: Path) -> None:
    _, c = generic()
    assert "now and for ever" in str(c)
    assert "ball" not in str(c)
    c.save(tmp_path / "c.npz")
    back = pl.Certificate.load(tmp_path / "c.npz")
    assert str(back) == str(c)
    assert back.margins == c.margins


def refused(c: pl.Certificate, data: pl.Dataset, why: str) -> None:
    with pytest.raises(VerificationError, match=why):
        verify(c, data)


def test_it_cannot_be_stretched() -> None:
    data, c = generic()
    assert c.rate is not None
    assert c.distance is not None
    refused(dataclasses.replace(c, rate=1.05 * c.rate), data, r"lam_min\(X X\^T\)")
    refused(dataclasses.replace(c, rate=0.0), data, "above 0")
    refused(dataclasses.replace(c, rate=math.inf), data, "finite")
    refused(dataclasses.replace(c, distance=c.distance / 1.05), data, "the limit is within")
    inner = c.state.W * np.where(np.arange(30) == 7, 1e3, 1.0)[:, None]
    refused(dataclasses.replace(c, state=pl.Network(inner, c.state.a)), data, r"abs\(a_j\) >= norm\(w_j\)")
    early = pl.initial.asymmetric(30, 8, seed=2)
    refused(dataclasses.replace(c, state=early), data, "sum r_i")
    norms = pl.data.orthogonal(4, 4, seed=0)
    sure = below(norms, pl.initial.asymmetric(30, 4, seed=1, data=norms), 0.9)
    assert math.isinf(sure.margins.radius)
    refused(dataclasses.replace(sure, rate=1.05 * sure.rate), norms, "lam_min")  # type: ignore[operator]
    dependent = pl.Dataset([*data.X[:4], data.X[3]], [*data.y[:4], data.y[3]])
    state = below(dependent, pl.initial.asymmetric(30, 8, seed=2)).state
    other = dataclasses.replace(c, state=state, rate=1e-9, distance=1e9, digest=dependent.digest())
    refused(other, dependent, "lam_min")


@pytest.mark.parametrize("exponent", [-500, -300, -100, 0, 100, 200, 300, 500])
def test_correlation_is_that_of_inputs_of_any_size(exponent: int) -> None:
    """Products of inputs beyond 1e39 overflowed, with a warning of NumPy's; of those below 1e-20 none was
    weakly correlated."""
    scale = 2.0**exponent
    weak = pl.Dataset(np.array([[1.0, 0.0], [0.05, 1.0]]) * scale, [1.0, 1.0])
    strong = pl.Dataset(
        np.array([[1.0, 0.0, 0.0], [1.0, 0.3, 0.0], [1.0, 0.3, 0.2]]) * scale, [1.0, 1.0, -1.0]
    )
    assert pl.model.weakly_correlated(weak)
    assert not pl.model.weakly_correlated(strong)
    for method in ("flow", "capture", "auto"):
        pl.simulate(strong, pl.Network(np.ones((1, 3)), [1.0]), 0.0, method=method)
