"""A digest of the bits of an ensemble, a line per level: builds that agree print the same lines."""

import hashlib
import math

import numpy as np

import pl_native as pl
from pl_native import _core

STOP = (False, 0.0, 0.0, math.inf, -1, math.inf)
SIZES = [(1, 1, 1), (49, 17, 8), (97, 31, 33), (300, 30, 31), (2000, 100, 40), (6000, 60, 150)]


def task(n: int, d: int, p: int, dtype: type, norms: bool) -> tuple[object, ...]:
    data = pl.data.orthogonal(n=n, d=n, seed=1) if norms else pl.data.sphere(n=n, d=d, seed=1)
    net = pl.initial.asymmetric(p=p, d=n if norms else d, seed=2)
    first = data.orthogonal_norms if norms else data.X
    arrays = [np.ascontiguousarray(array, dtype) for array in (first, data.y, net.W, net.a)]
    return *arrays, np.zeros(p), 0.1, 10, np.array([0, 5, 10]), False, STOP, False, norms, None


for level in _core.levels():
    digest = hashlib.sha256()
    tasks = [
        task(*size, dtype, norms)
        for size in SIZES
        for dtype in (np.float32, np.float64)
        for norms in (False, True)
    ]
    for run in _core.euler(tasks, 2, None, level)[0]:
        assert run is not None
        for name in ("loss", "velocity_sq", "n_active", "invariant_drift", "W", "a"):
            digest.update(run[name].tobytes())
    print(level, digest.hexdigest())
