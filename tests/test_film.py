"""The film of figure 2: what a frame holds, the MP4, an ffmpeg that fails."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("matplotlib")

from PIL import Image

from pl_native import plots
from pl_native.experiments import _film


def test_a_frame_holds_all_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of the last tick is not cut at the edge."""
    seen: list[Any] = []

    def look(figure: Any, *others: Any) -> list[Path]:
        figure.draw_without_rendering()
        ticks = figure.axes[0].get_xticklabels()
        seen.extend((tick.get_text(), tick.get_window_extent().x1 / figure.bbox.width) for tick in ticks)
        return []

    monkeypatch.setattr(_film, "write", look)
    plots.film(tmp_path / "film")
    (last, edge) = seen[-1]
    assert last == "1.75"
    assert edge < 1


@pytest.mark.skipif(not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="no ffmpeg")
def test_the_mp4_has_the_frames_of_the_gif(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    gif, mp4 = plots.film(Path("-film:1"), frames=(1, 100, 210))
    assert (gif.name, mp4.name) == ("-film:1.gif", "-film:1.mp4")
    asked = "stream=width,height,pix_fmt,r_frame_rate,nb_frames"
    command = ["ffprobe", "-v", "error", "-show_entries", asked, "-of", "json", f"file:{mp4}"]
    (stream,) = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["streams"]
    assert stream["nb_frames"] == "3"
    assert (stream["pix_fmt"], stream["r_frame_rate"]) == ("yuv420p", "25/1")
    with Image.open(gif) as film:
        width, height = film.size  # Matplotlib may round up to even numbers, which h264 asks for
    assert (stream["width"] - width, stream["height"] - height) in {(0, 0), (0, 1), (1, 0), (1, 1)}


@pytest.mark.parametrize(
    "program",
    [
        b'#!/bin/sh\nfor last; do :; done\necho half >"${last#file:}"\necho no encoder >&2\nexit 1\n',
        b"\0 not a program",
    ],
    ids=["ends with an error", "cannot be started"],
)
def test_an_ffmpeg_that_fails_costs_the_mp4_alone(
    program: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    tool = tmp_path / "ffmpeg"
    tool.write_bytes(program)
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}", prepend=":")
    with pytest.warns(RuntimeWarning, match="no MP4 of the film: .*(no encoder|Exec format error)"):
        written = plots.film(tmp_path / "film", frames=(1, 2))
    assert [path.name for path in written] == ["film.gif"]
    assert not (tmp_path / "film.mp4").exists()
    assert not capfd.readouterr().err


def test_a_film_of_nothing_is_refused(tmp_path: Path) -> None:
    for frames in ((), (0,), (211,)):
        with pytest.raises(ValueError, match="frames: expected "):
            plots.film(tmp_path / "film", frames=frames)
    assert not list(tmp_path.iterdir())
