"""Panels of the check of a statement."""

from __future__ import annotations

import io
from typing import Any

from pl_native._base import checks
from pl_native.experiments.statements import Panel
from pl_native.plots import canvas


def panel(shown: Panel, *, ax: Any = None) -> list[Any]:
    """A panel of a statement's check: its curves, labelled."""
    if not isinstance(shown, Panel):
        raise TypeError(f"shown: expected a Panel of a statement's finding, got {checks.kind(shown)}")
    canvas.check_axes(ax)
    with canvas.axes_of(ax) as axes:
        artists = [line for c in shown.curves for line in axes.plot(c.x, c.y, c.style, label=c.label)]
        axes.set(title=shown.title, xlabel=shown.x_label, ylabel=shown.y_label)
        axes.set(xscale=shown.x_scale, yscale=shown.y_scale)
        axes.legend()
        return artists


def panel_svg(shown: Panel) -> str:
    """`panel` as an SVG element, for a page."""
    with canvas.style():
        axes = canvas.new_axes(1, 1)[0, 0]
        panel(shown, ax=axes)
        text = io.StringIO()
        axes.figure.savefig(text, format="svg")
    return text.getvalue()[text.getvalue().index("<svg") :]
