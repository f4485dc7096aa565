"""How runs of capture end: no status that the flow contradicts, none within the error, and rest."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import pl_native as pl
from capture_support import capture, flow, sliding, wide
from outcomes import interrupting
from pl_native import Status
from problems import endless_criterion, orthogonal_problem, problem

pytest.importorskip("pl_native._core")

CASES = [
    *(lambda s=s: (*sliding(s), 40.0) for s in range(6)),
    *(lambda s=s: (*problem(6, 12, 25, seed=s), 200.0) for s in range(4)),
    *(lambda s=s: (*orthogonal_problem(n=7, d=7, p=3, seed=s), 300.0) for s in range(6)),
    *(lambda s=s: (*orthogonal_problem(n=5, d=8, p=30, seed=s), 300.0) for s in range(6)),
    lambda: (*endless_criterion(), 50.0),
]
STOPS = [pl.Stop(criterion=True, wall_time=60.0), pl.Stop(loss=0.02, wall_time=60.0)]


@functools.cache
def followed(case: int, stop: int | None, t_end: float) -> pl.Solution:
    data, net, _ = CASES[case]()
    return flow(data, net, t_end, rtol=1e-7, stop=pl.Stop() if stop is None else STOPS[stop])


@pytest.mark.parametrize("rtol", [1e-2, 1e-5])
@pytest.mark.parametrize("which", range(len(STOPS)), ids=["criterion", "target"])
def test_no_status_that_the_flow_contradicts(which: int, rtol: float) -> None:
    seen, stop = set(), STOPS[which]
    for case, make in enumerate(CASES):
        data, net, t_end = make()
        sol, true = capture(data, net, t_end, stop=stop, rtol=rtol), followed(case, which, t_end)
        other_end = 0 < sol.t[-1] != true.t[-1]
        at_end = followed(case, None, float(sol.t[-1])) if other_end else true
        level = np.min(data.y**2) / (2 * data.n)
        seen.add(sol.status)
        if sol.status in (Status.CRITERION, Status.CONVERGED):
            assert at_end.loss[-1] < level
            assert true.status in (Status.CRITERION, Status.CONVERGED)
        if sol.status is Status.CONVERGED:
            assert sol.stats["proved_time"] is not None
        if sol.status is Status.TARGET:
            assert at_end.loss[-1] <= stop.loss
        if sol.status is Status.DEAD_POINT:
            assert true.status is Status.DEAD_POINT
            assert sol.stats["loss_bound"] == pytest.approx(true.stats["loss_bound"], rel=1e-9)
        if sol.status is Status.HORIZON:
            assert true.status is Status.HORIZON or true.loss[-1] > 0.9 * sol.loss[-1]
        if None not in (t := (sol.stats["criterion_time"], true.stats["criterion_time"])):
            assert t[0] == pytest.approx(t[1], rel=5 * rtol, abs=1e-9)
    expected = {Status.CRITERION, Status.CONVERGED, Status.DEAD_POINT, Status.HORIZON}
    assert seen == (expected if stop.criterion else {Status.TARGET, Status.HORIZON})


def test_a_level_within_the_error_is_not_claimed() -> None:
    """Closer to the target than two errors of the loss, a run goes on. (That of one mesh only grows.)"""
    for seed in range(3):
        data, net = wide(seed)
        end = capture(data, net, 10.0, rtol=1e-2)
        said = end.stats["loss_error"]
        loose = pl.Stop(loss=end.loss[-1] * (1 + 4 * said), wall_time=60.0)
        tight = pl.Stop(loss=end.loss[-1] * (1 + 0.5 * said), wall_time=60.0)
        assert capture(data, net, 10.0, rtol=1e-2, stop=loose).status is Status.TARGET
        assert capture(data, net, 10.0, rtol=1e-2, stop=tight).status is Status.HORIZON


@pytest.mark.parametrize(("n", "d", "p", "seed"), [(60, 5, 6, 0), (60, 5, 6, 1), (120, 10, 8, 1)])
@pytest.mark.parametrize("rtol", [1e-1, 1e-3])
def test_a_run_comes_to_rest_as_the_flow_does(n: int, d: int, p: int, seed: int, rtol: float) -> None:
    """Above 0, with pairs at their kinks. As long as what was left of their z counted once they were let go,
    steps shrank to 1e-7 there: 10^6 right-hand sides and no end.

    On which branch it comes to rest rounding may decide, so nothing of the flow's own place of rest is asked.
    """
    data, net = pl.data.sphere(n, d, seed=seed), pl.initial.torch_linear(p, d, seed=100 + seed)
    times = np.concatenate([[0.0], np.geomspace(1.0, 1e7, 60)])
    sol = capture(data, net, 1e7, rtol=rtol, save=times, stop=pl.Stop(stall=1e-4, max_steps=20_000))
    assert sol.status is pl.Status.STALLED
    assert (np.diff(sol.loss) <= 1e-7 * sol.loss[:-1]).all()
    assert sol.loss[-1] > 1e-3 * sol.loss[0]
    assert sol.local_pl[-1] * sol.t[-1] < 1e-2  # of the velocity that the inclusion selects there
    assert sol.stats["sliding_end"] > 0


def test_stop_rules() -> None:
    data, net = sliding(0)
    assert capture(data, net, 10.0, stop=pl.Stop(max_steps=3)).status is Status.STEP_LIMIT
    assert capture(data, net, 10.0, stop=pl.Stop(wall_time=1e-9)).status is Status.WALL_TIME
    assert capture(data, net, 200.0, stop=pl.Stop(stall=0.5, wall_time=60.0)).status is Status.STALLED


def test_ctrl_c_is_answered() -> None:
    data, net = problem(3000, 30, 300)
    with pytest.raises(pl.Interrupted) as caught:
        capture(data, net, 1e6, rtol=1e-6, progress=interrupting(40))
    assert [sol.status for sol in caught.value.solutions] == [Status.INTERRUPTED]
