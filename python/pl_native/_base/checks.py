"""Checks of arguments, in one style: the argument's name, what came, what is expected.

A wrong kind of object is a `TypeError`, a wrong value or shape a `ValueError`. Nothing here computes.
"""

from __future__ import annotations

import math
import numbers
import os
import re
from collections.abc import Mapping, Set, Sized
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pl_native._base import memory
from pl_native._base.wording import kind as kind
from pl_native._base.wording import short
from pl_native._base.wording import shown as shown

Array: TypeAlias = NDArray[Any]  # a float32 or float64 array; which one is a value, not a type

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def dtype_name(dtype: np.dtype[Any]) -> str:
    """ "float32" or "float64": NumPy puts it together anew each time."""
    return _NAMES[dtype]


_NAMES = {dtype: str(dtype) for dtype in FLOATS}


_NO_NUMBERS = (bool, np.bool_, np.timedelta64)
"""What Python or NumPy has among its numbers, and no number is meant by."""


def real(name: str, value: object) -> float:
    """A finite real number as a float; booleans, durations and strings are refused."""
    found = number(name, value)
    if not math.isfinite(found):
        raise ValueError(f"{name}: expected a finite number, got {found!r}")
    return found


def number(name: str, value: object) -> float:
    """A real number as a float, NaN and infinity too."""
    if type(value) is float:
        return value
    if isinstance(value, _NO_NUMBERS) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name}: expected a real number, got {kind(value)}")
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]


def positive(name: str, value: object) -> float:
    found = real(name, value)
    if found <= 0:
        raise ValueError(f"{name}: expected a number > 0, got {found!r}")
    return found


def at_least(name: str, value: object, least: float) -> float:
    found = real(name, value)
    if found < least:
        raise ValueError(f"{name}: expected a number >= {least:g}, got {found!r}")
    return found


LARGEST = 2**53
"""Of any size or count a user gives: beyond it doubles, in which sizes are multiplied, skip integers."""


def integer(name: str, value: object, least: int, most: int | None = LARGEST) -> int:
    """A whole number of an integer type within [least, most] (None: no bound, for seeds); 3.0, True and
    durations are refused, NumPy integers are not.
    """
    if type(value) is int:
        number = value
    elif isinstance(value, _NO_NUMBERS) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name}: expected an integer, got {kind(value)}")
    else:
        number = int(value)
    if number < least:
        raise ValueError(f"{name}: expected an integer >= {least}, got {short(number)}")
    if most is not None and number > most:
        raise ValueError(f"{name}: expected an integer <= {most}, got {short(number)}")
    return number


def path(name: str, value: object) -> Path:
    """What a file system can take for the name of a file or folder; whether there is one is not asked."""
    if not isinstance(value, str | os.PathLike) or not isinstance(text := os.fspath(value), str):
        raise TypeError(f"{name}: expected a path, got {kind(value)}")
    try:
        fits = 0 < len(os.fsencode(text)) < _LONGEST_PATH and "\0" not in text
    except UnicodeEncodeError:
        fits = False
    if not fits:
        raise ValueError(f"{name}: expected a path that a file can have, got {shown(text)}")
    return Path(text)


_LONGEST_PATH = 4096  # bytes, Linux's


def label(name: str, value: object) -> str:
    """A name that is printed, and kept in files: text without control characters, not empty."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected a name, got {kind(value)}")
    if not value.isprintable() or not 0 < len(value) <= _LONGEST_LABEL:
        text = f"expected a printable name of 1 to {_LONGEST_LABEL} characters"
        raise ValueError(f"{name}: {text}, got {shown(value)}")
    return value


_LONGEST_LABEL = 1000


def several(value: object) -> bool:
    """Whether it is a sequence or an array of several things, of whatever kind."""
    if isinstance(ndim := getattr(value, "ndim", None), int):
        return ndim > 0
    return isinstance(value, Sized) and not isinstance(value, str | bytes | Mapping | Set)


def threads(name: str, value: object) -> int:
    """A number of threads, as the native core takes it."""
    return integer(name, value, 1, 4096)


def flag(name: str, value: object) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name}: expected True or False, got {kind(value)}")
    return bool(value)


def choice(name: str, value: object, known: tuple[str, ...]) -> str:
    if isinstance(value, str) and value in known:
        return value
    options = ", ".join(repr(k) for k in known)
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected one of {options}, got {kind(value)}")
    raise ValueError(f"{name}: expected one of {options}, got {shown(value)}")


def interval(name: str, value: object) -> tuple[float, float]:
    """A pair (low, high) with 0 < low <= high."""
    if not isinstance(value, tuple | list | np.ndarray) or getattr(value, "ndim", 1) == 0 or len(value) != 2:
        raise TypeError(f"{name}: expected a pair (low, high), got {kind(value)}")
    low, high = positive(f"{name}[0]", value[0]), positive(f"{name}[1]", value[1])
    if low > high:
        raise ValueError(f"{name}: expected low <= high, got ({low!r}, {high!r})")
    return low, high


_DTYPE_NAME = re.compile(r"[<>=|]?[fds][a-z]{0,5}\d{0,2}")  # others would make NumPy warn, or fail to encode


def float_dtype(dtype: object) -> np.dtype[Any]:
    """float32 or float64, by any of NumPy's names."""
    found = None
    if isinstance(dtype, np.dtype | type) or (isinstance(dtype, str) and _DTYPE_NAME.fullmatch(dtype)):
        with suppress(TypeError, ValueError):  # of a class that has a `dtype` of its own
            found = np.dtype(dtype)
    if found is None or found.newbyteorder("=") not in FLOATS:
        raise TypeError(f"dtype: expected float32 or float64, got {kind(dtype)}")
    native: np.dtype[Any] = np.dtype(found.newbyteorder("="))
    return native


