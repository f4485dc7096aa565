"""Sweeps killed at random moments resume to the same bits; and memory stays flat over very many runs."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from children import grid
from pl_native import backends, store
from pl_native.store import Store
from sweeping import bits

BACKEND = "native" if "native" in backends.available() else "numpy"

CHILD = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where it is ignored from the start
sys.path.insert(0, {tests!r})
from children import grid
from pl_native import sweep
folder, jobs, size = sys.argv[1:]
print("ready", flush=True)
sweep.run(grid(int(size)), folder, progress=False, threads=int(jobs), chunk_seconds=0.02)
"""


def child(folder, jobs, size):
    code = CHILD.format(tests=os.path.dirname(__file__))
    arguments = [sys.executable, "-c", code, str(folder), str(jobs), str(size)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_a_shard(folder, process):
    """Until `folder` has one shard more, or the process has ended."""
    before, give_up = len(list(folder.glob("shards/*.npz"))), time.monotonic() + 60
    while process.poll() is None and len(list(folder.glob("shards/*.npz"))) <= before:
        assert time.monotonic() < give_up, "no shard within a minute"
        time.sleep(0.01)


def kill_and_resume(folder, kills, size, how=signal.SIGKILL):
    """Start, kill at a random moment, start again, ...; returns the number of rows after each kill."""
    rng, kept = random.Random(5), []
    while len(kept) < kills:
        process = child(folder, jobs=1 + len(kept) % 2, size=size)
        process.stdout.readline()
        if len(kept) % 2 == 0:  # every other time not before there are rows, however slow the machine
            wait_for_a_shard(folder, process)
        time.sleep(rng.uniform(0.0, 0.1))
        if process.poll() is None:
            process.send_signal(how)
        process.communicate(timeout=30)
        assert process.returncode != 0, "the sweep ended before it could be killed; make it longer"
        assert store.verify(folder).damaged == ()
        kept.append(len(Store(folder)))
    return kept


@pytest.mark.parametrize(
    ("kills", "size"), [(5, 300), pytest.param(50, 6000, marks=pytest.mark.slow)], ids=["five", "fifty"]
)
def test_a_sweep_killed_again_and_again_ends_with_the_same_bits(kills, size, tmp_path):
    kept = kill_and_resume(tmp_path / "a", kills, size)
    assert kept == sorted(kept)
    assert 0 < kept[-1] < size
    process = child(tmp_path / "a", 2, size)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    todo = grid(size)
    from pl_native import sweep

    sweep.run(todo, tmp_path / "b", progress=False, threads=1)
    assert bits(Store(tmp_path / "a").rows(todo.ids)) == bits(Store(tmp_path / "b").rows(todo.ids))
    verified = store.verify(tmp_path / "a")
    assert verified.ok
    assert verified.duplicates == 0


def test_ctrl_c_keeps_rows(tmp_path):
    kept = kill_and_resume(tmp_path / "a", 1, 300, signal.SIGINT)
    assert kept[0] < 300
    assert store.verify(tmp_path / "a").ok


MEMORY = """
import resource, sys
import pl_native as pl
cells = pl.sweep.grid(n=[2], d=2, p=2, initialisation="balanced", t_end=2.0, replicates=int(sys.argv[2]))
plan = pl.sweep.plan(cells, seed=1)
seen = []
def look(done, total):
    with open("/proc/self/statm") as file:
        seen.append((done / total, int(file.read().split()[1]) * resource.getpagesize()))
assert pl.sweep.run(plan, sys.argv[1], progress=look, threads=2) == int(sys.argv[2])
early = max(m for share, m in seen if share < 0.2)
print((max(m for share, m in seen) - early) / 2**20)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_is_flat_over_very_many_runs(tmp_path):
    command = [sys.executable, "-c", MEMORY, str(tmp_path), "100000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 24.0  # MB grown over the last 80 000 runs
