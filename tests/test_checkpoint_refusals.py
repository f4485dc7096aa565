"""A checkpoint of another run, or a file that is none, is refused and left as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pl_native as pl
from outcomes import native
from problems import problem

CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "data": ({"data": problem(seed=1)[0]}, "differ in data"),
    "network": ({"network": problem(seed=1)[1]}, "differ in network"),
    "t_end": ({"t_end": 10.0}, r"differ in t_end \(9.0 there, 10.0 here\)"),
    "step": ({"step": 0.5}, r"differ in step \(1.0 there, 0.5 here\)"),
    "save": ({"save": 3}, "differ in save"),
    "times": ({"save": [1.0]}, "differ in save"),
    "stop": ({"stop": pl.Stop(loss=0.1)}, r"differ in stop.loss \(0.0 there, 0.1 here\)$|stop.loss"),
    "method": ({"method": "flow"}, "differ in method"),
    "backend": ({"backend": "numpy"}, r"differ in backend \(native there, numpy here\)"),
}


@native
@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=list(CHANGES))
def test_a_checkpoint_of_another_run_is_refused(file: Path, change: dict[str, Any], message: str) -> None:
    data, net = problem()
    same: dict[str, Any] = {"data": data, "network": net, "t_end": 9.0, "checkpoint": file}
    pl.simulate(**same)
    before = file.read_bytes()
    with pytest.raises(ValueError, match=message) as refused:
        pl.simulate(**same | change)
    assert "is of another run" in str(refused.value)
    assert file.read_bytes() == before
    pl.simulate(**same, threads=1, progress=False)  # what does not matter to the bits


def test_wrong_paths(tmp_path: Path, file: Path) -> None:
    data, net = problem()
    cases = [
        (3, TypeError, "checkpoint: expected a path, got 3"),
        (tmp_path, ValueError, "checkpoint: expected a file, got the folder"),
        (tmp_path / "none" / "run.npz", ValueError, "checkpoint: expected a file in a folder that exists"),
    ]
    for path, error, message in cases:
        with pytest.raises(error, match=message):
            pl.simulate(data, net, 9.0, checkpoint=path)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the flow of backend 'numpy' cannot go on"):
        pl.simulate(data, net, 9.0, method="flow", backend="numpy", checkpoint=file)
    pl.simulate(data, net, 9.0).save(file)
    with pytest.raises(ValueError, match="is a saved solution, expected a checkpoint"):
        pl.simulate(data, net, 9.0, checkpoint=file)
    file.write_bytes(b"something of the user's")
    with pytest.raises(ValueError, match="not a file written by"):
        pl.simulate(data, net, 9.0, checkpoint=file)
    assert file.read_bytes() == b"something of the user's"
