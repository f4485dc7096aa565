"""Switch and slide times known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from flow_support import run
from pl_native import Status
from pl_native._problem.kinks import OFF, ON, SLIDE

THETA = 0.6


def crossing_problem(y2):
    """n = 2, p = 1: x_1 = e_1 is on, a = w_1, so a^2 = w_1^2 follows the logistic law; x_2 is off until w_1
    = w_2 tan(theta)."""
    X = np.array([[1.0, 0.0], [np.cos(THETA), -np.sin(THETA)]])
    start, w2, y1 = 0.3, 1.0, 1.5
    return X, np.array([y1, y2]), np.array([[start, w2]]), np.array([start])


def crossing_time():
    y1, u0, u1 = 1.5, 0.3**2, np.tan(THETA) ** 2
    return np.log((y1 / u0 - 1) / (y1 / u1 - 1)) / y1  # u = w_1^2: du/dt = (2/n) u (y_1 - u), n = 2


@pytest.mark.parametrize(("y2", "mode"), [(1.2, ON), (-2.0, SLIDE)])
@pytest.mark.parametrize("rtol", [1e-10, 1e-12])
def test_time_of_a_crossing_and_of_a_slide_in(y2, mode, rtol):
    got = run(*crossing_problem(y2), 4.0, rtol, switches=True)
    log = got.switches
    assert (log.neuron[0], log.point[0], log.from_mode[0], log.to_mode[0]) == (0, 1, OFF, mode)
    assert abs(log.t[0] / crossing_time() - 1) < 1e-9


def sliding_problem(kappa, y3):
    """n = 3, p = 1, starting on the kink of x_2 = (cos, -sin): w = rho (sin, cos), and h = a
    rho decides everything.

    lam |y_2| = (y_1 cos - kappa y_3 sin) + h sin cos (kappa^2 - 1)
    a = b sinh psi, rho = b cosh psi, d psi/dt = (1/3) (alpha - beta h), h = b^2 sinh(2 psi)/2
    """
    s, c = np.sin(THETA), np.cos(THETA)
    X = np.array([[1.0, 0.0], [c, -s], [0.0, kappa]])
    psi0, b = 0.4, 0.8
    W = b * np.cosh(psi0) * np.array([[s, c]])
    W -= (W @ X[1])[:, None] * X[1]
    return X, np.array([1.5, -1.4, y3]), W, np.array([b * np.sinh(psi0)]), psi0, b


def slide_end(kappa, y3, lam):
    s, c = np.sin(THETA), np.cos(THETA)
    *_, psi0, b = sliding_problem(kappa, y3)
    h = (1.4 * lam - (1.5 * c - kappa * y3 * s)) / (s * c * (kappa**2 - 1))
    alpha, beta = 1.5 * s + kappa * y3 * c, s**2 + kappa**2 * c**2
    psi1 = 0.5 * np.arcsinh(2 * h / b**2)
    # u = exp(2 psi): d psi / (alpha - beta h) = du / (2 (alpha u - k (u^2 - 1))), k = beta b^2 / 4
    k = beta * b**2 / 4
    root = np.sqrt(alpha**2 + 4 * k**2)
    plus, minus = (alpha + root) / (2 * k), (alpha - root) / (2 * k)

    def primitive(psi):
        u = np.exp(2 * psi)
        return np.log((u - minus) / (plus - u)) / (2 * root)

    return 3 * (primitive(psi1) - primitive(psi0))


@pytest.mark.parametrize(("kappa", "y3", "lam", "mode"), [(0.5, 1.5, 0.0, OFF), (1.6, 0.1, 1.0, ON)])
@pytest.mark.parametrize("rtol", [1e-10, 1e-12])
def test_time_of_a_slide_out(kappa, y3, lam, mode, rtol):
    end = slide_end(kappa, y3, lam)
    X, y, W, a, _, _ = sliding_problem(kappa, y3)
    # the product with x_2 may be rounding instead of 0: the pair then reaches the kink within
    # the first instants
    got = run(X, y, W, a, end * 1.2, rtol, switches=True)
    assert got.status == Status.HORIZON
    log = got.switches
    out = np.flatnonzero((log.point == 1) & (log.from_mode == SLIDE))
    assert log.t[log.to_mode == SLIDE][0] < 1e-9
    assert len(out) == 1
    assert log.to_mode[out[0]] == mode
    assert abs(log.t[out[0]] / end - 1) < 1e-9


def test_both_trajectories_from_a_repelling_kink():
    """Appendix C.2: at z = 0 with c > 0 both sides are solutions. z = 0 stays off, and what is 0 to
    rounding too; a start above that goes on."""
    X, y, W = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([1.0, 1.0]), np.array([[0.0, 0.5]])
    documented = run(X, y, W, np.array([1.0]), 5.0, 1e-9)
    rounding = run(X, y, W + np.array([[1e-300, 0.0]]), np.array([1.0]), 5.0, 1e-9)
    other = run(X, y, W + np.array([[1e-13, 0.0]]), np.array([1.0]), 5.0, 1e-9)
    assert documented.W[0, 0] == 0.0
    assert rounding.W[0, 0] == 1e-300
    assert other.W[0, 0] > 0.3
    assert documented.loss[-1] > 0.24 > 1e-2 > other.loss[-1]
