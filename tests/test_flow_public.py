"""`simulate(method="flow")`: the public face of the flow."""

import numpy as np
import pytest

import pl_native as pl

pytest.importorskip("pl_native._core")


def problem(n=40, d=8, p=6, seed=3, dtype=np.float64):
    data = pl.data.sphere(n=n, d=d, seed=seed, dtype=dtype)
    return data, pl.initial.asymmetric(p=p, d=d, seed=seed + 1, dtype=dtype)


def test_the_flow_is_what_small_steps_tend_to():
    data, net = problem()
    flow = pl.simulate(data, net, 5.0, method="flow", rtol=1e-9)
    gaps = [
        np.linalg.norm(pl.simulate(data, net, 5.0, step=step).network.W - flow.network.W)
        for step in (1e-3, 5e-4)
    ]
    assert gaps[0] < 1e-2
    assert gaps[0] / gaps[1] == pytest.approx(2, rel=0.15)
    assert flow.status is pl.Status.HORIZON
    assert flow.t.tolist() == [0.0, 5.0]
    assert flow.stats["rises"] == 0
    assert flow.stats["events"] > 0
    assert "events to rtol 1e-09" in repr(flow)


def test_float32_data_are_run_in_float64():
    data, net = problem(dtype=np.float32)
    sol = pl.simulate(data, net, 2.0, method="flow")
    assert sol.network.dtype == np.float64
    assert sol.stats["dtype"] == "float64"


def test_saved_times_observers_and_states():
    data, net = problem()
    save = pl.Save(count=11, states=True, observe=("loss", lambda t, network: t))
    sol = pl.simulate(data, net, 3.0, method="flow", save=save)
    assert np.allclose(sol.t, np.linspace(0, 3, 11), atol=1e-15)
    assert sol.t[-1] == 3.0
    assert np.allclose(sol.observed["loss"], sol.loss, rtol=1e-12)
    assert np.all(np.diff(sol.loss) <= 8 * 2.3e-16 * sol.loss[0])
    assert sol.state(4).W.shape == net.W.shape
    assert pl.simulate(data, net, 3.0, method="flow", save=[0.5, 1.5]).t.tolist() == [0.5, 1.5]
    every = pl.simulate(data, net, 3.0, method="flow", save=pl.Save(every=0.7)).t
    assert np.allclose(every, [0, 0.7, 1.4, 2.1, 2.8, 3.0])


def test_dense_output_and_the_log_of_switches(tmp_path):
    data, net = problem()
    sol = pl.simulate(data, net, 3.0, method="flow", rtol=1e-8, save=pl.Save(dense=True, switches=True))
    later = pl.simulate(data, net, 1.234, method="flow", rtol=1e-8).network
    assert np.allclose(sol.at(1.234).W, later.W, atol=1e-7)
    assert np.allclose(sol.at(3.0).W, sol.network.W, atol=1e-12)
    assert np.all(np.diff(sol.switches.t) >= 0)
    assert sol.switches.t[-1] <= 3.0
    assert len(sol.switches.neuron) == len(sol.switches.t) > 0
    sol.save(tmp_path / "flow.npz")
    again = pl.Solution.load(tmp_path / "flow.npz")
    assert np.array_equal(again.at(0.7).W, sol.at(0.7).W)
    assert np.array_equal(again.switches.point, sol.switches.point)
    with pytest.raises(ValueError, match="t: expected a time in"):
        sol.at(3.1)
    with pytest.raises(ValueError, match="no dense output was kept"):
        pl.simulate(data, net, 1.0).at(0.5)


def test_criterion_and_certificate():
    data = pl.data.orthogonal(n=6, d=6, seed=0)
    net = pl.initial.asymmetric(p=20, d=6, seed=1)
    sol = pl.simulate(data, net, 1000.0, method="flow", stop=pl.Stop(criterion=True))
    assert sol.status is pl.Status.CONVERGED
    assert sol.stats["proved_time"] == pytest.approx(sol.t[-1])


def test_orthogonal_data_as_norms_and_dense_agree():
    data = pl.data.orthogonal(n=30, d=40, seed=0)
    net = pl.initial.asymmetric(p=9, d=40, seed=1)
    norms = pl.simulate(data, net, 20.0, method="flow", rtol=1e-9)
    dense = pl.simulate(pl.Dataset(data.X, data.y), net, 20.0, method="flow", rtol=1e-9)
    assert norms.network.W.shape == (9, 40)
    assert np.allclose(norms.network.W, dense.network.W, atol=1e-7)
    assert np.array_equal(norms.network.W[:, 30:], net.W[:, 30:])


def test_ensemble_in_order_and_the_same_bits():
    problems = [problem(seed=seed) for seed in range(5)]
    together = pl.simulate_ensemble(problems, 4.0, method="flow", threads=2)
    alone = [pl.simulate(*each, 4.0, method="flow", threads=1) for each in problems]
    for one, two in zip(together, alone, strict=True):
        assert one.network.W.tobytes() == two.network.W.tobytes()


def test_numpy_backend_follows():
    data, net = problem(n=8, d=3, p=3)
    native = pl.simulate(data, net, 1.0, method="flow", rtol=1e-8)
    slow = pl.simulate(data, net, 1.0, method="flow", rtol=1e-8, backend="numpy")
    assert np.allclose(native.network.W, slow.network.W, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"backend": "numba"}, "backend: 'numba' has no method='flow'"),
        ({"backend": "numpy", "save": pl.Save(dense=True)}, "no dense output"),
        ({"backend": "numpy", "stop": pl.Stop(criterion=True)}, "stop.max_steps only"),
        ({"rtol": 0.0}, "rtol"),
        ({"save": [0.0, 2.0]}, "save.times"),
    ],
)
def test_wrong_arguments(options, match):
    if options.get("backend") == "numba":
        pytest.importorskip("numba")
    with pytest.raises(ValueError, match=match):
        pl.simulate(*problem(), 1.0, method="flow", **options)
