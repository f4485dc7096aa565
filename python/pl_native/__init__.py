"""Compiled simulator of one-hidden-layer ReLU networks under gradient flow.

import pl_native as pl

data = pl.data.sphere(n=300, d=30, seed=1)
net = pl.initial.asymmetric(p=31, d=30, seed=2)
sol = pl.simulate(data, net, t_end=100.0)
sol.loss, sol.local_pl, sol.status
"""

from pl_native._base import before_main  # noqa: F401 (it answers Ctrl-C while all else is imported)

# isort: split
from pl_native import data, initial, metrics, protocol, stats, store, streams, sweep, theory
from pl_native._base.build import build_info
from pl_native._base.build import version as _version
from pl_native._problem import Dataset, Event, Kinks, Network, Save, Status, Stop
from pl_native._run.choosing.advice import Advice, advise
from pl_native._run.interrupted import Interrupted
from pl_native._run.proof.certificate import Certificate
from pl_native._run.proof.certify import certify
from pl_native._run.solution import Solution
from pl_native.protocol import horizon, minimal_width
from pl_native.reduction import Reduction, reduce
from pl_native.simulation import iter_ensemble, simulate, simulate_ensemble

__version__ = _version()

__all__ = [
    "Advice",
    "Certificate",
    "Dataset",
    "Event",
    "Interrupted",
    "Kinks",
    "Network",
    "Reduction",
    "Save",
    "Solution",
    "Status",
    "Stop",
    "__version__",
    "advise",
    "build_info",
    "certify",
    "data",
    "horizon",
    "initial",
    "iter_ensemble",
    "metrics",
    "minimal_width",
    "protocol",
    "reduce",
    "simulate",
    "simulate_ensemble",
    "stats",
    "store",
    "streams",
    "sweep",
    "theory",
]
