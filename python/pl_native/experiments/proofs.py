"""Experiment 1 by theorem: of each network, whether the flow converges or not, proved.

Width 1x, torch_linear. Capture follows a network until something is proved of the state it has reached
(docs/proofs.md), or it stalls. What is left is followed a little further by the flow itself, which puts pairs
at rest on their kinks where capture leaves them near, and certified at the end of that: trapped, held until
a time, resting at 0 by the rule, or undecided.

    tasks(preset) -> cells     summarise(rows) -> Summary     draw(summary, axes) -> artists

The table of docs/proofs.md is `summarise(stored("docs/results/proofs")).table()`.
"""

from __future__ import annotations

import os
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pl_native._base import checks
from pl_native._problem import Dataset, Status, Stop
from pl_native._run.proof.certificate import Certificate
from pl_native._run.solution import Solution
from pl_native.experiments import _rows
from pl_native.experiments._in_place import in_place
from pl_native.experiments._panels import BLUE, GREEN, MARK, ORANGE, VERMILION
from pl_native.protocol import horizon
from pl_native.simulation import simulate
from pl_native.stats import clopper_pearson
from pl_native.store import Row, Store
from pl_native.store.columns import Kind
from pl_native.store.details import Details
from pl_native.store.row_text import read_columns, write_columns
from pl_native.sweep import Cell, Plan, Run, problem, width

KINDS = ("converged", "trapped", "held", "at 0 by the rule", "undecided")
"""What is proved of a network; `held` is for at least 10 times as long as the run."""

DETAILS: dict[str, Kind] = {"id": str, "kind": str, "held_until": float, "rate_over_local_pl": float}
"""Columns beside the store's; the last two None where they do not apply."""

COMPACT = ("id", "d", "n", "p", "initialisation", "method", "rtol", "horizon", "numerics", "seed", "cell",
           "replicate", "status", "t_end", "loss_start", "loss_end", "local_pl_end", "criterion_level",
           "proof_rate", "proof_limit_low", "proof_limit_high", "seconds")  # fmt: skip
"""The store's columns that the files under docs/results/proofs keep."""

END = 1000.0
"""t_inf at which a run is given up."""

STALL = 1e-13
"""Of a run and of its tail. At 1e-6 a run is too fast yet for a proof of where it rests, and from there on
capture's steps are long: the last 177 of 3700 right-hand sides, 12 of 150 s, at n = 3800, d = 100."""

TAIL_STEPS = 20_000
"""Within as many steps, and as much time again, the flow follows what capture left without a verdict."""

_COLORS = dict(zip(KINDS, (BLUE, VERMILION, ORANGE, GREEN, "0.8"), strict=True))


@dataclass(frozen=True, slots=True)
class Grid:
    """A preset: these n, `draws` networks each."""

    n: tuple[int, ...]
    draws: int
    d: int


PRESETS = {
    "quick": Grid((40, 80), 2, 8),
    "flow": Grid(tuple(range(300, 1301, 100)), 20, 30),
    "paper": Grid((1700, 2000, 2500, 3000, 4000), 3, 100),
}


def tasks(preset: str) -> list[Cell]:
    """Cells of a preset; ValueError for an unknown one."""
    checks.choice("preset", preset, tuple(PRESETS))
    grid = PRESETS[preset]
    return [
        Cell(
            n=n,
            d=grid.d,
            p=width(n, 1),
            initialisation="torch_linear",
            replicates=grid.draws,
            method="capture",
            rtol=1e-2,
            t_end=END * horizon(n, width(n, 1)),
            stop=Stop(proof=True, stall=STALL, max_steps=60_000),
        )
        for n in grid.n
    ]


def run(plan: Plan, store: Store, **how: Any) -> list[Row]:
    """Do what `store` has not got of `plan`; all its rows, each with its details.

    Keywords are those of `sweep.run`; ValueError for an executor or a share: the ends of runs are certified
    here.
    """

    def compute(one: Run, threads: int | None) -> tuple[Dataset, Solution]:
        cell = one.cell
        data, network = problem(cell, plan.seed, one.replicate)
        settings: dict[str, Any] = {"rtol": cell.rtol, "stop": cell.stop, "threads": threads}
        return data, simulate(data, network, cell.t_end, method="capture", backend=plan.backend, **settings)

    def further(one: Run, row: Row, data: Dataset, sol: Solution) -> Row:
        return _further(row, data, sol, how.get("threads"))

    why = "the ends of runs are certified where they are"
    return in_place(plan, Details(store.folder, DETAILS), compute, further, why=why, **how)


def _further(row: Row, data: Dataset, sol: Solution, threads: int | None) -> Row:
    """What is proved in the end."""
    found: Row = dict.fromkeys(DETAILS) | {"id": row["id"]}
    rate = sol.stats["proof_rate"]
    if sol.status in (Status.CONVERGED, Status.TRAPPED, Status.DEAD_POINT):
        kind = "converged" if sol.status is Status.CONVERGED else "trapped"
    else:
        t, sol = float(sol.t[-1]), _tail(data, sol, threads)
        certificate = sol.certify()
        kind, rate = kind_of(certificate, t), certificate.rate
        found["held_until"] = certificate.held_until[0] if certificate.held_until is not None else None
    if kind == "converged" and rate is not None:
        found["rate_over_local_pl"] = float(rate) / float(sol.local_pl[-1])
    return found | {"kind": kind}


def _tail(data: Dataset, sol: Solution, threads: int | None) -> Solution:
    """The flow from where a run of capture ended, until something is proved of it or it is at rest."""
    stop, t = Stop(proof=True, stall=STALL, max_steps=TAIL_STEPS), float(sol.t[-1])
    return simulate(data, sol.network, t, method="flow", rtol=1e-8, stop=stop, threads=threads)


