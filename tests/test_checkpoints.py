"""`simulate(..., checkpoint=)`: a run killed at any moment goes on to the same result."""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from children import long_run
from outcomes import interrupting, native, same_bits
from pl_native import backends
from pl_native._base import files
from pl_native._run import checkpoint, solution_file
from problems import energy, orthogonal_problem, problem, reduced_problem, wide_orthogonal

BACKEND = "native" if "native" in backends.available() else "numpy"


class Killed(BaseException):
    """What no code of ours catches."""


@pytest.fixture
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of a step each, after a first one of none."""
    monkeypatch.setattr(checkpoint, "_SECONDS", 1e-9)


def kill_after(monkeypatch: pytest.MonkeyPatch, writes: int) -> None:
    """The process dies right after so many checkpoints are written."""
    original, left = solution_file.write, [writes]

    def write(*args: Any) -> None:
        original(*args)
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    monkeypatch.setattr(solution_file, "write", write)


MAKES = {
    "dense": problem,
    "one": lambda: problem(1, 1, 1),
    "float32": lambda: problem(31, 7, 5, dtype=np.float32),
    "orthogonal": orthogonal_problem,
    "wide orthogonal": wide_orthogonal,
    "reduced": reduced_problem,
}


@pytest.mark.parametrize("make", MAKES.values(), ids=list(MAKES))
@pytest.mark.parametrize("writes", [1, 7])
def test_killed_runs_go_on_to_the_same_bits(
    backend: str, make: Any, writes: int, file: Path, every_step: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, net = make()
    options: dict[str, Any] = {
        "backend": backend, "save": pl.Save(count=5, states=True, observe=("active", energy)),
        "stop": pl.Stop(loss=1e-9, max_steps=1000), "step": 0.25,
    }  # fmt: skip
    whole = pl.simulate(data, net, 4.25, **options)
    with monkeypatch.context() as patch:
        kill_after(patch, writes)
        with pytest.raises(Killed):
            pl.simulate(data, net, 4.25, checkpoint=file, **options)
    reached = pl.Solution.load(file)
    assert (reached.status, reached.stats["steps"]) == (pl.Status.INTERRUPTED, writes - 1)
    same_bits(pl.simulate(data, net, 4.25, checkpoint=file, **options), whole)
    same_bits(pl.Solution.load(file), whole)
    assert list(file.parent.iterdir()) == [file]


def test_a_kill_while_writing_leaves_the_file_before(
    file: Path, every_step: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, net = problem()
    names: list[Path] = []

    def crash(source: Any, target: Any) -> None:
        names.append(Path(source))
        if len(names) == 4:
            os.link(source, file.parent / "kept")  # what a SIGKILL leaves, and `replacing` would remove
            raise Killed
        os.rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", crash)
        with pytest.raises(Killed):
            pl.simulate(data, net, 9.0, backend=BACKEND, checkpoint=file)
    os.rename(file.parent / "kept", names[-1])
    other = file.parent / f"{files.TEMPORARY}12345678-other.npz"
    other.touch()
    assert pl.Solution.load(file).stats["steps"] == 2
    same_bits(
        pl.simulate(data, net, 9.0, backend=BACKEND, checkpoint=file),
        pl.simulate(data, net, 9.0, backend=BACKEND),
    )
    assert sorted(file.parent.iterdir()) == sorted([file, other])


def test_a_finished_run_is_not_run_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, net = problem()
    sol = pl.simulate(data, net, 9.0, checkpoint=file)
    monkeypatch.setattr(checkpoint, "execute", None)
    same_bits(pl.simulate(data, net, 9.0, checkpoint=str(file)), sol)
    monkeypatch.undo()
    on = pl.Solution.load(file).extend(12.0, data=data)
    same_bits(on, pl.simulate(data, net, 12.0))


def test_ctrl_c_leaves_a_checkpoint(backend: str, file: Path) -> None:
    data, net = problem()
    with pytest.raises(pl.Interrupted) as caught:
        pl.simulate(data, net, 1e7, backend=backend, checkpoint=file, progress=interrupting(2))
    (cut,) = caught.value.solutions
    found = pl.Solution.load(file)
    same_bits(found, cut)
    assert found.status is pl.Status.INTERRUPTED
    with pytest.raises(pl.Interrupted) as again:
        pl.simulate(data, net, 1e7, backend=backend, checkpoint=file, progress=interrupting(2))
    assert again.value.solutions[0].stats["steps"] > cut.stats["steps"]


def test_progress_is_of_the_whole_run(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "_SECONDS", 0.1)
    seen: list[tuple[int, int]] = []
    data, net = problem()
    pl.simulate(data, net, 30_000.0, backend="numpy", checkpoint=file, progress=lambda *now: seen.append(now))
    shares = [done / total for done, total in seen]
    assert len(shares) > 3
    assert shares == sorted(shares)
    assert all(abs(total - 30_000) <= 1 for _, total in seen)


def test_wall_time_counts_over_all_calls(backend: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "_SECONDS", 0.02)
    data, net = problem()
    pl.simulate(data, net, 1.0, backend=backend)  # compiles what is compiled at the first call

    def run(wall_time: float) -> pl.Solution:
        stop = pl.Stop(wall_time=wall_time)
        return pl.simulate(data, net, 1e9, backend=backend, checkpoint=file, stop=stop)

    first = run(0.1)
    assert first.status is pl.Status.WALL_TIME
    assert 0.1 <= first.stats["seconds"] < 5.0
    same_bits(run(0.1), first)
    used = first.stats["seconds"]
    longer = run(used + 0.1)
    assert longer.status is pl.Status.WALL_TIME
    assert longer.stats["steps"] > first.stats["steps"]
    assert used + 0.1 <= longer.stats["seconds"] < used + 5.0


def test_a_slice_that_takes_more_than_is_left_ends_the_run(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine: what was left came out negative, a ValueError of `stop.wall_time`."""
    data, net = problem()
    real = checkpoint.execute

    def slow(*args: Any) -> list[pl.Solution]:
        (sol,) = real(*args)
        return [dataclasses.replace(sol, stats=sol.stats | {"seconds": 7.0})]

    options: dict[str, Any] = {"checkpoint": file, "stop": pl.Stop(wall_time=5.0), "backend": BACKEND}
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "_SECONDS", 0.02)
        patch.setattr(checkpoint, "execute", slow)
        sol = pl.simulate(data, net, 1e9, **options)
    assert sol.status is pl.Status.WALL_TIME
    same_bits(pl.simulate(data, net, 1e9, **options), sol)
    cut = dataclasses.replace(sol, status=pl.Status.INTERRUPTED)
    _, note = solution_file.read(file)
    solution_file.write(vars(cut), file, note)
    assert pl.simulate(data, net, 1e9, **options).status is pl.Status.WALL_TIME


