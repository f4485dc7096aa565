"""Files of solutions and checkpoints are not trusted (faults 4.4): ValueError that says what is wrong."""

from __future__ import annotations

import io
import json
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from pl_native import backends
from pl_native._base import memory
from problems import problem

D, N = problem()
METHOD = "flow" if "native" in backends.available() else "euler"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Arrays of a run of Euler that is a checkpoint, and of a flow with all it can keep."""
    folder = tmp_path_factory.mktemp("files")
    save = pl.Save(count=3, states=True, observe=("loss",))
    pl.simulate(D, N, 4.0, save=save, backend="numpy", checkpoint=folder / "euler.npz")
    keep = {"switches": True, "dense": True} if METHOD == "flow" else {}
    pl.simulate(D, N, 2.0, method=METHOD, save=pl.Save(count=3, states=True, **keep)).save(
        folder / "flow.npz"
    )
    found = {}
    for name in ("euler", "flow"):
        with np.load(folder / f"{name}.npz") as stored:
            found[name] = {key: stored[key] for key in stored.files}
    return found


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Sets an entry of the head, `None` for a name removes it."""

    def change(arrays: dict[str, Any]) -> None:
        head = json.loads(str(arrays["head"]))
        *folders, name = path.split(".")
        inside = head
        for folder in folders:
            inside = inside[folder]
        if value is GONE:
            del inside[name]
        else:
            inside[name] = value
        arrays["head"] = np.array(json.dumps(head))

    return change


def array(name: str, change: Callable[[np.ndarray], Any]) -> Callable[[dict[str, Any]], None]:
    def apply(arrays: dict[str, Any]) -> None:
        arrays[name] = np.asarray(change(arrays[name]))

    return apply


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda arrays: arrays.pop(name)


