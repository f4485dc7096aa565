"""Python and the core draw their lines at the same numbers, each of which is written in both."""

from __future__ import annotations

import importlib
import math
import re
import sys
from pathlib import Path

import pytest

from pl_native._run import words

CPP = Path(__file__).parents[1] / "cpp"
modes, lines = (importlib.import_module(f"pl_native.model.{name}") for name in ("modes", "lines"))
EPSILON = "std::numeric_limits<double>::epsilon()"


def number(text: str, name: str) -> float:
    """What a header says that the constant of this name is."""
    (said,) = re.findall(rf"constexpr double [^;]*?\b{name} = ([^;,]+)", text)
    return math.prod(map(float, said.replace(EPSILON, repr(sys.float_info.epsilon)).split(" * ")))


@pytest.mark.parametrize(
    ("name", "file", "value"),
    [
        ("kAtKink", "problem/at_kinks.hpp", modes.AT_KINK),
        ("kNearKink", "problem/at_kinks.hpp", modes.NEAR_KINK),
        ("kAsOne", "problem/parallel_inputs.cpp", lines.AS_ONE),
        ("kOften", "capture/told.hpp", words._OFTEN),
        ("kBeyond", "capture/told.hpp", words._BEYOND),
    ],
)
def test_a_line_is_the_same_in_both(name: str, file: str, value: float) -> None:
    assert number((CPP / file).read_text(encoding="utf-8"), name) == value


def test_a_number_is_read() -> None:
    assert number(f"x;\nconstexpr double kA = 2 * {EPSILON};  // 3\n", "kA") == 2**-51
    with pytest.raises(ValueError, match="unpack"):
        number("constexpr double kA = 1;\nconstexpr double kA = 2;", "kA")
