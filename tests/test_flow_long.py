"""Long runs of the flow cost what happens in them: nothing that never comes holds a step.

Draws found among a thousand (n <= 40, d <= 8, p <= 8, rtol 1e-5 to 1e-9), followed to t = 1e5. Bounds are
twice to four times the steps of today; what they were is said with each.
"""

from __future__ import annotations

import numpy as np
import pytest

import pl_native as pl
from pl_native import Status

pytest.importorskip("pl_native._core")

T_END = 1e5


def drawn(inputs: str, start: str, n: int, d: int, p: int, seed: int) -> tuple[pl.Dataset, pl.Network]:
    data = getattr(pl.data, inputs)(n=n, d=d, seed=seed)
    return data, getattr(pl.initial, start)(p=p, d=d, seed=seed)


def followed(problem: tuple[pl.Dataset, pl.Network], rtol: float, most: int) -> pl.Solution:
    """To T_END, in at most so many steps."""
    sol = pl.simulate(*problem, T_END, method="flow", rtol=rtol, stop=pl.Stop(max_steps=most))
    assert sol.status == Status.HORIZON, (sol.status, sol.t[-1], sol.stats["accepted"])
    return sol


@pytest.mark.parametrize(
    ("inputs", "start", "shape", "seed", "rtol", "most", "loss"),
    [
        ("sphere", "balanced", (21, 8, 7), 852077, 1e-5, 10_000, 0.266314353628),  # 68 431 steps
        ("gaussian", "torch_linear", (34, 6, 8), 407885, 1e-5, 12_000, 0.2079506151),  # 236 519
        ("sphere", "balanced", (23, 5, 7), 861193, 1e-5, 20_000, 0.0315265087938),  # 406 203
        ("sphere", "asymmetric", (27, 4, 8), 867832, 1e-9, 45_000, 0.0364235562605),  # 94 468
    ],
)
def test_a_release_that_never_comes_holds_no_step(inputs, start, shape, seed, rtol, most, loss):
    """The share of a sliding pair tends to 1, or its residual to 0. Fast modes, alive within tolerance at the
    edge of stability, promised its release in every Taylor step; none came, and stabilised steps had no turn.
    """
    sol = followed(drawn(inputs, start, *shape, seed), rtol, most)
    assert sol.loss[-1] == pytest.approx(loss, rel=1e-8)


def test_a_step_grown_beyond_its_stages_is_cut():
    """It was longer than 200 stages are stable for: none was taken until the end was near (288 641 steps)."""
    sol = followed(drawn("sphere", "asymmetric", 11, 3, 7, 186931), 1e-6, 15_000)
    assert sol.loss[-1] < 1e-20


@pytest.mark.parametrize(
    ("inputs", "shape", "seed", "rtol", "most"),
    [
        ("gaussian", (17, 2, 4), 473960, 1e-6, 15_000),  # 77 870 steps
        ("sphere", (29, 2, 6), 651054, 1e-8, 9_000),  # 20 062
    ],
)
def test_a_neuron_that_dies_out_leaves_the_others_at_rest(inputs, shape, seed, rtol, most):
    """It shrinks for ever, at a rate of its own; nobody else moves, and nobody sees it."""
    sol = followed(drawn(inputs, "balanced", *shape, seed), rtol, most)
    sizes = np.hypot(np.linalg.norm(sol.network.W, axis=1), sol.network.a)
    assert sizes.min() < 1e-50 < 1e-2 < np.sort(sizes)[1]


def test_a_neuron_that_dies_out_does_not_come_back_on_the_other_side():
    """The squares of its weights left the range of numbers, their invariant was lost, a_j passed 0, and the
    neuron grew from there: the run ended at 0.725767, where no flow does (79 728 steps).
    """
    sol = followed(drawn("sphere", "balanced", 18, 2, 5, 970143), 1e-9, 20_000)
    assert sol.stats["zero_neuron"] == 1
    assert sol.loss[-1] == pytest.approx(0.76697093432, rel=1e-9)
