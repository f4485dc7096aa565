"""Numbers published with the paper, to compare measurements with.

Euler with step 1 in float32, `torch_linear` initialisation (figures 3 to 5); drawn with unrecorded seeds, so
compare in law, with intervals.

- `fig3_published`: d = 100, width 1x, 80 runs per n; `converged` of them passed below loss 1/(2n);
  `loss_ratio` is the mean over runs of loss at the end over loss at the start, converged runs counted as 0.
- `fig3_first`: the first published version, width 4x, 25 runs per n.
- `fig4_published_part`: p = 30, four of the ten dimensions, 20 runs per n.
- `fig5_published_part`: d = 30, four of the widths; shares of 25 runs for p <= 300, of 20 above, which `load`
  adds as `runs` and `converged`.
- `fig6_published`: d = 2000, orthogonal, W scaled by 0.01, 500 runs per n; natural logarithms of means over
  runs.
- `fig6_first`: the same at width 4x without scaling; runs not recorded.
"""

from __future__ import annotations

import csv
from importlib import resources

import numpy as np


def names() -> tuple[str, ...]:
    """Names of the tables that ship with the package."""
    files = (item.name for item in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".csv") for name in files if name.endswith(".csv")))


def load(name: str) -> dict[str, np.ndarray]:
    """Columns of one table, in the order of the file: int64 where every entry is an integer, else float64."""
    if name not in names():
        raise ValueError(f"name: no published table {name!r}; there are {', '.join(names())}")
    text = resources.files(__name__).joinpath(f"{name}.csv").read_text(encoding="ascii")
    rows = list(csv.DictReader(text.splitlines()))
    table = {key: _column([row[key] for row in rows]) for key in rows[0]}
    if "probability" in table:
        table["runs"] = np.where(table["p"] <= 300, 25, 20)
        table["converged"] = np.rint(table["probability"] * table["runs"]).astype(np.int64)
    return table


def _column(entries: list[str]) -> np.ndarray:
    whole = all(entry.lstrip("-").isdigit() for entry in entries)
    return np.array(entries, dtype=np.int64 if whole else np.float64)
