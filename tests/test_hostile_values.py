"""Values of kinds that pass for others: words that name the argument, whatever the value; none of Python's
own or NumPy's, no warning, no memory that is not there, no message as long as the value.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from pl_native import protocol, report
from problems import problem


class Claims:
    """A sequence that says it is long."""

    def __init__(self, length: int) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> float:
        return 1.0


def refused(call: Callable[[], object], name: str) -> str:
    """The words of a refusal, which begin with the argument's name."""
    with pytest.raises((TypeError, ValueError), match=rf"^{name}\b[^:]*: expected") as told:
        call()
    return str(told.value)


@pytest.mark.parametrize(
    "value", [np.timedelta64(3), np.timedelta64(3, "D"), np.timedelta64("NaT")], ids=["bare", "days", "NaT"]
)
def test_durations_are_no_numbers(value: Any) -> None:
    """NumPy has timedelta64 among its signed integers, and with that among Python's."""
    data, network = problem()
    refused(lambda: pl.data.sphere(value, 3, seed=1), "n")
    refused(lambda: pl.data.sphere(4, 3, seed=value), "seed")
    refused(lambda: pl.data.sphere(4, 3, seed=1, norms=(value, 2.0)), "norms")
    refused(lambda: pl.simulate(data, network, value), "t_end")
    refused(lambda: pl.Stop(max_steps=value), "stop.max_steps")
    refused(lambda: pl.initial.group(2, 4, seed=0, data=pl.data.group(4, 2, seed=0), N0=value), "N0")


@pytest.mark.parametrize(
    "value",
    ["a5", "\ud800", "f4,f8", "", "a" * 10**6, np, {"names": ["a"], "formats": []}, np.float16, 8, Claims(3)],
    ids=[
        "old alias",
        "half a character",
        "two",
        "empty",
        "long",
        "module",
        "uneven",
        "short",
        "int",
        "object",
    ],
)
def test_what_is_no_dtype_is_refused(value: Any) -> None:
    assert len(refused(lambda: pl.data.sphere(4, 3, seed=1, dtype=value), "dtype")) < 300


@pytest.mark.parametrize("value", ["f4", "<f4", "single", "float32", np.float32, np.dtype(">f4"), "f"])
def test_names_of_a_dtype_are_taken(value: Any) -> None:
    assert pl.data.sphere(4, 3, seed=1, dtype=value).X.dtype == np.float32


def test_a_number_is_no_pair() -> None:
    for value in (np.array(2.0), np.array(3)):
        refused(lambda value=value: pl.data.sphere(4, 3, seed=1, norms=value), "norms")
        refused(lambda value=value: pl.data.gaussian(4, 3, seed=1, labels=value), "labels")


def test_words_are_no_longer_than_they_need_be() -> None:
    data, network = problem()
    long = "a" * 10**6
    calls: tuple[tuple[str, Callable[[], object]], ...] = (
        ("n", lambda: pl.data.sphere(long, 3, seed=1)),  # type: ignore[arg-type]
        ("seed", lambda: pl.data.sphere(4, 3, seed=long)),  # type: ignore[arg-type]
        ("data", lambda: pl.reduce(long, network)),  # type: ignore[arg-type]
        ("method", lambda: pl.simulate(data, network, 1.0, method=long)),
        ("t_end", lambda: pl.simulate(data, network, long)),  # type: ignore[arg-type]
    )
    for name, call in calls:
        assert len(refused(call, name)) < 500


def test_a_sequence_that_says_it_is_long_asks_for_memory_first() -> None:
    for value in (Claims(10**12), range(10**12)):
        with pytest.raises(MemoryError, match=r"^X of length 1000000000000 needs"):
            pl.Dataset(value, [1.0])
    refused(lambda: pl.Dataset(Claims(-1), [1.0]), "X")


@pytest.mark.parametrize("value", [2.5, "3", None, np.ones(2), True, -1, 0])
def test_the_factor_of_a_width(value: Any) -> None:
    refused(lambda: protocol.width(10, value), "factor")
    assert protocol.width(10, np.int8(3)) == 3 * (pl.minimal_width(10) - 1) + 1


RAGGED: Any = [[1], [1, 2]]


@pytest.mark.parametrize("value", [RAGGED, [[1.0], 2.0]])
def test_pairs_of_lists_are_no_ranges(value: Any) -> None:
    refused(lambda: pl.data.sphere(4, 3, seed=1, norms=value), r"norms(\[0\])?")


