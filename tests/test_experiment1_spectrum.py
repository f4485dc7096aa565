"""The frozen flow of `experiment1-spectrum`: against the flow itself, closed cases, recorded speeds."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pl_native as pl
from pl_native import model
from pl_native.streams import Purpose, stream

pytest.importorskip("pl_native._core")

TOOLS = Path(__file__).parents[1] / "tools"
SCRIPT = TOOLS / "experiment1-spectrum"
pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="needs the source tree")


def start(n, d, p, seed=0):
    return pl.data.sphere(n, d, seed=seed), pl.initial.torch_linear(p, d, seed=100 + seed)


def frozen(data, net, *resting):
    """Modes by the signs of z, and these pairs at rest."""
    on = model.active(data, net)
    rests = np.zeros_like(on)
    for pair in resting:
        rests[pair] = True
    return on & ~rests, rests


def moved(data, net, h):
    """The residual after one Euler step of h, either way."""
    dW, da = model.velocity(data, net)
    return model.residual(data, pl.Network(net.W + h * dW, net.a + h * da))


def test_the_residual_moves_as_the_matrix_says(tool):
    """Nothing rests: central difference along the flow's velocity, which h = 1e-5 gives to 1e-9."""
    spectrum = tool("spectrum")
    data, net = start(30, 6, 9)
    F = spectrum.features(data, net, spectrum.Pattern(*frozen(data, net)))
    r, h = model.residual(data, net), 1e-5
    rate = (moved(data, net, h) - moved(data, net, -h)) / (2 * h)
    assert rate == pytest.approx(-(F.T @ (F @ r)) / (data.n * net.p), rel=1e-6, abs=1e-8)
    assert spectrum.velocity_sq(F, r) == pytest.approx(model.velocity_sq(data, net), rel=1e-12)
    found = spectrum.spectrum(F, r, net.p)
    assert found.loss(0.0) == pytest.approx(model.loss(data, net), rel=1e-12)
    slope = (found.loss(1e-4) - found.loss(0.0)) / 1e-4  # dL/dt = -mu L
    assert slope == pytest.approx(-model.local_pl(data, net) * model.loss(data, net), rel=1e-2)


def test_a_pair_at_rest_stays_where_it_is(tool):
    """x_0 rests on neuron 0, which loses that direction and no other."""
    spectrum = tool("spectrum")
    data, net = start(12, 5, 3)
    x, W = data.X[0], np.array(net.W)
    W[0] -= x * (W[0] @ x) / (x @ x)
    net = pl.Network(W, net.a)
    held = spectrum.Pattern(*frozen(data, net, (0, 0)))
    F = spectrum.features(data, net, held)
    blocks = F.reshape(3, 6, 12)  # neuron, weight, point
    assert x @ blocks[0, :5] == pytest.approx(np.zeros(12), abs=1e-12)
    assert np.abs(x @ blocks[1, :5]).max() > 0.1
    k = int(np.flatnonzero(held.on[0])[0])
    others = np.linalg.svd(x[None])[2][1:]  # of the complement, an orthonormal basis
    assert others @ blocks[0, :5, k] == pytest.approx(net.a[0] * (others @ data.X[k]), rel=1e-9)
    assert spectrum.freedom(data, held) == 3 * 5 - 1
    assert np.linalg.matrix_rank(F) <= 14
    twice = pl.Dataset(np.concatenate([data.X, data.X[:1]]), np.append(data.y, data.y[0]))
    again = spectrum.Pattern(*frozen(twice, net, (0, 0), (0, 12)))
    assert spectrum.freedom(twice, again) == 3 * 5 - 1  # the same direction once more


def test_the_shares_are_those_of_the_least_velocity(tool):
    """One kink in closed form; several against the conditions of their optimum."""
    shares = tool("spectrum").shares
    x = np.array([[2.0, 0.0]])
    for drive, share in ((1.0, 0.25), (9.0, 1.0), (-1.0, 0.0)):
        assert shares(x, np.array([drive, 5.0]), np.array([-2.0])) == pytest.approx([share])
    rng = np.random.default_rng(3)
    X, drive, pull = rng.normal(size=(6, 8)), 2 * rng.normal(size=8), -rng.uniform(0.5, 1, 6)
    found = shares(X, drive, pull)
    speed = X @ (drive + (pull * found) @ X)
    inside = (found > 0) & (found < 1)
    assert 0 < inside.sum() < 6
    assert np.abs(speed[inside]).max() < 1e-10
    assert (speed[found == 1] >= 0).all()
    assert (speed[found == 0] <= 0).all()


