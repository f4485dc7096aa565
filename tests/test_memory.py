"""Memory is asked for before it is taken (faults 4.1, 4.2); sizes of a user's pass one rule (4.3)."""

from __future__ import annotations

import platform
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from pl_native import backends
from pl_native._base import memory
from problems import orthogonal_problem, problem

MIB = 2**20
D, N = problem(60, 8, 6)
ORTHOGONAL = orthogonal_problem(60, 60, 6)


def save(**what: Any) -> dict[str, Any]:
    return {"save": pl.Save(**what)}


def run(method: str, problem: Any = (D, N), t_end: float = 1.0, backend: str = "auto", **options: Any) -> Any:
    return lambda: pl.simulate(*problem, t_end, method=method, backend=backend, **options)


def extended(method: str) -> Any:
    sol = pl.simulate(D, N, 1.0, method=method, save=3)
    return lambda: sol.extend(2.0, save=2**31)


FLOAT32 = problem(60, 8, 6, dtype=np.float32)

LARGE: dict[str, Callable[[], Any]] = {
    **{f"{m}, a count": run(m, save=2**31) for m in ("flow", "capture")},
    **{f"{m}, every": run(m, **save(every=1e-9)) for m in ("flow", "capture")},
    **{f"{m}, every so small": run(m, **save(every=5e-324)) for m in ("flow", "capture")},
    "euler, a count": run("euler", t_end=1e9, step=0.5, save=2**30),
    "euler, every": run("euler", step=1e-12, **save(every=1e-9)),
    "euler, every step": run("euler", t_end=1e9, **save(every=1e-9)),
    "euler of numpy": run("euler", t_end=1e9, backend="numpy", save=2**30),
    **{f"{m}, states": run(m, **save(count=2**20, states=True)) for m in ("flow", "capture")},
    "euler, states": run("euler", problem(60, 8, 20), step=1e-7, **save(count=2**20, states=True)),
    "an observer's states": run("flow", **save(count=2**20, observe="loss")),
    "orthogonal": run("flow", ORTHOGONAL, **save(count=2**31)),
    "flow of numpy": run("flow", backend="numpy", save=2**31),
    "an ensemble": lambda: pl.simulate_ensemble([(D, N)] * 200, 1.0, method="flow", save=100_000),
    "lazily": lambda: next(pl.iter_ensemble([(D, N)], 1.0, method="flow", save=2**31)),
    **{f"extend {m}": lambda m=m: extended(m)() for m in ("flow", "capture")},
    "dense output": run("flow", problem(2000, 20, 400), 1e4, **save(dense=True)),
    "sphere": lambda: pl.data.sphere(10**6, 10**6, seed=1),
    "sphere reduced": lambda: pl.data.sphere(10**6, 10**6, seed=1, reduced=True),
    "sphere of 2^53": lambda: pl.data.sphere(2**53, 2**53, seed=1),
    "gaussian": lambda: pl.data.gaussian(10**5, 10**5, seed=1),
    "orthogonal data": lambda: pl.data.orthogonal(2**40, seed=1),
    "group": lambda: pl.data.group(2**40, 2, seed=1),
    "teacher": lambda: pl.data.teacher(10**5, 10**5, seed=1),
    "teacher's width": lambda: pl.data.teacher(10, 10, seed=1, network=2**40),
    "bias": lambda: pl.data.with_bias(pl.data.orthogonal(30_000, seed=1)),
    "asymmetric": lambda: pl.initial.asymmetric(10**5, 10**5, seed=1),
    "torch_linear": lambda: pl.initial.torch_linear(10**5, 10**5, seed=1),
    "balanced": lambda: pl.initial.balanced(2**40, 1, seed=1),
    "X of orthogonal data": lambda: pl.data.orthogonal(30_000, seed=1).X,
    "gram": lambda: pl.metrics.pl_matrix(*orthogonal_problem(30_000, 30_000, 2)),
    "a bootstrap": lambda: pl.stats.mean_interval([1.0, 2.0], resamples=2**30),
    "a test of curves": lambda: pl.stats.two_sample_test([1], ([1], [2]), [1], ([1], [2]), resamples=2**30),
}


