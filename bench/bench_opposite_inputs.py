"""Where do flows of inputs lead that are opposite but for rounding?

400 small problems with x_3 = -0.7 x_2 in rounded numbers, to t = 50. The flow takes x_2 and x_3 as exactly
opposite. In exact arithmetic on the numbers as given their kinks are two, at an angle of some 1e-17, and on
which side of one a neuron meets the other is decided by what rounding left, x_3 - c x_2. Made longer, to 1e-6
or 1e-8 of x_3 and in the same direction, it decides alike, and the flow meets the two kinks as two: that is
where the numbers as given lead. Euler's steps are longer than the way between them: it sees neither.

    python bench/bench_opposite_inputs.py [--problems 400]

Counts, for docs/numerics.md; a few minutes.
"""

from __future__ import annotations

import argparse
from collections import Counter
from fractions import Fraction

import numpy as np

import pl_native as pl

T_END = 50.0
SIZES = (1e-6, 1e-8)  # relative, to which the rounding is made longer
STEPS = (1e-3, 5e-4)
APART = 0.05  # relative, of two end losses on different branches
ROUNDING = 1e-9


def problem(seed: int) -> tuple[pl.Dataset, pl.Network]:
    rng = np.random.default_rng(seed)
    n, d, p = int(rng.integers(3, 7)), int(rng.integers(2, 4)), int(rng.integers(1, 5))
    X = rng.standard_normal((n, d))
    X[2] = -0.7 * X[1]
    y = rng.standard_normal(n)
    return pl.Dataset(X, y), pl.Network(rng.standard_normal((p, d)), rng.standard_normal(p))


def magnified(data: pl.Dataset, size: float) -> pl.Dataset:
    """The same with x_3 - c x_2, c of least squares, as long as `size` norm(x_3). Exact rounding stays 0."""
    x, v = ([Fraction(float(value)) for value in data.X[i]] for i in (1, 2))
    c = sum(a * b for a, b in zip(x, v, strict=True)) / sum(a * a for a in x)
    rest = [b - c * a for a, b in zip(x, v, strict=True)]
    largest = max(abs(value) for value in rest)
    if largest == 0:
        return data
    direction = np.array([float(value / largest) for value in rest])
    X = data.X.copy()
    X[2] += size * np.linalg.norm(X[2]) * direction / np.linalg.norm(direction)
    return pl.Dataset(X, data.y)


def apart(a: float, b: float) -> bool:
    return abs(a - b) > APART * max(a, b) and abs(a - b) > ROUNDING


def end(data: pl.Dataset, network: pl.Network, **options: object) -> pl.Solution:
    return pl.simulate(data, network, T_END, **options)  # type: ignore[arg-type]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--problems", type=int, default=400)
    count: Counter[str] = Counter()
    for seed in range(parser.parse_args().problems):
        data, network = problem(seed)
        flow = end(data, network, method="flow")
        given = [end(magnified(data, size), network, method="flow").loss[-1] for size in SIZES]
        euler = [end(data, network, step=step).loss[-1] for step in STEPS]
        kind = "dependent" if flow.stats["dependent_inputs"] else "else"
        count[kind] += 1
        if apart(*given) or apart(*euler):
            count["unclear"] += 1
            continue
        count[f"{kind}, elsewhere"] += apart(flow.loss[-1], given[-1])
        count[f"{kind}, Euler elsewhere"] += apart(flow.loss[-1], euler[-1])
        if kind == "dependent":
            count["dependent, Euler from given"] += apart(given[-1], euler[-1])
    for name, value in sorted(count.items()):
        print(f"{value:4d} {name}")


if __name__ == "__main__":
    main()
