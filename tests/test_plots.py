"""Figures from rows: what is on the axes, what is written, and that nothing leaks into matplotlib's state."""

from __future__ import annotations

import sys
from functools import partial

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib.figure import Figure  # noqa: E402

import pictures  # noqa: E402
from pl_native import plots  # noqa: E402
from pl_native.experiments import _panels, fig3, verdict  # noqa: E402
from pl_native.plots import canvas  # noqa: E402
from published_rows import as_published, law_of  # noqa: E402


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
        "ours, $W$ uniform, 12 runs per $n$" in text and f"$N$ = {measured.estimate:.0f}" in text
        for text in texts(left)
    )
    assert any(
        "published, 80 runs per $n$" in text and "$N$ = 1656 [1646, 1665]\npaper's estimator: 1651" in text
        for text in texts(left)
    )
    assert any("at 4000" in text for text in texts(left))
    assert "first data, at width 4x" in figure.get_supxlabel().replace("\n", " ")


def bars_of(ax, color):
    """Half lengths of the error bars of one colour, above and below."""
    (container,) = [c for c in ax.containers if c.lines[0].get_color() == color]
    segments = np.array(container.lines[2][0].get_segments())
    middle = container.lines[0].get_ydata()
    return segments[:, 1, 1] - middle, middle - segments[:, 0, 1]


def test_published_shares_have_the_paper_s_bars(summary):
    left, _ = plots.figure3(summary).axes
    up, down = bars_of(left, _panels.PUBLISHED.color)
    half = np.sqrt(np.log(2 / 0.05) / (2 * 80))
    share = np.array([q.estimate for q in comparison_of(summary).published.probability])
    np.testing.assert_allclose(up, np.minimum(half, 1 - share), atol=1e-12)
    np.testing.assert_allclose(down, np.minimum(half, share), atol=1e-12)
    ours = comparison_of(summary).measured.probability
    up, _ = bars_of(left, _panels.MEASURED.color)
    np.testing.assert_allclose(up, [q.interval.high - q.estimate for q in ours], atol=1e-12)


def test_published_loss_ratios_have_no_bars(summary):
    _, right = plots.figure3(summary).axes
    up, down = bars_of(right, _panels.PUBLISHED.color)
    assert not up.any()
    assert not down.any()


def test_a_user_s_sweep_is_drawn_on_given_axes():
    rows = as_published("fig3_published", 1)
    ax = Figure().subplots()
    artists = plots.convergence(rows, ax=ax, label="mine")
    assert artists
    share = [sum(r["status"] == "TARGET" for r in rows if r["n"] == n) / 12 for n in range(1300, 2101, 100)]
    assert any(np.array_equal(line.get_ydata(), share) for line in ax.lines)
    assert any(text.startswith("mine, 12 runs per $n$") for text in texts(ax))
    plots.convergence(rows, ax=ax, label="again", color="#009e73")
    assert len(ax.containers) == 2
    assert len(plots.loss_ratio(rows, ax=Figure().subplots())) == 1
    assert plots.convergence(rows)
    by_proof = [row | {"criterion_level": 1 / (2 * row["n"])} for row in rows]
    assert plots.convergence(by_proof, judge=verdict.of_flow)


def test_a_user_s_thresholds_and_slopes_are_drawn(tmp_path):
    rows = [row for d in (70, 80, 90) for row in law_of(d, 12 * d + 50, 40)]
    ax = Figure().subplots()
    plots.threshold(rows, "d", ax=ax, label="mine")
    assert any("N = (12." in text or "N = (11." in text for text in texts(ax))
    assert ax.get_xlabel() == "$d$"
    assert plots.threshold(rows, "d", form=None)
    rng = np.random.default_rng(1)
    rows = [
        {"n": n, "average_pl": float(n**-0.5 * rng.lognormal(0, 0.1))}
        for n in (100, 200, 400)
        for _ in range(9)
    ]
    ax = Figure().subplots()
    plots.slope(rows, ax=ax)
    (text,) = texts(ax)
    assert text.startswith("average_pl: -0.")
    assert ax.get_yscale() == "log"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda rows: plots.threshold(rows, "n"), "by: expected one of 'd', 'p'"),
        (lambda rows: plots.threshold(rows, "d", form="cubic"), "form: expected one of"),
        (lambda rows: plots.threshold([], "d"), "rows: expected at least one run"),
        (lambda rows: plots.convergence([]), "rows: expected at least one run"),
        (lambda rows: plots.slope(rows, "status"), "column: expected one of"),
        (lambda rows: plots.slope([]), "rows: expected at least one run"),
        (lambda rows: plots.slope(rows), "rows: expected at least two runs with a number in average_pl"),
    ],
)
def test_what_cannot_be_drawn_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call(as_published("fig3_published", 1))


def test_n_equal_dp_is_a_line_when_it_is_on_the_axis(summary):
    ax = Figure().subplots()
    ax.set_xlim(1000, 5000)
    ax.plot([1000, 5000], [0, 1])
    _panels.mark_interpolation(ax, partial(fig3.width, factor=1), 100)
    assert any(np.allclose(line.get_xdata(), 4000) for line in ax.lines)


@pytest.mark.parametrize("keep", [(1300, 1400), (1900, 2000), (1300, 2000), (1700,)])
def test_degenerate_curves_are_drawn_without_warnings(keep, tmp_path):
    rows = [row for row in as_published("fig3_published", 1) if row["n"] in keep]
    pictures.small(plots.figure3(fig3.summarise(rows)), tmp_path / "fig3")
    assert (tmp_path / "fig3.png").stat().st_size > 10_000


def test_two_settings_make_two_rows():
    rows = as_published("fig3_published", 1) + [
        row | {"id": f"4x {row['id']}"} for row in as_published("fig3_first", 4, every=1)
    ]
    figure = plots.figure3(fig3.summarise(rows))
    assert len(figure.axes) == 4
    assert [ax.get_title(loc="right") for ax in figure.axes[::2]] == [
        "width 1x: $p$ = 36 to 38",
        "width 4x: $p$ = 149 to 153",
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
    monkeypatch.setattr(canvas, "available", lambda: False)
    with pytest.raises(ImportError, match=r"pip install 'pl_native\[plot\]'"):
        plots.figure3(summary)


def test_importing_plots_does_not_import_matplotlib():
    import subprocess

    script = "import sys, pl_native.plots, pl_native.cli; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
