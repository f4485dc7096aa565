"""Shards: immutable .npz files of rows, whose names carry the SHA-256 of their bytes.

A name is `<nanoseconds, hex>-<first 32 digits of the SHA-256>.npz`: sorted names are in order of writing, and
a file is intact exactly when its bytes have the hash in its name, whatever was torn, cut or flipped.
"""

from __future__ import annotations

import hashlib
import io
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from zipfile import ZipFile

from pl_native._base.files import from_npy, pack, read_regular
from pl_native.store.columns import Row
from pl_native.store.disk import write_atomically
from pl_native.store.row_arrays import as_arrays, check_array, from_arrays

Found = TypeVar("Found")

_NAME = re.compile(r"[0-9a-f]{16}-([0-9a-f]{32})\.npz")


@dataclass(frozen=True, slots=True)
class Damage:
    """A shard that cannot be used, and why; `broken` when its bytes are not those that were written."""

    path: Path
    reason: str
    broken: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def write_shard(folder: Path, rows: Sequence[Row]) -> Path:
    """A new shard of `rows` in `folder`, on disk and complete when this returns."""
    buffer = io.BytesIO()
    pack(buffer, as_arrays(rows), compress=True)
    content = buffer.getvalue()
    path = folder / f"{time.time_ns():016x}-{_hash(content)}.npz"
    write_atomically(path, content)
    return path


def shard_paths(folder: Path) -> list[Path]:
    """Files that claim to be shards, in order of writing."""
    return sorted(path for path in folder.glob("*.npz") if not path.name.startswith("."))


def read_shard(path: Path) -> list[Row] | Damage:
    """Rows of a shard, or what is wrong with it. OSError only when the system cannot read it at all."""
    return _read(path, _rows)


def read_outcomes(path: Path) -> dict[str, str] | Damage:
    """Id and status of each row of a shard, at a small part of the cost; the rest as `read_shard`."""
    return _read(path, _outcomes)


def _rows(stored: ZipFile) -> list[Row]:
    return from_arrays({name.removesuffix(".npy"): from_npy(stored.read(name)) for name in stored.namelist()})


def _outcomes(stored: ZipFile) -> dict[str, str]:
    columns = {name: from_npy(stored.read(f"{name}.npy")) for name in ("id", "status")}
    for name, array in columns.items():
        check_array(name, array)
    return dict(zip(columns["id"].tolist(), columns["status"].tolist(), strict=True))


def _read(path: Path, of: Callable[[ZipFile], Found]) -> Found | Damage:
    content = intact(path)
    if isinstance(content, Damage):
        return content
    try:
        with ZipFile(io.BytesIO(content)) as stored:
            return of(stored)
    except MemoryError:
        raise
    except Exception as error:  # whatever zipfile, zlib and NumPy make of bytes that are not theirs
        return Damage(path, f"not readable by this version: {error}")


def intact(path: Path) -> bytes | Damage:
    """The bytes of a shard, which are those that were written; or what is wrong with them."""
    named = _NAME.fullmatch(path.name)
    if named is None:
        return Damage(path, "not the name of a shard")
    try:
        content = read_regular(path)
    except ValueError as error:
        return Damage(path, str(error).removeprefix(f"{path}: "))
    if _hash(content) != named[1]:
        return Damage(path, f"damaged: its {len(content)} bytes do not have the hash in its name", True)
    return content


def read_all(folder: Path, read: Callable[[Path], Found]) -> Iterator[tuple[Path, Found]]:
    """What `read` finds in every shard of `folder`, one at a time; those that another process removes
    meanwhile are skipped."""
    for path in shard_paths(folder):
        try:
            found = read(path)
        except FileNotFoundError:  # compacted meanwhile
            continue
        yield path, found


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
