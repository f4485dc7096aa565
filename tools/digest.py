"""A digest of the bits of runs, a line per method and level: builds that agree print the same lines.

Runs of every method on dense, orthogonal and reduced data, in both precisions of Euler, alone and
continued; all through the public interface, so that builds with other insides can be compared. Certified
bounds and seconds are left out: they may become sharper or change with the clock.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np

import pl_native as pl

SIZES = {
    "euler": [(1, 1, 1), (49, 17, 8), (97, 31, 33), (300, 30, 31), (2000, 100, 40), (6000, 60, 150)],
    "flow": [(1, 1, 1), (7, 3, 2), (20, 10, 5), (49, 17, 8), (60, 5, 6)],
    "capture": [(1, 1, 1), (20, 10, 5), (49, 17, 8), (97, 31, 33), (300, 30, 31)],
}
T_END = {"euler": 1.0, "flow": 8.0, "capture": 8.0}
CURVES = ("t", "loss", "local_pl", "grad_norm", "n_active", "invariant_drift", "W_saved", "a_saved")
COUNTS = ("steps", "first_rise", "rises", "criterion_time", "events", "rhs", "sliding_end")


def problems(method: str) -> Iterator[tuple[pl.Dataset, pl.Network]]:
    """Dense, orthogonal and reduced ones of each size, in the precisions the method computes in."""
    for n, d, p in SIZES[method]:
        for dtype in (np.float32, np.float64) if method == "euler" else (np.float64,):
            dense = pl.data.sphere(n=n, d=d, seed=1, dtype=dtype)
            yield dense, pl.initial.asymmetric(p=p, d=d, seed=2, dtype=dtype)
            norms = pl.data.orthogonal(n=n, d=n, seed=1, dtype=dtype)
            yield norms, pl.initial.asymmetric(p=p, d=n, seed=2, dtype=dtype)
            if n <= 100:
                wide = pl.data.sphere(n=n, d=2 * n, seed=3, dtype=dtype)
                reduced = pl.reduce(wide, pl.initial.asymmetric(p=p, d=2 * n, seed=4, dtype=dtype))
                yield reduced.data, reduced.network


def feed(digest: "hashlib._Hash", sol: pl.Solution) -> None:
    for name in CURVES:
        values = getattr(sol, name)
        if values is not None:
            digest.update(np.ascontiguousarray(values).tobytes())
    digest.update(sol.network.W.tobytes() + sol.network.a.tobytes())
    digest.update(repr([sol.status.name, *(sol.stats.get(name) for name in COUNTS)]).encode())


def digest_of(method: str) -> str:
    options = {"method": method, "step": 0.1, "rtol": 1e-3 if method == "capture" else 1e-8, "atol": 1e-9}
    digest, listed, end = hashlib.sha256(), list(problems(method)), T_END[method]
    sols = pl.simulate_ensemble(listed, end, save=pl.Save(count=3, states=True), threads=2, **options)
    for sol in sols:
        feed(digest, sol)
    for sol in sols[:4]:
        feed(digest, sol.extend(1.5 * end, threads=1))
    return digest.hexdigest()


def main() -> None:
    level = os.environ.get("PL_NATIVE_ISA")
    if level:
        for method in SIZES:
            print(level, method, digest_of(method), flush=True)
        return
    for name in pl.build_info()["native"]["levels"]:
        subprocess.run([sys.executable, __file__], env=os.environ | {"PL_NATIVE_ISA": name}, check=True)


if __name__ == "__main__":
    main()