GONE = object()
EULER: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    **{f"no {name}": (without(name), name) for name in ("t", "loss", "n_active", "W", "a", "w_perp_sq")},
    "no saved a": (without("a_saved"), "a_saved"),
    "no saved W": (without("W_saved"), "W_saved"),
    "head is null": (
        lambda arrays: arrays.update(head=np.array("null")),
        "head: expected a mapping",
    ),
    "head is a list": (lambda arrays: arrays.update(head=np.array("[1]")), "head: expected a mapping"),
    "head is no text": (lambda arrays: arrays.update(head=np.zeros(2)), "head: expected text"),
    "head is no json": (lambda arrays: arrays.update(head=np.array("{")), "Expecting property name"),
    "head is deep": (lambda arrays: arrays.update(head=np.array("[" * 100_000)), "recursion"),
    "no format": (put("format", GONE), "format None"),
    "no status": (put("status", GONE), "status"),
    "another status": (put("status", "DONE"), "status: expected one of .*, got 'DONE'"),
    "another code": (put("status", 99), "status: expected one of"),
    "a code that is true": (put("status", True), "status: expected one of"),
    "stats is a list": (put("stats", []), "stats: expected a mapping"),
    **{
        f"no stats {name}": (put(f"stats.{name}", GONE), name) for name in ("method", "n", "steps", "seconds")
    },
    "another method": (put("stats.method", "magic"), "stats.method: expected one of"),
    "p is a text": (put("stats.p", "7"), "stats.p: expected an integer"),
    "p is another": (put("stats.p", 8), r"W: expected shape \(8, at most 5\), got \(7, 5\)"),
    "time is a text": (put("stats.seconds", "7"), "stats.seconds: expected a real number"),
    "step is none": (put("stats.step", None), "stats.step: expected a number"),
    "empty t": (array("t", lambda t: t[:0]), "t: expected times that increase"),
    "t goes back": (array("t", lambda t: t[::-1]), "t: expected times that increase"),
    "t is nan": (array("t", lambda t: t * np.nan), "t: expected finite float64 numbers"),
    "t is an integer": (array("t", lambda t: t.astype(int)), "t: expected finite float64"),
    "a longer t": (array("t", lambda t: np.append(t, 9.0)), r"loss: expected shape \(4,\), got \(3,\)"),
    "a shorter loss": (array("loss", lambda x: x[:2]), r"loss: expected shape \(3,\)"),
    "loss as text": (array("loss", lambda x: x.astype(str)), "loss: expected numbers of kind"),
    "active as floats": (array("n_active", lambda x: x * 1.0), "n_active: expected numbers of kind"),
    "W of one axis": (array("W", np.ravel), "W: expected shape"),
    "W is wider": (array("W", lambda W: np.hstack([W, W])), "W: expected shape"),
    "W of integers": (array("W", lambda W: W.astype(int)), "W: expected dtype float64"),
    "W is nan": (array("W", lambda W: W * np.nan), "W: expected finite numbers"),
    "a is longer": (array("a", lambda a: np.append(a, 1.0)), r"a: expected shape \(7,\), got \(8,\)"),
    "negative rest": (array("w_perp_sq", lambda x: x - 1), "w_perp_sq: expected squared norms >= 0"),
    "fewer states": (array("W_saved", lambda W: W[1:]), "W_saved: expected shape"),
    "observed is shorter": (array("observed/loss", lambda x: x[1:]), "observed/loss: expected 3 values"),
    "observed is a number": (array("observed/loss", lambda x: x[0]), "observed/loss: expected 3 values"),
    "past is a list": (put("past", []), "past: expected a mapping"),
    "past of another method": (put("past.method", "flow"), "past.method: expected 'euler' as in stats"),
    "past with an unknown rule": (put("past.stop.boredom", 1.0), "boredom"),
    "past with a wrong rule": (put("past.stop.loss", -1.0), "stop.loss: expected a number >= 0"),
    "past with a wrong plan": (put("past.save.count", "many"), "save.count: expected an integer"),
    "past that has lost a number": (put("past.lost", [3]), "past.lost: expected names"),
    "past with no end": (put("past.resume.at", GONE), "at"),
    "at = 1.5": (put("past.resume.at", 1.5), "past.resume.at: expected an integer, got 1.5"),
    "at = -1": (put("past.resume.at", -1), "past.resume.at: expected a number >= 0"),
    "record of text": (put("past.resume.loss_start", "1"), "past.resume: expected numbers"),
    "no fixed": (without("past/fixed"), "fixed"),
    "fixed goes back": (array("past/fixed", lambda x: np.array([2, 1])), "past/fixed: expected increasing"),
    "note is a list": (put("note", []), r"note: expected a mapping, got an object of type list"),
    "note is a text": (put("note", "mine"), "note: expected a mapping, got 'mine'"),
}
FLOW: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no rtol": (put("stats.rtol", None), "stats.rtol: expected a number"),
    "a part of the switches": (without("switches/point"), "point"),
    "switches of two lengths": (array("switches/t", lambda x: x[1:]), "switches: expected arrays of"),
    "times of switches in a table": (array("switches/t", lambda x: x[None]), "switches/t: expected finite"),
    "times of switches that go back": (array("switches/t", lambda x: x[::-1]), "switches/t: expected times"),
    "switches in halves": (array("switches/neuron", lambda x: x / 2), "switches/neuron: expected integers"),
    "no dense rows": (without("dense/rows"), "rows"),
    "negative rows": (array("dense/rows", lambda x: -x), "dense/rows: expected"),
    "rows that do not add up": (array("dense/rows", lambda x: x + 1), "dense/values: expected shape"),
    "rows in halves": (array("dense/rows", lambda x: x / 2), "dense/rows: expected"),
    "another shape": (array("dense/shape", lambda x: x[::-1]), "dense/shape"),
    "shape of one": (array("dense/shape", lambda x: x[:1]), "dense/shape"),
    "negative widths": (array("dense/widths", lambda x: -x), "dense: expected starts that increase"),
    "starts go back": (array("dense/starts", lambda x: x[::-1]), "dense: expected starts that increase"),
    "values of nan": (array("dense/values", lambda x: x * np.nan), "dense/values: expected finite"),
    "values in one axis": (array("dense/values", np.ravel), "dense/values: expected finite"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [("euler", *case) for case in EULER.values()] + [("flow", *case) for case in FLOW.values()],
    ids=[*EULER, *FLOW],
)
def test_4_4_what_is_not_a_run_is_refused_in_words(
    kind: str, change: Any, words: str, whole: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    """Faults 4.4: KeyError, TypeError, IndexError, or loaded."""
    if kind == "flow" and METHOD != "flow":
        pytest.skip("the flow of the core")
    path, arrays = tmp_path / "run.npz", dict(whole[kind])
    np.savez(path, **arrays)
    assert pl.Solution.load(path).stats["n"] == 12
    change(arrays)
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=words) as refused:
        pl.Solution.load(path)
    assert str(refused.value).startswith(str(path))
    with pytest.raises(ValueError, match=words):
        pl.simulate(D, N, 4.0, backend="numpy", checkpoint=path)


