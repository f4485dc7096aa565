"""Random streams: one table of purposes, one rule from a seed to a generator.

A seed is an int, a `numpy.random.SeedSequence` or a `numpy.random.Generator`, everywhere. Whatever it is, the
purpose is the last word of the key of each stream drawn from it, so that streams of two purposes never
coincide: data and networks are independent although they are given one seed, two seeds of which one was
spawned from the other, or two generators in the same state.

    int k                         SeedSequence(k, spawn_key=(purpose,))
    SeedSequence                  its own entropy and spawn_key, then (MARK, purpose)
    Generator                     SeedSequence(256 bits drawn from it, spawn_key=(MARK, purpose))
    stream(root, cell, r, what)   SeedSequence(root, spawn_key=(cell, r, what)): the draws of a sweep

MARK is four words that no chain of `spawn` produces in practice: it would take more than a thousand million
children at each of four generations. An int or a SeedSequence gives the same stream each time; a Generator is
advanced.

An ensemble of R replicates, each reproducible on its own:

    seeds = np.random.SeedSequence(1).spawn(R)
    problems = [(pl.data.sphere(n, d, seed=s), pl.initial.asymmetric(p, d, seed=s)) for s in seeds]
"""

from __future__ import annotations

import numbers
from collections.abc import Callable
from enum import IntEnum
from typing import TypeAlias

import numpy as np

from pl_native._base import checks
from pl_native._base.checks import Array

Seed: TypeAlias = int | np.random.SeedSequence | np.random.Generator

MARK = 0xC0DEB5AF_E1A7F09D_D3C29B86_9F5E27E3
"""Stands between a spawn key that is not ours and the purpose; each of its words is above 2^31."""

_WORDS = 8  # of 32 bits, taken from a Generator for each draw


_BLOCK = 1 << 22  # numbers drawn at once


class Purpose(IntEnum):
    """What a stream is for. Values enter seeds: never change or reuse one."""

    DATA = 0
    NETWORK = 1
    TEACHER = 2
    NOISE = 3
    BOOTSTRAP = 4


_PARTS = {Purpose.DATA: (Purpose.TEACHER, Purpose.NOISE)}
"""Purposes that belong to the draw of another: in a sweep they are keyed like it."""


class _Stream(np.random.SeedSequence):
    """What `stream` gives: a SeedSequence whose key ends with its purpose. Its children are none."""

    purpose: Purpose | None = None


def stream(root: int, cell: int, replicate: int, purpose: Purpose) -> np.random.SeedSequence:
    """The stream of one draw of a sweep: SeedSequence(root, spawn_key=(cell, replicate, purpose)).

    As `seed=` of a draw of that purpose it is used as it is; of another one like any SeedSequence.
    """
    if not isinstance(purpose, Purpose):
        raise TypeError(f"purpose: expected a streams.Purpose, got {checks.kind(purpose)}")
    key = (checks.integer("cell", cell, 0), checks.integer("replicate", replicate, 0), int(purpose))
    made = _Stream(checks.integer("root", root, 0, None), spawn_key=key)
    made.purpose = purpose
    return made


def generator(seed: object, purpose: Purpose) -> np.random.Generator:
    """The generator of draws for `purpose` that a `seed` argument stands for. TypeError, ValueError for
    others; a Generator is advanced by eight words.
    """
    return generators(seed, purpose)[0]


def generators(seed: object, *purposes: Purpose) -> list[np.random.Generator]:
    """One generator per purpose, as `generator`; a Generator is advanced once."""
    known = _fixed(seed)
    return [np.random.default_rng(_sequence(known, purpose)) for purpose in purposes]


def filled(rows: int, columns: int, draw: Callable[[int], Array]) -> Array:
    """(rows, columns) float64 of draw(count), the bits of one call of rows * columns.

    In blocks, between which Ctrl-C is answered: ten to a second.
    """
    table = np.empty((rows, columns))
    flat = table.reshape(-1)
    for first in range(0, flat.size, _BLOCK):
        count = min(_BLOCK, flat.size - first)
        flat[first : first + count] = draw(count)
    return table


def _fixed(seed: object) -> int | np.random.SeedSequence:
    """A seed that can be asked again."""
    if isinstance(seed, np.random.Generator):
        words = seed.integers(0, 1 << 32, size=_WORDS, dtype=np.uint32)
        return np.random.SeedSequence(words.tolist())
    if isinstance(seed, np.random.SeedSequence):
        return seed
    if isinstance(seed, bool | np.bool_ | np.timedelta64) or not isinstance(seed, numbers.Integral):
        expected = "an int, numpy.random.SeedSequence or numpy.random.Generator"
        raise TypeError(f"seed: expected {expected}, got {checks.kind(seed)}")
    return checks.integer("seed", seed, 0, None)


def _sequence(seed: int | np.random.SeedSequence, purpose: Purpose) -> np.random.SeedSequence:
    """The stream of `purpose`: its key ends with the purpose, whatever the seed."""
    if isinstance(seed, int):
        return np.random.SeedSequence(seed, spawn_key=(int(purpose),))
    key = tuple(seed.spawn_key)
    own = seed.purpose if isinstance(seed, _Stream) else None
    if own is not None and purpose == own:
        return seed
    if own is not None and purpose in _PARTS.get(own, ()):
        key = (*key[:-1], int(purpose))
    else:
        key = (*key, MARK, int(purpose))
    return np.random.SeedSequence(seed.entropy, spawn_key=key, pool_size=seed.pool_size)
