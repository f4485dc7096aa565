"""Files that must not be lost, or not be trusted: replaced whole and durably, read with care."""

from __future__ import annotations

import errno
import glob
import io
import math
import os
import secrets
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from pl_native._base import checks, memory
from pl_native._base.checks import Array

_INFLATED = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: 1032}  # times as long, at most

TEMPORARY = ".tmp-"
"""How the names of unfinished files begin."""


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that becomes `path` when all went well: a temporary one beside it, synced, then
    renamed, then the folder synced.

    After a crash at any moment, a power cut included, `path` is what it was before or the new content, whole.
    A symbolic link stays one: the file it names is replaced. A new file has the mode that the umask (or the
    folder's own rule) gives, one that replaces another has that one's. Only files are replaced:
    ValueError for a pipe, a socket or a device, IsADirectoryError for a folder.
    """
    path = followed(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "expected a file to write, this is a folder", str(path))
    if path.exists() and not path.is_file():  # a rename would take it away from everyone
        raise ValueError(f"{path}: expected a file to write, this is a {_kind(path.stat().st_mode)}")
    temporary = path.parent / f"{TEMPORARY}{secrets.token_hex(4)}{_tail(path)}"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            with suppress(FileNotFoundError):
                os.chmod(temporary, stat.S_IMODE(path.stat().st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    sync_folder(path.parent)


def folder_to_fill(name: str, value: object) -> Path:
    """A folder, or one that can be made: ValueError where a file stands in its place, or above it."""
    folder = checks.path(name, value)
    for place in (folder, *folder.parents):
        if place.exists():
            if place.is_dir():
                break
            raise ValueError(f"{name}: expected a folder, {place} is a file")
    return folder


def file_to_write(name: str, value: object) -> Path:
    """A file of a folder that is there: ValueError for a folder, and where there is none to write to."""
    path = checks.path(name, value)
    if path.is_dir():
        raise ValueError(f"{name}: expected a file, {path} is a folder")
    if not path.parent.is_dir():
        raise ValueError(f"{name}: expected a file of a folder that is there, {path.parent} is none")
    return path


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


def unpack(file: BinaryIO) -> dict[str, Array]:
    """The arrays of an npz file, which take no more memory than there is. Any Exception for other bytes."""
    with zipfile.ZipFile(file) as packed:
        listed = packed.infolist()
        for info in listed:
            most = _INFLATED.get(info.compress_type, math.inf) * (info.compress_size + 1)
            if info.file_size > most:
                raise ValueError(f"{info.filename}: {info.file_size} bytes out of {info.compress_size}")
        memory.require(2.0 * sum(info.file_size for info in listed), "reading this file")
        for info in listed:
            with packed.open(info) as member:
                _check_size(member, info)
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _check_size(member: Any, info: zipfile.ZipInfo) -> None:
    """Before memory is taken: the array is as large as its member."""
    version = np.lib.format.read_magic(member)
    header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    shape, _, dtype = header[version](member)
    if math.prod(shape) * dtype.itemsize + member.tell() != info.file_size:
        raise ValueError(f"{info.filename}: of shape {shape} and dtype {dtype}, in {info.file_size} bytes")


def from_npy(content: bytes) -> Array:
    """The array of a member as `pack` writes it, which cannot be written to; any Exception for other bytes.

    A shard has a hundred members of few forms: a form that was met before is not parsed again, which is most
    of what `np.load` takes.
    """
    start = 10 + int.from_bytes(content[8:10], "little")
    shape, fortran, dtype = _form(content[:start])
    return np.ndarray(shape, dtype, content, start, order="F" if fortran else "C")


@lru_cache(maxsize=1024)
def _form(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    file = io.BytesIO(header)
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"npy of version {version}, expected 1.0")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject:
        raise ValueError("objects, expected numbers or text")
    return shape, fortran, dtype


def followed(path: Path) -> Path:
    """The file that `path` names, symbolic links resolved. OSError (ELOOP) for links in a circle."""
    if not path.is_symlink():
        return path
    named = Path(os.path.realpath(path))
    if named.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return named


@contextmanager
def regular(path: Path) -> Iterator[BinaryIO]:
    """A file to read. ValueError for anything else of that name, a pipe or a device say: reading one may
    never end. OSError as usual."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise ValueError(f"{path}: expected a file, this is a {_kind(mode)}")
        with os.fdopen(handle, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(handle)


def read_regular(path: Path) -> bytes:
    """The bytes of a file; errors as of `regular`."""
    with regular(path) as file:
        return file.read()


def _kind(mode: int) -> str:
    kinds = {"folder": stat.S_ISDIR, "pipe": stat.S_ISFIFO, "socket": stat.S_ISSOCK}
    return next((name for name, test in kinds.items() if test(mode)), "device")


def clear_leftovers(path: Path) -> None:
    """Remove what killed writers of `path` have left beside it. Not while another one is at work."""
    path = followed(path)
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
