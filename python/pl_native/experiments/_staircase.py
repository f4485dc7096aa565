"""Figure 2's curves on given axes, and its film: the closed form at n, its limit, the steps at 1/D_j."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pl_native._base.checks import Array
from pl_native.experiments import _panels
from pl_native.theory import rescaled_loss, staircase

P = 2
D = (1.0, 2.0)
FRAMES = 210
FRAMES_PER_SECOND = 25
STILL = 100 + math.floor(math.exp(FRAMES / 5))
"""n of the last frame, 1.7e18."""

CONVENTIONS = (
    "Here norm(Y_j) = D_j sqrt(k), k = n/p, as in the paper's Theorem 2. The published script has "
    "norm(Y_j) = D_j sqrt(n): with its time over sqrt(p) and its loss over p only logarithmic terms differ."
)
_SHOWN = (100, 10**4, 10**8, STILL)
_RAISED = str.maketrans("0123456789", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
_EVERY = 25  # a mark at each of so many times


def closed_form(t: Array, n: int) -> Array:
    """L(t t_n) at times `t` (m,) in units of t_n, by the closed form, (m,)."""
    return rescaled_loss(t, D, n, P)


def frame_size(frame: int) -> int:
    """n of a frame of the film, frames 1 to `FRAMES`: 100 + floor(exp(frame/5))."""
    return 100 + math.floor(math.exp(frame / 5))


def size_text(n: int) -> str:
    """n in a label."""
    if n < 10**4:
        return f"{n}"
    power = math.floor(math.log10(n))
    digits = n / 10**power
    return f"10^{{{power}}}" if n == 10**power else f"{digits:.1f} \\cdot 10^{{{power}}}"


def plain_size(n: int) -> str:
    """n in a label that is set 210 times, without a formula, which would be parsed each time."""
    if n < 10**4:
        return f"{n}"
    power = math.floor(math.log10(n))
    return f"{n / 10**power:.2f} \N{MULTIPLICATION SIGN} 10{str(power).translate(_RAISED)}"


def limit(ax: Any, t: Array) -> list[Any]:
    """L_inf as a staircase, a mark at each 1/D_j, its levels written out."""
    steps, levels = staircase(D, P)
    ends = np.concatenate([[0.0], steps, [t[-1]]])
    artists: list[Any] = [ax.stairs(levels, ends, baseline=None, color="black", lw=1.6, label="$L_\\infty$")]
    for step, target in zip(steps, sorted(D, reverse=True), strict=True):
        artists.append(ax.axvline(step, color=_panels.MARK, ls=":", lw=1.2))
        text = "$1/D = 1$" if target == 1.0 else f"$1/D = 1/{target:g}$"
        look = {"color": _panels.MARK, "ha": "center", "fontsize": 11.5, "bbox": {"color": "white", "pad": 1}}
        artists.append(ax.annotate(text, (step, 1.42), **look))
    places = zip(levels, ends[:-1] + 0.82 * np.diff(ends), ("5/4", "1/4", "0"), strict=True)
    artists += [
        ax.annotate(
            text,
            (x, level),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            fontsize=12,
            zorder=5,
            bbox={"color": "white", "alpha": 0.8, "pad": 1},
        )
        for level, x, text in places
    ]
    ax.set(xlabel="time $t/t_n$,  $t_n = \\frac{1}{4}\\sqrt{np}\\,\\log(np)$", ylabel="loss $L(t)$")
    ax.set(xlim=(0.0, t[-1]), ylim=(-0.05, 1.52))
    return artists


def limit_and_closed_form(ax: Any, t: Array) -> list[Any]:
    """The closed form at four n, the published script's convention at one, and the limit."""
    artists = limit(ax, t)
    for n, color in zip(_SHOWN, _panels.ramp(len(_SHOWN)), strict=True):
        artists += ax.plot(t, closed_form(t, n), color=color, label=f"$n = {size_text(n)}$")
    script = rescaled_loss(t / math.sqrt(P), [one * math.sqrt(P) for one in D], _SHOWN[0], P) / P
    label = f"$n = {_SHOWN[0]}$, $\\|Y_j\\| = D_j\\sqrt{{n}}$"
    artists += ax.plot(t, script, ls="--", lw=1.3, color=_panels.ramp(len(_SHOWN))[0], label=label)
    ax.set_title("Closed form", loc="left")
    ax.set_title("$\\|Y_j\\| = D_j\\sqrt{n/p}$,  $D$ = 1, 2", loc="right", fontsize="small")
    ax.legend(loc="upper right", bbox_to_anchor=(1.0, 0.9))
    return artists


def simulated(ax: Any, t: Array, runs: Sequence[tuple[int, Array]]) -> list[Any]:
    """Losses of the simulated flow as marks, on the closed form as lines."""
    artists = limit(ax, t)
    for k, ((n, losses), color) in enumerate(zip(runs, _panels.ramp(len(runs)), strict=True)):
        artists += ax.plot(t, closed_form(t, n), color=color, lw=1.2)
        at = slice(5 * k, None, _EVERY)
        style = {"ls": "", "marker": "o", "ms": 4.5, "color": color, "label": f"$n = {size_text(n)}$"}
        artists += ax.plot(t[at], losses[at], **style)
    ax.set_title("Simulated flow (marks)", loc="left")
    ax.set_title("$p$ = 2, rtol $10^{-9}$", loc="right", fontsize="small")
    ax.legend(loc="upper right", bbox_to_anchor=(1.0, 0.9))
    return artists


def distances(ax: Any, t: Array, runs: Sequence[tuple[int, Array]], tolerance: float) -> list[Any]:
    """How far the simulated losses are from the closed form, in logarithms."""
    artists: list[Any] = []
    for (n, losses), color in zip(runs, _panels.ramp(len(runs)), strict=True):
        distance = np.maximum(np.abs(losses - closed_form(t, n)), 1e-17)  # a zero has no logarithm
        artists += ax.plot(t, distance, color=color, lw=1.2, label=f"$n = {size_text(n)}$")
    artists.append(ax.axhline(tolerance, color=_panels.MARK, ls="--", lw=1.2))
    power = round(math.log10(tolerance))
    artists.append(ax.annotate(f"allowed: $10^{{{power}}}$", (0.02, 1.4 * tolerance), color=_panels.MARK))
    ax.set(yscale="log", ylim=(1e-17, 100 * tolerance), xlim=(0.0, t[-1]))
    ax.set(xlabel="time $t/t_n$", ylabel="|simulated - closed form|")
    ax.set_title("Distance", loc="left")
    ax.legend(loc="upper right", ncols=2, bbox_to_anchor=(1.0, 0.78))
    return artists


def film(ax: Any, t: Array) -> Callable[[int], list[Any]]:
    """Draws the limit; returns the function that sets a frame, 1 to `FRAMES`, and names what moves on it."""
    over = [artist for artist in limit(ax, t) if artist in ax.texts]  # words stay above the line
    (line,) = ax.plot(t, closed_form(t, frame_size(1)), color=_panels.BLUE, lw=2.2, label="closed form")
    title = ax.set_title("", loc="left")
    (done,) = ax.plot([], [], color=_panels.MARK, lw=3, transform=ax.transAxes, clip_on=False)
    ax.legend(loc="upper right", bbox_to_anchor=(1.0, 0.9))

    def show(frame: int) -> list[Any]:
        n = frame_size(frame)
        line.set_ydata(closed_form(t, n))
        title.set_text(f"n = {plain_size(n)}")
        done.set_data([0.0, frame / FRAMES], [1.0, 1.0])  # how far the film is; the first frames have one n
        return [line, *over, title, done]

    return show
