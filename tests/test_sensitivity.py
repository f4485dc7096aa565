"""What a run tells of its passes of repelling kinks (docs/sensitivity.md), against the trajectory itself and
against runs whose weights are off by a little.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pl_native as pl

pytest.importorskip("pl_native._core")

CLOSE = 0.01  # of norm(w_j) norm(x_i)
TOLD = ("close_passes", "closest_pass", "branch_scatter")


def draw(n: int, d: int, p: int, seed: int) -> tuple[pl.Dataset, pl.Network]:
    return pl.data.sphere(n, d, seed=seed), pl.initial.asymmetric(p, d, seed=seed + 1)


def flow(data: pl.Dataset, net: pl.Network, t_end: float, **options: Any) -> pl.Solution:
    return pl.simulate(data, net, t_end, method="flow", rtol=1e-9, threads=1, **options)


def pairs(data: pl.Dataset, net: pl.Network) -> tuple[Any, Any]:
    """z_ji over norm(w_j) norm(x_i), and a_j r_i, (p, n) each."""
    scales = np.linalg.norm(net.W, axis=1)[:, None] * np.linalg.norm(data.X, axis=1)
    return net.W @ data.X.T / scales, net.a[:, None] * pl.metrics.residual(data, net)


def turns(data: pl.Dataset, sol: pl.Solution, pieces: int = 5) -> list[float]:
    """Least abs(z) of every pass at a repelling kink that turns: on a grid that holds every event."""
    assert sol.switches is not None
    ends = np.unique([0.0, *sol.switches.t, sol.t[-1]])
    grid = np.unique([np.linspace(*piece, pieces) for piece in itertools.pairwise(ends)])
    seen = [pairs(data, sol.at(float(t))) for t in grid]
    z, push = (np.array([one[k] for one in seen]) for k in (0, 1))
    size = np.abs(z)
    least = (size[1:-1] <= size[:-2]) & (size[1:-1] < size[2:]) & (size[1:-1] > 1e-9) & (size[1:-1] < CLOSE)
    same = (z[:-2] * z[1:-1] > 0) & (z[1:-1] * z[2:] > 0) & (push[1:-1] > 0)
    return sorted(size[1:-1][least & same].tolist())


@pytest.mark.parametrize("seed", [1, 3])
def test_the_flow_tells_the_turns_that_its_trajectory_makes(seed: int) -> None:
    """At seeds 1 and 3 the closest pass is one that turns."""
    data, net = draw(60, 5, 6, seed)
    sol = flow(data, net, 42.0, save=pl.Save(dense=True, switches=True))
    found = turns(data, sol)
    assert sol.stats["closest_pass"] == pytest.approx(found[0], rel=0.02)
    assert sol.stats["close_passes"] >= 0.8 * len(found)  # two turns within one step are none


def test_a_pass_just_so_is_told_from_either_side() -> None:
    """Along a line of starts the loss jumps where a pass changes sides; nearer to that the pass told is
    closer, from both sides, and goes to 0.
    """
    data, net = draw(60, 10, 8, 13)
    xi = np.random.default_rng([13, 0]).standard_normal(net.W.shape)

    @functools.cache
    def end(shift: float) -> pl.Solution:
        return flow(data, pl.Network(net.W * (1 + shift * xi), net.a), pl.horizon(60, 8))

    low, high = 1e-3, 1.25e-3  # between them the loss at the end jumps by a fifth
    first, last = end(low), end(high)
    assert abs(math.log(first.loss[-1] / last.loss[-1])) > 0.1
    before = min(first.stats["closest_pass"], last.stats["closest_pass"])
    for _ in range(14):
        middle = end(0.5 * (low + high))
        near_low = abs(math.log(middle.loss[-1] / first.loss[-1])) < 0.07
        low, high = (0.5 * (low + high), high) if near_low else (low, 0.5 * (low + high))
    for shift in (low, high):
        assert end(shift).stats["closest_pass"] < 1e-3 * before
    assert abs(math.log(end(low).loss[-1] / end(high).loss[-1])) > 0.1


@pytest.mark.parametrize("seed", [4, 6])
def test_runs_that_are_off_by_less_than_the_closest_pass_stay_together(seed: int) -> None:
    """And off by 30 times as much they scatter by what was told, to a factor of ten. The closest pass goes
    through at seed 4, and turns at seed 6.
    """
    data, net = draw(60, 10, 8, seed)
    t_end = pl.horizon(60, 8)
    told = flow(data, net, t_end).stats
    rng = np.random.default_rng(seed)

    def scatter(eps: float, copies: int) -> float:
        W = [net.W * (1 + eps * rng.standard_normal(net.W.shape)) for _ in range(copies)]
        return float(np.std([math.log(flow(data, pl.Network(w, net.a), t_end).loss[-1]) for w in W]))

    assert scatter(1e-10, 2) < 1e-10
    assert scatter(0.1 * told["closest_pass"], 3) < 0.3 * told["closest_pass"]
    assert 0.1 < scatter(30 * told["closest_pass"], 7) / told["branch_scatter"] < 10


@pytest.mark.parametrize("method", ["flow", "capture"])
def test_without_repelling_kinks_nothing_is_told(method: str) -> None:
    """Labels below 0 and outer weights above: every a_j r_i < 0."""
    data, net = draw(40, 5, 6, 1)
    data, net = pl.Dataset(data.X, -np.abs(data.y)), pl.Network(net.W, np.abs(net.a))
    stats = pl.simulate(data, net, 20.0, method=method, rtol=1e-4).stats
    assert [stats[name] for name in TOLD] == [0, math.inf, 0.0]


def test_capture_tells_the_turns_of_the_flow() -> None:
    data, net = draw(120, 10, 8, 1)  # whose closest pass turns
    exact = flow(data, net, 80.0).stats
    told = pl.simulate(data, net, 80.0, method="capture", rtol=1e-5).stats
    assert told["closest_pass"] == pytest.approx(exact["closest_pass"], rel=0.1)
    assert told["branch_scatter"] == pytest.approx(exact["branch_scatter"], rel=1e-4)
    # it sees those that turn, and not those that go through
    assert exact["close_passes"] / 2 < told["close_passes"] < exact["close_passes"]


def test_orthogonal_inputs_have_none() -> None:
    data = pl.data.orthogonal(6, 9, seed=0)
    stats = flow(data, pl.initial.asymmetric(11, 9, seed=0, data=data), 5.0).stats
    assert stats.get("closest_pass") is None


ROOT = Path(__file__).parents[1]
ROWS = ROOT / "docs" / "results" / "sensitivity"
needs_sources = pytest.mark.skipif(not ROWS.exists(), reason="needs the source tree")


@needs_sources
def test_the_page_has_the_tables_of_its_rows(bench: Any) -> None:
    page = (ROOT / "docs" / "sensitivity.md").read_text(encoding="utf-8")
    lines = bench("sensitivity_figure").summary(bench("bench_sensitivity").read(ROWS / "ensembles.csv"))
    assert len(lines) > 10
    assert [line for line in lines if line not in page] == []


@needs_sources
def test_no_flow_of_the_page_branches_below_its_closest_pass(bench: Any) -> None:
    figure, rows = bench("sensitivity_figure"), bench("bench_sensitivity").read(ROWS / "ensembles.csv")
    early, *_, late = figure.changes(rows)
    assert " 0% " in early
    assert int(late.split("|")[-2].strip(" %")) >= 80  # told within a factor of ten


def test_advice_tells_before_the_work_what_no_tolerance_settles() -> None:
    assert "not to be had" in pl.advise(*draw(2500, 100, 38, 1), rtol=1e-2).reason


@needs_sources
@pytest.mark.parametrize(("n", "d", "p"), [(600, 60, 33), (1700, 100, 37)])
def test_advice_tells_before_the_work_by_how_much_losses_scatter(n: int, d: int, p: int, bench: Any) -> None:
    """Within three times what capture on another mesh was found to differ by."""
    rows = bench("sensitivity_figure").captures(bench("bench_sensitivity").read(ROWS / "ensembles.csv"), 0.1)
    found = np.median([row["furthest"] for row in rows if row["n"] == n and row["share"] == 1.0])
    said = pl.advise(*draw(n, d, p, 1), rtol=1e-2).reason
    match = re.search(r"losses differ by about ([0-9.]+) %", said)
    assert match is not None
    assert 1 / 3 < 0.01 * float(match[1]) / found < 3
    assert "not to be had" not in said


@needs_sources
def test_what_is_measured_is_not_measured_again(bench: Any, tmp_path: Path) -> None:
    script = bench("bench_sensitivity")
    asked = [script.Question((20, 4, 5), method, 1e-3, 1, 3, (1e-10,)) for method in ("flow", "capture")]
    path = tmp_path / "rows.csv"
    script.measure(path, asked[:1])
    first = path.read_text(encoding="utf-8")
    script.measure(path, asked)
    assert path.read_text(encoding="utf-8").startswith(first)
    rows = script.read(path)
    assert [row["method"] for row in rows] == ["flow"] * 3 + ["capture"] * 3
    assert all(row["scatter"] < 1e-8 for row in rows[:3])


@pytest.mark.slow
@needs_sources
def test_the_figure_is_drawn(bench: Any, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    script = bench("bench_sensitivity")
    bench("sensitivity_figure").draw(
        script.read(ROWS / "ensembles.csv"), script.read(ROWS / "line.csv"), tmp_path
    )
    assert (tmp_path / "sensitivity.png").stat().st_size > 50_000
