"""The suite over two processes: both work, what the second finds is told, what it loses is seen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import processes

CONFTEST = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import processes
from processes import pytest_addoption, pytest_collection, pytest_runtestloop
processes._FEW = 1
"""

TESTS = """
import os, pathlib, signal, time
import pytest

mine, other = pathlib.Path({mine!r}), pathlib.Path({other!r})

def test_both_processes_are_at_work():
    mine.write_text(str(os.getpid()))
    give_up = time.monotonic() + 60.0
    while not other.exists():
        assert time.monotonic() < give_up
        time.sleep(0.01)

@pytest.mark.parametrize("k", range(3))
def test_fixtures_live_here(k, tmp_path):
    assert tmp_path.exists()

@pytest.mark.skip(reason="as told")
def test_skipped(): ...

def test_of_the_second():
    if os.getppid() == int(other.read_text(encoding="utf-8")) and (what := os.environ["PLANTED"]):
        assert what != "fault", "planted in the second"
        os.kill(os.getpid(), signal.SIGKILL)
"""


def run(folder: Path, planted: str) -> tuple[int, str]:
    """Exit code and words of two files that wait for each other."""
    (folder / "conftest.py").write_text(CONFTEST)
    for mine, other in (("a", "b"), ("b", "a")):
        (folder / f"test_{mine}.py").write_text(TESTS.format(mine=mine, other=other))
        (folder / mine).unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", "-rs", "-W", "error", "-p", "no:cacheprovider"],
        cwd=folder,
        env=os.environ | {"PLANTED": planted},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


@pytest.mark.skipif(processes._processors() < 2, reason="one processor, one process")
def test_both_work_and_nothing_is_lost_in_silence(tmp_path: Path) -> None:
    code, said = run(tmp_path, "fault")
    assert code == 1
    assert "planted in the second" in said
    assert "1 failed, 9 passed, 2 skipped" in said
    assert "SKIPPED [1] test_a.py" in said
    code, said = run(tmp_path, "death")
    assert code == 1
    assert "1 tests not run to their end, as test_" in said
    assert "a process ended with -9" in said
