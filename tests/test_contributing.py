"""CONTRIBUTING.md and tools/ci speak of the same stages."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def unnamed(listed: str, page: str) -> list[str]:
    """Stages of `tools/ci list` that the page does not name as what they are."""
    always, on_request = page.partition("The stages:")[2].partition("\n\n")[0].split("on request")
    faults = []
    for line in listed.splitlines():
        stage = line.removesuffix(" (on request)")
        if f"`{stage}`" not in (always if line == stage else on_request):
            faults.append(stage)
    return faults


def test_the_page_names_every_stage() -> None:
    if not (ROOT / "tools" / "ci").exists():
        pytest.skip("not in a checkout")
    listed = subprocess.run(
        [ROOT / "tools" / "ci", "list"], capture_output=True, text=True, check=True
    ).stdout
    assert len(listed.splitlines()) > 5
    assert unnamed(listed, PAGE) == []
    assert unnamed(listed + "gone\nlater (on request)\ntidy (on request)\n", PAGE) == [
        "gone",
        "later",
        "tidy",
    ]


def test_every_stage_has_a_budget_and_a_function() -> None:
    script = (ROOT / "tools" / "ci").read_text(encoding="utf-8")
    stages = re.search(r"^stages=\((.*)\)\non_request=\((.*)\)$", script, re.M)
    assert stages is not None
    for stage in " ".join(stages.groups()).split():
        assert f"[{stage}]=" in script
        assert f"\nstage_{stage.replace('-', '_')}() {{" in script
    beside = re.search(r"^beside=\((.*)\)$", script, re.M)
    assert beside is not None
    assert set(beside.group(1).split()) < set(stages.group(1).split())  # else one would run in neither lane


def borrowed(texts: dict[str, str]) -> list[str]:
    """Test files that import from a test file, in the file itself or in what it runs elsewhere."""
    return [name for name, text in texts.items() if re.search(r"^(?:from|import) test_\w+", text, re.M)]


def test_no_test_file_imports_another() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.py")}
    assert borrowed(texts) == []
    planted = {"test_a.py": "import os\nfrom test_b import draw\n", "test_b.py": "import test_c as c\n"}
    assert borrowed(planted) == ["test_a.py", "test_b.py"]
