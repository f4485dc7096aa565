"""Nonsense in the environment is told by its variable, also by `doctor`, which ended in a traceback."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import pl_native as pl

pytest.importorskip("pl_native._core")


def command(*words: str, **variables: str | bytes) -> subprocess.CompletedProcess[str]:
    given = {os.fsencode(name): os.fsencode(value) for name, value in {**os.environ, **variables}.items()}
    return subprocess.run([sys.executable, *words], env=given, capture_output=True, text=True, timeout=60)


def test_fault_4_2_doctor_tells_what_every_run_will_refuse() -> None:
    found = command("-m", "pl_native", "doctor", PL_NATIVE_MAX_BYTES="1PB", PL_NATIVE_BACKEND="zz")
    assert found.returncode == 0, found.stderr
    assert "1PB (refused: PL_NATIVE_MAX_BYTES: expected a number of bytes > 0" in found.stdout
    assert "zz (refused: PL_NATIVE_BACKEND: expected one of 'auto'" in found.stdout


def test_fault_4_2_commands_take_no_memory_to_begin() -> None:
    found = command("-m", "pl_native", "check", "nothing", PL_NATIVE_MAX_BYTES="1")
    assert found.returncode == 2
    assert found.stderr.startswith("pl-native: error: STATEMENT: expected names among")


def test_bytes_that_are_no_text_are_told() -> None:
    found = command("-c", "from pl_native import _core; _core.level()", PL_NATIVE_ISA=b"v\xff")
    assert "ValueError: PL_NATIVE_ISA='v?'" in found.stderr


def test_fault_4_2_an_array_is_not_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PL_NATIVE_MAX_BYTES", "much")
    with pytest.raises(ValueError, match=r"^PL_NATIVE_MAX_BYTES: expected a number of bytes"):
        pl.Dataset([[1.0]], [1.0])
