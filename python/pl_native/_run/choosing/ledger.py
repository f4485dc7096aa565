"""`Ledger`: what the flow and capture have each counted of one run of method "auto", and the record with
which the one goes on from where the other came to.

Each method counts from its own first part on, in its own record. What the one that is not at work has counted
goes along in the record of the run, with the turns taken so far ("auto_...").
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pl_native._base.checks import Array
from pl_native._run.choosing.forecast import counter
from pl_native.backends.contract import FlowRun, Resume

METHODS = ("flow", "capture")

COUNTS = (
    "accepted", "rejected", "rhs", "events", "on", "off", "slide_in", "slide_to_on", "slide_to_off",
    "repelling", "zero_neuron", "a_zero", "sliding_end", "sliding_max", "stabilised_steps", "start_kinks",
    "dependent_inputs", "cell_steps",
)  # fmt: skip
"""of the flow's record, what `count` counts; records of older files know fewer"""

_CAPTURED = (
    "accepted", "rejected", "rhs", "restarts", "stabilised_steps", "worst", "error", "local", "drift",
    "flips", "dependent_inputs",
)  # fmt: skip
"""of capture's; records of older files know fewer"""
_WHOLE_NUMBERS = ("accepted", "rejected", "rhs", "restarts", "stabilised_steps", "dependent_inputs")
_SHARED = ("accepted", "rejected", "rhs", "stabilised_steps", "dependent_inputs")

_OF_THE_RUN = (
    "at", "start", "invariants", "criterion_time", "proved_time", "try_below", "largest_rate", "rate_due",
    "proof_below", "proof_slow", "proof_failed", "proof_trapped",
)  # fmt: skip
"""of a record, what either method goes on with"""

_NEW_FLOW: Resume = {"modes": None, "lowest": 0.0, "burst_start": -1.0, "burst": 0, "order": 2}
_NEW_CAPTURE: Resume = {"step": 0.0, "tolerance": 0.0, "motion": 0.0}


class Ledger:
    """Of a run that has come to `resume`; None: it is at its start."""

    def __init__(self, resume: Resume | None) -> None:
        past = resume or {}
        self._flow: Array = past.get("auto_count", np.zeros(len(COUNTS), np.int64))
        self._capture = dict.fromkeys(_CAPTURED, 0.0)
        self._capture |= dict(zip(_CAPTURED, map(float, past.get("auto_captured", ())), strict=False))
        self._methods = [int(k) for k in past.get("auto_methods", ())]
        self._since = [float(t) for t in past.get("auto_since", ())]

    @property
    def last(self) -> str | None:
        """The method of the last part."""
        return METHODS[self._methods[-1]] if self._methods else None

    def counted(self, method: str, name: str) -> int:
        """What `method` counted of `name`: "accepted" or "rhs"; of capture also "restarts"."""
        return int(self._flow[COUNTS.index(name)] if method == "flow" else self._capture[name])

    def add(self, method: str, run: FlowRun, since: float) -> Resume:
        """A part that `method` made from `since` on. Returns the record with which the run goes on."""
        assert run.resume is not None
        if self.last != method:
            self._methods.append(METHODS.index(method))
            self._since.append(since)
        if method == "flow":
            self._flow = run.resume["count"]
        else:
            self._capture = {name: float(run.resume[name]) for name in _CAPTURED}
        return run.resume | {
            "auto_count": self._flow,
            "auto_captured": np.array(list(self._capture.values())),
            "auto_methods": np.array(self._methods, np.int8),
            "auto_since": np.array(self._since),
        }

    def add_vain(self, run: FlowRun) -> None:
        """A part of capture that is no part of the run, as the flow does it again."""
        self._capture |= {name: counter(run, name) for name in ("rhs", "restarts")}

    def record(self, method: str, resume: Resume | None) -> Resume | None:
        """With which `method` goes on from `resume`, the record of the part before."""
        if resume is None or self.last == method:
            return resume
        whole = {name: resume[name] for name in _OF_THE_RUN}
        if method == "flow":
            return _NEW_FLOW | whole | {"count": self._flow}
        return (
            _NEW_CAPTURE | whole | self._capture | {name: int(self._capture[name]) for name in _WHOLE_NUMBERS}
        )

    def counters(self, last: dict[str, Any]) -> dict[str, Any]:
        """Of the whole run, `last` being those of the last part: of what both methods count the sum."""
        flow = dict.fromkeys(COUNTS, 0) | dict(zip(COUNTS, self._flow.tolist(), strict=False))
        both = {name: int(flow[name] + self._capture[name]) for name in _SHARED}
        ends = {name: last[name] for name in ("sliding_end", "spectral_radius") if name in last}
        used = METHODS.index("capture") in self._methods
        return (
            {name: value for name, value in last.items() if name not in _CAPTURED}
            | flow
            | ends
            | both
            | {
                "restarts": int(self._capture["restarts"]),
                "loss_error": self._capture["worst"] if used else None,
                "methods": [[METHODS[k], t] for k, t in zip(self._methods, self._since, strict=True)],
            }
        )
