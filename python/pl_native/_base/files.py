"""Replacing a file whole and durably: the one way in which this package writes what must not be lost."""

from __future__ import annotations

import glob
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pl_native._base.checks import Array

TEMPORARY = ".tmp-"
"""How the names of unfinished files begin."""


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that becomes `path` when all went well: a temporary one beside it, synced, then
    renamed, then the folder synced.

    After a crash at any moment, a power cut included, `path` is what it was before or the new content, whole.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY, suffix=_tail(path))
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    sync_folder(path.parent)


class _Archive(zipfile.ZipFile):
    """One that can be closed at any instant.

    Between the opening of a member and its first byte `ZipFile.close` raises a ValueError ("open writing
    handle"), and Ctrl-C that comes there would look like a wrong argument.
    """

    def close(self) -> None:
        self._writing = False
        super().close()


def pack(file: BinaryIO, arrays: Mapping[str, Array], *, compress: bool = False) -> None:
    """Write arrays as npz, as `np.savez` does. Ctrl-C is raised as itself, whatever instant it comes at."""
    how = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with _Archive(file, "w", how) as packed:
        for name, array in arrays.items():
            with packed.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def clear_leftovers(path: Path) -> None:
    """Remove what killed writers of `path` have left beside it. Not while another one is at work."""
    for left in path.parent.glob(f"{TEMPORARY}????????{glob.escape(_tail(path))}"):
        left.unlink(missing_ok=True)


def _tail(path: Path) -> str:
    return f"-{path.name[-100:]}"


def sync_folder(folder: Path) -> None:
    """Make names in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
