"""From a state to its certificate: the checked task of a proof, and what the core proved of it."""

from __future__ import annotations

import math

import numpy as np

from pl_native import backends
from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network, Status, given
from pl_native._run.proof.certificate import Certificate
from pl_native._run.proof.claims import VERDICTS, Margins, NeuronAtZero, Pairs
from pl_native._run.proof.proved_state import proved_state
from pl_native._run.task import in_double
from pl_native.backends.contract import Proof, ProofTask


def certify(data: Dataset, state: Network, *, threads: int | None = None) -> Certificate:
    """What can be proved of the flow from `state`, for every solution of it: docs/proofs.md has the theorem.

    data     any inputs; the proof is of their numbers as float64. Reduced data (`pl.reduce`) give a proof of
             the reduced problem, and the certificate says so; with d > n and X itself given it is of X
    state    a network that fits the data, of their dtype or float64; pairs that its `kinks` name are taken to
             rest at theirs, also where z_ji is not yet rounding; if nothing is proved so, only where it is.
             What is proved is of `certificate.state`, which keeps the kinks that count
    threads  at most this many (None: OMP_NUM_THREADS, else the CPUs at hand); never changes the result

    All rounding is accounted for outward. No verdict is no statement about the flow.

    Raises TypeError and ValueError for arguments that are no data and state of one problem, MemoryError,
    naming what is needed and available, before any work, ImportError where the compiled core is missing,
    KeyboardInterrupt on Ctrl-C.
    """
    task = _task(data, state)
    team = None if threads is None else checks.threads("threads", threads)
    return _certificate(data, state, backends.prover()(task, threads=team))


def _task(data: Dataset, state: Network) -> ProofTask:
    given.dataset(data)
    given.network(state, "state")
    same = state.dtype == data.dtype or state.dtype != np.float64  # else as the flow returns of float32 data
    data.check_fits(state if same else Network(state.W, state.a, dtype=data.dtype))
    moving = state.cut(data.represented)
    return ProofTask(**in_double(data, moving), orthogonal=data.is_orthogonal, kinks=moving.kinks)


def _certificate(data: Dataset, state: Network, proof: Proof) -> Certificate:
    verdict = (None, *VERDICTS)[proof["verdict"]]
    proved, shortest = verdict is not None, 0.0
    if proof["held_until"] > 0:
        shortest = _shortest_useful(data, state)
    held = proof["held_until"] > shortest
    reason = "" if proved else proof["reason"]
    if proof["held_until"] > 0 and not held:
        reason += (
            f"; what is held is not for longer than t = {shortest:.3g}, in which the loss may fall anyway"
        )
    limit = (0.0, 0.0) if verdict is Status.CONVERGED else (proof["limit_low"], proof["limit_high"])
    zero = tuple(
        NeuronAtZero(j, _frozen(np.array(u or [0.0] * state.d)), gain) for j, gain, u in proof["escapes"]
    )
    return Certificate(
        verdict=verdict,
        reason=reason,
        rate=proof["rate"] if proved else None,
        distance=proof["distance"] if proved else None,
        limit_loss=limit if proved else None,
        held_until=(proof["held_until"], proof["held_bound"]) if held else None,
        at_zero=zero or None,
        margins=_margins(proof, proved or held),
        state=proved_state(data, state, proof) if proved or held else state,
        moved=proof["moved"] if proved else 0.0,
        settled=proof["settled"] if proved else 0.0,
        n=data.n,
        reduced=data.reduced,
        digest=data.digest(),
        pairs=Pairs(*(_frozen(v if proved or held else v[:0]) for v in _pairs(proof))),
        dual=_frozen(proof["dual"]) if held else None,
    )


def _pairs(proof: Proof) -> tuple[Array, ...]:
    return proof["neuron"], proof["point"], proof["kind"], proof["share"]


def _shortest_useful(data: Dataset, state: Network) -> float:
    """1/mu at the largest mu that the state may have (Lemma 7), the same for all that is held.

        mu <= (2/n) opnorm(X)^2 max_i (1/p) sum_j (a_j^2 + norm(w_j)^2) 1_ji

    Up to then the loss is held up by its rate alone, and a bound on it says nothing of where it will rest.
    """
    X, W = (np.asarray(v, np.float64) for v in (data.X, state.cut(data.represented).W))
    weights = np.square(state.a.astype(np.float64)) + state.norms_sq
    live = np.max(weights @ (W @ X.T > 0)) / state.p
    return float(data.n / (2 * np.linalg.norm(X, 2) ** 2 * live)) if live > 0 else 0.0


def _margins(proof: Proof, something: bool) -> Margins:
    return Margins(
        radius=proof["rho"] if something else 0.0,
        smallest=proof["smallest"],
        tau=proof["tau"],
        needed=proof["needed_over_allowed"] if proof["needed_over_allowed"] > 0 else math.inf,
        uncertain=proof["uncertain"],
        sliding=proof["sliding"],
        resting=proof["resting"],
        dead=proof["dead"],
    )


def _frozen(array: Array) -> Array:
    array.setflags(write=False)
    return array
