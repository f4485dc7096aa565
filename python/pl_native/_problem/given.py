"""Arguments that must be a data set or a network, by name."""

from __future__ import annotations

from pl_native._base import checks
from pl_native._problem.dataset import Dataset
from pl_native._problem.network import Network


def dataset(value: object) -> Dataset:
    """`value`, which must be a Dataset: TypeError."""
    if not isinstance(value, Dataset):
        raise TypeError(f"data: expected a pl.Dataset, got {checks.kind(value)}")
    return value


def network(value: object, name: str = "network") -> Network:
    """`value`, which must be a Network: TypeError."""
    if not isinstance(value, Network):
        raise TypeError(f"{name}: expected a pl.Network, got {checks.kind(value)}")
    return value


def labelled(value: object) -> Dataset:
    """`dataset`, without a label 0: ValueError."""
    data = dataset(value)
    if not data.y.all():
        raise ValueError("data: expected labels != 0, got a label 0")
    return data


def problem(data: object, net: object, name: str = "network") -> tuple[Dataset, Network]:
    """Both, and of one dimension and dtype: TypeError or ValueError."""
    found = dataset(data), network(net, name)
    found[0].check_fits(found[1], name)
    return found
