"""Runs of capture as calls: the same bits however they are made, how they go on, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from capture_support import capture, flow, sliding
from outcomes import same_bits
from problems import orthogonal_problem, problem

pytest.importorskip("pl_native._core")


@pytest.mark.parametrize(  # rows of 3 and 9 are shorter than a multiple of the vector
    ("n", "d", "p"), [(700, 3, 1001), (400, 9, 571), (400, 40, 137)], ids=["d3", "d9", "d40"]
)
def test_same_bits_on_two_threads(n: int, d: int, p: int) -> None:
    """n d p beyond 2e6: smaller runs never use a team."""
    data, net = problem(n, d, p)
    one, two = (capture(data, net, 0.5, rtol=1e-2, threads=k) for k in (1, 2))
    same_bits(one, two)


def test_same_bits_alone_and_in_an_ensemble() -> None:
    some = [sliding(0), orthogonal_problem(), problem(48, 8, 9), sliding(1)]
    alone = [capture(data, net, 5.0) for data, net in some]
    options: dict[str, Any] = {"method": "capture", "rtol": 1e-4, "stop": pl.Stop(wall_time=60.0)}
    for threads in (1, 2):
        for u, v in zip(alone, pl.simulate_ensemble(some, 5.0, threads=threads, **options), strict=True):
            same_bits(u, v)


@pytest.mark.parametrize("make", [lambda: sliding(4), lambda: orthogonal_problem(13, 13, 7)])
def test_a_run_goes_on(make: Any, tmp_path: Path) -> None:
    data, net = make()
    first = capture(data, net, 4.0, save=pl.Save(every=1.0))
    first.save(tmp_path / "first.npz")
    back = pl.Solution.load(tmp_path / "first.npz")
    same_bits(first, back)
    both = first.extend(10.0)
    same_bits(both, back.extend(10.0, data=data))
    whole, true = capture(data, net, 10.0, save=pl.Save(every=1.0)), flow(data, net, 10.0)
    assert both.t.tolist() == whole.t.tolist()
    assert (both.loss[: len(first.loss) - 1] == first.loss[:-1]).all()
    assert both.loss[-1] == pytest.approx(true.loss[-1], rel=1e-3)
    for name in ("accepted", "rhs"):
        assert both.stats[name] > first.stats[name] > 0
    assert both.stats["loss_error"] >= first.stats["loss_error"]
    so_far, at_once = (run._record.resume["error"] for run in (first, first.extend(4.01)))
    assert at_once >= so_far > 0
    assert (np.diff(both.loss) <= 0).all()
    assert np.abs(both.invariant_drift).max() < 1e-12


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_other_backends_refuse(backend: str) -> None:
    if backend not in pl.backends.available():
        pytest.skip(f"backend {backend} is not available")
    with pytest.raises(ValueError, match=f"backend: '{backend}' has no method='capture', expected 'native'"):
        capture(*problem(), 1.0, backend=backend)


@pytest.mark.parametrize("name", ["switches", "dense"])
def test_what_needs_the_flow_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"save\.{name}: expected False with method='capture'"):
        capture(*problem(), 1.0, save=pl.Save(**{name: True}))


def test_float32_is_computed_in_float64() -> None:
    data, net = problem(dtype=np.float32)
    sol = capture(data, net, 5.0)
    same = capture(
        pl.Dataset(data.X, data.y, dtype=np.float64), pl.Network(net.W, net.a, dtype=np.float64), 5.0
    )
    assert sol.network.W.dtype == sol.loss.dtype == np.float64
    assert sol.loss.tobytes() == same.loss.tobytes()
