"""Closed forms and statements of the paper, with hypotheses and constants; `verify` of certificates."""

from pl_native.theory.frozen import FrozenFlow, Pattern, Spectrum, frozen_flow
from pl_native.theory.group_flow import GroupSolution, group_closed_form
from pl_native.theory.verification import Verification, VerificationError, verify

__all__ = [
    "FrozenFlow",
    "GroupSolution",
    "Pattern",
    "Spectrum",
    "Verification",
    "VerificationError",
    "frozen_flow",
    "group_closed_form",
    "verify",
]
