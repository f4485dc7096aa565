"""The flow against the closed form of group initialisation, and the closed form against 60 digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from closed_form import closed_form, group_start
from flow_support import run
from pl_native import Status
from pl_native.theory import group_closed_form


@pytest.mark.parametrize("rtol", [1e-3, 1e-6, 1e-9, 1e-12])
@pytest.mark.parametrize("c0", [0.05, 0.3, 1.0])
@pytest.mark.parametrize(("n", "p"), [(6, 3), (60, 2), (10_000, 10)])
def test_state_and_residual_within_ten_rtol(n, p, c0, rtol):
    y, W, a = group_start(n, p, c0, np.random.default_rng(n))
    t_end = 2 * n / np.sqrt(n / p) / 1.2 * np.log(n * p)
    t = np.linspace(0, t_end, 9)
    got = run(None, y, W, a, t_end, rtol, norms=np.ones(n), save=t, states=True)
    assert got.status == Status.HORIZON
    Ws, r, exact = closed_form(got.t, y, W, a)
    size = np.sqrt(exact.n_sq)
    assert (np.abs(got.W_saved - Ws).max(axis=2) / size).max() < 10 * rtol
    assert (np.abs(np.abs(got.a_saved) - size) / size).max() < 10 * rtol
    alive = exact.loss > 1e-8 * exact.loss[0]
    residual = y - np.einsum("mj,mji->mi", got.a_saved, got.W_saved) / p
    assert alive.sum() >= 3
    assert np.abs((residual - r) / y)[alive].max() < 10 * rtol


def test_dense_inputs_give_what_orthogonal_ones_give():
    rng = np.random.default_rng(3)
    n, p = 12, 5
    y, W, a = rng.uniform(1, 2, n), rng.standard_normal((p, n)), rng.standard_normal(p)
    norms = rng.uniform(1, 2, n)
    one = run(None, y, W, a, 40.0, 1e-9, norms=norms, orthogonal=True)
    two = run(np.diag(norms), y, W, a, 40.0, 1e-9, orthogonal=True)
    assert np.abs(one.W - two.W).max() < 1e-9
    assert one.counters["off"] == two.counters["off"] >= 3
    assert two.counters["slide_in"] == two.counters["on"] == 0


@pytest.mark.parametrize("n", [4, 10**6, 10**18])
@pytest.mark.parametrize("c0", [0.01, 0.5, 0.999, 1.0])
def test_closed_form_has_no_cancellation(n, c0):
    p, label = 2, float(np.sqrt(n / 2.0))
    t = np.array([0.0, 0.1, 1.0, 5.0, 12.0]) * n / label
    got = group_closed_form(t, label, n, p, c0=c0)
    with mpmath.workdps(80):
        for row, time in enumerate(t):
            Y, c = mpmath.mpf(label), mpmath.mpf(c0)
            x = Y / n * mpmath.mpf(float(time))
            top = (mpmath.cosh(x) + c * mpmath.sinh(x)) ** 2
            inner = (
                (1 + c**2) * mpmath.sinh(2 * x) / 4 + c * (mpmath.cosh(2 * x) - 1) / 2 + (1 - c**2) * x / 2
            )
            N = top / (1 + 2 / (p * Y) * inner)
            cos = mpmath.tanh(x + mpmath.atanh(c)) if c < 1 else mpmath.mpf(1)
            loss = p * ((Y - N / p) ** 2 + 2 * Y * N / p * (1 - cos)) / (2 * n)
            assert abs(got.n_sq[row, 0] / N - 1) < 1e-13
            assert abs(got.gap[row, 0] - (Y - N / p)) < 1e-12 * abs(Y - N / p)
            assert abs(p * got.group_loss[row, 0] - loss) < 1e-12 * loss


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"t": -1.0}, "t"),
        ({"label_norms": 0.0}, "label_norms"),
        ({"N0": -1.0}, "N0"),
        ({"c0": 1.5}, "c0"),
        ({"n": 0}, "n"),
    ],
)
def test_closed_form_refuses_nonsense(change, name):
    given = {"t": 1.0, "label_norms": 1.0, "n": 2, "p": 1, "N0": 1.0, "c0": 1.0} | change
    with pytest.raises(ValueError, match=name):
        group_closed_form(
            given["t"], given["label_norms"], given["n"], given["p"], N0=given["N0"], c0=given["c0"]
        )
