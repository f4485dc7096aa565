"""pl_native against its rivals on one case: check every variant, let each family choose its best, then meet.

Every variant must end in pl_native's state after the same steps before it is timed. The families' heats are
short; the best of each family, pl_native and whatever else is given then go through the
interleaved rounds together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pl_native.bench.harness import Arm, Budget, Rounds, State, assert_same_state, measure
from pl_native.bench.problems import Arrays
from pl_native.bench.rivals import Contestant, Crews, Rival

OURS = "pl_native"


@dataclass(frozen=True, slots=True)
class Match:
    """What a contest needs.

    ours          takes `steps` steps, returns its seconds
    state_after   our state after some number of steps
    shorter       families too slow for `steps` steps: how many they take; their time is scaled up
    """

    ours: Callable[[], float]
    state_after: Callable[[int], State]
    made: Arrays
    steps: int
    tolerance: float
    shorter: dict[str, int] = field(default_factory=dict)

    def steps_of(self, rival: Rival) -> int:
        return self.shorter.get(rival.family, self.steps)


@dataclass(frozen=True, slots=True)
class Outcome:
    rounds: Rounds
    best: dict[str, str]  # family -> name of its best variant
    variants: list[dict[str, Any]]  # every variant: family, name, seconds per step in its heat, or why not


def contest(
    match: Match, rivals: Sequence[Rival], crews: Crews, budget: Budget, extra: Sequence[Arm] = ()
) -> Outcome:
    """Check all rivals, time them briefly, then the best of each family, ours and `extra` in rounds.

    AssertionError for a variant that does not end in our state.
    """
    ready, variants = _enter(match, rivals, crews)
    best = _heats(ready, variants)
    arms = [Arm(OURS, match.ours), *extra]
    arms += [Arm(name, _scaled(ready[name], match.steps)) for name in best.values()]
    rounds = measure(arms, budget)
    crews.forget()
    return Outcome(rounds, best, variants)


def _enter(
    match: Match, rivals: Sequence[Rival], crews: Crews
) -> tuple[dict[str, Contestant], list[dict[str, Any]]]:
    """Loads and checks. A rival that cannot run here is listed with the reason; a wrong result is an error
    of the benchmark and ends it.
    """
    ready: dict[str, Contestant] = {}
    variants: list[dict[str, Any]] = []
    start = match.made.W, match.made.a
    for rival in rivals:
        steps = match.steps_of(rival)
        row: dict[str, Any] = {"family": rival.family, "name": rival.name, "steps": steps}
        variants.append(row)
        try:
            contestant = Contestant(rival, crews, match.made, steps)
            state = contestant.final_state()
        except RuntimeError as err:
            row["not_run"] = str(err).strip().splitlines()[-1]
            continue
        expected = match.state_after(steps)
        row["distance"] = assert_same_state(rival.name, state, expected, start, match.tolerance)
        ready[rival.name] = contestant
    return ready, variants


def _heats(
    ready: dict[str, Contestant], variants: list[dict[str, Any]], limit: float = 0.5
) -> dict[str, str]:
    """The shortest of up to three runs (or `limit` seconds) of every variant; the best name per family."""
    best: dict[str, tuple[float, str]] = {}
    for row in variants:
        if row["name"] not in ready:
            continue
        began, times = time.perf_counter(), [ready[row["name"]].seconds()]
        while len(times) < 3 and time.perf_counter() - began < limit:
            times.append(ready[row["name"]].seconds())
        row["seconds_per_step"] = min(times) / row["steps"]
        leader = best.get(row["family"])
        if leader is None or row["seconds_per_step"] < leader[0]:
            best[row["family"]] = (row["seconds_per_step"], row["name"])
    return {family: name for family, (_, name) in best.items()}


def _scaled(contestant: Contestant, steps: int) -> Callable[[], float]:
    return lambda: contestant.seconds() * steps / contestant.steps
