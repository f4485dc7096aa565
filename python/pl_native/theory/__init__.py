"""Closed forms and statements of the paper, each with its hypotheses and constants; `verify` of certificates."""

from pl_native.theory.group_flow import GroupSolution, group_closed_form
from pl_native.theory.verification import Refuted, Verification, verify

__all__ = ["GroupSolution", "Refuted", "Verification", "group_closed_form", "verify"]
