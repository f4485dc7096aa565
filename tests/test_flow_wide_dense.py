"""Dense output of wide networks: one polynomial per step and neuron, made of the propagators of patterns."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from wide_support import drawn, early_alignment

pytest.importorskip("pl_native._core")


@pytest.mark.parametrize("rtol", [1e-5, 1e-9])
@pytest.mark.parametrize(
    ("problem", "t_end"),
    [(early_alignment(150, 1, 1.0), 60.0), (drawn(8, 2, 200, 2, "asymmetric"), 15.0)],
    ids=["early", "with slides"],
)
def test_dense_output_of_patterns(problem: Any, t_end: float, rtol: float) -> None:
    """One polynomial per step and neuron, made of the propagators: the states of saved times, and the run
    without, whose steps hold several events, to the tolerance; parts of a run join.
    """
    keep: dict[str, Any] = {"count": 40, "states": True}
    run = partial(pl.simulate, *problem, method="flow", rtol=rtol)
    plain, sol = (run(t_end, save=pl.Save(**keep, dense=dense)) for dense in (False, True))
    assert sol.stats["cell_steps"] > 0.9 * sol.stats["steps"]
    states = [sol.state(i) for i in range(len(sol.t))]
    for i, state in enumerate(states):
        other, size = plain.state(i), np.hypot(np.linalg.norm(state.W, axis=1), state.a)
        apart = np.column_stack([other.W - state.W, other.a - state.a])
        assert np.all(np.linalg.norm(apart, axis=1) <= rtol * size)
    parts = run(t_end / 3, save=pl.Save(**keep, dense=True)).extend(t_end)
    for t, state in zip(sol.t, states, strict=True):
        size = np.hypot(np.linalg.norm(state.W, axis=1), state.a)
        for at in (sol.at(t), parts.at(t)):
            apart = np.column_stack([at.W - state.W, at.a - state.a])
            assert np.all(np.linalg.norm(apart, axis=1) <= rtol * size)
    ends = sol.dense.starts[1:]
    for t in ends[:: max(1, len(ends) // 50)]:  # pieces join
        left, right = sol.at(np.nextafter(t, 0)), sol.at(t)
        assert np.abs(left.W - right.W).max() < rtol * np.abs(left.W).max()


def test_dense_output_takes_no_more_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many steps there will be is not known before; 3 MB each at p = 20 000 is soon too much."""
    run = partial(pl.simulate, *early_alignment(200), 400.0, method="flow", save=pl.Save(dense=True))
    whole = sum(coeff.nbytes for coeff in run().dense.coeffs)
    for share in (0.5, 0.9, 3.0):
        monkeypatch.setenv("PL_NATIVE_MAX_BYTES", str(int(share * whole)))
        if share < 1:
            with pytest.raises(MemoryError):
                run()
        else:
            assert sum(coeff.nbytes for coeff in run().dense.coeffs) == whole
