"""`Certificate`: what is proved of the flow from a state (docs/proofs.md)."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from pl_native._base import checks
from pl_native._problem import Network
from pl_native._run.proof import certificate_file, certificate_text
from pl_native._run.proof.claims import Claims


@dataclass(frozen=True, eq=False, repr=False)
class Certificate(Claims):
    """What is proved of every solution of the flow that starts at `state` (docs/proofs.md).

    verdict     CONVERGED (the loss tends to 0), TRAPPED or DEAD_POINT (to a value above 0), or None
    rate        mu_rho: L(t) - lim L <= (L(0) - lim L) exp(-rate t), for TRAPPED after the time `settled`;
                infinite where nothing moves; None without a verdict
    distance    of the limit of (W, a), and of all that lies between, from `state`, from above; or None
    limit_loss  (low, high): bounds of lim L; (0, 0) for CONVERGED; or None
    held_until  (time, bound), where there is no verdict: L(t) >= bound for all t <= time (the time may be
                infinite); or None, also where the time is not above 1/mu for the largest mu of the state
                (Lemma 7), within which the loss may fall anyway: `reason` says so
    at_zero     neurons with w_j = 0, or None where there are none
    margins     how firm all that is
    reason      why there is no verdict, in words; empty where there is one
    state       the state of which this is proved ...
    moved       ... once neurons at rest, their kinks at rounding, were moved by this much to be on them
    settled     time within which every sliding pair reaches its kink: before, it is within rounding of it
    reduced     the proof is of the reduced data (their float64 numbers), not of those they were made from
    digest      SHA-256 of the data (`Dataset.digest`); `n` is their number of points
    pairs       what the proof takes for neither on nor off
    dual        (n,) vector g of the bound that holds, or None
    """

    def escaped(self, push: float = 1e-6) -> Network:
        """The state with every neuron at 0 that can gain pushed to w_j = push * direction, to go on from.

        Raises ValueError where no neuron at 0 gains in any direction found, or push is not above 0.
        """
        size = checks.positive("push", push)
        leaving = [found for found in self.at_zero or () if found.gain > 0]
        if not leaving:
            raise ValueError(
                "escaped: expected a certificate with a neuron at w_j = 0 that gains in some direction, got "
                f"one with {len(self.at_zero or ())} neurons at 0, none of which gains"
            )
        W = self.state.W.astype(np.float64)
        for found in leaving:
            W[found.neuron, : len(found.direction)] = size * found.direction
        a = self.state.a.astype(np.float64)
        return Network(W, a, w_perp_sq=self.state.w_perp_sq, dtype=self.state.dtype)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to `path` (npz, no pickle), replacing it whole. The data are not in it, but their hash."""
        certificate_file.write(self, checks.path("path", path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Certificate:
        """Read what `save` wrote; every entry is checked. ValueError for anything else.

        That a file is well formed does not make its claims true: `pl.theory.verify` checks them.
        """
        return cls(**certificate_file.read(checks.path("path", path)))

    def __str__(self) -> str:
        return certificate_text.theorem(self)

    def __repr__(self) -> str:
        name = "no verdict" if self.verdict is None else self.verdict.name
        numbers = ""
        if self.rate is not None and self.limit_loss is not None:
            numbers = f", rate {self.rate:.4g}, limit {self.limit_loss[0]:.6g}"
        if self.held_until is not None:
            numbers = f", loss >= {self.held_until[1]:.6g} until {self.held_until[0]:.4g}"
        why = f", {self.reason}" if self.reason else ""
        return f"Certificate({name}{numbers}{why})"
