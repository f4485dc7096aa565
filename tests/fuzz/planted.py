"""What the fuzzer must find: each of these faults, planted."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

import pl_native as pl
from fuzz import judging
from fuzz.watch import Fault, Watch


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
    from problems import problem  # here, because it brings hypothesis, which no fault needs

    data, net = problem()
    sol = pl.simulate(data, net, 2.0, method="flow", save=3, progress=False)
    swapped, nan = sol.t[::-1].copy(), sol.loss * np.nan
    nowhere = SimpleNamespace(W=net.W * np.nan, a=net.a)
    claimed = sol.stats | {"loss_bound": 1e9}
    wrong: dict[str, dict[str, Any]] = {
        "": {}, "time goes back": {"t": swapped}, "loss": {"loss": nan}, "local_pl": {"local_pl": nan},
        "the loss rises": {"loss": sol.loss[::-1].copy()}, "W is not finite": {"network": nowhere},
        "loss_bound": {"stats": claimed}, "ends at": {"t": sol.t * 0.5},
        "the loss is told": {"network": net},
    }  # fmt: skip
    return [(words, replace(sol, **changes), data) for words, changes in wrong.items()]


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
