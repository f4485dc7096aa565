"""The paper's figures as one self-contained page: what was reproduced, the pictures, the rows behind them.

`entry` and `write` make it of rows at hand, `rebuild` of those in a folder; nothing here simulates.
"""

from __future__ import annotations

import base64
import html
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pl_native import experiments, plots
from pl_native._base.build import build_info
from pl_native.experiments import effort
from pl_native.experiments.reproduced import NOT_REPRODUCED, OPEN, REPRODUCED, Claim, claims
from pl_native.store import Row, Store, write_atomically
from pl_native.sweep import Plan
from pl_native.sweep.plans import of_folder


@dataclass(frozen=True, slots=True)
class Entry:
    """One figure of the paper in a report: its rows, what they say, and the files that were drawn of them."""

    name: str
    plan: Plan
    rows: tuple[Row, ...]
    summary: Any
    pictures: tuple[Path, ...]


def entry(name: str, plan: Plan, rows: Sequence[Row], folder: Path) -> Entry:
    """Summarise the rows of a figure; write its table (`name`.txt), and, where matplotlib is installed, its
    pictures into `folder`. Nothing is simulated.
    """
    summary = experiments.experiment(name).summarise(rows)
    write_atomically(folder / f"{name}.txt", summary.table())
    pictures: list[Path] = []
    if plots.available():
        pictures += plots.save(plots.FIGURES[name](summary), folder / name)
        pictures += plots.FILMS[name](folder / f"{name}_film") if name in plots.FILMS else []
    return Entry(name, plan, tuple(rows), summary, tuple(pictures))


def note(folder: Path, name: str, plan: Plan, command: str, peak: float) -> None:
    """Keep beside the rows what made them: the plan last asked for, the command, the peak of one thread in
    FLOP/s. `rebuild` reads it."""
    known = _notes(folder) | {name: {"plan": plan.id, "command": command, "peak": peak}}
    write_atomically(folder / _NOTES, json.dumps(known, indent=1) + "\n")


def rebuild(folder: str | os.PathLike[str]) -> Path:
    """Tables, pictures and `report.html` once more, from the rows in `folder` alone; returns its path.

    ValueError when the folder holds rows of none of the paper's figures, or lacks some of a figure's.
    """
    place = Path(folder)
    found = [name for name in experiments.FIGURES if (place / name / "manifest.json").exists()]
    if not found:
        raise ValueError(f"{place}: holds no rows of a figure of the paper (pl-native reproduce all --out)")
    return write(place, [_stored(place, name) for name in found])


def _stored(folder: Path, name: str) -> Entry:
    store = Store(folder / name)
    plans = {plan.id: plan for plan in of_folder(store)}
    plan = plans.get(str(_notes(folder).get(name, {}).get("plan")), list(plans.values())[-1])
    lost = len(plan.missing(store.ids()))
    if lost:
        raise ValueError(f"{store.folder}: {lost} of {len(plan)} runs have no row of this version; run again")
    return entry(name, plan, experiments.stored(name, plan, store), folder)


def write(folder: Path, entries: Sequence[Entry]) -> Path:
    """Write `report.html` into `folder`: one file with its pictures inside; returns its path."""
    notes = _notes(folder)
    found = {one.name: claims(one.name, one.summary) for one in entries}
    listed = [claim for one in entries for claim in found[one.name]]
    count = sum(claim.verdict == REPRODUCED for claim in listed)
    rows = [
        [f'<a href="#{name}">{name.replace("fig", "")}</a>', *map(html.escape, _claim_cells(claim))]
        for name, its in found.items()
        for claim in its
    ]
    parts = [
        f"<p>{count} of {len(listed)} claims reproduced. {REPRODUCED} reproduced, {NOT_REPRODUCED} not "
        f"reproduced, {OPEN} not decided by these runs. Intervals are at 95 %.</p>",
        _table(("figure", "claim", "published", "ours", "runs", "verdict", "why"), rows),
        *(_section(one, notes.get(one.name, {})) for one in entries),
        "<h2>Cost</h2>",
        _costs(entries, notes),
        "<h2>Provenance</h2>",
        _table(("what", "value"), [[*map(html.escape, pair)] for pair in _provenance(entries)]),
    ]
    path = folder / "report.html"
    write_atomically(path, _REPORT.format(style=_STYLE, body="\n".join(parts)))
    return path


