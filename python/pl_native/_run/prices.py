"""What runs cost, measured: printed by `bench/bench_auto.py --fit`, not chosen by hand. Which turns a run
of method "auto" takes follows from these numbers.
"""

CALL = 6e-4
"""seconds that a call takes, whatever it computes"""

SMALL = 1.8
"""times as much capture costs where neurons are small and may grow"""

TURNS = 1.2
"""times as much "auto" costs, where it has the choice, as is expected of what it takes"""

EVENTS = {"dense": (0.184, 2.39, 0.667, 0.568), "orthogonal": (0.184, 12.0, 0.332, 0.0477)}
"""A, B, C, D: A n p min(n, d)^D (1 - exp(-B s^C)) events of the flow to t = s t_inf"""

FLOW = {"dense": (2.22, 28.6), "orthogonal": (3.02, 7.77)}
"""per event, and D: D (n p)^0.6 log(1 + s) right-hand sides besides"""

CAPTURE = {
    "dense": (15.8, 0.435, 1.27, 0.571, 0.433, 1.18),
    "orthogonal": (227.0, 1.32, 138.0, -0.0576, 0.569, 0.342),
}
"""F, e, G, g, h, k: F s^e + G (n p)^g (0.1 / rtol - 1)^h log(1 + s)^k right-hand sides; of rtol above 0.1 the
first
"""

SECONDS = {
    "flow": {
        "dense": (1.47e-6, 9.93e-9, 0.684, 1.87e-10, 0.0),
        "orthogonal": (2.3e-6, 7.32e-10, 1.04, 9.98e-9, 0.0),
    },
    "capture": {
        "dense": (6.18e-7, 5.9e-8, 0.632, 1.89e-7, 4.1e-7),
        "orthogonal": (1.63e-7, 5.56e-10, 1.01, 6.95e-9, 7.96e-8),
    },
}
"""of a right-hand side: fixed, c, e, f, v: fixed + c (n d p)^e + f p, of orthogonal inputs n p, and v of each
event that a run has
"""
