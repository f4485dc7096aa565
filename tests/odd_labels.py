"""Small starts whose loss is known for all times (Zhang, Saxe, Latham 2024)."""

from __future__ import annotations

import math

import numpy as np

import pl_native as pl


def odd_labels(
    size: float, pairs: int = 1, seed: int = 3, n: int = 400, d: int = 20
) -> tuple[pl.Dataset, pl.Network, float, float]:
    """X = [Z; -Z] whitened, y(-x) = -y(x), opposite neurons along b = X^T y/n; norm(b) and mean y^2 too.

    The network is linear (Zhang, Saxe, Latham 2024), also of several such pairs.
    """
    rng = np.random.default_rng(seed)
    Z, _ = np.linalg.qr(rng.standard_normal((n // 2, d)))
    X = np.concatenate([Z, -Z]) * math.sqrt(n / 2)
    half = Z @ rng.standard_normal(d) * 5 + 0.3 * rng.standard_normal(n // 2)
    y = np.concatenate([half, -half])
    b = X.T @ y / n
    v = b / np.linalg.norm(b)
    network = pl.Network(
        np.tile(size * np.array([v, -v]), (pairs, 1)), np.tile(size * np.array([1.0, -1.0]), pairs)
    )
    return pl.Dataset(X, y), network, float(np.linalg.norm(b)), float(np.mean(y**2))


def escape(size: float, b: float, square: float) -> tuple[float, float]:
    """When S = B, half of its limit, and the loss there."""
    return math.log(2 * b / size**2 - 1) / b, square / 2 - 3 * b**2 / 8


def closed_form(t: np.ndarray, size: float, b: float, square: float) -> np.ndarray:
    """S(t) = 2B/(1 + (2B/S0 - 1) exp(-B t)), L = mean(y^2)/2 - S B/2 + S^2/8."""
    s = 2 * b / (1 + (2 * b / size**2 - 1) * np.exp(-b * t))
    return np.asarray(square / 2 - s * b / 2 + s**2 / 8)
