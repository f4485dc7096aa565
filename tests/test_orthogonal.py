"""Orthogonal data as norms: the same runs as on the matrix, at the cost of the live pairs, X never formed."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pl_native as pl
from pl_native import metrics, model
from pl_native.backends import numpy as oracle
from pl_native.backends.native import euler_fields
from problems import euler_task, orthogonal_problem, safe_step

CURVES = ("t", "loss", "local_pl", "grad_norm", "invariant_drift")
sizes = st.sampled_from([1, 2, 3, 7, 15, 16, 31, 32, 33, 63, 64, 65, 129])


def on_the_matrix(data: pl.Dataset, network: pl.Network) -> tuple[pl.Dataset, pl.Network]:
    """The same problem with X written out, in the n coordinates that the data use."""
    short = network.cut(data.n)
    return pl.Dataset(data.inputs(short), data.y), short


def draw(n: int, p: int, seed: int, dtype: Any, scale: float = 1.0) -> tuple[pl.Dataset, pl.Network]:
    data = pl.data.orthogonal(n, n + 4, seed=seed, dtype=dtype)
    return data, pl.initial.asymmetric(p, n + 4, seed=seed, data=data, dtype=dtype, scale=scale)


SAVE = pl.Save(count=7, states=True)


@functools.cache
def by_oracle(n: int, p: int, seed: int, dtype: Any) -> pl.Solution:
    """On the matrix, once for every backend: they are asked about the same draws."""
    data, network = draw(n, p, seed, dtype)
    step = safe_step(data, network)
    return pl.simulate(*on_the_matrix(data, network), 60 * step, step=step, save=SAVE, backend="numpy")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(sizes, st.sampled_from([1, 2, 5, 8, 17]), st.integers(0, 999))
def test_norms_and_matrix_give_the_same_run(backend: str, dtype: Any, n: int, p: int, seed: int) -> None:
    """Curves, saved states, status and counters against the oracle on the matrix, to rounding."""
    data, network = draw(n, p, seed, dtype)
    step = safe_step(data, network)
    got = pl.simulate(data, network, 60 * step, step=step, save=SAVE, backend=backend)
    want = by_oracle(n, p, seed, dtype)
    loose = 1e-10 if dtype == np.float64 else 2e-3
    for name in CURVES:
        mine, theirs = getattr(got, name), getattr(want, name)
        if name == "local_pl":  # NaN where the loss is rounding: about the same there
            shown = ~np.isnan(mine) & ~np.isnan(theirs) & (want.loss > 1e-10 * want.loss[0])
            mine, theirs = mine[shown], theirs[shown]
        scale = float(np.max(np.abs(theirs), initial=0)) + 1.0
        np.testing.assert_allclose(mine, theirs, loose, loose * scale, name)
    assert got.W_saved is not None
    assert got.a_saved is not None
    np.testing.assert_allclose(got.W_saved, want.W_saved, loose, loose)
    np.testing.assert_allclose(got.a_saved, want.a_saved, loose, loose)
    assert got.status is want.status
    bound = want.stats["loss_bound"]
    assert got.stats["loss_bound"] == (None if bound is None else pytest.approx(bound, rel=1e-6))
    if dtype == np.float64:
        np.testing.assert_array_equal(got.n_active, want.n_active)
        for name in ("steps", "first_rise", "rises", "criterion_time", "proved_time"):
            assert got.stats[name] == want.stats[name], name


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_statuses_are_those_of_the_matrix(backend: str, dtype: Any) -> None:
    """Every status that numbers decide, at the same step."""
    seen = set()
    huge = 300.0 if dtype == np.float32 else 1e60
    cases: list[tuple[int, int, float, dict[str, Any]]] = [
        (3, 40, 0.3, {"criterion": True}),
        (1, 40, 0.3, {"criterion": True}),  # Euler's drift left abs(a_j) < norm(w_j): no proof
        (3, 2, 0.3, {"criterion": True}),
        (3, 40, 0.3, {"loss": 1e-3}),
        (3, 2, 0.3, {"stall": 1e-3}),
        (3, 2, 0.3, {"max_steps": 7}),
        (3, 40, 60.0, {"rise": 2.0}),
        (1, 40, huge, {}),
        (3, 40, 0.3, {}),
    ]
    for seed, p, step, stop in cases:
        data, network = draw(12, p, seed, dtype)
        got, want = (
            pl.simulate(*both, 2000 * step, step=step, stop=pl.Stop(**stop), backend=b)
            for both, b in (((data, network), backend), (on_the_matrix(data, network), "numpy"))
        )
        assert (got.status, got.stats["steps"]) == (want.status, want.stats["steps"])
        seen.add(got.status.name)
    assert seen == {
        "NON_FINITE", "CONVERGED", "CRITERION", "TARGET", "DEAD_POINT", "STALLED", "STEP_LIMIT", "UNSTABLE",
        "HORIZON",
    }  # fmt: skip


def test_columns_beyond_n_never_move(backend: str) -> None:
    data, short = orthogonal_problem(n=6, d=9, p=11)
    rest = np.random.default_rng(0).standard_normal((11, 3))
    full = pl.Network(np.hstack([short.W, rest]), short.a, w_perp_sq=np.full(11, 0.25))
    cut = full.cut(6)
    np.testing.assert_allclose(cut.norms_sq, full.norms_sq)
    np.testing.assert_allclose(cut.w_perp_sq, 0.25 + (rest**2).sum(1))
    save = pl.Save(count=4, states=True, observe=("invariant", lambda t, net: net.d))
    one = pl.simulate(data, cut, 30.0, step=0.3, save=save, backend=backend)
    two = pl.simulate(data, full, 30.0, step=0.3, save=save, backend=backend)
    np.testing.assert_array_equal(one.loss, two.loss)
    np.testing.assert_array_equal(two.network.W, np.hstack([one.network.W, rest]))
    np.testing.assert_array_equal(two.network.w_perp_sq, full.w_perp_sq)
    assert two.W_saved is not None
    np.testing.assert_array_equal(two.W_saved[:, :, 6:], np.broadcast_to(rest, (4, 11, 3)))
    np.testing.assert_array_equal(two.W_saved[:, :, :6], one.W_saved)
    np.testing.assert_allclose(one.observed["invariant"], two.observed["invariant"])
    assert two.observed["<lambda>"].tolist() == [9] * 4
    again = pl.simulate(data, two.network, 0.0, backend=backend)
    assert again.network == two.network


def test_the_proof_counts_the_columns_beyond_n(backend: str) -> None:
    """abs(a_j) >= norm(w_j) is about the whole norm: columns that never move can forbid the proof."""
    data = pl.Dataset.orthogonal([1.0, 1.0], [1.0, 1.0], 3)
    for outside, proved in ((0.1, True), (9.0, False)):
        network = pl.Network([[1.5, 0.0, outside], [0.0, 1.5, 0.0]], [1.6, 1.6])
        sol = pl.simulate(data, network, 100.0, step=0.1, backend=backend)
        assert (sol.stats["proved_time"] is not None) is proved


def test_x_is_never_formed(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data, network = orthogonal_problem()

    def forming(*_: Any) -> Any:
        raise AssertionError("X was formed")

    monkeypatch.setattr(pl.Dataset, "_diagonal", forming)
    with pytest.raises(AssertionError, match="X was formed"):
        _ = data.X
    pl.simulate(data, network, 50.0, save=5, stop=pl.Stop(criterion=True), backend=backend)
    for name in model.OBSERVABLES:
        model.observable(name)(data, network)
    for function in (metrics.pl_low, metrics.pl_upp, metrics.pl_lower_bound, metrics.pl_upper_bound):
        function(data, network)
    metrics.velocity(data, network)
    metrics.local_pl_from_matrix(data, network)
    repr(data)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_level_agrees_with_the_oracle_on_the_matrix(dtype: Any) -> None:
    """What the core is handed is (n,), what comes back (p, n), at each instruction-set level."""
    core = pytest.importorskip("pl_native._core")
    for n, p in ((1, 1), (33, 7), (150, 20)):
        data, network = draw(n, p, 5, dtype)
        short = network.cut(n)
        facts: dict[str, Any] = {"n_steps": 100, "step": safe_step(data, network), "orthogonal": True}
        task = euler_task(data, short, X=data.orthogonal_norms, **facts)
        (want,), _ = oracle.euler([euler_task(data, short, **facts)], threads=1, poll=None)
        assert want is not None
        loose = 1e-10 if dtype == np.float64 else 2e-3
        for level in core.levels():
            (got,), _ = core.euler([euler_fields(task)], 1, None, level)
            assert got["W"].shape == (p, n)
            np.testing.assert_allclose(got["W"], want.W, loose, loose, err_msg=level)
            np.testing.assert_allclose(got["loss"], want.loss, loose, loose * want.loss[0], err_msg=level)


def test_one_large_problem_over_threads_has_the_same_bits() -> None:
    pytest.importorskip("pl_native._core")
    data = pl.data.orthogonal(80_000, seed=1, dtype=np.float32)
    network = pl.initial.asymmetric(40, 80_000, seed=2, data=data, dtype=np.float32)
    one, two = (pl.simulate(data, network, 5.0, threads=k, backend="native") for k in (1, 2))
    assert one.network == two.network
    np.testing.assert_array_equal(one.loss, two.loss)


MILLION = """
import re, sys
import pl_native as pl
n, d, p = 10**6, 10**7, pl.minimal_width(10**6)
data = pl.data.orthogonal(n, d, seed=1, dtype=sys.argv[1])
net = pl.initial.asymmetric(p, d, seed=2, data=data, scale=0.01, dtype=sys.argv[1])
sol = pl.simulate(data, net, 5000.0, step=1000.0)
assert sol.stats["steps"] == 5 and sol.loss[-1] < sol.loss[0], sol
assert sol.network.W.shape == (p, n)
with open("/proc/self/status") as told:  # ru_maxrss begins at what the process had that started this one
    print(int(re.search(r"VmHWM:\\s*(\\d+) kB", told.read())[1]) / 2**20)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_million_points_fit_in_a_gibibyte_and_a_half(dtype: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MILLION, dtype], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 1.5, "GiB at the peak, everything included"
