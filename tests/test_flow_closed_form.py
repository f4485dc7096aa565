"""The flow against the closed form of group initialisation."""

from __future__ import annotations

import numpy as np
import pytest

from closed_form import closed_form, group_start
from flow_support import run
from pl_native import Status


@pytest.mark.parametrize("rtol", [1e-3, 1e-6, 1e-9, 1e-12])
@pytest.mark.parametrize("c0", [0.05, 0.3, 1.0])
@pytest.mark.parametrize(("n", "p"), [(6, 3), (60, 2), (3000, 10)])
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
