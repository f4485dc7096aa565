"""Which backend computes: asked for, from the environment, where there is no core (faults 2.8, 4.9, 4.10)."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator

import pytest

import pl_native as pl
from pl_native import backends
from problems import problem


def test_4_9_an_empty_choice_in_the_environment_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults 4.9: PL_NATIVE_BACKEND="" was an error, PL_NATIVE_ISA="" was not."""
    monkeypatch.delenv("PL_NATIVE_BACKEND", raising=False)
    chosen = backends.select("auto")
    for name in ("PL_NATIVE_BACKEND", "PL_NATIVE_ISA", "PL_NATIVE_MAX_BYTES", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "")
    assert backends.select("auto") is chosen
    assert pl.simulate(*problem(), 1.0, backend=chosen.NAME).status is pl.Status.HORIZON


@pytest.fixture
def no_core(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As where the extension was never built."""
    monkeypatch.delenv("PL_NATIVE_BACKEND", raising=False)
    find = importlib.util.find_spec
    hidden = lambda name, *more: None if name == "pl_native._core" else find(name, *more)  # noqa: E731
    monkeypatch.setattr(importlib.util, "find_spec", hidden)
    monkeypatch.delitem(sys.modules, "pl_native._core", raising=False)
    backends._warn_once.cache_clear()
    yield
    backends._warn_once.cache_clear()


def test_a_missing_core_is_an_import_error(no_core: None) -> None:
    with pytest.raises(
        ImportError, match=r"backend='native' needs the compiled core: pl_native\._core is not"
    ):
        backends.select("native")
    assert backends.available()[-1] == "numpy"
    assert "native" not in backends.available()


def test_a_missing_numba_is_an_import_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends._load("numba"), "available", lambda: False)
    with pytest.raises(ImportError, match=r"backend='numba' needs numba \(pip install"):
        backends.select("numba")


@pytest.mark.parametrize(("numba", "method", "taken"), [
    (True, "euler", "numba"), (True, "flow", "numpy"), (False, "euler", "numpy"), (False, "flow", "numpy"),
])  # fmt: skip
def test_4_10_without_the_core_auto_takes_numba_then_numpy_and_says_so_once(
    no_core: None, monkeypatch: pytest.MonkeyPatch, numba: bool, method: str, taken: str
) -> None:
    """Faults 4.10: NumPy was taken although Numba was installed."""
    monkeypatch.setattr(backends._load("numba"), "available", lambda: numba)
    with pytest.warns(RuntimeWarning, match=f"_core is not built: the {taken} backend is used") as said:
        names = [backends.select("auto", method).NAME for _ in range(2)]
    assert names == [taken, taken]
    assert len(said) == 1


@pytest.mark.filterwarnings("ignore:pl_native._core is not built")
def test_4_10_what_only_the_core_knows_is_refused_in_words(no_core: None) -> None:
    with pytest.raises(ValueError, match="has no method='capture', expected 'native'"):
        pl.simulate(*problem(), 1.0, method="capture")
    cells = pl.sweep.grid(n=[4], d=2, p=2, initialisation="balanced", method="flow", t_end=1.0, replicates=1)
    assert pl.sweep.plan(cells, seed=1).backend == "numpy"


def test_4_10_a_core_that_cannot_be_imported_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PL_NATIVE_BACKEND", raising=False)
    monkeypatch.delattr(pl, "_core", raising=False)
    monkeypatch.setitem(sys.modules, "pl_native._core", None)  # import raises ImportError
    monkeypatch.setattr(importlib.util, "find_spec", lambda *name: True)
    backends._warn_once.cache_clear()
    with pytest.warns(RuntimeWarning, match=r"_core cannot be imported \(.*\): the num"):
        backends.select("auto")
    backends._warn_once.cache_clear()
    with pytest.raises(ImportError, match="cannot be imported"):
        backends.select("native")


INSIDE = """
import sys
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
inner = interpreters.create()
failed = interpreters.run_string(inner, sys.argv[1])
assert failed is None, failed
interpreters.destroy(inner)
import pl_native._core
print(pl_native._core.level())
"""

IMPORT = """
from importlib.util import module_from_spec, spec_from_file_location
try:
    module_from_spec(spec_from_file_location("pl_native._core", {path!r}))
except ImportError as error:
    print("ImportError:", error, flush=True)
"""


def test_2_8_a_sub_interpreter_is_refused() -> None:
    """Faults 2.8: the import hung. (Here without the package, whose NumPy may refuse first.)"""
    core = pytest.importorskip("pl_native._core")
    command = [sys.executable, "-c", INSIDE, IMPORT.format(path=core.__file__)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    refused, level = done.stdout.splitlines()
    assert refused == "ImportError: pl_native._core can be imported in the main interpreter only"
    assert level in core.levels()
