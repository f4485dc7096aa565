"""The few operations on files that rows depend on: replace a file whole and durably, and keep writers
apart."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from pl_native._base import checks
from pl_native._base.files import TEMPORARY, replacing, sync_folder

__all__ = ["TEMPORARY", "explained", "make_folder", "replacing", "sync_folder", "write_atomically"]

_NO_LOCKS = (
    errno.ENOLCK,
    errno.EOPNOTSUPP,
    errno.ENOSYS,
    errno.EBADF,
)  # EBADF: of NFS, for a file open to read


def write_atomically(path: Path, content: str | bytes | Iterable[str]) -> None:
    """Replace `path` by `content`, whole and durably (`files.replacing`).

    Errors of the system come as OSError of the same kind with what can be done about them.
    """
    path = checks.path("path", path)
    try:
        with replacing(path) as file:
            for part in [content] if isinstance(content, str | bytes) else content:
                file.write(part if isinstance(part, bytes) else part.encode("utf-8"))
    except OSError as error:
        raise explained(error, path) from error


def make_folder(folder: Path) -> None:
    """Create `folder` and its parents, durably; nothing when it is there."""
    if folder.is_dir():
        return
    missing = [folder, *folder.parents]
    missing = missing[: next(i for i, path in enumerate(missing) if path.exists())]
    _check_links(missing)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in missing:
            sync_folder(path.parent)
    except OSError as error:
        if error.errno == errno.ENOENT:  # as in /proc: there is nothing to explain
            raise OSError(error.errno, "this folder cannot be made", str(folder)) from error
        raise explained(error, folder) from error


def _check_links(missing: list[Path]) -> None:
    """NotADirectoryError for a symbolic link to nowhere among folders to be made."""
    for path in missing:
        if path.is_symlink():
            where = os.readlink(path)
            what = f"this is a symbolic link to {where}, where there is no folder; make that one first"
            raise NotADirectoryError(errno.ENOTDIR, what, str(path))


def explained(error: OSError, path: Path) -> OSError:
    """`error` as an OSError of the same kind that says what happened to `path` and what helps."""
    if error.errno == errno.EFBIG:
        what = "files may not be so large here (ulimit -f); rows written before are kept. Raise the limit "
        what += "and run the same again"
    elif error.errno in (errno.ENOSPC, errno.EDQUOT):
        what = "the disk is full; rows written before are kept. Free some space and run the same again"
    elif error.errno in (errno.ENOENT, errno.ESTALE) and not _is_there(path.parent):
        what = f"its folder {path.parent} is gone, moved or deleted while this ran, and the rows in it "
        what += "with it. Put it back and run the same again, or begin anew"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        what = "cannot be written (read-only); rows written before are kept. Change its permissions or"
        what += " use another folder"
    else:
        what = f"{error.strerror or error}; rows written before are kept. Run the same again"
    return OSError(error.errno or errno.EIO, what, str(path))


def _is_there(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except OSError:  # a stale handle of a network's file system
        return False


def remove_temporaries(folder: Path) -> None:
    """Remove what a killed writer left unfinished in `folder`."""
    for path in folder.glob(f"{TEMPORARY}*"):
        path.unlink(missing_ok=True)


def set_aside(path: Path) -> Path:
    """Rename a file that cannot be used, so that nobody takes it for one of rows; its new path."""
    aside = path.with_name(path.name + ".damaged")
    os.replace(path, aside)
    return aside


def lock(path: Path, *, shared: bool = False, wait: bool = False) -> int | None:
    """An advisory lock on `path`, until `unlock`; None where the system has none.

    BlockingIOError when another process holds it (and not `wait`). Locks are a courtesy: they spare work done
    twice. Rows are safe without them, because no file is ever written in place.
    """
    try:
        import fcntl
    except ImportError:  # not a POSIX system
        return None
    try:
        descriptor = _lock_file(path)
    except OSError as error:
        raise explained(error, path) from error
    try:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(descriptor, kind | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        os.close(descriptor)
        if error.errno in _NO_LOCKS:
            return None
        raise
    return descriptor


def _lock_file(path: Path) -> int:
    """`path` open, made if missing, as the umask says. To lock another user's, reading is enough."""
    try:
        return os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
    except PermissionError:
        return os.open(path, os.O_RDONLY)


def unlock(descriptor: int | None) -> None:
    """Give a lock back."""
    if descriptor is not None:
        os.close(descriptor)
