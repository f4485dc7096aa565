"""Findings on the paper's statements as a table of text, as rows of a file, and as a page with plots."""

from __future__ import annotations

import csv
import html
import io
import math
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

from pl_native.experiments.statements import Finding, Panel
from pl_native.store import write_atomically

COLUMNS = ("statement", "hypotheses met", "claimed", "measured", "worst margin", "verdict")
FIELDS = ("statement", "hypotheses", "met", "draws", "claimed", "measured", "margin", "verdict")
WIDTHS = (34, 16, 40, 56, 12, 11)


def table(found: Sequence[Finding]) -> str:
    """One row for each finding, cells wrapped; columns as in `COLUMNS`."""
    rule = "  ".join("-" * width for width in WIDTHS)
    lines = [_line(COLUMNS), rule]
    for finding in found:
        cells = [textwrap.wrap(cell, width) for cell, width in zip(cells_of(finding), WIDTHS, strict=True)]
        for k in range(max(map(len, cells))):
            row = [cell[k] if k < len(cell) else "" for cell in cells]
            lines.append(_line(row))
    return "\n".join(lines)


def cells_of(finding: Finding) -> tuple[str, ...]:
    """The cells of one row, as text."""
    met = f"{finding.met} of {finding.draws}"
    return (
        finding.statement,
        met,
        finding.claimed,
        finding.measured,
        margin_text(finding.margin),
        finding.verdict.value,
    )


def margin_text(margin: float | None) -> str:
    """A factor of slack in four digits; a dash where nothing is bounded."""
    if margin is None:
        return "-"
    return "inf" if math.isinf(margin) else f"{margin:.4g}" if margin < 1000 else f"{margin:.1e}"


def rows(found: Sequence[Finding]) -> str:
    """Comma-separated text, a row for each finding, for a file: its fields and its verdict, but no plots."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    for one in found:
        margin = "" if one.margin is None else f"{one.margin:.6g}"
        cells = (one.statement, one.hypotheses, int(one.met), int(one.draws), one.claimed, one.measured)
        writer.writerow((*cells, margin, one.verdict.value))
    return text.getvalue()


def page(found: Sequence[Finding], folder: Path, draw: Callable[[Panel], str] | None) -> Path:
    """Write index.html into `folder`: the table, and below each finding's plots (SVG by `draw`)."""
    rows = "\n".join(_row(finding) for finding in found)
    shown = "\n".join(
        f"<figure>{draw(panel)}<figcaption>{html.escape(finding.statement)}: {html.escape(panel.title)}"
        "</figcaption></figure>"
        for finding in found
        for panel in finding.panels
        if draw is not None
    )
    bad = [finding for finding in found if not finding.verdict.good]
    summary = f"{len(found) - len(bad)} of {len(found)} findings as they should be."
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    text = _PAGE.format(summary=summary, head=head, rows=rows, figures=shown)
    path = folder / "index.html"
    write_atomically(path, text)
    return path


def _line(cells: Sequence[str]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True))
    return "  ".join(padded).rstrip()


def _row(finding: Finding) -> str:
    cells = [html.escape(cell) for cell in cells_of(finding)]
    cells[1] += f"<br><small>{html.escape(finding.hypotheses)}</small>"
    kind = "good" if finding.verdict.good else "bad"
    return f'<tr class="{kind}">' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Statements against simulations</title><style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 90em; padding: 0 1em; }}
table {{ border-collapse: collapse; }} td, th {{ padding: .3em .7em; text-align: left; vertical-align: top;
border-bottom: 1px solid #ddd; }} tr.bad td:last-child {{ color: #b00; font-weight: bold; }}
figure {{ display: inline-block; margin: 1em; max-width: 40em; }}
figure svg {{ max-width: 100%; height: auto; }}
small {{ color: #666; }}
</style></head><body>
<h1>Statements of the paper against simulations</h1>
<p>{summary} The margin is the factor by which a bound could be tightened before the worst draw found breaks
it.</p>
<table><thead><tr>{head}</tr></thead><tbody>
{rows}
</tbody></table>
{figures}
</body></html>
"""
