"""Fixtures: each backend that can be used here, modules of bench/; and a default that is silent
where the core is not built."""

from __future__ import annotations

import os

# before NumPy is imported: matrices are small here, and threads of BLAS, which wait by spinning, take half of
# the processor from the tests, and more beside busy neighbours
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


import importlib
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import settings

import pl_native as pl
from pl_native import backends
from pl_native.store import Store
from problems import problem
from processes import pytest_addoption, pytest_collection, pytest_runtestloop  # noqa: F401
from sweeping import cell, run

settings.register_profile("unit", max_examples=25, deadline=None, derandomize=True)
settings.load_profile("unit")

if "native" not in backends.available():
    os.environ.setdefault("PL_NATIVE_BACKEND", "numpy")


@pytest.fixture(params=backends.NAMES, scope="session")
def backend(request: pytest.FixtureRequest) -> str:
    """Every backend by name; skipped where it is missing. Numba's has compiled its loops before, which takes
    seconds: else what a test of clocks sees depends on the tests that ran before it (faults 5.5)."""
    name: str = request.param
    if name not in backends.available():
        pytest.skip(f"backend {name} is not available")
    if name == "numba":
        for dtype in (np.float32, np.float64):
            pl.simulate(*problem(dtype=dtype), 1.0, backend=name)
    return name


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    """What `os.fsync` is for takes a power cut to be seen: `test_power_cuts` asks for the calls and their
    order. Thousands of them would take seconds, on a busy disk minutes.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt here, also where it is ignored from the start: below nohup, or in the
    background of a script (faults 5.3).
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a run is saved."""
    return tmp_path / "run.npz"


@pytest.fixture
def filled(tmp_path: Path) -> Store:
    """A folder with four rows in two shards."""
    run(tmp_path / "a", cell())
    run(tmp_path / "a", cell(), cell(n=13))
    return Store(tmp_path / "a")


BENCH = Path(__file__).parents[1] / "bench"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Imports a module of bench/, whose scripts import each other as siblings; forgotten afterwards."""
    monkeypatch.syspath_prepend(str(BENCH))
    names = {path.stem for path in BENCH.glob("*.py")}
    others = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    yield importlib.import_module
    for name in names:
        sys.modules.pop(name, None)
    sys.modules.update(others)