@pytest.mark.parametrize("backend", ["numpy", "native"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put("past.resume.mine", 1.0), "mine"),
        (put("past.resume.loss_start", GONE), "loss_start"),
        (put("past.resume.loss_start", None), "loss_start"),
        (put("past.resume.at", 10**6), "at"),
        (array("past/resume/invariants", lambda x: x[1:]), "invariants"),
        (without("past/resume/invariants"), "invariants"),
    ],
    ids=["more", "less", "null", "beyond its end", "shorter", "none"],
)
def test_4_4_a_record_of_another_kind_does_not_go_on(
    change: Any, words: str, backend: str, whole: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    if backend not in backends.available():
        pytest.skip("needs the core")
    if backend == "native" and words == "mine":
        pytest.skip("the core looks at what it knows")
    arrays = dict(whole["euler"])
    put("past.backend", backend)(arrays)
    change(arrays)
    np.savez(tmp_path / "run.npz", **arrays)
    with pytest.raises(ValueError, match=words):
        pl.Solution.load(tmp_path / "run.npz").extend(9.0, data=D)


def test_4_4_a_header_may_lie(whole: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """An array that claims to be larger than its member takes no memory."""
    path = tmp_path / "run.npz"
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)}
    )
    np.savez(path, **{key: value for key, value in whole["euler"].items() if key != "loss"})
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("loss.npy", header.getvalue())
    with pytest.raises(ValueError, match=r"loss\.npy: of shape \(1099511627776,\)"):
        pl.Solution.load(path)


def test_4_4_a_pipe_or_a_folder_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, kind in ((tmp_path, "folder"), (tmp_path / "pipe", "pipe")):
        for load in (pl.Solution.load, pl.Certificate.load):
            with pytest.raises(ValueError, match=f"expected a file, this is a {kind}"):
                load(path)


def test_4_4_a_file_that_unpacks_to_too_much(
    whole: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.npz"
    np.savez_compressed(path, **whole["euler"], extra=np.zeros(10**6))
    monkeypatch.setenv(memory.VARIABLE, "1 MB")
    with pytest.raises(MemoryError, match="reading this file needs"):
        pl.Solution.load(path)


def test_4_4_changed_bytes_are_refused_or_harmless(whole: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    path, rng = tmp_path / "run.npz", random.Random(1)
    for kind in whole:
        np.savez(path, **whole[kind])
        content = path.read_bytes()
        refused = 0
        for _ in range(150):
            changed = bytearray(content)
            for _ in range(rng.choice((1, 1, 4))):
                changed[rng.randrange(len(changed))] = rng.randrange(256)
            path.write_bytes(bytes(changed[: rng.choice((len(changed), rng.randrange(len(changed))))]))
            try:
                sol = pl.Solution.load(path)
            except ValueError:
                refused += 1
            else:
                repr(sol)
        assert refused > 50


def test_observed_values_are_those_that_the_run_goes_on_to_observe(
    whole: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    """A KeyError of `extend`."""
    path, arrays = tmp_path / "run.npz", dict(whole["euler"])
    arrays["observed/lossx"] = arrays.pop("observed/loss")
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=r"observed: expected values of \['loss'\], got \['lossx'\]"):
        pl.Solution.load(path)


def test_a_record_that_goes_on_before_it_ended_is_refused(
    whole: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    """An OverflowError of `extend`."""
    path, arrays = tmp_path / "run.npz", dict(whole["euler"])
    put("past.since", 1e300)(arrays)
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=r"past\.since: expected a step that was reached"):
        pl.Solution.load(path)


def test_files_write_statuses_by_name_and_codes_are_read(
    whole: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    arrays = dict(whole["euler"])
    assert json.loads(str(arrays["head"]))["status"] == "HORIZON"
    put("status", 11)(arrays)  # the code of HORIZON in files of before
    np.savez(tmp_path / "run.npz", **arrays)
    assert pl.Solution.load(tmp_path / "run.npz").status is pl.Status.HORIZON
