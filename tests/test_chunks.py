"""Chunks of a few seconds, the pace, and progress."""

from __future__ import annotations

import pytest

import pl_native as pl
from pl_native import sweep
from pl_native.sweep import chunks
from sweeping import cell, plan

PURPOSES = (pl.streams.Purpose.DATA, pl.streams.Purpose.NETWORK)
TINY = 1e-9  # seconds of a chunk: one run at a time


class Fixed:
    """A pace that is known."""

    def __init__(self, seconds):
        self._seconds = seconds

    def seconds(self, cell):
        return self._seconds


def test_chunks_are_a_few_seconds_of_work():
    runs = list(plan(cell(replicates=5), cell(n=13, replicates=3)))
    sizes = [len(chunk) for chunk in chunks.chunks(runs, Fixed(1.0), 1, 2.0)]
    assert sizes == [2, 2, 2, 2]
    found = list(chunks.chunks(runs, Fixed(1.0), 2, 1.5))
    assert [len(chunk) for chunk in found] == [4, 4]
    assert [run for chunk in found for run in chunk] == runs
    assert [len(chunk) for chunk in chunks.chunks(runs, Fixed(100.0), 2, 1.0)] == [2, 2, 2, 2]  # whole teams
    assert [len(chunk) for chunk in chunks.chunks(runs, Fixed(1e-9), 2, 1.0)] == [8]


def test_chunks_are_bounded_in_number_and_memory(monkeypatch):
    runs = list(plan(cell(replicates=8)))
    monkeypatch.setattr(chunks, "_MOST_RUNS", 3)
    assert [len(chunk) for chunk in chunks.chunks(runs, Fixed(1e-9), 1, 1.0)] == [3, 3, 2]
    monkeypatch.setattr(chunks, "_MOST_BYTES", 2 * cell().bytes)
    assert [len(chunk) for chunk in chunks.chunks(runs, Fixed(1e-9), 1, 1.0)] == [2, 2, 2, 2]


def test_the_pace_is_learnt():
    runs = list(plan(cell()))
    pace = chunks.Pace("numpy")
    for _ in range(60):
        pace.learn(runs, 5.0)
    assert pace.seconds(cell()) == pytest.approx(2.5, rel=1e-3)
    before = pace.seconds(cell())
    pace.learn(runs, 1e9)
    assert pace.seconds(cell()) < 4 * before
    orthogonal = cell(data="orthogonal", d=10**6, n=100)
    assert orthogonal.work == 4 * 100 * 5 * 20
    assert orthogonal.bytes < 10**5


def test_progress_grows_to_the_end(tmp_path):
    seen = []
    grid = plan(cell(), cell(n=13))
    sweep.run(grid, tmp_path, progress=lambda done, total: seen.append((done, total)), chunk_seconds=TINY)
    done, totals = zip(*seen, strict=True)
    assert list(done) == sorted(done)
    assert all(part <= whole for part, whole in seen)
    assert done[-1] == totals[-1] > 0


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"threads": 0}, "threads: expected an integer >= 1"),
        ({"chunk_seconds": 0}, "chunk_seconds: expected a number > 0"),
        ({"retry_errors": 1}, "retry_errors: expected True or False"),
        ({"extend": 1}, "extend: expected True or False"),
        ({"progress": 1}, "progress: expected None, True, False or a function"),
        ({"executor": 1}, "executor: expected None, a concurrent.futures.Executor"),
        ({"workers": 1}, "workers: unknown, expected some of executor"),
    ],
)
def test_wrong_keywords_are_told_before_any_work(how, words, tmp_path):
    with pytest.raises((ValueError, TypeError), match=words):
        sweep.run(plan(cell()), tmp_path / "a", **how)
    assert not (tmp_path / "a").exists()
