"""The published tables, as they ship inside the package."""

from __future__ import annotations

import numpy as np
import pytest

from pl_native.experiments import published
from published_rows import figure3


def test_published_tables_load():
    assert published.names() == tuple(
        f"fig{name}"
        for name in (
            "3_first",
            "3_published",
            "4_published_part",
            "5_published_part",
            "6_first",
            "6_published",
        )
    )
    n, k, m = figure3()
    assert n.dtype == k.dtype == m.dtype == np.int64
    assert (int(n[0]), int(n[-1]), int(k.sum()), int(m.sum())) == (1300, 2100, 609, 1360)
    assert published.load("fig3_published")["loss_ratio"].dtype == np.float64
    with pytest.raises(ValueError, match="no published table 'fig7'; there are fig3_first"):
        published.load("fig7")