def real_array(name: str, value: object) -> Array:
    """`value` as some NumPy array whose numbers can be used: real, and float32, float64 or integers."""
    if type(value) is np.ndarray and value.dtype in FLOATS:
        return value
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name}: masked arrays are not accepted (the mask would be lost)")
    if value is None or isinstance(value, str | bytes | dict | set):
        raise TypeError(f"{name}: expected an array of numbers, got {kind(value)}")
    _ask_for(name, value)
    try:
        found = np.asarray(value)
    except ValueError as err:
        raise ValueError(f"{name}: expected a rectangular array of numbers ({err})") from None
    except MemoryError:
        raise
    except Exception as err:  # of what is no array yet, such as a tensor that holds a gradient
        raise TypeError(f"{name}: expected an array of numbers, {kind(value)} gives none ({err})") from err
    if found.dtype.kind in "iu":
        return found
    if found.dtype.kind != "f" or np.dtype(found.dtype.newbyteorder("=")) not in FLOATS:
        raise TypeError(f"{name}: expected float64, float32 or integers, got dtype {found.dtype}")
    return found


def _ask_for(name: str, value: object) -> None:
    """Memory for the array that a sequence will be, by the length it says it has."""
    if isinstance(value, np.ndarray) or not isinstance(value, Sized):
        return
    try:
        count = memory.length_of(value)
    except Exception as err:  # it says a negative one, or raises
        raise TypeError(f"{name}: expected an array of numbers, {kind(value)} has no length ({err})") from err
    memory.require(8.0 * count, f"{name} of length {count}")


def measured(name: str, value: object) -> Array:
    """`value` as a float64 array of any shape; whether its numbers are finite is for the caller to say."""
    given = real_array(name, value)
    memory.require(8.0 * given.size, f"{name} of shape {given.shape}")
    return given.astype(np.float64)


def curves(*, t: object, **values: object) -> list[Array]:
    """t and what was measured then, (m,) float64 each with m >= 1: t finite and never falling, the others
    >= 0 or NaN, as the curvature at a loss of 0 is.
    """
    times = measured("t", t)
    if times.ndim != 1 or len(times) == 0:
        raise ValueError(f"t: expected shape (m,) with m >= 1, got {times.shape}")
    if not (np.isfinite(times).all() and (np.diff(times) >= 0).all()):
        raise ValueError("t: expected finite times, none before the last")
    found = [times]
    for name, value in values.items():
        curve = measured(name, value)
        if curve.shape != times.shape:
            raise ValueError(f"{name}: expected the shape of t, {times.shape}, got {curve.shape}")
        if (curve < 0).any():
            raise ValueError(f"{name}: expected numbers >= 0, got {curve[curve < 0][0]}")
        found.append(curve)
    return found


def common_dtype(values: Mapping[str, object], dtype: object = None) -> np.dtype[Any]:
    """The one dtype of several arrays: `dtype` when given, else that of those which have a float one.

    Lists and integer arrays have no float dtype of their own and follow the others (float64 if there is
    none); float32 beside float64 is refused, because which of the two was meant cannot be known.
    """
    floats = {name: np.dtype(real_array(name, v).dtype.newbyteorder("=")) for name, v in values.items()}
    if dtype is not None:
        return float_dtype(dtype)
    typed = {n: t for n, t in floats.items() if t.kind == "f" and hasattr(values[n], "dtype")}
    if len(set(typed.values())) > 1:
        got = ", ".join(f"{n} {t}" for n, t in typed.items())
        raise TypeError(f"{', '.join(typed)}: mixed dtypes ({got}); cast one, or say which with dtype=")
    return next(iter(typed.values()), np.dtype(np.float64))


def owned(name: str, value: object, axes: str, dtype: np.dtype[Any], *, copy: bool = True) -> Array:
    """A read-only C-contiguous copy of `value` in `dtype`: finite, not empty, one axis per letter of
    `axes`. Without `copy` the array itself, frozen, where it is that already. MemoryError before a copy that
    does not fit.
    """
    given = real_array(name, value)
    if given.ndim != len(axes) or given.size == 0:
        _refuse_shape(name, given, axes)
    cast = given.dtype != dtype
    if copy or cast:
        memory.require(given.size * dtype.itemsize, f"{name} of shape {given.shape}")
    with np.errstate(over="ignore") if cast else nullcontext():
        mine = np.array(given, dtype, order="C") if copy else np.ascontiguousarray(given, dtype)
    flat, piece = mine.reshape(-1), 1 << 17  # answers for all numbers at once would be new memory
    if not all(np.isfinite(flat[k : k + piece]).all() for k in range(0, flat.size, piece)):
        bad = np.argwhere(~np.isfinite(mine))
        where = tuple(int(i) for i in bad[0])
        came = given[where]
        why = f"{came}" if not np.isfinite(came) else f"{came}, which is too large for {dtype}"
        raise ValueError(f"{name}: expected finite numbers, got {why} at index {where} ({len(bad)} in all)")
    mine.setflags(write=False)
    return mine


def _refuse_shape(name: str, given: Array, axes: str) -> NoReturn:
    shape = f"({', '.join(axes)}{',' if len(axes) == 1 else ''})"
    if given.ndim != len(axes):
        raise ValueError(f"{name}: expected shape {shape}, got an array of shape {given.shape}")
    axis = axes[given.shape.index(0)]
    raise ValueError(f"{name}: expected shape {shape} with {axis} >= 1, got shape {given.shape}")


def length(name: str, array: Array, expected: int, because: str) -> None:
    if len(array) != expected:
        raise ValueError(f"{name}: expected length {expected} ({because}), got shape {array.shape}")
