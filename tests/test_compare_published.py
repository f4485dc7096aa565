"""The comparison with published counts, on a few cells: rows, log, and both planted faults are there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "tools" / "compare-published"


@pytest.mark.skipif(not SCRIPT.exists(), reason="needs the source tree")
def test_a_tiny_comparison_leaves_rows_and_a_log(tmp_path):
    arguments = [
        "fig4",
        "--cells",
        "10",
        "--runs",
        "3",
        "--out",
        str(tmp_path / "rows"),
        "--results",
        str(tmp_path),
    ]
    command = [sys.executable, str(SCRIPT), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ}, timeout=120)
    assert done.returncode == 0, done.stderr
    log = (tmp_path / "fig4.log").read_text()
    assert log in done.stdout
    for words in (
        "As published:",
        "Planted: n shifted by 3%:",
        "Planted: horizon 10% shorter:",
        "Figure 4: d = 10",
    ):
        assert words in log
    assert log.count("over all n: ") >= 3
    for name in ("fig4.csv", "fig4-shifted.csv"):
        assert len((tmp_path / name).read_text().splitlines()) == 31
    again = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert again.stdout == done.stdout
