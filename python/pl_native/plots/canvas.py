"""What every figure stands on: matplotlib, the package's style, axes, files."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from pl_native._base import checks

_DPI = (10, 2400)  # fewer have no letters, more no memory


def available() -> bool:
    """Whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def require() -> None:
    """ImportError without matplotlib."""
    if not available():
        raise ImportError("plots need matplotlib: pip install 'pl_native[plot]'")


@contextmanager
def style() -> Iterator[None]:
    """The package's style for the figures made inside, whatever the user's defaults; restored on leaving."""
    require()
    from matplotlib import pyplot, rc_context

    with rc_context(), resources.as_file(resources.files("pl_native") / "pl_native.mplstyle") as sheet:
        pyplot.style.use(["default", sheet])
        yield


def new_axes(rows: int, columns: int) -> Any:
    """(rows, columns) axes of a figure that no window manager knows; it goes when its last reference does."""
    from matplotlib.figure import Figure

    width = 5.8 if columns < 3 else 5.1  # a slide is some 13 inches wide: three panels are shrunk to it
    return Figure(figsize=(width * columns, 4.6 * rows)).subplots(rows, columns, squeeze=False)


@contextmanager
def axes_of(ax: Any) -> Iterator[Any]:
    """Inside the style: `ax`, or the axes of a new figure."""
    with style():
        yield new_axes(1, 1)[0, 0] if ax is None else ax


def check_axes(ax: object) -> None:
    """TypeError for anything but axes, or None for new ones."""
    require()
    from matplotlib.axes import Axes

    if ax is not None and not isinstance(ax, Axes):
        raise TypeError(f"ax: expected the Axes of a matplotlib figure, or None, got {checks.kind(ax)}")


def check_look(label: object, color: object) -> None:
    """TypeError or ValueError for no text, or no colour of matplotlib's."""
    from matplotlib.colors import is_color_like

    if not isinstance(label, str):
        raise TypeError(f"label: expected text, got {checks.kind(label)}")
    if not is_color_like(color):
        raise ValueError(f"color: expected a color of matplotlib's, got {checks.kind(color)}")


def stem_of(stem: object) -> Path:
    """The path of files that are to differ in their endings alone. ValueError for one without a name."""
    found = checks.path("stem", stem)
    if not found.name:
        raise ValueError(f"stem: expected the path of a file without its ending, got {checks.shown(stem)}")
    return found


def save(figure: Any, stem: str | os.PathLike[str], dpi: int | None = None) -> tuple[Path, Path]:
    """Write a matplotlib Figure as `stem`.pdf and `stem`.png, at `dpi` or the style's; returns both paths.
    OSError where they cannot be written.
    """
    require()
    from matplotlib.figure import Figure

    if not isinstance(figure, Figure):
        raise TypeError(f"figure: expected a matplotlib Figure, got {checks.kind(figure)}")
    found = stem_of(stem)
    if dpi is not None:
        checks.integer("dpi", dpi, *_DPI)
    paths = found.with_name(found.name + ".pdf"), found.with_name(found.name + ".png")
    with style():
        for path in paths:
            figure.savefig(path, dpi=dpi)
    return paths
