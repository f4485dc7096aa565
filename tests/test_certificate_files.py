"""Certificates in files: they come back, and what is not one is refused by name."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from certified import converging, stalled
from pl_native import backends

pytestmark = pytest.mark.skipif("native" not in backends.available(), reason="the core proves")


def test_a_certificate_comes_back_from_its_file(tmp_path: Path) -> None:
    cases = [converging()[1].certify(), stalled(60, 5, 6, 0)[1].certify(), stalled(60, 5, 6, 5)[1].certify(),
             stalled(60, 5, 6, 4)[1].certify()]  # fmt: skip
    for c in cases:
        c.save(tmp_path / "c.npz")
        back = pl.Certificate.load(tmp_path / "c.npz")
        for f in dataclasses.fields(c):
            if f.name not in ("pairs", "dual", "at_zero"):
                assert getattr(back, f.name) == getattr(c, f.name), f.name
        for name in ("neuron", "point", "kind", "share"):
            assert np.array_equal(getattr(back.pairs, name), getattr(c.pairs, name))
        assert (back.dual is None) == (c.dual is None)
        assert c.dual is None or np.array_equal(back.dual, c.dual)  # type: ignore[arg-type]
        assert str(back) == str(c)
        assert repr(back) == repr(c)


def altered(path: Path, change: Any) -> None:
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    head = json.loads(str(arrays["head"]))
    change(head, arrays)
    arrays["head"] = np.array(json.dumps(head))
    np.savez(path, **arrays)


def negative(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["rate"] = -1.0


def unsaid(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["verdict"] = None


def other_status(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["verdict"] = "HORIZON"


def not_a_number(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["distance"] = math.nan


def wrong_kind(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["n"] = "twenty"


def missing(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    del head["limit_loss"]


def foreign(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["more"] = np.zeros(3)


def beyond(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["pairs/point"] = arrays["pairs/point"] + 1000


def uneven(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["pairs/share"] = arrays["pairs/share"][1:]


def infinite(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["W"][0, 0] = math.inf


def limits_crossed(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["limit_loss"] = head["limit_loss"][::-1]


def other_format(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["format"] = 99


def share_beyond_one(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["pairs/share"][0] = 2.0


def kind_of_another_dtype(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["pairs/kind"] = arrays["pairs/kind"].astype(np.float64)


def radius_below_zero(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["margins"]["radius"] = -1.0


def reason_a_number(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["reason"] = 5


def three_limits(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["limit_loss"].append(2.0)


def held_as_well(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    head["held_until"] = [1.0, 0.1]
    arrays["dual"] = np.ones(60)


def dual_of_nothing(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["dual"] = np.ones(60)


@pytest.mark.parametrize(
    "change",
    [negative, unsaid, other_status, not_a_number, wrong_kind, missing, foreign, beyond, uneven, infinite,
     limits_crossed, other_format, share_beyond_one, kind_of_another_dtype, radius_below_zero,
     reason_a_number, three_limits, held_as_well, dual_of_nothing],
)  # fmt: skip
def test_a_file_that_is_not_one_is_refused_by_name(tmp_path: Path, change: Any) -> None:
    path = tmp_path / "c.npz"
    stalled(60, 5, 6, 0)[1].certify().save(path)
    pl.Certificate.load(path)
    altered(path, change)
    with pytest.raises(ValueError, match=r"c\.npz: not a file written by Certificate\.save"):
        pl.Certificate.load(path)


def short_dual(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["dual"] = arrays["dual"][1:]


def no_dual(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    del arrays["dual"]


def negative_gain(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["at_zero/gain"] = -arrays["at_zero/gain"]


def infinite_direction(head: dict[str, Any], arrays: dict[str, Any]) -> None:
    arrays["at_zero/direction"][0, 0] = math.inf


@pytest.mark.parametrize(
    ("seed", "change"),
    [(5, short_dual), (5, no_dual), (4, negative_gain), (4, infinite_direction)],
)
def test_what_is_held_and_what_is_at_zero_is_read_as_warily(tmp_path: Path, seed: int, change: Any) -> None:
    path = tmp_path / "c.npz"
    stalled(60, 5, 6, seed)[1].certify().save(path)
    altered(path, change)
    with pytest.raises(ValueError, match=r"c\.npz: not a file written by Certificate\.save"):
        pl.Certificate.load(path)


def test_torn_and_pickled_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    converging()[1].certify().save(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match="not a file written"):
        pl.Certificate.load(path)
    np.savez(path, head=np.array([{"format": 1}], object))
    with pytest.raises(ValueError, match="not a file written"):
        pl.Certificate.load(path)


def test_a_solution_read_from_a_file_asks_for_its_data(tmp_path: Path) -> None:
    data, sol = converging()
    sol.save(tmp_path / "s.npz")
    loaded = pl.Solution.load(tmp_path / "s.npz")
    with pytest.raises(ValueError, match="data: expected"):
        loaded.certify()
    with pytest.raises(ValueError, match="data: expected"):
        loaded.certify(pl.data.sphere(12, 10, seed=2))
    assert loaded.certify(data).rate == sol.certify().rate
