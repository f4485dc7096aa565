"""Work and precision of the event-driven flow against general solvers and fixed-step Euler.

    python bench/bench_flow.py [--limit SECONDS] [--smooth | --kinks]

Error: largest difference of the final (W, a) from the flow at rtol 1e-12. `rhs` counts evaluations of the
field (one order of the Taylor method costs one). General solvers are stopped after `--limit` seconds; then
the time they reached is given. diffrax (Tsit5) takes part if it is installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy import integrate

from pl_native.backends import native
from pl_native.backends.contract import FlowTask
from pl_native.bench.problems import draw

SCIPY = ("RK45", "DOP853", "LSODA", "Radau", "BDF", "RK23")


@dataclass
class Problem:
    name: str
    X: Any
    y: Any
    W: Any
    a: Any
    t_end: float

    def pack(self) -> Any:
        return np.concatenate([self.W.ravel(), self.a])

    def field(self, _t: float, state: Any) -> Any:
        """The masked field, sigma'(0) = 0, as a general solver sees it."""
        p, d = self.W.shape
        W, a = state[: p * d].reshape(p, d), state[p * d :]
        Z = np.maximum(self.X @ W.T, 0)
        r = self.y - Z @ a / p
        dW = a[:, None] * ((Z.T > 0) * r @ self.X)
        return np.concatenate([dW.ravel(), r @ Z]) / len(self.y)


@dataclass
class Row:
    method: str
    setting: str
    seconds: float
    rhs: int
    error: float
    reached: float
    events: int | None = None


def kinked(n: int, d: int, p: int, t_end: float, seed: int = 0) -> Problem:
    return Problem(f"kinks ({n}, {d}, {p}), t = {t_end:g}", *draw(n, d, p, seed), t_end)


def smooth(n: int = 60, p: int = 6) -> Problem:
    """Group initialisation: no pair ever switches, so every method may show its order."""
    rng = np.random.default_rng(0)
    y, W, k = rng.uniform(1, 2, n), np.zeros((p, n)), n // p
    for j in range(p):
        W[j, j * k : (j + 1) * k] = rng.uniform(0.2, 1, k)
    return Problem(
        f"smooth group problem, n = {n}, p = {p}", np.eye(n), y, W, np.linalg.norm(W, axis=1), 60.0
    )


def run_flow(problem: Problem, rtol: float, order: int = 0) -> tuple[Any, Any, float]:
    stop = SimpleNamespace(criterion=False, loss=0.0, stall=0.0, wall_time=None, max_steps=None)
    task = FlowTask(
        X=problem.X, norms=None, y=problem.y, W=problem.W, a=problem.a, w_perp_sq=np.zeros(len(problem.a)),
        t_end=problem.t_end, rtol=rtol, atol=rtol * 1e-3, save=np.array([0.0, problem.t_end]), stop=stop,
        order=order,
    )  # fmt: skip
    begin = time.perf_counter()
    runs, _ = native.flow([task], threads=1, poll=None)
    assert runs[0] is not None
    return runs[0], np.concatenate([runs[0].W.ravel(), runs[0].a]), time.perf_counter() - begin


def flow_rows(problem: Problem, exact: Any, orders: tuple[int, ...]) -> Iterator[Row]:
    for order in orders:
        for rtol in (1e-4, 1e-6, 1e-7, 1e-8, 1e-10):
            run, state, seconds = run_flow(problem, rtol, order)
            setting = f"rtol {rtol:g}" + (f", order {order}" if order else "")
            error = float(np.abs(state - exact).max())
            yield Row("flow", setting, seconds, run.counters["rhs"], error, run.t[-1], run.counters["events"])


def stepped(solver: Any, exact: Any, t_end: float, limit: float) -> tuple[float, int, float, float]:
    begin = time.perf_counter()
    while solver.status == "running" and time.perf_counter() - begin < limit:
        solver.step()
    done = solver.status == "finished"
    error = float(np.abs(solver.y - exact).max()) if done else np.nan
    return time.perf_counter() - begin, solver.nfev, error, solver.t


