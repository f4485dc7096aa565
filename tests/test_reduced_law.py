"""`reduced=True`: the law of the full draw, in n dimensions, whatever d; faults planted in it are seen."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

import pl_native as pl
from pl_native import metrics

LEVEL = 1e-3
N, D, P, DRAWS = 6, 12, 12, 700
Draw = Callable[[np.random.Generator], tuple[pl.Dataset, pl.Network]]


def full(rng: np.random.Generator) -> tuple[pl.Dataset, pl.Network]:
    return pl.data.sphere(N, D, seed=rng), pl.initial.asymmetric(P, D, seed=rng)


def direct(rng: np.random.Generator) -> tuple[pl.Dataset, pl.Network]:
    data = pl.data.sphere(N, D, seed=rng, reduced=True)
    return data, pl.initial.asymmetric(P, D, seed=rng, data=data)


def statistics(draw: Draw, seed: int) -> dict[str, np.ndarray]:
    """Numbers of a problem that no rotation changes, over many draws."""
    rng = np.random.default_rng(seed)
    problems = [draw(rng) for _ in range(DRAWS)]
    values = []
    for data, network in problems:
        directions = data.X / data.norms[:, None]
        spectrum = np.linalg.eigvalsh(directions @ directions.T)
        z = metrics.preactivations(data, network)
        live = np.linalg.eigvalsh(z.T @ z)
        gap = np.abs(network.a) - np.sqrt(network.norms_sq)
        values.append(
            [*spectrum[[0, N // 2, -1]], np.prod(spectrum), directions[0] @ directions[-1], *live[[0, 1, -1]],
             z[0, 0], z[-1, -1], network.norms_sq[0], abs(network.a[0]), gap[0], data.norms[-1]]
        )  # fmt: skip
    runs = pl.simulate_ensemble(problems, 6.0, step=0.1, save=4)
    curves = np.array([[run.loss[0], *run.loss[1:] / run.loss[0]] for run in runs]).T
    names = (
        "smallest eigenvalue", "middle eigenvalue", "largest eigenvalue", "determinant", "last cosine",
        "live 0", "live 1", "live last", "z of the first", "z of the last", "norm of w", "abs a", "gap",
        "norm of x",
    )  # fmt: skip
    return dict(zip(names, np.array(values).T, strict=True)) | {f"loss {k}": c for k, c in enumerate(curves)}


@pytest.fixture(scope="module")
def of_the_full_draw() -> dict[str, np.ndarray]:
    return statistics(full, 1)


def rejected(got: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> set[str]:
    """Statistics whose laws differ (two-sample Kolmogorov-Smirnov at 1 in 1000 over all of them)."""
    level = LEVEL / len(expected)
    return {name for name in expected if stats.ks_2samp(got[name], expected[name]).pvalue < level}


def test_the_direct_draw_has_the_law_of_the_full_one(of_the_full_draw: dict[str, np.ndarray]) -> None:
    assert rejected(statistics(direct, 2), of_the_full_draw) == set()


def test_one_degree_of_freedom_too_few_is_seen(
    of_the_full_draw: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pl.data, "_degrees", lambda n, d: float(d) - 1 - np.arange(n))
    seen = rejected(statistics(direct, 2), of_the_full_draw)
    assert {"smallest eigenvalue", "determinant"} <= seen
    assert "norm of w" not in seen


def test_degrees_that_do_not_fall_are_seen(
    of_the_full_draw: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pl.data, "_degrees", lambda n, d: np.full(n, float(d)))
    assert {"smallest eigenvalue", "determinant"} <= rejected(statistics(direct, 2), of_the_full_draw)


def test_a_remainder_left_out_is_seen(of_the_full_draw: dict[str, np.ndarray]) -> None:
    """abs(a_j) drawn from the norm in the span only: seen in a, and in the loss that follows."""

    def planted(rng: np.random.Generator) -> tuple[pl.Dataset, pl.Network]:
        data, network = direct(rng)
        inside = np.sqrt(network.norms_sq - network.w_perp_sq) - np.sqrt(network.norms_sq)
        return data, pl.Network(network.W, network.a + np.sign(network.a) * inside)

    assert {"norm of w", "abs a", "loss 1", "loss 2", "loss 3"} <= rejected(
        statistics(planted, 2), of_the_full_draw
    )


def test_a_network_of_dimension_n_is_seen(of_the_full_draw: dict[str, np.ndarray]) -> None:
    """W ~ N(0, I/n) in the span, in place of N(0, I/d): seen in the pre-activations."""

    def planted(rng: np.random.Generator) -> tuple[pl.Dataset, pl.Network]:
        data, network = direct(rng)
        return data, pl.Network(network.W * np.sqrt(D / N), network.a, w_perp_sq=network.w_perp_sq)

    assert {"live 0", "live 1", "live last"} <= rejected(statistics(planted, 2), of_the_full_draw)


@pytest.mark.parametrize("d", [10**6, 10**9, 10**15])
def test_chi_squares_of_many_degrees_are_accurate(d: int) -> None:
    """Their spread is sqrt(2/d) of their size: 3e-8 at d = 10^15."""
    data = pl.data.sphere(3, d, seed=0, reduced=True)
    rest = pl.initial.balanced(4000, d, seed=1, data=data).w_perp_sq
    degrees = d - 3
    standard = (rest * d - degrees) / np.sqrt(2 * degrees)
    assert stats.kstest(standard, stats.norm.cdf).pvalue > LEVEL
    assert stats.kstest(standard + 0.1, stats.norm.cdf).pvalue < LEVEL
    cosines = np.array([cosine(d, seed) for seed in range(2000)])
    assert stats.kstest(cosines * np.sqrt(d), stats.norm.cdf).pvalue > LEVEL


def cosine(d: int, seed: int) -> float:
    data = pl.data.sphere(2, d, seed=seed, reduced=True, norms=(1.0, 1.0))
    return float(data.X[0] @ data.X[1])


def draw_at(d: int) -> tuple[pl.Dataset, pl.Network]:
    data = pl.data.sphere(300, d, seed=1, reduced=True)
    return data, pl.initial.asymmetric(31, d, seed=2, data=data)


def test_any_dimension_takes_the_memory_of_d_equal_n() -> None:
    """To the byte; its time is measured by bench/bench_reduction.py."""
    dimensions = (300, 10**6, 10**9)
    peak = {}
    draw_at(300)
    for d in dimensions:
        tracemalloc.start()
        draw_at(d)
        peak[d] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert max(peak.values()) <= 1.01 * peak[300]
    sizes = {d: (draw_at(d)[0].X.shape, draw_at(d)[1].W.shape) for d in dimensions}
    assert set(sizes.values()) == {((300, 300), (31, 300))}
