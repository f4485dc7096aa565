"""A real Dask scheduler and two workers, each a process of its own: same rows, whatever is killed."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from pl_native import store, sweep
from pl_native.store import Store
from sweeping import bits

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs dask and distributed"),
]

SPEC = """
name = "cluster"
seed = 11
[cell]
d = 12
p = "width 1x"
initialisation = "torch_linear"
t_end = 20000.0
replicates = 8
[grid]
n = { from = 60, to = 80, step = 5 }
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """Processes that are ended with the test."""

    def __init__(self, folder):
        self.address, self._log = f"tcp://127.0.0.1:{free_port()}", folder / "cluster.log"
        self.processes = []

    def start(self, module, *arguments):
        log = open(self._log, "ab")  # noqa: SIM115 (the child's)
        command = [sys.executable, "-m", module, *arguments]
        self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))
        log.close()
        return self.processes[-1]

    def scheduler(self):
        port = self.address.rpartition(":")[2]
        arguments = ["--host", "127.0.0.1", "--port", port, "--no-dashboard", "--no-show"]
        return self.start("distributed.cli.dask_scheduler", *arguments)

    def odd_worker(self, before):
        """A worker in whose process some Python came first."""
        code = f"import sys\n{before}\nfrom distributed.cli.dask_worker import main\nmain()"
        log = open(self._log, "ab")  # noqa: SIM115 (the child's)
        command = [
            sys.executable,
            "-c",
            code,
            self.address,
            "--nthreads",
            "1",
            "--no-nanny",
            "--no-dashboard",
        ]
        self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))
        log.close()

    def worker(self):
        arguments = [self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        return self.start("distributed.cli.dask_worker", *arguments)

    def wait_for_workers(self, count):
        """Until the scheduler knows that many."""
        code = (
            f"import distributed\ndistributed.Client({self.address!r}).wait_for_workers({count}, timeout=60)"
        )
        subprocess.run([sys.executable, "-c", code], check=True, timeout=90, capture_output=True)

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path)
    yield made
    made.end()


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "cluster.toml"
    path.write_text(SPEC)
    return path


def expected(spec, folder):
    """Rows of the same sweep run here."""
    loaded = sweep.load(spec)
    plan = sweep.plan(loaded.cells, seed=loaded.seed, name=loaded.name)
    sweep.run(plan, folder, progress=False)
    return plan, bits(Store(folder).rows(plan.ids))