@pytest.mark.parametrize("call", LARGE.values(), ids=list(LARGE))
def test_4_1_memory_is_asked_for_before_work(
    call: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults 4.1: killed by the system at 24 GB."""
    if "native" not in backends.available():
        pytest.skip("methods of the core")
    monkeypatch.setenv(memory.VARIABLE, "1 GiB")
    tracemalloc.start()
    try:
        with pytest.raises(
            MemoryError, match=r"needs .* of memory, available are 1 GiB \(PL_NATIVE_MAX_BYTES"
        ):
            call()
        assert tracemalloc.get_traced_memory()[1] < 256 * MIB
    finally:
        tracemalloc.stop()


def test_4_1_what_fits_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(memory.VARIABLE, "64 MiB")
    assert len(pl.simulate(D, N, 1.0, method="flow", save=10_000).t) == 10_000
    assert pl.data.sphere(1000, 1000, seed=1).n == 1000
    monkeypatch.delenv(memory.VARIABLE)
    assert memory.available() > 0
    memory.require(1.0)
    with pytest.raises(MemoryError, match=r"this call needs infinitely much of memory"):
        memory.require(float("inf"))
    with pytest.raises(MemoryError):
        memory.require(float("nan"))


def test_labels_per_group_ask_before_they_are_spread() -> None:
    """One D for each of 2^40 groups was made an array first, of 8 TB."""
    with pytest.raises(MemoryError, match=r"needs .* of memory, available are"):
        pl.data.group(2**40, 2**40, D=1.0, seed=1)


SIZES = {
    "1000": 1000, "1e3": 1000, " 12 ": 12, "1.5kB": 1500, "10 GB": 10**10, "10gb": 10**10,
    "512MiB": 512 * MIB, ".5 TiB": 2**39, "2 TB": 2 * 10**12, "7B": 7, "3 kib": 3072, "1e-1 MB": 10**5,
    "2.GB": 2 * 10**9, "1E3 kB": 10**6,
}  # fmt: skip
NONSENSE = [
    "abc", "-1", "0", "-0", "10 G", "10E", "1e", "GB", "0x10", "1e999", "inf", "nan", "1 2", "10GBs",
    "1,000", "+5", "1..2", " ", "0 GB", "5 e3",
]  # fmt: skip


@pytest.mark.parametrize(("text", "size"), SIZES.items(), ids=repr)
def test_4_2_units_are_understood(text: str, size: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults 4.2: "10 GB" was read as 10 bytes. The core reads as Python does."""
    monkeypatch.setenv(memory.VARIABLE, text)
    assert memory.available() == pytest.approx(size, rel=1e-15)
    core = pytest.importorskip("pl_native._core")
    assert core.available_bytes() == pytest.approx(size, rel=1e-15)


@pytest.mark.parametrize("text", NONSENSE, ids=repr)
def test_4_2_nonsense_is_refused_by_name(text: str, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(memory.VARIABLE, text)
    expected = r"PL_NATIVE_MAX_BYTES: expected a number of bytes > 0, perhaps with a unit .*, got "
    for call in (
        lambda: pl.simulate(D, N, 1.0, backend=backend),
        lambda: pl.data.sphere(3, 2, seed=1),
        memory.available,
    ):
        with pytest.raises(ValueError, match=expected):
            call()
    if backend == "native":
        from pl_native import _core

        with pytest.raises(ValueError, match=expected):
            _core.available_bytes()


def test_4_2_an_empty_limit_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(memory.VARIABLE, "")
    assert memory.asked_limit() is None
    assert pl.simulate(D, N, 1.0).status is pl.Status.HORIZON


HUGE = [2**53 + 1, 2**63, 10**19, 10**400, 1 << 20_000]
ENTRIES: dict[str, tuple[str, Callable[[int], Any]]] = {
    "threads": ("threads", lambda k: pl.simulate(D, N, 1.0, threads=k)),
    "threads of an ensemble": ("threads", lambda k: pl.simulate_ensemble([(D, N)], 1.0, threads=k)),
    "threads lazily": ("threads", lambda k: pl.iter_ensemble([(D, N)], 1.0, threads=k)),
    "threads of extend": ("threads", lambda k: pl.simulate(D, N, 1.0).extend(2.0, threads=k)),
    "threads of a sweep": ("threads", lambda k: pl.sweep.How(threads=k)),
    "save": ("save", lambda k: pl.simulate(D, N, 1.0, save=k)),
    "save, flow": ("save", lambda k: pl.simulate(D, N, 1.0, method="flow", save=k)),
    "save.count": ("save.count", lambda k: pl.Save(count=k)),
    "n": ("n", lambda k: pl.data.sphere(k, 2, seed=1)),
    "d": ("d", lambda k: pl.data.orthogonal(2, k, seed=1)),
    "d of a dataset": ("d", lambda k: pl.Dataset([[1.0]], [1.0], d=k)),
    "d of orthogonal inputs": ("d", lambda k: pl.Dataset.orthogonal([1.0], [1.0], k)),
    "p": ("p", lambda k: pl.initial.asymmetric(k, 2, seed=1)),
    "groups": ("p", lambda k: pl.data.group(4, k, seed=1)),
    "a teacher": ("network", lambda k: pl.data.teacher(4, 4, seed=1, network=k)),
    "n of the width": ("n", lambda k: pl.minimal_width(k)),
    "p of the horizon": ("p", lambda k: pl.horizon(1, k)),
    "resamples": ("resamples", lambda k: pl.stats.mean_interval([1.0, 2.0], resamples=k)),
    "resamples of a test": (
        "resamples",
        lambda k: pl.stats.two_sample_test([1], ([1], [2]), [1], ([1], [2]), resamples=k),
    ),
    "replicates": (
        "replicates",
        lambda k: pl.sweep.Cell(n=1, d=1, p=1, initialisation="balanced", t_end=1.0, replicates=k),
    ),
    "cell": ("cell", lambda k: pl.streams.stream(1, k, 1, pl.streams.Purpose.DATA)),
}


@pytest.mark.parametrize(("name", "call"), ENTRIES.values(), ids=list(ENTRIES))
@pytest.mark.parametrize("number", HUGE, ids=["2^53+1", "2^63", "10^19", "10^400", "long"])
def test_4_3_sizes_pass_one_rule(name: str, call: Callable[[int], Any], number: int) -> None:
    """Faults 4.3: an 11 000-character TypeError, RuntimeError, IndexError."""
    with pytest.raises(ValueError, match=rf"^{name}: expected an integer <= \d+, got ") as refused:
        call(number)
    assert len(str(refused.value)) < 150


@pytest.mark.parametrize("number", [0, -1, -(1 << 20_000)], ids=["0", "-1", "long"])
def test_4_3_sizes_below_one_are_refused_too(number: int) -> None:
    with pytest.raises(ValueError, match=r"^threads: expected an integer >= 1, got ") as refused:
        pl.simulate(D, N, 1.0, threads=number)
    assert len(str(refused.value)) < 150


def test_4_3_max_steps_and_seeds() -> None:
    with pytest.raises(ValueError, match=r"stop\.max_steps: expected an integer <= 9223372036854775807"):
        pl.Stop(max_steps=2**63)
    stop = pl.Stop(max_steps=2**63 - 1)
    for method in ("euler", "flow", "capture"):
        if method == "euler" or "native" in backends.available():
            assert pl.simulate(D, N, 1.0, method=method, stop=stop).status is pl.Status.HORIZON
    with pytest.raises(ValueError, match="seed: expected an integer <= 9223372036854775807"):
        pl.sweep.plan([], seed=2**63)
    assert pl.data.sphere(3, 2, seed=2**200) != pl.data.sphere(3, 2, seed=2**201)  # entropy of any length
    assert pl.simulate(D, N, 1.0, threads=4096).status is pl.Status.HORIZON


PAGES = """
import resource
import pl_native as pl
def faults(*problem):
    pl.simulate(*problem, 0.1, method="capture", rtol=0.1, threads=1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def each(n, d, p):
    problem = pl.data.sphere(n, d, seed=1), pl.initial.asymmetric(p, d, seed=2)
    seen = [faults(*problem) for _ in range(30)]
    return (seen[-1] - seen[-21]) / 20
print(max(each(n, d, p) for n in (200, 300, 400) for d in (20, 30) for p in (20, 31)))
"""


@pytest.mark.skipif(
    "native" not in backends.available() or platform.libc_ver()[0] != "glibc", reason="glibc's allocator"
)
def test_the_next_call_has_the_pages_of_the_one_before() -> None:
    """85 of them were taken anew at every call of capture at (300, 30, 31): a quarter of its time."""
    ran = subprocess.run(
        [sys.executable, "-c", PAGES], capture_output=True, text=True, check=True, timeout=60
    )
    assert float(ran.stdout) < 20


def test_neurons_moved_share_what_never_moves() -> None:
    net = pl.Network(np.ones((3, 2)), np.ones(3), w_perp_sq=[1.0, 2.0, 3.0])
    there = net.moved(np.zeros((3, 2)), np.ones(3))
    assert there.w_perp_sq is net.w_perp_sq
    with pytest.raises(
        ValueError, match=r"W: expected length 3 \(there are p = 3 neurons\), got shape \(2, 2\)"
    ):
        net.moved(np.zeros((2, 2)), np.ones(2))
    with pytest.raises(ValueError, match="W: expected finite numbers"):
        net.moved(np.full((3, 2), np.nan), np.ones(3))
