"""What a certificate says, and what `certify` says of arguments that it refuses."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import pl_native as pl
import proving
from certified import converging, repelled, stalled
from pl_native import backends

pytestmark = pytest.mark.skipif("native" not in backends.available(), reason="the core proves")


def test_a_certificate_reads_like_a_theorem() -> None:
    _, sol = converging()
    text = str(sol.certify())
    assert text.startswith("CONVERGED (proved")
    assert "Every solution of the flow from theta converges to zero loss" in text
    assert "Proof: " in text
    held = str(stalled(60, 5, 6, 5)[1].certify())
    assert held.startswith("HELD until t = ")
    assert "for all t <= " in held
    nothing = repelled(2e-17)
    assert str(nothing).startswith("NO VERDICT")
    assert nothing.reason in str(nothing)


@pytest.mark.parametrize("value", [0.12345678, 9.99999999, 1e-300, 123456.0, 0.0, math.inf])
def test_printed_bounds_are_bounds(value: float) -> None:
    from pl_native._run.proof.certificate_text import _down, _up

    assert float(_down(value)) <= value <= float(_up(value))
    assert float(_up(value)) <= value * 1.0011


def test_wrong_arguments_are_named(tmp_path: Path) -> None:
    data, state = proving.start("generic", 0)
    with pytest.raises(TypeError, match=r"data: expected a pl\.Dataset"):
        pl.certify(data.X, state)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"state: expected a pl\.Network"):
        pl.certify(data, state.W)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="network: W has"):
        pl.certify(data, pl.Network(np.ones((2, data.d + 1)), [1.0, 2.0]))
    with pytest.raises(TypeError, match="expected dtype"):
        pl.certify(data, pl.Network(state.W, state.a, dtype=np.float32))
    with pytest.raises(ValueError, match="threads: expected an integer >= 1"):
        pl.certify(data, state, threads=0)
    c = pl.certify(data, state)
    with pytest.raises(ValueError, match="escaped: expected a certificate with a neuron at w_j = 0"):
        c.escaped()
    with pytest.raises(ValueError, match="push: expected a number > 0"):
        c.escaped(push=0.0)


def test_memory_is_asked_for_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PL_NATIVE_MAX_BYTES", "100000")
    with pytest.raises(MemoryError, match="100"):
        pl.certify(pl.data.sphere(300, 10, seed=0), pl.initial.torch_linear(5, 10, seed=0))


def test_numpy_alone_cannot_prove(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pl_native.backends.native.available", lambda: False)
    with pytest.raises(ImportError, match="compiled core"):
        pl.certify(*proving.start("generic", 0))