def driver(spec, out, address, *more):
    arguments = [
        "sweep",
        "run",
        str(spec),
        "--out",
        str(out),
        "--dask",
        address,
        "--chunk-seconds",
        "0.2",
        *more,
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "pl_native.cli", *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for_rows(out, process, least=1):
    while process.poll() is None and (
        not (out / "shards").exists() or len(list((out / "shards").glob("*.npz"))) < least
    ):
        time.sleep(0.02)


def finished(process, timeout=90):
    try:
        _, errors = process.communicate(timeout=timeout)
    finally:
        process.kill()  # one that hangs fails its own test, not the next one too
        process.wait()
    return process.returncode, errors


def test_rows_of_two_workers_are_those_of_one_process(cluster, spec, tmp_path):
    cluster.scheduler(), cluster.worker(), cluster.worker()
    code, errors = finished(driver(spec, tmp_path / "a", cluster.address))
    assert code == 0, errors
    plan, rows = expected(spec, tmp_path / "b")
    found = Store(tmp_path / "a").rows(plan.ids)
    assert bits(found) == rows
    assert {row["threads"] for row in found} == {1}
    assert store.verify(tmp_path / "a").duplicates == 0


def test_a_worker_killed_midway_costs_nothing(cluster, spec, tmp_path):
    cluster.scheduler(), cluster.worker()
    victim = cluster.worker()
    process = driver(spec, tmp_path / "a", cluster.address)
    wait_for_rows(tmp_path / "a", process)
    os.killpg(victim.pid, signal.SIGKILL)
    code, errors = finished(process)
    assert code == 0, errors
    plan, rows = expected(spec, tmp_path / "b")
    assert bits(Store(tmp_path / "a").rows(plan.ids)) == rows


def test_a_lost_worker_s_chunks_go_to_one_that_came_later(cluster, spec, tmp_path):
    """Chunks are handed out to the workers known then; those of the first alone were waited for forever."""
    cluster.scheduler()
    victim = cluster.worker()
    process = driver(spec, tmp_path / "a", cluster.address)
    wait_for_rows(tmp_path / "a", process)
    os.killpg(victim.pid, signal.SIGSTOP)  # while the other one starts it finishes nothing
    cluster.worker()
    cluster.wait_for_workers(2)
    os.killpg(victim.pid, signal.SIGKILL)
    code, errors = finished(process)
    assert code == 0, errors
    plan, rows = expected(spec, tmp_path / "b")
    assert bits(Store(tmp_path / "a").rows(plan.ids)) == rows


def test_a_killed_scheduler_ends_the_sweep_clearly_and_it_resumes(cluster, spec, tmp_path):
    scheduler = cluster.scheduler()
    cluster.worker(), cluster.worker()
    process = driver(spec, tmp_path / "a", cluster.address)
    wait_for_rows(tmp_path / "a", process)
    os.killpg(scheduler.pid, signal.SIGKILL)
    code, errors = finished(process)
    assert code == 1, errors
    assert errors.splitlines()[-1].startswith("pl-native: failed: the engine was lost"), errors
    assert "Traceback" not in errors, errors
    kept = len(Store(tmp_path / "a"))
    plan, rows = expected(spec, tmp_path / "b")
    assert 0 < kept < len(rows)
    cluster.end()
    cluster.scheduler(), cluster.worker(), cluster.worker()
    code, errors = finished(driver(spec, tmp_path / "a", cluster.address))
    assert code == 0, errors
    assert bits(Store(tmp_path / "a").rows(plan.ids)) == rows


def test_a_client_can_be_handed_over(cluster, spec, tmp_path):
    cluster.scheduler(), cluster.worker()
    code = (
        "import sys, distributed, pl_native as pl\n"
        "spec, out, address = sys.argv[1:]\n"
        "loaded = pl.sweep.load(spec)\n"
        "plan = pl.sweep.plan(loaded.cells, seed=loaded.seed, name=loaded.name)\n"
        "with distributed.Client(address, timeout=20) as client:\n"
        "    assert pl.sweep.run(plan, out, executor=client, progress=False) == 40\n"
        "    assert client.status == 'running'\n"
    )
    arguments = [str(spec), str(tmp_path / "a"), cluster.address]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stderr
    plan, rows = expected(spec, tmp_path / "b")
    assert bits(Store(tmp_path / "a").rows(plan.ids)) == rows


def test_no_scheduler_is_told(spec, tmp_path):
    code, errors = finished(driver(spec, tmp_path / "a", f"tcp://127.0.0.1:{free_port()}"))
    assert code == 1, errors
    assert "pl-native: failed: no Dask scheduler answers at tcp://127.0.0.1:" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (None, "(none is connected)"),
        ("sys.modules['pl_native'] = None", "cannot import pl_native here: "),
        (
            "from pl_native.sweep import remote\nremote.NUMERICS = 0",
            "(numerics 0), the sweep was started with",
        ),
    ],
    ids=["no worker", "no package", "other numerics"],
)
def test_fault_7_4_without_a_worker_that_can_a_line_and_an_error(before, words, cluster, spec, tmp_path):
    """A line after 10 s, an error after the limit; nothing was said for 45 s and more."""
    cluster.scheduler()
    if before is not None:
        cluster.odd_worker(before)
    code, errors = finished(driver(spec, tmp_path / "a", cluster.address, "--worker-timeout", "14"))
    assert code == 1, errors
    told = errors.splitlines()
    assert any(
        "warning: no worker of the Dask cluster" in line and "waiting for one" in line for line in told
    )
    assert told[-1].startswith("pl-native: failed: no worker of the Dask cluster can do this work"), errors
    assert words in told[-1]
    assert "Traceback" not in errors


def test_fault_7_4_a_worker_that_cannot_is_left_aside(cluster, spec, tmp_path):
    cluster.scheduler(), cluster.worker()
    cluster.odd_worker("sys.modules['pl_native'] = None")
    cluster.odd_worker("from pl_native.sweep import remote\nremote.NUMERICS = 0")
    cluster.wait_for_workers(3)
    code, errors = finished(driver(spec, tmp_path / "a", cluster.address))
    assert code == 0, errors
    assert errors.count("left aside") == 2
    plan, rows = expected(spec, tmp_path / "b")
    assert bits(Store(tmp_path / "a").rows(plan.ids)) == rows
