"""Ctrl-C at the very first look, before there is a first state: nothing is claimed, and nothing is read that
was never written.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pl_native as pl
from turning import forced

pytest.importorskip("pl_native._core")

LAWS: dict[str, Callable[[], pl.Dataset]] = {
    "orthogonal": lambda: pl.data.orthogonal(40, seed=1),
    "single precision": lambda: pl.data.orthogonal(40, seed=1, dtype="f4"),
    "dense": lambda: pl.data.sphere(40, 30, seed=1),
}
RUNS: dict[str, Callable[..., Any]] = {
    "one": lambda pair, path, **how: pl.simulate(*pair, 2.0, **how),
    "file": lambda pair, path, **how: pl.simulate(*pair, 2.0, checkpoint=path, **how),
    "many": lambda pair, path, **how: pl.simulate_ensemble([pair] * 3, 2.0, **how),
    "lazily": lambda pair, path, **how: list(pl.iter_ensemble([pair] * 3, 2.0, **how)),
}


@pytest.mark.parametrize("method", ["euler", "flow", "capture", "auto"])
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(
    ("call", "threads"), [("one", 1), ("one", 2), ("file", 2), ("many", 1), ("lazily", 1)]
)
def test_a_run_cut_before_its_first_state(
    method: str, law: str, call: str, threads: int, tmp_path: Path
) -> None:
    """Orthogonal inputs in Euler: the invariants were taken of tiles that had not been filled."""

    def at_once(done: int, total: int) -> None:
        raise KeyboardInterrupt

    data = LAWS[law]()
    pair = data, pl.initial.balanced(3, data.d, seed=1, data=data, dtype=data.dtype)
    with pytest.raises(pl.Interrupted) as told:
        RUNS[call](pair, tmp_path / "run.npz", method=method, progress=at_once, threads=threads)
    for sol in told.value.solutions:
        assert sol.t[0] == 0
        assert sol.status is pl.Status.INTERRUPTED


def test_a_run_of_parts_cut_between_two_was_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at a limit: that was of the part, and nobody's who called."""
    forced(monkeypatch, [("flow", 20.0), ("capture", 20.0), ("flow", None)])
    data = pl.data.sphere(40, 30, seed=1)
    pair = data, pl.initial.balanced(3, 30, seed=1)
    looks = iter(range(10**6))

    def later(done: int, total: int) -> None:
        if next(looks) >= 1:
            raise KeyboardInterrupt

    with pytest.raises(pl.Interrupted) as told:
        pl.simulate_ensemble([pair] * 4, 2.0, method="auto", progress=later, threads=1)
    for sol in told.value.solutions:
        assert sol.status is (pl.Status.HORIZON if sol.t[-1] == 2.0 else pl.Status.INTERRUPTED)
        assert sol.t[-1] == 2.0 or sol.extend(2.0, progress=False).status is pl.Status.HORIZON


@pytest.mark.parametrize("method", ["euler", "flow", "capture", "auto"])
def test_what_a_progress_function_raises_comes_out(method: str) -> None:
    def leaves(done: int, total: int) -> None:
        raise SystemExit(3)

    data = LAWS["orthogonal"]()
    with pytest.raises(SystemExit):
        pl.simulate(data, pl.initial.balanced(3, 40, seed=1, data=data), 2.0, method=method, progress=leaves)
