"""What the page of Experiment 1 says follows from rows, here of runs that never were."""

from __future__ import annotations

import numpy as np

import pl_native as pl
from pl_native.experiments.experiment1 import findings, follow, tables
from pl_native.experiments.experiment1.states import states
from pl_native.store import COLUMNS


def row(n, method, setting, criterion, losses=(3.0, 2.0, 1.0, 1.0, 0.5, 0.1), draw=0):
    """A run that ended at 8 t_inf, ten times above the level; `criterion` in t_inf."""
    found = dict.fromkeys(COLUMNS) | dict.fromkeys(follow.DETAILS)
    found |= {"id": "x", "n": n, "d": 7, "p": pl.minimal_width(n), "method": method, "replicate": draw}
    found |= {"rtol" if method == "capture" else "step": setting, "status": "HORIZON", "local_pl_end": 0.01}
    t_inf = tables.t_inf(found)
    found |= {"t_end": 8 * t_inf, "loss_end": 0.1, "criterion_level": 0.01}
    found |= {"criterion_time": None if criterion is None else criterion * t_inf}
    return found | dict(zip(findings.SHOWN, losses, strict=True))


CONVERGED = {"loss_end": 1e-9, "status": "TARGET"}


def test_the_words_follow_from_the_rows():
    inside = [row(2000, "capture", 0.001, time, draw=k) for k, time in enumerate((1.26, 1.44))]
    text = findings.finding_1(inside)
    assert text.count("**confirmed** (2 of 2 runs, share [0.16, 1.00])") == 2
    late = [*inside, row(2000, "capture", 0.001, None, draw=2)]
    assert "after the horizon: **mixed** (2 of 3" in findings.finding_1(late)
    assert "1.35 [1.26, 1.44]; 1 of 3 > 8" in findings.finding_1(late)
    early = [row(2500, "capture", 0.001, 0.9)]
    assert findings.finding_1(early).count("**refuted**") == 2
    other = findings.finding_1([row(3500, "capture", 0.001, None)])
    assert "0 of 1 runs, share [0.00, 1.00]; time 1 of 1 > 8 t_inf" in other  # not there yet is undecided
    assert "refuted" not in other


def test_the_edge_of_stability_is_told_from_the_losses():
    rising, falling = (1.0, 1.5, 2.0, 2.0, 2.0, 20.0), (3.0, 2.0, 1.0, 1.0, 0.5, 0.1)
    one, quarter = row(3000, "euler", 1.0, None, rising), row(3000, "euler", 0.25, 5.0, falling)
    text = findings.finding_2([one, quarter])
    assert text.count("**confirmed**") == 5
    assert "4 t_inf: 200," in text
    text = findings.finding_2([one | {"loss_800": 0.5}, quarter | {"criterion_time": None}])
    assert text.count("**refuted**") == 2
    assert "No runs" in findings.finding_2([one])


def test_steps_are_held_against_the_flow_draw_by_draw():
    low, high = (1.0, 1.0, 1.0, 1.0, 0.5, 0.1), (1.0, 1.0, 1.0, 1.0, 2.0, 0.1)
    rows = [row(61, "capture", 0.001, None, low, 0), row(61, "capture", 0.001, None, high, 1)]
    rows += [row(61, "euler", 1.0, None, high, 0), row(61, "euler", 1.0, None, high, 1)]
    assert "| 61 | 2.5 [1, 4] | - | - |" in findings.edges(rows)


def test_undecided_networks_widen_the_share_to_both_sides():
    """A network is decided by any of its runs; a run that stalls is not decided."""
    rows = [row(61, "capture", rtol, None, draw=k) for k in range(3) for rtol in (0.1, 0.001)]
    assert "n = 61: 3 undecided of 3; share that converges [0.00, 1.00]" in findings.tails(rows)
    rows[0] |= CONVERGED
    rows[3] |= {"status": "DEAD_POINT"}
    rows[4] |= {"status": "STALLED"}
    text = findings.tails(rows)
    assert "n = 61: 1 converged, 1 not converged, 1 undecided of 3; share that converges [0.01, 0.99]" in text
    assert "Runs that stalled: 1 of 6." in text


def test_an_open_run_is_told_with_its_power():
    """t^-2 has local_pl t = 2; one that stalled has come to rest."""
    one = row(61, "capture", 0.001, None)
    one |= {"local_pl_end": 2.0 / one["t_end"]}
    assert (
        "Undecided: n = 61, draw 0, rtol 0.001 is at 10 times the level by 8 t_inf, falling as t^-2.\n"
        in (findings.tails([one]))
    )
    assert "Undecided" not in findings.tails([one | {"status": "STALLED"}])
    assert "Undecided" not in findings.tails([one | CONVERGED])


def test_times_not_reached_are_told_with_the_ends_of_their_runs():
    rows = [row(61, "capture", 0.1, 1.5), row(61, "capture", 0.1, None)]
    rows[1] |= {"t_end": 30 * tables.t_inf(rows[1])}
    assert tables.criterion(rows) == "1.5; 1 of 2 > 30"
    rows[0] |= CONVERGED | {"t_end": 12.34 * tables.t_inf(rows[0])}
    assert tables.target(rows) == "12.3; 1 of 2 > 30"
    rows.append(row(61, "capture", 0.1, None))
    assert tables.target(rows) == "12.3; 2 of 3 > 8..30"


def state(n, **changes):
    """A run of capture with what its frozen flow says."""
    one = row(n, "capture", 0.1, 1.0) | {
        "loss_end": 0.26257,
        "t_end": 30 * pl.horizon(n, pl.minimal_width(n)),
    }
    t_inf = tables.t_inf(one)
    one |= {
        "resting": 8,
        "free_weights": 52,
        "rank": 50,
        "floor": 0.0,
        "slowest_rate": 0.5 / t_inf,
        "crossing": 3,
    }
    one |= {"let_go": 0, "velocity_ratio": 0.99, "to_level": 1.234 * t_inf, "to_target": 47.77 * t_inf}
    return one | changes


def test_the_states_are_told_with_what_they_can_still_remove():
    stuck = {"floor": 0.131285, "let_go": 2, "to_level": np.inf, "to_target": np.inf, "rank": 52}
    assert states([row(50, "capture", 0.1, None)]) == ""
    text = states([state(50)])
    assert "| 50 | 0 | 0.1 | 30 | 26.3 | 8 | 52 | 50 | 0 | 0.5 | 31.2 | 77.8 | 3 | - | 0.99 |" in text
    assert "below 1e-6 of the level at n = 50 (1 state)." in text
    assert "cannot" not in text
    assert "| passed | 77.8 |" in states([state(50, to_level=0.0)])
    both = states([state(50), state(60, **stuck), state(60, **stuck, replicate=1)])
    assert "| 13.1 | 0.5 | never | never | 3 | 2 |" in both
    assert "It is above at n = 60 (2 states): with its kinks as they are the loss cannot, to first" in both
    assert "50.0 [50.0, 50.0] % of the loss is floor. In 2 of 2 the pattern changes" in both
    settled = stuck | {"crossing": 0, "let_go": 0}
    assert "In 1 of 2 the pattern changes" in states([state(60, **settled), state(60, **stuck, replicate=1)])
