"""The flow from small initialisation, against a closed form, then timed.

    python bench/bench_small_init.py [--draws N]

Inputs [Z; -Z] with X^T X/n = I, odd labels, p/2 copies of an opposite pair along X^T y/n: the network is
linear and the loss known for all times. Worst relative error of the loss over the escape, and error of the
time of escape, in units of rtol, for sizes 1 .. 1e-20; then saddle to saddle at n = 75, d = 150, p = 200 from
1e-20, on orthogonal and nearly orthogonal inputs, which must end at loss 0 with no plateau taken for the end.
Seconds are processor time.
"""

from __future__ import annotations

import argparse
import math
import time

import numpy as np

import pl_native as pl

SIZES = 10.0 ** -np.arange(0, 21)


def odd_labels(
    size: float, pairs: int, seed: int, n: int = 400, d: int = 20
) -> tuple[pl.Dataset, pl.Network]:
    rng = np.random.default_rng(seed)
    Z, _ = np.linalg.qr(rng.standard_normal((n // 2, d)))
    half = Z @ rng.standard_normal(d) * 5 + 0.3 * rng.standard_normal(n // 2)
    X, y = np.concatenate([Z, -Z]) * math.sqrt(n / 2), np.concatenate([half, -half])
    v = X.T @ y / np.linalg.norm(X.T @ y)
    W, a = np.tile(size * np.array([v, -v]), (pairs, 1)), np.tile(size * np.array([1.0, -1.0]), pairs)
    return pl.Dataset(X, y), pl.Network(W, a)


def errors(size: float, pairs: int, seed: int, rtol: float) -> tuple[float, float]:
    """Of the loss, relative, at 41 times; of the time at which it has half of its way behind it."""
    data, network = odd_labels(size, pairs, seed)
    b, square = float(np.linalg.norm(data.X.T @ data.y / data.n)), float(np.mean(data.y**2))
    end = 2 * max(math.log(2 * b / size**2), 1.0) / b
    sol = pl.simulate(data, network, end, method="flow", rtol=rtol, save=41)
    s = 2 * b / (1 + (2 * b / size**2 - 1) * np.exp(-b * sol.t))
    worst = float(np.max(np.abs(sol.loss / (square / 2 - s * b / 2 + s**2 / 8) - 1)))
    when = math.log(2 * b / size**2 - 1) / b if size**2 < b else 0.0
    if when <= 0.0:
        return worst, 0.0
    stop = pl.Stop(loss=square / 2 - 3 * b**2 / 8)
    found = pl.simulate(data, network, end, method="flow", rtol=rtol, stop=stop)
    return worst, abs(float(found.t[-1]) / when - 1)


def closed_form(draws: int) -> None:
    print("| rtol | p | worst error of the loss / rtol | of the time of escape / rtol |\n|---|---|---|---|")
    for rtol in (1e-6, 1e-9):
        for pairs in (1, 2, 4):
            found = [errors(size, pairs, seed, rtol) for size in SIZES for seed in range(draws)]
            loss, escape = (max(column) / rtol for column in zip(*found, strict=True))
            if loss > 100 or escape > 1:
                raise SystemExit(
                    f"wrong: rtol {rtol:g}, p = {2 * pairs}: {loss:.3g}, {escape:.3g} times rtol"
                )
            print(f"| {rtol:g} | {2 * pairs} | {loss:.2g} | {escape:.2g} |", flush=True)


def saddles(kind: str, t_end: float) -> None:
    n, d, p = 75, 150, 200
    if kind == "orthogonal":
        data = pl.data.orthogonal(n, d, seed=1)
        network = pl.initial.balanced(p, d, seed=2, scale=1e-20, data=data)
    else:
        data = pl.data.sphere(n, d, seed=1)
        reduced = pl.reduce(data, pl.initial.balanced(p, d, seed=2, scale=1e-20))
        data, network = reduced.data, reduced.network
    begin = time.process_time()
    sol = pl.simulate(data, network, t_end, method="flow", save=41, stop=pl.Stop(stall=1e-6))
    seconds = time.process_time() - begin
    if sol.status is not pl.Status.HORIZON or sol.loss[-1] > 1e-20:
        raise SystemExit(f"wrong: {kind} inputs: {sol.status.name} at loss {sol.loss[-1]:.3g}")
    events = int(sol.stats["events"])
    print(f"| {kind} | {events} | {seconds:.2f} | {1e6 * seconds / events:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=3, help="of the closed form's problem, per size")
    options = parser.parse_args()
    closed_form(options.draws)
    print("\n| saddle to saddle, inputs | events | seconds | microseconds per event |\n|---|---|---|---|")
    saddles("orthogonal", 4000.0)
    saddles("nearly orthogonal", 4000.0)


if __name__ == "__main__":
    main()
