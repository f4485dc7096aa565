"""Steps on patterns that hold several events. Dense output asks for one polynomial per step and neuron: its
steps end at every event, and it is the same run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pl_native as pl
from flow_support import switch_times
from outcomes import same_bits
from wide_support import drawn, early_alignment, parabola

pytest.importorskip("pl_native._core")

SLIDES = drawn(6, 3, 400, 6, "asymmetric", 1e-3)


def both(problem: Any, t_end: float, **options: Any) -> tuple[pl.Solution, pl.Solution]:
    saves = (pl.Save(count=9, switches=True, dense=dense) for dense in (False, True))
    several, single = (pl.simulate(*problem, t_end, method="flow", save=save, **options) for save in saves)
    for sol in (several, single):
        assert sol.stats["cell_steps"] >= sol.stats["steps"] - 1 > 0
    return several, single


@pytest.mark.parametrize(
    ("problem", "t_end", "rtol", "share"),
    [
        (early_alignment(1000), 60.0, 1e-6, 0.2),
        (parabola(20, 250), 20.0, 1e-5, 0.1),
        (parabola(20, 250), 20.0, 1e-6, 0.1),
        (parabola(20, 500), 5.0, 1e-9, 0.5),
        (drawn(5, 3, 400, 1, "balanced", 1e-3), 8.0, 1e-6, 0.4),
        (drawn(5, 3, 600, 1, "balanced", 0.1), 8.0, 1e-4, 0.4),
        (SLIDES, 8.0, 1e-6, 0.5),
    ],
    ids=["early", "parabola, 1e-5", "parabola", "parabola, 1e-9", "d = 3", "releases", "slides"],
)
def test_they_hold_the_same_events(problem: Any, t_end: float, rtol: float, share: float) -> None:
    several, single = both(problem, t_end, rtol=rtol)
    assert several.stats["steps"] < share * single.stats["steps"]
    for name in ("on", "off", "slide_in", "slide_to_on", "slide_to_off", "repelling", "sliding_end"):
        assert several.stats[name] == single.stats[name], name
    mine, theirs = switch_times(several), switch_times(single)
    assert {pair: len(t) for pair, t in mine.items()} == {pair: len(t) for pair, t in theirs.items()}
    late = np.abs(np.concatenate([np.subtract(times, theirs[pair]) for pair, times in mine.items()]))
    assert np.median(late) < 0.1 * rtol
    assert np.max(late) < 20 * rtol
    one, two = (np.column_stack([sol.network.W, sol.network.a]) for sol in (several, single))
    assert np.all(np.linalg.norm(one - two, axis=1) < rtol * np.linalg.norm(two, axis=1))
    assert np.allclose(several.loss, single.loss, rtol=0.1 * rtol, atol=0)
    assert np.array_equal(several.n_active, single.n_active)
    assert np.max(np.abs(several.invariant_drift)) < 1e-12


def test_slides_begin_and_end_within_them() -> None:
    sol = pl.simulate(*SLIDES, 8.0, method="flow")
    assert min(sol.stats["slide_in"], sol.stats["slide_to_on"], sol.stats["slide_to_off"]) > 50
    assert sol.stats["steps"] < 0.5 * sol.stats["events"]


def test_the_log_is_in_order_of_time() -> None:
    sol = pl.simulate(*parabola(20, 250), 20.0, method="flow", save=pl.Save(switches=True))
    assert sol.switches is not None
    assert np.all(np.diff(sol.switches.t) >= 0)
    assert np.unique(sol.switches.t).size > 20 * sol.stats["steps"]


def test_threads_that_share_the_neurons_followed_change_no_bit() -> None:
    problem = parabola(40, 3000)
    save = pl.Save(count=3, switches=True)
    one, *more = (pl.simulate(*problem, 3.0, method="flow", threads=k, save=save) for k in (1, 2, 3))
    assert one.stats["events"] > 300 * one.stats["steps"]
    for other in more:
        same_bits(one, other)


def test_events_of_ones_own_see_neurons_on_their_way() -> None:
    """A run ends to the bit in the state they were shown, with what has switched by then."""
    problem = parabola(20, 250)
    save = pl.Save(count=2, switches=True)
    whole = pl.simulate(*problem, 6.0, method="flow", save=save)
    told = pl.simulate(*problem, 6.0, method="flow", save=save, events=[lambda t, net: t - 2.0])
    assert told.network == whole.network
    assert whole.switches is not None
    for end in (1.1, 3.77):
        event = pl.Event(lambda t, net, end=end: t - end, terminal=True)
        sol = pl.simulate(*problem, 6.0, method="flow", save=save, events=[event])
        assert (sol.status, sol.stats["cell_steps"]) == (pl.Status.EVENT, sol.stats["steps"])
        assert sol.events is not None
        assert sol.switches is not None
        assert sol.network.W.tobytes() == sol.events.W[-1].tobytes()
        by_then = whole.switches.t <= sol.t[-1]
        assert sol.switches.t.tolist() == whole.switches.t[by_then].tolist()
        assert sol.switches.neuron.tolist() == whole.switches.neuron[by_then].tolist()


def test_levels_are_met_within_them() -> None:
    problem = parabola(20, 250)
    whole = pl.simulate(*problem, 20.0, method="flow")
    level = float(np.sqrt(whole.loss[0] * whole.loss[-1]))
    several, single = both(problem, 20.0, stop=pl.Stop(loss=level))
    for sol in (several, single):
        assert sol.status is pl.Status.TARGET
        assert sol.loss[-1] == pytest.approx(level, rel=1e-9)
    assert several.t[-1] == pytest.approx(single.t[-1], rel=1e-6)
    assert several.stats["steps"] < 0.3 * single.stats["steps"]
