"""Who draws data and networks: the package's generators by name, or a user's function by import path."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from pl_native import data, initial, metrics
from pl_native._base import checks
from pl_native._problem import Dataset, Network

DATA: dict[str, Callable[..., Dataset]] = {
    "sphere": data.sphere,
    "orthogonal": data.orthogonal,
    "gaussian": data.gaussian,
    "teacher": data.teacher,
    "group": lambda n, d, *, p, **options: data.group(n, p, d, **options),
}
"""f(n, d, *, seed, dtype, **options) -> Dataset; those of `PER_NEURON` are told the cell's p too."""

PER_NEURON = frozenset({"group"})
"""Data made for p neurons."""

NORMS_ONLY = frozenset({"orthogonal", "group"})
"""Data whose inputs are never formed: runs cost n p, not n d p."""

INITIAL: dict[str, Callable[..., Network]] = {
    "asymmetric": initial.asymmetric,
    "torch_linear": initial.torch_linear,
    "balanced": initial.balanced,
    "group": initial.group,
}
"""f(p, d, *, seed, scale, dtype, data, **options) -> Network"""

EVENTS: dict[str, Callable[..., Any]] = {"well_initialised": metrics.well_initialised}
"""f(data, network) -> bool: what a draw may be conditioned on"""


def check_options(argument: str, name: str, options: Mapping[str, object]) -> None:
    """ValueError for options that a generator of the package does not know, before thousands of runs fail."""
    known_of: Mapping[str, Callable[..., Any]] = (
        DATA | {"group": data.group} if argument == "data" else INITIAL
    )
    function = known_of.get(name)
    if function is None:  # the user's: not imported to look at it
        return
    known = [p.name for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
    known = [one for one in known if one not in ("seed", "dtype", "scale", "data")]
    unknown = [one for one in options if one not in known]
    if unknown:
        raise ValueError(
            f"{_OPTIONS[argument]}: {name!r} does not know {', '.join(map(checks.shown, unknown))}, expected "
            f"some of {', '.join(known) or 'none'}"
        )


_OPTIONS = {"data": "data_options", "initialisation": "initial_options"}
"""By the generator that they go to"""

_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
_allowed: set[str] = set()


def allow(*functions: str | Callable[..., Any]) -> None:
    """Let cells that come from files name these functions (or "module:function"): only such are imported.

    A function that is handed to a cell in this process is allowed by that. The shell has --allow. ValueError
    for what is no such name, and for functions that other processes cannot import.
    """
    for function in functions:
        name = _path_of("function", function) if callable(function) else function
        if not isinstance(name, str) or not _PATH.fullmatch(name):
            raise ValueError(
                f"function: expected a function or 'module:function', got {checks.shown(function)}"
            )
        _allowed.add(name)


def named(argument: str, value: object, known: dict[str, Any]) -> str:
    """`value` as a name: one of `known`, or "module:function" of a function that any process can import.

    A name alone imports nothing (`resolve` does, where it is allowed); a function is allowed from here on.
    ValueError or TypeError for other names, lambdas, nested functions and functions of a script or notebook.
    """
    if callable(value):
        value = _path_of(argument, value)
        allow(value)
    names = ", ".join(map(repr, known))
    if not isinstance(value, str):
        raise TypeError(f"{argument}: expected one of {names} or a function, got {checks.kind(value)}")
    if value not in known and not _PATH.fullmatch(value):
        raise ValueError(
            f"{argument}: expected one of {names} or 'module:function', got {checks.shown(value)}"
        )
    return value


def _path_of(argument: str, function: Any) -> str:
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if module in (None, "__main__") or "<" in name or not name:
        raise ValueError(
            f"{argument}: expected a function that other processes and later sessions can import, got "
            f"{name or function!r} of {module}; put it into a module of its own"
        )
    return f"{module}:{name}"


def resolve(argument: str, name: str, known: dict[str, Any]) -> Callable[..., Any]:
    """The function that `name` stands for. ValueError unless it is known, or allowed and can be imported."""
    if ":" not in name:
        function: Callable[..., Any] = known[name]
        return function
    if name not in _allowed:
        raise ValueError(
            f"{argument}: {name!r} is imported only when you allow it: pl.sweep.allow({name!r}), in the "
            f"shell --allow {name} (or hand over the function itself)"
        )
    module, _, attribute = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:  # whatever that module does
        raise ValueError(f"{argument}: cannot import {name!r} ({type(error).__name__}: {error})") from error
    if not callable(found):
        raise TypeError(f"{argument}: expected a function, {name!r} is {checks.kind(found)}")
    return found  # type: ignore[no-any-return]


def code_of(**names: str) -> str | None:
    """SHA-256 of the source files of the user's functions among `names`: an edit makes other runs of them.

    None when all of them are the package's own.
    """
    digest = hashlib.sha256()
    own = {argument: name for argument, name in names.items() if ":" in name}
    for argument, name in own.items():
        function = resolve(argument, name, {})
        file = inspect.getsourcefile(sys.modules[name.partition(":")[0]])
        if file is None:
            raise ValueError(
                f"{name}: expected a function whose source file can be read, {function!r} has none"
            )
        with open(file, "rb") as source:
            digest.update(source.read())
    return digest.hexdigest() if own else None
