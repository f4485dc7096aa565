"""Random streams: one table of purposes, one rule from a seed to a generator.

A seed is an int, a `numpy.random.SeedSequence` or a `numpy.random.Generator`, everywhere. An int names a
different stream for each purpose, so that `data.sphere(seed=1)` and `initial.asymmetric(seed=1)` are
independent. A SeedSequence or Generator is used as it is: it already names one stream (a
Generator is advanced).

An ensemble of R replicates, each reproducible on its own:

    seeds = [[stream(root, 0, r, what) for what in (Purpose.DATA, Purpose.NETWORK)] for r in range(R)]
    problems = [(pl.data.sphere(n, d, seed=s), pl.initial.asymmetric(p, d, seed=u)) for s, u in seeds]
"""

from __future__ import annotations

import numbers
from enum import IntEnum
from typing import TypeAlias

import numpy as np

from pl_native._base import checks

Seed: TypeAlias = int | np.random.SeedSequence | np.random.Generator


class Purpose(IntEnum):
    """What a stream is for. Values enter seeds: never change or reuse one."""

    DATA = 0
    NETWORK = 1
    TEACHER = 2
    NOISE = 3
    BOOTSTRAP = 4


def stream(root: int, cell: int, replicate: int, purpose: Purpose) -> np.random.SeedSequence:
    """The stream of one draw of a sweep: SeedSequence(root, spawn_key=(cell, replicate, purpose))."""
    if not isinstance(purpose, Purpose):
        raise TypeError(f"purpose: expected a streams.Purpose, got {checks.kind(purpose)}")
    key = (checks.integer("cell", cell, 0), checks.integer("replicate", replicate, 0), int(purpose))
    return np.random.SeedSequence(checks.integer("root", root, 0), spawn_key=key)


def generator(seed: object, purpose: Purpose) -> np.random.Generator:
    """The generator a `seed` argument stands for."""
    if isinstance(seed, np.random.Generator):
        return seed
    if isinstance(seed, np.random.SeedSequence):
        return np.random.default_rng(seed)
    if isinstance(seed, bool | np.bool_) or not isinstance(seed, numbers.Integral):
        expected = "an int, numpy.random.SeedSequence or numpy.random.Generator"
        raise TypeError(f"seed: expected {expected}, got {checks.kind(seed)}")
    entropy = checks.integer("seed", seed, 0)
    return np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(int(purpose),)))


def generators(seed: object, *purposes: Purpose) -> list[np.random.Generator]:
    """One generator per purpose: of an int, streams of their own; else the one stream that `seed` names."""
    if isinstance(seed, np.random.SeedSequence | np.random.Generator):
        return [generator(seed, purposes[0])] * len(purposes)
    return [generator(seed, purpose) for purpose in purposes]
