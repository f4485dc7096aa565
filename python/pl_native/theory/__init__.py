"""Closed forms and statements of the paper, each with its hypotheses and constants."""

from pl_native.theory.frozen import FrozenFlow, Pattern, Spectrum, frozen_flow
from pl_native.theory.group_flow import GroupSolution, group_closed_form

__all__ = ["FrozenFlow", "GroupSolution", "Pattern", "Spectrum", "frozen_flow", "group_closed_form"]
