"""Closed forms and statements of the paper, each with its hypotheses and constants."""

from pl_native.theory.group_flow import GroupSolution, group_closed_form

__all__ = ["GroupSolution", "group_closed_form"]
