"""What the fuzzer must find: each of these faults, planted."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

import pl_native as pl
from fuzz import judging
from fuzz.watch import Fault, Watch
from problems import problem


def _busy() -> None:
    while True:
        pass


def _key() -> None:
    raise KeyError("x")


def _unnamed() -> None:
    raise ValueError("something is wrong")


def _warned() -> None:
    warnings.warn("old", DeprecationWarning, stacklevel=1)


FAULTS: list[Callable[[], Any]] = [os.abort, _busy, lambda: time.sleep(60), _key, _unnamed, _warned]


def runs() -> list[tuple[str, pl.Solution, pl.Dataset]]:
    """A good run, and what no run may be."""
    data, net = problem()
    sol = pl.simulate(data, net, 2.0, method="flow", save=3, progress=False)
    swapped, nan = sol.t[::-1].copy(), sol.loss * np.nan
    return [
        ("", sol, data), ("time goes back", replace(sol, t=swapped), data), ("loss", replace(sol, loss=nan), data),
        ("the loss rises", replace(sol, loss=sol.loss[::-1].copy()), data),
        ("local_pl", replace(sol, local_pl=nan), data),
        ("W is not finite", replace(sol, network=pl.Network.adopt(net.W * np.nan, net.a, net.w_perp_sq)), data),
        ("loss_bound", replace(sol, stats=sol.stats | {"loss_bound": 1e9}), data),
        ("ends at", replace(sol, t=sol.t * 0.5), data),
    ]  # fmt: skip


def fuzz(watch: Watch, seed: int, calls: int) -> None:
    """The fault number `seed`; beyond them, all runs."""
    try:
        if seed < len(FAULTS):
            watch.call("planted", f"fault {seed}", FAULTS[seed])
            return
        for words, sol, data in runs():
            wrong = judging.wrong_with(sol, data, 2.0)
            if not (wrong or "").startswith(words) or bool(words) != bool(wrong):
                raise Fault(f"for {words!r}: {wrong}")
    except Fault as fault:
        watch.note(fault)
