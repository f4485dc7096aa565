"""The fuzzer finds what is planted and, in a small budget, nothing else; what it has found, by name."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import random
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis.errors import FlakyFailure

import pl_native as pl
import sweeping
from fuzz import api, certificates, claims, files, planted
from fuzz.child import run
from fuzz.watch import Watch, is_named
from outcomes import native
from pl_native import Status, store
from problems import problem


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "crash (exit -6)"), (1, "hang"), (2, "hang"), (3, "KeyError"), (4, "ValueError: something"),
     (5, "warned: old")],
)  # fmt: skip
def test_what_is_planted_is_found_with_the_call_that_did_it(number: int, words: str) -> None:
    (fault,) = run("planted", number, 1, limit=0.15).faults
    assert words in fault
    assert f"planted: fault {number}" in fault


def test_wrong_runs_are_known_as_such() -> None:
    assert run("planted", len(planted.FAULTS), 1).faults == []


def test_a_refusal_names_what_is_wrong() -> None:
    assert is_named(ValueError("save.times: expected"))
    for error in (ValueError("expected 3"), RuntimeError("step: wrong"), json.JSONDecodeError("a: b", "", 0)):
        assert not is_named(error)


@native
@pytest.mark.parametrize(("entry", "calls"), [("core", 600), ("files", 20), ("api", 25)])
def test_a_few_calls(entry: str, calls: int) -> None:
    report = run(entry, 7, calls)
    assert report.faults == []
    assert sum(report.counts.values()) >= calls


@native
def test_certificates_of_a_few_states_hold() -> None:
    found, states = certificates.search(0, 8)
    assert found.count == 8 <= states
    assert found.contradicted == []
    assert all(what.endswith(": held") for what in found.checks)
    assert len(found.checks) > 10


def test_a_false_certificate_is_seen() -> None:
    seen: set[str] = set()
    for number in range(40):
        _, data, sol = certificates.state(number)
        c = sol.certify()
        if (c.verdict is None and c.held_until is None) or sol.loss[-1] < 1e-12:
            continue  # no certificate, or nothing left to fall
        false: dict[str, Any] = {"held_until": (c.held_until[0], 2.0 * sol.loss[-1])} if c.held_until else {}
        if c.verdict is Status.CONVERGED:
            false = {"rate": 1e3 * c.rate}
        elif c.limit_loss is not None:
            false = {"limit_loss": (2.0 * sol.loss[-1], 3.0 * sol.loss[-1])}
        later, _ = certificates._followed(data, c.state, c, 1.0)
        found = certificates.Found()
        certificates._against(number, "false", dataclasses.replace(c, **false), later, 0.0, found)
        assert found.contradicted, number
        seen.add("HELD" if c.verdict is None else c.verdict.name)
    assert len(seen) > 2


def test_parts_of_a_search_are_joined_once() -> None:
    part = {"head": {"states from, and how many": [[0, 10]]}, "contradicted": ["x"],
            **{name: {"a": 2} for name in ("states", "certificates", "checks", "followed")}}  # fmt: skip
    other = part | {"head": {"states from, and how many": [[10, 5]]}}
    found, ranges = certificates.joined([other, part])
    assert (found.count, found.contradicted, ranges) == (4, ["x", "x"], [[0, 10], [10, 5]])
    with pytest.raises(ValueError, match="states 0 and on are in two parts"):
        certificates.joined([part, part])


def test_claims_of_a_few_problems_hold() -> None:
    found, done = claims.search(0, 25)
    assert done == 25
    assert found.contradicted == []
    assert sum(count for claim, count in found.claims.items() if "held" in claim) > 10


def test_a_wrong_claim_is_contradicted() -> None:
    """The flow of one neuron and one point converges: it is no trap, and where nothing lives it does not."""
    data, net = pl.Dataset([[1.0]], [1.0]), pl.Network([[0.5]], [0.6])
    dead = pl.Network([[-0.5]], [0.6])
    later = [pl.simulate(data, u, 1000.0, method="flow", save=20, progress=False) for u in (net, dead)]
    assert claims.verdict_on(Status.TRAPPED, 0.01, later[0], 0.0) == "contradicted"
    assert claims.verdict_on(Status.CONVERGED, 0.0, later[0], 1e-30) == "held"
    assert claims.verdict_on(Status.CONVERGED, 0.0, later[1], 1e-30) == "contradicted"
    assert claims.verdict_on(Status.DEAD_POINT, 0.5, later[1], 1e-30) == "held"


# found


@native
@pytest.mark.parametrize("method", ["euler", "flow", "capture"])
def test_the_core_takes_a_sequence_that_is_no_list(method: str) -> None:
    """Its items live only while they are looked at: a crash of `_core.euler`."""
    from fuzz.core import good
    from pl_native import _core

    task = good(method, *problem(5, 3, 4), 1.0)

    class Lazy(list[Any]):
        def __getitem__(self, k: Any) -> Any:
            return dict(super().__getitem__(k))

    (run_,), _ = getattr(_core, method)(Lazy([task]), 1)
    assert run_["status"] == Status.HORIZON
    with pytest.raises((TypeError, ValueError)):
        getattr(_core, method)(np.array(["a"]), 1)


@native
@pytest.mark.parametrize("field", ["certifiable", "states", "save"])
def test_a_field_of_another_type_is_a_type_error(field: str) -> None:
    from fuzz.core import good
    from pl_native import _core

    with pytest.raises(TypeError, match=f"^{field}: expected"):
        _core.euler([good("euler", *problem(5, 3, 4), 1.0) | {field: []}], 1)


def test_a_shard_that_does_not_unpack_is_damaged(tmp_path: Path) -> None:
    """zlib's own error went through."""
    sweeping.run(tmp_path, sweeping.cell())
    (path,) = (tmp_path / "shards").glob("*.npz")
    content, kinds = path.read_bytes(), set()
    path.unlink()
    for at in range(60, len(content) // 2, 37):
        other = content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]
        kinds.add(_unpacking(other))
        path = files.renamed(path, other)
        path.write_bytes(other)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*its runs count as not done")
            store.Store(tmp_path).rows()
        path.unlink()
    assert zlib.error in kinds


