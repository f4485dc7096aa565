"""Streams of different purposes never coincide, whatever seeds they come from (faults.md 1.3)."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pl_native as pl
from pl_native.streams import MARK, Purpose, generator, generators, stream

SeedSequence = np.random.SeedSequence


def parallel(data: pl.Dataset, network: pl.Network) -> float:
    """Largest cosine between a neuron and a point, both signs."""
    W = network.W / np.linalg.norm(network.W, axis=1, keepdims=True)
    return float(np.abs(W @ (data.X / data.norms[:, None]).T).max())


ONE = SeedSequence(5)
MIXED: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "an int and a child of it": (lambda: 7, lambda: SeedSequence(7).spawn(1)[0]),
    "a child and its int": (lambda: SeedSequence(7).spawn(2)[1], lambda: 7),
    "one SeedSequence": (lambda: ONE, lambda: ONE),
    "two generators of one seed": (lambda: np.random.default_rng(5), lambda: np.random.default_rng(5)),
    "a generator and its sequence": (lambda: np.random.default_rng(5), lambda: SeedSequence(5)),
    "an int and a generator": (lambda: 5, lambda: np.random.default_rng(5)),
    "one draw of a sweep": (lambda: stream(5, 0, 0, Purpose.DATA), lambda: stream(5, 0, 0, Purpose.DATA)),
    "a sweep and a grandchild": (
        lambda: stream(5, 0, 0, Purpose.NETWORK),
        lambda: SeedSequence(5, spawn_key=(0, 0, 1)),
    ),
}


@pytest.mark.parametrize(("mine", "yours"), MIXED.values(), ids=list(MIXED))
def test_1_3_data_and_network_are_independent(mine: Any, yours: Any) -> None:
    assert parallel(pl.data.sphere(60, 30, seed=mine()), pl.initial.asymmetric(20, 30, seed=yours())) < 0.9
    assert parallel(pl.data.gaussian(60, 30, seed=mine()), pl.initial.balanced(20, 30, seed=yours())) < 0.9


@st.composite
def seeds(draw: st.DrawFn) -> Callable[[], Any]:
    """A way to make a seed of any kind, from few roots, so that two of them are often related."""
    root = draw(st.integers(0, 2))
    path = tuple(draw(st.lists(st.integers(0, 4), max_size=4)))
    what = draw(st.sampled_from(list(Purpose)))
    return draw(
        st.sampled_from(
            [
                lambda: root,
                lambda: np.uint8(root),
                lambda: root + (1 << 128) * sum(path),  # more words than a pool holds
                lambda: SeedSequence(root, spawn_key=path),
                lambda: SeedSequence([root, *path]),
                lambda: np.random.default_rng(root),
                lambda: np.random.default_rng(SeedSequence(root, spawn_key=path)),
                lambda: np.random.Generator(np.random.Philox(root)),
                lambda: stream(root, sum(path), len(path), what),
            ]
        )
    )


@given(mine=seeds(), yours=seeds(), pair=st.permutations(list(Purpose)))
def test_1_3_streams_of_two_purposes_never_coincide(mine: Any, yours: Any, pair: list[Purpose]) -> None:
    first, second = generator(mine(), pair[0]), generator(yours(), pair[1])
    assert key(first)[-1] == int(pair[0])
    assert key(second)[-1] == int(pair[1])
    assert not np.array_equal(first.integers(0, 2**63, 4), second.integers(0, 2**63, 4))


def key(rng: np.random.Generator) -> tuple[int, ...]:
    sequence: Any = rng.bit_generator.seed_seq
    return tuple(sequence.spawn_key)


def test_1_3_what_spawn_gives_is_never_a_key_of_ours() -> None:
    words = [(MARK >> shift) & 0xFFFFFFFF for shift in (0, 32, 64, 96)]
    assert all(word > 1 << 31 for word in words)  # so many children, of each of four generations
    assert MARK < 1 << 128


def test_1_3_ints_and_sweeps_keep_their_bits() -> None:
    def raw(*key: int) -> np.ndarray:
        return np.random.default_rng(SeedSequence(7, spawn_key=key)).integers(0, 2**63, 4)

    for what in Purpose:
        np.testing.assert_array_equal(generator(7, what).integers(0, 2**63, 4), raw(int(what)))
        own = generator(stream(7, 2, 3, what), what).integers(0, 2**63, 4)
        np.testing.assert_array_equal(own, raw(2, 3, int(what)))
    teacher = generators(stream(7, 2, 3, Purpose.DATA), Purpose.DATA, Purpose.TEACHER, Purpose.NOISE)
    for rng, what in zip(teacher, (0, 2, 3), strict=True):
        np.testing.assert_array_equal(rng.integers(0, 2**63, 4), raw(2, 3, what))


def test_1_3_a_network_drawn_by_a_sweeps_data_function_is_not_the_sweeps_own() -> None:
    data, own = stream(7, 2, 3, Purpose.DATA), stream(7, 2, 3, Purpose.NETWORK)
    assert pl.initial.asymmetric(3, 4, seed=data) != pl.initial.asymmetric(3, 4, seed=own)


def test_1_3_a_generator_is_advanced_and_a_sequence_is_not() -> None:
    rng, twin = np.random.default_rng(3), np.random.default_rng(3)
    assert pl.data.sphere(3, 2, seed=rng) != pl.data.sphere(3, 2, seed=rng)
    pl.data.sphere(300, 20, seed=twin), pl.data.teacher(4, 5, seed=twin)
    assert rng.bit_generator.state == twin.bit_generator.state  # by as much, whatever is drawn
    sequence = SeedSequence(3)
    assert pl.data.sphere(3, 2, seed=sequence) == pl.data.sphere(3, 2, seed=sequence)
    assert sequence.n_children_spawned == 0


def test_a_stream_of_a_sweep_travels_and_its_children_are_ordinary() -> None:
    made = stream(7, 2, 3, Purpose.DATA)
    for other in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert pl.data.sphere(3, 2, seed=other) == pl.data.sphere(3, 2, seed=made)
    assert key(generator(made.spawn(1)[0], Purpose.DATA)) == (2, 3, 0, 0, MARK, 0)


def test_a_large_pool_is_kept() -> None:
    small, large = (SeedSequence(3, pool_size=size) for size in (4, 8))
    assert pl.data.sphere(3, 2, seed=small) != pl.data.sphere(3, 2, seed=large)
