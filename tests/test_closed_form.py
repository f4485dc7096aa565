"""The closed form of group initialisation against 400 digits, its limits, and the paper's (69)."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import pl_native as pl
from pl_native.theory import (
    group_closed_form,
    group_limit,
    group_norm_as_printed,
    group_start,
    printed_excess,
)

TOLERANCE = 1e-12
SMALLEST = mpmath.mpf("1e-300")


def exactly(t: float, Y: float, n: int, p: int, N0: float, c0: float) -> dict[str, Any]:
    """The formulas of section 4 as they stand, in as many digits as they need."""
    with mpmath.workdps(400):
        t, Y, n, N0, c0 = (mpmath.mpf(v) for v in (t, Y, n, N0, c0))
        x = Y / n * t
        top = (mpmath.cosh(x) + c0 * mpmath.sinh(x)) ** 2
        inner = (1 + c0**2) * mpmath.sinh(2 * x) / 4 + c0 * (mpmath.cosh(2 * x) - 1) / 2 + (1 - c0**2) * x / 2
        N = N0 * top / (1 + 2 * N0 / (p * Y) * inner)
        cosine = (mpmath.sinh(x) + c0 * mpmath.cosh(x)) / (mpmath.cosh(x) + c0 * mpmath.sinh(x))
        gap = Y - N / p
        square = gap**2 + 2 * Y * N / p * (1 - cosine)
        speed = N / n**2 * (square + (Y * cosine - N / p) ** 2)
        return {
            "n_sq": N,
            "cosine": cosine,
            "one_minus_cosine": 1 - cosine,
            "gap": gap,
            "loss": square / (2 * n),
            "local_pl": speed / (p * square / (2 * n)) if square else mpmath.mpf("nan"),
        }


log_n = st.floats(math.log(4), math.log(2e18))
cosines = st.one_of(
    st.just(1.0),
    st.floats(1e-12, 1.0),
    st.floats(-300, 0).map(lambda e: 10**e),
    st.floats(1e-16, 1e-3).map(lambda e: 1 - e),
)


@settings(max_examples=300)
@given(
    log_n=log_n,
    p=st.integers(1, 60),
    D=st.floats(0.05, 20.0),
    N0=st.floats(-8, 0).map(lambda e: 10**e),
    c0=cosines,
    x=st.one_of(st.just(0.0), st.floats(0, 300), st.floats(-18, 0).map(lambda e: 10**e)),
)
@example(log_n=math.log(1e18), p=2, D=2.0, N0=1.0, c0=0.5, x=10.0)
@example(log_n=math.log(4), p=1, D=1.0, N0=1e-8, c0=1.0, x=0.0)
def test_every_field_to_twelve_digits(log_n: float, p: int, D: float, N0: float, c0: float, x: float) -> None:
    """N0 is a fraction of p norm(Y)/2 here, so that nothing passes through 0."""
    n = min(round(math.exp(log_n)), 2 * 10**18)
    Y = D * math.sqrt(n / p)
    start, t = N0 * p * Y / 2, x * n / Y
    got = group_closed_form(t, Y, n, p, N0=start, c0=c0)
    for name, want in exactly(t, Y, n, p, start, c0).items():
        value = float(np.ravel(getattr(got, name))[0])
        if abs(want) > SMALLEST:
            assert abs(value - want) <= TOLERANCE * abs(want), name


@settings(max_examples=100)
@given(ratio=st.floats(1.01, 1e6), c0=st.floats(0.01, 0.999), x=st.floats(0, 40))
def test_starts_above_the_limit_have_an_exact_loss_too(ratio: float, c0: float, x: float) -> None:
    """norm(Y) - N/p passes 0 there, so only N, the loss and mu can be right to relative precision."""
    n, p, Y = 10**6, 3, 500.0
    start, t = ratio * p * Y, x * n / Y
    got, want = group_closed_form(t, Y, n, p, N0=start, c0=c0), exactly(t, Y, n, p, start, c0)
    for name in ("n_sq", "cosine", "one_minus_cosine", "loss", "local_pl"):
        assert abs(float(np.ravel(getattr(got, name))[0]) - want[name]) <= TOLERANCE * abs(want[name]), name


@pytest.mark.parametrize("c0", [[1.0, 1.0], [0.4, 0.9], [1.0, 0.9], [1.0, 0.2]])
def test_curvature_of_several_groups_ends_at_the_slowest(c0: list[float]) -> None:
    """Long after every loss has underflowed, and for mixed groups."""
    labels, n, p = [30.0, 50.0], 1000, 2
    norms, mu = group_limit(labels, n, p, c0=c0)
    late = group_closed_form([1e5, 1e9, 1e300], labels, n, p, c0=c0)
    assert late.loss.tolist() == [0, 0, 0]
    np.testing.assert_allclose(late.local_pl, mu, rtol=1e-12)
    np.testing.assert_allclose(late.n_sq, [norms] * 3, rtol=1e-12)


def test_curvature_is_minus_the_logarithmic_derivative_of_the_loss() -> None:
    t, h = np.linspace(0.5, 60, 40), 1e-4
    both = [group_closed_form(t + e, [8.0, 15.0], 100, 2, N0=[2.0, 0.1], c0=[0.7, 1.0]).loss for e in (-h, h)]
    middle = group_closed_form(t, [8.0, 15.0], 100, 2, N0=[2.0, 0.1], c0=[0.7, 1.0])
    np.testing.assert_allclose(-np.log(both[1] / both[0]) / (2 * h), middle.local_pl, rtol=1e-6)


def test_a_group_at_its_optimum_weighs_nothing() -> None:
    at_rest = group_closed_form([0.0, 5.0], 2.0, 4, 1, N0=2.0)
    assert np.isnan(at_rest.local_pl).all()
    beside = group_closed_form([0.0, 5.0], [2.0, 1.0], 8, 2, N0=[4.0, 1.0])
    alone = group_closed_form([0.0, 5.0], 1.0, 8, 2, N0=1.0)
    np.testing.assert_allclose(beside.local_pl, alone.local_pl)


@pytest.mark.parametrize("c0", [0.05, 0.3, 0.76, 0.99, 1.0])
def test_the_printed_norm_is_right_for_c0_one_only(c0: float) -> None:
    n, p, Y = 10**16, 2, 1e8
    t = np.linspace(0, 40, 400) * n / Y
    excess = group_norm_as_printed(t, Y, n, p, c0=c0) / group_closed_form(t, Y, n, p, c0=c0).n_sq - 1
    assert excess.max() == pytest.approx(float(printed_excess(c0)[0]), abs=1e-3)
    assert excess[0] == pytest.approx(0, abs=1e-14)
    assert abs(excess[-1]) < 1e-6  # both end at p norm(Y)


def test_the_printed_norm_as_the_page_says() -> None:
    assert printed_excess([0.76, 0.3]).round(3).tolist() == [0.136, 0.538]


@pytest.mark.parametrize(("k", "p"), [(4, 5), (1, 3), (12, 1)])
def test_start_of_a_network_is_read_back(k: int, p: int) -> None:
    data = pl.data.group(k * p, p, seed=3)
    size = np.linspace(0.5, 2.0, p)
    c0 = np.where(np.arange(p) % 2 == 0, 1.0, 0.95) if k > 1 else np.ones(p)
    net = pl.initial.group(p, k * p, seed=4, N0=size, c0=c0, data=data)
    found = group_start(data, net)
    np.testing.assert_allclose(found.N0, size)
    np.testing.assert_allclose(found.c0, c0)
    exact = group_closed_form([0.0], *found[:1], data.n, p, N0=found.N0, c0=found.c0)
    assert exact.loss[0] == pytest.approx(pl.metrics.loss(data, net), rel=1e-12)
    assert exact.local_pl[0] == pytest.approx(pl.metrics.local_pl(data, net), rel=1e-12)


def test_start_refuses_what_is_no_group_start() -> None:
    data = pl.data.group(6, 2, seed=1)
    net = pl.initial.group(2, 6, seed=1, data=data)
    with pytest.raises(ValueError, match="network: expected a_j"):
        group_start(data, pl.Network(net.W, net.a * 1.1))
    with pytest.raises(ValueError, match="network: expected z_ji > 0 exactly"):
        group_start(data, pl.Network(np.abs(net.W) + 0.1, net.a))
    with pytest.raises(ValueError, match="orthonormal"):
        group_start(pl.data.sphere(6, 6, seed=1), net)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"t": -1.0}, "t"),
        ({"t": []}, "t"),
        ({"label_norms": 0.0}, "label_norms"),
        ({"label_norms": [1.0, 2.0], "c0": [1.0, 1.0, 1.0]}, "label_norms"),
        ({"N0": -1.0}, "N0"),
        ({"c0": 1.5}, "c0"),
        ({"c0": 0.0}, "c0"),
        ({"n": 0}, "n"),
        ({"p": 0}, "p"),
    ],
)
@pytest.mark.parametrize("function", [group_closed_form, group_norm_as_printed])
def test_nonsense_is_refused_by_name(function: Any, change: dict[str, Any], name: str) -> None:
    given = {"t": 1.0, "label_norms": 1.0, "n": 2, "p": 1, "N0": 1.0, "c0": 1.0} | change
    with pytest.raises(ValueError, match=f"^{name}: "):
        function(**given)
