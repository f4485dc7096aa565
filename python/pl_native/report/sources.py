"""Where the rows of a report come from: a folder of `reproduce`, or one of compact files."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pl_native import experiments
from pl_native._base import checks
from pl_native._base.files import folder_to_fill, read_regular
from pl_native.experiments import compact
from pl_native.store import Row, Store, write_atomically
from pl_native.sweep.plans import of_folder

_NOTES = "commands.json"


@dataclass(frozen=True, slots=True)
class Note:
    """What made the rows of a figure: the plan last asked for, the command, and the peak of one thread in
    FLOP/s at that time (NaN where it is not known)."""

    plan: str
    command: str
    peak: float = math.nan


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of one figure, and what made them."""

    name: str
    rows: tuple[Row, ...]
    note: Note


def write_note(folder: Path, name: str, note: Note) -> None:
    """Keep beside the rows what made them."""
    known = notes(folder) | {name: note}
    text = json.dumps({key: asdict(one) for key, one in sorted(known.items())}, indent=1)
    write_atomically(folder / _NOTES, text + "\n")


def read(folder: str | os.PathLike[str]) -> list[Source]:
    """The figures of the paper that a folder has rows of.

    ValueError when there are none, when a sweep in it lacks some of its rows, and for notes that are none.
    """
    folder = checks.path("folder", folder)
    noted, found = notes(folder), []
    for name in experiments.FIGURES:
        file = folder / f"{name}.csv"
        if (folder / name / "manifest.json").exists():
            found.append(_stored(folder, name, noted))
        elif file.exists():
            note = noted.get(name, Note("unknown", f"pl-native reproduce {name}"))
            found.append(Source(name, tuple(compact.read(name, file)), note))
    if not found:
        raise ValueError(f"{folder}: holds no rows of a figure of the paper (pl-native reproduce all --out)")
    return found


def _stored(folder: Path, name: str, noted: dict[str, Note]) -> Source:
    store = Store(folder / name)
    listed = of_folder(store)
    if listed[0].name != name:
        raise ValueError(f"{store.folder}: holds rows of the sweep {listed[0].name!r}, not of {name!r}")
    plans = {plan.id: plan for plan in listed}
    note = noted.get(name)
    plan = plans.get("" if note is None else note.plan, list(plans.values())[-1])
    lost = len(plan.missing(store.ids()))
    if lost:
        raise ValueError(f"{store.folder}: {lost} of {len(plan)} runs have no row of this version; run again")
    rows: Sequence[Row] = experiments.stored(name, plan, store)
    made = Note(plan.id, f"pl-native reproduce {name}") if note is None else note
    return Source(name, tuple(rows), made)


def keep(sources: Iterable[Source], folder: Path) -> list[Path]:
    """Write the rows as compact files, with their notes; returns the paths. `read` takes the folder."""
    folder = folder_to_fill("folder", folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for one in sources:
        paths.append(folder / f"{one.name}.csv")
        compact.write(one.name, one.rows, paths[-1])
        write_note(folder, one.name, one.note)
    return paths


def notes(folder: Path) -> dict[str, Note]:
    """What made the rows of each figure, as far as it is noted. ValueError for a file of something else."""
    path = folder / _NOTES
    try:
        text = read_regular(path)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    try:
        return {name: _note(**its) for name, its in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise ValueError(
            f"{path}: damaged, expected what `pl-native reproduce` notes of each figure. Rows are not "
            "touched; move this file away and run the same again"
        ) from None


def _note(plan: object, command: object, peak: object = math.nan) -> Note:
    """A note as it is read: ValueError or TypeError unless it is one."""
    if not (isinstance(plan, str) and isinstance(command, str)):
        raise TypeError("plan, command: expected text")
    found = checks.number("peak", peak)
    if found <= 0:
        raise ValueError(f"peak: expected FLOP/s, got {found!r}")
    return Note(plan, command, found)
