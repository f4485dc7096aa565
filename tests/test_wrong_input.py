"""Every public function of `theory` and `metrics` refuses nonsense by the name of the argument it came in.

Each argument of a valid call is replaced by wrong kinds, shapes, NaN and values outside its domain. What an
argument may be follows from its annotation; a function without a valid call in `CALLS` fails.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from pl_native import metrics, theory

pytest.importorskip("pl_native._core")

DATA = pl.Dataset.orthogonal([1.0, 1.0], [1.0, -2.0])
NET = pl.Network([[0.3, 0.4], [0.5, 0.1]], [1.0, -1.0])
OTHER = pl.Network([[0.3, 0.4, 0.5]], [1.0])  # of another dimension
SOL = pl.simulate(DATA, NET, 5.0, method="flow", save=pl.Save(count=4, states=True, switches=True))
BARE = pl.simulate(DATA, NET, 1.0)  # kept no states
LAW = theory.law("balanced", 2)
LABELS = [1.0, 1.0, 2.0, 2.0]
GROUPS = {"label_norms": [2.0, 3.0], "n": 8, "p": 2}
WIDTH = {"n": 10, "eps": 0.1}
TIMES = {"D": 1.5, "n": 1000, "p": 2}

CALLS: dict[str, dict[str, Any]] = {
    "alignment": {"data": DATA, "where": NET, "direction": [1.0, 0.5]},
    "average_pl": {"t": [0.0, 1.0, 2.0], "loss": [1.0, 0.5, 0.25]},
    "collapse_example": {"y": (10.0, -5.0), "outer": 0.01},
    "collapse_expected": {"data": DATA, "network": NET},
    "corollary_1_width": {"data": DATA, "law": LAW, "eps": 0.1},
    "dead_point_bound": {"data": DATA, "network": NET},
    "dimension_constant": {"d": 500.0, "n": 10, "eps": 0.1},
    "euler_drift": {"data": DATA, "network": NET, "step": 0.1},
    "expected_matrix": {"data": DATA, "law": LAW},
    "extinction": {"data": DATA, "states": [NET, NET]},
    "extinction_condition": {"data": DATA, "network": NET, "gap": 0.1},
    "extinction_time": {"data": DATA, "network": NET, "gap": 0.1},
    "fraction_time": {"fraction": 0.5, **TIMES, "N0": 1.0},
    "frozen_flow": {"data": DATA, "network": NET, "at_kinks": 0},
    "group_closed_form": {"t": [0.0, 1.0], **GROUPS, "N0": [1.0, 1.0], "c0": [1.0, 0.5]},
    "group_curvature_bounds": {"labels": LABELS, "p": 2, "N0": [1.0, 1.0], "c0": [1.0, 0.5]},
    "group_exponent": {"n": 100, "k": 10},
    "group_limit": {**GROUPS, "c0": [1.0, 0.5]},
    "group_norm_as_printed": {"t": [0.0, 1.0], **GROUPS, "N0": [1.0, 1.0], "c0": [1.0, 0.5]},
    "group_size": {"n": 100, "alpha": 0.5},
    "group_start": {"data": DATA, "network": pl.Network([[0.5, 0.0], [0.0, 0.5]], [0.5, -0.5])},
    "growth_bounds": {"data": DATA, "network": NET},
    "insufficient_width": WIDTH,
    "kink_branch": {"t": [0.0, 1.0], "leave": 0.5, "y": 1.0, "a0": 1.0, "norm": 1.0, "n": 1, "p": 1},
    "law": {"name": "balanced", "d": 3, "scale": 1.0},
    "limit_loss": {"t": [0.0, 1.0], "D": [1.0, 2.0], "p": 2},
    "overlay": {"sol": SOL, "data": DATA},
    "parallel_probability": {"p": 3},
    "pl_upper_bound_orthogonal": {"data": DATA, "start": NET, "network": NET, "sharp": False},
    "preactivation_floor": {"data": DATA, "start": NET, "t": [0.0, 1.0]},
    "printed_excess": {"c0": [1.0, 0.5]},
    "product_form": {"p": 3, "n": 10},
    "psi1_norm": {"law": LAW},
    "rescaled": {"network": NET, "alpha": [1.0, 2.0]},
    "rescaled_loss": {"t": [0.1, 1.0], "D": [1.0, 2.0], "n": 8, "p": 2, "N0": [1.0, 1.0], "c0": [1.0, 0.5]},
    "small_initial_loss": {"data": DATA, "network": NET},
    "spectrum_extremes": {"data": DATA, "where": NET, "rtol": 1e-8, "products": 40},
    "staircase": {"D": [1.0, 2.0], "p": 2},
    "start_curvature": {"data": DATA, "law": LAW, "directions": 100, "seed": 0},
    "sufficient_width": WIDTH,
    "theorem_1_width": {"data": DATA, "law": LAW, "eps": 0.1},
    "time_unit": {"n": 10, "p": 2},
    "transition_time": {**TIMES, "N0": 1.0, "c0": 0.5},
    "transition_times": {"t": [0.1, 1.0, 2.0], "loss": [1.0, 0.5, 0.2], "local_pl": [0.1, 0.2, 0.3]},
    "union_bound": {"p": 3, "n": 10},
    "verify": {"certificate": pl.certify(DATA, NET), "data": DATA},
    "well_initialised_average": {"p": 3, "n": 10},
    "well_initialised_probability": {"p": 3, "positive": 2, "negative": 1},
    "window": {"eps": 0.1, **TIMES},
    "window_as_printed": {"eps": 0.1, **TIMES},
}
BY_PARAMETERS: dict[tuple[str, ...], dict[str, Any]] = {  # of the many with the same ones
    ("data",): {"data": DATA},
    ("network",): {"network": NET},
    ("data", "network"): {"data": DATA, "network": NET},
    ("data", "where"): {"data": DATA, "where": NET},
}

ANYTHING = [np.ones((2, 2)), 3, "text", [1.0, 2.0], b"bytes", {}]
NUMBERS = ["1.0", None, float("nan"), float("inf"), -1.0, [1.0, 2.0], np.ones((2, 2)), 1j, True]
ARRAYS = [
    "text",
    None,
    [float("nan")] * 2,
    [-1.0, -2.0],
    np.ones((2, 2, 2, 2)),
    [1j, 2.0],
    [[1.0], [1.0, 2.0]],
]
WRONG: dict[str, list[Any]] = {
    "Dataset": [None, NET, *ANYTHING],
    "Data": [None, NET, [], [DATA, DATA], [3], *ANYTHING],
    "Dataset | None": [NET, *ANYTHING],
    "Network": [None, DATA, OTHER, [NET], *ANYTHING],
    "Where | States": [None, DATA, OTHER, BARE, [], [NET, OTHER], [NET, 3], (x for x in ()), *ANYTHING],
    "Sequence[Network]": [None, DATA, NET, [], [NET, 3], [NET, OTHER], *ANYTHING],
    "Solution": [None, NET, *ANYTHING],
    "Certificate": [None, NET, *ANYTHING],
    "Law": [None, NET, *ANYTHING],
    "Seed": [None, 1.5, "text", -1, True, float("nan")],
    "str": [None, 3, "nonsense", NET],
    "bool": [None, 1, "yes", np.ones(2)],
    "int": [2.5, True, -1, "3", None, float("nan"), [3], np.ones(2), 2**62],
    "int | None": [2.5, True, -1, "3", float("nan"), [3]],
    "float": NUMBERS,
    "float | None": [value for value in NUMBERS if value is not None],
    "ArrayLike": ARRAYS,
    "Array": ARRAYS,
    "object": ARRAYS,
}
MAY_BE = [  # what is wrong elsewhere and right here
    ("alignment", "direction", [-1.0, -2.0]),
    ("assumption_1", "network", OTHER),
    ("group_curvature_bounds", "labels", [-1.0, -2.0]),
    ("keeps_sign", "network", OTHER),
    ("kink_branch", "leave", float("inf")),
]

TOLD_BY = {  # arguments that go together: which of the two the error names when each is right alone
    ("kink_branch", "y"): "(a0|y)",
    ("limit_loss", "p"): "(D|p)",
    ("rescaled", "network"): "(alpha|network)",
    ("rescaled_loss", "p"): "(D|p)",
    ("staircase", "p"): "(D|p)",
}


def public() -> list[tuple[Any, str]]:
    packages = (metrics, theory)
    return [(m, name) for m in packages for name in m.__all__ if not inspect.isclass(getattr(m, name))]


def valid(function: Any) -> dict[str, Any]:
    name, parameters = function.__name__, tuple(inspect.signature(function).parameters)
    found = CALLS[name] if name in CALLS else BY_PARAMETERS[parameters]
    assert set(found) == set(parameters), "every argument is tried"
    return found


def call(function: Any, arguments: dict[str, Any]) -> Any:
    kinds = inspect.signature(function).parameters
    by_place = [v for k, v in arguments.items() if kinds[k].kind is not inspect.Parameter.KEYWORD_ONLY]
    by_name = {k: v for k, v in arguments.items() if kinds[k].kind is inspect.Parameter.KEYWORD_ONLY}
    return function(*by_place, **by_name)


@pytest.mark.parametrize(("package", "name"), public(), ids=[f"{m.__name__}.{n}" for m, n in public()])
def test_wrong_input_is_refused_by_name(package: Any, name: str) -> None:
    function = getattr(package, name)
    arguments = valid(function)
    call(function, arguments)
    for argument, parameter in inspect.signature(function).parameters.items():
        for value in WRONG[parameter.annotation]:
            if any(repr((name, argument, value)) == repr(allowed) for allowed in MAY_BE):
                continue
            shown = f"{name}({argument}={value!r})"
            try:
                found = call(function, {**arguments, argument: value})
            except (ValueError, TypeError) as error:
                said = str(error)
            else:
                pytest.fail(f"{shown} was taken: {found!r}")
            named = rf"^{TOLD_BY.get((name, argument), argument)}\b"
            assert re.search(named, said), f"{shown}: {said}"
