"""What the tests run in processes of their own, to be killed, interrupted or forked."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pl_native as pl
from pl_native import backends
from sweeping import cell, plan

BACKEND = "native" if "native" in backends.available() else "numpy"


def long_run(kind: str, **options: Any) -> pl.Solution:
    """Several seconds."""
    from problems import problem  # here, because it brings hypothesis, half as long to import as all else

    if kind == "orthogonal":
        data = pl.data.orthogonal(20_011, 20_011, seed=1)
        net = pl.initial.asymmetric(37, 20_011, seed=2, data=data)
        return pl.simulate(data, net, 3000.0, save=20, **options)
    data, net = problem(101, 13, 17)
    return pl.simulate(data, net, 800_000.0, save=20, **options)


def grid(size):
    """`size` runs of a few milliseconds each."""
    each = 50
    cells = [cell(n=20 + i, replicates=each, t_end=1500.0, stop={"loss": 1e-9}) for i in range(size // each)]
    return plan(*cells, seed=3, backend=BACKEND)


def end_bits(seed):
    """Of one run, also in processes that import this module and not its test."""
    data, net = pl.data.sphere(n=60, d=11, seed=seed), pl.initial.asymmetric(p=9, d=11, seed=seed + 1)
    return pl.simulate(data, net, t_end=20.0, threads=2).network.W.tobytes()


def ensemble_bits():
    from problems import problem

    sols = pl.simulate_ensemble([problem(60, 11, 9, seed=k) for k in range(6)], t_end=20.0, threads=2)
    return [sol.network.W.tobytes() for sol in sols]


def until_computed(process: Any, seconds: float) -> None:
    """Waits until `process` has had so much processor time from now on, which neighbours may make long to
    come; of the clock where the system does not tell."""

    def spent() -> float:
        try:
            fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            return time.monotonic()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    end = spent() + seconds
    while process.poll() is None and spent() < end:
        time.sleep(0.02)
