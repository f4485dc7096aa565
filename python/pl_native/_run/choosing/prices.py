"""What runs cost, measured: printed by `bench/bench_auto.py --fit`, not chosen by hand. Which turns a run
of method "auto" takes follows from these numbers.
"""

CALL = 2.5e-4
"""seconds that a call takes, whatever it computes"""

SMALL = 1.5
"""times as much capture is expected to cost where neurons are small and may grow, before it is tried"""

TURNS = 1.2
"""times as much "auto" costs, where it has the choice, as is expected of what it takes"""

EVENTS = {"dense": (0.378, 1.15, 0.546, 0.433), "orthogonal": (0.184, 12.0, 0.319, 0.0477)}
"""A, B, C, D: A n p m^D (1 - exp(-B s^C)) events of the flow to t = s t_inf, m = min(n, d)"""

FLOW = {
    "dense": (3.01, 250.0, 0.107, 0.794, 0.159, -0.194, 0.65, 1.96),
    "orthogonal": (3.02, 7.77, 0.0, 0.0, 0.6, 0.0, 0.6, 1.0),
}
"""F, D, B, y, a, b, c, k: F h^-y right-hand sides per event, h = max(B crowding, 1) events in a step
(`costs.crowding`), and D n^a m^b p^c log(1 + s)^k `costs.many` besides
"""

MANY = {"dense": 98.0, "orthogonal": 0.0}
"""M: n p / (n p + M), by six hundred runs of 1 to 180 pairs (docs/methods.md)"""

CAPTURE = {
    "few": (4.39, 0.456, 0.544, 2.43, 0.528, 0.49, 1.28, 0.0),
    "dense": (12.5, 0.133, 0.636, 0.053, 0.722, 0.43, 1.26, 0.847),
    "orthogonal": (20.4, 0.301, 0.711, 20.7, 0.076, 0.653, 0.29, 0.0),
}
"""F, f, e, G, g, h, k, l: F (n p)^f s^e + G (n p)^g (n / m)^l (0.1 / rtol - 1)^h log(1 + s)^k `costs.fitting`
(of many pairs `costs.missing` besides) right-hand sides; of rtol above 0.1 the first
"""

MISSING = (0.061, 0.5, 2.0)
"""k, a, q: 1 / (1 + (rtol / (k s^a))^q), whether capture begins again on dense inputs of many pairs"""

FITTING = (1.86, 2.65)
"""c, q: 1 / (1 + (c x)^-q), x = p m / n"""

SECONDS = {
    "flow": {
        "dense": (2.27e-6, 5.08e-9, 0.752, 1.16e-10, 0.0, 0.0),
        "orthogonal": (2.25e-6, 7.09e-10, 1.05, 9.95e-9, 0.0, 0.0),
    },
    "capture": {
        "few": (3.09e-7, 8.46e-8, 0.607, 2.88e-7, 1.4e-6, 0.514),
        "dense": (1.66e-6, 4.63e-8, 0.647, 2.81e-7, 9.63e-7, 0.252),
        "orthogonal": (1.23e-7, 1.52e-9, 0.918, 5.87e-9, 6.36e-8, 0.0),
    },
}
"""of a right-hand side: fixed, c, e, f, v, k: fixed + c (n d p)^e log(1 + s)^k + f p, of orthogonal inputs
n p, and v of each event that a run has
"""