@pytest.mark.parametrize(("gap", "taken"), [(40, 40), (41, 41), (42, 42), (43, 40)])
def test_pairs_at_kinks_end_at_the_widest_gap_about_the_count(tool, gap, taken):
    """z = 1.1^i 1e-9 but for a gap after the 40th pair or a few more: up to a twentieth, 42."""
    z = 1e-9 * 1.1 ** np.arange(60)
    z[gap:] *= 1e3
    z[40:] *= 1.05  # the widest if the gap is too far
    y = np.full(60, -10.0)
    data = pl.Dataset(np.stack([np.append(z, 1.0), np.ones(61)], axis=1), np.append(y, 10.0))
    nearness, net = tool("spectrum").nearness, pl.Network(np.array([[1.0, 0.0]]), np.array([1.0]))
    assert np.sum(z <= nearness(data, net, 40, 0.0)) == taken
    assert nearness(data, net, 40) == nearness(data, net, 0) == 1e-5  # at least


def test_pairs_at_kinks_rest_or_are_on_or_off_as_their_shares_are(tool):
    """w = e_1; the drive of x_0 holds x_1 at half, takes x_2 on, x_3 off; x_4 is just on, its kink repels."""
    X = np.eye(5, 4)
    X[0, 1:], X[4] = (1.0, 5.0, -2.0), (1e-9, 0.0, 0.0, 1.0)
    data = pl.Dataset(X, np.array([2.0, -2.0, -2.0, -2.0, 1.0]))  # r = (1, -2, -2, -2, 1)
    held = tool("spectrum").pattern(data, pl.Network(np.eye(1, 4), np.array([1.0])), 1e-6)
    assert held.rests.tolist() == [[False, True, False, False, False]]
    assert held.on.tolist() == [[True, False, True, False, True]]


def test_the_pattern_gives_the_speed_that_the_run_recorded(tool):
    """With up to 46 pairs at rest; the masks alone give 1.1 to 1.8 times its square."""
    spectrum = tool("spectrum")
    resting = 0
    for seed in range(6):
        n, d, p = (int(v) for v in np.random.default_rng(seed).integers((40, 5, 6), (81, 11, 13)))
        data, net = pl.data.sphere(n, d, seed=seed), pl.initial.asymmetric(p, d, seed=100 + seed)
        sol = pl.simulate(data, net, 10.0, method="capture", rtol=1e-4, threads=1)
        near = spectrum.nearness(data, sol.network, sol.stats["sliding_end"])
        held = spectrum.pattern(data, sol.network, near)
        F = spectrum.features(data, sol.network, held)
        recorded = (sol.grad_norm[-1] * p) ** 2
        speed = spectrum.velocity_sq(F, model.residual(data, sol.network))
        assert speed == pytest.approx(recorded, rel=2e-3)
        assert 0.95 <= held.rests.sum() / sol.stats["sliding_end"] <= 1.05
        resting += held.rests.sum()
    assert resting > 40


def test_the_floor_is_the_loss_that_nothing_moves(tool):
    """Rates 0, 1/(n p), 4/(n p) in known directions."""
    spectrum, p = tool("spectrum"), 2
    Q = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    r = Q @ np.array([0.3, 2.0, 5.0])
    found = spectrum.spectrum(np.diag([0.0, 1.0, 2.0]) @ Q.T, r, p)
    assert found.floor == pytest.approx(0.09 / 6)
    assert found.limit == pytest.approx(0.3 * Q[:, 0])
    assert found.moves.sum() == 2
    assert found.slowest == pytest.approx(1 / 6)
    assert found.impulse == pytest.approx(6 * 2.0 * Q[:, 1] + 1.5 * 5.0 * Q[:, 2])
    assert found.time_to(0.01) == math.inf
    assert found.time_to(10.0) == 0.0
    t = found.time_to(0.1)
    sum_r2 = 0.09 + 4 * math.exp(-t / 3) + 25 * math.exp(-4 * t / 3)
    assert sum_r2 == pytest.approx(0.6, rel=1e-4)


