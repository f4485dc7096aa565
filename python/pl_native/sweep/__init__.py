"""Sweeps: cells of a grid, replicates of each, run once and kept as rows.

import pl_native as pl

cells = pl.sweep.grid(n=[100, 200], d=20, p="width 1x", initialisation="asymmetric", t_end=pl.horizon,
                      stop={"loss": "1/(2n)"}, replicates=20)
plan = pl.sweep.plan(cells, seed=1, name="first")
pl.sweep.run(plan, "rows/first")           # any number of times: only what is missing is run
rows = pl.store.Store("rows/first").rows(plan.ids)
sol = pl.sweep.rebuild(rows[0]["id"], "rows/first")
"""

from pl_native.protocol import width
from pl_native.store import compact, merge, verify
from pl_native.sweep.cells import Cell, problem
from pl_native.sweep.cluster import EngineError
from pl_native.sweep.full_run import find, rebuild
from pl_native.sweep.functions import DATA, INITIAL, allow
from pl_native.sweep.grids import Spec, grid, load
from pl_native.sweep.inventory import State, export, status
from pl_native.sweep.plans import Plan, Run, parse_share, plan
from pl_native.sweep.session import CHUNK_SECONDS, WORKER_TIMEOUT, How, resume, run
from pl_native.sweep.slurm import slurm_script

__all__ = [
    "CHUNK_SECONDS",
    "DATA",
    "INITIAL",
    "WORKER_TIMEOUT",
    "Cell",
    "EngineError",
    "How",
    "Plan",
    "Run",
    "Spec",
    "State",
    "allow",
    "compact",
    "export",
    "find",
    "grid",
    "load",
    "merge",
    "parse_share",
    "plan",
    "problem",
    "rebuild",
    "resume",
    "run",
    "slurm_script",
    "status",
    "verify",
    "width",
]
