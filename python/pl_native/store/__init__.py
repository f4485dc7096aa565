"""Rows of finished runs in a folder: content-addressed, complete or absent, never half written.

A row is one run. Its id is the SHA-256 of everything that determines the result, so that "is this run done?"
is "is its id here?", whatever program, machine or order asks. Rows lie in immutable shards (`shards/*.npz`);
`manifest.json` says what they belong to and where they come from; `rows.csv` is derived from the shards.
"""

from pl_native.store.audit import Verification, verify
from pl_native.store.columns import (
    COLUMNS,
    CONTENT,
    COST_COLUMNS,
    ERROR,
    PROOF_COLUMNS,
    Row,
    Value,
    content_id,
    content_ids,
    row_id,
)
from pl_native.store.disk import write_atomically
from pl_native.store.export import to_csv, to_pandas, to_parquet, to_xarray
from pl_native.store.folder import Share, Store, Writer
from pl_native.store.manifest import SCHEMA, Manifest
from pl_native.store.row_text import rows_from_csv
from pl_native.store.upkeep import compact, merge

__all__ = [
    "COLUMNS",
    "CONTENT",
    "COST_COLUMNS",
    "ERROR",
    "PROOF_COLUMNS",
    "SCHEMA",
    "Manifest",
    "Row",
    "Share",
    "Store",
    "Value",
    "Verification",
    "Writer",
    "compact",
    "content_id",
    "content_ids",
    "merge",
    "row_id",
    "rows_from_csv",
    "to_csv",
    "to_pandas",
    "to_parquet",
    "to_xarray",
    "verify",
    "write_atomically",
]
