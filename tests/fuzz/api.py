"""A state machine of hypothesis over the public API: problems, runs by every method and backend, their
continuation, files, copies, certificates, metrics; native runs against the NumPy oracle.
"""

from __future__ import annotations

import copy
import itertools
import pickle
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyFailure
from hypothesis.stateful import (
    Bundle,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)  # fmt: skip

import pl_native as pl
from fuzz import judging
from fuzz.asked import (
    BACKENDS,
    KNOWS,
    METRICS,
    SECONDS,
    WAYS,
    calls,
    kept_by,
    made,
    odd,
    saves,
    seeds,
    stops,
    times,
    words_of,
)
from fuzz.making import Making
from fuzz.odd import any_problem, problem, shown
from fuzz.pressing import pressed
from fuzz.watch import Fault, Watch
from proving import KINDS

STEPS = 20


class Machine(Making):
    """Each rule is one call, watched, and what must hold of its result."""

    problems = Bundle("problems")
    runs = Bundle("runs")

    def __init__(self) -> None:
        super().__init__()
        self.watch.example()
        self.folder = Path(tempfile.mkdtemp())

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def _checked(self, entry: str, sol: Any, data: pl.Dataset, t_end: Any, save: Any) -> Any:
        """`sol` with what it is a run of, or nothing where it was refused."""
        if sol is None:
            return multiple()
        self.watch.expect(entry, judging.wrong_with(sol, data, float(t_end), ends_in_a_row(save)))
        return sol, data

    @initialize(target=problems, seed=seeds)
    def first(self, seed: int) -> Any:
        return any_problem(random.Random(seed))

    @rule(target=problems, seed=seeds)
    def another(self, seed: int) -> Any:
        return any_problem(random.Random(seed))

    @rule(target=runs, at=problems, asked=calls())
    def simulate(self, at: Any, asked: dict[str, Any]) -> Any:
        (data, net), words = at
        entry = f"simulate.{asked['method']}" if isinstance(asked["method"], str) else "simulate"
        sol = self.watch.call(
            entry,
            f"{words}, {words_of(asked)}",
            lambda: pl.simulate(data, net, **made(asked)),
            budget=SECONDS,
        )
        return self._checked(entry, sol, data, asked["t_end"], asked["save"])

    @rule(target=runs, at=problems, asked=calls())
    def checkpoint(self, at: Any, asked: dict[str, Any]) -> Any:
        """Twice: the second call returns the run, or goes on."""
        (data, net), words = at
        path = self.folder / f"{len(list(self.folder.iterdir()))}.npz"

        def twice() -> pl.Solution:
            first = pl.simulate(data, net, checkpoint=path, **made(asked))
            second = pl.simulate(data, net, checkpoint=path, **made(asked))
            if second.t[-1] < first.t[-1]:
                raise Fault(
                    f"the second call of a checkpoint ends at {second.t[-1]}, the first at {first.t[-1]}"
                )
            return second

        sol = self.watch.call("checkpoint", f"{words}, {words_of(asked)}", twice, budget=3 * SECONDS)
        return self._checked("checkpoint", sol, data, asked["t_end"], asked["save"])

    @rule(at=st.lists(problems, min_size=1, max_size=3), asked=calls())
    def ensemble(self, at: list[Any], asked: dict[str, Any]) -> None:
        words = f"{[words for _, words in at]}, {words_of(asked)}"
        pairs = [pair for pair, _ in at]
        sols = self.watch.call(
            "ensemble", words, lambda: pl.simulate_ensemble(pairs, **made(asked)), budget=len(at) * SECONDS
        )
        if sols is None:
            return
        ends = np.broadcast_to(asked["t_end"], len(pairs))  # a list of one end is one for each of one problem
        for sol, (data, _), t_end in zip(sols, pairs, ends, strict=True):
            self._checked("ensemble", sol, data, t_end, asked["save"])

    @rule(at=st.lists(problems, min_size=1, max_size=6), asked=calls(), left=st.integers(0, 7))
    def lazily(self, at: list[Any], asked: dict[str, Any], left: int) -> None:
        """Some of the runs, then no more are asked for."""
        words = f"{left} of {[words for _, words in at]}, {words_of(asked)}"
        pairs = [pair for pair, _ in at]

        def some() -> list[pl.Solution]:
            ready = made(asked)
            ends = itertools.repeat(ready.pop("t_end"))
            return list(itertools.islice(pl.iter_ensemble(iter(pairs), ends, **ready), left))

        sols = self.watch.call("iter_ensemble", words, some, budget=len(at) * SECONDS)
        if sols is not None and len(sols) != min(left, len(pairs)):
            raise Fault(f"{len(sols)} runs of {len(pairs)}, asked for {left}")
        for sol, (data, _) in zip(sols or (), pairs, strict=False):
            self._checked("iter_ensemble", sol, data, asked["t_end"], asked["save"])

    @rule(at=st.lists(problems, min_size=1, max_size=4), how=st.sampled_from(WAYS), save=saves(),
          seconds=st.floats(0.0, 0.04))  # fmt: skip
    def ctrl_c(self, at: list[Any], how: tuple[str, str], save: Any, seconds: float) -> None:
        """What `Interrupted` carries are runs, and those that were cut short go on."""
        pairs = [pair for pair, _ in at]
        method, backend = how
        stop = {"max_steps": 200} if how == ("flow", "numpy") else {"wall_time": SECONDS}
        save = kept_by(method, backend, save)
        asked = {"t_end": 30.0, "method": method, "save": save, "stop": stop, "backend": backend,
                 "step": 3e-5, "rtol": 1e-6, "threads": 2, "progress": False}  # fmt: skip
        words = f"{[words for _, words in at]}, {words_of(asked)}, SIGINT after {seconds!r}"

        def stopped() -> Any:
            ready = made(asked)
            return pressed(lambda: pl.simulate_ensemble(pairs, **ready), seconds)

        found = self.watch.call("ctrl-c", words, stopped, budget=len(at) * SECONDS)
        if not isinstance(found, pl.Interrupted):
            return
        again = pickle.loads(pickle.dumps(found))
        if list(again.indices) != list(found.indices) or len(found.indices) != len(found.solutions):
            raise Fault(f"indices {found.indices}, of {len(found.solutions)} runs")
        for index, sol in zip(found.indices, found.solutions, strict=True):
            self._checked("ctrl-c", sol, pairs[index][0], asked["t_end"], save)
            if sol.status is pl.Status.INTERRUPTED and sol._record is not None:
                self._goes_on(sol)

    def _goes_on(self, sol: pl.Solution) -> None:
        """To its own end."""
        limit = pl.Stop(max_steps=sol.stats["steps"] + 20, wall_time=SECONDS)
        later = self.watch.call(
            "extend", f"to 30.0 of {shown_run(sol)}", budget=SECONDS,
            function=lambda: sol.extend(30.0, stop=limit, progress=False),
        )  # fmt: skip
        # of a run that was cut beyond its last row asked for, the row of the cut is none of the longer run's
        if later is not None and later._record is not None and later._record.reached < sol._record.reached:
            raise Fault(f"extended to {later._record.reached!r}, from {sol._record.reached!r}")

    @rule(target=runs, run=runs, more=st.one_of(times, odd), save=saves(), asked=stops())
    def extend(self, run: Any, more: Any, save: Any, asked: dict[str, Any]) -> Any:
        sol, data = run
        number = isinstance(more, int | float) and not isinstance(more, bool)
        t_end = float(sol.t[-1]) + more if number else more
        if sol.stats["backend"] == "numpy":
            asked = {"max_steps": 500}
        words = f"t_end={t_end!r}, save={save!r}, stop={asked} of {shown_run(sol)}"
        later = self.watch.call(
            "extend", words, budget=SECONDS,
            function=lambda: sol.extend(t_end, progress=False, **made({"save": save, "stop": asked})),
        )  # fmt: skip
        if later is not None and later.stats["steps"] < sol.stats["steps"]:
            raise Fault(f"extended to {later.stats['steps']} steps, from {sol.stats['steps']}")
        rows = sol._record.save if save is None and sol._record is not None else save
        return self._checked("extend", later, data, t_end, rows)

    @rule(run=runs)
    def files_and_copies(self, run: Any) -> None:
        """What is read, unpickled or copied is what was."""
        sol, _ = run
        path = self.folder / "run.npz"

        def round_trip() -> pl.Solution:
            sol.save(path)
            for other in (pl.Solution.load(path), pickle.loads(pickle.dumps(sol)), copy.deepcopy(sol)):
                same = other.network == sol.network and np.array_equal(other.loss, sol.loss, equal_nan=True)
                if not (same and other.status is sol.status and np.array_equal(other.t, sol.t)):
                    raise Fault(f"another run was read: {other!r} for {sol!r}")
            return sol

        self.watch.call("save and load", shown_run(sol), round_trip)

    @rule(run=runs, share=st.one_of(st.floats(0, 1), st.sampled_from([2.0, -1.0])))
    def look(self, run: Any, share: float) -> None:
        sol, _ = run
        t = float(sol.t[0] + share * (sol.t[-1] - sol.t[0]))
        self.watch.call("repr", shown_run(sol), lambda: repr(sol))
        self.watch.call("average_pl", shown_run(sol), sol.average_pl)
        found = self.watch.call("at", f"{t!r} of {shown_run(sol)}", lambda: sol.at(t))
        if found is not None and not np.isfinite(found.W).all():
            raise Fault(f"at({t}) is not finite")

    @rule(run=runs)
    def certify(self, run: Any) -> None:
        sol, data = run
        found = self.watch.call("certify", shown_run(sol), lambda: pl.certify(data, sol.network), budget=5.0)
        if found is not None:
            self.watch.call("certificate", shown_run(sol), lambda: (str(found), repr(found)))
            path = self.folder / "proof.npz"
            self.watch.call("certificate file", shown_run(sol),
                            lambda: (found.save(path), pl.Certificate.load(path)))  # fmt: skip

    @rule(at=problems, name=st.sampled_from(METRICS))
    def metric(self, at: Any, name: str) -> None:
        (data, net), words = at
        self.watch.call(f"metrics.{name}", words, lambda: getattr(pl.metrics, name)(data, net))

    @rule(at=problems, t_end=st.one_of(st.none(), times), rtol=st.one_of(st.just(1e-3), odd))
    def others(self, at: Any, t_end: Any, rtol: Any) -> None:
        (data, net), words = at
        self.watch.call("reduce", words, lambda: pl.reduce(data, net))
        self.watch.call("advise", f"{words}, {t_end!r}, rtol={shown(rtol)}",
                        lambda: str(pl.advise(data, net, t_end, rtol=rtol)))  # fmt: skip

    @rule(kind=st.sampled_from(KINDS), seed=st.integers(0, 39), steps=st.integers(1, 12))
    def oracle(self, kind: str, seed: int, steps: int) -> None:
        """A few steps of Euler and a short flow: native and NumPy agree to rounding, and to the tolerance."""
        if len(BACKENDS) < 2 or kind in ("integer", "opposite"):  # there kinks are met exactly, by rounding
            return
        data, net = problem(kind, seed)
        words = f"problem{(kind, seed)}"
        for method, t_end, allowed in (("euler", 0.01 * steps, 1e-11), ("flow", 0.02 * steps, 1e-6)):
            options: dict[str, Any] = {"step": 0.01} if method == "euler" else {"rtol": 1e-8}
            runs = [
                self.watch.call(f"oracle.{method}", f"{words}, t_end={t_end!r}, {backend}",
                                lambda b=backend, m=method, t=t_end, o=options:
                                pl.simulate(data, net, t, method=m, backend=b, progress=False, **o),
                                budget=20.0)
                for backend in BACKENDS if method in KNOWS[backend]
            ]  # fmt: skip
            ends = [float(run.loss[-1]) for run in runs]
            slack = allowed * max(ends) + judging.rounding_of_loss(runs[0], data)
            if not max(ends) - min(ends) <= slack:
                raise Fault(f"losses {ends} by {[run.stats['backend'] for run in runs]}")


def ends_in_a_row(save: Any) -> bool:
    """Whether a row is asked for at the end: not where `save` is a list of times."""
    return save.times is None if isinstance(save, pl.Save) else save is None or isinstance(save, int | dict)


def shown_run(sol: pl.Solution) -> str:
    s = sol.stats
    return f"{s['method']} run ({s['backend']}, {sol.status.name}, t = {float(sol.t[-1])!r}) above"


def fuzz(watch: Watch, seed: int, calls: int) -> None:
    """About `calls` calls, in examples of `STEPS` rules."""
    Machine.watch = watch
    round_number = 0
    while sum(watch.counts.values()) < calls and len(watch.faults) < 8:
        left = calls - sum(watch.counts.values())
        options = settings(
            max_examples=max(1, left // STEPS), stateful_step_count=STEPS, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate], print_blob=False, report_multiple_bugs=False,
        )  # fmt: skip
        try:
            run_state_machine_as_test(hypothesis.seed(1000 * seed + round_number)(Machine), settings=options)
        except Fault as fault:
            watch.note(fault)
        except FlakyFailure as flaky:  # it hung on the clock and was not met again
            for one in flaky.exceptions:
                watch.note(one)
        round_number += 1
