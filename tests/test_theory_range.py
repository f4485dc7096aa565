"""Metrics and statements of theory near the ends of the range of numbers: a value, or a refusal in words."""

from __future__ import annotations

import inspect
import random
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from fuzz.odd import problem
from fuzz.watch import is_named
from proving import KINDS

GIVEN = {"data", "network", "where"}
ENDS = (0, 0, -150, -80, 19, 80, 150)


def needs(function: Any) -> list[str]:
    """The arguments without which it cannot be called."""
    return [p.name for p in inspect.signature(function).parameters.values() if p.default is p.empty]


def of_problems(module: Any) -> list[Any]:
    """Public functions of a dataset, a network or both, and nothing else."""
    found = []
    for name in module.__all__:
        function = getattr(module, name)
        if inspect.isfunction(function) and (names := needs(function)) and set(names) <= GIVEN:
            found.append(function)
    return found


def raised_by(function: Any, arguments: dict[str, Any]) -> Exception | None:
    try:
        function(**arguments)
    except Exception as error:
        return error
    return None


FUNCTIONS = [*of_problems(pl.metrics), *of_problems(pl.theory)]


def test_those_are_most_of_them() -> None:
    assert len(FUNCTIONS) > 45


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy, where numbers leave their range
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_at_the_ends_of_the_range(function: Any) -> None:
    """OverflowError, ZeroDivisionError and LinAlgError came of five of them."""
    rng = random.Random(1)
    for _ in range(60):
        labels = rng.choice((0, 0, -290, -150, -8, 20, 150, 290))
        data, network = problem(
            rng.choice(KINDS), rng.randrange(40), rng.choice(ENDS), rng.choice(ENDS), "float64", labels
        )
        given = {"data": data, "network": network, "where": network}
        error = raised_by(function, {name: given[name] for name in needs(function)})
        assert error is None or is_named(error), repr(error)


def test_sums_over_a_width_ask_for_their_memory() -> None:
    for call in (
        lambda: pl.theory.well_initialised_average(2**53, 1),
        lambda: pl.theory.well_initialised_probability(2**53, 2, 2),
    ):
        with pytest.raises(MemoryError, match=r"p: a sum over 0 to \d+ needs"):
            call()


def test_a_time_whose_logarithm_is_of_less_than_the_least_number() -> None:
    later = pl.theory.fraction_time(1e-8, 1e308, 2, 2**53)
    assert later > 0
    assert not np.isnan(later)
