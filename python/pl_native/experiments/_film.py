"""Films: a figure drawn once, what moves on it for each frame; GIF, and MP4 where ffmpeg is installed."""

from __future__ import annotations

import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

COLORS = 64
"""Of the film's palette, the first frame's: a few inks and what lies between them and white."""


def write(
    figure: Any, show: Callable[[int], Sequence[Any]], frames: Iterable[int], stem: Path, rate: int
) -> list[Path]:
    """Write `stem`.gif, `rate` frames a second, and `stem`.mp4 of it where ffmpeg is installed.
    RuntimeWarning, and the GIF alone, where ffmpeg fails.

    figure  a matplotlib Figure whose layout does not move
    show    sets a frame; returns the artists to be drawn on it, in order. All else is drawn once
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    numbers = list(frames)
    if not numbers:
        raise ValueError("frames: expected at least one")
    canvas: Any = FigureCanvasAgg(figure)
    moving = show(numbers[0])
    for artist in moving:
        artist.set_animated(True)  # left out of what is drawn once
    canvas.draw()
    still = canvas.copy_from_bbox(figure.bbox)
    pictures: list[Any] = []
    for number in numbers:
        canvas.restore_region(still)
        for artist in show(number):
            artist.axes.draw_artist(artist)
        pictures.append(_indexed(canvas, pictures[0] if pictures else None))
    gif = stem.with_name(f"{stem.name}.gif")
    how = {"save_all": True, "append_images": pictures[1:], "duration": round(1000 / rate), "loop": 0}
    pictures[0].save(gif, **how)
    return [gif, *_mp4(gif)]


def _indexed(canvas: Any, first: Any) -> Any:
    """What the canvas shows, in the colours of the first frame."""
    from PIL import Image

    shown = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    palette = shown.quantize(COLORS, Image.Quantize.FASTOCTREE) if first is None else first
    return shown.quantize(palette=palette, dither=Image.Dither.NONE)


def _mp4(gif: Path) -> list[Path]:
    """The film once more as MP4, in the pixel format that every player knows; it wants even sides."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        return []
    path = gif.with_suffix(".mp4")
    even = "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=white"
    named = "-i", f"file:{gif}", "-vf", even, "-pix_fmt", "yuv420p", f"file:{path}"  # else a:b is a protocol
    try:
        told = subprocess.run(
            [ffmpeg, "-y", "-loglevel", "error", *named],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        why = told.stderr.decode(errors="replace").strip() if told.returncode else None
    except OSError as error:
        why = f"{error}"
    if why is None:
        return [path]
    path.unlink(missing_ok=True)  # half of one
    warnings.warn(f"no MP4 of the film: {ffmpeg} failed: {why[-500:]}", RuntimeWarning, stacklevel=4)
    return []
