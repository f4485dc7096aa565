"""What runs cost, measured: printed by `bench/bench_auto.py --fit`, not chosen by hand. Which turns a run
of method "auto" takes follows from these numbers.
"""

CALL = 6e-4
"""seconds that a call takes, whatever it computes"""

SMALL = 1.5
"""times as much capture costs where neurons are small and may grow"""

TURNS = 1.2
"""times as much "auto" costs, where it has the choice, as is expected of what it takes"""

EVENTS = {"dense": (0.165, 2.95, 0.692, 0.571), "orthogonal": (0.185, 12.0, 0.353, 0.0477)}
"""A, B, C, D: A n p min(n, d)^D (1 - exp(-B s^C)) events of the flow to t = s t_inf"""

FLOW = {"dense": (2.21, 28.9), "orthogonal": (3.02, 7.77)}
"""per event, and D: D (n p)^0.6 log(1 + s) right-hand sides besides"""

CAPTURE = {
    "dense": (15.2, 0.352, 0.0157, 1.03, 0.646, 1.76),
    "orthogonal": (226.0, 1.07, 137.0, -0.0577, 0.544, 0.355),
}
"""F, e, G, g, h, k: F s^e + G (n p)^g (0.1 / rtol - 1)^h s^k right-hand sides; of rtol above 0.1 the first"""

SECONDS = {
    "flow": {
        "dense": (1.65e-6, 7.67e-9, 0.71, 2.82e-10, 0.0),
        "orthogonal": (3.02e-6, 3.54e-10, 1.12, 9.74e-9, 0.0),
    },
    "capture": {
        "dense": (4.39e-6, 1.35e-8, 0.694, 1.97e-7, 1.07e-6),
        "orthogonal": (1.14e-6, 1.23e-9, 0.909, 3e-8, 2.55e-7),
    },
}
"""of a right-hand side: fixed, c, e, f, v: fixed + c (n d p)^e + f p, of orthogonal inputs n p, and v of each
event that a run has
"""
