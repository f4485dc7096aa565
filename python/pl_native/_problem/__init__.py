"""A problem in nouns: data, a network, what a run is asked for, how it ended.

Shapes everywhere: n points, d dimensions, p neurons; X (n, d), y (n,), W (p, d), a (p,). All of it is frozen
and validated once, here.
"""

from pl_native._problem.dataset import Dataset
from pl_native._problem.events import Event
from pl_native._problem.kinks import Kinks
from pl_native._problem.network import Network
from pl_native._problem.options import Observer, Save, Stop
from pl_native._problem.status import Status

__all__ = ["Dataset", "Event", "Kinks", "Network", "Observer", "Save", "Status", "Stop"]
