"""What runs cost, measured: printed by `bench/bench_auto.py --fit`, not chosen by hand. Which turns a run
of method "auto" takes follows from these numbers.
"""

CALL = 8e-4
"""seconds that a call takes, whatever it computes"""

EVENTS = {"dense": (0.338, 2.17, 0.645, 0.149), "orthogonal": (0.154, 12.0, 0.439, 0.0526)}
"""A, B, C, D: A (n p)^(1 + D) (1 - exp(-B s^C)) events of the flow to t = s t_inf"""

FLOW = {"dense": (2.11, 35.0), "orthogonal": (3.22, 6.66)}
"""per event, and D: D (n p)^0.6 log(1 + s) right-hand sides besides"""

CAPTURE = {"dense": (22.9, 0.315, 0.38, 1.31), "orthogonal": (219.0, -0.0114, 0.394, 0.573)}
"""G, g, h, k: G (n p)^g (0.1 / rtol)^h s^k right-hand sides"""

SECONDS = {
    "flow": {"dense": (4.7e-7, 7.94e-10, 0.878, 4.2e-7), "orthogonal": (2.77e-6, 1.05e-9, 1.01, 1.03e-8)},
    "capture": {
        "dense": (3.99e-6, 1.73e-9, 0.903, 9.91e-9),
        "orthogonal": (1.23e-6, 1.02e-9, 0.978, 1.06e-8),
    },
}
"""of a right-hand side: fixed, c, e, f: fixed + c (n d p)^e + f p; of orthogonal inputs n p"""
