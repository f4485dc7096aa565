"""How hypothesis draws the arguments of runs: mostly good ones, at most one of them odd."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

import pl_native as pl
from fuzz import pressing
from fuzz.odd import ODD, shown
from pl_native import backends

SECONDS = 0.2
"""Of wall time that a run may ask for."""

BACKENDS = tuple(name for name in ("native", "numba", "numpy") if name in backends.available())
OBSERVERS = ("loss", "n_active", "velocity_sq", *pressing.OBSERVERS)

KNOWS = {"native": ("auto", "euler", "flow", "capture"), "numba": ("euler",), "numpy": ("euler", "flow")}
"""The methods of each."""

METRICS = (
    "loss", "local_pl", "local_pl_from_matrix", "grad_norm", "n_active", "n_sliding", "pl_low", "pl_upp",
    "pl_lower_bound", "pl_upper_bound", "well_initialised", "effective_rank", "spectrum", "frozen_rates",
    "spectrum_extremes", "dead_points", "invariant",
)  # fmt: skip

WAYS = [(method, backend) for backend in BACKENDS for method in KNOWS[backend]]

odd = st.sampled_from(ODD)
times = st.one_of(st.floats(0.01, 30.0), st.sampled_from([0.0, 5e-324, 1e-12, 1e-300, 1.0, 1e4, 1e9, 1e300]))
seeds = st.integers(0, 2**32 - 1)


def kept_by(method: str, backend: str, save: Any) -> Any:
    """`save` without what the method or its backend does not keep."""
    if not isinstance(save, dict):
        return save
    lacks = ("switches", "dense") if method != "flow" else ("dense",) if backend == "numpy" else ()
    return {name: value for name, value in save.items() if name not in lacks}


@st.composite
def saves(draw: st.DrawFn) -> Any:
    kind = draw(st.sampled_from(["none", "count", "times", "every", "all"]))
    if kind == "none":
        return None
    if kind == "count":
        return draw(st.integers(2, 9))
    if kind == "times":
        return sorted(draw(st.lists(st.floats(0, 30.0), min_size=1, max_size=4, unique=True)))
    keeps: dict[str, Any] = {
        "states": draw(st.booleans()),
        "observe": tuple(draw(st.lists(st.sampled_from(OBSERVERS), max_size=3, unique=True))),
    }
    keeps |= draw(st.sampled_from([{}, {}, {"switches": True}, {"dense": True}]))
    keeps |= {"every": draw(st.floats(0.5, 30))} if kind == "every" else {"count": draw(st.integers(2, 6))}
    return keeps


@st.composite
def stops(draw: st.DrawFn) -> dict[str, Any]:
    asked: dict[str, Any] = {"wall_time": SECONDS, "max_steps": draw(st.sampled_from([0, 1, 20, 400]))}
    more = {
        "criterion": True, "proof": True, "loss": draw(st.sampled_from([1e-3, 1e-10, 1e-30, 1e300])),
        "stall": draw(st.sampled_from([1e-6, 1e-2, 10.0])), "rise": draw(st.sampled_from([1.0, 2.0])),
    }  # fmt: skip
    return asked | {name: more[name] for name in draw(st.sets(st.sampled_from(sorted(more)), max_size=2))}


@st.composite
def calls(draw: st.DrawFn) -> dict[str, Any]:
    """Keywords of `simulate`, at most one of them odd."""
    method = draw(st.sampled_from(["auto", "euler", "flow", "capture"]))
    known = [name for name in BACKENDS if method in KNOWS[name]]
    asked: dict[str, Any] = {
        "t_end": draw(times), "method": method, "save": draw(saves()), "stop": draw(stops()),
        "backend": draw(st.sampled_from(["auto", *known])), "threads": draw(st.sampled_from([None, 1, 2])),
        "progress": False,
    }  # fmt: skip
    if method == "euler":
        asked["step"] = draw(st.sampled_from([1.0, 0.1, 0.013, 30.0, 1e-12]))
    else:
        least = [1e-7] if method == "capture" else [1e-10, 1e-300]
        asked |= {"rtol": draw(st.sampled_from([1e-2, 1e-4, 1e-6, *least, 1.0, 1e300]))}
        asked |= draw(st.sampled_from([{}, {"atol": 1e-9}, {"atol": 1e-30}, {"atol": 1e300}]))
    if isinstance(asked["save"], dict) and "every" in asked["save"]:  # else 10^8 rows, as asked for
        asked["save"]["every"] *= max(1.0, asked["t_end"] / 1000)
    if asked["backend"] == "numpy" and method != "euler":
        asked["stop"] = {"max_steps": 60}
    asked["save"] = kept_by(method, asked["backend"], asked["save"])
    if method == "euler":
        asked["stop"].pop("proof", None)
    if draw(st.integers(0, 5)) == 0:
        name = draw(st.sampled_from(sorted(asked)))
        if name == "stop" and draw(st.booleans()):
            asked["stop"] = asked["stop"] | {draw(st.sampled_from(sorted(asked["stop"]))): draw(odd)}
        else:
            asked[name] = draw(odd)
    return asked


def made(asked: dict[str, Any]) -> dict[str, Any]:
    """With `Stop` and `Save` of their fields; they may refuse. A run without an end gets one."""
    ready = dict(asked)
    if isinstance(ready.get("stop"), dict) and ready["stop"]:
        stop = pl.Stop(**ready["stop"])
        ready["stop"] = pl.Stop(**{**ready["stop"], "max_steps": 60}) if stop.wall_time is None else stop
    if isinstance(ready.get("save"), dict) and ready["save"]:
        ready["save"] = pl.Save(**ready["save"])
    return ready


def words_of(asked: dict[str, Any]) -> str:
    return ", ".join(f"{name}={shown(value)}" for name, value in asked.items())
