"""What runs cost, measured: printed by `bench/bench_auto.py --fit`, not chosen by hand. Which turns a run
of method "auto" takes follows from these numbers.
"""

CALL = 6e-4
"""seconds that a call takes, whatever it computes"""

SMALL = 1.8
"""times as much capture costs where neurons are small and may grow"""

TURNS = 1.2
"""times as much "auto" costs, where it has the choice, as is expected of what it takes"""

EVENTS = {"dense": (0.185, 2.34, 0.663, 0.567), "orthogonal": (0.184, 12.0, 0.319, 0.0477)}
"""A, B, C, D: A n p min(n, d)^D (1 - exp(-B s^C)) events of the flow to t = s t_inf"""

FLOW = {"dense": (2.46, 29.9, 0.107, 0.794), "orthogonal": (3.02, 7.77, 0.0, 0.0)}
"""F, D, B, y: F m^-y right-hand sides per event, m = max(B crowding, 1) events in a step (`costs.crowding`),
and D (n p)^0.6 log(1 + s) besides
"""

CAPTURE = {
    "dense": (15.8, 0.434, 1.29, 0.569, 0.433, 1.18),
    "orthogonal": (227.0, 1.49, 138.0, -0.0574, 0.568, 0.331),
}
"""F, e, G, g, h, k: F s^e + G (n p)^g (0.1 / rtol - 1)^h log(1 + s)^k right-hand sides; of rtol above 0.1 the
first
"""

SECONDS = {
    "flow": {
        "dense": (2.12e-6, 4.33e-9, 0.773, 1.28e-10, 0.0),
        "orthogonal": (2.25e-6, 7.09e-10, 1.05, 9.95e-9, 0.0),
    },
    "capture": {
        "dense": (1.67e-6, 4.95e-8, 0.646, 1.86e-7, 4.77e-7),
        "orthogonal": (1.23e-7, 1.52e-9, 0.918, 5.87e-9, 6.36e-8),
    },
}
"""of a right-hand side: fixed, c, e, f, v: fixed + c (n d p)^e + f p, of orthogonal inputs n p, and v of each
event that a run has
"""
