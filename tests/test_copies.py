"""Copies and pickles of what a call gives or raises (faults 3.3, 3.4)."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from outcomes import native, same_bits
from pl_native.sweep import EngineError
from problems import orthogonal_problem, problem

ENDLESS = 1e9


def round_trip(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))


@pytest.mark.parametrize("again", [round_trip, copy.copy, copy.deepcopy], ids=lambda f: f.__name__)
def test_3_3_an_interrupt_is_pickled_whole(again: Callable[[Any], Any]) -> None:
    """Faults 3.3: TypeError, which broke a pool of processes."""
    empty = again(pl.Interrupted([], [], 1))
    assert str(empty) == "interrupted: 0 of 1 run finished, 0 under way"
    sol = pl.simulate(*problem(), 3.0)
    stopped = again(pl.Interrupted([sol], [2], 5))
    assert type(stopped) is pl.Interrupted
    assert str(stopped) == "interrupted: 1 of 5 runs finished, 0 under way"
    assert (stopped.indices, stopped.total) == ([2], 5)
    same_bits(stopped.solutions[0], sol)
    assert str(again(EngineError("lost"))) == "lost"


def interrupted_run(t_end: float) -> pl.Solution:
    """In a worker: Ctrl-C while it computes."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if t_end == ENDLESS:
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    return pl.simulate(*problem(), t_end)


def test_3_3_ctrl_c_in_a_worker_does_not_break_the_pool() -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        error = pool.submit(interrupted_run, ENDLESS).exception(timeout=120)
        assert isinstance(error, pl.Interrupted)
        (sol,) = error.solutions
        assert sol.status is pl.Status.INTERRUPTED
        assert sol.t[-1] > 0
        same_bits(pool.submit(interrupted_run, 3.0).result(timeout=120), pl.simulate(*problem(), 3.0))


SAVES = {"bare": None, "full": pl.Save(count=4, states=True, observe=("loss", lambda t, network: t))}


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy], ids=lambda f: f.__name__)
@pytest.mark.parametrize("save", SAVES.values(), ids=list(SAVES))
@pytest.mark.parametrize("make", [problem, orthogonal_problem])
def test_3_4_a_copy_of_a_solution_goes_on(make: Any, save: Any, again: Any, backend: str) -> None:
    """Faults 3.4: the data were gone, and the error spoke of files."""
    data, net = make()
    sol = pl.simulate(data, net, 3.0, save=save, backend=backend)
    other = again(sol)
    assert other is not sol
    same_bits(other, sol)
    same_bits(other.extend(5.0), sol.extend(5.0))
    with pytest.raises(ValueError, match="read-only"):
        other.loss[0] = 1.0


@native
def test_3_4_a_copy_of_a_flow_keeps_its_polynomials() -> None:
    save = pl.Save(dense=True, switches=True)
    sol = pl.simulate(*problem(), 3.0, method="flow", save=save)
    for other in (copy.copy(sol), copy.deepcopy(sol)):
        assert other.at(1.3) == sol.at(1.3)
        np.testing.assert_array_equal(other.extend(4.0).switches.t, sol.extend(4.0).switches.t)


def test_3_4_a_deep_copy_shares_no_stats_and_a_list_of_one_is_one() -> None:
    sol = pl.simulate(*problem(), 3.0)
    first, second = copy.deepcopy([sol, sol])
    assert first is second
    first.stats["mine"] = 1
    assert "mine" not in sol.stats


@pytest.mark.parametrize("again", [round_trip, copy.copy, copy.deepcopy], ids=lambda f: f.__name__)
def test_copies_of_problems_are_equal(again: Any) -> None:
    reduced = pl.data.sphere(4, 9, seed=1, reduced=True)
    for data, net in (problem(), orthogonal_problem(), problem(dtype=np.float32)):
        assert again(data) == data
        assert again(net) == net
    assert again(reduced) == reduced


@pytest.mark.parametrize("again", [round_trip, copy.copy, copy.deepcopy], ids=lambda f: f.__name__)
@pytest.mark.parametrize("d", [3, 9], ids=["unchanged", "rotated"])
def test_a_copy_of_a_reduction_lifts(d: int, again: Any) -> None:
    """`copy.copy(pl.reduce(...))`: "__new__() missing 2 required positional arguments"."""
    small = pl.reduce(pl.data.sphere(5, d, seed=1), pl.initial.asymmetric(4, d, seed=2))
    other = again(small)
    assert other.lift(other.network) == small.lift(small.network)
    assert (other.original is other.network) == (small.original is small.network)


@pytest.mark.parametrize("again", [round_trip, copy.copy, copy.deepcopy], ids=lambda f: f.__name__)
def test_a_copy_of_a_law_has_its_moments(again: Any) -> None:
    for name in ("asymmetric", "balanced"):
        law = pl.theory.law(name, 7, 0.5)
        assert again(law).moment(4, 3) == law.moment(4, 3)


@native
def test_records_of_the_flow_are_compared_without_an_exception() -> None:
    """Of two logs `==` was "the truth value of an array with more than one element is ambiguous"."""
    sol = pl.simulate(*problem(), 3.0, method="flow", save=pl.Save(dense=True, switches=True))
    other = copy.deepcopy(sol)
    for name in ("switches", "dense"):
        assert getattr(sol, name) == getattr(sol, name)
        assert getattr(sol, name) != getattr(other, name)
