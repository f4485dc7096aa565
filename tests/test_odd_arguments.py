"""Arguments of statistics, theory and files that end in words, not in an exception of Python or NumPy.

Found by 9000 calls of every public function with odd values.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import pl_native as pl
from pl_native import stats, theory
from problems import problem

HUGE = 10**400


@pytest.mark.parametrize("interval", [stats.clopper_pearson, stats.wilson, stats.hoeffding])
def test_counts_beyond_integers_are_refused(interval: Callable[..., object]) -> None:
    for counts in ((3, 1e308), ([1e308], [1e308]), (2**60, 2**61)):
        with pytest.raises(ValueError, match=r"trials|successes"):
            interval(*counts)


@pytest.mark.parametrize(
    "call",
    [
        lambda: stats.mean_interval(HUGE),
        lambda: stats.mean_interval([HUGE]),
        lambda: stats.loglog_slope(HUGE, [[1.0]]),
        lambda: stats.fit([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], HUGE),
        lambda: stats.logistic_threshold(HUGE, [1], [2]),
        lambda: stats.published_threshold(HUGE, [0.5]),
        lambda: stats.two_sample_test(HUGE, ([1], [2]), [1.0], ([1], [2])),
        lambda: stats.student_quantile(0.9, HUGE),
        lambda: stats.f_tail(1.0, HUGE, 3),
        lambda: stats.f_tail(1.0, 3, HUGE),
        lambda: theory.rescaled(problem()[1], 1e308),
        lambda: theory.collapse_example([1e308, 1e308]),
    ],
)
def test_numbers_beyond_range_are_refused_in_words(call: Callable[[], object]) -> None:
    with pytest.raises((ValueError, TypeError), match=r"^\w+: expected"):
        call()


def test_overlap_is_of_intervals() -> None:
    whole = stats.Interval(0.0, 1.0, 0.95)
    for pair, name in (((0.5, whole), "first"), ((whole, None), "second")):
        with pytest.raises(TypeError, match=rf"{name}: expected an Interval"):
            stats.overlap(*pair)


def test_a_drift_beyond_range_is_infinite() -> None:
    data, network = problem()
    assert not np.isfinite(theory.euler_drift(data, network, 1e308)).all()
    drift = theory.euler_drift(data, network, 0.5)
    assert np.isfinite(drift).all()


def test_a_folder_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sol = pl.simulate(*problem(), 1.0, backend="numpy")
    with pytest.raises(IsADirectoryError, match="this is a folder"):
        sol.save(tmp_path)
    with pytest.raises(ValueError, match=r"^path: expected a path that a file can have, got ''"):
        sol.save("")  # it is no name of the current folder either
    assert not list(tmp_path.iterdir())
