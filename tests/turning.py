"""Runs of method="auto" whose turns between methods are forced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pl_native._run.choosing.forecast import Choice, Forecast


def forced(monkeypatch: pytest.MonkeyPatch, ends: Sequence[tuple[str, float | None]]) -> None:
    """Every run takes these turns, whatever they cost, but never back to a capture that missed."""

    def choose(self: Forecast, method: str | None, W: Any, a: Any) -> Choice:
        count = getattr(self, "count", 0)
        self.count = count + 1  # type: ignore[attr-defined]
        return Choice("flow", None) if self._vain else Choice(*ends[min(count, len(ends) - 1)])

    monkeypatch.setattr(Forecast, "choose", choose)
