"""Figure 5 from rows: grids, fits, the verdict on its growth, and faults that it has to notice."""

from __future__ import annotations

import numpy as np
import pytest

from pl_native import protocol
from pl_native.experiments import _power, fig5, published
from published_rows import figure5, figure5_row


def growing(law, widths=(50, 100, 200, 300, 400), runs=40):
    """Rows whose shares are exactly those of logistics at `law(p)`."""
    rows = []
    for p in widths:
        middle = law(p)
        for n in range(round(middle) - 60, round(middle) + 61, 10):
            yes = round(runs / (1 + np.exp((n - middle) / 8)))
            rows += [figure5_row(n, p, k < yes, k) for k in range(runs)]
    return rows


def test_the_paper_preset_is_the_published_grid():
    cells = fig5.tasks("paper")
    assert sorted({c.p for c in cells}) == list(range(50, 401, 10))
    table = published.load(fig5.TABLE)
    for p in (50, 100, 200, 400):
        mine = [(c.n, c.replicates) for c in cells if c.p == p]
        here = table["p"] == p
        assert mine == list(zip(table["n"][here].tolist(), table["runs"][here].tolist(), strict=True))
    for c in cells:
        assert (c.d, c.t_end, c.stop.loss) == (30, protocol.horizon(c.n, c.p), 1 / (2 * c.n))
        assert (c.dtype, c.step, c.initialisation) == ("float32", 1.0, "torch_linear")
    quick = {(c.number, c.t_end) for c in fig5.tasks("quick")}
    assert len(quick - {(c.number, c.t_end) for c in cells}) == 0
    assert sum(c.work * c.replicates for c in fig5.tasks("quick")) < 4e12


def test_published_shares_are_whole_runs():
    table = published.load(fig5.TABLE)
    np.testing.assert_allclose(table["converged"] / table["runs"], table["probability"], atol=1e-12)


def test_the_published_law_is_reproduced_and_sub_linear():
    summary = fig5.summarise(figure5())
    assert summary.test.p_value > 0.01
    table = summary.table()
    assert "Reproduced: N grows slower than p" in table
    assert "least AIC: logarithm" in table
    assert max(map(len, table.splitlines())) <= 160
    ours, theirs = summary.growths[0].power, summary.growths[2].power
    assert abs(ours.slope - theirs.slope) < 0.03


def test_a_shifted_law_is_noticed():
    summary = fig5.summarise(figure5(shift=1.05))
    assert summary.test.p_value < 0.01
    assert any("threshold N" in what for what in summary.disagreements())


@pytest.mark.slow
def test_the_power_told_is_true():
    """A shift of the least detectable size is found at 1 % in about 90 of 100 repetitions."""
    base = fig5.summarise(figure5()).comparisons[200]
    least = _power.detectable_shift([base])
    found = 0
    for seed in range(60):
        rows = [row for row in figure5(seed, shift=1 + least) if row["p"] == 200]
        one = fig5.summarise(rows).comparisons[200]
        ours, theirs = one.measured.threshold, one.published.threshold
        error = np.hypot(ours.interval.width, theirs.interval.width) / 3.92
        found += abs(ours.estimate - theirs.estimate) > 2.576 * error
    assert 42 <= found <= 60  # binomial(60, 0.9) is below 42 once in a million


@pytest.mark.parametrize(
    ("law", "words"),
    [
        (lambda p: 20.0 * p**0.5, "Reproduced: N grows slower than p"),
        (lambda p: 0.3 * p**1.3, "NOT REPRODUCED: N does not grow slower than p"),
        (lambda p: 1.2 * p, "Undecided: N may or may not grow slower than p"),
    ],
)
def test_the_verdict_is_that_of_the_exponent(law, words):
    summary = fig5.summarise(growing(law, widths=(100, 200, 300, 400)))
    assert summary.verdict().startswith(words)
    assert any(words in what for what in summary.disagreements()) == words.startswith("NOT")


def test_partial_and_foreign_rows():
    assert fig5.summarise(growing(lambda p: 100 + p / 10, widths=(50,))).verdict().startswith("Undecided")
    assert "Undecided" in fig5.summarise([]).table()
    with pytest.raises(ValueError, match="d = 31, expected the dimension of figure 5, 30"):
        fig5.summarise([figure5_row(100, 50, True, 0) | {"d": 31}])
