"""The paper's figures as one self-contained page: what was reproduced, the pictures, the rows behind them."""

from __future__ import annotations

import base64
import html
import os
from collections.abc import Sequence
from pathlib import Path

from pl_native._base import checks
from pl_native._base.files import folder_to_fill
from pl_native.experiments.reproduced import NOT_REPRODUCED
from pl_native.report import content, sources
from pl_native.report.content import Entry
from pl_native.store import write_atomically


def rebuild(folder: str | os.PathLike[str], out: str | os.PathLike[str] | None = None) -> Path:
    """Tables, pictures and `report.html` once more, from the rows in `folder` alone; returns its path.

    `folder` is one of `reproduce`, or of compact rows; `out`, where the files go, is the same without it.
    ValueError when `folder` holds rows of none of the paper's figures, or lacks some of a figure's.
    """
    source = checks.path("folder", folder)
    place = source if out is None else folder_to_fill("out", out)
    found = sources.read(source)
    place.mkdir(parents=True, exist_ok=True)
    return write(place, [content.entry(one, place) for one in found])


def write(folder: Path, entries: Sequence[Entry]) -> Path:
    """Write `report.html` into `folder`: one file with its pictures inside; returns its path."""
    rows = [
        [f'<a href="#{one.name}">{one.name.removeprefix("fig")}</a>', *map(html.escape, cells)]
        for one in entries
        for cells in map(content.claim_cells, one.claims())
    ]
    told = [[*map(html.escape, pair)] for pair in content.provenance(entries)]
    parts = [
        f"<p>{html.escape(content.answer(entries))}</p>",
        f'<div class="claims">{_table(content.CLAIMS, rows)}</div>',
        *map(_section, entries),
        "<h2>Cost</h2>",
        _table(content.COSTS, content.costs(entries)),
        f"<p>{html.escape(content.COSTS_NOTE)}</p>",
        "<h2>Provenance</h2>",
        _table(("what", "value"), told),
    ]
    path = folder / "report.html"
    write_atomically(path, _REPORT.format(style=_STYLE, body="\n".join(parts)))
    return path


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of HTML cells; a row with the verdict not reproduced is marked."""
    titles = "".join(f"<th>{html.escape(title)}</th>" for title in head)
    lines = [
        f"<tr{' class=bad' if NOT_REPRODUCED in row else ''}>"
        + "".join(f"<td>{cell}</td>" for cell in row)
        + "</tr>"
        for row in rows
    ]
    body = "\n".join(lines)
    return f"<div class=wide><table><thead><tr>{titles}</tr></thead><tbody>\n{body}\n</tbody></table></div>"


def _section(one: Entry) -> str:
    """A figure: its pictures, why what was published differs, the command and the rows, its table."""
    shown = [_image(path, one.title) for path in one.pictures if path.suffix in _TYPES]
    pictures = "\n".join(shown) or "<p>No picture: matplotlib was missing.</p>"
    why = f"<p>{html.escape(one.explanation())}</p>\n" if one.explanation() else ""
    made = f"Made by <code>{html.escape(one.source.note.command)}</code>; {html.escape(one.made_by())}."
    table = f"<details><summary>All numbers</summary><pre>{html.escape(one.summary.table())}</pre></details>"
    return f'<h2 id="{one.name}">{one.title}</h2>\n{pictures}\n{why}<p>{made}</p>\n{table}'


def _image(path: Path, title: str) -> str:
    """A picture inside the page; on a narrow screen it keeps a size at which it can be read, and scrolls."""
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    kind = "film" if path.suffix == ".gif" else "picture"
    source = f"data:{_TYPES[path.suffix]};base64,{data}"
    return f'<div class=wide><img class={kind} alt="{title}, {kind}" src="{source}"></div>'


_TYPES = {".png": "image/png", ".gif": "image/gif"}
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 80em; padding: 0 1em;
color: #222; } table { border-collapse: collapse; } .wide { overflow-x: auto; }
td, th { padding: .3em .7em; text-align: left; vertical-align: top; border-bottom: 1px solid #ddd; }
td:nth-last-child(2) { white-space: nowrap; } tr.bad td:nth-last-child(2) { color: #b00; font-weight: bold; }
img.picture { width: 100%; min-width: 70em; height: auto; }
img.film { max-width: min(100%, 34em); height: auto; display: block; }
p { max-width: 50em; } pre { overflow-x: auto; font-size: 13px; } code { overflow-wrap: anywhere; }
@media (max-width: 40em) {
  body { margin: 1em auto; } td, th { padding: .25em .4em; font-size: 13px; } h1 { font-size: 1.4em; }
  .claims thead { display: none; } .claims :is(table, tbody, tr, td) { display: block; }
  .claims tr { border-bottom: 1px solid #888; padding: .4em 0; } .claims td { border: 0; padding: .1em 0; }
  .claims td:nth-child(2), .claims td:nth-child(6) { font-weight: bold; }
  .claims td:nth-child(1)::before { content: "Figure "; }
  .claims td:nth-child(3)::before { content: "published: "; }
  .claims td:nth-child(4)::before { content: "ours: "; }
  .claims td:nth-child(5)::before { content: "runs: "; }
}
"""
_REPORT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<title>The paper's figures, run again</title><style>{style}</style></head><body>
<h1>Convergence of shallow ReLU networks on weakly interacting data: what was reproduced</h1>
{body}
</body></html>
"""