def test_pairs_that_the_frozen_flow_would_not_keep(tool):
    """One neuron, w = (1, 0), orthogonal inputs; the first is on, the second rests, the third is off."""
    spectrum = tool("spectrum")
    X = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.5]])
    data, net = pl.Dataset(X, np.array([1.0, 1.0, 1.0])), pl.Network(np.array([[1.0, 0.0]]), np.array([2.0]))
    held = spectrum.Pattern(np.array([[True, False, False]]), np.array([[False, True, False]]))
    cross = lambda push: spectrum.crossing(data, net, held, np.array([push, 0.0, 0.0]))  # noqa: E731
    assert cross(1.0) == 0
    assert cross(-1.4) == 0  # w_1 = 1 - 2/3 1.4 = 0.07
    assert cross(-1.6) == 2  # the first goes off, the third comes on
    tilted = pl.Dataset(np.array([[1.0, 0.5], [0.0, 1.0], [-1.0, 0.5]]), data.y)
    keeps = lambda *r: spectrum.let_go(tilted, net, held, np.array(r))  # noqa: E731
    assert keeps(1.0, -1.0, 0.0) == 0  # share 0.5
    assert keeps(1.0, -0.4, 0.0) == 1  # 1.25
    assert keeps(-1.0, -1.0, 0.0) == 1  # -0.5
    assert keeps(-1.0, 1.0, 0.0) == 1  # repelling


ROW = {"n": "50", "draw": "0", "rtol": "0.1", "t_end_over_t_inf": "30", "loss_over_level": "26.257"}
ROW |= {"velocity_sq_over_recorded": "0.99", "resting": "8", "weights": "60", "freedom": "52", "rank": "50"}
ROW |= {"floor_over_level": "0", "slowest_times_t_inf": "0.5", "level_at": "31.234", "target_at": "77.77"}
ROW |= {"crossing": "3", "let_go": ""}
STUCK = {"n": "60", "freedom": "52", "rank": "52", "floor_over_level": "13.1285", "let_go": "2"}
STUCK = ROW | STUCK | {"level_at": "inf", "target_at": "inf"}


def test_the_words_follow_from_the_rows(tool):
    patterns = tool("patterns").patterns
    assert patterns([]) == ""
    text = patterns([ROW])
    assert "| 50 | 0 | 0.1 | 30 | 26.3 | 8 | 52 | 50 | 0 | 0.5 | 31.2 | 77.8 |" in text
    assert "Free weights: more than n at n = 50 (1 state)." in text
    assert "below 1e-6 of the level at n = 50 (1 state)." in text
    assert "cannot" not in text
    assert "recorded to 0.01, relative, in 1 of 1 states." in text
    other = patterns([ROW, ROW | {"draw": "1", "velocity_sq_over_recorded": "0.0024"}])
    assert (
        "recorded to 0.01, relative, in 1 of 2 states; not at n = 50, draw 1, rtol 0.1 (0.0024 times" in other
    )
    both = patterns([ROW, STUCK])
    assert (
        "more than n at n = 50 (1 state); fewer than n at n = 60 (1 state). At n = 60 (1 state) p d" in both
    )
    assert "it is above at n = 60 (1 state): with its kinks as they are the loss cannot, to first" in both
    assert "50.0% of the loss is floor." in both
    assert "3 pairs would pass their kinks, and at its end 2 of the 8" in both
    assert "no proof" in both
    settled = patterns([STUCK | {"crossing": "0", "let_go": "0"}])
    assert "no proof" not in settled
    assert "comes to rest there, above 0" in settled
    assert "passed" in patterns([ROW | {"level_at": ""}])
    assert "p d is not above n" not in patterns([STUCK | {"weights": "61"}])


def test_rows_are_of_the_states(tmp_path):
    """A folder of two states, one of which is then made to be of other data."""
    states, rows = tmp_path / "states", tmp_path / "spectrum.csv"
    states.mkdir()
    for n in (40, 61):
        p, seeds = pl.minimal_width(n), [stream(2026, n, 0, kind) for kind in (Purpose.DATA, Purpose.NETWORK)]
        data, net = pl.data.sphere(n, 7, seed=seeds[0]), pl.initial.torch_linear(p, 7, seed=seeds[1])
        sol = pl.simulate(data, net, pl.horizon(n, p), method="capture", rtol=0.1, threads=1)
        sol.save(states / f"{n}-0-capture-0.1.npz")
    command = [sys.executable, str(SCRIPT), "--states", str(states), "--rows", str(rows)]
    assert subprocess.run(command, capture_output=True, timeout=120).returncode == 0
    names, *lines = (line.split(",") for line in rows.read_text().splitlines())
    for n, line in zip((40, 61), lines, strict=True):
        row = dict(zip(names, line, strict=True))
        assert row["n"] == str(n)
        assert float(row["velocity_sq_over_recorded"]) == pytest.approx(1, abs=0.05)
        assert float(row["t_end_over_t_inf"]) == pytest.approx(1)
        assert int(row["rank"]) <= min(n, int(row["freedom"]))
        assert int(row["weights"]) - int(row["resting"]) <= int(row["freedom"])
    (states / "40-0-capture-0.1.npz").rename(states / "40-1-capture-0.1.npz")
    failed = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert failed.returncode != 0
    assert "is not that of draw 1" in failed.stderr
