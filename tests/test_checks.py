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


def bad(array: np.ndarray, value: float) -> np.ndarray:
    changed = array.copy()
    changed.flat[1] = value
    return changed


@pytest.mark.parametrize(
    ("inputs", "labels", "error", "match"),
    [
        (Y, Y, ValueError, r"X: expected shape \(n, d\), got an array of shape \(3,\)"),
        (X[None], Y, ValueError, r"X: expected shape \(n, d\), got an array of shape \(1, 3, 2\)"),
        (X, X, ValueError, r"y: expected shape \(n,\), got an array of shape \(3, 2\)"),
        (1.0, Y, ValueError, r"X: expected shape \(n, d\), got an array of shape \(\)"),
        (X, Y[:2], ValueError, r"y: expected length 3 \(X has n = 3\), got shape \(2,\)"),
        (X[:0], Y[:0], ValueError, r"X: expected shape \(n, d\) with n >= 1, got shape \(0, 2\)"),
        (X[:, :0], Y, ValueError, r"X: expected shape \(n, d\) with d >= 1, got shape \(3, 0\)"),
        (X, [], ValueError, r"y: expected shape \(n,\) with n >= 1"),
        (bad(X, NAN), Y, ValueError, r"X: expected finite numbers, got nan at index \(0, 1\) \(1 in all\)"),
        (X, bad(Y, -INF), ValueError, r"y: expected finite numbers, got -inf at index \(1,\)"),
        (np.array([[1.0], [0.0]]), [1.0, 1.0], ValueError, r"X: .*norm > 0, got a zero row at index 1"),
        (X, bad(Y, 0.0), ValueError, r"y: expected labels != 0 .*got 0 at index 1"),
        (X.astype(complex), Y, TypeError, r"X: expected float64, float32 or integers, got dtype complex128"),
        (X, Y.astype(complex), TypeError, r"y: .*got dtype complex128"),
        (X.astype(object), Y, TypeError, r"X: .*got dtype object"),
        (X.astype(bool), Y, TypeError, r"X: .*got dtype bool"),
        (X, [True, True, False], TypeError, r"y: .*got dtype bool"),
        (X.astype(np.float16), Y, TypeError, r"X: .*got dtype float16"),
        (X.astype(np.longdouble), Y, TypeError, r"X: .*got dtype (longdouble|float128)"),
        (X.astype(np.float32), Y, TypeError, r"X, y: mixed dtypes \(X float32, y float64\)"),
        ([["1", "2"]], [1.0], TypeError, r"X: .*got dtype <U1"),
        ("abc", Y, TypeError, r"X: expected an array of numbers, got 'abc' \(str\)"),
        (None, Y, TypeError, r"X: expected an array of numbers, got None"),
        ([[1.0], [1.0, 2.0]], Y, ValueError, r"X: expected a rectangular array"),
        ([[10**400]], [1.0], TypeError, r"X: .*got dtype object"),
        (np.ma.masked_array(X, X > 0), Y, TypeError, r"X: masked arrays"),
    ],
)
def test_dataset_refuses(inputs: Any, labels: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        pl.Dataset(inputs, labels)


@pytest.mark.parametrize(
    ("norms", "labels", "d", "error", "match"),
    [
        ([1.0, 0.0], [1.0, 1.0], 2, ValueError, r"norms: expected norms > 0, got 0\.0 at index 1"),
        ([1.0, -2.0], [1.0, 1.0], 2, ValueError, r"norms: expected norms > 0, got -2\.0"),
        ([1.0, 1.0], [1.0, 1.0], 1, ValueError, r"d: expected d >= n = 2 .*got 1"),
        ([1.0, 1.0], [1.0, 1.0], 2.0, TypeError, r"d: expected an integer"),
        ([1.0, 1.0], [1.0], 2, ValueError, r"y: expected length 2 \(norms has n = 2\)"),
        (np.eye(2), [1.0, 1.0], 2, ValueError, r"norms: expected shape \(n,\)"),
    ],
)
def test_orthogonal_dataset_refuses(
    norms: Any, labels: Any, d: Any, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        pl.Dataset.orthogonal(norms, labels, d)


@pytest.mark.parametrize(
    ("W", "a", "rest", "error", "match"),
    [
        (Y, Y, None, ValueError, r"W: expected shape \(p, d\)"),
        (X, X, None, ValueError, r"a: expected shape \(p,\)"),
        (X, Y[:2], None, ValueError, r"a: expected length 3 \(W has p = 3\)"),
        (X[:0], Y[:0], None, ValueError, r"W: .* with p >= 1"),
        (bad(X, INF), Y, None, ValueError, r"W: expected finite numbers, got inf"),
        (X, Y.astype(np.float32), None, TypeError, r"W, a: mixed dtypes"),
        (X, Y, -Y, ValueError, r"w_perp_sq: expected squared norms >= 0"),
        (X, Y, Y[:2], ValueError, r"w_perp_sq: expected length 3"),
    ],
)
def test_network_refuses(W: Any, a: Any, rest: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        pl.Network(W, a, w_perp_sq=rest)


def test_a_cast_that_overflows_or_erases_is_refused() -> None:
    with pytest.raises(ValueError, match=r"X: .*1e\+300, which is too large for float32"):
        pl.Dataset([[1e300]], [1.0], dtype=np.float32)
    with pytest.raises(ValueError, match="zero row"):
        pl.Dataset([[1e-300]], [1.0], dtype=np.float32)
    with pytest.raises(ValueError, match="labels != 0"):
        pl.Dataset([[1.0]], [1e-300], dtype=np.float32)


@pytest.mark.parametrize("dtype", ["float16", complex, int, bool, object, "nonsense", 3, np.longdouble])
def test_dtype_refused(dtype: Any) -> None:
    for make in (
        lambda: pl.Dataset(X, Y, dtype=dtype),
        lambda: pl.data.sphere(3, 2, seed=0, dtype=dtype),
        lambda: pl.initial.asymmetric(3, 2, seed=0, dtype=dtype),
    ):
        with pytest.raises(TypeError, match="dtype: expected float32 or float64"):
            make()


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
        (X, problem()[1], TypeError, r"data: expected pl\.Dataset, got an array of shape \(3, 2\)"),
        (problem()[0], (X, Y), TypeError, r"network: expected pl\.Network, got an object of type tuple"),
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
