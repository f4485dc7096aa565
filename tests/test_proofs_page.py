"""docs/proofs.md: its worked examples run, and print what the page shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import pl_native as pl
from pl_native import backends
from pl_native.experiments import proofs

pytestmark = pytest.mark.skipif("native" not in backends.available(), reason="the core proves")

PAGE = Path(__file__).parents[1] / "docs" / "proofs.md"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def examples(page: str) -> list[tuple[str, str]]:
    """Code and what it prints, of the last section."""
    section = page.partition("## 10. Worked examples\n")[2]
    blocks = ["\n".join(line[4:] for line in block.splitlines())
              for block in re.findall(r"(?:^    .*\n)+", section, re.M)]  # fmt: skip
    return list(zip(blocks[::2], blocks[1::2], strict=True))


def same(shown: str, printed: str) -> bool:
    """Line by line, in order; numbers to 2 per cent, times of what is held to a factor of 100."""
    rest = printed.splitlines()
    for line in shown.splitlines():
        words = NUMBER.sub("#", line)
        while rest and NUMBER.sub("#", rest[0]) != words:
            rest.pop(0)
        if not rest:
            return False
        for u, v in zip(NUMBER.findall(line), NUMBER.findall(rest[0]), strict=True):
            loose = 100 if "e+" in u else 1.02
            if not abs(float(u)) / loose <= abs(float(v)) <= abs(float(u)) * loose:
                return False
    return True


def test_worked_examples_print_what_the_page_shows() -> None:
    found = examples(PAGE.read_text(encoding="utf-8"))
    assert len(found) == 6
    for code, shown in found:
        names: dict[str, Any] = {"pl": pl}
        exec(code, names)
        assert same(shown, str(names["certificate"])), str(names["certificate"])
        assert pl.theory.verify(names["certificate"], names["data"])
    assert names["free"].loss[-1] == pytest.approx(0.5539, rel=1e-3)


def test_what_the_page_shows_is_compared() -> None:
    printed = "HELD\n    L >= 0.25 for all t <= 1e+07.\nProof: none"
    assert same("HELD\n    L >= 0.251 for all t <= 3e+06.", printed)
    assert same("HELD\nProof: none", printed)
    for other in ("TRAPPED", "    L >= 0.26 for all t <= 1e+07.", "    L >= 0.25 for all t <= 1e+10.",
                  "Proof: none\nHELD"):  # fmt: skip
        assert not same(other, printed)


def test_tables_are_those_of_the_stored_rows() -> None:
    """Experiment 1 by theorem, line by line."""
    rows = proofs.stored(PAGE.parent / "results" / "proofs")
    assert proofs.summarise(rows).table() in PAGE.read_text(encoding="utf-8")
