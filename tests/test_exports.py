"""Rows for other programs."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from pl_native import cli, store, sweep
from pl_native.store import (
    COLUMNS,
    export,
    shards,
)
from sweeping import bits, flip


def test_tables_have_the_rows(filled, tmp_path):
    pandas = pytest.importorskip("pandas")
    rows = filled.rows()
    frame = store.to_pandas(rows)
    assert list(frame.columns) == list(COLUMNS)
    assert frame["loss_end"].tolist() == [row["loss_end"] for row in rows]
    assert frame["switches"].isna().all()
    assert str(frame["n"].dtype) == "Int64"
    pytest.importorskip("pyarrow")
    assert sweep.export(filled.folder, tmp_path / "rows.parquet") == 4
    pandas.testing.assert_frame_equal(pandas.read_parquet(tmp_path / "rows.parquet"), frame)


def test_xarray_has_the_rows(filled):
    pytest.importorskip("xarray")
    rows = filled.rows()
    found = store.to_xarray(rows)
    assert found["loss_end"].values.tolist() == [row["loss_end"] for row in rows]
    assert found["n"].dtype == np.int64
    assert np.isnan(found["switches"].values).all()
    assert found["run_id"].values.tolist() == [row["id"] for row in rows]


def test_exports_name_what_they_need(filled, tmp_path, monkeypatch):
    sweep.export(filled.folder, tmp_path / "x.csv")
    assert bits(store.rows_from_csv((tmp_path / "x.csv").read_text(encoding="utf-8"))) == bits(filled.rows())
    with pytest.raises(ValueError, match=r"expected a name that ends in .csv or .parquet, got .*x.xls"):
        sweep.export(filled.folder, tmp_path / "x.xls")
    for name in ("pandas", "pyarrow", "xarray"):
        monkeypatch.setitem(sys.modules, name, None)
    for call in (
        store.to_pandas,
        store.to_xarray,
        lambda rows: store.to_parquet(rows, tmp_path / "x.parquet"),
    ):
        with pytest.raises(ImportError, match=r"pip install 'pl_native\[table\]'"):
            call([])
    assert export.SUFFIXES == (".csv", ".parquet")


def test_the_shell_tells_what_is_wrong(filled, capsys, monkeypatch):
    flip(shards.shard_paths(filled.shards)[0])
    monkeypatch.setenv("PL_NATIVE_BACKEND", "numpy")
    assert cli.main(["sweep", "verify", str(filled.folder)]) == 1
    assert "damaged" in capsys.readouterr().out
    assert cli.main(["sweep", "resume", str(filled.folder)]) == 0
    told = capsys.readouterr()
    assert "pl-native: warning: " in told.err
    assert "set aside" in told.err
    assert "2 new rows" in told.out
    assert cli.main(["sweep", "verify", str(filled.folder)]) == 0
    assert cli.main(["sweep", "compact", str(filled.folder)]) == 0


EXPORTS = {
    "csv": lambda rows, path: store.to_csv(rows, path / "x.csv"),
    "parquet": lambda rows, path: store.to_parquet(rows, path / "x.parquet"),
    "pandas": lambda rows, path: store.to_pandas(rows),
    "xarray": lambda rows, path: store.to_xarray(rows),
}


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
def test_what_are_no_rows_is_not_exported(export, tmp_path):
    """They were a KeyError, an IndexError or "string indices must be integers"."""
    pytest.importorskip("pyarrow")
    pytest.importorskip("xarray")
    for rows in (None, 3, "text", {}):
        with pytest.raises(TypeError, match=r"^rows: expected rows of a sweep"):
            export(rows, tmp_path)
    for rows in ([3], np.ones(2), ["id"]):
        with pytest.raises(TypeError, match=r"^rows\[0\]: expected a row"):
            export(rows, tmp_path)
    with pytest.raises(ValueError, match=r"^rows\[0\]: expected all columns of .* lacks id"):
        export([{}], tmp_path)
    assert not list(tmp_path.iterdir())
