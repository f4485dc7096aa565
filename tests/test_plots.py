"""Figures from rows: what is on the axes, what is written, and that nothing leaks into matplotlib's state."""

from __future__ import annotations

import sys

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib.figure import Figure  # noqa: E402

from pl_native import plots  # noqa: E402
from pl_native.experiments import fig3  # noqa: E402
from published_rows import as_published  # noqa: E402


@pytest.fixture(scope="module")
def summary():
    return fig3.summarise(as_published("fig3_published", 1))


def comparison_of(summary):
    return summary.comparisons[1, "torch_linear"]


def texts(ax):
    return [text.get_text() for text in ax.texts] + [text.get_text() for text in ax.get_legend().get_texts()]


def test_figure_3_has_both_panels_and_says_who_is_who(summary):
    figure = plots.figure3(summary)
    left, right = figure.axes
    assert "number of points" in left.get_xlabel()
    assert right.get_yscale() == "log"
    measured = comparison_of(summary).measured.threshold
    assert any(
        "measured, 12 runs per n" in text and f"N = {measured.estimate:.0f}" in text for text in texts(left)
    )
    assert any(
        "published, 80 runs per n" in text and "N = 1656 [1646, 1665]\npaper's estimator: 1651" in text
        for text in texts(left)
    )
    assert any("at 4000" in text for text in texts(left))


def test_a_panel_goes_on_given_axes_and_returns_its_artists(summary):
    ax = Figure().subplots()
    artists = plots.convergence_probability(comparison_of(summary), ax=ax)
    assert len(artists) >= 9
    share = np.array([q.estimate for q in comparison_of(summary).measured.probability])
    drawn = [line.get_ydata() for line in ax.lines]
    assert any(len(y) == share.size and np.array_equal(y, share) for y in drawn)
    ax = Figure().subplots()
    assert len(plots.loss_ratio(comparison_of(summary), ax=ax)) == 2
    assert plots.loss_ratio(comparison_of(summary))


def test_n_equal_dp_is_a_line_when_it_is_on_the_axis(summary):
    ax = Figure().subplots()
    ax.set_xlim(1000, 5000)
    ax.plot([1000, 5000], [0, 1])
    plots.convergence_probability(comparison_of(summary), ax=ax)
    assert any(np.allclose(line.get_xdata(), 4000) for line in ax.lines)


@pytest.mark.parametrize("keep", [(1300, 1400), (1900, 2000), (1300, 2000), (1700,)])
def test_degenerate_curves_are_drawn_without_warnings(keep, tmp_path):
    rows = [row for row in as_published("fig3_published", 1) if row["n"] in keep]
    plots.save(plots.figure3(fig3.summarise(rows)), tmp_path / "fig3")
    assert (tmp_path / "fig3.png").stat().st_size > 10_000


def test_two_settings_make_two_rows():
    rows = as_published("fig3_published", 1) + [
        row | {"id": f"4x {row['id']}"} for row in as_published("fig3_first", 4, every=1)
    ]
    figure = plots.figure3(fig3.summarise(rows))
    assert len(figure.axes) == 4
    assert [ax.get_title(loc="right") for ax in figure.axes[::2]] == [
        "width 1x, torch_linear",
        "width 4x, torch_linear",
    ]


def test_files_are_written_and_the_user_s_style_is_left_alone(summary, tmp_path):
    before = dict(matplotlib.rcParams)
    pdf, png = plots.save(plots.figure3(summary), tmp_path / "fig3")
    assert pdf.read_bytes()[:5] == b"%PDF-"
    assert png.read_bytes()[1:4] == b"PNG"
    assert dict(matplotlib.rcParams) == before


def test_no_rows_no_figure():
    with pytest.raises(ValueError, match="summary: expected rows of at least one setting"):
        plots.figure3(fig3.summarise([]))


def test_without_matplotlib_the_message_says_what_to_install(summary, monkeypatch):
    monkeypatch.setattr(plots, "available", lambda: False)
    with pytest.raises(ImportError, match=r"pip install 'pl_native\[plot\]'"):
        plots.figure3(summary)


def test_importing_plots_does_not_import_matplotlib():
    import subprocess

    script = "import sys, pl_native.plots, pl_native.cli; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
