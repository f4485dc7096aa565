"""`pl.reduce`: the full trajectory in n dimensions; `reduced=True`: the law of the full draw, in n too."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pl_native as pl
from pl_native import model
from problems import orthogonal_problem, problem

CURVES = ("t", "loss", "local_pl", "grad_norm", "invariant_drift")


def far(n: int = 8, d: int = 40, p: int = 5, seed: int = 0, dtype: Any = np.float64) -> Any:
    return problem(n, d, p, seed, dtype)


def dependent(kind: str) -> tuple[pl.Dataset, pl.Network]:
    """Inputs of less than full rank."""
    data, network = far()
    X = data.X.copy()
    if kind == "duplicates":
        X[3], X[5] = X[0], -X[1]
    elif kind == "rank 2":
        X = X[:, :2] @ np.random.default_rng(0).standard_normal((2, 40))
    else:
        X[:, 5:] = 0.0
    return pl.Dataset(X, data.y), network


@pytest.mark.parametrize("kind", ["full rank", "duplicates", "rank 2", "empty coordinates"])
def test_the_reduced_trajectory_is_the_full_one(backend: str, kind: str) -> None:
    """d = 5 n: curves, lifted states and times of the criterion, to 1e-10."""
    data, network = far() if kind == "full rank" else dependent(kind)
    small = pl.reduce(data, network)
    assert (small.data.represented, small.data.d, small.network.d) == (8, 40, 8)
    save = pl.Save(count=9, states=True)
    one = pl.simulate(data, network, 15.0, step=0.25, save=save, backend=backend)
    two = pl.simulate(*small, 15.0, step=0.25, save=save, backend=backend)
    for name in CURVES:
        np.testing.assert_allclose(getattr(two, name), getattr(one, name), 1e-10, 1e-11, err_msg=name)
    np.testing.assert_array_equal(two.n_active, one.n_active)
    for i in range(9):
        lifted = small.lift(two.state(i))
        np.testing.assert_allclose(lifted.W, one.state(i).W, rtol=0, atol=1e-10)
        np.testing.assert_allclose(lifted.a, one.state(i).a, rtol=0, atol=1e-10)
    for name in ("status", "criterion_time", "proved_time", "d"):
        assert (one.stats | {"status": one.status})[name] == (two.stats | {"status": two.status})[name], name
    assert one.loss[-1] < 0.9 * one.loss[0]


@given(st.integers(1, 9), st.integers(1, 30), st.integers(1, 6), st.integers(0, 999))
def test_every_function_of_the_model_agrees(n: int, extra: int, p: int, seed: int) -> None:
    data, network = far(n, n + extra, p, seed)
    small = pl.reduce(data, network)
    np.testing.assert_allclose(small.data.norms, data.norms, rtol=1e-13)
    np.testing.assert_allclose(small.network.norms_sq, network.norms_sq, rtol=1e-12)
    np.testing.assert_allclose(model.gram(small.data), model.gram(data), atol=1e-12)
    for name in ("preactivations", "outputs", "loss", "local_pl", "invariant"):
        got, want = (getattr(model, name)(*both) for both in ((small.data, small.network), (data, network)))
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-11, err_msg=name)
    assert model.weakly_correlated(small.data) is model.weakly_correlated(data)
    assert small.lift(small.network) == network


def test_float32() -> None:
    data, network = far(dtype=np.float32)
    small = pl.reduce(data, network)
    assert (small.data.dtype, small.network.dtype) == (np.float32, np.float32)
    one, two = (pl.simulate(*both, 20.0, step=0.25) for both in ((data, network), small))
    np.testing.assert_allclose(two.loss, one.loss, rtol=1e-3)
    assert small.lift(two.network).dtype == np.float32
    np.testing.assert_allclose(small.lift(two.network).W, one.network.W, atol=1e-5)


@pytest.mark.parametrize("d", [3, 8])
def test_no_more_dimensions_than_points_is_unchanged(d: int) -> None:
    data, network = far(8, d)
    small = pl.reduce(data, network)
    assert small.data is data
    assert small.network is network
    assert small.lift(network) is network


def test_orthogonal_data_are_cut() -> None:
    data, short = orthogonal_problem(n=6, d=9, p=11)
    rest = np.random.default_rng(0).standard_normal((11, 3))
    full = pl.Network(np.hstack([short.W, rest]), short.a)
    small = pl.reduce(data, full)
    assert small.data is data
    assert small.network.d == 6
    sol = pl.simulate(*small, 20.0, step=0.3)
    assert small.lift(sol.network) == pl.simulate(data, full, 20.0, step=0.3).network
    assert pl.reduce(data, short).network is short


def test_a_reduced_problem_is_not_reduced_again() -> None:
    small = pl.reduce(*far())
    again = pl.reduce(*small)
    assert again.data is small.data
    assert again.network is small.network


def test_a_reduction_is_a_problem_of_an_ensemble() -> None:
    small = pl.reduce(*far())
    data, network = small
    (sol,) = pl.simulate_ensemble([small], 3.0)
    assert sol.network == pl.simulate(data, network, 3.0).network


def test_orthogonal_rows_of_a_matrix_stay_weakly_correlated() -> None:
    X = np.zeros((3, 10))
    X[0, :4], X[1, 4:6], X[2, 6:] = 1.0, 2.0, 0.5
    small = pl.reduce(pl.Dataset(X, np.ones(3)), pl.initial.asymmetric(4, 10, seed=0))
    assert model.weakly_correlated(small.data)


def test_what_was_outside_before_stays_outside() -> None:
    data, network = far()
    twice = pl.Network(network.W, network.a, w_perp_sq=np.arange(5.0))
    small = pl.reduce(data, twice)
    np.testing.assert_allclose(small.network.norms_sq, twice.norms_sq, rtol=1e-12)
    np.testing.assert_array_equal(small.lift(small.network).w_perp_sq, np.arange(5.0))


def test_wrong_arguments() -> None:
    data, network = far()
    small = pl.reduce(data, network)
    with pytest.raises(TypeError, match=r"data: expected a pl\.Dataset"):
        pl.reduce(network, network)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"network: expected a pl\.Network"):
        pl.reduce(data, data)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="network: W has 7 columns, expected 40"):
        pl.reduce(data, pl.Network(np.ones((5, 7)), np.ones(5)))
    with pytest.raises(ValueError, match=r"expected 8 .* of which 8 are represented; reduce the network too"):
        pl.simulate(small.data, network, 1.0)
    with pytest.raises(TypeError, match=r"network: expected a pl\.Network"):
        small.lift(data)  # type: ignore[arg-type]
    for wrong in (network, pl.Network(small.network.W, small.network.a)):
        with pytest.raises(ValueError, match="network: expected a state of the reduced problem"):
            small.lift(wrong)


def test_reduced_data_are_data() -> None:
    data = pl.data.sphere(4, 10**9, seed=0, reduced=True)
    assert (data.n, data.d, data.represented, data.reduced) == (4, 10**9, 4, True)
    assert data != pl.Dataset(data.X, data.y)
    assert pickle.loads(pickle.dumps(data)) == data
    assert repr(data).startswith("Dataset(reduced, n=4, d=1000000000")
    plain = pl.Dataset(np.eye(2), [1, 1])
    assert pickle.loads(pickle.dumps(plain)) == plain
    with pytest.raises(ValueError, match="d: expected d >= 2, the coordinates that X holds, got 1"):
        pl.Dataset(np.eye(2), [1, 1], d=1)
    with pytest.raises(TypeError, match="d: expected an integer"):
        pl.Dataset(np.eye(2), [1, 1], d=2.5)  # type: ignore[arg-type]


def test_only_laws_that_no_rotation_changes_are_drawn_reduced() -> None:
    data = pl.data.sphere(4, 4, seed=0, reduced=True)  # d = n, but in a basis of its own
    with pytest.raises(ValueError, match="torch_linear is not rotation invariant"):
        pl.initial.torch_linear(3, 4, seed=1, data=data)
    with pytest.raises(ValueError, match="data: expected orthonormal inputs"):
        pl.initial.group(2, 4, seed=1, data=data)
    with pytest.raises(ValueError, match="reduced: expected d >= n = 5 for a reduced draw, got d = 4"):
        pl.data.sphere(5, 4, seed=0, reduced=True)
    with pytest.raises(TypeError, match="reduced: expected True or False"):
        pl.data.sphere(4, 9, seed=0, reduced=1)  # type: ignore[arg-type]
    for make in (pl.initial.asymmetric, pl.initial.balanced):
        assert pl.simulate(data, make(3, 4, seed=1, data=data), 1.0).stats["steps"] == 1
