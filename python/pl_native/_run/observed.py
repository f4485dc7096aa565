"""Values of observers over the saved states of a run. What an observer raises ends nothing.

Observers are called when their run is over: at the first Exception that one raises, its values are NaN from
that time on, and what it was is told. All runs of the call stay whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network, Observer

Observers = Mapping[str, Callable[[Dataset], Observer]]


@dataclass(slots=True)
class _Column:
    """Values of one observer at the first times; what ended it, if something did."""

    observe: Observer
    values: list[Any] = field(default_factory=list)
    error: str | None = None

    def look(self, t: float, state: Callable[[], Network]) -> None:
        """One more value, unless an error has come."""
        if self.error is not None:
            return
        try:
            value = self.observe(t, state())
            if self.values and np.shape(value) != np.shape(self.values[0]):
                expected = np.shape(self.values[0])
                raise ValueError(f"the value has shape {np.shape(value)}, those before have {expected}")
            self.values.append(value)
        except Exception as error:
            self.error = f"at t = {t:g}: {type(error).__name__}: {error}"

    def array(self, count: int) -> Array:
        """(count, ...), NaN where there is no value (None among objects)."""
        known = np.array(self.values) if self.values else np.zeros(0)
        if len(known) == count:
            return known
        kind = np.result_type(known.dtype, np.float64) if known.dtype.kind in "biufc" else np.dtype(object)
        rest = np.full((count - len(known), *known.shape[1:]), None if kind.hasobject else np.nan, kind)
        return np.concatenate([known.astype(kind), rest])


def observe(
    observers: Observers, data: Dataset, t: Array, state: Callable[[int], Network]
) -> tuple[dict[str, Array], dict[str, str]]:
    """Values by name, (m, ...) over the m times `t`, and by name what an observer raised. `state` gives the
    network at the i-th time. KeyboardInterrupt passes: `unobserved` then stands for the values.
    """
    columns = {name: _Column(make(data)) for name, make in observers.items()}
    for i, time in enumerate(t):
        for column in columns.values():
            column.look(float(time), lambda i=i: state(i))  # type: ignore[misc]
    errors = {name: column.error for name, column in columns.items() if column.error is not None}
    return {name: column.array(len(t)) for name, column in columns.items()}, errors


def unobserved(observers: Observers, count: int) -> tuple[dict[str, Array], dict[str, str]]:
    """As `observe`, of a run whose observers were interrupted."""
    return {name: np.full(count, np.nan) for name in observers}, dict.fromkeys(observers, "interrupted")


def joined(u: Array, v: Array) -> Array:
    """Values before and after; a part without any value takes the shape of the other."""
    if u.shape[1:] != v.shape[1:]:
        if v.ndim == 1 and v.dtype.kind == "f" and np.isnan(v).all():
            v = np.full((len(v), *u.shape[1:]), np.nan)
        elif u.ndim == 1 and u.dtype.kind == "f" and np.isnan(u).all():
            u = np.full((len(u), *v.shape[1:]), np.nan)
        else:
            raise ValueError(f"save.observe: values of shape {u.shape[1:]} are followed by {v.shape[1:]}")
    return np.concatenate([u, v])
