"""The event-driven flow in NumPy: slow, and meant to be read beside `cpp/flow/`.

Given the mode of every pair (off, on, sliding) the flow is polynomial, so a step is a Taylor polynomial:

    q_j = a_j w_j      r_i = y_i - (1/p) sum_{j on at i} <q_j, x_i>      g_j = sum_{i on at j} r_i x_i
    dw_j/dt = (a_j / n) Pi_j g_j      da_j/dt = (1/n) <w_j, Pi_j g_j>

with Pi_j the projection off the inputs X_S that neuron j slides on. Multipliers of sliding pairs are

    lam_i = mu_i / r_i,      mu = -(X_S X_S^T)^+ X_S g_j.

S holds one of inputs that are parallel or opposite (`Lines`), whose mu is what is left of all their push. The
step ends where the polynomial may no longer be trusted or at the first event: a pair's z_ji reaches 0, a
multiplier reaches 0 or 1, or a_j reaches 0 while sliding. Then the kink set of the neuron is solved anew by
the rule of `select`. Events are found by sampling and bisection here, by Bernstein hulls in the native core.
"""

from __future__ import annotations

import sys
import time
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pl_native._problem import Status
from pl_native._problem.kinks import OFF, ON, SLIDE, KinkRows, Kinks
from pl_native.backends._measures import loss_noise
from pl_native.backends.contract import FlowRun, FlowTask
from pl_native.backends.flow_records import Floats, SwitchLog, kinks_of, value_at
from pl_native.model.lines import Lines, span_of
from pl_native.model.modes import AT_KINK, NEAR_KINK
from pl_native.model.selection import select, unit_of

Row: TypeAlias = dict[str, Any]  # an entry of each column of a `FlowRun`, by its name

ORDER = 12
SAMPLES = 64  # per step; a pair that leaves and returns between two of them is missed
LEAST = sys.float_info.min / sys.float_info.epsilon  # below it the terms of a sum of squares lose bits
RELEASE = 1e-11  # a multiplier this far outside is clearly so for `select` too


def bytes_of(task: FlowTask) -> float:
    """Of a run: X, Taylor coefficients of W, their velocities and the multipliers."""
    n, p, d = len(task.y), len(task.a), task.W.shape[1]
    return 8.0 * float(n * d + (2 * ORDER + 4) * p * d + (ORDER + 6) * p * n)


