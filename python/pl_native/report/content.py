"""What a report says, before it is a page: the claims, the cost, where it comes from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pl_native import experiments, plots
from pl_native._base.build import build_info
from pl_native.experiments import effort
from pl_native.experiments.reproduced import NOT_REPRODUCED, OPEN, REPRODUCED, Claim, claims
from pl_native.report.sources import Source
from pl_native.store import write_atomically


@dataclass(frozen=True, slots=True)
class Entry:
    """One figure of the paper in a report: its rows, what they say, and the files that were drawn of them."""

    source: Source
    summary: Any
    pictures: tuple[Path, ...]

    @property
    def name(self) -> str:
        """Such as "fig3"."""
        return self.source.name

    @property
    def title(self) -> str:
        """Such as "Figure 3"."""
        return f"Figure {self.name.removeprefix('fig')}"

    def claims(self) -> list[Claim]:
        """What the paper claims of the figure, each with its verdict."""
        return claims(self.name, self.summary)

    def explanation(self) -> str:
        """Why what was published of the figure disagrees with itself; empty where it does not."""
        words = getattr(self.summary, "explanation", None)
        return "" if words is None else str(words())

    def made_by(self) -> str:
        """The rows behind the figure, in words that follow its command."""
        rows, spent = self.source.rows, effort.cost(self.name, self.source.rows)
        ids = ", ".join(str(row["id"])[:12] for row in rows[:3])
        more = ", ..." if len(rows) > 3 else ""
        hours = f"{spent.seconds / 3600:.3f} thread hours"
        count = f"{len(rows)} rows" if len(rows) > 1 else "1 row"
        return f"{count}, {hours} (plan {self.source.note.plan}, ids {ids}{more})"


def entry(source: Source, folder: Path, dpi: int | None = None) -> Entry:
    """Summarise the rows of a figure; write its table (`name`.txt), and, where matplotlib is installed, its
    pictures into `folder`, at `dpi` if given. Nothing is simulated.
    """
    name = source.name
    summary = experiments.experiment(name).summarise(source.rows)
    write_atomically(folder / f"{name}.txt", summary.table())
    pictures: list[Path] = []
    if plots.available():
        pictures += plots.save(plots.FIGURES[name](summary), folder / name, dpi)
        pictures += plots.FILMS[name](folder / f"{name}_film") if name in plots.FILMS else []
    return Entry(source, summary, tuple(pictures))


CLAIMS = ("figure", "claim", "published", "ours", "runs", "verdict", "why")


def claim_cells(claim: Claim) -> tuple[str, ...]:
    """The cells of a claim, all of `CLAIMS` but the first."""
    return claim.claim, claim.published, claim.ours, f"{claim.runs}", claim.verdict, claim.why


def answer(entries: Sequence[Entry]) -> str:
    """What was reproduced, in a sentence."""
    listed = [claim for one in entries for claim in one.claims()]
    count = sum(claim.verdict == REPRODUCED for claim in listed)
    return (
        f"{count} of {len(listed)} claims reproduced. {REPRODUCED} reproduced, {NOT_REPRODUCED} not "
        f"reproduced, {OPEN} not decided by these runs. Intervals are at 95 %."
    )


COSTS = ("figure", "runs", "Tflop", "thread seconds", "thread hours", "GFLOP/s a thread", "% of peak")
COSTS_NOTE = (
    "Seconds are those of a clock on the wall, of all threads together: they are more on a machine that does "
    "other work beside. Work, 4 n d p flops a step, and share of the peak are known of explicit Euler on "
    "dense inputs; on orthogonal ones only live pairs cost anything. A share above 100 % is no mistake: "
    "sums over active pairs are tabulated, so fewer operations are done than are counted."
)


def costs(entries: Sequence[Entry]) -> list[list[str]]:
    """The cells of `COSTS` for each figure."""
    rows = []
    for one in entries:
        spent = effort.cost(one.name, one.source.rows)
        rate = spent.flops / spent.seconds if spent.seconds > 0 else math.nan
        share = 100 * rate / one.source.note.peak
        numbers = (spent.flops / 1e12, spent.seconds, spent.seconds / 3600, rate / 1e9, share)
        cells = [
            "-" if math.isnan(x) else f"{x:.{k}f}" for x, k in zip(numbers, (2, 1, 3, 1, 0), strict=True)
        ]
        rows.append([one.name, f"{spent.runs}", *cells])
    return rows


def provenance(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """Versions and build, and what the rows say of themselves; nothing of the host."""
    facts = build_info()
    native = facts.pop("native") or {}
    facts.pop("platform")
    rows = [row for one in entries for row in one.source.rows]
    of_rows = {
        f"{name} of the rows": ", ".join(sorted({str(row[name]) for row in rows if row[name] is not None}))
        for name in ("numerics", "backend", "isa", "seed")
    }
    built = {f"core: {name}": str(value) for name, value in native.items()}
    return [*((name, str(value)) for name, value in facts.items()), *of_rows.items(), *built.items()]
