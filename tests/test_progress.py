"""What a long call prints, and when it prints nothing."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pl_native as pl
from pl_native import backends
from pl_native._base import progress
from pl_native._run import call_options, execute, task
from problems import problem


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, option: object, tqdm: bool = False) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress.importlib.util, "find_spec", lambda name: tqdm)
    with progress.Progress(option) as reporter:
        for done in (0, 25, 50, 100):
            if reporter.poll is not None:
                reporter.poll(done, 100)
    return stream.getvalue()


def test_plain_lines_in_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_LOG_SECONDS", 0.0)
    lines = shown(monkeypatch, io.StringIO(), True).splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "pl_native:   0 %",
        "pl_native:  25 %",
        "pl_native:  50 %",
        "pl_native: 100 %",
    ]
    assert lines[0].endswith("time left unknown")
    assert lines[-1].endswith("0 s left")


def test_the_time_left_is_not_told_from_the_first_instants(monkeypatch: pytest.MonkeyPatch) -> None:
    """It began with hours for half a minute."""
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    lines = progress._Line(time.perf_counter() - 1.0)
    lines.show(1, 9740)
    assert sys.stderr.getvalue().endswith("time left unknown\n")
    lines = progress._Line(time.perf_counter() - 20.0)
    lines.show(1, 1001)
    assert sys.stderr.getvalue().endswith(", 20000 s left\n")


def test_a_log_is_throttled(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(shown(monkeypatch, io.StringIO(), True).splitlines()) == 2  # the first and the last


def test_a_terminal_line_is_rewritten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_TERMINAL_SECONDS", 0.0)
    text = shown(monkeypatch, Terminal(), True)
    assert text.count("\r") == 4
    assert text.count("\n") == 1


def test_a_bar_where_tqdm_is(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tqdm")
    text = shown(monkeypatch, Terminal(), True, tqdm=True)
    assert "0%|" in text
    assert "pl_native:" not in text


@pytest.mark.parametrize(
    ("stream", "option"),
    [(Terminal(), False), (io.StringIO(), None), (Terminal(), None)],
    ids=["asked for", "not a terminal", "a short call"],
)
def test_silence(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, option: object) -> None:
    assert shown(monkeypatch, stream, option) == ""


def test_none_speaks_after_a_while_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    assert "100 %" in shown(monkeypatch, Terminal(), None)


def test_a_function_is_called_with_done_and_total(backend: str) -> None:
    seen: list[tuple[int, int]] = []
    stop = pl.Stop(wall_time=0.3)
    pl.simulate(
        *problem(), 1e9, backend=backend, stop=stop, progress=lambda done, total: seen.append((done, total))
    )
    assert 2 <= len(seen) <= 50
    done = [d for d, _ in seen]
    assert done == sorted(done)
    assert all(0 <= d <= t for d, t in seen)


# ---------------------------------------------------------------- faults 3.1: progress never ends a call


class Unwritable:
    """A stream whose every write fails."""

    def __init__(self, error: Exception, terminal: bool = False) -> None:
        self.error, self.terminal, self.tried = error, terminal, 0

    def write(self, text: str) -> int:
        self.tried += 1
        raise self.error

    def flush(self) -> None:
        self.tried += 1
        raise self.error

    def isatty(self) -> bool:
        return self.terminal


class Bare:
    """A stream that knows nothing but to write."""

    def __init__(self) -> None:
        self.tried = 0

    def write(self, text: str) -> None:
        self.tried += 1


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


BROKEN: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "closed": closed,
    "full": lambda: Unwritable(OSError(28, "No space left on device")),
    "broken pipe": lambda: Unwritable(BrokenPipeError(32, "Broken pipe")),
    "full terminal": lambda: Unwritable(OSError(28, "No space left on device"), terminal=True),
    "without isatty": Bare,
    "of another kind": lambda: Unwritable(RuntimeError("mine")),
}

LONG: dict[str, Any] = {"stop": pl.Stop(wall_time=0.05)}


def ensemble(folder: Path, progress: Any) -> Any:
    return pl.simulate_ensemble([problem()] * 2, 1e9, progress=progress, **LONG)[1]


def sweep(folder: Path, progress: Any) -> Any:
    cells = pl.sweep.grid(n=[4], d=2, p=2, initialisation="balanced", t_end=2.0, replicates=3)
    assert pl.sweep.run(pl.sweep.plan(cells, seed=1), folder / "rows", progress=progress) == 3


USERS: dict[str, Callable[[Path, Any], Any]] = {
    "run": lambda folder, progress: pl.simulate(*problem(), 1e9, progress=progress, **LONG),
    "flow": lambda folder, progress: pl.simulate(*problem(), 1.0, method="flow", progress=progress),
    "numpy": lambda folder, progress: pl.simulate(
        *problem(), 1e9, backend="numpy", progress=progress, **LONG
    ),
    "ensemble": ensemble,
    "lazily": lambda folder, progress: next(
        pl.iter_ensemble(iter([problem()]), 1e9, progress=progress, **LONG)
    ),
    "checkpoint": lambda folder, progress: pl.simulate(
        *problem(), 1e9, progress=progress, checkpoint=folder / "run.npz", **LONG
    ),
    "extend": lambda folder, progress: pl.simulate(*problem(), 1.0).extend(1e9, progress=progress, **LONG),
    "sweep": sweep,
}


@pytest.mark.parametrize("stream", BROKEN.values(), ids=list(BROKEN))
@pytest.mark.parametrize("user", USERS.values(), ids=list(USERS))
def test_3_1_a_bar_that_cannot_be_written_is_dropped(
    user: Any, stream: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults 3.1: the run, the ensemble, the checkpoint or the sweep ended with the stream's exception."""
    if user is USERS["flow"] and "native" not in backends.available():
        pytest.skip("the flow of numpy says nothing before its end")
    broken = stream()
    monkeypatch.setattr(sys, "stderr", broken)
    for seconds in (
        0.05,
        0.5,
        5.0,
    ):  # beside busy neighbours a short run may end before it is asked how far it is
        monkeypatch.setitem(LONG, "stop", pl.Stop(wall_time=seconds))
        (tmp_path / f"{seconds}").mkdir()
        sol = user(tmp_path / f"{seconds}", True)
        if sol is not None:
            assert sol.status in (pl.Status.WALL_TIME, pl.Status.HORIZON)
        if getattr(broken, "tried", 1) >= 1:
            return
    raise AssertionError("nothing was written")