def _unpacking(content: bytes) -> type[Exception] | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as stored:
            [stored.read(name) for name in stored.namelist()]
    except Exception as error:
        return type(error)
    return None


@contextmanager
def refused_in_words(path: Path) -> Iterator[None]:
    """Or not at all."""
    try:
        yield
    except ValueError as error:
        if not str(error).startswith(f"{path}: "):
            raise


@native
def test_a_certificate_of_any_bytes_is_refused_in_words(tmp_path: Path) -> None:
    """OSError and zlib's error went through."""
    data, net = problem()
    path, rng = tmp_path / "proof.npz", random.Random(1)
    pl.certify(data, net).save(path)
    content = path.read_bytes()
    for _ in range(300):
        path.write_bytes(files.other_bytes(content, rng))
        with refused_in_words(path):
            repr(pl.Certificate.load(path))


@native
@pytest.mark.parametrize("method", ["flow", "capture"])
def test_a_record_without_its_invariants_does_not_go_on(method: str, tmp_path: Path) -> None:
    """A KeyError of the core."""
    data, net = problem()
    path = tmp_path / "run.npz"
    pl.simulate(data, net, 1.0, method=method, progress=False).save(path)
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files if name != "past/resume/invariants"}
    np.savez(path, **arrays)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="resume: expected a record of this method"):
        pl.Solution.load(path).extend(2.0, data=data)


@pytest.mark.parametrize("name", ["asymmetric", "torch_linear", "balanced"])
def test_a_scale_whose_square_overflows_is_refused(name: str) -> None:
    """An OverflowError, that named nothing."""
    with pytest.raises(ValueError, match=r"scale: expected a number <= 1e\+150, got 1e\+300"):
        getattr(pl.initial, name)(4, 7, seed=7, scale=1e300)


def test_what_is_not_met_again_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What hangs on the clock passes when the example is run again: the child ended with "Inconsistent
    results", and what it had found was lost."""
    watch = Watch(tmp_path / "journal")

    def once(machine: Any, settings: Any) -> None:
        watch.counts["entry", "fault"] += 1
        raise FlakyFailure("Inconsistent results", [KeyError("found")])

    monkeypatch.setattr(api, "run_state_machine_as_test", once)
    api.fuzz(watch, 0, 1)
    assert watch.faults == ["KeyError('found')"]


def test_the_journal_is_written_before_the_call(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "journal")
    seen: list[str] = []
    watch.call("entry", "words", lambda: seen.append((tmp_path / "journal").read_text(encoding="utf-8")))
    assert seen == ["entry: words\n"]
    assert watch.counts == {("entry", "result"): 1}


@native
def test_advice_for_any_time() -> None:
    """An OverflowError of its law."""
    data, net = problem()
    assert str(pl.advise(data, net, 1e300))


@native
def test_a_certificate_with_an_infinite_distance_fails_to_verify() -> None:
    """An OverflowError of Fraction."""
    data, net = problem()
    stop = pl.Stop(max_steps=2000)
    sol = pl.simulate(data, net, 3000.0, method="flow", stop=stop, progress=False)
    found = sol.certify()
    assert found.verdict is Status.CONVERGED
    with pytest.raises(pl.theory.VerificationError, match="finite"):
        pl.theory.verify(dataclasses.replace(found, distance=math.inf), data)
