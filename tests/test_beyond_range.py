"""Times that cannot change a state, numbers beyond range: each run ends with a status and harms no other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pl_native as pl
from capture_support import escaping
from fuzz.core import bases
from fuzz.odd import problem as fuzzed
from proving import KINDS

_core = pytest.importorskip("pl_native._core")

METHODS = ("euler", "flow", "capture")
D, N = pl.data.sphere(n=40, d=8, seed=1), pl.initial.asymmetric(p=6, d=8, seed=2)


def scaled(
    inputs: float = 1.0, labels: float = 1.0, weight: float | None = None
) -> tuple[pl.Dataset, pl.Network]:
    W = N.W.copy()
    if weight is not None:
        W[0, 0] = weight
    return pl.Dataset(D.X * inputs, D.y * labels), pl.Network(W, N.a)


@pytest.mark.parametrize("method", ["flow", "capture"])
@pytest.mark.parametrize("data", [D, pl.data.orthogonal(8, 8, seed=1)])
def test_times_too_short_to_change_anything(method: str, data: pl.Dataset) -> None:
    sol = pl.simulate(data, N, 5e-324, method=method)
    assert (sol.status, sol.t[-1]) == (pl.Status.HORIZON, 5e-324)
    sol = pl.simulate(data, N, 0.5, method=method, save=[0.0, 5e-324, 0.5])
    assert (sol.status, list(sol.t)) == (pl.Status.HORIZON, [0.0, 5e-324, 0.5])
    start = pl.simulate(data, N, 0.0, method=method)
    assert start.extend(5e-324).t[-1] == 5e-324


CASES = [
    *({"inputs": c} for c in (1e20, 1e40, 1e80, 1e150)),
    *({"labels": c} for c in (1e30, 1e80, 1e150)),
    {"weight": 1e100},
    {"weight": 1e160},
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_numbers_beyond_range_are_a_status_and_harm_no_other_run(method: str, case: dict[str, float]) -> None:
    options = {"method": method, "step": 0.1, "rtol": 1e-3, "stop": pl.Stop(wall_time=60.0, max_steps=4_000)}
    alone = pl.simulate(D, N, 1.0, **options)
    odd, same = pl.simulate_ensemble([scaled(**case), (D, N)], 1.0, **options)
    assert same.network.W.tobytes() == alone.network.W.tobytes()
    assert odd.status in (pl.Status.NON_FINITE, pl.Status.STEP_LIMIT, pl.Status.HORIZON, pl.Status.UNSTABLE)
    assert np.isfinite(odd.network.W).all()
    assert np.isfinite(odd.network.a).all()
    if odd.status is not pl.Status.NON_FINITE:
        assert np.isfinite(odd.loss).all()


@pytest.mark.parametrize(
    ("method", "backend"), [(m, "native") for m in (*METHODS, "auto")] + [("flow", "numpy")]
)
def test_a_start_at_rest_is_within_range(method: str, backend: str) -> None:
    """Its loss is 0, later 6e-33: rounding, which the flow took for a first loss below its range."""
    data = pl.Dataset([[-2.0]], [0.7588164165600071])
    network = pl.Network(
        [[-1.377268941533452], [1.197115677339835]], [0.5509573284322672, -1.083694783850562]
    )
    sol = pl.simulate(data, network, 10.0, method=method, backend=backend, step=0.1)
    assert sol.status is pl.Status.HORIZON
    assert np.all(sol.loss < 1e-30)


@pytest.mark.parametrize("factor", [1e20, 1e80, 1e150])
@pytest.mark.parametrize("method", ["euler", "flow"])
def test_nor_by_the_numpy_backend(method: str, factor: float) -> None:
    options = {"method": method, "backend": "numpy", "stop": pl.Stop(max_steps=40)}
    odd, same = pl.simulate_ensemble([scaled(inputs=factor), (D, N)], 0.02, step=0.01, **options)
    assert odd.status in (pl.Status.NON_FINITE, pl.Status.STEP_LIMIT, pl.Status.UNSTABLE, pl.Status.HORIZON)
    assert np.isfinite(odd.network.W).all()
    assert same.status is pl.Status.HORIZON


def test_a_tolerance_below_captures_floor_is_refused_before_any_work() -> None:
    with pytest.raises(ValueError, match=r"rtol: .* at least .* for capture"):
        pl.simulate(D, N, 20.0, method="capture", rtol=1e-10)
    assert pl.simulate(D, N, 0.1, method="flow", rtol=1e-10).status is pl.Status.HORIZON


def test_a_run_cut_in_a_later_pass_returns_its_furthest() -> None:
    """Passes that miss the tolerance begin again at shorter steps: a limit must not lose their way."""
    cut = 0
    for seed in (6, 8, 10):  # the last two begin again
        data, net = escaping(seed)
        options = {"method": "capture", "rtol": 1e-3, "atol": 1e-300}
        whole = pl.simulate(data, net, 40.0, **options)
        steps = whole.stats["steps"]
        before = None
        for limit in (5, 60, *range(steps - 16, steps + 2, 2)):  # the second pass takes about as many steps
            sol = pl.simulate(data, net, 40.0, stop=pl.Stop(max_steps=limit), **options)
            cut += sol.stats["restarts"] > 0 and sol.stats["steps"] < steps
            if before is not None:
                assert sol.t[-1] >= before.t[-1]
            assert sol.t[0] == 0
            assert sol.extend(sol.t[-1] + 1.0, stop=pl.Stop()).status is pl.Status.HORIZON
            before = sol
    assert cut > 0


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")  # of the outputs, in the last line
@pytest.mark.parametrize("backend", ["native", "numpy"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("weight", [1e160, 1e308])
def test_weights_whose_squares_overflow_end_a_run_where_it_began(
    weight: float, method: str, backend: str
) -> None:
    """The flow took all their pairs for rounding, put the neuron at 0 and went on; from a record, to NaN."""
    if (method, backend) == ("capture", "numpy"):
        return
    data, net = scaled(weight=weight)
    sol = pl.simulate(data, net, 1.0, method=method, backend=backend, stop=pl.Stop(max_steps=20))
    assert (sol.status, list(sol.t)) == (pl.Status.NON_FINITE, [0.0])
    assert sol.network.W.tobytes() == net.W.tobytes()
    assert str(net).count("inf") == 1
    assert (pl.metrics.active(data, net) == (net.W @ data.X.T > 0)).all()


def test_nor_does_a_run_go_on_from_there() -> None:
    from pl_native import _core
    from pl_native._run.call_options import checked_options
    from pl_native._run.task import work_of
    from pl_native.backends import native

    options = checked_options(method="flow", rtol=1e-4, atol=0.0, save=None, stop=pl.Stop(), backend="native")
    task = native.flow_fields(work_of(0, D, N, 1.0, 1.0, options).task)
    (first,), _ = _core.flow([task | {"t_end": 0.4, "save": np.array([0.4])}], 1)
    W = scaled(weight=1e308)[1].W
    (run,), _ = _core.flow([task | {"W": W, "a": first["a"], "resume": first["resume"]}], 1)
    assert (run["status"], list(run["t"])) == (pl.Status.NON_FINITE, [0.4])
    assert run["W"].tobytes() == W.tobytes()


def test_capture_beyond_range_ends_so_again_when_it_goes_on() -> None:
    """It went on at the step that many rejections had left, and ended STEP_LIMIT (found at rtol 1, atol
    1e300 by tests/fuzz).
    """
    data = pl.Dataset.orthogonal(np.full(3, 1.5e45), [2e42, -1e42, -6e41], 3)
    net = pl.Network([[6e19, -5e19, 8e19], [7e19, 2e19, -4e19]], [6e19, -2e19])
    sol = pl.simulate(data, net, 1.0, method="capture", rtol=1.0, atol=1e300, stop=pl.Stop(max_steps=2000))
    assert sol.status is pl.Status.NON_FINITE
    assert sol.t[-1] > 0.0
    more = sol.extend(2.0)
    assert more.status is pl.Status.NON_FINITE
    assert np.isfinite(more.loss).all()


def test_an_invariant_that_overflows_is_a_status() -> None:
    """Capture at rtol = 1 sees nothing of neurons at 1e-150, whatever they become."""
    data, net = fuzzed("weak a", 33, 0, -150)
    options = {"method": "capture", "rtol": 1.0, "atol": 1e-30, "stop": pl.Stop(max_steps=20)}
    sol = pl.simulate(data, net, 1e9, save=7, **options)
    assert sol.status is pl.Status.NON_FINITE or np.isfinite(sol.invariant_drift).all()
    assert np.isfinite(sol.network.a).all()


def test_a_tolerance_without_a_number_is_no_crash_of_the_oracle() -> None:
    data, net = fuzzed("duplicated", 13)
    options = {"method": "flow", "backend": "numpy", "stop": pl.Stop(max_steps=60)}
    assert pl.simulate(data, net, 1e4, rtol=1e-300, **options).status is pl.Status.STEP_LIMIT
    assert np.isfinite(pl.simulate(data, net, 1e-3, rtol=1e-12, **options).loss).all()


@pytest.mark.filterwarnings("ignore:overflow|invalid value:RuntimeWarning")
@pytest.mark.parametrize("inputs", [80, 150])
@pytest.mark.parametrize("kind", KINDS)
def test_metrics_beyond_range_are_numbers_or_nan(kind: str, inputs: int) -> None:
    """Eigenvalues of a matrix with infinite entries were an error of LAPACK."""
    data, net = fuzzed(kind, 2, inputs, 80)
    spectra = pl.metrics.spectrum(data, net), pl.metrics.frozen_rates(data, net)
    assert [np.isfinite(pl.metrics.pl_matrix(data, net)).all()] == [np.isfinite(spectra[0]).all()]
    if not np.isfinite(spectra[0]).all():
        assert np.isnan(spectra).all()
        assert np.isnan(pl.metrics.spectrum_extremes(data, net).high)
    if not np.isfinite(data.X @ data.X.T).all():
        assert np.isinf(pl.model.off(data))
    assert pl.metrics.pl_lower_bound(data, net) >= 0


def test_a_record_changed_beyond_range_ends_where_it_begins() -> None:
    """A dead neuron moves nothing, and was written as infinite after the first step."""
    task = next(
        task for method, task in bases(0) if method == "capture" and task["X"] is None and task["resume"]
    )
    a = task["a"].copy()
    a[3] = 1e308
    (run,), _ = _core.capture([task | {"a": a}], 1)
    assert run["status"] == _core.status_table()["NON_FINITE"]
    assert list(run["t"]) == [task["resume"]["at"]]
    assert run["a"][3] == 1e308


@pytest.mark.parametrize("t_end", [1e160, 1e300])
def test_a_step_whose_powers_are_beyond_range_moves_nothing(t_end: float) -> None:
    """A dead neuron was NaN after it: its coefficients are 0, the square of the step is not a number."""
    task = next(task for method, task in bases(4) if method == "flow" and task["X"] is not None)
    (run,), _ = _core.flow([task | {"t_end": t_end}], 1)
    assert run["status"] == _core.status_table()["HORIZON"]
    assert np.isfinite(run["W"]).all()
    assert np.isfinite(run["a"]).all()


@pytest.mark.parametrize("case", [("small scale", 33, 80), ("small scale", 33, 150), ("opposite", 34, 20)])
@pytest.mark.parametrize("atol", [1e-9, 1e300])
def test_inputs_beyond_single_precision_are_not_for_capture(case: tuple[str, int, int], atol: float) -> None:
    """Nor are those whose products are: where any error was allowed it told a loss of 0, below what is proved
    of dead points."""
    data, net = fuzzed(*case, 0, "float64")
    sol = pl.simulate(data, net, 4.23, method="capture", rtol=1.0, atol=atol, stop=pl.Stop(max_steps=400))
    assert (sol.status, sol.t[-1]) == (pl.Status.NON_FINITE, 0.0)
    if case[0] == "small scale":  # all neurons are dead
        auto = pl.simulate(data, net, 4.23, rtol=1e-3, method="auto")
        assert (auto.status, auto.loss[-1]) == (pl.Status.HORIZON, auto.loss[0])


@pytest.mark.parametrize("orthogonal", [False, True])
@pytest.mark.parametrize("factor", [1e120, 1e150])
def test_a_flow_whose_speed_has_no_square_ends_there(factor: float, orthogonal: bool) -> None:
    """It went on for ever: nothing says whether it is at rest, so no step was a long one."""
    data = pl.data.orthogonal(40, 40, seed=1) if orthogonal else pl.data.sphere(n=40, d=8, seed=1)
    net = pl.initial.asymmetric(p=6, d=data.d, seed=2, data=data)
    large = pl.Dataset(data.X, data.y * factor)
    sol = pl.simulate(large, net, 1.0, method="flow", stop=pl.Stop(max_steps=40_000))
    assert sol.status is pl.Status.NON_FINITE
    assert sol.stats["accepted"] < 50
    assert np.isfinite(sol.network.W).all()
    assert np.isfinite(sol.loss).all()


@pytest.mark.parametrize("backend", ["native", "numpy"])
@pytest.mark.parametrize("power", [-140, -150, -170, -200, -290])
def test_a_loss_below_the_range_of_squares_is_not_followed_in_silence(power: int, backend: str) -> None:
    """Labels y f and weights sqrt(f) times those of 1 give the same flow in time t/f; at f = 1e-170 it went
    elsewhere, by a third of W."""
    data, net = pl.data.sphere(n=20, d=6, seed=1), pl.initial.asymmetric(p=4, d=6, seed=2)
    options: dict[str, Any] = {"method": "flow", "rtol": 1e-8, "backend": backend}
    f = 10.0**power
    small = pl.Dataset(data.X, data.y * f), pl.Network(net.W * f**0.5, net.a * f**0.5)
    end = 30.0 if backend == "native" else 3.0
    sol = pl.simulate(*small, end / f, **options)
    if power < -146:
        assert (sol.status, sol.t[-1]) == (pl.Status.NON_FINITE, 0.0)
        return
    assert sol.status is pl.Status.HORIZON
    one = pl.simulate(data, net, end, **options)
    np.testing.assert_allclose(sol.network.W / f**0.5, one.network.W, atol=1e-6)
    assert sol.loss[-1] / f / f == pytest.approx(one.loss[-1], rel=1e-6)


def test_a_loss_that_falls_below_the_range_of_squares_is_one_that_fell() -> None:
    """Labels of 0: the loss decays like exp(-3 t) and stays at what is 0 but for rounding."""
    data, net = pl.Dataset([[1.0]], [0.0], zero_labels=True), pl.Network([[1.0]], [2.0])
    sol = pl.simulate(data, net, 1e4, method="flow", save=3)
    assert sol.status is pl.Status.HORIZON
    assert sol.loss[-1] < 1e-300
    assert sol.network.a[0] == pytest.approx(np.sqrt(3.0), rel=1e-6)


@pytest.mark.parametrize(
    ("problem", "power"), [((29, 7, 2, 71), -6), ((17, 8, 4, 4), -6), ((28, 8, 4, 138), -40)]
)
def test_labels_that_are_nothing_beside_the_outputs_are_followed(
    problem: tuple[int, ...], power: int
) -> None:
    """What rounds in residuals were the outputs, taken were the labels: the flow went through one release for
    ever, or ended SWITCH_LIMIT; at 1e-20 its unit of time left the range of numbers (NON_FINITE)."""
    n, d, p, seed = problem
    data, net = pl.data.sphere(n=n, d=d, seed=seed), pl.initial.asymmetric(p=p, d=d, seed=seed + 1)
    if seed == 138:
        net = pl.initial.torch_linear(p, d, seed=seed, data=data)
    low = pl.Dataset(data.X, data.y * 10.0**power)
    coarse, fine = (
        pl.simulate(low, net, 80.0, method="flow", rtol=rtol, stop=pl.Stop(max_steps=5000))
        for rtol in (1e-7, 1e-10)
    )
    assert coarse.status is fine.status is pl.Status.HORIZON
    assert coarse.loss[-1] == pytest.approx(fine.loss[-1], rel=1e-5)
