"""Every file format with other bytes: flipped, cut, moved; and entries changed behind valid checksums."""

from __future__ import annotations

import hashlib
import io
import json
import math
import random
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

import pl_native as pl
import sweeping
from fuzz.watch import Fault, Watch
from pl_native import store, sweep
from pl_native.theory import VerificationError
from problems import problem

JSON = (None, True, 0, -1, 1, 2**70, 1.5, -1e308, math.nan, math.inf, "", "x", "HORIZON", [], {}, [[]], "1e9",
        [1, 2], {"a": None}, 10**6)  # fmt: skip
STOP = pl.Stop(wall_time=0.05, max_steps=10_000)

Change = Callable[[bytes, random.Random], bytes]
Use = Callable[[Path], Any]


def other_bytes(content: bytes, rng: random.Random) -> bytes:
    """Without any knowledge of the format."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8))):
        at, size = rng.randrange(len(changed) + 1), rng.choice((1, 2, 4, 8, 60))
        kind = rng.randrange(6)
        if kind == 0:
            changed[at : at + size] = rng.randbytes(len(changed[at : at + size]))
        elif kind == 1:
            del changed[at:]
        elif kind == 2:
            changed[at:at] = rng.randbytes(size)
        elif kind == 3:
            changed[at:at] = changed[at : at + size]
        elif kind == 4:
            changed[at : at + size] = b"\xff" * len(changed[at : at + size])
        else:
            del changed[at : at + size]
    return bytes(changed)


def other_json(value: Any, rng: random.Random) -> Any:
    """One place of a JSON value changed."""
    if isinstance(value, dict) and value and rng.random() < 0.92:
        name = rng.choice(sorted(value))
        if rng.random() < 0.08:
            return {key: kept for key, kept in value.items() if key != name}
        return value | {name: other_json(value[name], rng)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return [*value[:at], other_json(value[at], rng), *value[at + 1 :]]
    if isinstance(value, str) and value.startswith("{") and rng.random() < 0.5:
        return json.dumps(other_json(json.loads(value), rng))
    return rng.choice(JSON)


def other_array(array: np.ndarray, rng: random.Random) -> np.ndarray:
    if array.ndim == 0 and str(array).startswith("{") and rng.random() < 0.95:
        try:
            return np.array(json.dumps(other_json(json.loads(str(array)), rng)))
        except ValueError:  # a change before has made other text of it
            return np.array("{")
    flat = array.reshape(-1)
    if array.dtype.kind in "fi" and len(flat) and rng.random() < 0.5:
        changed = flat.copy()
        number = rng.choice((math.nan, math.inf, -1.0, 0.0, 1e308, 5e-324, 2.0**62, 1e150, 1.0))
        with np.errstate(invalid="ignore", over="ignore"):
            changed[rng.randrange(len(flat))] = np.array(number).astype(array.dtype)
        return changed.reshape(array.shape)
    others: list[Callable[[], np.ndarray]] = [
        lambda: array[:0], lambda: array[1:], lambda: array[::-1], lambda: np.concatenate([array, array]),
        lambda: array.astype(np.float32), lambda: array.astype(np.int8), lambda: array.astype(complex),
        lambda: array.astype("U5"), lambda: flat, lambda: array[None], lambda: array.T, lambda: -array,
        lambda: np.asfortranarray(array), lambda: array.astype(array.dtype.newbyteorder()),
        lambda: np.zeros((0, 3)), lambda: np.array(1.0), lambda: array.astype(bool),
    ]  # fmt: skip
    try:
        with np.errstate(all="ignore"):
            return rng.choice(others)()
    except (TypeError, ValueError, IndexError, OverflowError):
        return np.array("x")


def other_entries(content: bytes, rng: random.Random) -> bytes:
    """Of an npz file: arrays and JSON values, packed anew."""
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    for _ in range(rng.choice((1, 1, 2))):
        name = "head" if "head" in arrays and rng.random() < 0.4 else rng.choice(sorted(arrays))
        if rng.random() < 0.1:
            arrays.pop(name)
            if not arrays:
                break
        elif rng.random() < 0.05:
            arrays[f"{name}x"] = arrays.pop(name)
        else:
            arrays[name] = other_array(arrays[name], rng)
    packed = io.BytesIO()
    np.savez(packed, **arrays)  # type: ignore[arg-type]
    return packed.getvalue()


def other_text(content: bytes, rng: random.Random) -> bytes:
    """Of a manifest: one value. Of a table: one field."""
    if content.startswith(b"{"):
        return json.dumps(other_json(json.loads(content), rng)).encode()
    lines = content.decode().splitlines(keepends=True)
    at = rng.randrange(len(lines))
    fields = lines[at].split(",")
    fields[rng.randrange(len(fields))] = rng.choice(("", "nan", "1e999", '"', "x,y", "-1", "\0", "é" * 50))
    lines[at] = ",".join(fields)
    return "".join(lines).encode()


D, N = problem()


def use_solution(path: Path) -> None:
    sol = pl.Solution.load(path)
    repr(sol)
    sol.average_pl()
    if sol.W_saved is not None:
        sol.state(0)
    if sol.dense is not None and len(sol.dense.starts):
        sol.at(float(sol.t[-1]) / 2)
    if sol._record is not None:
        sol.extend(float(sol.t[-1]) + 1.0, data=D, stop=STOP, progress=False)
        sol.certify(D)


def use_checkpoint(path: Path) -> None:
    pl.simulate(D, N, 3.0, checkpoint=path, stop=STOP, progress=False)


def use_certificate(path: Path) -> None:
    found = pl.Certificate.load(path)
    str(found), repr(found)
    with suppress(VerificationError):
        pl.theory.verify(found, D)


def use_rows(path: Path) -> None:
    """A shard, a manifest or the table of a folder of rows."""
    folder = path.parent if path.suffix != ".npz" else path.parent.parent
    rows = store.Store(folder)
    rows.rows(), rows.outcomes()
    str(store.verify(folder))
    if path.suffix == ".json":
        str(sweep.status(folder))
    if path.suffix == ".csv":
        store.rows_from_csv(path.read_text(newline=""))


def formats(folder: Path) -> dict[str, tuple[Path, Change, Use]]:
    """A good file of each, how its entries are changed, what reads it."""
    runs: dict[str, dict[str, Any]] = {
        "euler": {"save": pl.Save(count=4, states=True, observe=("n_active",))},
        "flow": {"method": "flow", "save": pl.Save(count=3, switches=True, dense=True)},
        "capture": {"method": "capture", "save": 3},
    }
    made: dict[str, tuple[Path, Change, Use]] = {}
    for name, options in runs.items():
        path = folder / f"{name}.npz"
        pl.simulate(D, N, 2.0, progress=False, **options).save(path)
        made[f"Solution.{name}"] = path, other_entries, use_solution
    path = folder / "checkpoint.npz"
    pl.simulate(D, N, 3.0, checkpoint=path, stop=STOP, progress=False)
    made["checkpoint"] = path, other_entries, use_checkpoint
    path = folder / "certificate.npz"
    end = pl.simulate(D, N, 3000.0, method="flow", stop=pl.Stop(max_steps=2000), progress=False)
    end.certify().save(path)
    made["Certificate"] = path, other_entries, use_certificate
    rows = folder / "rows"
    sweeping.run(rows, sweeping.cell())
    (shard,) = (rows / "shards").glob("*.npz")
    made["shard"] = shard, other_entries, use_rows
    made["manifest"] = rows / "manifest.json", other_text, use_rows
    made["rows.csv"] = rows / "rows.csv", other_text, use_rows
    return made


def renamed(path: Path, content: bytes) -> Path:
    """A shard's name carries the hash of its bytes."""
    return path.with_name(f"{path.name[:16]}-{hashlib.sha256(content).hexdigest()[:32]}.npz")


def one(watch: Watch, rng: random.Random, entry: str, good: tuple[Path, Change, Use]) -> None:
    path, entries, use = good
    content = path.read_bytes()
    knowing = rng.random() < 0.6
    mark = rng.randrange(2**40)
    other = (entries if knowing else other_bytes)(content, random.Random(mark))
    hashed = entry == "shard" and rng.random() < 0.9
    target = renamed(path, other) if hashed else path
    path.unlink()
    target.write_bytes(other)
    how = "other_entries/other_text" if knowing else "other_bytes"
    try:
        watch.call(f"file.{entry}", f"{how}(content, Random({mark}))", lambda: use(target), budget=1.0)
    finally:
        target.unlink(missing_ok=True)
        path.write_bytes(content)


def fuzz(watch: Watch, seed: int, calls: int) -> None:
    """`calls` changed files, read and used."""
    rng = random.Random(seed)
    folder = Path(tempfile.mkdtemp())
    try:
        known = formats(folder)
        names = sorted(known)
        for _ in range(calls):
            watch.example()
            entry = rng.choice(names)
            try:
                one(watch, rng, entry, known[entry])
            except (Fault, zipfile.BadZipFile) as fault:
                watch.note(fault)
    finally:
        shutil.rmtree(folder)
