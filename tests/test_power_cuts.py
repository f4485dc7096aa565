"""Files of rows are complete or absent, whatever is cut when."""

from __future__ import annotations

import os
import sys

import pytest

from pl_native.store import (
    Store,
    disk,
    manifest,
    shards,
)
from sweeping import cell, run, some_row


class Recorder:
    """The operations on files as they reach the system, and what a power cut after any of them can leave."""

    def __init__(self, monkeypatch):
        self.events, self._paths = [], {}
        real = {name: getattr(os, name) for name in ("fsync", "replace", "open", "rename")}

        def opened(path, flags, *rest, **more):
            handle = real["open"](path, flags, *rest, **more)
            self._paths[handle] = os.fspath(path)
            return handle

        def synced(handle):
            real["fsync"](handle)
            path = os.readlink(f"/proc/self/fd/{handle}") if sys.platform == "linux" else self._paths[handle]
            size = os.fstat(handle).st_size
            self.events.append(("sync", path, size))

        def renamed(old, new):
            self.events.append(("rename", os.fspath(old), os.fspath(new)))
            real["replace"](old, new)

        monkeypatch.setattr(os, "open", opened)
        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(os, "replace", renamed)
        monkeypatch.setattr(os, "rename", renamed)

    def faults(self, target, size):
        """What is wrong with how `target` of `size` bytes came to be; empty when a power cut cannot hurt."""
        names = [e for e in self.events if e[0] == "rename" and e[2] == str(target)]
        if len(names) != 1:
            return [f"{len(names)} renames"]
        at = self.events.index(names[0])
        source, found = names[0][1], []
        if ("sync", source, size) not in self.events[:at]:
            found.append("renamed before its bytes were on disk")
        if os.path.dirname(source) != os.path.dirname(str(target)):
            found.append("temporary file in another folder")
        if not any(e[:2] == ("sync", os.path.dirname(str(target))) for e in self.events[at:]):
            found.append("name not on disk")
        return found


def rename_first(path, content):
    """Planted: rename, then sync."""
    temporary = path.with_name(".tmp-x")
    with open(temporary, "wb") as file:
        file.write(content)
        os.replace(temporary, path)
        file.flush()
        os.fsync(file.fileno())
    disk.sync_folder(path.parent)


def no_folder_sync(path, content):
    """Planted: the folder is never synced."""
    temporary = path.with_name(".tmp-x")
    with open(temporary, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def synced_before_flush(path, content):
    """Planted: sync while the bytes are still in the program."""
    temporary = path.with_name(".tmp-x")
    with open(temporary, "wb") as file:
        file.write(content)
        os.fsync(file.fileno())
    os.replace(temporary, path)
    disk.sync_folder(path.parent)


def in_place(path, content):
    """Planted: no temporary file at all."""
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("writer", "faults"),
    [
        (disk.write_atomically, []),
        (rename_first, ["renamed before its bytes were on disk"]),
        (synced_before_flush, ["renamed before its bytes were on disk"]),
        (no_folder_sync, ["name not on disk"]),
        (in_place, ["0 renames"]),
    ],
)
def test_files_are_on_disk_before_they_have_their_names(writer, faults, tmp_path, monkeypatch):
    recorder = Recorder(monkeypatch)
    writer(tmp_path / "x", b"content")
    assert (tmp_path / "x").read_bytes() == b"content"
    assert recorder.faults(tmp_path / "x", 7) == faults


def test_shards_manifest_and_csv_are_all_written_so(tmp_path, monkeypatch):
    recorder = Recorder(monkeypatch)
    store_here = Store(tmp_path / "a")
    with store_here.writing("s", lambda found: None) as writer:
        recorder.events.clear()
        writer.add([some_row()])
        assert ("sync", str(tmp_path), 0) not in recorder.events
        (path,) = shards.shard_paths(store_here.shards)
        assert recorder.faults(path, path.stat().st_size) == []
        assert recorder.faults(store_here.path, store_here.path.stat().st_size) == []
        recorder.events.clear()
    made = manifest.path_of(store_here.folder)
    assert recorder.faults(made, made.stat().st_size) == []


def test_unfinished_files_are_removed_by_the_next_writer(filled):
    left = [filled.folder / ".tmp-1", filled.shards / ".tmp-2"]
    for path in left:
        path.write_bytes(b"half")
    assert run(filled.folder, cell())[0] == 0
    assert not any(path.exists() for path in left)
