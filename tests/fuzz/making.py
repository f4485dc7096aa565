"""Rules of the state machine that only make data and networks, mostly of odd sizes, seeds and arrays."""

from __future__ import annotations

from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

import pl_native as pl
from fuzz.asked import odd
from fuzz.odd import shown
from fuzz.watch import Watch

sizes = st.one_of(st.integers(1, 9), odd)


class Making(RuleBasedStateMachine):
    """Its calls are watched; what they make is used nowhere."""

    watch: ClassVar[Watch]

    @rule(name=st.sampled_from(["sphere", "gaussian", "orthogonal", "teacher"]),
          n=sizes, d=sizes, seed=st.one_of(st.integers(0, 9), odd))  # fmt: skip
    def data(self, name: str, n: Any, d: Any, seed: Any) -> None:
        more = {"teacher": 2} if name == "teacher" else {}
        self.watch.call(f"data.{name}", f"n={shown(n)}, d={shown(d)}, seed={shown(seed)}",
                        lambda: getattr(pl.data, name)(n=n, d=d, seed=seed, **more))  # fmt: skip

    @rule(name=st.sampled_from(["asymmetric", "torch_linear", "balanced"]),
          p=sizes, d=sizes, seed=st.integers(0, 9), scale=st.one_of(st.just(1.0), odd))  # fmt: skip
    def initial(self, name: str, p: Any, d: Any, seed: int, scale: Any) -> None:
        self.watch.call(f"initial.{name}", f"p={shown(p)}, d={shown(d)}, seed={seed}, scale={shown(scale)}",
                        lambda: getattr(pl.initial, name)(p, d, seed=seed, scale=scale))  # fmt: skip

    @rule(X=odd, y=odd, W=odd, a=odd)
    def containers(self, X: Any, y: Any, W: Any, a: Any) -> None:
        self.watch.call("Dataset", f"{shown(X)}, {shown(y)}", lambda: pl.Dataset(X, y))
        self.watch.call("Network", f"{shown(W)}, {shown(a)}", lambda: pl.Network(W, a))
