"""Runs of our own against the published numbers of figures 4, 5 and 6, in law; and a planted shift that the
same tests find.
"""

from __future__ import annotations

import dataclasses

import pytest

from pl_native import experiments, sweep
from pl_native.experiments import fig4, fig5, fig6, planted_faults
from pl_native.stats import overlap
from pl_native.store import Store

pytestmark = pytest.mark.validate


def rows_of(name, cells, folder):
    plan = sweep.plan(cells, seed=2026, name=name)
    return experiments.run(name, plan, Store(folder), progress=False)


@pytest.mark.parametrize(
    ("figure", "size", "shift", "runs"), [(fig4, ("d", 30), 1.4, 40), (fig5, ("p", 50), 1.15, 50)]
)
def test_thresholds_are_the_published_ones_and_a_shift_is_found(figure, size, shift, runs, tmp_path):
    name = figure.__name__.rpartition(".")[2]
    preset = "published" if figure is fig4 else "paper"
    cells = [c for c in figure.tasks(preset) if getattr(c, size[0]) == size[1]]
    cells = [dataclasses.replace(c, replicates=runs) for c in cells]
    (one,) = figure.summarise(rows_of(name, cells, tmp_path / "rows")).comparisons.values()
    assert one.test.p_value > 0.001
    assert overlap(one.measured.threshold.interval, one.published.threshold.interval)
    moved = [planted_faults.shifted(c, shift) for c in cells]
    rows = planted_faults.labelled(rows_of(name, moved, tmp_path / "moved"), shift, [c.n for c in cells])
    (one,) = figure.summarise(rows).comparisons.values()
    assert one.test.p_value < 0.01


@pytest.mark.parametrize("grid", [fig6.Grid(1, 0.01, 40), fig6.Grid(4, 1.0, 16)])
def test_curvature_is_the_published_one_and_another_scale_is_found(grid, tmp_path, monkeypatch):
    monkeypatch.setattr(fig6, "SIZES", (1000, 1300, 1600, 2000))
    monkeypatch.setitem(fig6.PRESETS, "quick", (grid,))
    rows = rows_of("fig6", fig6.tasks("quick"), tmp_path / "rows")
    setting = fig6.summarise(rows).settings[grid.factor, grid.scale]
    for name, beside in setting.published.items():
        assert beside.p_value > 0.001, name
        assert beside.slopes_agree or abs(beside.slope - setting.measures[name].slope.slope) < 1.5 * (
            beside.joint.width / 2
        ), name  # eight intervals of 95 %
    other = {0.01: 1.0, 1.0: 3.0}[grid.scale]  # a network of the other data
    monkeypatch.setitem(fig6.PRESETS, "quick", (dataclasses.replace(grid, scale=other),))
    rows = rows_of("fig6", fig6.tasks("quick"), tmp_path / "other")
    planted = [row | {"scale": grid.scale} for row in rows]
    setting = fig6.summarise(planted).settings[grid.factor, grid.scale]
    assert min(beside.p_value for beside in setting.published.values()) < 0.01
