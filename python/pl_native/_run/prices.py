"""What runs cost, measured: printed by `bench/bench_auto.py --fit`, not chosen by hand. Which turns a run
of method "auto" takes follows from these numbers.
"""

CALL = 6e-4
"""seconds that a call takes, whatever it computes"""

SMALL = 1.8
"""times as much capture costs where neurons are small and may grow"""

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
    "dense": (3.77, 0.239, 0.617, 4.35, 0.465, 0.393, 1.16),
    "orthogonal": (20.4, 0.301, 0.711, 20.7, 0.076, 0.653, 0.29),
}
"""F, f, e, G, g, h, k: F (n p)^f s^e + G (n p)^g (0.1 / rtol - 1)^h log(1 + s)^k `costs.fitting` right-hand
sides; of rtol above 0.1 the first
"""

FITTING = (1.86, 2.65)
"""c, q: 1 / (1 + (c x)^-q), x = p m / n"""

SECONDS = {
    "flow": {
        "dense": (2.27e-6, 5.08e-9, 0.752, 1.16e-10, 0.0, 0.0),
        "orthogonal": (2.25e-6, 7.09e-10, 1.05, 9.95e-9, 0.0, 0.0),
    },
    "capture": {
        "dense": (1.47e-6, 4.49e-8, 0.69, 2.78e-7, 7.02e-7, 0.678),
        "orthogonal": (1.23e-7, 1.52e-9, 0.918, 5.87e-9, 6.36e-8, 0.0),
    },
}
"""of a right-hand side: fixed, c, e, f, v, k: fixed + c (n d p)^e log(1 + s)^k + f p, of orthogonal inputs
n p, and v of each event that a run has
"""