def scipy_rows(problem: Problem, exact: Any, limit: float) -> Iterator[Row]:
    for method in SCIPY:
        for rtol in (1e-4, 1e-6, 1e-8):
            kind = getattr(integrate, method)
            solver = kind(problem.field, 0.0, problem.pack(), problem.t_end, rtol=rtol, atol=rtol * 1e-3)
            seconds, rhs, error, reached = stepped(solver, exact, problem.t_end, limit)
            yield Row(f"SciPy {method}", f"rtol {rtol:g}", seconds, rhs, error, reached)


def euler_rows(problem: Problem, exact: Any, limit: float) -> Iterator[Row]:
    for step in (1.0, 0.1, 0.01, 0.001):
        state, begin, k = problem.pack(), time.perf_counter(), 0
        steps = round(problem.t_end / step)
        while k < steps and time.perf_counter() - begin < limit:
            state = state + step * problem.field(0.0, state)
            k += 1
        error = float(np.abs(state - exact).max()) if k == steps else np.nan
        yield Row("Euler (NumPy)", f"step {step:g}", time.perf_counter() - begin, k, error, k * step)


def jax_field(X: Any, y: Any, p: int, d: int) -> Callable[[Any, Any, Any], Any]:
    """`Problem.field` for diffrax."""
    import jax.numpy as jnp

    def field(_t: Any, state: Any, _args: Any) -> Any:
        W, a = state[: p * d].reshape(p, d), state[p * d :]
        Z = jnp.maximum(X @ W.T, 0)
        r = y - Z @ a / p
        return jnp.concatenate([(a[:, None] * ((Z.T > 0) * r @ X)).ravel(), r @ Z]) / len(y)

    return field


def diffrax_rows(problem: Problem, exact: Any, limit: float) -> Iterator[Row]:
    if importlib.util.find_spec("diffrax") is None:
        return
    import diffrax
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    field = jax_field(jnp.asarray(problem.X), jnp.asarray(problem.y), *problem.W.shape)
    for rtol in (1e-4, 1e-6, 1e-8):
        steps = 50_000  # diffrax cannot be stopped by the clock: this many steps stand for the limit
        begin = time.perf_counter()
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(field), diffrax.Tsit5(), 0.0, problem.t_end, None, jnp.asarray(problem.pack()),
            stepsize_controller=diffrax.PIDController(rtol=rtol, atol=rtol * 1e-3), max_steps=steps,
            throw=False,
        )  # fmt: skip
        state = np.asarray(solution.ys[-1])
        done = bool(np.isfinite(state).all())
        error = float(np.abs(state - exact).max()) if done else np.nan
        count = int(solution.stats["num_steps"]) * 6
        reached = problem.t_end if done else np.nan
        yield Row("diffrax Tsit5", f"rtol {rtol:g}", time.perf_counter() - begin, count, error, reached)


def report(
    problem: Problem, limit: float, rivals: tuple[Callable[..., Iterator[Row]], ...], orders: tuple[int, ...]
) -> None:
    _, exact, _ = run_flow(problem, 1e-12)
    print(f"\n## {problem.name}\n")
    print("| method | setting | seconds | rhs | error at t_end | reached t | events |")
    print("|---|---|---|---|---|---|---|")
    rows = [flow_rows(problem, exact, orders), *(rival(problem, exact, limit) for rival in rivals)]
    for source in rows:
        for row in source:
            error = "-" if np.isnan(row.error) else f"{row.error:.1e}"
            events = "" if row.events is None else row.events
            cells = (
                row.method,
                row.setting,
                f"{row.seconds:.4f}",
                row.rhs,
                error,
                f"{row.reached:.4g}",
                events,
            )
            print("| " + " | ".join(str(cell) for cell in cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--limit", type=float, default=10.0, help="seconds a rival may take for one run")
    parser.add_argument("--smooth", action="store_true", help="only the smooth problem")
    parser.add_argument("--kinks", action="store_true", help="only the problems with kinks")
    options = parser.parse_args()
    rivals = (scipy_rows, diffrax_rows, euler_rows)
    if not options.kinks:
        report(smooth(), options.limit, rivals, (0, 5, 8, 12))
    if not options.smooth:
        report(kinked(20, 10, 5, 50.0), options.limit, rivals, (0,))
        report(kinked(60, 20, 10, 100.0), options.limit, rivals, (0,))
        report(kinked(300, 30, 31, 50.0), options.limit, (euler_rows,), (0,))


if __name__ == "__main__":
    main()
