"""Fault 3.1's siblings: what stands in stderr's place, or stops a stream of problems, ends nothing done."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pl_native as pl
from pl_native.cli import check
from problems import problem


class _Said:
    """An attribute where others have a function."""

    isatty = True

    def write(self, text: str) -> None: ...


class _Raising:
    def isatty(self) -> bool:
        raise RuntimeError("not now")


class _Proxy:
    """Of a stream that is gone."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


@pytest.mark.parametrize("stream", [_Said, _Raising, _Proxy])
@pytest.mark.parametrize("progress", [None, True])
def test_fault_3_1_streams_that_cannot_tell_what_they_are(
    stream: type, progress: bool | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = pl.sweep.Cell(n=4, d=3, p=2, initialisation="asymmetric", t_end=2.0, replicates=1)
    plan = pl.sweep.plan([cell], seed=1)
    monkeypatch.setattr(sys, "stderr", stream())
    ran = pl.simulate(*problem(), 2.0, progress=progress).status
    added = pl.sweep.run(plan, tmp_path / "a", progress=progress)
    monkeypatch.undo()
    assert (ran, added) == (pl.Status.HORIZON, 1)


@pytest.mark.parametrize("stream", [None, _Said()])
def test_fault_3_1_notes_of_check(stream: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`pl-native check 2>&-` ended at its first line of progress."""
    monkeypatch.setattr(sys, "stderr", stream)
    check._note("lemma1: 1 finding")
    monkeypatch.undo()


def _breaking(wrong: bool) -> Iterator[Any]:
    for _ in range(3):
        yield problem()
    if wrong:
        yield problem()[0], 3
    raise OSError("the file of problems has ended")


@pytest.mark.parametrize(("wrong", "error"), [(False, OSError), (True, TypeError)])
def test_problems_before_one_that_cannot_be_had_are_run(wrong: bool, error: type[Exception]) -> None:
    """They were taken ahead together with it, and none of them was given."""
    solutions = pl.iter_ensemble(_breaking(wrong), 2.0, threads=2)
    assert [next(solutions).status for _ in range(3)] == [pl.Status.HORIZON] * 3
    with pytest.raises(error):
        next(solutions)


def test_fault_4_1_directions_ask_for_memory_first() -> None:
    data = problem()[0]
    with pytest.raises(MemoryError, match="an average over 9007199254740992 directions needs"):
        pl.theory.start_curvature(data, pl.theory.law("balanced", data.d), directions=2**53)
