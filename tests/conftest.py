"""Fixtures: each backend that can be used here, and a default that is silent where the core is not built."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from pl_native import backends

settings.register_profile("unit", max_examples=25, deadline=None, derandomize=True)
settings.load_profile("unit")

if "native" not in backends.available():
    os.environ.setdefault("PL_NATIVE_BACKEND", "numpy")


@pytest.fixture(params=backends.NAMES, scope="session")
def backend(request: pytest.FixtureRequest) -> str:
    """Every backend by name; skipped where it is missing."""
    name: str = request.param
    if name not in backends.available():
        pytest.skip(f"backend {name} is not available")
    return name
