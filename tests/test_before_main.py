"""Ctrl-C while a command still imports: one line and 130, whatever import is under way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pl_native._base import before_main

PRESSES = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where it is ignored from the start
class Presses:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["PRESS_AT"]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Presses())
"""


@pytest.mark.parametrize("module", ["numpy", "pl_native.simulation", "pl_native.cli.parsing"])
def test_ctrl_c_while_a_command_imports(module: str, tmp_path: Path) -> None:
    """A traceback came, of half a screen."""
    (tmp_path / "sitecustomize.py").write_text(PRESSES)
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    pressed = subprocess.run(
        [sys.executable, "-m", "pl_native", "sweep", "status", "a b"],
        env={**os.environ, "PYTHONPATH": paths, "PRESS_AT": module},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert pressed.stderr == "\ninterrupted. To begin anew: pl-native sweep status 'a b'\n"
    assert (pressed.returncode, pressed.stdout) == (130, "")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("python /usr/bin/pl-native doctor", True),
        ("python -m pl_native doctor", True),
        ("python -X dev -W error -I -m pl_native.cli doctor", True),
        ("python -m pytest pl-native", False),
        ("python -c pass pl-native", False),
        ("python my.py pl-native", False),
        ("python", False),
    ],
)
def test_only_commands_are_guarded(words: str, command: bool) -> None:
    assert before_main.runs_a_command(words.split()) == command


def test_who_has_a_handler_of_his_own_keeps_it() -> None:
    """And a command that is over cannot be interrupted any more."""
    before = signal.getsignal(signal.SIGINT)
    try:
        for found, inside, after in (
            (signal.SIG_IGN, signal.SIG_IGN, signal.SIG_IGN),
            (before_main._leave, signal.default_int_handler, signal.SIG_IGN),
        ):
            signal.signal(signal.SIGINT, found)
            with before_main.MainRuns():
                assert signal.getsignal(signal.SIGINT) == inside
            assert signal.getsignal(signal.SIGINT) == after
    finally:
        signal.signal(signal.SIGINT, before)
