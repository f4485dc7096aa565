"""Control groups: what the process is allowed, by its own group and by all that this one lies in, as in
`cpp/parallel/cgroup.cpp`.
"""

from __future__ import annotations

import math
from pathlib import Path

_MEMBERSHIP, _ROOT = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
_NO_LIMIT = 2.0**62  # what v1 writes for none is the largest multiple of a page


def bytes_left(membership: Path = _MEMBERSHIP, root: Path = _ROOT) -> float:
    """Bytes that the groups of this process still allow; inf without a limit. Pages of files count as free:
    the kernel takes them back before it refuses.
    """
    return min(_bytes_left_of(folder) for folder in _folders("memory", membership, root))


def _folders(controller: str, membership: Path, root: Path) -> list[Path]:
    """Of the groups of this process, its own first, the root last: of v1 where the controller is, else of
    v2. Some may not exist.
    """
    base, path = root, ""
    for line in _text(membership).splitlines():  # "5:cpu,cpuacct:/a/b"; of v2 "0::/a/b"
        _, _, rest = line.partition(":")
        controllers, colon, named = rest.partition(":")
        if controller in controllers.split(","):
            base, path = root / controller, named
            break
        if colon and not controllers:
            path = named
    parts = [] if ".." in path or not path.startswith("/") else path.strip("/").split("/")
    return [base.joinpath(*parts[:depth]) for depth in range(len(parts), -1, -1)]


def _bytes_left_of(folder: Path) -> float:
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        most = _number_in(folder / limit)
        if most < _NO_LIMIT:
            return max(0.0, most - _number_in(folder / used) + _file_pages(folder))
    return math.inf


def _file_pages(folder: Path) -> float:
    """Bytes of pages of files that a group holds, with those of the groups in it."""
    lines = (line.split() for line in _text(folder / "memory.stat").splitlines())
    found = {words[0]: float(words[1]) for words in lines if len(words) == 2 and words[1].isdecimal()}
    own, total = (
        sum(found.get(f"{of}{kind}_file", 0.0) for kind in ("inactive", "active")) for of in ("", "total_")
    )
    return max(own, total)  # v2 has no totals: its own are


def _number_in(path: Path) -> float:
    """The number in a file; inf where there is none ("max": no limit)."""
    try:
        return float(_text(path).split()[0])
    except (ValueError, IndexError):
        return math.inf


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
