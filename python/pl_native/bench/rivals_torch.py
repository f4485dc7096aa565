"""The same Euler steps in PyTorch: the ordinary loop as users write it, and three ways to be faster."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from pl_native.bench.problems import Array, Arrays

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))

Run = Callable[[int], tuple[Array, Array]]


class Net(nn.Module):
    """h(x) = (1/p) sum_j a_j max(<w_j, x>, 0)."""

    def __init__(self, W: Array, a: Array) -> None:
        super().__init__()
        p, d = W.shape
        dtype = torch.from_numpy(W[:0].copy()).dtype
        self.inner = nn.Linear(d, p, bias=False, dtype=dtype)
        self.outer = nn.Linear(p, 1, bias=False, dtype=dtype)
        with torch.no_grad():
            self.inner.weight.copy_(torch.tensor(W))
            self.outer.weight.copy_(torch.tensor(a)[None])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.outer(torch.relu(self.inner(x)))[:, 0] / self.inner.out_features


def _train(
    X: Array, y: Array, W: Array, a: Array, step: float, steps: int, **sgd: Any
) -> tuple[Array, Array]:
    net, inputs, labels = Net(W, a), torch.tensor(X), torch.tensor(y)
    optimizer = torch.optim.SGD(net.parameters(), lr=step * len(a), **sgd)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (labels - net(inputs)).square().mean() / 2
        loss.backward()
        optimizer.step()
    return net.inner.weight.detach().numpy(), net.outer.weight.detach().numpy()[0]


def _loop(made: Arrays, **sgd: Any) -> Run:
    def _go(steps: int) -> tuple[Array, Array]:
        replicates = zip(made.X, made.y, made.W, made.a, strict=True)
        ends = [_train(*one, made.step, steps, **sgd) for one in replicates]
        return np.stack([W for W, _ in ends]), np.stack([a for _, a in ends])

    return _go


def _stacked(made: Arrays) -> tuple[torch.Tensor, ...]:
    """X (r, n, d), its transpose (r, d, n), y (r, 1, n), W (r, p, d), a (r, 1, p)."""
    X = torch.tensor(made.X)
    columns = X.transpose(1, 2).contiguous()
    return X, columns, torch.tensor(made.y)[:, None], torch.tensor(made.W), torch.tensor(made.a)[:, None]


def _step(
    fixed: tuple[torch.Tensor, ...], W: torch.Tensor, a: torch.Tensor, eta: float
) -> tuple[torch.Tensor, torch.Tensor]:
    X, columns, y = fixed
    z = torch.relu(torch.bmm(W, columns))
    r = y - torch.bmm(a, z) / W.shape[1]
    G = torch.bmm((z > 0) * r, X)
    return W + eta * a.transpose(1, 2) * G, a + eta * (W * G).sum(2)[:, None]


def manual(made: Arrays, step: Callable[..., tuple[torch.Tensor, torch.Tensor]] = _step) -> Run:
    """Derivatives by hand, no autograd, all replicates in one bmm."""
    X, columns, y, W_start, a_start = _stacked(made)
    eta = made.step / X.shape[1]

    @torch.no_grad()
    def _go(steps: int) -> tuple[Array, Array]:
        W, a = W_start, a_start
        for _ in range(steps):
            W, a = step((X, columns, y), W, a, eta)
        return W.numpy(), a[:, 0].numpy()

    return _go


def in_place(made: Arrays) -> Run:
    """By hand, results written over preallocated tensors."""
    X, columns, y, W_start, a_start = _stacked(made)
    eta, p = made.step / X.shape[1], W_start.shape[1]

    @torch.no_grad()
    def _go(steps: int) -> tuple[Array, Array]:
        W, a = W_start.clone(), a_start.clone()
        z, pull = torch.empty_like(W @ columns), torch.empty_like(W @ columns)
        G, r = torch.empty_like(W), torch.empty_like(y)
        for _ in range(steps):
            torch.bmm(W, columns, out=z)
            z.relu_()
            torch.baddbmm(y, a, z, beta=1, alpha=-1 / p, out=r)
            torch.mul(z > 0, r, out=pull)
            torch.bmm(pull, X, out=G)
            a_dot = (W * G).sum(2)[:, None]
            W.addcmul_(G, a.transpose(1, 2), value=eta)
            a.add_(a_dot, alpha=eta)
        return W.numpy(), a[:, 0].numpy()

    return _go


def compiled(made: Arrays) -> Run:
    torch._dynamo.reset()  # one specialisation per size
    return manual(made, torch.compile(_step, dynamic=False))


VARIANTS = {
    "loop": _loop,
    "loop, foreach": functools.partial(_loop, foreach=True),
    "loop, fused SGD": functools.partial(_loop, fused=True),
    "by hand": manual,
    "by hand, in place": in_place,
    "by hand, torch.compile": compiled,
}
