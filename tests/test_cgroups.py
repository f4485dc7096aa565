"""Memory that a batch system allows is written deep in the tree of control groups; the root was read alone,
which has no limit, and a run that asked for more than its job has was killed.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from pl_native._base import cgroups


class _Tree:
    """A tree of control groups, and what the process is told of its place in it."""

    def __init__(self, folder: Path, membership: str) -> None:
        self.told, self.root = folder / "membership", folder / "root"
        self.told.write_text(membership)

    def write(self, name: str, text: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")

    def left(self) -> float:
        return cgroups.bytes_left(self.told, self.root)


def test_fault_4_1_the_limit_of_a_job_counts(tmp_path: Path) -> None:
    tree = _Tree(tmp_path, "0::/system/job 7/step\n")
    assert tree.left() == math.inf
    tree.write("system/job 7/memory.max", "1000000")
    tree.write("system/job 7/memory.current", "900000")
    tree.write("system/job 7/step/memory.max", "max")
    assert tree.left() == 1e5
    tree.write("system/job 7/memory.stat", "anon 5\ninactive_file 700000\nactive_file 1000")
    assert tree.left() == 8.01e5, "pages of files are had back"


def test_fault_4_1_the_limit_of_a_job_counts_in_the_first_version(tmp_path: Path) -> None:
    tree = _Tree(tmp_path, "9:name=systemd:/\n4:memory:/slurm/uid_5/job\n0::/other\n")
    tree.write("memory/memory.limit_in_bytes", "9223372036854771712")
    tree.write("memory/memory.usage_in_bytes", "77777777")
    tree.write("memory/slurm/uid_5/job/memory.limit_in_bytes", "500000")
    tree.write("memory/slurm/uid_5/job/memory.usage_in_bytes", "600000")
    tree.write("other/memory.max", "1")
    assert tree.left() == 0.0
    tree.write("memory/slurm/uid_5/job/memory.stat", "inactive_file 5\ntotal_inactive_file 400000")
    assert tree.left() == 3e5


@pytest.mark.parametrize("membership", ["0::/", "0::/../..", "4:memory:/docker/abc", "nonsense", ""])
def test_in_a_container_the_own_group_is_the_root(membership: str, tmp_path: Path) -> None:
    tree = _Tree(tmp_path, membership)
    base = "memory/" if "memory" in membership else ""
    tree.write(f"{base}memory.max", "1000")
    tree.write(f"{base}memory.current", "400")
    assert tree.left() == 600.0
    assert cgroups.bytes_left(tmp_path / "nowhere", tmp_path / "nowhere") == math.inf
