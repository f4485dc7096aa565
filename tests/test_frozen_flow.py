"""The flow with its pattern frozen: against the flow itself, closed cases, recorded speeds."""

import math

import numpy as np
import pytest

import pl_native as pl
from pl_native import model, theory
from pl_native._problem.kinks import SLIDE, Kinks
from pl_native.theory import frozen as spectrum
from pl_native.theory import pattern

pytest.importorskip("pl_native._core")


def start(n, d, p, seed=0):
    return pl.data.sphere(n, d, seed=seed), pl.initial.torch_linear(p, d, seed=100 + seed)


def modes(data, net, *resting):
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


def test_the_residual_moves_as_the_matrix_says():
    """Nothing rests: central difference along the flow's velocity, which h = 1e-5 gives to 1e-9."""
    data, net = start(30, 6, 9)
    F = spectrum.features(data, net, pattern.Pattern(*modes(data, net)))
    r, h = model.residual(data, net), 1e-5
    rate = (moved(data, net, h) - moved(data, net, -h)) / (2 * h)
    assert rate == pytest.approx(-(F.T @ (F @ r)) / (data.n * net.p), rel=1e-6, abs=1e-8)
    assert np.square(F @ r).sum() / data.n**2 == pytest.approx(model.velocity_sq(data, net), rel=1e-12)
    found = spectrum.spectrum(F, r, net.p)
    assert found.loss(0.0) == pytest.approx(model.loss(data, net), rel=1e-12)
    slope = (found.loss(1e-4) - found.loss(0.0)) / 1e-4  # dL/dt = -mu L
    assert slope == pytest.approx(-model.local_pl(data, net) * model.loss(data, net), rel=1e-2)


def test_a_pair_at_rest_stays_where_it_is():
    """x_0 rests on neuron 0, which loses that direction and no other."""
    data, net = start(12, 5, 3)
    x, W = data.X[0], np.array(net.W)
    W[0] -= x * (W[0] @ x) / (x @ x)
    net = pl.Network(W, net.a)
    held = pattern.Pattern(*modes(data, net, (0, 0)))
    F = spectrum.features(data, net, held)
    blocks = F.reshape(3, 6, 12)  # neuron, weight, point
    assert x @ blocks[0, :5] == pytest.approx(np.zeros(12), abs=1e-12)
    assert np.abs(x @ blocks[1, :5]).max() > 0.1
    k = int(np.flatnonzero(held.on[0])[0])
    others = np.linalg.svd(x[None])[2][1:]  # of the complement, an orthonormal basis
    assert others @ blocks[0, :5, k] == pytest.approx(net.a[0] * (others @ data.X[k]), rel=1e-9)
    assert spectrum.free_weights(data, held) == 3 * 5 - 1
    assert np.linalg.matrix_rank(F) <= 14
    twice = pl.Dataset(np.concatenate([data.X, data.X[:1]]), np.append(data.y, data.y[0]))
    again = pattern.Pattern(*modes(twice, net, (0, 0), (0, 12)))
    assert spectrum.free_weights(twice, again) == 3 * 5 - 1  # the same direction once more


