"""What a long call prints, and when it prints nothing."""

from __future__ import annotations

import io
import sys
import time

import pytest

import pl_native as pl
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
    ("stream", "option"), [(Terminal(), False), (io.StringIO(), None), (Terminal(), None)], ids=str
)
def test_silence(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, option: object) -> None:
    """Asked for; not a terminal; a terminal, but the call was short."""
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


def test_fault_7_7_a_bar_that_is_shown_late_counts_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shown after two seconds, with the first quarter done: six seconds are left, not none."""
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    now = time.perf_counter()
    bar = progress._Bar(now - 2.0)
    bar.show(25, 100)
    facts = bar._bar.format_dict
    assert facts["elapsed"] == pytest.approx(2.0, abs=1.0)
    assert (100 - 25) / (facts["n"] / facts["elapsed"]) == pytest.approx(6.0, abs=3.0)
    assert facts["rate"] is None or facts["rate"] == pytest.approx(12.5, rel=0.5)
    bar.close()


def test_fault_7_7_flows_of_an_ensemble_count_by_what_they_cost(backend: str) -> None:
    """The first of three, by far the smallest, is no third of the work."""
    if backend == "numba":
        pytest.skip("has no flow")
    seen: list[float] = []
    sizes = ((4, 3, 2), (12, 5, 4), (24, 6, 5))
    problems = [(pl.data.sphere(n, d, seed=1), pl.initial.asymmetric(p, d, seed=2)) for n, d, p in sizes]
    works = [task.work_of(k, *one, 0.5, 1.0, options(backend)) for k, one in enumerate(problems)]
    poll = execute._by_cost(lambda done, total: seen.append(done / total), works, options(backend))
    assert poll is not None
    for done in range(4):
        poll(done, 3)
    assert seen == sorted(seen)
    assert (seen[0], seen[3]) == (0.0, 1.0)
    assert seen[1] < 0.1
    assert seen[2] < 0.4


def options(backend: str) -> call_options.CallOptions:
    return call_options.checked_options(
        method="flow", rtol=1e-6, atol=1e-9, save=None, stop=pl.Stop(), backend=backend, threads=1
    )