@pytest.mark.parametrize(
    ("value", "error"),
    [("text", TypeError), (RAGGED, ValueError), (1j, TypeError), ([1j], TypeError),
     (np.ones(1, complex), TypeError), ([10**400], TypeError), (pl, TypeError), ({}, TypeError),
     (np.zeros(1, "m8[s]"), TypeError),
     (np.broadcast_to(np.int64(1), (1 << 40,)), ValueError)],
    ids=["text", "ragged", "complex", "complex list", "complex array", "huge", "module", "dict",
         "duration", "long"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["neuron", "point", "mode", "share"])
def test_what_are_no_kinks_is_refused(name: str, value: Any, error: type[Exception]) -> None:
    given: dict[str, Any] = {"neuron": [0], "point": [0], "mode": [2], "share": [0.5]}
    with pytest.raises(error, match=r"^kinks\.\w+: expected"):
        pl.Kinks(**(given | {name: value}))


@pytest.mark.parametrize("name", ["neuron", "point", "mode", "share"])
def test_kinks_that_say_they_are_many_ask_for_memory_first(name: str) -> None:
    given: dict[str, Any] = {"neuron": [0], "point": [0], "mode": [2], "share": [0.5]}
    with pytest.raises(MemoryError, match=rf"^kinks\.{name} of length 1000000000000 needs"):
        pl.Kinks(**(given | {name: Claims(10**12)}))


@pytest.mark.parametrize("change", [{"noise": 1e308}, {"dtype": "f4", "noise": 1e39}])
def test_labels_of_a_teacher_beyond_range_are_told(change: dict[str, Any]) -> None:
    said = refused(lambda: pl.data.teacher(40, 3, seed=1, **change), "network, norms, noise")
    assert "within the range of float" in said


@pytest.mark.parametrize(("name", "law"), [("norms", pl.data.sphere), ("labels", pl.data.gaussian)])
def test_ranges_fit_the_dtype(name: str, law: Callable[..., object]) -> None:
    for pair in ((1e300, 1e300), (1e-300, 1.0)):
        said = refused(lambda pair=pair: law(4, 3, seed=1, dtype="f4", **{name: pair}), name)  # type: ignore[misc]
        assert "float32" in said
    law(4, 3, seed=1, **{name: (1e-300, 1.0)})


@pytest.mark.parametrize("law", [pl.data.sphere, pl.data.orthogonal, pl.data.teacher])
def test_norms_have_squares_and_labels_need_none(law: Any) -> None:
    for pair in ((1e300, 1e300), (1.0, 1e155), (1e-160, 1e-156)):
        said = refused(lambda pair=pair: law(3, 4, seed=1, norms=pair), "norms")  # type: ignore[misc]
        assert "with squares within the range of float64" in said
    for pair in ((1e300, 1e300), (1e-300, 1.0)):
        assert pl.data.gaussian(4, 3, seed=1, labels=pair).n == 4


@pytest.mark.parametrize("value", [RAGGED, [1.0, [2.0]], {1.0: 2}, {1.0, 2.0}, "12", b"12", Claims(-1)])
def test_what_are_no_saved_times(value: Any) -> None:
    data, network = problem()
    refused(lambda: pl.simulate(data, network, 2.0, save=value), r"save(\.times)?")


def test_saved_times_that_say_they_are_many_ask_for_memory_first() -> None:
    data, network = problem()
    for value in (Claims(10**12), range(10**12)):
        with pytest.raises(MemoryError, match=r"^save.times of length 1000000000000 needs"):
            pl.simulate(data, network, 2.0, save=value)


@pytest.mark.parametrize(
    "value", [RAGGED, {1.0: 2}, {1.0}, "1", b"1", np.array(2j), range(10**12), Claims(10**12),
              np.broadcast_to(1.0, (1 << 40,))]
)  # fmt: skip
@pytest.mark.parametrize("name", ["t_end", "step"])
def test_what_is_not_one_per_problem(name: str, value: Any) -> None:
    how: dict[str, Any] = {"t_end": 1.0, "step": 1.0} | {name: value}
    refused(lambda: pl.simulate_ensemble([problem()], **how), rf"(problems\[0\]: )?{name}")


def test_a_number_in_an_array_is_no_sequence() -> None:
    for name in ("t_end", "step"):
        how: dict[str, Any] = {"t_end": 1.0, "step": 1.0} | {name: np.array(1.0)}
        refused(lambda how=how: list(pl.iter_ensemble([problem()], **how)), name)
    refused(lambda: pl.simulate_ensemble(np.array(1.0), 1.0), "problems")  # type: ignore[arg-type]
    refused(lambda: pl.iter_ensemble(np.array(1.0), 1.0), "problems")  # type: ignore[arg-type]


def test_problems_are_looked_at_as_they_come() -> None:
    """Endless ones that are none are refused at the first."""
    with pytest.raises(TypeError, match=r"^problems\[0\]: expected a pair"):
        pl.simulate_ensemble(itertools.count(), 1.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^problems\[0\]: expected a pair"):
        pl.simulate_ensemble(np.broadcast_to(1.0, (1 << 40,)), 1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [None, 3, True, b"run.npz", "a\0b", "\ud800", "a" * 10**6, object(), ["a"]])
def test_what_names_no_file(value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data, network = problem()
    sol, proof = pl.simulate(data, network, 1.0), pl.certify(data, network)
    calls: list[tuple[str, Callable[[], object]]] = [
        ("path", lambda: sol.save(value)),
        ("path", lambda: pl.Solution.load(value)),
        ("path", lambda: proof.save(value)),
        ("path", lambda: pl.Certificate.load(value)),
        ("path", lambda: pl.sweep.load(value)),
        ("path", lambda: pl.store.to_csv([], value)),
        ("folder", lambda: pl.store.Store(value)),
        ("folder", lambda: pl.sweep.status(value)),
        ("folder", lambda: report.rebuild(value)),
        ("folder", lambda: report.verdicts(value, "page.md")),
        ("path", lambda: report.verdicts(tmp_path, value)),
    ]
    if value is not None:
        calls.append(("checkpoint", lambda: pl.simulate(data, network, 1.0, checkpoint=value)))
        calls.append(("out", lambda: report.rebuild(tmp_path, value)))
    for name, call in calls:
        assert len(refused(call, name)) < 300
    assert not list(tmp_path.iterdir())


def test_a_state_has_a_whole_number() -> None:
    sol = pl.simulate(*problem(), 1.0, save=pl.Save(count=2, states=True))
    assert sol.state(np.int8(-1)) == sol.state(1) == sol.network
    for value in (True, 1.0, None, "1", slice(1), np.ones(1), np.timedelta64(1)):
        refused(lambda value=value: sol.state(value), "i")
    for place in (2, -3, 10**400):
        with pytest.raises(IndexError, match=r"^i: expected a saved time, -2 to 1, got"):
            sol.state(place)


def test_a_sweep_in_a_pipe_or_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "bytes.toml").write_bytes(b"name = '\xff'")
    for name, what in (("pipe", "this is a pipe"), ("folder", "this is a folder"), ("bytes", "decode")):
        with pytest.raises(ValueError, match=rf"{name}\.toml: .*{what}"):
            pl.sweep.load(tmp_path / f"{name}.toml")


class _Tensor:
    """What has an array to give, but not now: as a tensor does that holds a gradient, or lies on a device."""

    def __array__(self, *_: object, **__: object) -> Any:
        raise RuntimeError("use detach() first")


class _Unshown(float):
    def __repr__(self) -> str:
        raise RuntimeError("not now")


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("X", lambda value: pl.Dataset(value, [1.0])),
        ("W", lambda value: pl.Network(value, [1.0])),
        ("save.times", lambda value: pl.Save(times=value)),
        ("kinks.neuron", lambda value: pl.Kinks(value, [0], [0])),
        ("values", pl.stats.mean_interval),
    ],
)
def test_what_gives_no_array_is_told_by_name(name: str, call: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError, match=rf"^{name}: .*detach"):
        call(_Tensor())
    with pytest.raises((MemoryError, ValueError), match=rf"^{name} of length 1000000|^{name}: "):
        call(range(10**25))
    with pytest.raises((TypeError, ValueError), match=rf"^{name}: expected"):
        call(_Unshown(1.0))


def test_one_number_is_no_list_of_neurons() -> None:
    with pytest.raises(ValueError, match=r"^kinks\.neuron: expected one array .* got shape \(\)"):
        pl.Kinks(0, [1], [0])


def test_widths_of_the_smallest_probabilities() -> None:
    assert pl.minimal_width(4, eps=5e-324) == 2593  # log(4/5e-324)/log(4/3), the quotient is beyond range
    assert pl.minimal_width(1700) == 37
