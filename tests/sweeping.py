"""What the tests of rows and sweeps share: tiny cells, and rows compared bit for bit."""

from __future__ import annotations

import json
import math

from pl_native import sweep
from pl_native._problem import Stop
from pl_native.store import COLUMNS, COST_COLUMNS, Store, row_id

SEED = 7

TOML = """
name = "pair"
seed = 7
backend = "numpy"
[cell]
d = 6
p = 5
initialisation = "torch_linear"
t_end = 20.0
dtype = "float32"
replicates = 2
stop = { loss = 0.05 }
[grid]
n = { from = 12, to = 13 }
[[cells]]
n = 14
scale = [1.0, 2.0]
"""


def cell(n=12, replicates=2, **changes):
    fields = {"n": n, "d": 6, "p": 5, "initialisation": "torch_linear", "t_end": 20.0, "dtype": "float32"}
    return sweep.Cell(**{**fields, "stop": Stop(loss=0.05), "replicates": replicates, **changes})


GRID = cell(replicates=5), cell(n=13, replicates=3)


def poisonous(task):
    """A task that kills its worker when replicate 3 of n = 12 is in it."""
    return any(part["cell"]["n"] == 12 and 3 in part["replicates"] for part in task["parts"])


def plan(*cells, seed=SEED, backend="numpy", name="sweep"):
    return sweep.plan(cells, seed=seed, backend=backend, name=name)


def run(folder, *cells, seed=SEED, **how):
    todo, store = plan(*cells, seed=seed), Store(folder)
    new = sweep.run(todo, store, **{"progress": False, **how})
    return new, store.rows(todo.ids)


def bits(rows):
    """Rows without their cost, floats by their bits: equal exactly when the results are."""
    return [
        {k: v.hex() if isinstance(v, float) else v for k, v in row.items() if k not in COST_COLUMNS}
        for row in rows
    ]


def broken_data(n, d, *, seed, dtype):
    """A user's generator that fails for some draws."""
    from pl_native import data

    drawn = data.sphere(n, d, seed=seed, dtype=dtype)
    if drawn.y[0] > 0:
        raise RuntimeError("no data today\nsecond line")
    return drawn


def own_network(p, d, *, seed, scale, dtype, data, factor=1.0):
    """A user's initialisation with an option of its own."""
    from pl_native import initial

    return initial.balanced(p, d, seed=seed, scale=factor * scale, dtype=dtype, data=data)


def wrong_network(p, d, **_):
    return None


def write_spec(path, **fields):
    """A small sweep in TOML."""
    values = {"n": 12, "d": 6, "p": 5, "initialisation": "torch_linear", "t_end": 20.0, "replicates": 2}
    lines = [f"{name} = {json.dumps(value)}" for name, value in (values | fields).items()]
    path.write_text("\n".join(["seed = 7", 'backend = "numpy"', "[cell]", *lines]) + "\n")


def some_row(**changes):
    row = dict.fromkeys(COLUMNS)
    row |= {"seed": 1, "loss_end": 0.1 + 0.2, "status": "TARGET", "n": -3, "average_pl": math.nan}
    row["id"] = row_id(row | changes)
    return row | changes


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
