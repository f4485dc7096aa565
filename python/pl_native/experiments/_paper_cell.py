"""The paper's protocol as cells of a sweep."""

from __future__ import annotations

from pl_native._problem import Stop
from pl_native.protocol import horizon
from pl_native.sweep import Cell

INITIALISATIONS = ("torch_linear", "asymmetric")
"""That of the published data, and that of the paper's text; the order in which they are shown."""


def paper_cell(n: int, d: int, p: int, initialisation: str, replicates: int) -> Cell:
    """Euler with step 1 in float32 to the horizon 1.5 (sqrt(n p)/4) log(n p), or to loss 1/(2n)."""
    return Cell(
        n=n,
        d=d,
        p=p,
        initialisation=initialisation,
        t_end=horizon(n, p),
        replicates=replicates,
        dtype="float32",
        stop=Stop(loss=1.0 / (2 * n)),
    )
