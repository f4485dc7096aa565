"""`EventLog`: the events that a run met, as `Solution.events` gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pl_native._base import checks
from pl_native._base.checks import Array


@dataclass(frozen=True, slots=True, eq=False)
class EventLog:
    """m events of a run, in order of time; arrays are read-only.

    names    of the functions that were looked at
    t        (m,) float64
    which    (m,) int64: names[which[i]] is the i-th event's
    W, a     (m, p, d), (m, p): the state there, at which the function has its new sign
    largest  (len(names),): the largest absolute value each function was seen to take
    """

    names: tuple[str, ...]
    t: Array
    which: Array
    W: Array
    a: Array
    largest: Array

    def __post_init__(self) -> None:
        for array in (self.t, self.which, self.W, self.a, self.largest):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.t)

    def times(self, name: str) -> Array:
        """Times of the events called `name`. Raises ValueError for a name that was not looked at."""
        if name not in self.names:
            raise ValueError(f"name: expected one of {', '.join(self.names)}, got {checks.shown(name)}")
        found: Array = self.t[self.which == self.names.index(name)]
        return found

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}: {np.sum(self.which == k)}" for k, name in enumerate(self.names))
        return f"EventLog({counts})"

    @classmethod
    def empty(cls, names: Sequence[str], p: int, d: int) -> EventLog:
        """Of a run that has not begun."""
        nothing = np.zeros(0)
        return cls(
            tuple(names),
            nothing,
            np.zeros(0, np.int64),
            np.zeros((0, p, d)),
            np.zeros((0, p)),
            np.zeros(len(names)),
        )

    def joined(self, later: EventLog) -> EventLog:
        """These, and those of the part of the run after."""
        both = {
            name: np.concatenate([getattr(self, name), getattr(later, name)])
            for name in ("t", "which", "W", "a")
        }
        return EventLog(self.names, **both, largest=np.maximum(self.largest, later.largest))

    def flat(self) -> dict[str, Array]:
        """Plain arrays, for a file."""
        return {name: getattr(self, name) for name in ("t", "which", "W", "a", "largest")} | {
            "names": np.array(self.names, dtype=np.str_)
        }

    @classmethod
    def from_flat(cls, arrays: dict[str, Any]) -> EventLog:
        """What `flat` gave."""
        return cls(**arrays | {"names": tuple(str(name) for name in arrays["names"])})
