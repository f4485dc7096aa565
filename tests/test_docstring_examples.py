"""Every public function of `metrics` and `theory` shows a short example, and every example runs."""

from __future__ import annotations

import doctest
import inspect
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from pl_native import metrics, theory

LONGEST = 10  # lines of an example, its output included
NAMES = {"pl": pl, "np": np, "metrics": metrics, "theory": theory}
PACKAGES: tuple[ModuleType, ...] = (metrics, theory)
CERTIFIES = {"verify"}  # the compiled core proves

PUBLIC = [(package, name) for package in PACKAGES for name in package.__all__]


def examples(owner: Any, name: str) -> list[doctest.DocTest]:
    return doctest.DocTestFinder(recurse=False).find(getattr(owner, name), name, globs=dict(NAMES))


@pytest.mark.parametrize(("package", "name"), PUBLIC, ids=[f"{p.__name__}.{n}" for p, n in PUBLIC])
def test_example(package: ModuleType, name: str) -> None:
    found = [test for test in examples(package, name) if test.examples]
    if inspect.isclass(getattr(package, name)) and not found:
        return  # it is what functions return: their examples show it
    if name in CERTIFIES and "native" not in pl.backends.available():
        pytest.skip("needs the compiled core")
    assert found, f"{package.__name__}.{name} has no example"
    doc = inspect.getdoc(getattr(package, name)) or ""
    shown = doc[doc.index(">>>") :].splitlines()
    assert len(shown) <= LONGEST, f"{package.__name__}.{name}: an example of {len(shown)} lines"
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    report: list[str] = []
    for test in found:
        runner.run(test, out=report.append)
    assert runner.failures == 0, "".join(report)


def test_a_wrong_example_is_seen() -> None:
    def planted() -> int:
        """
        >>> planted()
        2
        """
        return 1

    test = doctest.DocTestFinder(recurse=False).find(planted, "planted", globs={"planted": planted})[0]
    runner = doctest.DocTestRunner()
    runner.run(test, out=lambda text: None)
    assert runner.failures == 1