class Oracle:
    """One run. `modes` (p, n); Taylor coefficients w (K + 1, p, d), a (K + 1, p), r (K, n), mu (K, p, n)."""

    def __init__(self, task: FlowTask) -> None:
        self.task = task
        self.X = np.diag(task.norms) if task.X is None else task.X  # type: ignore[arg-type]
        self.n, self.p = len(task.y), len(task.a)
        self.W, self.A, self.t = task.W.copy(), task.a.copy(), 0.0
        self.lines = Lines.of(self.X) if task.norms is None and self.X.shape[1] > 1 else Lines.alone(self.n)
        self.stands, self.rounded = self.lines.stands, self.lines.rounded(self.X)
        self.z_noise = 64 * np.finfo(float).eps * np.linalg.norm(self.X, axis=1)
        self.largest = np.linalg.norm(self.W, axis=1)  # norm(w_j) so far: its rounding stays
        norm = float(np.linalg.norm(self.X, axis=1).max())
        outputs = float(np.abs(self.A) @ self.largest) * norm / self.p
        labels = float(np.abs(task.y).max())
        self.size = outputs if outputs > 1024 * labels else labels  # of the terms of residuals
        self.unit = 1 / unit_of(self.size * norm)  # of time
        self.release = RELEASE * unit_of(self.size)
        self.span = span_of(self.X)
        self.modes, self.open = self.start()
        self.log: list[tuple[float, int, int, int, int]] = []
        self.before: tuple[Floats, Floats, float, NDArray[np.int8]] | None = None
        names = ("accepted", "rhs", "events", "zero_neuron", "repelling", "dependent_inputs")
        self.counters = dict.fromkeys(names, 0)

    def start(self) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
        """Modes (p, n): known, else by the sign of z, off where it is rounding; and which to settle."""
        z = self.W @ self.X.T
        sizes = np.linalg.norm(self.W, axis=1)[:, None] * np.linalg.norm(self.X, axis=1)
        at_kink = np.abs(z) <= (AT_KINK * sizes if self.task.norms is None else 0.0)
        at_kink &= np.isfinite(sizes)  # of norms beyond range none can be told
        modes = np.where(at_kink, OFF, z > 0).astype(np.int8)
        known = () if self.task.kinks is None else zip(*self.task.kinks.arrays(), strict=True)
        for j, i, mode, _ in known:
            if i < self.n and abs(z[j, i]) <= NEAR_KINK * sizes[j, i]:
                modes[j, i], at_kink[j, i] = mode, False
        at_kink |= (torn := self.lines.torn(modes))
        modes[torn] = OFF
        for j in range(self.p):
            self.project(j, modes[j] == SLIDE)
        return modes, at_kink

    def count_start(self) -> None:
        """Pairs that started within rounding of a kink, and which of them stay off at a repelling one."""
        r = self.task.y - np.maximum(self.W @ self.X.T, 0).T @ self.A / self.p
        stays = self.open & (self.modes == OFF) & (self.W != 0).any(axis=1)[:, None]
        self.counters["start_kinks"] = int((self.open & (self.W != 0).any(axis=1)[:, None]).sum())
        self.counters["repelling"] += int((stays & (self.A[:, None] * r > 0)).sum())

    def project(self, j: int, S: NDArray[np.bool_]) -> None:
        """w_j off the inputs of S."""
        if (S := S & self.stands).any():
            self.W[j] -= np.linalg.lstsq(self.X[S], self.X[S] @ self.W[j], rcond=1e-9)[0]

    def run(self) -> FlowRun:
        """Step by step to t_end, landing on the times to record; at an overflow to the last state without."""
        begin, task, rows, status = time.perf_counter(), self.task, [], Status.HORIZON
        for j, points in enumerate(self.open):
            self.settle(j, np.flatnonzero(points))
        self.count_start()
        pending = [float(t) for t in task.save]
        while True:
            if not self.expand() or self.below_range():
                status = Status.NON_FINITE
                self.retreat()
            if pending and pending[0] <= self.t:
                rows.append(self.row())
                pending.pop(0)
            limit = task.stop.max_steps
            if limit is not None and self.counters["accepted"] >= limit and self.t < task.t_end:
                status = Status.STEP_LIMIT
            if self.t >= task.t_end or status != Status.HORIZON:
                break
            self.before = self.W, self.A, self.t, self.modes.copy()
            if not self.advance(min([*pending, task.t_end])):
                status = Status.STEP_LIMIT
                break
        if not rows or (rows[-1]["t"] != self.t and self.t < self.task.t_end):  # ended early: its end too
            rows.append(self.row())
        return self.result(status, rows, time.perf_counter() - begin)

    def retreat(self) -> None:
        """Back to the state before the last step, if there was one."""
        if self.before is not None:
            self.W, self.A, self.t, self.modes = self.before
            self.expand()

    def expand(self) -> bool:
        """Taylor coefficients at the present state, of time in units; False if one is beyond the range of
        numbers."""
        K, n, p = ORDER, self.n, self.p
        on = (self.modes == ON).astype(float)
        self.w, self.a = np.zeros((K + 1, *self.W.shape)), np.zeros((K + 1, p))
        self.r, self.mu = np.zeros((K, n)), np.zeros((K, p, n))
        s = np.zeros((K, *self.W.shape))
        self.w[0], self.a[0] = self.W, self.A
        for k in range(K):
            q = np.einsum("mj,mjd->jd", self.a[: k + 1], self.w[k::-1])
            self.r[k] = (self.task.y if k == 0 else 0) - (on * (q @ self.X.T)).sum(axis=0) / p
            s[k] = (on * self.r[k]) @ self.X
            if not (np.isfinite(s[k]).all() and np.isfinite(self.r[k] @ self.r[k])):
                return False
            for j in np.flatnonzero((self.modes == SLIDE).any(axis=1)):
                S = (self.modes[j] == SLIDE) & self.stands
                self.mu[k, j, S] = -np.linalg.lstsq(self.X[S].T, s[k, j], rcond=1e-9)[0]
                s[k, j] += self.mu[k, j, S] @ self.X[S]
            for m in range(k + 1):
                self.w[k + 1] += self.a[m][:, None] * s[k - m] * self.unit / (n * (k + 1))
                self.a[k + 1] += (self.w[m] * s[k - m]).sum(axis=1) * self.unit / (n * (k + 1))
            self.counters["rhs"] += 1
        return bool(np.isfinite(self.w).all() and np.isfinite(self.a).all())

    def below_range(self) -> bool:
        """The first loss is too small for its square to be a number; what decays to there is rounding."""
        r = self.r[0]
        return self.counters["accepted"] == 0 and bool(r.any()) and float(r @ r) < LEAST

    def advance(self, horizon: float) -> bool:
        """One step, up to the trusted length, the horizon or the first event; False if there is none that
        changes the time.
        """
        size = np.sqrt((self.w**2).sum(axis=2) + self.a**2)  # (K + 1, p)
        tol = self.task.rtol * size[0] + self.task.atol
        tol = np.maximum(tol, np.finfo(float).tiny)
        tol[size[0] == 0] = np.inf  # a neuron at 0 with its outer weight stays there
        last = max((size[-1] / tol).max(), (size[-2] / tol).max() ** (ORDER / (ORDER - 1)), 1e-300)
        speed = np.linalg.norm(size, axis=1)
        calm = (0.05 * speed[1] / max(speed[-1], 1e-300)) ** (1 / (ORDER - 1)) if speed[1] else np.inf
        left = min(self.task.max_step, horizon - self.t) / self.unit
        h, touched = self.first_event(min((0.02 / last) ** (1 / ORDER), calm, left))
        t = self.t + h * self.unit
        ends = not len(touched) and t >= horizon - 1e-15 * horizon
        if not (ends or len(touched) or t > self.t):
            return False
        self.W, self.A = value_at(self.w, h), value_at(self.a, h)
        self.largest = np.maximum(self.largest, np.linalg.norm(self.W, axis=1))
        self.t = horizon if ends else t
        self.counters["accepted"] += 1
        self.counters["events"] += len(touched) > 0
        for j in sorted({int(j) for j, _ in touched}):
            self.settle(j, np.array([i for k, i in touched if k == j]))
        return True

    def margins(self, h: float, told: NDArray[np.bool_]) -> Floats:
        """(p, n), negative where a pair has left its mode at time h of the step, of those `told` (p, n)."""
        z = value_at(self.w, h) @ self.X.T
        mu, r = value_at(self.mu, h), value_at(self.r, h)
        sign, (ahead, behind) = -np.sign(self.A)[:, None], self.lines.push(r)
        inside = np.minimum(sign * (mu - behind), sign * (ahead - mu))
        inside = np.minimum(inside, -sign * value_at(self.a, h)[:, None])
        # a pair that falls is met one noise below its kink; its opposite, off, must not be met there again
        noise = self.z_noise * self.largest[:, None]
        side = np.where(self.modes == ON, z + noise, 2 * noise - z)
        inside = np.where(self.modes == SLIDE, inside + self.release, side)
        at_rest = (np.abs(z) <= 4 * noise) & self.W.any(axis=1, keepdims=True)
        inside[self.lines.leave(self.modes, r, self.release) & at_rest] = -1.0
        return np.where(told, inside, np.inf)

    def first_event(self, h: float) -> tuple[float, list[tuple[int, int]]]:
        """Time of the first event within h, and the pairs (j, i) that meet it; j alone as (j, -1)."""
        grid, told = h * np.arange(1, SAMPLES + 1) / SAMPLES, self.lines.tell(self.modes)
        late = next((t for t in grid if (self.margins(t, told) < 0).any()), None)
        if late is None:
            return h, []
        early = max(late - h / SAMPLES, 0.0)
        for _ in range(200):
            middle = 0.5 * (early + late)
            if middle in (early, late):
                break
            early, late = (early, middle) if (self.margins(middle, told) < 0).any() else (middle, late)
        return late, [(int(j), int(i)) for j, i in np.argwhere(self.margins(late, told) < 0)]

    def settle(self, j: int, crossed: NDArray[np.int64]) -> None:
        """Neuron j's modes on its kink set: pairs that crossed, that it slides on, that rest at z = 0."""
        w, size = self.W[j], np.linalg.norm(self.W[j])
        if not np.isfinite(size):  # no kink can be told, and the run ends
            return None
        if size <= 512 * np.finfo(float).eps * self.largest[j]:
            self.W[j] = 0
            self.counters["zero_neuron"] += 1
            return self.change(j, np.arange(self.n), np.zeros(self.n, np.int8))
        inside = self.span @ w
        if np.linalg.norm(inside) <= 512 * np.finfo(float).eps * self.largest[j]:  # at all kinks at once
            self.W[j] = w = w - inside @ self.span
            crossed = np.arange(self.n)
        at_rest = (np.abs(self.X @ w) <= 4 * self.z_noise * self.largest[j]) & (self.modes[j] == OFF)
        K = np.union1d(crossed, np.flatnonzero(at_rest | (self.modes[j] == SLIDE))).astype(int)
        if not len(K := self.lines.whole(K)):
            return None
        r = self.task.y - (np.where(self.modes == ON, self.W @ self.X.T, 0).T @ self.A) / self.p
        base_on = (self.modes[j] == ON) & ~np.isin(np.arange(self.n), K)
        sign = np.sign(self.A[j]) or 1.0
        modes = select(self.X[K], sign * r[K], sign * (base_on * r) @ self.X, self.size).modes
        self.counters["dependent_inputs"] += bool(self.rounded[K].any())
        self.change(j, K, modes)
        return self.project(j, self.modes[j] == SLIDE)

    def change(self, j: int, K: NDArray[np.int64], modes: NDArray[np.int8]) -> None:
        """Sets modes and logs what changed."""
        for i, mode in zip(K, modes, strict=True):
            if self.modes[j, i] != mode:
                self.log.append((self.t, j, int(i), int(self.modes[j, i]), int(mode)))
                self.modes[j, i] = mode

    def row(self) -> Row:
        """What is recorded at the present time."""
        task = self.task
        start = task.a**2 - (task.W**2).sum(axis=1)
        return {
            "t": self.t,
            "loss": float(self.r[0] @ self.r[0]) / (2 * self.n),
            "velocity_sq": float((self.w[1] ** 2).sum() + (self.a[1] ** 2).sum()) / self.unit / self.unit,
            "loss_noise": loss_noise(self.X, task.y, self.W, self.A),
            "n_active": int((self.modes == ON).sum()),
            "invariant_drift": float(np.abs(self.A**2 - (self.W**2).sum(axis=1) - start).max()),
            "W_saved": self.W.copy(),
            "a_saved": self.A.copy(),
            "kinks_saved": self.kinks(),
        }

    def kinks(self) -> Kinks | None:
        """Pairs whose mode the sign of z does not say, at the present state."""
        lam = np.array([self.lines.share(self.r[0], mu[self.lines.first]) for mu in self.mu[0]])
        share = np.where(self.modes == SLIDE, lam, self.modes)
        return kinks_of(self.X, self.W, self.modes, share, exactly=self.task.norms is not None)

    def result(self, status: int, rows: list[Row], seconds: float) -> FlowRun:
        """The rows as a run."""
        kinks = [row.pop("kinks_saved") for row in rows]
        columns: dict[str, Any] = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        columns |= {} if self.task.states else {"W_saved": None, "a_saved": None}
        log = [np.array(column) for column in zip(*self.log, strict=True)] or [np.zeros(0)] * 5
        if not all(np.isfinite(columns[name][-1]) for name in ("invariant_drift", "velocity_sq")):
            status = Status.NON_FINITE  # as `Recorder::write_end` of the core
        return FlowRun(
            status=status,
            W=self.W,
            a=self.A,
            counters={**self.counters, "sliding_end": int((self.modes == SLIDE).sum()), "seconds": seconds},
            switches=SwitchLog(*log) if self.task.switches else None,
            kinks=self.kinks(),
            kinks_saved=KinkRows.of(kinks) if self.task.states else None,
            **columns,
        )
