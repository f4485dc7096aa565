"""Certificates that claim more than they may, or of other data, and the refusal that each must meet."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from pl_native._run.proof.claims import Pairs
from pl_native.theory import VerificationError, verify


def of_other(c: pl.Certificate, data: pl.Dataset) -> pl.Certificate:
    """What `c` claims, loosely, claimed of other data."""
    assert c.rate is not None
    assert c.limit_loss is not None
    limit = (c.limit_loss[0] * 0.5, c.limit_loss[1] * 2)
    wide = with_margins(
        dataclasses.replace(c, rate=c.rate * 0.9, distance=1.0, limit_loss=limit), radius=0.01
    )
    return dataclasses.replace(wide, digest=data.digest(), n=data.n, settled=1.0)


def as_kind(c: pl.Certificate, before: int, after: int, first: bool = False) -> pl.Certificate:
    """Pairs of one kind (the first of them only) taken for another."""
    places = np.flatnonzero(c.pairs.kind == before)
    kind = c.pairs.kind.copy()
    kind[places[:1] if first else places] = after
    return dataclasses.replace(c, pairs=dataclasses.replace(c.pairs, kind=kind))


def with_margins(c: pl.Certificate, **changes: Any) -> pl.Certificate:
    return dataclasses.replace(c, margins=dataclasses.replace(c.margins, **changes))


def without(c: pl.Certificate, kind: int, which: int = 0) -> pl.Certificate:
    """One pair of a kind taken for on or off instead."""
    places = np.flatnonzero(c.pairs.kind == kind)
    keep = np.arange(len(c.pairs)) != places[which]
    columns = (getattr(c.pairs, name)[keep] for name in ("neuron", "point", "kind", "share"))
    return dataclasses.replace(c, pairs=Pairs(*columns))


def refused(c: pl.Certificate, data: pl.Dataset, why: str) -> None:
    with pytest.raises(VerificationError, match=why):
        verify(c, data)
