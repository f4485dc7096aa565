"""`_core` with tasks whose fields are missing, of other types, shapes, layouts and values."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

import pl_native as pl
from fuzz.judging import wrong_with_raw
from fuzz.odd import ODD, shown
from fuzz.watch import Fault, Watch
from pl_native import _core
from pl_native._run.call_options import checked_options
from pl_native._run.task import work_of
from pl_native.backends import native
from problems import orthogonal_problem, problem

SECONDS = 0.05  # of wall time for each task

Task = dict[str, Any]

_METHODS: dict[str, dict[str, Any]] = {
    "euler": {"save": pl.Save(count=3, states=True)},
    "flow": {"save": pl.Save(count=3, states=True, switches=True, dense=True)},
    "capture": {"save": pl.Save(count=3, states=True)},
}


_PROOF = ("X", "norms", "y", "W", "a", "w_perp_sq", "certifiable", "orthogonal")


def good(method: str, data: pl.Dataset, network: pl.Network, t_end: float) -> Task:
    """The task of a good call, as the package hands it to the core."""
    stop = pl.Stop(wall_time=SECONDS, max_steps=200)
    shared: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-9, "stop": stop, "backend": "native"}
    options = checked_options(method=method, **shared, **_METHODS[method])
    task: Any = work_of(0, data, network, t_end, 0.1, options).task
    return dict(native.euler_fields(task) if method == "euler" else native.flow_fields(task))


def bases(seed: int) -> list[tuple[str, Task]]:
    """Good tasks of every method, dense and orthogonal, from a start and from the middle of a run."""
    made: list[tuple[str, Task]] = []
    for data, network in (problem(5, 3, 4, seed), orthogonal_problem(5, 5, 4, seed)):
        task = good("euler", data, network, 1.0)
        made.append(("prove", {name: task[name] for name in _PROOF}))
        for method in _METHODS:
            task, half = (good(method, data, network, t) for t in (1.0, 0.4))
            (first,), _ = getattr(_core, method)([half], 1)
            later = task | {name: first[name] for name in ("W", "a", "resume")} | {"save": task["save"][-1:]}
            made += [(method, task), (method, later)]
    return made


def other_array(array: np.ndarray, rng: random.Random) -> Any:
    """The same numbers elsewhere, or others."""
    changed = array.copy()
    flat = changed.reshape(-1)
    choices: list[Callable[[], Any]] = [
        lambda: array.T, lambda: array[::-1], lambda: array[..., ::2], lambda: array[:0], lambda: array[1:],
        lambda: np.concatenate([array, array]), lambda: array.astype(np.float32),
        lambda: array.astype(np.int64), lambda: array.astype(">f8"), lambda: array.tolist(),
        lambda: array.reshape(-1), lambda: array[None], lambda: np.broadcast_to(array.flat[0], array.shape),
        lambda: np.broadcast_to(array.flat[0], (1 << 40, *array.shape[1:])), lambda: -array,
        lambda: np.frombuffer(b"\0" + array.tobytes(), np.uint8)[1:].view(array.dtype).reshape(array.shape),
        lambda: array * 0,
    ]  # fmt: skip
    number = rng.choice((math.nan, math.inf, -1.0, 0.0, 5e-324, 1e-200, 1e100, 1e150, 1e308, 3.0))
    if rng.random() < 0.5:
        with np.errstate(invalid="ignore", over="ignore"):
            flat[rng.randrange(len(flat))] = np.array(number).astype(array.dtype)
        return changed
    try:
        return rng.choice(choices)()
    except (ValueError, TypeError, IndexError):
        return changed


def changed(task: Task, rng: random.Random) -> tuple[Task, str]:
    """One to three changes, and what they were."""
    task, words = copy.deepcopy(task), []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at, path = task, ""
        name = rng.choice(sorted(at))
        while isinstance(at[name], dict) and at[name] and rng.random() < 0.85:
            at, path = at[name], f"{path}{name}."
            name = rng.choice(sorted(at))
        if rng.random() < 0.08:
            del at[name]
            words.append(f"no {path}{name}")
            if not at:
                break
            continue
        value = at[name]
        array = isinstance(value, np.ndarray) and 0 < value.size < 1000 and rng.random() < 0.75
        at[name] = other_array(value, rng) if array else rng.choice(ODD)
        words.append(f"{path}{name} = {shown(at[name])}")
    _with_an_end(task)
    return task, "; ".join(words)


def _with_an_end(task: Task) -> None:
    """Rules that would let a good task run for ever are put back; so are a task's many threads."""
    stop = task.get("stop")
    if isinstance(stop, dict) and "wall_time" in stop:
        seconds = stop["wall_time"]
        if seconds is None or (isinstance(seconds, int | float) and seconds > SECONDS):
            stop["wall_time"] = SECONDS


def one(watch: Watch, rng: random.Random, known: list[tuple[str, Task]]) -> None:
    method, base = rng.choice(known)
    task, words = changed(base, rng)
    threads = rng.choice((1, 1, 1, 2, 3)) if rng.random() < 0.97 else rng.choice(ODD)
    tasks: Any = [task] if rng.random() < 0.9 else [base, task, base]
    if rng.random() < 0.02:
        tasks, words = (value := rng.choice(ODD)), f"tasks = {shown(value)}"
    resumed = "" if base.get("resume") is None else ", resumed"
    line = f"{words} (threads {shown(threads)}{resumed}, {'norms' if base['X'] is None else 'X'})"
    named = lambda error: isinstance(error, (KeyError, TypeError, ValueError, IndexError, MemoryError))  # noqa: E731
    if method == "prove":
        watch.call("core.prove", line, lambda: _core.prove(task, threads), also=named)
        return
    found = watch.call(f"core.{method}", line, lambda: getattr(_core, method)(tasks, threads), also=named,
                       budget=3 * SECONDS)  # fmt: skip
    table = _core.status_table()
    for run in () if found is None else found[0]:
        watch.expect(f"core.{method}", wrong_with_raw(run, table))


def fuzz(watch: Watch, seed: int, calls: int) -> None:
    """`calls` calls."""
    rng = random.Random(seed)
    known = bases(seed)
    for _ in range(calls):
        watch.example()
        try:
            one(watch, rng, known)
        except Fault as fault:
            watch.note(fault)
