"""What came, in the words of a message: short, whatever it was."""

from __future__ import annotations

import numpy as np


def kind(value: object) -> str:
    """What came, in a few words for a message."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{short(int(value))} (int)"
    if value is None or isinstance(value, bool | float | complex | str | np.generic):
        return f"{shown(value)} ({type(value).__name__})"
    return f"an object of type {type(value).__name__}"


def shown(value: object) -> str:
    """Its `repr`, of a long one the beginning; of many values, which take long to write out, their number."""
    if isinstance(value, np.ndarray) and value.size > _MANY:
        return kind(value)
    if isinstance(value, list | tuple) and len(value) > _MANY:
        return f"{len(value)} values, the first {shown(value[0])}"
    try:
        text = repr(value)
    except Exception:  # of a class of the user's
        return f"an object of type {type(value).__name__}"
    return text if len(text) <= _LONG else f"{text[:_LONG]}... ({len(text)} characters)"


_LONG = 100  # characters of a value in a message
_MANY = 100  # values


def counted(number: int, noun: str) -> str:
    """ "1 pair", "2 pairs"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def short(number: int) -> str:
    """Python itself refuses to print very long integers."""
    return str(number) if number.bit_length() <= 256 else f"one of {number.bit_length()} bits"
