"""A certificate in words: it reads like the theorem it is."""

from __future__ import annotations

import math

from pl_native._problem import Status
from pl_native._run.proof.claims import Claims


def theorem(c: Claims) -> str:
    """What `print` shows."""
    lines = [_title(c), _state(c)]
    if c.verdict is not None:
        lines += _convergence(c) if c.verdict is Status.CONVERGED else _trapping(c)
    else:
        lines.append(f"Nothing is proved for all times: {c.reason or 'no condition of the theorem holds'}.")
        if c.held_until is not None:
            lines += _held(c)
    lines += [_at_zero(c)] if c.at_zero else []
    return "\n".join(lines)


def _title(c: Claims) -> str:
    if c.verdict is not None:
        return f"{c.verdict.name} (proved, docs/proofs.md)"
    if c.held_until is None:
        return "NO VERDICT"
    until = c.held_until[0]
    return f"HELD {'for ever' if math.isinf(until) else f'until t = {_down(until)}'} (proved, docs/proofs.md)"


def _state(c: Claims) -> str:
    data = (
        f"the reduced data {c.digest[:12]}... (of their own float64 numbers)"
        if c.reduced
        else (f"the data {c.digest[:12]}...")
    )
    text = f"Let theta = (W, a) be this state of p = {c.state.p} neurons on the n = {c.n} points of {data}"
    if c.moved > 0:
        text += f",\nits neurons at rest moved by at most {_up(c.moved)} in all, onto their kinks"
    return text + "."


def _convergence(c: Claims) -> list[str]:
    assert c.rate is not None
    assert c.distance is not None
    return [
        "Every solution of the flow from theta converges to zero loss, for all t >= 0:",
        f"    L(t) <= L(0) exp(-{_down(c.rate)} t),",
        f"    norm(theta(t) - theta) <= {_up(c.distance)}, and theta(t) has a limit.",
        *(_by_criterion(c) if math.isinf(c.margins.radius) else _on_a_ball(c)),
    ]


def _by_criterion(c: Claims) -> list[str]:
    return [
        "Proof: abs(a_j) >= norm(w_j) for all j and sum r_i^2 < min y_i^2, now and for ever: every point",
        "    keeps a neuron of its label's sign, whatever the pattern does; the inputs are independent, so",
        f"    -dL/dt >= 2/(n p) {_down(c.margins.smallest)} L.",
    ]


def _on_a_ball(c: Claims) -> list[str]:
    uncertain = f", whatever {c.margins.uncertain} uncertain pairs do" if c.margins.uncertain else ""
    return [
        f"Proof: on the ball of radius {c.margins.radius:.4g} about theta the pattern is fixed{uncertain},",
        f"    lam_min(K_rho) >= {_down(c.margins.smallest)} and the path is shorter than the radius.",
    ]


def _trapping(c: Claims) -> list[str]:
    assert c.rate is not None
    assert c.distance is not None
    assert c.limit_loss is not None
    m = c.margins
    lines = [
        "The loss of every solution of the flow from theta tends to a value above zero:",
        f"    {_down(c.limit_loss[0], 10)} <= lim L <= {_up(c.limit_loss[1], 10)},",
        f"    norm(theta(t) - theta) <= {_up(c.distance)} for all t >= 0, and theta(t) has a limit.",
    ]
    if math.isfinite(c.rate):
        after = f" after the time {_up(c.settled)}" if c.settled > 0 else ""
        lines.append(f"    L - lim L falls at least as exp(-{_down(c.rate)} t){after}.")
    else:
        lines.append("    Nothing moves.")
    why = [f"{m.sliding} kinks slide and go on sliding"] * (m.sliding > 0)
    why += [f"{m.resting} kinks rest"] * (m.resting > 0)
    why += [f"of {m.dead} labels no neuron sees the point, nor ever will"] * (m.dead > 0)
    lines.append(
        f"Proof: on the ball of radius {m.radius:.4g} about theta the pattern is fixed"
        + (" (" + ", ".join(why) + ")" if why else "")
        + ";\n    the part of the residual that it cannot move stays."
    )
    return lines


def _held(c: Claims) -> list[str]:
    assert c.held_until is not None
    until, bound = c.held_until
    times = "all t >= 0" if math.isinf(until) else f"all t <= {_down(until)}"
    return [
        f"But every solution of the flow from theta has L(t) >= {_down(bound, 10)} for {times}.",
        f"Proof: a dual vector bounds L from below on the ball of radius {c.margins.radius:.4g} about theta,",
        "    which no solution can leave before.",
    ]


def _at_zero(c: Claims) -> str:
    lines = []
    for found in c.at_zero or ():
        if found.gain > 0:
            lines.append(
                f"Neuron {found.neuron} rests at w = 0 by the selection rule; it would leave in a direction "
                f"of gain {found.gain:.4g} (`escaped`)."
            )
        else:
            lines.append(f"Neuron {found.neuron} rests at w = 0; no direction was found in which it gains.")
    return "\n".join(lines)


def _down(value: float, digits: int = 4) -> str:
    """`value` in so many digits, not above it: what is printed is as true as what is stored."""
    return _rounded(value, digits, down=True)


def _up(value: float, digits: int = 4) -> str:
    return _rounded(value, digits, down=False)


def _rounded(value: float, digits: int, *, down: bool) -> str:
    if value == 0 or math.isinf(value):
        return f"{value:g}"
    text = f"{value:.{digits}g}"
    over = float(text) > value if down else float(text) < value
    if not over:
        return text
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - digits + 1)
    return f"{float(text) - unit if down else float(text) + unit:.{digits}g}"
