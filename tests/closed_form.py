"""Starts of group initialisation, and the flow from them in closed form."""

from __future__ import annotations

import numpy as np

from pl_native.theory import group_closed_form


def group_start(n, p, c0, rng):
    """Labels and a network whose groups have squared norm 1 and cosine c0 (or the smallest a
    positive vector has)."""
    k = n // p
    y, W, a = rng.uniform(1, 2, n), np.zeros((p, n)), np.zeros(p)
    for j in range(p):
        s, group = rng.choice([-1, 1]), slice(j * k, (j + 1) * k)
        u = y[group] / np.linalg.norm(y[group])
        w = u.copy()
        if c0 < 1 and k > 1:
            corner = np.zeros(k)
            corner[np.argmin(u)] = 1
            lo, hi = 0.0, 1 - 1e-6
            for _ in range(80):
                mid = 0.5 * (lo + hi)
                w = (1 - mid) * u + mid * corner
                lo, hi = (mid, hi) if w @ u / np.linalg.norm(w) > c0 else (lo, mid)
        y[group] *= s
        W[j, group] = w / np.linalg.norm(w)
        a[j] = s * np.linalg.norm(W[j, group])
    return y, W, a


def closed_form(t, y, W, a):
    """(W, r) at every time, from the closed form: the component across Y keeps its direction."""
    p, n = W.shape
    k = n // p
    norms = np.array([np.linalg.norm(y[j * k : (j + 1) * k]) for j in range(p)])
    N0 = (W**2).sum(axis=1)
    cos0 = np.minimum(np.sign(a) * (W @ y) / (norms * np.sqrt(N0)), 1.0)
    exact = group_closed_form(t, norms, n, p, N0=N0, c0=cos0)
    Ws, r = np.zeros((len(t), p, n)), np.tile(y, (len(t), 1))
    for j in range(p):
        g, s = slice(j * k, (j + 1) * k), np.sign(a[j])
        u = s * y[g] / norms[j]
        across = W[j, g] - (W[j, g] @ u) * u
        length = np.linalg.norm(across)
        e = across / length if length > 1e-8 else np.zeros(k)
        cos, rest, N = exact.cosine[:, j], exact.one_minus_cosine[:, j], exact.n_sq[:, j]
        sine = np.sqrt(rest * (1 + cos))
        Ws[:, j, g] = np.sqrt(N)[:, None] * (cos[:, None] * u + sine[:, None] * e)
        r[:, g] = s * ((exact.gap[:, j] + N / p * rest)[:, None] * u - (N / p * sine)[:, None] * e)
    return Ws, r, exact
