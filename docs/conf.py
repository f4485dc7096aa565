"""The pages as a site: `tools/ci docs`, or `sphinx-build docs build/site` with the docs and plot extras."""

from __future__ import annotations

import re
from typing import Any

import pl_native

project = "pl_native"
author, copyright = "the pl_native developers", ""
release = version = pl_native.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_gallery.gen_gallery"]
exclude_patterns = ["gallery", "results"]
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]  # experiment1.md begins findings one level down

html_theme = "alabaster"
html_theme_options = {
    "description": "The flow of one-hidden-layer ReLU networks, compiled",
    "page_width": "1200px",
    "sidebar_width": "250px",
    "fixed_sidebar": True,
}
html_static_path: list[str] = []

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # shapes, dtypes and units are in the words

sphinx_gallery_conf = {
    "examples_dirs": ["gallery"],
    "gallery_dirs": ["auto_gallery"],
    "abort_on_example_error": True,
    "show_memory": False,
    "min_reported_time": 1e6,
}

INLINE, COLUMNS = re.compile(r"(`[^`]+`)"), re.compile(r"\S {2,}\S")
NAME, SPECIAL = re.compile(r"(\S(?:.*?\S)?) {2,}(\S.*)"), re.compile(r"([*_|`\\])")


def as_text(lines: list[str]) -> list[str]:
    """A docstring of ours as reStructuredText: prose as it is, tables and formulas letter by letter.

    Our docstrings are read in terminals: columns are aligned and formulas indented, which
    reStructuredText would reflow.
    """
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    found: list[str] = []
    for block in filter(None, blocks):
        found += ["", *(_prose(block) or _table(block) or _letter_by_letter(block))]
    return [*found, ""]


def _prose(block: list[str]) -> list[str]:
    """A paragraph; none if it has columns or indentation."""
    if any(line[0].isspace() or ">>>" in line or COLUMNS.search(line) for line in block):
        return []
    return [_escaped(" ".join(block))]


def _table(block: list[str]) -> list[str]:
    """Names, and what is said of each beside them, as a list of definitions; none if it is something else."""
    found: list[str] = []
    for line in block:
        name = NAME.match(line)
        said = name[2] if name else line.strip()
        if COLUMNS.search(said) or (not name and (not line[0].isspace() or not found)):
            return []
        found += [f"``{name[1]}``"] if name else []
        found.append(f"    {_escaped(said)}")
    return found


def _letter_by_letter(block: list[str]) -> list[str]:
    return [".. code-block:: text", "", *("    " + line for line in block)]


def _escaped(text: str) -> str:
    found = ""
    for part in INLINE.split(text):
        if INLINE.fullmatch(part):
            found += f"`{part}`"
        else:  # what is glued to a literal, as in `pl.Event`s, ends it only behind an escaped space
            found += ("\\ " if found and part[:1].isalnum() else "") + SPECIAL.sub(r"\\\1", part)
    return found


def setup(app: Any) -> None:
    def rewrite(app: Any, what: str, name: str, obj: object, options: Any, lines: list[str]) -> None:
        lines[:] = as_text(lines)

    def skip(app: Any, what: str, name: str, obj: Any, skipped: bool, options: Any) -> bool | None:
        alias = str(getattr(obj, "__doc__", "")).startswith("Alias for field number")  # of a named tuple
        return True if alias else None

    app.connect("autodoc-process-docstring", rewrite)
    app.connect("autodoc-skip-member", skip)