def _notes(folder: Path) -> dict[str, dict[str, Any]]:
    path = folder / _NOTES
    found: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def _claim_cells(claim: Claim) -> tuple[str, ...]:
    return claim.claim, claim.published, claim.ours, f"{claim.runs}", claim.verdict, claim.why


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


def _section(one: Entry, kept: dict[str, Any]) -> str:
    """A figure: its pictures, the command and the rows behind it, its table."""
    title = f"Figure {one.name.removeprefix('fig')}"
    shown = [_image(path, title) for path in one.pictures if path.suffix in _TYPES]
    pictures = "\n".join(shown) or "<p>No picture: matplotlib was missing.</p>"
    ids = ", ".join(str(row["id"])[:12] for row in one.rows[:3])
    made = html.escape(str(kept.get("command", f"pl-native reproduce {one.name}")))
    return (
        f'<h2 id="{one.name}">{title}</h2>\n{pictures}\n<p>Made by <code>{made}</code>; {len(one.rows)} rows '
        f"in <code>{one.name}/</code> (plan {one.plan.id}, ids {ids}{', ...' if len(one.rows) > 3 else ''})."
        f"</p>\n<details><summary>All numbers</summary><pre>{html.escape(one.summary.table())}</pre>"
        "</details>"
    )


def _image(path: Path, title: str) -> str:
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    kind = "film" if path.suffix == ".gif" else "picture"
    return f'<img class={kind} alt="{title}, {kind}" src="data:{_TYPES[path.suffix]};base64,{data}">'


def _costs(entries: Sequence[Entry], notes: dict[str, dict[str, Any]]) -> str:
    rows = []
    for one in entries:
        spent = effort.cost(one.name, one.rows)
        rate = spent.flops / spent.seconds if spent.seconds > 0 else math.nan
        peak = float(notes.get(one.name, {}).get("peak", math.nan))
        numbers = (spent.flops / 1e12, spent.seconds, spent.seconds / 3600, rate / 1e9, 100 * rate / peak)
        cells = [
            "-" if math.isnan(x) else f"{x:.{k}f}" for x, k in zip(numbers, (2, 1, 3, 1, 0), strict=True)
        ]
        rows.append([one.name, f"{spent.runs}", *cells])
    head = ("figure", "runs", "Tflop", "thread seconds", "thread hours", "GFLOP/s a thread", "% of peak")
    return _table(head, rows)


def _provenance(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """Versions and build, and what the rows say of themselves; nothing of the host."""
    facts = build_info()
    native = facts.pop("native") or {}
    facts.pop("platform")
    rows = [row for one in entries for row in one.rows]
    of_rows = {
        f"{name} of the rows": ", ".join(sorted({str(row[name]) for row in rows}))
        for name in ("numerics", "backend", "isa", "seed")
    }
    built = {f"core: {name}": str(value) for name, value in native.items()}
    return [*((name, str(value)) for name, value in facts.items()), *of_rows.items(), *built.items()]


_NOTES = "commands.json"
_TYPES = {".png": "image/png", ".gif": "image/gif"}
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 80em; padding: 0 1em;
color: #222; } table { border-collapse: collapse; } .wide { overflow-x: auto; }
td, th { padding: .3em .7em; text-align: left; vertical-align: top; border-bottom: 1px solid #ddd; }
tr.bad td:nth-last-child(2) { color: #b00; font-weight: bold; }
img { max-width: 100%; height: auto; } img.film { max-width: min(100%, 34em); display: block; }
pre { overflow-x: auto; font-size: 12px; } code { overflow-wrap: anywhere; }
@media (max-width: 40em) { body { margin: 1em auto; } td, th { padding: .25em .4em; font-size: 13px; } }
"""
_REPORT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<title>The paper's figures, run again</title><style>{style}</style></head><body>
<h1>Convergence of shallow ReLU networks on weakly interacting data: what was reproduced</h1>
{body}
</body></html>
"""
