"""What is wrong with a run, in words, or None: of results of `simulate` and its kin, and of raw results of
`_core`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import pl_native as pl


def rounding_of_loss(sol: pl.Solution, data: pl.Dataset) -> float:
    """Of the residuals' own rounding, generously: below it neither the loss nor its rate means anything."""
    s = sol.stats
    eps = float(np.finfo(s["dtype"]).eps)
    W, a = sol.network.W.astype(float), np.abs(sol.network.a.astype(float))
    norms = np.asarray(data.norms, float)
    with np.errstate(over="ignore", invalid="ignore"):
        sizes = float(np.abs(data.y).max() + (a @ np.linalg.norm(W, axis=1)) * norms.max() / s["p"])
        return float(np.square((16 * (s["d"] + s["p"] + 8)) * eps * sizes))


def leeway(loss: Any, share: float, noise: float) -> Any:
    """What a loss may be off by: a share of it, and what rounded residuals move it by, whose squares sum to
    `noise`: 2 sqrt(noise loss) + noise.
    """
    return share * loss + noise + 2 * np.sqrt(noise * loss)


def wrong_with(sol: pl.Solution, data: pl.Dataset, t_end: float, last_row: bool = True) -> str | None:
    """Of a run that was asked to go to `t_end`, and to save a row there unless `last_row` is False."""
    s, t, loss = sol.stats, sol.t, sol.loss
    if not np.isfinite(t).all() or t[0] < 0 or not np.all(np.diff(t) > 0):
        return f"time goes back: {t}"
    lost = sol.status is pl.Status.NON_FINITE and len(loss) == 1  # at its very start
    if not (np.isfinite(loss).all() or lost) or np.any(loss < 0):
        return f"loss {loss}, {sol.status.name}"
    for name in ("W", "a"):
        if not np.isfinite(getattr(sol.network, name)).all():
            return f"{name} is not finite, {sol.status.name}"
    if not np.isfinite(sol.invariant_drift).all() and sol.status is not pl.Status.NON_FINITE:
        return f"invariant_drift {sol.invariant_drift}, {sol.status.name}"
    if np.any(sol.n_active < 0) or np.any(sol.n_active > s["n"] * s["p"]):
        return f"n_active {sol.n_active}"
    with np.errstate(over="ignore", invalid="ignore"):
        return (
            _rates(sol, data)
            or _ends(sol, data, t_end, last_row)
            or (_state(sol, data) if last_row else None)
        )


def _rates(sol: pl.Solution, data: pl.Dataset) -> str | None:
    if sol.status is pl.Status.NON_FINITE:
        return None
    noise = rounding_of_loss(sol, data)
    told = sol.loss > noise
    for name in ("local_pl", "grad_norm"):
        values = getattr(sol, name)
        if np.any(values < 0) or (np.isnan(values) & told).any():
            return f"{name} {values} where the loss is {sol.loss}, {sol.status.name}"
    if sol.stats["method"] != "euler":
        share = 1e-9 + sol.stats["rtol"]
        captured = sol.stats["method"] in ("auto", "capture")
        slack = sol.stats["atol"] + 1e-8 * sol.loss[0] * captured
        if np.any(np.diff(sol.loss) > slack + leeway(sol.loss[:-1], share, noise)):
            return f"the loss rises: {sol.loss}"
    return None


def _ends(sol: pl.Solution, data: pl.Dataset, t_end: float, last_row: bool) -> str | None:
    s = sol.stats
    if sol.status is pl.Status.HORIZON and last_row and s["method"] != "euler" and sol.t[-1] != t_end:
        return f"ends at {sol.t[-1]!r}, asked for {t_end!r}"
    bound, noise = s["loss_bound"], rounding_of_loss(sol, data)
    if bound is not None and bound > sol.loss[-1] + leeway(sol.loss[-1], 1e-9, noise):
        return f"loss_bound {bound!r} above the loss {sol.loss[-1]!r}"
    # the end is a row of its own only where it is early
    end = sol.t[-1] if last_row else max(t_end, sol.t[-1])
    for name in ("criterion_time", "proved_time"):
        if s[name] is not None and not 0 <= s[name] <= end * (1 + 1e-9):
            return f"{name} {s[name]!r} in a run to {end!r}"
    return None


def _state(sol: pl.Solution, data: pl.Dataset) -> str | None:
    """The last loss is that of the last state, but for rounding (weights may have been larger), and
    for what capture, in single precision, has pairs at rest be off their kinks by."""
    if sol.status is pl.Status.NON_FINITE:
        return None
    told, started = float(sol.loss[-1]), float(sol.loss[0])
    slack = 1e-9 if sol.stats["method"] in ("euler", "flow") else 1e-6
    noise = rounding_of_loss(sol, data) + 1e-24 * started
    W, a = (part.astype(float) for part in (sol.network.W, sol.network.a))
    live = np.maximum(W @ data.X.T.astype(float), 0)
    true = float(np.square(data.y - a @ live / len(a)).sum() / (2 * data.n))
    close = abs(told - true) <= leeway(max(told, true), slack, noise)
    return None if close else f"the loss is told {told!r}, of the state {true!r}"


def wrong_with_raw(run: dict[str, Any] | None, table: dict[str, int]) -> str | None:
    """Of what `_core` returns for one task."""
    if run is None:
        return None
    if run["status"] not in table.values():
        return f"status {run['status']}"
    times = run["steps" if "steps" in run else "t"]
    if not np.all(np.diff(times) > 0) or len(times) == 0:
        return f"time goes back: {times}"
    beyond = run["status"] == table["NON_FINITE"]
    for name in ("W", "a") if beyond else ("W", "a", "loss"):
        if not np.isfinite(run[name]).all():
            return f"{name} is not finite, status {run['status']}"
    return None