def kind_of(certificate: Certificate, t: float) -> str:
    """One of KINDS, of the certificate of a run that ended at t without a verdict of its own."""
    if certificate.verdict is not None:
        return "converged" if certificate.verdict is Status.CONVERGED else "trapped"
    if any(found.gain > 0 for found in certificate.at_zero or ()):
        return "at 0 by the rule"
    long = certificate.held_until is not None and certificate.held_until[0] >= 10 * t
    return "held" if long else "undecided"


def stored(folder: str | os.PathLike[str]) -> list[Row]:
    """The rows of a folder of compact files, `rows.csv` and `details.csv`."""
    return Details(Path(folder), DETAILS).attach(read_columns(Path(folder) / "rows.csv"))


def keep(summary: Summary, folder: str | os.PathLike[str]) -> None:
    """Write the rows of a summary to `folder` as compact files that `stored` reads."""
    write_columns(Path(folder) / "rows.csv", summary.rows, COMPACT)
    Details(Path(folder), DETAILS).write(summary.rows)


@dataclass(frozen=True, slots=True)
class Summary:
    """The runs: rows of the store with their details, by d, n and replicate."""

    rows: tuple[Row, ...]

    def of_size(self, d: int, n: int) -> list[Row]:
        return [row for row in self.rows if (row["d"], row["n"]) == (d, n)]

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """(d, n), increasing."""
        return sorted({(_rows.number(row, "d"), _rows.number(row, "n")) for row in self.rows})

    @property
    def dimensions(self) -> list[int]:
        """d, increasing."""
        return sorted({d for d, _ in self.sizes})

    def counts(self, d: int, n: int) -> dict[str, int]:
        """Networks by kind."""
        found = Counter(str(row["kind"]) for row in self.of_size(d, n))
        return {kind: found[kind] for kind in KINDS}

    def table(self) -> str:
        """Shares with their intervals, how early convergence is proved, of which numerics, as Markdown."""
        head = ("d", "n", "n/(p d)", "networks", *KINDS, "converges [95 %]", "proved at t/t_inf",
                "at loss/level", "rate/local_pl", "numerics")  # fmt: skip
        lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        lines += ["| " + " | ".join(map(str, self._line(d, n))) + " |" for d, n in self.sizes]
        return "\n".join(lines) + "\n"

    def _line(self, d: int, n: int) -> tuple[object, ...]:
        rows, counts = self.of_size(d, n), self.counts(d, n)
        p, m = _rows.number(rows[0], "p"), len(rows)
        share = clopper_pearson(counts["converged"], m).interval
        good = [row for row in rows if row["kind"] == "converged"]
        times = [_rows.real(row, "t_end") / horizon(n, p) for row in good]
        levels = [_rows.real(row, "loss_end") / _rows.real(row, "criterion_level") for row in good]
        rates = [_rows.real(row, "rate_over_local_pl") for row in good]
        interval = f"[{share.low:.2f}, {share.high:.2f}]"
        return (
            d,
            n,
            f"{n / (p * d):.2f}",
            m,
            *counts.values(),
            interval,
            *map(_median, (times, levels, rates)),
            ", ".join(map(str, sorted({_rows.number(row, "numerics") for row in rows}))),
        )


def _median(values: list[float]) -> str:
    return f"{statistics.median(values):.2g}" if values else "-"


def summarise(rows: Sequence[Row]) -> Summary:
    """Of rows with their details (those of `run`, or `stored`), in any order."""
    return Summary(
        tuple(sorted(rows, key=lambda row: tuple(_rows.number(row, k) for k in ("d", "n", "replicate"))))
    )


def draw(summary: Summary, axes: Sequence[Sequence[Any]]) -> list[Any]:
    """Shares of what is proved, one bar for each n; `axes[0]` has a panel for each dimension, increasing."""
    artists: list[Any] = []
    for ax, d in zip(axes[0], summary.dimensions, strict=True):
        artists += _bars(ax, summary, [n for of, n in summary.sizes if of == d], d)
    axes[0][0].set_ylabel("share of networks")
    handles = [axes[0][-1].bar([0], [0], color=color, label=kind) for kind, color in _COLORS.items()]
    axes[0][-1].legend(handles=handles[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return artists


def _bars(ax: Any, summary: Summary, sizes: Sequence[int], d: int) -> list[Any]:
    """The bars of one dimension; below each n, n/(p d) and how many networks it has."""
    artists: list[Any] = []
    names, widths = [], []
    for k, n in enumerate(sizes):
        below, counts = 0.0, summary.counts(d, n)
        for kind, count in counts.items():
            share = count / sum(counts.values())
            if count:
                artists += ax.bar(k, share, 0.8, bottom=below, color=_COLORS[kind], edgecolor="white", lw=0.5)
            below += share
        widths.append(_rows.number(summary.of_size(d, n)[0], "p"))
        names.append(f"{n}\n{n / (widths[-1] * d):.2f}\n{sum(counts.values())}")
    ax.set_xticks(range(len(sizes)), names, fontsize=10 if len(sizes) <= 8 else 8)
    ax.set_xlabel("$n$; $n/(pd)$; networks")
    narrow, wide = min(widths), max(widths)
    ax.set_title(f"$d$ = {d}, $p$ = {narrow}" + (f" to {wide}" if wide > narrow else ""))
    ax.set(ylim=(0, 1), xmargin=0.02)
    artists.append(ax.axhline(0.5, color=MARK, lw=0.6, ls=":"))
    return artists
