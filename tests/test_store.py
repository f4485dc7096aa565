"""Rows on disk: bit for bit, content-addressed, and where they come from."""

from __future__ import annotations

import csv
import hashlib
import json
import math

import numpy as np
import pytest

from pl_native import store
from pl_native._base.build import NUMERICS
from pl_native.store import (
    COLUMNS,
    Store,
    manifest,
    row_arrays,
    row_text,
    shards,
)
from sweeping import bits, cell, run, some_row


def test_rows_survive_the_disk_bit_for_bit(tmp_path):
    _, rows = run(tmp_path, cell())
    assert bits(Store(tmp_path).rows()) == bits(rows)
    text = (tmp_path / "rows.csv").read_text(encoding="utf-8")
    assert next(csv.reader(text.splitlines())) == list(COLUMNS)
    assert bits(store.rows_from_csv(text)) == bits(rows)


def test_odd_values_survive_arrays_and_text():
    odd = [
        some_row(),
        some_row(loss_end=-0.0, error='a,b "c"\nd', n=2**62),
        some_row(loss_end=5e-324, status=None),
    ]
    odd += [some_row(loss_end=value) for value in (math.inf, -math.inf, math.nan)]
    assert bits(row_arrays.from_arrays(row_arrays.as_arrays(odd))) == bits(odd)
    assert bits(row_text.rows_from_csv(row_text.csv_header() + row_text.csv_lines(odd))) == bits(odd)


def test_ids_are_pinned():
    assert store.content_id({"b": 1, "a": 0.1, "c": None}) == (
        hashlib.sha256(b'{"a":0.1,"b":1,"c":null}').hexdigest()
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"extra": 1}, r"missing or unknown columns \['extra'\]"),
        ({"n": 1.0}, "expected int or None in n, got 1.0"),
        ({"loss_end": 1}, "expected float or None in loss_end, got 1"),
        ({"steps": True}, "expected int or None in steps, got True"),
    ],
)
def test_rows_of_another_form_are_refused(change, words, tmp_path):
    with pytest.raises(ValueError, match=words), Store(tmp_path).writing("s", lambda found: None) as writer:
        writer.add([some_row() | change])
    assert Store(tmp_path).rows() == []


def test_shards_have_no_pickle_and_their_hash_in_their_names(filled):
    for path in shards.shard_paths(filled.shards):
        assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(path.stem.split("-")[1])
        with np.load(path, allow_pickle=False) as stored:
            assert not any(stored[name].dtype.hasobject for name in stored.files)


def test_the_manifest_says_where_rows_come_from(filled):
    found = json.loads((filled.folder / "manifest.json").read_text(encoding="utf-8"))
    assert (found["schema"], found["numerics"], found["name"]) == (
        store.SCHEMA,
        {"euler": NUMERICS["euler"]},
        "sweep",
    )
    assert len(found["plans"]) == len(found["sessions"]) == 2
    last = found["sessions"][-1]
    for name in (
        "pl_native",
        "numerics",
        "python",
        "numpy",
        "platform",
        "cpu",
        "host",
        "pid",
        "argv",
        "slurm",
    ):
        assert name in last
    if last["native"] is not None:
        assert {"compiler", "fp_flags", "level", "parallel_runtime"} <= last["native"].keys()
    assert last["started"] <= last["ended"]


def test_slurm_s_words_are_kept(monkeypatch):
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    assert manifest.provenance()["slurm"] == {"SLURM_ARRAY_TASK_ID": "3"}
