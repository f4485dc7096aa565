"""The paper's figures as a page of the documentation: verdicts, pictures, costs, from stored rows."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from pl_native._base import checks
from pl_native._base.files import folder_to_fill
from pl_native.report import content, sources
from pl_native.report.content import Entry
from pl_native.store import write_atomically

DPI = 90
"""Of the pictures beside the page."""


def page(folder: str | os.PathLike[str], path: str | os.PathLike[str]) -> Path:
    """Write `path` (Markdown), and its pictures into `figures/` beside it, from the rows in `folder`.

    `folder` and errors as of `rebuild`; nothing is simulated. Returns the path.
    """
    target, source = checks.path("path", path), checks.path("folder", folder)
    if target.is_dir():
        raise ValueError(f"path: expected a file, {target} is a folder")
    figures = folder_to_fill("path", target.parent / "figures")
    found = sources.read(source)
    figures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        entries = [content.entry(one, Path(place), DPI) for one in found]
        for picture in (picture for one in entries for picture in one.pictures):
            if picture.suffix in (".png", ".gif"):
                (figures / picture.name).write_bytes(picture.read_bytes())
    rows = os.path.relpath(folder, target.parent)
    write_atomically(target, text(entries, rows))
    return target


def text(entries: Sequence[Entry], rows: str) -> str:
    """The page, `rows` being the path to their folder."""
    claims = [(one.title, *cells) for one in entries for cells in map(content.claim_cells, one.claims())]
    parts = [
        "# The paper's figures, run again",
        f"Made by `pl-native report` from the rows in `{rows}`; nothing of it is written by hand.",
        content.answer(entries),
        _table(content.CLAIMS, claims),
        *map(_section, entries),
        "## Cost",
        _table(content.COSTS, content.costs(entries)),
        content.COSTS_NOTE,
        "## Where the rows come from",
        _table(("what", "value"), [pair for pair in content.provenance(entries) if "rows" in pair[0]]),
    ]
    return "\n\n".join(parts) + "\n"


def _section(one: Entry) -> str:
    shown = [
        f"![{one.title}](figures/{path.name})" for path in one.pictures if path.suffix in (".png", ".gif")
    ]
    made = f"Made by `{one.source.note.command}`: {one.made_by()}."
    return "\n\n".join(part for part in (f"## {one.title}", *shown, one.explanation(), made) if part)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    listed = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in listed)


def _cell(text: str) -> str:
    """Text of a cell, with escapes before what Markdown would not print as it is."""
    for sign in ("\\", "|", "_", "*", "<", "~"):
        text = text.replace(sign, f"\\{sign}")
    return text
