"""Every wrong argument is refused before any work: its name, what came, what is expected."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from pl_native import backends
from pl_native._base import checks
from problems import orthogonal_problem, problem

X, Y = np.ones((3, 2)), np.ones(3)
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"t_end": -1.0}, ValueError, r"t_end: expected a number >= 0, got -1\.0"),
        ({"t_end": NAN}, ValueError, r"t_end: expected a finite number, got nan"),
        ({"t_end": INF}, ValueError, r"t_end: expected a finite number, got inf"),
        ({"t_end": "10"}, TypeError, r"t_end: expected a real number, got '10'"),
        ({"t_end": None}, TypeError, r"t_end: expected a real number, got None"),
        ({"t_end": True}, TypeError, r"t_end: expected a real number, got True"),
        ({"t_end": 1 + 0j}, TypeError, r"t_end: expected a real number"),
        ({"t_end": 1e300}, ValueError, r"t_end: t_end/step = 1e\+300 steps are too many"),
        ({"step": 0.0}, ValueError, r"step: expected a number > 0, got 0\.0"),
        ({"step": -1}, ValueError, r"step: expected a number > 0"),
        ({"step": INF}, ValueError, r"step: expected a finite number"),
        ({"step": [1.0]}, TypeError, r"step: expected a real number"),
        ({"save": 1}, ValueError, r"save: expected an integer >= 2, got 1"),
        ({"save": 2.0}, TypeError, r"save: expected an integer, got 2\.0"),
        ({"save": True}, TypeError, r"save: expected None, an int, an array of times or pl\.Save"),
        ({"save": "all"}, TypeError, r"save: expected None"),
        ({"save": [0.0, 3.0]}, ValueError, r"save\.times: expected times in \[0, t_end = 2\.0\], got 3\.0"),
        ({"save": [1.0, NAN]}, ValueError, r"save\.times: expected finite numbers"),
        ({"save": pl.Save(dense=True)}, ValueError, r"save\.dense: expected False with method='euler'"),
        ({"save": pl.Save(switches=True)}, ValueError, r"save\.switches: expected False"),
        ({"save": pl.Save(observe="nothing")}, ValueError, r"save\.observe: expected one of .*'nothing'"),
        ({"save": pl.Save(observe=("loss", "loss"))}, ValueError, r"save\.observe: expected distinct names"),
        ({"method": "rk4"}, ValueError, r"method: expected one of 'auto', 'euler', .*got 'rk4'"),
        ({"method": 4}, TypeError, r"method: expected one of 'auto', 'euler'"),
        (
            {"method": "capture", "save": pl.Save(dense=True)},
            ValueError,
            r"save\.dense: expected False with method='capture'",
        ),
        (
            {"method": "capture", "save": pl.Save(switches=True)},
            ValueError,
            r"save\.switches: expected False with method='capture'",
        ),
        ({"method": "capture", "rtol": 0.0}, ValueError, r"rtol: expected a number > 0"),
        ({"rtol": 0.0}, ValueError, r"rtol: expected a number > 0"),
        ({"atol": -1.0}, ValueError, r"atol: expected a number >= 0"),
        ({"stop": 1e-3}, TypeError, r"stop: expected pl\.Stop, got 0\.001"),
        ({"backend": "cuda"}, ValueError, r"backend: expected one of 'auto', .*got 'cuda'"),
        ({"backend": None}, TypeError, r"backend: expected one of"),
        ({"threads": 0}, ValueError, r"threads: expected an integer >= 1, got 0"),
        ({"threads": 1.5}, TypeError, r"threads: expected an integer, got 1\.5"),
        ({"threads": True}, TypeError, r"threads: expected an integer, got True"),
        ({"progress": 1}, TypeError, r"progress: expected None, True, False or a function, got 1"),
    ],
)
def test_options_refused(changes: dict[str, Any], error: type[Exception], match: str) -> None:
    data, network = problem()
    arguments = {"t_end": 2.0} | changes
    calls = [
        lambda: pl.simulate(data, network, **arguments),
        lambda: pl.simulate_ensemble([(data, network)], **arguments),
        lambda: next(pl.iter_ensemble([(data, network)], **arguments)),
    ]
    for call in calls[: 1 if changes.get("step") == [1.0] else 3]:
        with pytest.raises(error, match=match):
            call()


def test_iter_ensemble_refuses_at_the_call_not_at_the_first_result() -> None:
    with pytest.raises(ValueError, match="method"):
        pl.iter_ensemble([problem()], 1.0, method="rk4")
    with pytest.raises(TypeError, match="t_end"):
        pl.iter_ensemble([problem()], "1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "network", "error", "match"),
    [
        (X, problem()[1], TypeError, r"data: expected a pl\.Dataset, got an array of shape \(3, 2\)"),
        (problem()[0], (X, Y), TypeError, r"network: expected a pl\.Network, got an object of type tuple"),
        (problem(d=5)[0], problem(d=4)[1], ValueError, r"network: W has 4 columns, expected 5"),
        (
            problem()[0],
            problem(dtype=np.float32)[1],
            TypeError,
            r"network: expected dtype float64 \(that of the data\), got float32",
        ),
        (
            orthogonal_problem(n=6, d=9)[0],
            problem(d=7)[1],
            ValueError,
            r"network: W has 7 columns, expected 9 \(the data have d = 9, of which 6 are represented\)",
        ),
    ],
)
def test_problems_refused(data: Any, network: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        pl.simulate(data, network, 1.0)
    with pytest.raises(error, match=r"problems\[1\]: " + match):
        pl.simulate_ensemble([problem(), (data, network)], 1.0)
    if isinstance(data, pl.Dataset) and isinstance(network, pl.Network):
        with pytest.raises(error, match=match.replace("network:", "where:")):
            pl.metrics.loss(data, network)


@pytest.mark.parametrize(
    ("problems", "t_end", "error", "match"),
    [
        (problem()[0], 1.0, TypeError, r"problems: expected an iterable of pairs"),
        (3, 1.0, TypeError, r"problems: expected an iterable of pairs"),
        ([problem()[0]], 1.0, TypeError, r"problems\[0\]: expected a pair \(data, network\)"),
        ([problem()], [1.0, 2.0], ValueError, r"t_end: expected a number or one per problem \(1\), got 2"),
        ([problem(), problem()], [1.0, -2.0], ValueError, r"problems\[1\]: t_end: expected a number >= 0"),
    ],
)
def test_ensembles_refused(problems: Any, t_end: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        pl.simulate_ensemble(problems, t_end)


@pytest.mark.parametrize("seed", [None, 1.0, "1", True, np.random.RandomState(0), [1, 2]])
def test_seed_kinds_refused(seed: Any) -> None:
    for make in (lambda: pl.data.sphere(3, 2, seed=seed), lambda: pl.initial.balanced(3, 2, seed=seed)):
        with pytest.raises(TypeError, match=r"seed: expected an int, numpy\.random\.SeedSequence"):
            make()


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: pl.data.sphere(0, 2, seed=0), ValueError, "n: expected an integer >= 1, got 0"),
        (lambda: pl.data.gaussian(3, 2.0, seed=0), TypeError, r"d: expected an integer, got 2\.0"),
        (lambda: pl.data.orthogonal(3, 2, seed=0), ValueError, "n: expected n <= d = 2"),
        (lambda: pl.data.sphere(3, 2, seed=-1), ValueError, "seed: expected an integer >= 0, got -1"),
        (lambda: pl.data.sphere(3, 2, seed=0, norms=(2, 1)), ValueError, "norms: expected low <= high"),
        (
            lambda: pl.data.sphere(3, 2, seed=0, norms=(0, 1)),
            ValueError,
            r"norms\[0\]: expected a number > 0",
        ),
        (
            lambda: pl.data.sphere(3, 2, seed=0, labels=1.0),
            TypeError,
            r"labels: expected a pair \(low, high\)",
        ),
        (lambda: pl.initial.asymmetric(0, 2, seed=0), ValueError, "p: expected an integer >= 1"),
        (lambda: pl.initial.asymmetric(3, 2, seed=0, scale=0), ValueError, "scale: expected a number > 0"),
        (
            lambda: pl.initial.asymmetric(3, 2, seed=0, data=X),
            TypeError,
            "data: expected a pl.Dataset or None",
        ),
        (
            lambda: pl.initial.asymmetric(3, 2, seed=0, data=problem(d=5)[0]),
            ValueError,
            "d: expected the dimension of data, 5, got 2",
        ),
        (lambda: pl.minimal_width(0), ValueError, "n: expected an integer >= 1"),
        (lambda: pl.minimal_width(10, eps=1.0), ValueError, "eps: expected a probability"),
        (lambda: pl.horizon(10, 0), ValueError, "p: expected an integer >= 1"),
        (lambda: pl.streams.stream(1, 2, 3, 0), TypeError, "purpose: expected a streams.Purpose"),
    ],
)
def test_generators_refuse(call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call()


def test_a_refused_call_does_not_advance_a_generator() -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    for make in (
        lambda: pl.data.sphere(3, 2, seed=rng, labels=(0, 1)),
        lambda: pl.initial.asymmetric(3, 2, seed=rng, scale=-1.0),
        lambda: pl.initial.asymmetric(3, 2, seed=rng, dtype=int),
    ):
        with pytest.raises((ValueError, TypeError)):
            make()
    assert rng.bit_generator.state == before


def test_number_kinds_accepted() -> None:
    assert checks.real("x", np.float32(0.5)) == 0.5
    assert checks.real("x", Fraction(1, 4)) == 0.25
    assert checks.integer("x", np.int64(3), 0) == 3
    with pytest.raises(ValueError, match="x: expected a finite number, got inf"):
        checks.real("x", 10**400)


def test_the_environment_chooses_and_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PL_NATIVE_BACKEND", "numpy")
    assert backends.select("auto").NAME == "numpy"
    monkeypatch.setenv("PL_NATIVE_BACKEND", "gpu")
    with pytest.raises(ValueError, match=r"PL_NATIVE_BACKEND: expected one of .*got 'gpu'"):
        backends.select("auto")
    assert backends.select("numpy").NAME == "numpy"