@pytest.mark.parametrize("tqdm", [False, True])
@pytest.mark.parametrize("stream", BROKEN.values(), ids=list(BROKEN))
def test_3_1_nor_is_the_bar_that_none_asks_for(
    stream: Any, tqdm: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if tqdm:
        pytest.importorskip("tqdm")
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    monkeypatch.setattr(progress.importlib.util, "find_spec", lambda name: tqdm)
    monkeypatch.setattr(sys, "stderr", stream())
    for option in (None, True):
        with progress.Progress(option) as reporter:
            for done in (0, 50, 100):
                if reporter.poll is not None:
                    reporter.poll(done, 100)


def test_3_1_a_bar_is_dropped_when_the_pipe_breaks_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_LOG_SECONDS", 0.0)
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.Progress(True) as reporter:
        assert reporter.poll is not None
        reporter.poll(0, 100)
        stream.close()
        reporter.poll(50, 100)
        later = Unwritable(OSError())
        monkeypatch.setattr(sys, "stderr", later)
        reporter.poll(100, 100)
    assert later.tried == 0


def test_3_1_there_is_no_bar_on_stdout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    pl.simulate(*problem(), 1e9, progress=True, **LONG)
    assert capsys.readouterr().out == ""


def test_3_1_a_function_that_raises_is_told_once_and_ends_nothing(backend: str) -> None:
    calls: list[int] = []

    def broken(done: int, total: int) -> None:
        calls.append(done)
        if len(calls) == 2:
            raise ZeroDivisionError("mine")

    with pytest.warns(RuntimeWarning, match="progress: the function raised ZeroDivisionError: mine") as told:
        sols = pl.simulate_ensemble(
            [problem()] * 2, 1e9, backend=backend, progress=broken, threads=1, stop=pl.Stop(wall_time=0.3)
        )
    assert [sol.status for sol in sols] == [pl.Status.WALL_TIME] * 2
    assert len(calls) == 2
    assert len(told) == 1


def test_fault_7_7_a_bar_that_is_shown_late_counts_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shown after two seconds, with the first quarter done: six seconds are left, not none."""
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    now = time.perf_counter()
    bar = progress._Bar(now - 2.0)
    bar.show(25, 100)
    facts = bar._bar.format_dict
    late = time.perf_counter() - now  # beside busy processes
    assert 2.0 <= facts["elapsed"] <= 2.0 + late + 0.1  # its clock is another
    assert facts["n"] == 25
    assert facts["rate"] is None or 25 / (2.1 + late) <= facts["rate"] <= 12.5
    bar.close()


def test_fault_7_7_flows_of_an_ensemble_count_by_what_they_cost(backend: str) -> None:
    """The first of three, by far the smallest, is no third of the work."""
    if backend == "numba":
        pytest.skip("has no flow")
    seen: list[float] = []
    sizes = ((4, 3, 2), (24, 6, 5), (120, 20, 10))
    problems = [(pl.data.sphere(n, d, seed=1), pl.initial.asymmetric(p, d, seed=2)) for n, d, p in sizes]
    works = [task.work_of(k, *one, 20.0, 1.0, options(backend)) for k, one in enumerate(problems)]
    poll = execute._by_cost(lambda done, total: seen.append(done / total), works, options(backend))
    assert poll is not None
    for done in range(4):
        poll(done, 3)
    assert seen == sorted(seen)
    assert (seen[0], seen[3]) == (0.0, 1.0)
    assert seen[1] < 0.04  # 0.054 with the cost of a call for each
    assert seen[2] < 0.4


def options(backend: str) -> call_options.CallOptions:
    return call_options.checked_options(
        method="flow", rtol=1e-6, atol=1e-9, save=None, stop=pl.Stop(), backend=backend, threads=1
    )