def test_the_pattern_is_that_of_the_least_velocity():
    """Six points at attracting kinks of one neuron that three others push: on the optimum's conditions."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(9, 8))
    W = np.linalg.svd(X[:6])[2][6:7]  # orthogonal to the first six
    X[6:] *= np.sign(X[6:] @ W[0])[:, None]
    data = pl.Dataset(X, np.append(-rng.uniform(0.5, 1, 6), [1.0, -1.0, 2.0]))
    net = pl.Network(W, np.array([1.0]))
    r = model.residual(data, net)
    held = pattern.pattern(data, net, 1e-9)
    on, rests = held.on[0], held.rests[0]
    assert 0 < rests[:6].sum() < 6
    assert not rests[6:].any()
    assert on[6:].all()
    drive = (r * on) @ X
    share = np.linalg.lstsq(X[rests].T, -drive, rcond=None)[0] / r[rests]
    assert ((share > 0) & (share < 1)).all()
    speed = X @ (drive + (share * r[rests]) @ X[rests])
    assert np.abs(speed[rests]).max() < 1e-10
    assert (speed[:6][on[:6]] >= 0).all()
    assert (speed[:6][~on[:6] & ~rests[:6]] <= 0).all()


@pytest.mark.parametrize(("gap", "taken"), [(40, 40), (41, 41), (42, 42), (43, 40)])
def test_pairs_at_kinks_end_at_the_widest_gap_about_the_count(gap, taken):
    """z = 1.1^i 1e-9 but for a gap after the 40th pair or a few more: up to a twentieth, 42."""
    z = 1e-9 * 1.1 ** np.arange(60)
    z[gap:] *= 1e3
    z[40:] *= 1.05  # the widest if the gap is too far
    y = np.full(60, -10.0)
    data = pl.Dataset(np.stack([np.append(z, 1.0), np.ones(61)], axis=1), np.append(y, 10.0))
    nearness, net = pattern.nearness, pl.Network(np.array([[1.0, 0.0]]), np.array([1.0]))
    assert np.sum(z <= nearness(data, net, 40, 0.0)) == taken
    assert nearness(data, net, 40) == nearness(data, net, 0) == 1e-5  # at least


def test_pairs_at_kinks_rest_or_are_on_or_off_as_their_shares_are():
    """w = e_1; the drive of x_0 holds x_1 at half, takes x_2 on, x_3 off; x_4 is just on, its kink repels."""
    X = np.eye(5, 4)
    X[0, 1:], X[4] = (1.0, 5.0, -2.0), (1e-8, 0.0, 0.0, 1.0)
    data = pl.Dataset(X, np.array([2.0, -2.0, -2.0, -2.0, 1.0]))  # r = (1, -2, -2, -2, 1)
    held = pattern.pattern(data, pl.Network(np.eye(1, 4), np.array([1.0])), 1e-6)
    assert held.rests.tolist() == [[False, True, False, False, False]]
    assert held.on.tolist() == [[True, False, True, False, True]]


def test_the_pattern_gives_the_speed_that_the_run_recorded():
    """With up to 46 pairs at rest; the masks alone give 1.1 to 1.8 times its square."""
    resting = 0
    for seed in range(6):
        n, d, p = (int(v) for v in np.random.default_rng(seed).integers((40, 5, 6), (81, 11, 13)))
        data, net = pl.data.sphere(n, d, seed=seed), pl.initial.asymmetric(p, d, seed=100 + seed)
        sol = pl.simulate(data, net, 10.0, method="capture", rtol=1e-4, threads=1)
        found = theory.frozen_flow(data, sol.network, at_kinks=sol.stats["sliding_end"])
        assert found.velocity_sq == pytest.approx((sol.grad_norm[-1] * p) ** 2, rel=2e-3)
        assert 0.95 <= found.pattern.rests.sum() / sol.stats["sliding_end"] <= 1.05
        assert found.spectrum.moves.sum() <= min(n, found.free_weights)
        assert found.spectrum.loss(0.0) == pytest.approx(model.loss(data, sol.network), rel=1e-12)
        assert found.spectrum.floor <= found.spectrum.loss(0.0)
        assert p * d - found.pattern.rests.sum() <= found.free_weights
        resting += found.pattern.rests.sum()
    assert resting > 40


def test_what_a_user_may_ask():
    data, net = start(12, 5, 3)
    with pytest.raises(ValueError, match="at_kinks: expected an integer >= 0, got -1"):
        theory.frozen_flow(data, net, at_kinks=-1)
    with pytest.raises(ValueError, match="W has 4 columns, expected 5"):
        theory.frozen_flow(data, pl.initial.asymmetric(3, 4, seed=0))
    found = theory.frozen_flow(data, net)
    assert (found.crossing, found.let_go) == (
        spectrum.crossing(data, net, found.pattern, found.spectrum.impulse),
        spectrum.let_go(data, net, found.pattern, found.spectrum.limit),
    )


def test_the_floor_is_the_loss_that_nothing_moves():
    """Rates 0, 1/(n p), 4/(n p) in known directions."""
    p = 2
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


def test_pairs_that_the_frozen_flow_would_not_keep():
    """One neuron, w = (1, 0), orthogonal inputs; the first is on, the second rests, the third is off."""
    X = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.5]])
    data, net = pl.Dataset(X, np.array([1.0, 1.0, 1.0])), pl.Network(np.array([[1.0, 1e-9]]), np.array([2.0]))
    held = pattern.Pattern(np.array([[True, False, False]]), np.array([[False, True, False]]))
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


def test_pairs_that_the_run_has_sliding_are_taken_at_their_kinks():
    """w = e_1, z = 1e-2, 1e-6: x_1 is out of reach of `nearness`, and only the run says that it slides."""
    X = np.array([[1e-2, 1.0], [1e-6, 1.0]])
    data, kinks = pl.Dataset(X, np.array([2.0, -2.0])), Kinks([0], [1], [SLIDE], [0.5])
    bare, told = (pl.Network(np.eye(1, 2), np.ones(1), kinks=its) for its in (None, kinks))
    assert not spectrum.frozen_flow(data, bare).pattern.rests.any()
    found = spectrum.frozen_flow(data, told)
    assert found.pattern.rests.tolist() == [[False, True]]
    assert found.free_weights == 1


def test_a_neuron_at_zero_is_at_no_kink_that_a_run_counted():
    """w_1 = 0 has every z at 0 (0/0 once): it stays there, and the pattern of w_0 is what it is alone."""
    X, y = np.eye(3, 3) + 0.1, np.array([1.0, -1.0, 0.5])
    data, w = pl.Dataset(X, y), np.array([[1.0, -0.3, 0.2]])
    alone = spectrum.frozen_flow(data, pl.Network(w, np.ones(1)), at_kinks=1)
    both = spectrum.frozen_flow(data, pl.Network(np.vstack([w, np.zeros(3)]), np.ones(2)), at_kinks=1)
    assert both.pattern.on.tolist() == [*alone.pattern.on.tolist(), [False] * 3]
    assert not both.pattern.rests[1].any()
    assert both.spectrum.moves.sum() == alone.spectrum.moves.sum()
