"""
A neuron that slides along a kink
=================================

One neuron in the plane, two points. Under the first point's pull the neuron turns towards the half-plane
where the second point, whose label has the other sign, becomes active. There the two pulls oppose each other
across the line ``<w, x_2> = 0``: the neuron can stay on neither side and slides along the line. Explicit
Euler with a finite step chatters across it instead.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import pl_native as pl

theta = 0.6
X = np.array([[1.0, 0.0], [np.cos(theta), -np.sin(theta)], [0.0, 0.4]])
y = np.array([1.5, -1.4, 1.0])
W, a = np.array([[0.1, 0.6]]), np.array([1.0])
t_end, step = 9.0, 0.3

# %%
# The flow, with its states at many times and its log of switches.
sol = pl.simulate(
    pl.Dataset(X, y), pl.Network(W, a), t_end, method="flow", rtol=1e-9,
    save=pl.Save(count=1201, states=True, switches=True),
)  # fmt: skip
path, log = sol.W_saved[:, 0], sol.switches
begin = log.t[log.to_mode == 2][0]
ends = log.t[log.from_mode == 2]
finish = ends[0] if len(ends) else t_end

# %%
# Explicit Euler from the same start, and the multiplier lam of the sliding pair: the share of the second
# point's pull that is needed to stay on the line.
w, outer, euler = W[0].copy(), a[0], [W[0].copy()]
for _ in range(round(t_end / step)):
    z = X @ w
    r = y - outer * np.maximum(z, 0)
    w, outer = w + step * outer / 3 * ((z > 0) * r) @ X, outer + step / 3 * r @ np.maximum(z, 0)
    euler.append(w.copy())
euler_path = np.array(euler)

z = path @ X.T
r = y - sol.a_saved * np.maximum(z, 0)
r[:, 1] = y[1] - sol.a_saved[:, 0] * np.maximum(z[:, 1], 0)
pull = (r[:, [0, 2]] * (z[:, [0, 2]] > 0)) @ X[[0, 2]]
lam = -(pull @ X[1]) / y[1]
slides = (sol.t >= begin) & (sol.t <= finish)

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
reach = np.linspace(0, 1.6, 2)
left.plot(
    reach * np.sin(theta), reach * np.cos(theta), color="0.6", lw=1, label=r"kink $\langle w, x_2\rangle = 0$"
)
left.plot(*euler_path.T, "o-", ms=3, lw=0.8, color="C1", label=f"Euler, step {step:g}")
left.plot(*path.T, color="C0", lw=1.5, label="flow")
left.plot(*path[slides].T, color="C3", lw=3, label="flow, sliding")
left.plot(*path[0], "k.", ms=8)
left.set(xlabel="$w_1$", ylabel="$w_2$", title="one neuron in the plane", aspect="equal")
left.legend(fontsize=8)
right.plot(sol.t[slides], lam[slides], color="C3")
for level in (0.0, 1.0):
    right.axhline(level, color="0.6", lw=1)
for time in (begin, finish):
    right.axvline(time, color="C0", lw=0.8, ls=":")
right.set(xlabel="t", ylabel=r"$\lambda$", title="multiplier: off at 0, on at 1", xlim=(0, t_end))

target = Path(__file__).parents[1] / "images" / "sliding_neuron.svg" if "__file__" in globals() else None
if target is not None:
    plt.rcParams["svg.hashsalt"] = "sliding neuron"
    fig.savefig(target, metadata={"Date": None})