def test_no_wall_time_is_left_of_an_interrupted_run(backend: str, file: Path) -> None:
    """Also where a slice took longer than it was given."""
    data, net = problem()
    with pytest.raises(pl.Interrupted):
        pl.simulate(data, net, 1e7, backend=backend, checkpoint=file, progress=interrupting(2))
    stop = pl.Stop(wall_time=1e-9)
    over = pl.simulate(data, net, 1e7, backend=backend, checkpoint=file, stop=stop)
    assert over.status is pl.Status.WALL_TIME
    assert over.t[-1] == pl.Solution.load(file).t[-1]


@native
def test_the_flow_in_slices(file: Path, every_step: None, monkeypatch: pytest.MonkeyPatch) -> None:
    data, net = problem(40, 8, 6, seed=5)
    save = pl.Save(every=0.5, switches=True, dense=True)
    options: dict[str, Any] = {"method": "flow", "rtol": 1e-8, "save": save}
    whole = pl.simulate(data, net, 2.0, **options)
    with monkeypatch.context() as patch:
        kill_after(patch, 20)
        with pytest.raises(Killed):
            pl.simulate(data, net, 2.0, checkpoint=file, **options)
    sol = pl.simulate(data, net, 2.0, checkpoint=file, **options)
    assert sol.t.tolist() == whole.t.tolist()
    for name in ("events", "accepted", "on", "off", "slide_in", "sliding_end"):
        assert sol.stats[name] == whole.stats[name], name
    np.testing.assert_allclose(sol.network.W, whole.network.W, rtol=0, atol=1e-8)
    np.testing.assert_allclose(sol.at(1.3).W, whole.at(1.3).W, rtol=0, atol=1e-8)
    assert len(sol.switches.t) == len(whole.switches.t)


CHILD = """
import sys
sys.path.insert(0, {tests!r})
from children import long_run
from pl_native._run import checkpoint
checkpoint._SECONDS = 0.05
print("ready", flush=True)
long_run(sys.argv[1], checkpoint=sys.argv[2])
"""


@pytest.mark.slow
@native
@pytest.mark.parametrize("kind", ["dense", "orthogonal"])
def test_sigkill_at_random_moments(kind: str, file: Path) -> None:
    code = CHILD.format(tests=os.path.dirname(__file__))
    rng, steps = random.Random(3), [0]
    while True:
        process = subprocess.Popen(
            [sys.executable, "-c", code, kind, str(file)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.uniform(0.1, 0.7))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        if process.returncode == 0:
            break
        if file.exists():
            steps.append(pl.Solution.load(file).stats["steps"])
        if len(steps) > 8:
            break
    assert steps == sorted(steps)
    assert len(set(steps)) > 3, "the run was not killed on its way"
    same_bits(long_run(kind, checkpoint=file), long_run(kind))
    assert list(file.parent.iterdir()) == [file]
