"""Python ends while a daemon thread has a run under way (a Dask worker's): it was aborted, "FATAL: exception
not rethrown", because Python ends such a thread where it asks for the GIL.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("pl_native._core")

BEGIN = """
import threading, time
import pl_native as pl
data, network = pl.data.sphere(n=60, d=8, seed=1), pl.initial.asymmetric(p=6, d=8, seed=2)
def run():
    while True:
        {call}
for _ in range(3):
    threading.Thread(target=run, daemon=True).start()
time.sleep(0.1)
print("left")
"""


@pytest.mark.parametrize(
    "call",
    [
        "pl.simulate(data, network, 1e7, progress=lambda done, total: None)",
        "pl.simulate_ensemble([(data, network)] * 40, 5.0, method='flow', events=lambda t, net: net.a[0])",
        "pl.simulate(data, network, 2.0, method='capture', rtol=1e-3)",
    ],
)
def test_python_ends_with_runs_under_way(call: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", BEGIN.format(call=call)], capture_output=True, text=True, timeout=60
    )
    assert found.stdout == "left\n"
    assert found.returncode == 0, found.stderr
    assert "FATAL" not in found.stderr


def test_a_run_after_python_began_to_end() -> None:
    """By a function that is called at exit, after the core's own."""
    text = "import atexit\nimport sys\natexit.register(lambda: print(call()))\n"
    text += "import pl_native as pl\n"
    text += "data, network = pl.data.sphere(9, 4, seed=1), pl.initial.asymmetric(3, 4, seed=2)\n"
    text += "def call(): return pl.simulate(data, network, 1e5, progress=lambda *_: None).status.name"
    found = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60)
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() in ("HORIZON", "NON_FINITE", "UNSTABLE")
