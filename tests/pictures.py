"""Pictures at less than they cost, for `plots.save` and `plots.film`: where a test asks something else of a
page, or only whether a figure can be drawn.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pl_native import plots


def drawn(figure: Any, stem: Path, dpi: int | None = None) -> tuple[Path, Path]:
    """The least that is a picture; what is on it is another test's question."""
    paths = stem.with_name(stem.name + ".pdf"), stem.with_name(stem.name + ".png")
    for path, signature in zip(paths, (b"%PDF-", b"\x89PNG\r\n"), strict=True):
        path.write_bytes(signature)
    return paths


def small(figure: Any, stem: Path, dpi: int | None = None) -> tuple[Path, Path]:
    """The figure itself, with all that warns, in few points; the PDF, of the same parts and dear, is made by
    `test_plots`.
    """
    paths = drawn(figure, stem)
    with plots.style():
        png(figure, paths[1])
    return paths


def png(figure: Any, path: Path) -> None:
    """The figure in few points; drawn once, where `savefig` draws it once more to lay it out."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.image import imsave

    figure.set_dpi(50)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    imsave(path, np.asarray(canvas.buffer_rgba()))


def filmed(stem: Path) -> list[Path]:
    """The least that is a film."""
    path = stem.with_name(stem.name + ".gif")
    path.write_bytes(b"GIF89a")
    return [path]
