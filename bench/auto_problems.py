"""Sixty problems on which neither method is always the cheaper one: small and large, dense, dependent and
orthogonal inputs, large and tiny starts, short and long, wide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import pl_native as pl


@dataclass(frozen=True)
class Question:
    """One run: `share` of the horizon `pl.horizon(n, p)`, `rtol` of the loss."""

    kind: str
    n: int
    d: int
    p: int
    share: float
    rtol: float
    scale: float = 1.0
    seed: int = 1

    @property
    def name(self) -> str:
        return (
            f"{self.kind} n {self.n} d {self.d} p {self.p} scale {self.scale:g} share {self.share:g} "
            f"rtol {self.rtol:g}"
        )

    @property
    def t_end(self) -> float:
        return self.share * pl.horizon(self.n, self.p)

    def problem(self) -> tuple[pl.Dataset, pl.Network]:
        data = _DATA[self.kind](self)
        draw = pl.initial.asymmetric if self.scale == 1.0 else pl.initial.balanced
        orthogonal = data if data.orthogonal_norms is not None else None
        return data, draw(self.p, data.d, seed=self.seed + 1, scale=self.scale, data=orthogonal)


def _sphere(q: Question) -> pl.Dataset:
    return pl.data.sphere(q.n, q.d, seed=q.seed)


def _orthogonal(q: Question) -> pl.Dataset:
    return pl.data.orthogonal(q.n, q.d, seed=q.seed)


def _bias(q: Question) -> pl.Dataset:
    """Points of a line and a constant coordinate: inputs that depend on one another."""
    rng = np.random.default_rng(q.seed)
    x = rng.uniform(-1, 1, (q.n, q.d - 1))
    y = np.sum(x**2, axis=1) - 0.3 + 0.1 * rng.standard_normal(q.n)
    return pl.Dataset(np.concatenate([x, np.ones((q.n, 1))], axis=1), y)


def _opposite(q: Question) -> pl.Dataset:
    """Every input beside its opposite."""
    half = pl.data.sphere(q.n // 2, q.d, seed=q.seed)
    return pl.Dataset(np.concatenate([half.X, -half.X]), np.concatenate([half.y, half.y[::-1]]))


def _copies(q: Question) -> pl.Dataset:
    """Every input twice, with labels of its own."""
    half = pl.data.sphere(q.n // 2, q.d, seed=q.seed)
    return pl.Dataset(np.concatenate([half.X, half.X]), np.concatenate([half.y, half.y[::-1]]))


_DATA = {
    "sphere": _sphere,
    "orthogonal": _orthogonal,
    "bias": _bias,
    "opposite": _opposite,
    "copies": _copies,
}


def questions() -> list[Question]:
    """All sixty."""
    sphere = [
        Question("sphere", n, d, p, share, rtol)
        for n, d, p in ((20, 10, 5), (60, 20, 10), (120, 10, 8), (300, 30, 31))
        for share, rtol in ((0.02, 1e-1), (0.2, 1e-2), (1.0, 1e-1), (1.0, 1e-3), (5.0, 1e-1), (1.0, 1e-6))
    ]
    large = [
        Question("sphere", n, d, p, share, rtol)
        for n, d, p in ((600, 60, 33), (1000, 30, 20))
        for share, rtol in ((0.01, 1e-1), (0.01, 1e-3), (0.1, 1e-1), (0.1, 1e-2))
    ]
    orthogonal = [
        Question("orthogonal", n, n, p, share, rtol)
        for n, p in ((50, 20), (400, 32), (1000, 36))
        for share, rtol in ((0.1, 1e-2), (1.0, 1e-1), (1.0, 1e-3))
    ]
    small = [
        Question("sphere", n, d, p, share, rtol, scale)
        for n, d, p in ((30, 10, 8), (100, 20, 20))
        for scale in (1e-1, 1e-3)
        for share, rtol in ((1.0, 1e-1), (4.0, 1e-2))
    ]
    dependent = [
        Question(kind, n, d, p, share, rtol)
        for kind, n, d, p in (("bias", 40, 2, 20), ("opposite", 60, 10, 12))
        for share, rtol in ((0.2, 1e-1), (1.0, 1e-2), (3.0, 1e-1))
    ]
    wide = [
        Question("bias", n, 2, p, share, 1e-2, scale)
        for n, p, share, scale in (
            (3, 500, 0.2, 1.0),
            (3, 2000, 0.05, 1e-2),
            (40, 500, 0.1, 1.0),
            (40, 1000, 0.02, 1e-2),
            (10, 1000, 0.1, 1.0),
        )
    ]
    return [*sphere, *large, *orthogonal, *small, *dependent, *wide]


def settling() -> list[Question]:
    """Seventy-two more to fit prices to: n from 5 to 60 times d, followed until they settle; and
    forty-eight of many pairs.
    """
    sizes = (
        (50, 10, 6), (100, 10, 10), (150, 5, 8), (250, 8, 6), (120, 3, 10), (80, 4, 40),
        (160, 16, 80), (240, 20, 30), (300, 5, 16), (350, 30, 12), (500, 10, 8), (600, 12, 10),
    )  # fmt: skip
    times = ((0.3, 1e-1), (1.0, 1e-2), (3.0, 1e-1), (10.0, 1e-2), (30.0, 1e-1), (30.0, 1e-2))
    many = (
        (300, 8, 32), (420, 10, 30), (500, 15, 40), (350, 6, 30),
        (600, 20, 24), (240, 8, 48), (800, 16, 14), (260, 13, 60),
    )  # fmt: skip
    begun_again = ((0.3, 1e-2), (1.0, 1e-1), (3.0, 1e-2), (10.0, 1e-1), (30.0, 1e-2), (1.0, 1e-3))
    return [
        Question("sphere", n, d, p, share, rtol, seed=seed + k)
        for seed, some, when in ((100, sizes, times), (200, many, begun_again))
        for k, (n, d, p) in enumerate(some)
        for share, rtol in when
    ]


def others() -> list[Question]:
    """Thirty-two that no price was fitted to: other sizes, times, tolerances and draws."""
    sphere = [
        Question("sphere", n, d, p, share, rtol, seed=7)
        for n, d, p in ((40, 5, 12), (90, 40, 6), (200, 15, 20))
        for share, rtol in ((0.05, 3e-2), (0.5, 3e-2), (0.5, 3e-3), (2.0, 1e-1))
    ]
    large = [
        Question("sphere", n, d, p, share, 3e-2, seed=7)
        for n, d, p in ((800, 40, 12), (450, 25, 60))
        for share in (0.03, 0.15)
    ]
    orthogonal = [
        Question("orthogonal", n, n, p, share, rtol, seed=7)
        for n, p in ((120, 15), (250, 60))
        for share, rtol in ((0.05, 3e-2), (0.5, 3e-3), (2.0, 1e-1))
    ]
    dependent = [
        Question("bias", 30, 3, 60, 0.5, 3e-2, seed=7),
        Question("bias", 15, 2, 300, 0.3, 3e-3, seed=7),
        Question("opposite", 100, 12, 10, 0.5, 3e-2, seed=7),
    ]
    small = [
        Question("sphere", 50, 8, 10, share, 3e-2, scale, seed=7)
        for scale in (1e-2, 1e-4)
        for share in (0.5, 2.0)
    ]
    long = [
        Question("sphere", n, d, p, 20.0, 1e-2, seed=7)
        for n, d, p in ((200, 6, 20), (200, 20, 6), (400, 12, 24))
    ]
    return [*sphere, *large, *orthogonal, *dependent, *small, *long]


def fresh() -> list[Question]:
    """Thirty drawn at random, which nothing was fitted to or looked at before: n from 5 to 60 times d, 0.1 to
    50 horizons, starts of 1e-6 to 10, inputs twice or beside their opposites, and wide.
    """
    rng = np.random.default_rng(30)
    found = []
    for k in range(30):
        kind = ("sphere", "sphere", "sphere", "copies", "opposite", "bias")[k % 6]
        d = int(rng.integers(2, 13))
        n = 2 * int(d * np.exp(rng.uniform(np.log(5), np.log(60))) / 2)
        p = int(np.exp(rng.uniform(np.log(5), np.log(300 if k % 5 == 4 else 40))))
        share = float(f"{np.exp(rng.uniform(np.log(0.1), np.log(50))):.2g}")
        rtol = (1e-1, 3e-2, 1e-2, 1e-3)[int(rng.integers(4))]
        scale = 1.0 if k % 2 else float(f"{10 ** rng.uniform(-6, 1):.1g}")
        found.append(Question(kind, n, d, p, share, rtol, scale, seed=3000 + k))
    return found
