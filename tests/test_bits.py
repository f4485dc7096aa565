"""Results do not depend on how they were computed: same bits for any threads, order, company, every level."""

import itertools

import numpy as np
import pytest

import pl_native as pl
from pl_native import backends
from pl_native._run.call_options import checked_options
from pl_native._run.task import work_of
from pl_native.backends.native import euler_fields

_core = pytest.importorskip("pl_native._core")

SIZES = [(1, 1, 1), (7, 3, 5), (48, 8, 9), (49, 17, 8), (97, 31, 33), (200, 64, 13), (13, 65, 47)]


def problem(n, d, p, dtype=np.float64):
    return (
        pl.data.sphere(n=n, d=d, seed=n, dtype=dtype),
        pl.initial.asymmetric(p=p, d=d, seed=p, dtype=dtype),
    )


def tasks(dtype):
    options = checked_options(
        method="euler",
        rtol=1e-6,
        atol=1e-9,
        save=pl.Save(count=3, states=True),
        stop=pl.Stop(),
        backend="native",
    )
    return [
        euler_fields(work_of(k, *problem(*size, dtype), 20.0, 0.25, options).task)
        for k, size in enumerate(SIZES)
    ]


def bits(run):
    arrays = ["steps", "loss", "velocity_sq", "n_active", "invariant_drift", "W", "a", "W_saved", "a_saved"]
    counters = {key: value for key, value in run["counters"].items() if key != "seconds"}
    return [run[name].tobytes() for name in arrays], run["status"], counters


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", _core.levels())
def test_threads_order_and_company(level, dtype):
    listed = tasks(dtype)
    together, _ = _core.euler(listed, 1, None, level)
    expected = [bits(run) for run in together]
    alone = [_core.euler([task], 1, None, level)[0][0] for task in listed]
    assert [bits(run) for run in alone] == expected
    backwards, _ = _core.euler(listed[::-1], 2, None, level)
    assert [bits(run) for run in backwards[::-1]] == expected
    for threads in (2, 3, 16):
        runs, _ = _core.euler(listed, threads, None, level)
        assert [bits(run) for run in runs] == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_large_problem_over_threads(dtype):
    """Cut into superblocks by its sizes alone: 1, 2 and 5 threads give the same bits."""
    data, net = problem(6000, 60, 150, dtype)
    sols = [pl.simulate(data, net, 0.5, step=0.1, threads=threads) for threads in (1, 2, 5)]
    for sol in sols[1:]:
        assert sol.network.W.tobytes() == sols[0].network.W.tobytes()
        assert sol.loss.tobytes() == sols[0].loss.tobytes()


def test_mixed_dtypes_in_one_ensemble():
    problems = [problem(50, 7, 9, dtype) for dtype in (np.float32, np.float64, np.float32)]
    together = pl.simulate_ensemble(problems, t_end=5.0)
    for (data, net), sol in zip(problems, together, strict=True):
        assert sol.network.W.tobytes() == pl.simulate(data, net, 5.0).network.W.tobytes()


def test_iter_ensemble_gives_the_same():
    problems = [problem(20 + k, 5, 6) for k in range(40)]
    lazily = pl.iter_ensemble(iter(problems), t_end=3.0, threads=2)
    for sol, expected in itertools.zip_longest(lazily, pl.simulate_ensemble(problems, 3.0)):
        assert sol.network.W.tobytes() == expected.network.W.tobytes()


def test_levels_agree_to_rounding():
    listed = tasks(np.float64)
    runs = {level: _core.euler(listed, 1, None, level)[0] for level in _core.levels()}
    for level, others in runs.items():
        for size, run, expected in zip(SIZES, others, runs["baseline"], strict=True):
            assert np.allclose(run["loss"], expected["loss"], rtol=1e-10), (level, size)


def test_native_is_the_default_backend():
    assert backends.select("auto").NAME == "native"
