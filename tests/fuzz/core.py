"""`_core` with tasks whose fields are missing, of other types, shapes, layouts and values."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from fuzz.judging import wrong_with_raw
from fuzz.odd import ODD, shown
from fuzz.watch import Fault, Watch
from pl_native import _core

N, D, P = 5, 3, 4
SECONDS = 0.05  # of wall time for each task

Task = dict[str, Any]


def shared(rng: np.random.Generator, orthogonal: bool) -> Task:
    """What a task of every method says."""
    stop = {"criterion": False, "loss": 0.0, "stall": 0.0, "wall_time": SECONDS, "max_steps": 200,
            "rise": None}  # fmt: skip
    d = N if orthogonal else D
    return {
        "X": None if orthogonal else rng.standard_normal((N, D)),
        "norms": rng.uniform(0.5, 2, N) if orthogonal else None,
        "y": rng.standard_normal(N), "W": rng.standard_normal((P, d)), "a": rng.standard_normal(P),
        "w_perp_sq": np.zeros(P), "certifiable": True, "orthogonal": orthogonal, "states": True,
        "stop": stop, "resume": None,
    }  # fmt: skip


def of_method(method: str, base: Task) -> Task:
    if method == "euler":
        return base | {"save": np.array([0, 4, 9], np.int64), "step": 0.1, "n_steps": 9}
    task = base | {"save": np.array([0.5, 1.0]), "t_end": 1.0, "rtol": 1e-4, "atol": 1e-9}
    if method == "flow":
        task |= {"switches": True, "dense": True, "order": 0, "stabilised": True, "max_step": math.inf}
    return task


def bases(seed: int) -> list[tuple[str, Task]]:
    """Good tasks of every method, from a start and from the middle of a run."""
    rng, made = np.random.default_rng(seed), []
    for orthogonal in (False, True):
        base = shared(rng, orthogonal)
        made.append(("prove", {name: base[name] for name in ("X", "norms", "y", "W", "a", "w_perp_sq",
                                                             "certifiable", "orthogonal")}))  # fmt: skip
        for method in ("euler", "flow", "capture"):
            task = of_method(method, base)
            half = task | ({"n_steps": 4, "save": np.array([4])} if method == "euler" else
                           {"t_end": 0.4, "save": np.array([0.4])})  # fmt: skip
            (first,), _ = getattr(_core, method)([half], 1)
            later = task | {name: first[name] for name in ("W", "a")} | {"resume": first["resume"]}
            made += [(method, task), (method, later | {"save": task["save"][1:]})]
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
    except (ValueError, TypeError):
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
        array = isinstance(value, np.ndarray) and value.size and rng.random() < 0.75
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
    named = lambda error: isinstance(error, KeyError)  # noqa: E731 (a field that is not there, by its name)
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
